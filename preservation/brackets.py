"""Between which two moments an event lies, as time stamps prove it. Pure.

An event lies after the newest token that the log names before it, and before the first token over a head that covers
it. Wall time is testimony beside that: it is compared, and never corrected.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import accumulate

TOLERANCE = timedelta(seconds=2)
"""How far wall time may be off before that is a finding (PRESERVATION: an offset of more than 2 s is an anomaly)."""


@dataclass(frozen=True, slots=True)
class TokenMark:
    """A token that holds: the position of the event that names it, and the size of the head that it is over."""

    event: str
    position: int
    size: int
    token: str
    authority: str
    time: datetime
    accuracy: timedelta

    @property
    def earliest(self) -> datetime:
        """No event after this mark is older."""
        return self.time - self.accuracy

    @property
    def latest(self) -> datetime:
        """No event that the head covers is younger."""
        return self.time + self.accuracy


@dataclass(frozen=True, slots=True)
class Bracket:
    """The tokens on both sides of an event; None where there is none."""

    after: TokenMark | None
    before: TokenMark | None

    def holds(self, wall: datetime) -> bool:
        """Whether a wall time lies in it, but for the tolerance."""
        if self.after is not None and wall < self.after.earliest - TOLERANCE:
            return False
        return self.before is None or wall <= self.before.latest + TOLERANCE


class Brackets:
    """The brackets of all events of a log."""

    def __init__(self, marks: Iterable[TokenMark]) -> None:
        named = sorted(marks, key=lambda one: one.position)
        covering = sorted(named, key=lambda one: one.size)
        self._positions = [one.position for one in named]
        self._afters = list(accumulate(named, _youngest))
        self._sizes = [one.size for one in covering]
        self._befores = list(accumulate(reversed(covering), _oldest))[::-1]

    def of(self, position: int) -> Bracket:
        """The bracket of the event at that position."""
        named = bisect_right(self._positions, position)
        covering = bisect_left(self._sizes, position + 1)
        return Bracket(
            self._afters[named - 1] if named else None,
            self._befores[covering] if covering < len(self._befores) else None,
        )


def _youngest(best: TokenMark, one: TokenMark) -> TokenMark:
    return one if one.earliest >= best.earliest else best


def _oldest(best: TokenMark, one: TokenMark) -> TokenMark:
    return one if one.latest <= best.latest else best
