"""Which stretches of two videos show the same: runs of frames that agree, in order and at one speed. Pure.

Frames agree one by one; a stretch is what they say together. A compilation shares several stretches with what it was
made of, each with its own place, and none of them makes one of the two.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise
from statistics import median_low

SLACK_MS = 8_000
"""How much further one video may go on than the other between two frames of a stretch: keyframes of two encodings
need not coincide, and lie up to this apart."""
MOST_PAIRS = 64
"""Frames of a stretch by which its speed is worked out."""
UNCHANGED = 100
"""The speed, in hundredths, of what runs alike in both."""
FEWEST_FOR_SPEED = 4
"""Frames that tell a speed: with fewer, keyframes that lie a little apart would be taken for another pace."""
END_SLACK_MS = 500
"""How much longer one of two that end together may go on, besides a quarter for another speed."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """The milliseconds of both videos from the first to the last frame that agrees, and how many agree.

    `speed` is how much faster B runs through it than A, in hundredths: 125 where a quarter is saved. 100 where frames
    cannot tell it: where they are few, or the gaps between them explain the difference.
    """

    a_from: int
    a_to: int
    b_from: int
    b_to: int
    frames: int
    speed: int = UNCHANGED

    @property
    def offset_ms(self) -> int:
        """How much later the stretch comes in B."""
        return self.b_from - self.a_from

    def plain(self) -> dict[str, int]:
        """As a record holds it."""
        return {
            "a_from": self.a_from,
            "a_to": self.a_to,
            "b_from": self.b_from,
            "b_to": self.b_to,
            "frames": self.frames,
            "speed": self.speed,
        }


def stretches(agreeing: Iterable[tuple[int, int]]) -> tuple[Stretch, ...]:
    """The stretches that frames make which agree, each given by its milliseconds in A and in B; in the order of A."""
    runs: list[list[tuple[int, int]]] = []
    for at_a, at_b in sorted(set(agreeing)):
        for run in reversed(runs):
            if _goes_on(run[-1], (at_a, at_b)):
                run.append((at_a, at_b))
                break
        else:
            runs.append([(at_a, at_b)])
    return tuple(_stretch(run) for run in runs)


@dataclass(frozen=True, slots=True)
class Course:
    """The milliseconds of a video's frames that can be compared, in order, and its length; 0 where it is not known."""

    frames: Sequence[int]
    duration_ms: int = 0


def reached(end: int, other_end: int, course: Course, other: Course) -> int:
    """How far the last agreeing frame speaks for a video: the milliseconds up to which its stretch reaches.

    Encodings with few keyframes say nothing of what follows the last of them. Where the other video has no further
    frame and both go on about as long, that is no disagreement; but no further than its keyframes lie apart before.
    """
    rest, other_rest = course.duration_ms - end, other.duration_ms - other_end
    if min(rest, other_rest) <= 0 or (other.frames and other.frames[-1] > other_end):
        return end
    if 4 * max(rest, other_rest) > 5 * (min(rest, other_rest) + END_SLACK_MS):
        return end
    gap = max((later - one for one, later in pairwise(other.frames)), default=0)
    return end + min(rest, gap)


def covered(frames: Sequence[int], parts: Iterable[tuple[int, int]]) -> int:
    """Hundredths of a video's frames that lie inside any of these stretches of it; 0 of none."""
    inside = list(parts)
    within = sum(any(first <= at <= last for first, last in inside) for at in frames)
    return within * 100 // len(frames) if frames else 0


def _goes_on(last: tuple[int, int], now: tuple[int, int]) -> bool:
    """Whether a frame continues a run: later in both, and by about as much."""
    in_a, in_b = now[0] - last[0], now[1] - last[1]
    return in_a >= 0 and in_b >= 0 and in_b <= 2 * in_a + SLACK_MS and in_a <= 2 * in_b + SLACK_MS


def _stretch(run: Sequence[tuple[int, int]]) -> Stretch:
    first, last = run[0], run[-1]
    return Stretch(first[0], last[0], first[1], last[1], len(run), _speed(run[:MOST_PAIRS]))


def _speed(run: Sequence[tuple[int, int]]) -> int:
    """The median slope between any two frames (Theil, 1950), which a few wrong ones do not move.

    Of two encodings the frames that agree lie up to a gap between keyframes apart: what that explains is no speed.
    """
    if len(run) < FEWEST_FOR_SPEED:
        return UNCHANGED
    slopes = [
        (later[0] - one[0]) * 100 // (later[1] - one[1]) for one, later in combinations(run, 2) if later[1] > one[1]
    ]
    speed = median_low(slopes) if slopes else UNCHANGED
    gap = max(max(later[0] - one[0], later[1] - one[1]) for one, later in pairwise(run))
    return speed if abs(speed - UNCHANGED) * (run[-1][1] - run[0][1]) > 100 * gap else UNCHANGED
