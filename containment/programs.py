"""Running a program of others from inside a worker: an argument list, no shell, bounds, and a typed end.

What is started is inside the worker's sandbox and within its limits; the limits given here can only be narrower.
"""

from __future__ import annotations

import contextlib
import os
import resource
import selectors
import signal
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Literal

from casefile.errors import ContainmentError, ToolMissing, UsageError
from containment.limits import Limits

ERRORS_BYTES = 64 << 10
"""The last of what a program says on its error output is kept; more is of no use to anybody."""

ToolEnd = Literal["timeout", "output", "signal"]


@dataclass(frozen=True, slots=True)
class ToolResult:
    """How a program ended by itself. `errors` is the last of its error output, as bytes that nobody has checked."""

    exit_code: int
    output: bytes
    errors: bytes
    wall_s: float


class ToolFailed(ContainmentError):
    """A program did not end by itself: wall or CPU seconds (`timeout`), too much on its output, or a signal."""

    def __init__(self, program: str, end: ToolEnd, detail: str) -> None:
        super().__init__(f"{program}: {end}, {detail}")
        self.program = program
        self.end: ToolEnd = end
        self.detail = detail


def run_tool(
    argv: Sequence[str], *, limits: Limits, out: Path, stdin: BinaryIO | bytes | None = None, needed_for: str = ""
) -> ToolResult:
    """Run `argv` in the folder `out` and wait for its end; an exit code other than 0 is a result like any other.

    `limits.output_bytes` bounds the standard output. `stdin` is a file open for reading, or bytes; without it the
    input is empty. Raises ToolFailed, ToolMissing, and UsageError for an argument with a control character, which
    some programs read as several arguments (exiftool's `-@` and `-stay_open` take one a line).
    """
    for argument in argv:
        if any(character < " " or character == "\x7f" for character in argument):
            raise UsageError("an argument with a control character is not passed to a program")
    try:
        process = subprocess.Popen(
            list(argv),
            stdin=subprocess.DEVNULL if stdin is None else subprocess.PIPE if isinstance(stdin, bytes) else stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=out,
            start_new_session=True,
        )
    except (FileNotFoundError, PermissionError) as error:
        raise ToolMissing(argv[0], needed_for or "this step") from error
    began = time.monotonic()
    with process, contextlib.ExitStack() as ending:
        ending.callback(_kill_group, process.pid)
        _bound(process.pid, limits)
        output, errors = _Exchange(process, stdin if isinstance(stdin, bytes) else b"", limits).until_closed()
        try:
            code = process.wait(max(0.0, began + limits.wall_s - time.monotonic()))
        except subprocess.TimeoutExpired as error:
            raise ToolFailed(argv[0], "timeout", f"{limits.wall_s} s of wall time") from error
    if code < 0:
        raise _died(argv[0], -code)
    return ToolResult(code, bytes(output), bytes(errors), time.monotonic() - began)


class _Exchange:
    """Feeding a program and hearing it out, within the time and the bytes that it may use."""

    def __init__(self, process: subprocess.Popen[bytes], given: bytes, limits: Limits) -> None:
        self.program = str(process.args[0]) if isinstance(process.args, list) else ""
        self.limits = limits
        self.deadline = time.monotonic() + limits.wall_s
        self.given = memoryview(given)
        self.output = bytearray()
        self.errors = bytearray()
        self.selector = selectors.DefaultSelector()
        for stream, events, move in (
            (process.stdout, selectors.EVENT_READ, self._take_output),
            (process.stderr, selectors.EVENT_READ, self._take_errors),
            (process.stdin, selectors.EVENT_WRITE, self._give),
        ):
            if stream is not None:
                os.set_blocking(stream.fileno(), False)
                self.selector.register(stream, events, move)

    def until_closed(self) -> tuple[bytearray, bytearray]:
        with self.selector:
            while self.selector.get_map():
                left_s = self.deadline - time.monotonic()
                if left_s <= 0:
                    raise ToolFailed(self.program, "timeout", f"{self.limits.wall_s} s of wall time")
                for key, _ in self.selector.select(left_s):
                    if key.data(key.fd):
                        self.selector.unregister(key.fileobj)
                        # Closed here so that a program that reads to the end of its input gets there.
                        key.fileobj.close()  # type: ignore[union-attr]  # only streams are registered
        return self.output, self.errors

    def _take_output(self, descriptor: int) -> bool:
        piece = os.read(descriptor, 1 << 18)
        self.output += piece
        if len(self.output) > self.limits.output_bytes:
            raise ToolFailed(self.program, "output", f"more than {self.limits.output_bytes} bytes")
        return not piece

    def _take_errors(self, descriptor: int) -> bool:
        piece = os.read(descriptor, 1 << 16)
        self.errors += piece
        del self.errors[:-ERRORS_BYTES]
        return not piece

    def _give(self, descriptor: int) -> bool:
        try:
            self.given = self.given[os.write(descriptor, self.given[: 1 << 16]) :]
        except BrokenPipeError:
            # It has read as much as it wanted; what it makes of that is in its exit code.
            return True
        return not self.given


def reserve_freely() -> None:
    """Let this process, and what it starts from now on, reserve any amount of address space.

    JavaScript engines and browsers reserve far more than they use. What is written to stays bounded.
    """
    resource.setrlimit(resource.RLIMIT_AS, (resource.getrlimit(resource.RLIMIT_AS)[1],) * 2)


def _bound(process: int, limits: Limits) -> None:
    """Narrow the limits that the program has inherited from the worker."""
    for limit, value in (
        (resource.RLIMIT_CPU, limits.cpu_s),
        (resource.RLIMIT_DATA, limits.memory_bytes),
        (resource.RLIMIT_FSIZE, limits.file_bytes),
    ):
        with contextlib.suppress(ProcessLookupError):
            hard = resource.prlimit(process, limit)[1]
            narrow = value if hard == resource.RLIM_INFINITY else min(value, hard)
            resource.prlimit(process, limit, (narrow, hard))


def _kill_group(leader: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(leader, signal.SIGKILL)


def _died(program: str, number: int) -> ToolFailed:
    if number == signal.SIGXCPU:
        return ToolFailed(program, "timeout", "the CPU seconds that it may use were not enough")
    if number == signal.SIGXFSZ:
        return ToolFailed(program, "output", "a file grew beyond its bound")
    return ToolFailed(program, "signal", signal.Signals(number).name if number in list(signal.Signals) else str(number))
