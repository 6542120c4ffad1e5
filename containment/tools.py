"""Programs of others as a worker meets them: where they are, which version, which bytes, and how to run one.

Outside a worker use `describe_tools` of containment.register: what says its version is a program that runs.
"""

from __future__ import annotations

import contextlib
import functools
import os
import re
import shutil
from pathlib import Path
from typing import Any

from casefile.digests import Digester, blocks
from casefile.errors import ToolMissing
from casefile.model import ToolUse
from containment.limits import Limits
from containment.programs import ToolFailed, ToolResult, reserve_freely, run_tool
from containment.sandbox import TOOLS, environment

__all__ = ["ToolFailed", "ToolResult", "describe_tool", "find_program", "reserve_freely", "run_tool"]

BESIDE = {"exiftool": Path("node_modules", "exiftool-vendored.pl", "bin", "exiftool")}
"""Programs in the repository's tools folder; they are newer than a distribution's and come first."""

BEHIND = {"chromium": Path("/usr/lib/chromium/chromium")}
"""Programs that a distribution's script starts, which reads configuration of the machine that no worker sees."""

VERSION_ARGUMENTS: dict[str, tuple[str, ...]] = {
    "chromium": ("--version",),
    "deno": ("--version",),
    "exiftool": ("-ver",),
    "ffmpeg": ("-version",),
    "ffprobe": ("-version",),
    "perl": ("-e", "print $^V"),
}
RESERVING = ("chromium", "deno")
"""Programs that reserve more address space than a worker may have, even to say their version."""
NUMBER = re.compile(r"v?(\d+(?:\.\d+)+[0-9A-Za-z.+~:-]*)", re.ASCII)
"""What looks like a version in the first line of what a program says about itself."""
VERSION_LIMITS = Limits(
    wall_s=20, cpu_s=10, memory_bytes=2 << 30, file_bytes=1 << 20, output_bytes=1 << 20, processes=64
)


def find_program(name: str) -> Path | None:
    """The program that is used under this name here, inside a worker and outside; None when there is none."""
    beside = Path(__file__).resolve().parent.parent / TOOLS / BESIDE.get(name, Path(name))
    if name in BESIDE and beside.is_file() and os.access(beside, os.X_OK) and shutil.which("perl"):
        return beside
    behind = BEHIND.get(name)
    if behind is not None and behind.is_file() and os.access(behind, os.X_OK):
        return behind
    found = shutil.which(name, path=environment(Path())["PATH"])
    return None if found is None else Path(found)


def version_in(said: str) -> str:
    """The version in a program's own words; empty when there is none to be seen."""
    match = NUMBER.search(said.partition("\n")[0])
    return match.group(1)[:64] if match else ""


def describe_tool(name: str) -> ToolUse:
    """Name, version, path and digest of a program, which is run for it: call this in a worker.

    Raises ToolMissing when there is none, and ToolFailed when it cannot say its version. For some the bound of this
    process's address space is lifted.
    """
    path = find_program(name)
    if path is None:
        raise ToolMissing(name, "this step")
    status = path.stat()
    return _describe(name, path, status.st_mtime_ns, status.st_size)


@functools.lru_cache(maxsize=64)
def _describe(name: str, path: Path, changed_ns: int, size: int) -> ToolUse:
    arguments = VERSION_ARGUMENTS.get(name, ("--version",))
    if name in RESERVING:
        reserve_freely()
    said = run_tool([str(path), *arguments], limits=VERSION_LIMITS, out=Path.cwd(), needed_for="its own version")
    digester = Digester()
    with path.open("rb") as stream:
        for block in blocks(stream):
            digester.update(block)
    version = version_in(said.output.decode("utf-8", "replace"))
    return ToolUse(name=name, version=version, path=str(path), sha256=digester.result().sha256)


def work(request: dict[str, Any], inputs: Path, out: Path) -> dict[str, Any]:
    """Describe the programs in `request["names"]`; those that are missing or cannot say their version are left out."""
    tools = []
    for name in request["names"]:
        with contextlib.suppress(ToolMissing, ToolFailed):
            tools.append(describe_tool(name).plain())
    return {"tools": tools}
