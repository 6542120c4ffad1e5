"""Near-duplicate edges: which two items look alike, how far, and by what evidence. Pure.

An edge is a suggestion for a person and nothing is merged by it. Distances are whole bits and are what is kept; the
score that people see is worked out on output. An edge is the same whichever item came first.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from casefile.canonical import canonical_json
from casefile.digests import Digest, sha256
from casefile.vocabulary import Tier
from verification.features import STILL
from verification.interface import VARIANTS, Fingerprint
from verification.stretches import Stretch

VERSION = "2"
"""Of what edges say; 2: of videos, stretches and parts."""
PDQ_BITS = 256
PHASH_BITS = 64
PHASH_AGREES_BITS = 11
"""Up to here one in a million pairs of unrelated photographs agrees."""
PIXELS_WORTH_ASKING_BITS = 12
"""The greatest drift seen between a draft and a full decode of one picture: pairs nearer than this may be equal in
every pixel, which only a full decode can tell."""
FEWEST_INLIERS, FEWEST_TILES, LEAST_TILES = 6, 8, 50
"""Key points that fit, tiles that agree, and hundredths of the compared tiles that they are: from here two pictures
show the same. Measured in docs/near_duplicates.md."""
WHOLE = 60
"""Hundredths of both pictures that have to be in common; with less one is a part of the other, and never joins it."""
FEATURES, PART = "features", "part"
FRAME_FEATURES = "frame-features"
"""Frames of a video were laid upon each other, or upon a still: that says where to look, and never joins two items."""
EXACT, APPROXIMATE = "exact", "approximate"
"""How stored fingerprints were looked through: every one, or those that an index of very many nominates."""
EMPTY = sha256(b"")
"""Files without bytes are equal and say nothing by it."""

INVERSE = {"rotated-90": "rotated-270", "rotated-270": "rotated-90"}
"""Variants that another one undoes; the others undo themselves."""


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Distances in bits of 256, of phash in bits of 64; shares in hundredths. One set for all edges of a run."""

    auto_bits: int = 31
    candidate_bits: int = 64
    phash_candidate_bits: int = 8
    video_auto_bits: int = 20
    video_auto_share: int = 80
    video_candidate_share: int = 50
    video_auto_frames: int = 2


@dataclass(frozen=True, slots=True)
class Subject:
    """An item as it is compared: the digest of its bytes and the fingerprints of its pictures or frames.

    `position` is that of its examination in the log, -1 for what is no item. `duration_ms` is the length that a video
    states, 0 where that is not known.
    """

    item: str
    capture: str
    sha256: str
    fingerprints: tuple[Fingerprint, ...] = ()
    position: int = -1
    duration_ms: int = 0

    @property
    def is_video(self) -> bool:
        return any(one.frame_ms >= 0 for one in self.fingerprints)


@dataclass(frozen=True, slots=True)
class Edge:
    """Two items that look alike; `item_a` sorts before `item_b`.

    `distance` of `bits` is the evidence: 0 for equal bytes or pixels, PDQ's of 256 bits, or where only imagehash's
    phash finds them near, that of 64. `variant` is the turn that makes A
    look like B. `phash_distance` of 64 is -1 where it was not compared. Of a video, `matched` of `compared` frames
    agree and `offset_ms` is how much later they come in B; `distance` is then the mean over the compared frames, an
    unmatched one counting as 128; `segments` are the stretches that agree, `covered_*` the share of either in them.
    `pixels` is the digest that both pictures' decoded pixels have, empty where they are not known to be equal.
    `search` says how it was looked for. Edges inside one capture are their own class and hidden by default.

    Where stills were laid upon each other: `votes` of local codes, `inliers` of key points that fit `movement`, which
    takes B to A (a 2 x 3 matrix row by row in 65536ths of a pixel of pictures 360 long), `tiles_good` of
    `tiles_compared` that agree, and hundredths of A and of B that both have in common; -1 where that was not done.
    """

    item_a: str
    item_b: str
    tier: Tier
    methods: tuple[str, ...]
    distance: int
    same_capture: bool
    bits: int = PDQ_BITS
    variant: str = "upright"
    phash_distance: int = -1
    matched: int = 0
    compared: int = 0
    offset_ms: int = 0
    pixels: str = ""
    search: str = EXACT
    votes: int = 0
    inliers: int = 0
    tiles_good: int = 0
    tiles_compared: int = 0
    covered_a: int = -1
    covered_b: int = -1
    movement: tuple[int, ...] = ()
    segments: tuple[Stretch, ...] = ()
    at_a: int = STILL
    at_b: int = STILL
    """The milliseconds of the frames that were laid upon each other; STILL of what is none."""

    @property
    def is_part(self) -> bool:
        """Whether one picture is known to be only a part of the other, such as an inset or a piece of a collage."""
        return PART in self.methods

    @property
    def edge(self) -> Digest:
        return edge_id(self.item_a, self.item_b)

    @property
    def method(self) -> str:
        return "+".join(self.methods)

    @property
    def score(self) -> str:
        return score(self.distance, self.bits)


