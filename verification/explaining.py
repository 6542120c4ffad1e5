"""What the evidence of a near-duplicate edge says, in one sentence for people. Pure.

It says what agrees, and how; never that two things are the same, or that either is authentic.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from verification.edges import APPROXIMATE, FEATURES, FRAME_FEATURES, PART, PDQ_BITS, PHASH_BITS, WHOLE
from verification.features import STILL

TURNS = {
    "rotated-90": "turned by a quarter",
    "rotated-180": "turned upside down",
    "rotated-270": "turned by three quarters",
    "flipped": "flipped from top to bottom",
    "mirrored": "mirrored from left to right",
    "transposed": "mirrored along a diagonal",
    "transversed": "mirrored along the other diagonal",
}
REVERSING = frozenset({"flipped", "mirrored", "transposed", "transversed"})
"""The turns after which writing is read backwards."""
CONTAINED = 90
"""Hundredths of an item in common from which the other one is said to contain it."""


def explained(method: str, distance: int, bits: int, evidence: Mapping[str, Any], names: tuple[str, str]) -> str:
    """What links the two items of these names, A before B, as an edge holds it."""
    methods = method.split("+")
    parts = [*_whole(methods, evidence), *_bits(methods, distance, bits), *_frames(methods, evidence, names)]
    turn = TURNS.get(str(evidence.get("variant", "")))
    if turn:
        parts.insert(0, f"{names[0]} is like {names[1]} {turn}")
    parts += _aligned(methods, evidence, names)
    if evidence.get("search") == APPROXIMATE:
        parts.append("found among very many by an approximate search")
    return "; ".join(parts) + "."


def reverses(evidence: Mapping[str, Any]) -> bool:
    """Whether one of the two is a mirror image of the other."""
    return evidence.get("variant") in REVERSING


def _whole(methods: Sequence[str], evidence: Mapping[str, Any]) -> list[str]:
    if "sha256" in methods:
        return ["the same bytes"]
    if evidence.get("pixels"):
        return ["every decoded pixel is equal, the files are not"]
    return []


def _bits(methods: Sequence[str], distance: int, bits: int) -> list[str]:
    by_pdq = any(one.startswith("pdq") for one in methods) and bits == PDQ_BITS
    if "pixels" in methods or not (by_pdq or ("phash" in methods and bits == PHASH_BITS)):
        return []
    trimmed = ", borders cut away" if "trim" in methods else ""
    return [f"{distance} of {bits} bits of the whole picture differ{trimmed}"]


def _frames(methods: Sequence[str], evidence: Mapping[str, Any], names: tuple[str, str]) -> list[str]:
    if "frame" in methods:
        return [f"the still is like the frame of the video at {clock(evidence.get('offset_ms', 0))}"]
    if not evidence.get("compared"):
        return []
    said = [f"{evidence['matched']} of {evidence['compared']} compared frames agree"]
    for one in evidence.get("segments", ()):
        speed = one["speed"]
        pace = f", {abs(speed - 100)} % {'faster' if speed > 100 else 'slower'}" if abs(speed - 100) > 2 else ""
        there = f"{clock(one['b_from'])} to {clock(one['b_to'])} of {names[1]}{pace}"
        said.append(f"{clock(one['a_from'])} to {clock(one['a_to'])} of {names[0]} is {there}")
    if PART in methods:
        why = _why_a_part(evidence, names, "one shows more than the other")
        said.append(f"{why}, so that they are not counted as one")
    elif min(evidence.get("covered_a", WHOLE), evidence.get("covered_b", WHOLE)) < WHOLE:
        said.append("what follows was not compared, so that they are not counted as one until somebody decides")
    return said


def _aligned(methods: Sequence[str], evidence: Mapping[str, Any], names: tuple[str, str]) -> list[str]:
    if not {FEATURES, FRAME_FEATURES} & set(methods):
        return []
    good, compared = evidence["tiles_good"], evidence["tiles_compared"]
    of = _laid(evidence, names) if FRAME_FEATURES in methods else ""
    said = [f"{of}{good} of {compared} compared tiles agree and {evidence['inliers']} key points fit"]
    if not evidence.get("segments"):
        said.append(
            f"{evidence['covered_a']} % of {names[0]} and {evidence['covered_b']} % of {names[1]} are in common"
        )
    if PART in methods and FEATURES in methods:
        said.append(_why_a_part(evidence, names, "one picture is only a part of the other"))
    return said


def _laid(evidence: Mapping[str, Any], names: tuple[str, str]) -> str:
    """Which frames of which of the two were laid upon each other."""
    times = evidence.get("at_a", STILL), evidence.get("at_b", STILL)
    said = [f"at {clock(at)} of {name}" for name, at in zip(names, times, strict=True) if at > STILL]
    return f"frames laid upon each other{', ' if said else ''}{' and '.join(said)}: "


def _why_a_part(evidence: Mapping[str, Any], names: tuple[str, str], contained: str) -> str:
    """That one holds the other, or where neither does, of which of them too little agrees."""
    shares = evidence["covered_a"], evidence["covered_b"]
    if max(shares) >= CONTAINED:
        return contained
    short = [name for name, share in zip(names, shares, strict=True) if share < WHOLE]
    return f"less than {WHOLE} % of {' and of '.join(short)} agrees"


def clock(milliseconds: int) -> str:
    """Hours, minutes and seconds of a video, as players show them."""
    seconds, rest = divmod(max(milliseconds, 0), 1000)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    whole = f"{hours}:{minutes:02d}" if hours else f"{minutes}"
    return f"{whole}:{seconds:02d}" + (f".{rest // 100}" if rest >= 100 else "")
