"""Measuring: processor and wall time of a piece of work, child processes included, and a figure with its limit.

The machine is often busy, so that wall time is an upper bound. Figures are ratios of two things measured in turn in
one run, each the least of several rounds, and of processor time wherever the claim allows it.
"""

from __future__ import annotations

import gc
import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ACCOUNTING = Path("/sys/fs/cgroup/cpuacct")
"""Control groups, version 1."""


@dataclass(frozen=True, slots=True)
class Spent:
    """Seconds on the wall and of processor, in this process and its finished children."""

    wall_s: float
    cpu_s: float


@dataclass(frozen=True, slots=True)
class Figure:
    """One claim with what was measured and the most that it may be."""

    claim: str
    measured: float
    limit: float
    unit: str
    detail: str = ""

    @property
    def kept(self) -> bool:
        """Whether the claim holds."""
        return self.measured <= self.limit


def spend(work: Callable[[], object]) -> Spent:
    """What one call of `work` costs."""
    gc.collect()
    with _processor_clock() as used_s:
        before, begun = used_s(), time.perf_counter()
        work()
        ended, after = time.perf_counter(), used_s()
    return Spent(ended - begun, after - before)


@contextmanager
def _processor_clock() -> Iterator[Callable[[], float]]:
    """Seconds of processor of this process and of everything that it starts.

    A control group counts all of it. Where none can be made, times(2) does, which leaves out what a killed sandbox
    had started and never waited for.
    """
    group = ACCOUNTING / f"casefile-bench-{os.getpid()}"
    try:
        group.mkdir()
        (group / "tasks").write_text(str(os.getpid()))
    except OSError:
        yield lambda: sum(os.times()[:4])
        return
    try:
        yield lambda: int((group / "cpuacct.usage").read_text()) / 1e9
    finally:
        (ACCOUNTING / "tasks").write_text(str(os.getpid()))
        _remove(group)


def _remove(group: Path) -> None:
    """Remove a group as soon as the last process in it has ended."""
    for _try in range(100):
        try:
            group.rmdir()
        except OSError:
            time.sleep(0.05)
        else:
            return


def least(spent: Sequence[Spent]) -> Spent:
    """The least of several rounds, wall and processor apart."""
    return Spent(min(one.wall_s for one in spent), min(one.cpu_s for one in spent))


def in_turn(rounds: int, *works: Callable[[], object]) -> list[Spent]:
    """The least cost of each work, measured in turn so that a busy moment meets all of them."""
    measured = [[spend(work) for work in works] for _round in range(rounds)]
    return [least(column) for column in zip(*measured, strict=True)]


def both(name: str, ours: Spent, plain: Spent) -> str:
    """The seconds behind a ratio, for the table."""
    return f"{name}: {ours.cpu_s:.2f} s CPU, {ours.wall_s:.2f} s wall; plain {plain.cpu_s:.2f}, {plain.wall_s:.2f}"
