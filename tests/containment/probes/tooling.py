"""Worker: runs programs of others with `run_tool`."""

from casefile.errors import ContainmentError, ToolMissing
from containment.limits import Limits
from containment.tools import find_program, run_tool

LIMITS = Limits(wall_s=30, cpu_s=20, memory_bytes=1 << 30, file_bytes=1 << 20, output_bytes=1 << 20)


def work(request, inputs, out):
    path = find_program(request["program"])
    if path is None:
        raise ToolMissing(request["program"], "this test")
    with (inputs / request["stdin"]).open("rb") if request.get("stdin") else open("/dev/null", "rb") as stdin:
        try:
            result = run_tool([str(path), *request["arguments"]], limits=LIMITS, out=out, stdin=stdin)
        except ContainmentError as error:
            return {"failed": str(error)}
    said = result.output.decode("utf-8", "replace")
    return {"code": result.exit_code, "output": said, "errors": result.errors.decode("utf-8", "replace")}
