"""Finding alike items: which stored fingerprints are near new ones, and what the hits amount to.

A picture with too little information is never looked for: only equal bytes or pixels may link it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from statistics import median_low

from casefile.vocabulary import Tier
from verification.clusters import MOST_NEIGHBOURS as MOST_NEIGHBOURS
from verification.edges import (
    EMPTY,
    PART,
    PDQ_BITS,
    PHASH_BITS,
    PIXELS_WORTH_ASKING_BITS,
    VARIANT_PLACES,
    WHOLE,
    Edge,
    Matches,
    PixelQuestion,
    Subject,
    Thresholds,
    exact_edge,
    picture_methods,
    picture_tier,
    seen_from_first,
    share,
)
from verification.interface import VARIANTS, Fingerprint
from verification.stretches import Course, covered, reached, stretches
from verification.technical.known_items import KnownItems, Near, Sort
from verification.technical.scanning import ScannedItems

TURN_SLACK_BITS = 12
"""Turning a picture and turning its hash differ by up to this, so the scan looks further and the pair is then measured
both ways; without it an edge would depend on which item came first."""
UNRELATED_BITS = PDQ_BITS // 2
MOST_LOOKED_AT = 2_000
"""Items of which the fingerprints are read and measured, the nearest by their codes."""


def turned(fingerprint: Fingerprint, variant: str) -> str:
    """The PDQ code of a fingerprint in one of its eight turns."""
    place = VARIANT_PLACES[variant]
    return fingerprint.pdq if place == 0 else fingerprint.turned[place - 1]


def distance(one: str, other: str) -> int:
    """Differing bits of two codes of equal length in hexadecimal."""
    return (int(one, 16) ^ int(other, 16)).bit_count()


def turned_distance(one: Fingerprint, other: Fingerprint, variant: str) -> int:
    """Bits between `one` in this turn and `other`, measured from both sides, the smaller counting."""
    back = seen_from_first(variant, from_first=False)
    return min(distance(turned(one, variant), other.pdq), distance(turned(other, back), one.pdq))


@dataclass(frozen=True, slots=True)
class _Hit:
    """A fingerprint of the asking item and one of a stored item that may be alike in a turn of the former."""

    asking: Fingerprint
    stored: Fingerprint
    variant: str
    distance: int


@dataclass(slots=True)
class Matcher:
    """All items that are compared. Add an item after asking for its edges, and each pair is looked at once."""

    thresholds: Thresholds = field(default_factory=Thresholds)
    known: KnownItems = field(default_factory=ScannedItems)

    def add(self, subject: Subject) -> None:
        """From now on other items are compared with this one too."""
        self.known.add(subject)

    def matches(self, subject: Subject) -> Matches:
        """The edges between this item and those added before, nearest first, and what a full decode may settle."""
        limits = list[str]()
        edges = {edge.edge: edge for edge in self._exact(subject, limits)}
        for edge in _at_most(self._alike(subject, limits), limits):
            edges.setdefault(edge.edge, edge)
        exact = {edge.edge for edge in edges.values() if "sha256" in edge.methods}
        questions = [one for one in self._questions(subject, limits) if one.edge not in exact]
        if len(questions) > MOST_NEIGHBOURS:
            limits.append(f"pixels are compared with {MOST_NEIGHBOURS} of {len(questions)} items")
        ordered = sorted(edges.values(), key=lambda edge: (edge.distance, edge.item_a, edge.item_b))
        return Matches(tuple(ordered), tuple(questions[:MOST_NEIGHBOURS]), tuple(limits))

    def _exact(self, subject: Subject, limits: list[str]) -> list[Edge]:
        if subject.sha256 in {"", EMPTY}:
            return []
        same = self.known.equal(subject, MOST_NEIGHBOURS)
        if len(same) > MOST_NEIGHBOURS:
            limits.append(f"equal to more than {MOST_NEIGHBOURS} items, linked with the first only")
            same = same[:1]
        return [exact_edge(subject, one) for one in same]

    def _alike(self, subject: Subject, limits: list[str]) -> list[Edge]:
        """Edges by PDQ, and by phash alone where PDQ gives none."""
        edges = dict[str, Edge]()
        for other, hits in self._hits(subject, limits):
            both_videos = subject.is_video and other.is_video
            edge = (video_edge if both_videos else picture_edge)(subject, other, hits, self.thresholds)
            if edge is not None:
                edges[edge.edge] = edge
        for edge in self._by_phash(subject, limits):
            known = edges.setdefault(edge.edge, edge)
            if known.bits == PHASH_BITS and edge.distance < known.distance:
                edges[edge.edge] = edge
        return [replace(edge, search=self.known.search) for edge in edges.values()]

    def _hits(self, subject: Subject, limits: list[str]) -> Iterator[tuple[Subject, list[_Hit]]]:
        """Possible likenesses by stored item, measured from both sides."""
        most = self.thresholds.candidate_bits
        asked = [
            (asking, variant, near)
            for asking in subject.fingerprints
            for variant in (() if asking.low_information else VARIANTS)
            for near in self.known.near(Sort.TELLING, turned(asking, variant), most + TURN_SLACK_BITS)
        ]
        items = self.known.items(nearest_places([near for _asking, _variant, near in asked], limits))
        found = defaultdict[int, list[_Hit]](list)
        for asking, variant, near in asked:
            stored = _stored(items, near)
            if stored is None or items[near.place].item == subject.item:
                continue
            apart = turned_distance(asking, stored, variant)
            if apart <= most:
                found[near.place].append(_Hit(asking, stored, variant, apart))
        return ((items[place], hits) for place, hits in found.items())

    def _by_phash(self, subject: Subject, limits: list[str]) -> Iterator[Edge]:
        for asking in subject.fingerprints:
            if asking.low_information or asking.frame_ms >= 0:
                continue
            found = self.known.near(Sort.PHASH, asking.phash, self.thresholds.phash_candidate_bits)
            items = self.known.items(nearest_places(found, limits))
            for near in found:
                stored = _stored(items, near)
                if stored is not None and items[near.place].item != subject.item:
                    yield phash_edge(subject, items[near.place], asking, stored)

    def _questions(self, subject: Subject, limits: list[str]) -> list[PixelQuestion]:
        """Stills near enough, as they lie, to be equal in every pixel; low information included."""
        questions = []
        for asking in subject.fingerprints:
            if asking.frame_ms >= 0 or asking.region != "full":
                continue
            found = self.known.near(Sort.WHOLE_STILL, asking.pdq, PIXELS_WORTH_ASKING_BITS)
            items = self.known.items(nearest_places(found, limits))
            for near in found:
                other = items.get(near.place)
                if other is not None and other.item != subject.item:
                    first, second = sorted((subject.item, other.item))
                    questions.append(PixelQuestion(first, second, subject.capture == other.capture))
        return questions


def _stored(items: Mapping[int, Subject], near: Near) -> Fingerprint | None:
    """The fingerprint itself; None of an item that is left out, or that lost its fingerprints since."""
    prints = items[near.place].fingerprints if near.place in items else ()
    return prints[near.ordinal] if near.ordinal < len(prints) else None


def nearest_places(found: Sequence[Near], limits: list[str]) -> Collection[int]:
    """The places of what was found, or of the nearest where that is very much, which `limits` then say."""
    nearest = dict[int, int]()
    for near in found:
        nearest[near.place] = min(near.bits, nearest.get(near.place, near.bits))
    if len(nearest) <= MOST_LOOKED_AT:
        return nearest.keys()
    limits.append(f"near {len(nearest)} items, of which {MOST_LOOKED_AT} are compared")
    return sorted(nearest, key=lambda place: (nearest[place], place))[:MOST_LOOKED_AT]


def _at_most(edges: list[Edge], limits: list[str]) -> list[Edge]:
    """The edges of one item; of a template, the nearest of them as candidates."""
    if len(edges) <= MOST_NEIGHBOURS:
        return edges
    limits.append(f"alike to {len(edges)} items, the nearest {MOST_NEIGHBOURS} are kept as candidates")
    nearest = sorted(edges, key=lambda edge: (edge.distance, edge.item_a, edge.item_b))[:MOST_NEIGHBOURS]
    return [replace(edge, tier=Tier.CANDIDATE) for edge in nearest]


def phash_edge(one: Subject, other: Subject, asking: Fingerprint, stored: Fingerprint) -> Edge:
    """The edge of two stills that imagehash's phash alone finds near: always a candidate."""
    apart = distance(asking.phash, stored.phash)
    return Edge(
        item_a=min(one.item, other.item),
        item_b=max(one.item, other.item),
        tier=Tier.CANDIDATE,
        methods=("phash", "trim") if "trim" in {asking.region, stored.region} else ("phash",),
        distance=apart,
        bits=PHASH_BITS,
        same_capture=one.capture == other.capture,
        phash_distance=apart,
    )


