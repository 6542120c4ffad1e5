"""Acts that run in forks under strace: by which calls they change a disk, and ending them at any one of those."""

from __future__ import annotations

import ctypes
import os
import re
import signal
import subprocess
import time
import traceback
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

CHANGING = (
    *("write", "pwrite64", "copy_file_range", "sendfile", "ftruncate", "fsync", "fdatasync"),
    *("rename", "renameat", "renameat2", "link", "linkat", "unlink", "unlinkat", "mkdir", "rmdir", "chmod", "fchmod"),
)
DONE, CRASHED, KILLED = 0, 71, -signal.SIGKILL
PR_SET_PTRACER = 0x59616D61
LONGEST_S = 60
Act = Callable[[], object]
Point = tuple[str, int]
"""A call, and the how-manieth of its name it is."""


def points_of(act: Act, trace: Path) -> list[Point]:
    """Every call by which the act changes a disk, in order."""
    assert run_traced(act, ["-o", str(trace), "-e", f"trace={','.join(CHANGING)}"]) == DONE
    seen = Counter[str]()
    points = []
    for name in re.findall(r"^(\w+)\(", trace.read_text(), re.MULTILINE):
        seen[name] += 1
        points.append((name, seen[name]))
    return points


def kill_at(act: Act, point: Point) -> bool:
    """Run the act in a fork that is killed before this call is carried out; whether it came as far as that."""
    call, number = point
    inject = f"inject={call}:signal=KILL:when={number}"
    code = run_traced(act, ["-o", "/dev/null", "-e", f"trace={call}", "-e", inject])
    assert code in (DONE, KILLED), f"{call} {number} ended with {code}"
    return code == KILLED


def run_traced(act: Act, options: Sequence[str]) -> int:
    """Run the act in a fork whose first thread is traced; its exit code, negative for a signal."""
    child = os.fork()
    if child == 0:
        # So that a tracer that is no ancestor can attach.
        ctypes.CDLL(None).prctl(PR_SET_PTRACER, ctypes.c_ulong(-1), 0, 0, 0)
        os.kill(os.getpid(), signal.SIGSTOP)
        try:
            act()
        except BaseException:
            traceback.print_exc()
            os._exit(CRASHED)
        os._exit(DONE)
    os.waitpid(child, os.WUNTRACED)
    command = ["strace", "-qq", *options, "-p", str(child)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as strace:
        until = time.monotonic() + LONGEST_S
        while "TracerPid:\t0\n" in Path(f"/proc/{child}/status").read_text():
            assert time.monotonic() < until, "strace did not attach"
            os.sched_yield()
        os.kill(child, signal.SIGCONT)
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        assert strace.stderr is not None
        strace.stderr.read()
    return code
