"""The processes of a sandbox as the host's /proc shows them: how many, and what they hold."""

from __future__ import annotations

import os
import resource


def descendants(ancestor: int) -> list[int]:
    """Every process that `ancestor` has started, directly or not; those whose parent is gone are not found."""
    parents: dict[int, list[int]] = {}
    for entry in os.listdir("/proc"):
        if not entry.isdigit():
            continue
        try:
            with open(f"/proc/{entry}/stat", "rb") as stat:
                # The name in brackets may hold anything; what follows its last bracket is numbers.
                fields = stat.read().rpartition(b")")[2].split()
        except OSError:
            continue
        parents.setdefault(int(fields[1]), []).append(int(entry))
    found: list[int] = []
    waiting = [ancestor]
    while waiting:
        children = parents.get(waiting.pop(), [])
        found += children
        waiting += children
    return found


def count_and_memory(ancestor: int) -> tuple[int, int]:
    """How many processes there are below `ancestor`, and the bytes of memory that are theirs alone and resident."""
    processes = descendants(ancestor)
    pages = 0
    for process in processes:
        try:
            with open(f"/proc/{process}/statm", "rb") as statm:
                fields = statm.read().split()
        except OSError:
            continue
        pages += int(fields[1]) - int(fields[2])
    return len(processes), pages * resource.getpagesize()


def threads_on_machine() -> int:
    """How many threads there are in all (proc(5), loadavg): one small read that tells when a closer look is due."""
    with open("/proc/loadavg", "rb") as loadavg:
        return int(loadavg.read().split()[3].partition(b"/")[2])