@dataclass(frozen=True, slots=True)
class PixelQuestion:
    """Two items near enough that their decoded pixels may be equal; a full decode of both answers it."""

    item_a: str
    item_b: str
    same_capture: bool

    @property
    def edge(self) -> Digest:
        return edge_id(self.item_a, self.item_b)


@dataclass(frozen=True, slots=True)
class Matches:
    """What one item was found to be like. `limits` says what was left out."""

    edges: tuple[Edge, ...]
    questions: tuple[PixelQuestion, ...] = ()
    limits: tuple[str, ...] = ()


def edge_id(one: str, other: str) -> Digest:
    """The digest of the two item ids in order; the same for (a, b) and (b, a)."""
    return sha256(canonical_json(sorted((one, other))))


def score(distance: int, bits: int) -> str:
    """1 - distance/bits as a decimal with four places, rounded half up, by whole numbers alone."""
    ten_thousandths = ((bits - distance) * 20_000 + bits) // (2 * bits)
    return f"{ten_thousandths // 10_000}.{ten_thousandths % 10_000:04d}"


def exact_edge(one: Subject, other: Subject) -> Edge:
    """The edge of two items with equal bytes."""
    first, second = sorted((one, other), key=lambda subject: subject.item)
    return Edge(
        item_a=first.item,
        item_b=second.item,
        tier=Tier.AUTO,
        methods=("sha256",),
        distance=0,
        same_capture=one.capture == other.capture,
    )


def picture_methods(variant: str, *, trimmed: bool, phash_distance: int) -> tuple[str, ...]:
    """The names of what agrees: PDQ in which turn, whether borders were cut, and imagehash's phash."""
    methods = ["pdq" if variant == "upright" else f"pdq-{variant}"]
    if trimmed:
        methods.append("trim")
    if 0 <= phash_distance <= PHASH_AGREES_BITS and variant == "upright":
        methods.append("phash")
    return tuple(methods)


def picture_tier(distance: int, thresholds: Thresholds) -> Tier:
    """The tier of two pictures that both hold enough information; `distance` is at most the candidate limit."""
    return Tier.AUTO if distance <= thresholds.auto_bits else Tier.CANDIDATE


def seen_from_first(variant: str, *, from_first: bool) -> str:
    """A variant as the turn of the item that sorts first."""
    return variant if from_first else INVERSE.get(variant, variant)


def share(matched: int, compared: int) -> int:
    """Hundredths, rounded down; 0 of nothing."""
    return matched * 100 // compared if compared else 0


def with_pixels(
    edges: Iterable[Edge], questions: Sequence[PixelQuestion], pixels: Mapping[str, str]
) -> tuple[Edge, ...]:
    """The edges with those questions answered whose items have equal pixel digests in `pixels`.

    An existing edge becomes one of distance 0 with `pixels` as its first method and the digest as its evidence; a pair
    without an edge, such as two title cards, gets one. An edge by equal bytes says more already and stays.
    """
    answered = {edge.edge: edge for edge in edges}
    for question in questions:
        digest = pixels.get(question.item_a, "")
        if not digest or digest != pixels.get(question.item_b):
            continue
        known = answered.get(question.edge)
        if known is None:
            answered[question.edge] = Edge(
                item_a=question.item_a,
                item_b=question.item_b,
                tier=Tier.AUTO,
                methods=("pixels",),
                distance=0,
                same_capture=question.same_capture,
                pixels=digest,
            )
        elif not {"sha256", "pixels"} & set(known.methods):
            answered[question.edge] = replace(
                known,
                tier=Tier.AUTO,
                methods=("pixels", *known.methods),
                distance=0,
                variant="upright",
                pixels=digest,
            )
    return tuple(answered.values())


