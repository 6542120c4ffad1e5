"""Votes of local codes: which stored pictures share key points that lie alike with an asking one.

Codes are found by locality-sensitive keys: 12 tables of 32 of the 128 bits each, sorted, so that a key is found by
bisection. A match of two codes says how one picture would have to be scaled, turned and moved to lie on the other; a
vote is a match that agrees with that of another one. Votes only nominate: `alignment` looks at the pictures.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from verification.technical.local_codes import KEPT, OCTAVE_STEPS, Codes, LocalCodes

TABLES, KEY_BITS = 12, 32
KEY_SEED = 20261130
MOST_BITS = 26
"""Two codes that differ in more of their 128 bits are no match."""
FEWEST_VOTES = 3
"""At this 98 % of re-uploads are nominated, and one unrelated pair in a million."""
AGREES_PX = 8.0
AGREES_STEPS = 0.7 * OCTAVE_STEPS
MOST_UNDER_KEY = 512
"""Items under one key; a key with more is a logo, a caption's letters or an icon, and is passed over."""
MOST_CODES_UNDER_KEY = 8 * MOST_UNDER_KEY
"""Codes under one key, whatever number of items they are of: frames of one film may each have it."""
MOST_MATCHES = 256
"""Matches with one picture that are looked at."""

Words: TypeAlias = NDArray[np.uint64]
"""Codes as two 64-bit words, `(codes, 2)`."""
Places: TypeAlias = NDArray[np.float32]
"""x, y, size in steps, angle in 256ths of a turn, `(n, 4)`."""


def _key_places() -> NDArray[np.intp]:
    draw = np.random.default_rng(KEY_SEED)
    return np.stack([draw.permutation(128)[:KEY_BITS] for _table in range(TABLES)])


KEY_PLACES = _key_places()
"""Which bits make the key of each table."""


@dataclass(frozen=True, slots=True)
class _Rows:
    """Codes in the order of addition. `owners` are pictures, `ranks` the strength of the key point in its own.

    `items` are what pictures belong to: a film has several.
    """

    codes: NDArray[np.uint64]
    owners: NDArray[np.int32]
    items: NDArray[np.int32]
    ranks: NDArray[np.uint8]
    places: NDArray[np.uint8]

    def __len__(self) -> int:
        return len(self.owners)

    def then(self, other: _Rows) -> _Rows:
        return _Rows(
            np.concatenate([self.codes, other.codes]),
            np.concatenate([self.owners, other.owners]),
            np.concatenate([self.items, other.items]),
            np.concatenate([self.ranks, other.ranks]),
            np.concatenate([self.places, other.places]),
        )


@dataclass(frozen=True, slots=True)
class _Segment:
    """Rows, and for each table its keys in order with the row that each belongs to."""

    rows: _Rows
    keys: Sequence[NDArray[np.uint32]]
    orders: Sequence[NDArray[np.int32]]

    @classmethod
    def of(cls, rows: _Rows) -> _Segment:
        keys = keys_of(rows.codes)
        orders = [np.argsort(table, kind="stable").astype(np.int32) for table in keys]
        return cls(rows, [table[order] for table, order in zip(keys, orders, strict=True)], orders)


@dataclass(slots=True)
class VoteTable:
    """Local codes of all pictures so far. A picture is known by the number of its addition."""

    _segments: list[_Segment] = field(default_factory=list)
    _tail: list[tuple[LocalCodes, int]] = field(default_factory=list)
    _pictures: int = 0
    passed_over: int = 0
    """Keys that were asked for and passed over so far, since very many items share them."""

    def add(self, picture: LocalCodes, item: int | None = None) -> int:
        """Adds a picture and gives its number. `item`: what it is a frame of, by a number; else it is its own."""
        self._tail.append((picture, self._pictures if item is None else item))
        self._pictures += 1
        return self._pictures - 1

    def votes(self, asking: LocalCodes) -> dict[int, int]:
        """Votes by picture, of those with FEWEST_VOTES or more: the greater number of upright and mirrored."""
        self._fold()
        found: dict[int, int] = {}
        for codes, places in (asking.codes, upright(asking)), (asking.mirrored, mirrored(asking)):
            for picture, count in self._votes(words_of(codes), places).items():
                if count >= FEWEST_VOTES:
                    found[picture] = max(count, found.get(picture, 0))
        return found

    def _fold(self) -> None:
        """Makes a segment of what was added, together with those before it that are not twice as long."""
        if not self._tail:
            return
        pictures, items = [one for one, _item in self._tail], [item for _one, item in self._tail]
        counts = [len(one.codes) for one in pictures]
        first = self._pictures - len(self._tail)
        rows = _Rows(
            words_of(np.concatenate([one.codes for one in pictures])),
            np.repeat(np.arange(first, self._pictures, dtype=np.int32), counts),
            np.repeat(np.array(items, dtype=np.int32), counts),
            np.concatenate([np.arange(count, dtype=np.uint8) for count in counts]),
            np.concatenate([one.places for one in pictures]),
        )
        self._tail.clear()
        while self._segments and len(self._segments[-1].rows) <= 2 * len(rows):
            rows = self._segments.pop().rows.then(rows)
        self._segments.append(_Segment.of(rows))

    def _votes(self, codes: Words, places: Places) -> Mapping[int, int]:
        matches = []
        keys = keys_of(codes)
        for segment in self._segments:
            rows = segment.rows
            asked, stored, passed_over = _candidates(segment, keys)
            self.passed_over += passed_over
            near = np.bitwise_count(rows.codes[stored] ^ codes[asked]).sum(axis=1) <= MOST_BITS
            # One of the two is among the strongest of its own picture, whichever of the pictures came first.
            near &= (asked < KEPT) | (rows.ranks[stored] < KEPT)
            asked, stored = asked[near], stored[near]
            matches.append((rows.owners[stored], asked, rows.places[stored]))
        if not matches:
            return {}
        owners = np.concatenate([one[0] for one in matches])
        asked = np.concatenate([one[1] for one in matches])
        there = np.concatenate([one[2] for one in matches]).astype(np.float32)
        order = np.argsort(owners, kind="stable")
        owners, asked, there = owners[order], asked[order], there[order]
        bounds = np.flatnonzero(np.r_[True, owners[1:] != owners[:-1], True]) if len(owners) else np.empty(0, int)
        counted = {}
        for start, end in pairwise(bounds):
            if end - start >= FEWEST_VOTES:
                some = slice(start, min(end, start + MOST_MATCHES))
                counted[int(owners[start])] = agreeing(places[asked[some]], there[some])
        return counted


