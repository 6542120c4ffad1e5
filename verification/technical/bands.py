"""Codes of equal length, found by the parts that they share with an asked one: multi-index hashing, on plain arrays.

A code is cut into bands of 16 bits. For each band the rows are kept in the order of their key, with the place where
each key begins, so that all rows with one key are one slice. Two codes that differ in fewer bits than there are bands
agree in one band at least; asking also for the keys that differ in `flips` bits finds every code that differs in fewer
than `bands * (flips + 1)` bits (Norouzi, Punjani, Fleet 2012). Further ones are found when chance leaves them a band.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from itertools import combinations
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Words: TypeAlias = NDArray[np.uint64]
"""Codes as rows of 64-bit words, `(codes, words)`."""
Rows: TypeAlias = NDArray[np.uint32]
Distances: TypeAlias = NDArray[np.uint16]
Found: TypeAlias = tuple[NDArray[np.int64], Distances]
"""Rows in order, and in how many bits each differs."""

BAND_BITS = 16
KEYS = 1 << BAND_BITS
FEWER = 4
"""Bands are asked where they leave at most this part of the codes: to gather more takes the memory that a scan spares,
as when very many rows hold one code."""
SCANNED = 8_192
"""Codes that are counted at a time in a scan: they and what is made of them stay in the processor's cache."""


@dataclass(frozen=True, slots=True)
class Bands:
    """Where the codes of a table lie by the keys of their bands; `orders` is `(bands, codes)`, `offsets` by key."""

    orders: Rows
    offsets: Rows

    @classmethod
    def of(cls, codes: Words) -> Bands:
        """The bands of these codes."""
        keys = np.ascontiguousarray(keys_of(codes).T)
        orders = np.empty(keys.shape, dtype=np.uint32)
        offsets = np.zeros((len(keys), KEYS + 1), dtype=np.uint32)
        for band, key in enumerate(keys):
            orders[band] = np.argsort(key, kind="stable")
            np.cumsum(np.bincount(key, minlength=KEYS), out=offsets[band, 1:])
        return cls(orders, offsets)

    def candidates(self, code: Words, flips: int, most: int) -> NDArray[np.int64] | None:
        """Rows that share a band with the code, up to that many flipped bits of it; some more than once.

        None where they are more than `most`.
        """
        masks = _masks(flips)
        keys = keys_of(code[None, :])[0]
        asked = (keys[:, None] ^ masks[None, :]).astype(np.int64)
        asked += (np.arange(len(keys), dtype=np.int64) * (KEYS + 1))[:, None]
        flat = asked.ravel()
        offsets = self.offsets.reshape(-1)
        starts = offsets[flat].astype(np.int64)
        counts = offsets[flat + 1].astype(np.int64) - starts
        if counts.sum() > most:
            return None
        starts += np.repeat(np.arange(len(keys), dtype=np.int64) * self.orders.shape[1], len(masks))
        ends = np.cumsum(counts)
        within = np.arange(ends[-1], dtype=np.int64) + np.repeat(starts - ends + counts, counts)
        found: NDArray[np.int64] = self.orders.reshape(-1)[within].astype(np.int64)
        return found


def complete_below(bits: int, flips: int) -> int:
    """Bits from which on codes of this length may be missed when this many bits of each band are flipped."""
    return bits // BAND_BITS * (flips + 1)


def near(codes: Words, bands: Bands | None, code: Words, most: int, flips: int | None) -> Found:
    """The rows whose codes differ from `code` in at most `most` bits; of all of them where `flips` is None.

    Else of those that share a band up to so many flipped bits, whether the codes have bands or are scanned: what is
    found does not depend on how they are stored.
    """
    if flips is None:
        return _scan(codes, code, most)
    rows = bands.candidates(code, flips, len(codes) // FEWER) if bands is not None else None
    if rows is None:
        rows, apart = _scan(codes, code, most)
        flipped = np.bitwise_count(keys_of(codes[rows]) ^ keys_of(code[None, :]))
        shared = (flipped <= flips).any(axis=1)
        return rows[shared], apart[shared]
    apart = bits_apart(codes[rows], code)
    close = apart <= most
    rows, first = np.unique(rows[close], return_index=True)
    return rows, apart[close][first]


def bits_apart(codes: Words, code: Words) -> Distances:
    """Differing bits between each of the codes, of one or of four words, and one."""
    counted = np.bitwise_count(codes.reshape(-1) ^ np.tile(code, len(codes)))
    if len(code) == 1:
        alone: Distances = counted.astype(np.uint16)
        return alone
    # Four bytes at once, and in 16 bits from the first addition on: all 256 may differ, and in 8 a negative would come
    # out as the picture itself.
    four = counted.view(np.uint32)
    two = (four & 0x00FF00FF) + ((four >> 8) & 0x00FF00FF)
    total: Distances = ((two & 0xFFFF) + (two >> 16)).astype(np.uint16)
    return total


def keys_of(codes: Words) -> NDArray[np.uint16]:
    """The key of every band, `(codes, bands)`."""
    return np.ascontiguousarray(codes).view(np.uint16).reshape(len(codes), 64 // BAND_BITS * codes.shape[1])


def words(code: str) -> Words:
    """A code in hexadecimal as 64-bit words."""
    return np.frombuffer(bytes.fromhex(code), dtype=">u8").astype(np.uint64)


@cache
def _masks(flips: int) -> NDArray[np.uint16]:
    """Every choice of at most `flips` bits of a key."""
    chosen = [sum(1 << bit for bit in bits) for count in range(flips + 1) for bits in combinations(range(16), count)]
    return np.array(chosen, dtype=np.uint16)


def _scan(codes: Words, code: Words, most: int) -> Found:
    rows, apart = [np.empty(0, dtype=np.int64)], [np.empty(0, dtype=np.uint16)]
    for start in range(0, len(codes), SCANNED):
        found = bits_apart(codes[start : start + SCANNED], code)
        close = np.flatnonzero(found <= most)
        rows.append(close + start)
        apart.append(found[close])
    return np.concatenate(rows), np.concatenate(apart)