@dataclass(frozen=True, slots=True)
class Alignment:
    """What was found out about two stills by laying B upon A; the fields are those of Edge."""

    item_a: str
    item_b: str
    same_capture: bool
    votes: int
    inliers: int
    good: int
    compared: int
    covered_a: int
    covered_b: int
    movement: tuple[int, ...]
    mirrored: bool
    at_a: int = STILL
    at_b: int = STILL
    """The milliseconds of the frame that was laid, of a video."""

    @property
    def of_frames(self) -> bool:
        """Whether a frame of a video was laid, which says something of one moment only."""
        return max(self.at_a, self.at_b) > STILL

    @property
    def proves(self) -> bool:
        """Whether the pictures show the same where they lie upon each other."""
        enough = self.inliers >= FEWEST_INLIERS and self.good >= FEWEST_TILES
        return enough and self.good * 100 >= self.compared * LEAST_TILES

    @property
    def whole(self) -> bool:
        """Whether most of each picture is in the other."""
        return min(self.covered_a, self.covered_b) >= WHOLE


def with_alignment(known: Edge | None, found: Alignment) -> Edge | None:
    """The edge of a pair after it was aligned; None where nothing links the two.

    Proven and whole: verified. Proven and a part: a candidate that says so, since an inset must not join what it lies
    in. Not proven: what was known stays as it was. An edge that is certain already keeps its tier and gains evidence.
    """
    if not found.proves:
        return known
    if found.of_frames:
        return _with_frames(known, found)
    methods = (FEATURES,) if found.whole else (FEATURES, PART)
    tier = Tier.VERIFIED if found.whole else Tier.CANDIDATE
    if known is None:
        known = _found_by(found, tier)
    return replace(
        known,
        tier=known.tier if known.tier is Tier.AUTO else tier,
        methods=(*(one for one in known.methods if one not in (FEATURES, PART)), *methods),
        votes=found.votes,
        inliers=found.inliers,
        tiles_good=found.good,
        tiles_compared=found.compared,
        covered_a=found.covered_a,
        covered_b=found.covered_b,
        movement=found.movement,
    )


def _with_frames(known: Edge | None, found: Alignment) -> Edge:
    """The edge of a pair of which frames were laid upon each other: a candidate, unless it is certain already.

    Two people filmed in one studio agree in most of every frame.
    """
    if known is None:
        films = min(found.at_a, found.at_b) > STILL
        known = replace(
            _found_by(found, Tier.CANDIDATE),
            methods=() if films else ("frame",),
            offset_ms=found.at_b - found.at_a if films else max(found.at_a, found.at_b),
        )
    if not known.segments:
        known = replace(known, covered_a=found.covered_a, covered_b=found.covered_b)
    return replace(
        known,
        methods=(*(one for one in known.methods if one != FRAME_FEATURES), FRAME_FEATURES),
        votes=found.votes,
        inliers=found.inliers,
        tiles_good=found.good,
        tiles_compared=found.compared,
        movement=found.movement,
        at_a=found.at_a,
        at_b=found.at_b,
    )


def _found_by(found: Alignment, tier: Tier) -> Edge:
    """The edge of a pair that nothing but an alignment links."""
    return Edge(
        item_a=found.item_a,
        item_b=found.item_b,
        tier=tier,
        methods=(),
        distance=found.compared - found.good,
        bits=found.compared,
        same_capture=found.same_capture,
        variant="mirrored" if found.mirrored else "upright",
    )


VARIANT_PLACES = {name: place for place, name in enumerate(VARIANTS)}
