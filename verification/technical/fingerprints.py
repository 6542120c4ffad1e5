"""Perceptual fingerprints of pictures and frames: PDQ with its dihedral variants, imagehash's phash, a trimmed twin.

Everything is computed from one small decode. A guard says when a picture holds too little for a hash to mean anything:
PDQ's own quality score lets title cards through, of which any two look alike to it.
"""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Literal, TypeAlias

import imagehash
import numpy as np
import pdqhash
from numpy.typing import NDArray
from PIL import Image

from verification.interface import (
    CheckName,
    ExamineLimits,
    Finding,
    Fingerprint,
    Notice,
    result_of,
)
from verification.technical.decoding import Picture, open_picture

import_module("scipy.fftpack")
# phash imports it only when it is called: 0.4 s of processor time that each call of a forked worker would pay anew.

VERSION = "1"
Grey: TypeAlias = NDArray[np.uint8]
"""Luma, `(height, width)`."""

MINIMUM_QUALITY = 50
"""PDQ's documented quality gate, 0 to 100."""
FLAT_LEVELS = 12
ONE_LEVEL_SHARE = 0.75
"""A picture of which this share lies within FLAT_LEVELS grey levels of one level is a card, a page or a night sky.
Of 1,000 photographs 1.5 % are caught by this and the next two together; of 120 cards, pages and gradients all are."""
FRAMED_SHARE = 0.45
"""The same inside the borders of a picture that is of low information as a whole: letters on a card fill what is left
when the card is cut away, a photograph in a letterbox does not look like that."""
SMOOTH_SHARE = 0.65
"""Share of 4 x 4 tiles of a 128-pixel copy without any curvature in them."""
TEXTURED_CELLS = 4
"""Cells of 16 that must hold texture, as in the rule for key points that this stands in for."""
FULL_RANGE, MOST_GAIN = 200, 4
"""Levels between the 1st and 99th hundredth that count as full contrast, and how far less is stretched: a dark
photograph holds as much as a bright one, but a flat's noise stays noise."""
SMOOTH_CURVATURE, TEXTURED_CURVATURE, TEXTURED_TILES = 4, 12, 3

BORDER_LEVELS = 16
BORDER_SHARE = 0.98
"""A row or column is border while this share of it lies within BORDER_LEVELS of the outermost one's median."""
LEAST_REMAINDER = 0.2
"""Of each axis; a trim that leaves less is no longer the picture."""
LEAST_TRIM = 0.02
"""Of an axis; less than this is rounding."""
THUMBNAIL_DISTANCE_BITS = 96
"""Of 256; an embedded preview further from its picture than this shows something else. Unrelated ones lie near 128."""


def fingerprint_picture(
    path: Path, limits: ExamineLimits, digest: str
) -> tuple[Finding, tuple[Fingerprint, ...], Picture]:
    """The finding, one or two fingerprints and the decoded picture of a still.

    Raises what `open_picture` raises.
    """
    picture = open_picture(path, limits.max_pixels)
    prints = fingerprints_of(picture.working, -1)
    notices = list[Notice]()
    if not picture.complete:
        notices.append(Notice(code="damaged", text="something is missing or damaged; the rest was decoded"))
    thumbnail_distance = _thumbnail_distance(picture, prints[0])
    if thumbnail_distance > THUMBNAIL_DISTANCE_BITS:
        notices.append(
            Notice(code="thumbnail-differs", text=f"the embedded preview differs in {thumbnail_distance} of 256 bits")
        )
    return (
        Finding(
            check=CheckName.FINGERPRINTS,
            version=VERSION,
            result=result_of(notices, ()),
            input=digest,
            facts={
                "format": picture.format,
                "width": picture.width,
                "height": picture.height,
                "orientation": picture.orientation,
                "several_frames": picture.several_frames,
                "complete": picture.complete,
                "fingerprints": len(prints),
                "low_information": prints[0].low_information,
            },
            notices=tuple(notices),
            limits=("the first frame only",) if picture.several_frames else (),
            parameters={"max_pixels": limits.max_pixels},
        ),
        prints,
        picture,
    )


def fingerprints_of(image: Image.Image, frame_ms: int) -> tuple[Fingerprint, ...]:
    """The fingerprint of an upright RGB picture, and that of what is left when it has uniform borders."""
    grey = image.convert("L")
    whole = _fingerprint(image, grey, frame_ms)
    box = border_box(np.asarray(grey))
    if box is None:
        return (whole,)
    share = FRAMED_SHARE if whole.low_information else ONE_LEVEL_SHARE
    return whole, _fingerprint(image.crop(box), grey.crop(box), frame_ms, region="trim", most_of_one_level=share)


