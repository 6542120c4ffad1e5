"""Whether two pictures show the same where one is laid upon the other, and the evidence for it.

Key points of both are matched, an affine movement is fitted to the matches, one picture is laid upon the other and
compared in tiles. The movement, the tiles that agree and the shares that are covered are what a person is shown.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from verification.technical.keypoints import Floats, Grey, Keypoints, keypoints, resized
from verification.technical.local_codes import MIRRORED

Movement: TypeAlias = NDArray[np.float64]
"""A 2 x 3 matrix that takes points of one picture to another, both at ALIGNED_PIXELS."""

ALIGNED_PIXELS = 360
"""The longer side at which pictures are laid upon each other."""
FEATURES = 300
NEXT_BEST = 0.8
"""A match counts when it is this much nearer than the next best (Lowe 2004, section 7.1)."""
RANSAC_PX, RANSAC_ROUNDS, RANSAC_SEED = 4.0, 2_000, 1
MOST_SCALE, MOST_STRETCH = 8.0, 2.5
"""A movement that enlarges or stretches more than this is an accident of few points."""
TILE_PIXELS = 16
TEXTURE = 6.0
"""Standard deviation in grey levels below which a tile says nothing."""
AGREES = 0.6
"""Correlation from which two tiles agree."""


@dataclass(frozen=True, slots=True)
class Alignment:
    """How one picture lies upon another, both at ALIGNED_PIXELS, and what agrees there.

    `movement` takes a point of the second to the first. `good` of `compared` tiles agree.
    `covered_first` and `covered_second` are the shares of either picture that the two have in common.
    """

    movement: Movement
    inliers: int
    good: int
    compared: int
    covered_first: float
    covered_second: float

    @property
    def mirrored(self) -> bool:
        return bool(np.linalg.det(self.movement[:, :2]) < 0)


@dataclass(frozen=True, slots=True)
class Laid:
    """A picture ready to be laid upon another: grey, its longer side ALIGNED_PIXELS long, with its key points."""

    grey: Grey
    points: Keypoints

    @classmethod
    def of(cls, grey: Grey) -> Laid:
        small = resized(grey, ALIGNED_PIXELS)
        return cls(small, keypoints(small, FEATURES, smallest=0))


def align(first: Laid, second: Laid) -> Alignment | None:
    """How `second` lies upon `first`; None where no movement can be fitted."""
    found: tuple[int, Movement] | None = None
    for descriptors in second.points.descriptors, second.points.descriptors[:, MIRRORED]:
        one = _movement(first.points, second.points, descriptors)
        if one is not None and (found is None or one[0] > found[0]):
            found = one
    if found is None:
        return None
    inliers, movement = found
    back = np.asarray(cv2.invertAffineTransform(movement), np.float64)
    covered_first = _covered(first.grey, second.grey, movement)
    covered_second = _covered(second.grey, first.grey, back)
    # Tiles are those of the picture that lies more in the other: of a small inset they are the more.
    if covered_first >= covered_second:
        agree, compared = _tiles(first.grey, second.grey, movement)
    else:
        agree, compared = _tiles(second.grey, first.grey, back)
    return Alignment(movement, inliers, int(agree.sum()), int(compared.sum()), covered_first, covered_second)


def _movement(here: Keypoints, there: Keypoints, descriptors: Floats) -> tuple[int, Movement] | None:
    """Inliers and the movement that takes `there` to `here`."""
    if len(here) < 3 or len(there) < 3:
        return None
    likeness = here.descriptors @ descriptors.T
    order = np.argsort(-likeness, axis=1, kind="stable")[:, :2]
    rows = np.arange(len(here))
    # The descriptors are of length one: distances follow from products.
    best, second = (np.sqrt(np.maximum(2 - 2 * likeness[rows, order[:, place]], 0)) for place in (0, 1))
    kept = best < NEXT_BEST * second
    if kept.sum() < 3:
        return None
    to, source = here.places[kept], there.places[order[kept, 0]]
    cv2.setRNGSeed(RANSAC_SEED)  # the same pair gives the same evidence
    movement, inlying = cv2.estimateAffine2D(
        source, to, method=cv2.RANSAC, ransacReprojThreshold=RANSAC_PX, maxIters=RANSAC_ROUNDS, confidence=0.999
    )
    if movement is None or not np.isfinite(movement).all():
        return None
    large, small = np.linalg.svd(movement[:, :2], compute_uv=False)
    if not 1 / MOST_SCALE <= small <= large <= MOST_SCALE or large > MOST_STRETCH * small:
        return None
    inside = inlying.ravel().astype(bool)
    # Several key points of one place are one piece of evidence.
    distinct = min(len(np.unique(np.round(points[inside]), axis=0)) for points in (to, source))
    return distinct, np.asarray(movement, np.float64)


def laid_upon(onto: Grey, other: Grey, movement: Movement) -> tuple[Grey, NDArray[np.bool_]]:
    """`other` moved onto the place that it has in `onto`, and where it covers that."""
    size = (onto.shape[1], onto.shape[0])
    moved = cv2.warpAffine(other, movement, size, flags=cv2.INTER_LINEAR)
    covers = cv2.warpAffine(np.full(other.shape, 255, np.uint8), movement, size, flags=cv2.INTER_LINEAR)
    return np.asarray(moved, np.uint8), np.asarray(covers) == 255


def differing_tiles(onto: Grey, other: Grey, movement: Movement) -> list[tuple[int, int]]:
    """Column and row of the tiles of `onto` that can be compared and do not agree."""
    agree, compared = _tiles(onto, other, movement)
    columns = onto.shape[1] // TILE_PIXELS
    return [(int(place) % columns, int(place) // columns) for place in np.flatnonzero(compared & ~agree)]


def _covered(onto: Grey, other: Grey, movement: Movement) -> float:
    """The share of `onto` that `other` covers."""
    return float(laid_upon(onto, other, movement)[1].mean())


def _tiles(onto: Grey, other: Grey, movement: Movement) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """By tile of `onto`: whether it agrees, and whether it can be compared: it has texture and is covered wholly."""
    laid, covers = laid_upon(onto, other, movement)
    whole = _tiled(covers).min(axis=1) > 0
    still, moved = _tiled(onto), _tiled(laid)
    still, moved = still - still.mean(axis=1, keepdims=True), moved - moved.mean(axis=1, keepdims=True)
    deviation, other_deviation = still.std(axis=1), moved.std(axis=1)
    compared = whole & (deviation >= TEXTURE)
    correlation = (still * moved).mean(axis=1) / np.maximum(deviation * other_deviation, 1e-6)
    return compared & (correlation > AGREES), compared


def _tiled(picture: NDArray[Any]) -> Floats:
    """Whole tiles of a picture, `(tiles, pixels)`."""
    rows, columns = picture.shape[0] // TILE_PIXELS, picture.shape[1] // TILE_PIXELS
    cut = picture[: rows * TILE_PIXELS, : columns * TILE_PIXELS].astype(np.float32)
    return cut.reshape(rows, TILE_PIXELS, columns, TILE_PIXELS).swapaxes(1, 2).reshape(rows * columns, -1)
