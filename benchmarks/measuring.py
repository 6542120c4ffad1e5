"""Measuring: processor and wall time of a piece of work, child processes included, and a figure with its limit.

The machine is often busy, so that wall time is an upper bound. Figures are ratios of two things measured in turn in
one run, each the least of several rounds, and of processor time wherever the claim allows it.
"""

from __future__ import annotations

import gc
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass


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
    before, begun = os.times(), time.perf_counter()
    work()
    ended, after = time.perf_counter(), os.times()
    return Spent(ended - begun, sum(after[:4]) - sum(before[:4]))


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