def agreeing(here: Places, there: Places) -> int:
    """How many matches agree best with one of them on how `here` lies in `there`; points of one place count once."""
    steps = there[:, 2] - here[:, 2]
    scale = np.exp2(steps / OCTAVE_STEPS)
    angle = (there[:, 3] - here[:, 3]) * (2 * np.pi / 256)
    turn = scale * np.exp(1j * angle)
    a, b = here[:, 0] + 1j * here[:, 1], there[:, 0] + 1j * there[:, 1]
    best = 0
    # Each row is a hypothesis; where it would move every point of `here`, and how far that is from `there`.
    moved = (a[None, :] - a[:, None]) * turn[:, None] + b[:, None]
    fits = (np.abs(moved - b[None, :]) <= AGREES_PX) & (np.abs(steps[None, :] - steps[:, None]) <= AGREES_STEPS)
    for row in np.argsort(-fits.sum(axis=1), kind="stable")[:4]:
        kept = fits[row]
        distinct = min(len(set(map(complex, a[kept]))), len(set(map(complex, b[kept]))))
        best = max(best, distinct)
    return best


def upright(picture: LocalCodes) -> Places:
    """Where key points lie."""
    return picture.places.astype(np.float32)


def mirrored(picture: LocalCodes) -> Places:
    """Where key points lie when the picture is mirrored from left to right."""
    places = picture.places.astype(np.float32)
    places[:, 0] = picture.width - 1 - places[:, 0]
    places[:, 3] = (128 - places[:, 3]) % 256
    return places


def keys_of(codes: Words) -> list[NDArray[np.uint32]]:
    """The key of every code, by table."""
    bits = np.unpackbits(codes.view(np.uint8), axis=1)
    packed = (np.ascontiguousarray(np.packbits(bits[:, chosen], axis=1)) for chosen in KEY_PLACES)
    return [key.view(np.uint32).reshape(-1) for key in packed]


def words_of(codes: Codes) -> Words:
    """Codes of 16 bytes as two 64-bit words each."""
    return np.ascontiguousarray(codes).view(np.uint64).reshape(-1, 2)


def _candidates(
    segment: _Segment, keys: Sequence[NDArray[np.uint32]]
) -> tuple[NDArray[np.intp], NDArray[np.intp], int]:
    """Pairs of an asking and a stored code that share a key in some table, each pair once; and keys passed over."""
    pairs, passed_over = [], 0
    for asked, sorted_keys, order in zip(keys, segment.keys, segment.orders, strict=True):
        first = np.searchsorted(sorted_keys, asked, "left")
        counts = np.searchsorted(sorted_keys, asked, "right") - first
        many = np.flatnonzero(counts > MOST_UNDER_KEY)
        crowded = [one for one in many if _is_crowded(segment, order, int(first[one]), int(counts[one]))]
        counts[crowded] = 0
        passed_over += len(crowded)
        who = np.repeat(np.arange(len(asked)), counts)
        within = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
        pairs.append(who * len(segment.rows) + order[first[who] + within])
    together = np.unique(np.concatenate(pairs))
    return together // len(segment.rows), together % len(segment.rows), passed_over


def _is_crowded(segment: _Segment, order: NDArray[np.int32], first: int, count: int) -> bool:
    """Whether the codes under a key are of too many items. Those of one film count once."""
    if count > MOST_CODES_UNDER_KEY:
        return True
    return len(np.unique(segment.rows.items[order[first : first + count]])) > MOST_UNDER_KEY
