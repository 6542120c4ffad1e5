"""The copies in a cluster side by side: who showed each where and when, and which of them is the best to work with.

Nothing is computed from pictures here: it is what examinations found, and the evidence of the pairs.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from casefile.records.engine import reading
from casefile.records.posts import PostSummary, posts_summed
from casefile.records.queries import ExaminationRecord, ItemRecord, newest_examination
from casefile.vocabulary import Content
from collectors.platforms import platform_of
from pipelines.neighbours import Cluster, Pair
from pipelines.services import Services
from verification.edges import FRAME_FEATURES
from verification.explaining import reverses
from verification.interface import CheckName, ClaimField

FOUND, IDENTIFIER, POST = "stated where it was found", "written into its identifier", "stated in the post"
"""What a claimed time rests on."""
NOTHING_MORE = 95
"""Hundredths in common from which a copy is not known to hold more: laying pictures upon each other is that exact."""


@dataclass(frozen=True, slots=True)
class Overlay:
    """How much of a copy differs from another one that it was laid upon: tiles, of those that were compared.

    Which of the two has something laid over it is for whoever looks at both. `covered`: hundredths of this copy that
    both have in common, -1 where that is not known; what lies outside of it was compared with nothing. `frame`: one
    frame of a video was laid, and says nothing of the others.
    """

    against: str
    differ: int
    compared: int
    covered: int = -1
    frame: bool = False


@dataclass(frozen=True, slots=True)
class Copy:
    """One item of a cluster. Empty, 0 or None where it is not known; `duration_ms` is 0 of a still.

    `zone` is the offset of the claimed time, `none stated` where it has none. `mirrored` is as against the copy that
    is suggested as the best. `common` is the least share of it, in hundredths, that another copy it was laid upon has.
    """

    item: ItemRecord
    account: str = ""
    platform: str = ""
    claimed_time: str = ""
    zone: str = ""
    basis: str = ""
    width: int = 0
    height: int = 0
    duration_ms: int = 0
    audio: bool | None = None
    overlay: Overlay | None = None
    mirrored: bool | None = None
    common: int = 100

    @property
    def pixels(self) -> int:
        return self.width * self.height

    @property
    def shared_pixels(self) -> int:
        """The pixels of what others show too: a caption bar makes no copy better."""
        return self.pixels * self.common // 100

    @property
    def holds_more(self) -> bool:
        """Whether it is known to hold something beyond the common part: an addition, or what others cut away."""
        return self.common < NOTHING_MORE


@dataclass(frozen=True, slots=True)
class Copies:
    """The copies in the order of their numbers, and the one to work with: a suggestion, with its reason."""

    rows: tuple[Copy, ...]
    best: Copy | None
    reason: str


def copies_of(services: Services, cluster: Cluster) -> Copies:
    """What is known of each item of a cluster, and which is the best copy of them."""
    ids = [one.id for one in cluster.items]
    with reading(services.engine) as connection:
        posts = posts_summed(connection, ids)
        seen = {one: newest_examination(connection, one) for one in ids}
    rows = [
        replace(_copy(one, seen[one.id], posts.get(one.id)), common=common_share(one.id, cluster.pairs))
        for one in cluster.items
    ]
    best = best_of(rows)
    mirrored = mirrored_against(best.item.id, cluster.pairs) if best is not None else {}
    named = best.item.id if best is not None else ""
    told = tuple(
        replace(one, overlay=_overlay(one.item, cluster.pairs, named), mirrored=mirrored.get(one.item.id))
        for one in rows
    )
    return Copies(told, best, _reason(best, rows) if best is not None else "")


def best_of(rows: Sequence[Copy]) -> Copy | None:
    """The copy with most pixels of the common part, those behind that hold more than that.

    Among equals the longest, then one with sound, then the largest file, the first.
    """
    usable = [one for one in rows if one.item.erased_at is None and one.item.content != Content.ABSENT]
    return max(usable, key=_worth, default=None)


def mirrored_against(reference: str, pairs: Sequence[Pair]) -> dict[str, bool]:
    """By item, whether it is a mirror image of the reference, as far as pairs lead from one to the other."""
    beside = defaultdict[str, list[tuple[str, bool]]](list)
    for pair in pairs:
        turned = reverses(pair.edge.evidence)
        beside[pair.item_a.id].append((pair.item_b.id, turned))
        beside[pair.item_b.id].append((pair.item_a.id, turned))
    found, waiting = {reference: False}, [reference]
    for here in waiting:
        for other, turned in beside[here]:
            if other not in found:
                found[other] = found[here] != turned
                waiting.append(other)
    return found


def common_share(item: str, pairs: Sequence[Pair]) -> int:
    """The least share of an item that a copy has which it was laid upon, in hundredths; 100 where none was."""
    laid = (pair for pair in pairs if item in (pair.item_a.id, pair.item_b.id))
    return min((share for pair in laid if (share := _covered(pair, item)) >= 0), default=100)


def _covered(pair: Pair, item: str) -> int:
    """Hundredths of a picture that its pair has too; -1 where that was not measured, or is a share of time."""
    evidence = pair.edge.evidence
    if not evidence.get("tiles_compared") or evidence.get("segments"):
        return -1
    return int(evidence["covered_a" if pair.item_a.id == item else "covered_b"])


def _worth(one: Copy) -> tuple[bool, int, int, bool, int, int]:
    return (
        not one.holds_more,
        one.shared_pixels,
        one.duration_ms,
        bool(one.audio),
        one.item.bytes or 0,
        -one.item.number,
    )


def _reason(best: Copy, rows: Sequence[Copy]) -> str:
    """In what the best copy is ahead of the next."""
    others = [one for one in rows if one.item.id != best.item.id]
    following = max(others, key=_worth, default=best)
    said = (
        (following.holds_more and not best.holds_more, "nothing beyond what others show; compare those that hold more"),
        (best.shared_pixels > following.shared_pixels, f"most pixels, {best.width} x {best.height}"),
        (best.duration_ms > following.duration_ms, "as many pixels, and the longest"),
        (bool(best.audio) and not following.audio, "as many pixels and as long, with sound"),
        ((best.item.bytes or 0) > (following.item.bytes or 0), "as many pixels, in the largest file"),
    )
    return next((words for holds, words in said if holds), "the first of equals")


def _copy(item: ItemRecord, examination: ExaminationRecord | None, post: PostSummary | None) -> Copy:
    claimed, basis = _claimed(item, examination, post)
    width, height, duration_ms, audio = _shape(examination)
    return Copy(
        item,
        item.author or (post and (post.handle or post.author)) or "",
        platform_of(item.locator or item.lead_locator or ""),
        claimed,
        zone_of(claimed),
        basis,
        width,
        height,
        duration_ms,
        audio,
    )


def _claimed(item: ItemRecord, examination: ExaminationRecord | None, post: PostSummary | None) -> tuple[str, str]:
    """The time of posting that is claimed, and what that rests on; one that has a zone before one that has none."""
    found = [(item.claimed_time or "", FOUND), ((post.posted_time if post else "") or "", POST)]
    for group in examination.claims if examination else ():
        for claim in group["claims"]:
            if claim["field"] == ClaimField.POSTED and claim["origin"].startswith("platform-id:"):
                found.append((claim["value"], f"{IDENTIFIER} ({claim['origin'].partition(':')[2]})"))
    stated = [one for one in found if one[0]]
    return next((one for one in stated if _offset(one[0]) is not None), stated[0] if stated else ("", ""))


def zone_of(time: str) -> str:
    """The offset that a time states; empty where there is no time."""
    offset = _offset(time)
    if offset is None:
        return "none stated" if time else ""
    minutes = int(offset.total_seconds()) // 60
    return "UTC" if not minutes else f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02d}:{abs(minutes) % 60:02d}"


def _offset(time: str) -> timedelta | None:
    try:
        return datetime.fromisoformat(time).utcoffset()
    except ValueError:
        return None


def _shape(examination: ExaminationRecord | None) -> tuple[int, int, int, bool | None]:
    """Width, height, length in milliseconds, and whether there is sound, as the checks found them."""
    for finding in examination.findings if examination else ():
        facts: Mapping[str, Any] = finding.get("facts", {})
        if finding["check"] == CheckName.MEDIA and "stream" in facts:
            kinds = [one.get("codec_type") for one in facts["stream"]]
            moving: Mapping[str, Any] = next((one for one in facts["stream"] if one.get("codec_type") == "video"), {})
            return moving.get("width", 0), moving.get("height", 0), facts.get("duration_ms", 0), "audio" in kinds
        if finding["check"] == CheckName.FINGERPRINTS and "width" in facts:
            return facts["width"], facts["height"], 0, None
    return 0, 0, 0, None


def _overlay(item: ItemRecord, pairs: Sequence[Pair], best: str) -> Overlay | None:
    """What laying it upon another copy showed: upon the best one where that was done, else where most was compared."""
    laid = [
        pair for pair in pairs if item.id in (pair.item_a.id, pair.item_b.id) and pair.edge.evidence["tiles_compared"]
    ]
    if not laid:
        return None
    chosen = max(laid, key=lambda pair: (best in (pair.item_a.id, pair.item_b.id), _compared(pair)))
    other = chosen.item_b if chosen.item_a.id == item.id else chosen.item_a
    return Overlay(
        other.label,
        _compared(chosen) - chosen.edge.evidence["tiles_good"],
        _compared(chosen),
        _covered(chosen, item.id),
        FRAME_FEATURES in chosen.edge.method.split("+"),
    )


def _compared(pair: Pair) -> int:
    return int(pair.edge.evidence["tiles_compared"])
