"""A program that imports the command line once and forks for each command, which then costs no second of imports.

A command is a process of its own as ever: it has its arguments, environment, folder and standard streams, runs the
entry point of the command line and ends as an interpreter does.
"""

from __future__ import annotations

import atexit
import gc
import importlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import IO, Any

REPOSITORY = Path(__file__).resolve().parents[2]
HEAVY = (
    "cli.main",
    "cli.collect_report",
    "cli.item_report",
    "pipelines.audit",
    "pipelines.copying",
    "pipelines.examine",
    "pipelines.handed_over",
    "pipelines.neighbours",
    "pipelines.opening",
    "pipelines.reindex",
    "pipelines.requests",
    "pipelines.selftest",
)
"""What the commands import when they run."""


class Commands:
    """The running program. It ends with the process that started it."""

    def __init__(self) -> None:
        self._control, theirs = socket.socketpair()
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, __file__, str(theirs.fileno())],
                stdin=subprocess.DEVNULL,
                env={**os.environ, "PYTHONPATH": os.pathsep.join([str(REPOSITORY), str(REPOSITORY / "tests")])},
                pass_fds=[theirs.fileno()],
            )
        atexit.register(self._end)

    def run(
        self, arguments: Sequence[str], environment: Mapping[str, str], streams: Sequence[IO[Any]], timeout: int
    ) -> int:
        """Run one command on these three streams to its end; its exit code."""
        ours, theirs = socket.socketpair()
        with ours, theirs, ours.makefile("r") as said:
            socket.send_fds(self._control, [b"."], [theirs.fileno(), *(stream.fileno() for stream in streams)])
            theirs.close()
            order = {"arguments": list(arguments), "environment": dict(environment), "folder": str(Path.cwd())}
            ours.sendall(json.dumps(order).encode())
            ours.shutdown(socket.SHUT_WR)
            child = int(said.readline())
            ours.settimeout(timeout)
            try:
                return int(said.readline())
            except TimeoutError:
                os.kill(child, signal.SIGKILL)
                raise subprocess.TimeoutExpired(list(arguments), timeout) from None

    def _end(self) -> None:
        self._control.close()
        self._process.wait()


@cache
def commands() -> Commands:
    """The one program of this process."""
    return Commands()


def main(control: socket.socket) -> None:
    """Fork for each command until nobody is left who could order one."""
    from warming import warm_up

    for module in HEAVY:
        importlib.import_module(module)
    warm_up()
    gc.freeze()
    waiters: set[int] = set()
    while True:
        _, descriptors, _, _ = socket.recv_fds(control, 1, 4)
        if not descriptors:
            return
        waiter = os.fork()
        if waiter == 0:
            control.close()
            wait_for_command(socket.socket(fileno=descriptors[0]), descriptors[1:])
        for descriptor in descriptors:
            os.close(descriptor)
        waiters = {one for one in {*waiters, waiter} if os.waitpid(one, os.WNOHANG) == (0, 0)}


def wait_for_command(asking: socket.socket, streams: Sequence[int]) -> None:
    """Run one command in a child and say its number, then its exit code, negative for a signal."""
    with asking.makefile("rb") as order:
        asked = json.load(order)
    child = os.fork()
    if child == 0:
        asking.close()
        become(asked, streams)
    asking.sendall(b"%d\n" % child)
    asking.sendall(b"%d\n" % os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
    os._exit(0)


def become(order: Mapping[str, Any], streams: Sequence[int]) -> None:
    """Be the process of that command, to its end."""
    from cli.main import run

    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        os.close(stream)
    os.environ.clear()
    os.environ.update(order["environment"])
    time.tzset()
    os.chdir(order["folder"])
    sys.argv[1:] = order["arguments"]
    run()


if __name__ == "__main__":
    main(socket.socket(fileno=int(sys.argv[1])))