def picture_edge(one: Subject, other: Subject, hits: Sequence[_Hit], thresholds: Thresholds) -> Edge | None:
    """The edge of two pictures, or of a picture and the video frame that it resembles most."""
    if not hits:
        return None
    best = min(hits, key=lambda hit: (hit.distance, VARIANT_PLACES[hit.variant], hit.stored.frame_ms))
    frame = one.is_video or other.is_video
    phash_distance = distance(best.asking.phash, best.stored.phash) if best.variant == "upright" else -1
    trimmed = "trim" in {best.asking.region, best.stored.region}
    variant = seen_from_first(best.variant, from_first=one.item < other.item)
    methods = picture_methods(variant, trimmed=trimmed, phash_distance=phash_distance)
    return Edge(
        item_a=min(one.item, other.item),
        item_b=max(one.item, other.item),
        # One frame says where a picture may come from, not that the picture is the video.
        tier=Tier.CANDIDATE if frame else picture_tier(best.distance, thresholds),
        methods=("frame", *methods) if frame else methods,
        distance=best.distance,
        same_capture=one.capture == other.capture,
        variant=variant,
        phash_distance=phash_distance,
        offset_ms=max(best.asking.frame_ms, best.stored.frame_ms, 0) if frame else 0,
    )


def video_edge(one: Subject, other: Subject, hits: Sequence[_Hit], thresholds: Thresholds) -> Edge | None:
    """The edge of two videos by the share of keyframes that agree in one and the same turn, or None below the limit.

    The share is the larger of the two directions, so that an excerpt matches what it was cut from.
    """
    best: Edge | None = None
    for variant in VARIANTS:
        edge = _video_edge(one, other, [hit for hit in hits if hit.variant == variant], thresholds)
        if edge is not None and (best is None or edge.distance < best.distance):
            best = edge
    return best


