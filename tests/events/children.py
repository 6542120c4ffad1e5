"""Processes that can be killed: a fork of the test with a log of its own, telling by a pipe what was acknowledged."""

from __future__ import annotations

import os
import signal
import traceback
from collections.abc import Callable
from dataclasses import dataclass

from .places import Place

FAILED = 70
RUNNING: set[int] = set()
"""The forks that have not been waited for; a test that fails may leave some, even stopped ones."""
Tell = Callable[[str], None]


@dataclass
class Child:
    """A running fork. `told` is what it has said so far, line by line, once it has ended."""

    pid: int
    pipe: int

    def kill(self) -> None:
        os.kill(self.pid, signal.SIGKILL)

    def stop(self) -> None:
        os.kill(self.pid, signal.SIGSTOP)

    def go_on(self) -> None:
        os.kill(self.pid, signal.SIGCONT)

    def next_line(self) -> str:
        """Wait for what it says next; empty when it has ended."""
        line = b""
        while (byte := os.read(self.pipe, 1)) and byte != b"\n":
            line += byte
        return line.decode()

    def end(self) -> tuple[int, list[str]]:
        """Wait for its end: the exit code, negative for a signal, and everything it said that was not read yet."""
        said = b""
        while block := os.read(self.pipe, 65536):
            said += block
        os.close(self.pipe)
        _pid, status = os.waitpid(self.pid, 0)
        RUNNING.discard(self.pid)
        return os.waitstatus_to_exitcode(status), said.decode().split()


def fork(place: Place, body: Callable[[Place, Tell], None]) -> Child:
    """Run `body` in a child with a fresh engine on the same log; what it raises ends it with FAILED."""
    # SQLite's locks belong to a process, so no connection may be carried over.
    place.engine.dispose()
    reading, writing = os.pipe()
    pid = os.fork()
    if pid:
        os.close(writing)
        RUNNING.add(pid)
        return Child(pid, reading)
    try:
        os.close(reading)
        body(Place(place.folder, place.url), lambda line: void(os.write(writing, f"{line}\n".encode())))
        os._exit(0)
    except BaseException:
        traceback.print_exc()
        os._exit(FAILED)


def void(_value: object) -> None:
    """Nothing."""


def killing_at(number: int) -> Callable[[str], None]:
    """A `reached` that ends the process, without a chance to clean up, at the step of that number."""
    left = [number]

    def reached(_step: str) -> None:
        left[0] -= 1
        if left[0] < 0:
            os.kill(os.getpid(), signal.SIGKILL)

    return reached


def end_all() -> None:
    """End what a test left running."""
    while RUNNING:
        pid = RUNNING.pop()
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
