"""Segments of the index of fingerprints: codes of a stretch of the log, in arrays that are also a file.

A segment never changes. One that is long enough has bands; a short one is scanned. The arrays of a file are mapped
into memory and lie in it one behind the other, so that opening one reads nothing but what is asked for.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import DTypeLike, NDArray

from verification.edges import PDQ_BITS, PHASH_BITS, Subject
from verification.technical.bands import BAND_BITS, KEYS, Bands, Found, Words, near

BANDED = 16_384
"""Codes from which on a segment has bands: a scan of fewer takes no longer than asking bands."""
TELLS, STILL, WHOLE = 1, 2, 4
"""What a code is of, added up: something with enough information, a still, the whole of it."""
VERSION = 1
MAGIC = b"CASECODE"
HEAD = struct.Struct("<8s5Q16x")
ALIGNED = 8
"""Bytes that every array in a file begins at a multiple of."""
Bytes: TypeAlias = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Rows:
    """Fingerprints in the order of the log: `places` are positions of examinations, `ordinals` say which of theirs.

    `phashes` belong to the rows that are stills with enough information, in order.
    """

    codes: Words
    places: NDArray[np.int64]
    ordinals: NDArray[np.uint16]
    kinds: Bytes
    phashes: NDArray[np.uint64]

    def __len__(self) -> int:
        return len(self.places)

    @classmethod
    def joined(cls, parts: Sequence[Rows]) -> Rows:
        """Rows behind each other."""
        return cls(*map(np.concatenate, zip(*(one._arrays() for one in parts), strict=True)))

    def without(self, gone: Iterable[int]) -> Rows:
        """All but those of these places."""
        kept = ~np.isin(self.places, np.fromiter(gone, dtype=np.int64))
        pictures = kept[np.flatnonzero(of_kind(self.kinds, STILL | TELLS))]
        codes, places, ordinals, kinds, phashes = self._arrays()
        return Rows(codes[kept], places[kept], ordinals[kept], kinds[kept], phashes[pictures])

    def _arrays(self) -> tuple[Words, NDArray[np.int64], NDArray[np.uint16], Bytes, NDArray[np.uint64]]:
        return self.codes, self.places, self.ordinals, self.kinds, self.phashes


def rows_of(subject: Subject) -> Rows:
    """The fingerprints of one examined item."""
    prints = subject.fingerprints
    kinds = [
        TELLS * (not one.low_information) + STILL * (one.frame_ms < 0) + WHOLE * (one.region == "full")
        for one in prints
    ]
    hashed = [
        int(one.phash, 16) for one, kind in zip(prints, kinds, strict=True) if kind & (STILL | TELLS) == STILL | TELLS
    ]
    codes = b"".join(bytes.fromhex(one.pdq) for one in prints)
    return Rows(
        np.frombuffer(codes, dtype=">u8").astype(np.uint64).reshape(-1, PDQ_BITS // 64),
        np.full(len(prints), subject.position, dtype=np.int64),
        np.arange(len(prints), dtype=np.uint16),
        np.array(kinds, dtype=np.uint8),
        np.array(hashed, dtype=np.uint64),
    )


def of_kind(kinds: Bytes, kind: int) -> NDArray[np.bool_]:
    """Which of these hold all of that."""
    held: NDArray[np.bool_] = kinds & kind == kind
    return held


@dataclass(frozen=True, slots=True)
class Segment:
    """Rows of the positions `first` to `last` of the log, `owners` counted from the first, with their bands.

    `pictures` are the rows that have a phash.
    """

    first: int
    last: int
    codes: Words
    owners: NDArray[np.uint32]
    ordinals: NDArray[np.uint16]
    kinds: Bytes
    phashes: Words
    pictures: NDArray[np.uint32]
    bands: Bands | None
    phash_bands: Bands | None

    @classmethod
    def of(cls, rows: Rows, first: int, last: int, *, banded: bool = True) -> Segment:
        """A segment in memory; without bands where they would not be worth making."""
        phashes = rows.phashes.reshape(-1, 1)
        return cls(
            first,
            last,
            rows.codes,
            (rows.places - first).astype(np.uint32),
            rows.ordinals,
            rows.kinds,
            phashes,
            np.flatnonzero(of_kind(rows.kinds, STILL | TELLS)).astype(np.uint32),
            Bands.of(rows.codes) if banded and len(rows) >= BANDED else None,
            Bands.of(phashes) if banded and len(phashes) >= BANDED else None,
        )

    def __len__(self) -> int:
        return len(self.owners)

    def near(self, code: Words, most: int, flips: int | None, kind: int) -> Found:
        """Rows of this kind whose PDQ code differs in at most `most` bits; all are looked at where `flips` is None."""
        rows, apart = near(self.codes, self.bands, code, most, flips)
        right = of_kind(self.kinds[rows], kind)
        return rows[right], apart[right]

    def near_phash(self, code: Words, most: int, flips: int | None) -> Found:
        """The same by phash."""
        rows, apart = near(self.phashes, self.phash_bands, code, most, flips)
        return self.pictures[rows].astype(np.int64), apart

    def rows(self) -> Rows:
        """What the segment was made of."""
        places = self.owners.astype(np.int64) + self.first
        return Rows(self.codes, places, self.ordinals, self.kinds, self.phashes[:, 0])

    def parts(self) -> Iterator[bytes]:
        """The bytes of its file."""
        yield HEAD.pack(MAGIC, VERSION, self.first, self.last, len(self), len(self.phashes))
        arrays = [self.codes, self.owners, self.ordinals, self.kinds, self.phashes, self.pictures]
        for bands in (self.bands, self.phash_bands):
            arrays += [bands.orders, bands.offsets] if bands is not None else []
        for array in arrays:
            content = np.ascontiguousarray(array).tobytes()
            yield content + bytes(-len(content) % ALIGNED)

    @classmethod
    def read(cls, content: Bytes) -> Segment:
        """The segment in the bytes of a file, which stay where they are. Raises ValueError where they are none."""
        if len(content) < HEAD.size:
            raise ValueError("too short for a segment")
        magic, version, first, last, codes, pictures = HEAD.unpack(content[: HEAD.size].tobytes())
        if (magic, version) != (MAGIC, VERSION):
            raise ValueError("no segment of this version")
        arrays = _Arrays(content, HEAD.size)
        found = cls(
            first,
            last,
            arrays.take(np.uint64, codes, PDQ_BITS // 64),
            arrays.take(np.uint32, codes),
            arrays.take(np.uint16, codes),
            arrays.take(np.uint8, codes),
            arrays.take(np.uint64, pictures, PHASH_BITS // 64),
            arrays.take(np.uint32, pictures),
            arrays.bands(codes, PDQ_BITS),
            arrays.bands(pictures, PHASH_BITS),
        )
        if arrays.start != len(content):
            raise ValueError("the length does not fit the number of codes")
        return found


@dataclass(slots=True)
class _Arrays:
    """Arrays that lie one behind the other."""

    content: Bytes
    start: int

    def take(self, dtype: DTypeLike, *shape: int) -> NDArray[Any]:
        size = np.dtype(dtype).itemsize * prod(shape)
        found = self.content[self.start : self.start + size].view(dtype).reshape(shape)
        self.start += size + -size % ALIGNED
        return found

    def bands(self, codes: int, bits: int) -> Bands | None:
        if codes < BANDED:
            return None
        count = bits // BAND_BITS
        return Bands(self.take(np.uint32, count, codes), self.take(np.uint32, count, KEYS + 1))
