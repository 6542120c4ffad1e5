"""Key points of a picture: where it has texture, how large, which way it turns, and what the texture looks like.

The only module that uses OpenCV. Nothing is decoded here: it is given a grey picture of bounded size.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

Grey: TypeAlias = NDArray[np.uint8]
"""Luma, `(height, width)`."""
Floats: TypeAlias = NDArray[np.float32]

CONTRAST = 0.02
SMALLEST_PX = 4.0
"""Smaller key points are noise of compression."""
LARGEST_PX = 24.0
"""Of this size and above size counts alike in the ranking."""

cv2.setNumThreads(1)  # a worker has one core; more threads cost more than they bring


@dataclass(frozen=True, slots=True)
class Keypoints:
    """Key points, the strongest first.

    `places` is `(n, 2)` in pixels, `sizes` in pixels, `angles` in degrees 0 to 360, `descriptors` `(n, 128)`: SIFT's
    histograms of 4 x 4 cells and 8 directions, as the square roots of their shares (Arandjelovic and Zisserman 2012).
    """

    places: Floats
    sizes: Floats
    angles: Floats
    descriptors: Floats

    def __len__(self) -> int:
        return len(self.sizes)

    def first(self, count: int) -> Keypoints:
        """The strongest of them."""
        return Keypoints(self.places[:count], self.sizes[:count], self.angles[:count], self.descriptors[:count])


def keypoints(grey: Grey, most: int, *, smallest: float = SMALLEST_PX) -> Keypoints:
    """At most `most` key points; none of a picture without texture."""
    found, descriptors = cv2.SIFT.create(contrastThreshold=CONTRAST).detectAndCompute(grey, None)
    if not found:
        empty = np.empty(0, np.float32)
        return Keypoints(empty.reshape(0, 2), empty, empty, empty.reshape(0, 128))
    sizes = np.array([one.size for one in found], np.float32)
    strength = np.array([one.response for one in found], np.float32) * np.sqrt(np.minimum(sizes, LARGEST_PX))
    strength[sizes < smallest] = -1
    # A stable order, so that equal strengths give the same points on each machine.
    order = np.argsort(-strength, kind="stable")[: min(most, int((strength >= 0).sum()))]
    histograms = np.asarray(descriptors, np.float32)[order]
    shares = histograms / np.maximum(histograms.sum(axis=1, keepdims=True), 1e-6)
    return Keypoints(
        np.array([found[place].pt for place in order], np.float32).reshape(-1, 2),
        sizes[order],
        np.array([found[place].angle for place in order], np.float32),
        np.sqrt(shares),
    )


def resized(grey: Grey, longer_side: int) -> Grey:
    """A picture whose longer side has this many pixels, enlarged if need be."""
    factor = longer_side / max(grey.shape)
    size = (max(1, round(grey.shape[1] * factor)), max(1, round(grey.shape[0] * factor)))
    if size == (grey.shape[1], grey.shape[0]):
        return grey
    way = cv2.INTER_AREA if factor < 1 else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(grey, size, interpolation=way), np.uint8)