def _fingerprint(
    image: Image.Image,
    grey: Image.Image,
    frame_ms: int,
    *,
    region: Literal["full", "trim"] = "full",
    most_of_one_level: float = ONE_LEVEL_SHARE,
) -> Fingerprint:
    hashes, quality = pdqhash.compute_dihedral(np.ascontiguousarray(image))
    first, *turned = (hex_of_bits(bits) for bits in hashes)
    poor = quality < MINIMUM_QUALITY or is_low_information(np.asarray(grey), most_of_one_level)
    return Fingerprint(
        frame_ms=frame_ms,
        region=region,
        pdq=first,
        turned=tuple(turned),
        phash=str(imagehash.phash(grey)),
        quality=min(max(int(quality), 0), 100),
        low_information=poor,
        width=image.width,
        height=image.height,
    )


def hex_of_bits(bits: NDArray[np.int64]) -> str:
    """Fixed-width hexadecimal of a hash vector of zeros and ones, first element first; leading zeros are kept."""
    return np.packbits(bits.astype(np.uint8)).tobytes().hex()


def is_low_information(grey: Grey, most_of_one_level: float = ONE_LEVEL_SHARE) -> bool:
    """Whether a picture holds too little for two alike hashes to be evidence: a card, a page, a gradient, a flat."""
    small = _stretched(_shrunk(grey, 128))
    levels = np.bincount(small.ravel(), minlength=256)
    near_one_level = int(np.convolve(levels, np.ones(2 * FLAT_LEVELS + 1, dtype=np.int64), "same").max())
    if near_one_level >= most_of_one_level * small.size:
        return True
    curvature = _tiles(
        np.abs(4 * small[1:-1, 1:-1] - small[:-2, 1:-1] - small[2:, 1:-1] - small[1:-1, :-2] - small[1:-1, 2:])
    )
    if float((curvature <= SMOOTH_CURVATURE).mean()) >= SMOOTH_SHARE:
        return True
    rows = np.array_split(curvature >= TEXTURED_CURVATURE, 4, axis=0)
    cells = [cell for row in rows for cell in np.array_split(row, 4, axis=1)]
    return sum(int(cell.sum()) >= TEXTURED_TILES for cell in cells) < TEXTURED_CELLS


def _stretched(grey: Grey) -> NDArray[np.int16]:
    """Levels with the contrast brought up to full, by MOST_GAIN at most."""
    below = np.cumsum(np.bincount(grey.ravel(), minlength=256))
    low, high = (int(np.searchsorted(below, share * grey.size)) for share in (0.01, 0.99))
    gain = min(FULL_RANGE / max(high - low, 1), MOST_GAIN)
    if gain <= 1:
        return grey.astype(np.int16)
    table = np.clip((np.arange(256) - low) * gain, 0, 255).astype(np.int16)
    stretched: NDArray[np.int16] = table[grey]
    return stretched


def _tiles(values: NDArray[np.int16]) -> NDArray[np.int16]:
    """The greatest value of each 4 x 4 tile."""
    height, width = (side // 4 for side in values.shape)
    tiled: NDArray[np.int16] = values[: height * 4, : width * 4].reshape(height, 4, width, 4).max(axis=(1, 3))
    return tiled


def _shrunk(grey: Grey, longer_side: int) -> Grey:
    scale = longer_side / max(grey.shape)
    size = (max(16, round(grey.shape[1] * scale)), max(16, round(grey.shape[0] * scale)))
    return np.asarray(Image.fromarray(grey).resize(size, Image.Resampling.BOX))


def border_box(grey: Grey) -> tuple[int, int, int, int] | None:
    """What is left inside uniform borders, as (left, top, right, bottom) pixels; None when there are none.

    None too when less than LEAST_REMAINDER of an axis would remain.
    """
    height, width = grey.shape
    top, bottom = _border(grey), _border(grey[::-1])
    if top + bottom >= height * (1 - LEAST_REMAINDER):
        return None
    inner = grey[top : height - bottom]
    left, right = _border(inner.T), _border(inner.T[::-1])
    if left + right >= width * (1 - LEAST_REMAINDER):
        return None
    if top + bottom < height * LEAST_TRIM and left + right < width * LEAST_TRIM:
        return None
    return left, top, width - right, height - bottom


def _border(rows: Grey) -> int:
    """How many rows from the first on are border. Looks at a few rows first, since most pictures have none."""
    level = int(np.median(rows[0]))
    for some in (rows[:2], rows):
        within = (np.abs(some.astype(np.int16) - level) <= BORDER_LEVELS).mean(axis=1) >= BORDER_SHARE
        if not within.all():
            return int(np.argmin(within))
    return len(rows)


def _thumbnail_distance(picture: Picture, full: Fingerprint) -> int:
    """Bits of 256 between a picture and the preview that it carries; 0 where nothing can be compared."""
    if picture.thumbnail is None or full.low_information:
        return 0
    return min((int(full.pdq, 16) ^ int(one.pdq, 16)).bit_count() for one in fingerprints_of(picture.thumbnail, -1))
