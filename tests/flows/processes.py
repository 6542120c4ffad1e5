"""Processes of a test, known by a mark in their environment, and waiting for what they do."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path


def marked(folder: Path) -> dict[int, str]:
    """Every process of this machine that carries the mark of this folder, with its command line; no zombies."""
    found = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                if f"PROCESSES_OF_TEST={folder}".encode() in (entry / "environ").read_bytes():
                    found[int(entry.name)] = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()
            except OSError:
                continue
    return found


def mark(folder: Path) -> dict[str, str]:
    """What marks a process and all that it starts."""
    return {"PROCESSES_OF_TEST": str(folder)}


def end(folder: Path) -> None:
    """Kill whatever still carries the mark."""
    for process in marked(folder):
        os.kill(process, signal.SIGKILL)


def until(claim: Callable[[], object], seconds: float = 30.0) -> bool:
    """Whether the claim comes true in time."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if claim():
            return True
        time.sleep(0.05)
    return bool(claim())