def _video_edge(one: Subject, other: Subject, hits: Sequence[_Hit], thresholds: Thresholds) -> Edge | None:
    if not hits:
        return None
    from_first = one.item < other.item
    first, second = (one, other) if from_first else (other, one)
    # In the order of the items: of two directions that say as much the same one counts, whichever item came first.
    candidates = [_agreement(first, hits, asking=from_first), _agreement(second, hits, asking=not from_first)]
    nearest, compared = max(candidates, key=lambda found: (share(len(found[0]), found[1]), len(found[0])))
    close = sum(hit.distance <= thresholds.video_auto_bits for hit in nearest)
    if share(len(nearest), compared) < thresholds.video_candidate_share:
        return None
    sure = close >= thresholds.video_auto_frames and share(close, compared) >= thresholds.video_auto_share
    shared = stretches(_places(hit, from_first=from_first) for found, _compared in candidates for hit in found)
    a, b = (Course(frames_of(video), video.duration_ms) for video in (first, second))
    covered_a = covered(a.frames, ((part.a_from, part.a_to) for part in shared))
    covered_b = covered(b.frames, ((part.b_from, part.b_to) for part in shared))
    # A compilation holds each of its pieces, and none of them is a copy of it. What no frame was compared of makes
    # neither a part of the other, and joins nothing either.
    part_only = (
        min(
            covered(a.frames, ((part.a_from, reached(part.a_to, part.b_to, a, b)) for part in shared)),
            covered(b.frames, ((part.b_from, reached(part.b_to, part.a_to, b, a)) for part in shared)),
        )
        < WHOLE
    )
    later = [at_b - at_a for at_a, at_b in (_places(hit, from_first=from_first) for hit in nearest)]
    variant = seen_from_first(nearest[0].variant, from_first=from_first)
    return Edge(
        item_a=min(one.item, other.item),
        item_b=max(one.item, other.item),
        tier=Tier.AUTO if sure and min(covered_a, covered_b) >= WHOLE else Tier.CANDIDATE,
        methods=(*(("keyframes",) if variant == "upright" else (f"keyframes-{variant}",)), *((PART,) * part_only)),
        distance=(sum(hit.distance for hit in nearest) + UNRELATED_BITS * (compared - len(nearest))) // compared,
        same_capture=one.capture == other.capture,
        variant=variant,
        matched=len(nearest),
        compared=compared,
        offset_ms=median_low(later),
        covered_a=covered_a,
        covered_b=covered_b,
        segments=shared,
    )


def _places(hit: _Hit, *, from_first: bool) -> tuple[int, int]:
    """The milliseconds of a hit in the item that sorts first, and in the other."""
    places = (hit.asking.frame_ms, hit.stored.frame_ms)
    return places if from_first else places[::-1]


def _agreement(subject: Subject, hits: Iterable[_Hit], *, asking: bool) -> tuple[list[_Hit], int]:
    """The nearest hit of each frame of one side that has any, and how many frames of it count."""
    nearest = dict[int, tuple[tuple[int, int], _Hit]]()
    for hit in hits:
        here, there = (hit.asking, hit.stored) if asking else (hit.stored, hit.asking)
        known = nearest.get(here.frame_ms)
        if known is None or (hit.distance, there.frame_ms) < known[0]:
            nearest[here.frame_ms] = (hit.distance, there.frame_ms), hit
    return [hit for _rank, hit in nearest.values()], len(frames_of(subject))


def frames_of(video: Subject) -> list[int]:
    """The milliseconds of the frames of a video that hold enough information, in order."""
    return sorted({one.frame_ms for one in video.fingerprints if not one.low_information})
