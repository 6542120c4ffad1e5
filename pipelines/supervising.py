"""Processes that are kept running, and their end: nothing that they started outlives the one that keeps them.

On Linux the keeper adopts what its children leave behind, and its children are told when it dies. Elsewhere only the
children themselves are ended.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from containment.processes import descendants

PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36
"""prctl(2)."""
RESTART_AFTER_S = 20.0
"""Between two starts of the same process."""
STOP_TIMEOUT_S = 15.0
"""What a process gets to end by itself. What it leaves undone is resumed like after any crash."""
POLL_S = 0.1


@dataclass(slots=True)
class Child:
    """A Python process: `arguments` are those of the interpreter. What it prints goes to `printed`."""

    arguments: Sequence[str]
    folder: Path
    environment: Mapping[str, str]
    printed: BinaryIO
    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0

    @property
    def runs(self) -> bool:
        """Whether it runs now."""
        return self.process is not None and self.process.poll() is None

    @property
    def succeeded(self) -> bool:
        """Whether it has run to a good end."""
        return self.process is not None and self.process.poll() == 0

    def ensure(self, *, every_s: float = RESTART_AFTER_S) -> bool:
        """Start it unless it runs or was started less than `every_s` seconds ago; whether it was started."""
        now = time.monotonic()
        if self.runs or (self.process is not None and now - self.started_at < every_s):
            return False
        self.started_at = now
        self.process = subprocess.Popen(
            [sys.executable, *self.arguments],
            cwd=self.folder,
            env=dict(self.environment),
            stdin=subprocess.DEVNULL,
            stdout=self.printed,
            stderr=self.printed,
            start_new_session=True,
            preexec_fn=_end_with_parent,
        )
        return True


def stop(children: Sequence[Child]) -> None:
    """Ask all of them to end, and end those that do not; with whatever they leave running."""
    running = [child.process for child in children if child.process is not None and child.runs]
    for process in running:
        process.terminate()
    deadline = time.monotonic() + STOP_TIMEOUT_S
    for process in running:
        try:
            process.wait(max(0.0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
    _end_descendants(children)


def adopt_orphans() -> None:
    """From now on, what the children of this process leave running belongs to this process."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def reap(children: Sequence[Child]) -> None:
    """Take note of every process below this one that has ended."""
    own = {child.process.pid: child.process for child in children if child.process is not None}
    with contextlib.suppress(ChildProcessError):  # there is none at all
        while (ended := os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)) is not None:
            if ended.si_pid in own and own[ended.si_pid].poll() is not None:
                continue
            os.waitpid(ended.si_pid, 0)


def _end_descendants(children: Sequence[Child]) -> None:
    """End whatever still runs below this process, parents before their children, so that none sees its child die."""
    if sys.platform != "linux":
        return
    deadline = time.monotonic() + STOP_TIMEOUT_S
    while (remaining := descendants(os.getpid())) and time.monotonic() < deadline:
        for process in remaining:
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
        reap(children)
        time.sleep(POLL_S)


def _end_with_parent() -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
