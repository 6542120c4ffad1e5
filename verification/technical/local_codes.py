"""Local features as bits: each key point of a small working copy is a code of 128 bits and where it lies. Pure.

Two pictures that share a part share codes, whatever was cut away, put beside it or turned. The mean and the rotation
that make bits of a descriptor are constants fitted once on photographs (`benchmarks/neardup/fit_local_codes.py`) and
named by VERSION: codes of two versions are never compared.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from io import BytesIO
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

VERSION = "1"
WORKING_PIXELS = 240
"""The longer side of the working copy."""
ASKED, KEPT = 96, 48
"""Key points of the picture that asks, and of the one that is asked; each pair is asked both ways."""
FEWEST_POINTS, FEWEST_CELLS = 12, 4
"""Key points, and cells of 16 that hold one, below which a picture is not compared by them: cards and flats."""
CODE_BYTES, PLACE_BYTES = 16, 4
CONSTANTS = f"local_codes_v{VERSION}.npz"
OCTAVE_STEPS = 32
"""Sizes are kept in steps of a 32nd of an octave above one pixel."""

FILM = b"\0"
"""The first byte of what was packed of a film: no picture is 0 pixels wide."""
FRAME_HEAD = struct.Struct(">QH")
TIME_LIMIT = 1 << 53
"""Milliseconds from which numbers are no longer exact in every reader."""

Codes: TypeAlias = NDArray[np.uint8]
Floats: TypeAlias = NDArray[np.float32]
MIRRORED = np.array(
    [(3 - row) * 32 + column * 8 + -direction % 8 for row in range(4) for column in range(4) for direction in range(8)]
)
"""Where each of the 128 bins of a descriptor comes from when the picture is mirrored."""


@dataclass(frozen=True, slots=True)
class LocalCodes:
    """Codes of a picture's key points, strongest first, upright and mirrored.

    `codes` and `mirrored` are `(n, 16)` bytes. `places` is `(n, 4)`: x and y in pixels of the working copy, the size
    in steps, the angle in 256ths of a turn. `width` and `height` are those of the working copy.
    """

    codes: Codes
    mirrored: Codes
    places: NDArray[np.uint8]
    width: int
    height: int

    @property
    def tells(self) -> bool:
        """Whether there is enough texture, and in enough places, for shared key points to mean anything."""
        cells = {(4 * int(x) // (self.width + 1), 4 * int(y) // (self.height + 1)) for x, y in self.places[:, :2]}
        return len(self.codes) >= FEWEST_POINTS and len(cells) >= FEWEST_CELLS

    def packed(self) -> bytes:
        """Two bytes for the sides, then what each key point has, one after the other."""
        rows = np.concatenate([self.codes, self.mirrored, self.places], axis=1)
        return bytes([self.width, self.height]) + rows.tobytes()


def unpacked(packed: bytes) -> LocalCodes:
    """What `packed` gave. Raises ValueError for other bytes."""
    row = 2 * CODE_BYTES + PLACE_BYTES
    if len(packed) < 2 or (len(packed) - 2) % row or (len(packed) - 2) // row > ASKED:
        raise ValueError(f"{len(packed)} bytes are no local codes")
    rows = np.frombuffer(packed, np.uint8, offset=2).reshape(-1, row)
    return LocalCodes(
        rows[:, :CODE_BYTES], rows[:, CODE_BYTES : 2 * CODE_BYTES], rows[:, 2 * CODE_BYTES :], packed[0], packed[1]
    )


def packed_film(frames: Mapping[int, bytes]) -> bytes:
    """Packed codes of frames by their milliseconds, as one."""
    return FILM + b"".join(FRAME_HEAD.pack(at_ms, len(codes)) + codes for at_ms, codes in sorted(frames.items()))


def frames_of(packed: bytes) -> dict[int, LocalCodes]:
    """The codes of each frame of a film by its milliseconds; of a still, its own at -1. Raises ValueError."""
    if not packed.startswith(FILM):
        return {-1: unpacked(packed)}
    found, start = {}, len(FILM)
    while start < len(packed):
        if len(packed) - start < FRAME_HEAD.size:
            raise ValueError("cut off")
        at_ms, length = FRAME_HEAD.unpack_from(packed, start)
        start += FRAME_HEAD.size
        if at_ms >= TIME_LIMIT or len(packed) - start < length:
            raise ValueError("a frame at no time, or cut off")
        found[at_ms] = unpacked(packed[start : start + length])
        start += length
    return found


def bits_of(descriptors: Floats) -> Codes:
    """Descriptors as bits: which side of each axis of the fitted rotation they lie on."""
    mean, rotation = constants()
    sides: NDArray[np.bool_] = (descriptors - mean) @ rotation > 0
    codes: Codes = np.packbits(sides, axis=1)
    return codes


@cache
def constants() -> tuple[Floats, Floats]:
    """The fitted mean `(128,)` and rotation `(128, 128)`."""
    with np.load(BytesIO(files(__package__).joinpath(CONSTANTS).read_bytes()), allow_pickle=False) as fitted:
        mean: Floats = fitted["mean"].astype(np.float32)
        rotation: Floats = fitted["rotation"].astype(np.float32)
        return mean, rotation


def fit(descriptors: Floats, seed: int) -> tuple[Floats, Floats]:
    """The mean of descriptors, and their principal axes turned at random so that each bit carries as much."""
    mean = descriptors.mean(axis=0)
    centred = (descriptors - mean).astype(np.float64)
    _values, axes = np.linalg.eigh(centred.T @ centred / len(centred))
    turn, _ = np.linalg.qr(np.random.default_rng(seed).standard_normal((128, 128)))
    return mean, (axes @ turn).astype(np.float32)


def places_of(places: Floats, sizes: Floats, angles: Floats) -> NDArray[np.uint8]:
    """Where key points lie, in one byte for each number; angles are in degrees."""
    steps = np.log2(np.maximum(sizes, 1)) * OCTAVE_STEPS
    turns = np.round(angles * (256 / 360)) % 256
    rounded = np.stack([np.round(places[:, 0]), np.round(places[:, 1]), np.round(steps), turns], axis=1)
    limited: Codes = np.clip(rounded, 0, 255).astype(np.uint8)
    return limited
