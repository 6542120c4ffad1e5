"""Processes that are kept running, and that nothing of them is left at the end."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from e2e.case import REPOSITORY
from flows.processes import end, mark, marked, until

KEEPER = """
import signal, sys, threading
from pathlib import Path
from pipelines import supervising
from pipelines.supervising import Child, adopt_orphans, reap, stop

supervising.STOP_TIMEOUT_S = 1.0
ended = threading.Event()
signal.signal(signal.SIGTERM, lambda *_: ended.set())
adopt_orphans()
with open("printed", "wb") as printed:
    child = Child(sys.argv[1:], Path("."), dict(__import__("os").environ), printed)
    while not ended.wait(0.05):
        reap([child])
        child.ensure(every_s=0.2)
    stop([child])
"""
STUBBORN = """
import os, signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        time.sleep(600)
    os._exit(0)
print("started", os.getpid(), flush=True)
time.sleep(600)
"""
WAITING = "import os, time; print('started', os.getpid(), flush=True); time.sleep(600)"


@pytest.fixture
def keeper(tmp_path: Path) -> Iterator[Callable[[str], subprocess.Popen[bytes]]]:
    """Start a process that keeps a child running, whose code is given."""
    started: list[subprocess.Popen[bytes]] = []

    def start(code: str) -> subprocess.Popen[bytes]:
        environment = {**os.environ, **mark(tmp_path), "PYTHONPATH": str(REPOSITORY)}
        started.append(subprocess.Popen([sys.executable, "-c", KEEPER, "-c", code], cwd=tmp_path, env=environment))
        return started[-1]

    yield start
    end(tmp_path)
    for one in started:
        one.wait()


def starts(folder: Path) -> list[int]:
    """The ids of the processes that the child has been, in order."""
    printed = folder / "printed"
    return [int(line.split()[1]) for line in printed.read_text().splitlines()] if printed.exists() else []


def test_a_child_that_dies_is_started_again(keeper, tmp_path: Path) -> None:
    process = keeper(WAITING)
    assert until(lambda: len(starts(tmp_path)) == 1)
    os.kill(starts(tmp_path)[0], signal.SIGKILL)
    assert until(lambda: len(starts(tmp_path)) == 2)
    process.terminate()
    assert process.wait(30) == 0
    assert marked(tmp_path) == {}


def test_nothing_is_left_of_a_child_that_will_not_end_and_of_what_it_set_free(keeper, tmp_path: Path) -> None:
    process = keeper(STUBBORN)
    assert until(lambda: len(starts(tmp_path)) == 1 and len(marked(tmp_path)) == 3)
    process.terminate()
    assert process.wait(30) == 0
    assert marked(tmp_path) == {}


def test_a_child_is_told_when_its_keeper_is_killed(keeper, tmp_path: Path) -> None:
    process = keeper(WAITING)
    assert until(lambda: len(starts(tmp_path)) == 1)
    process.kill()
    process.wait()
    assert until(lambda: marked(tmp_path) == {})
