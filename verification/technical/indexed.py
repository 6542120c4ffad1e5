"""The items that were examined, known by an index of their fingerprints; the items themselves stay in the tables.

Bands are asked where they miss nothing, and where there are more than EXHAUSTIVE codes; else every code is looked at.
With more codes nothing is missed below `complete_below` bits, and beyond that what shares no band with the asked code.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field

from verification.edges import APPROXIMATE, EXACT, PDQ_BITS, PHASH_BITS, Subject
from verification.technical.bands import complete_below, words
from verification.technical.index_files import Mapped
from verification.technical.known_items import Near, Sort
from verification.technical.segments import STILL, TELLS, WHOLE, Rows, Segment, rows_of

EXHAUSTIVE = 200_000
"""Codes up to which every one of them is looked at."""
FLIPS = 2
"""Bits of each band that are flipped at most: nothing is missed below 48 of 256 bits, nor below 12 of 64. The first is
more than an edge of the auto tier can measure from either side, with the slack of turned hashes."""
KEPT_ITEMS = 4_096
"""Items that stay in memory once they were read."""


@dataclass(slots=True)
class IndexedItems:
    """Items by their place in the log. `load` reads items by place; `same` reads those of equal bytes up to a place.

    What was added after `mapped` was written is in memory: the tail.
    """

    load: Callable[[Collection[int]], Mapping[int, Subject]]
    same: Callable[[Subject, int, int], Sequence[Subject]]
    mapped: tuple[Mapped, ...] = ()
    exhaustive: int = EXHAUSTIVE
    position: int = -1
    _tail: list[Rows] = field(default_factory=list)
    _scanned: Segment | None = None
    _cache: OrderedDict[int, Subject] = field(default_factory=OrderedDict)

    def __post_init__(self) -> None:
        self.position = max((one.listed.last for one in self.mapped), default=self.position)

    @property
    def search(self) -> str:
        """Whether every fingerprint is looked at."""
        return EXACT if len(self) <= self.exhaustive else APPROXIMATE

    def __len__(self) -> int:
        """Codes that are known."""
        return sum(len(one.segment) for one in self.mapped) + self.waiting

    @property
    def waiting(self) -> int:
        """Codes in the tail."""
        return sum(map(len, self._tail))

    def add(self, subject: Subject) -> None:
        """From now on this item is known too."""
        rows = rows_of(subject)
        self.position = subject.position
        if len(rows):
            self._tail.append(rows)
            self._scanned = None
            self._keep({subject.position: subject})

    def tail(self) -> Rows:
        """The rows that are in no file yet."""
        self._tail = [Rows.joined(self._tail)]
        return self._tail[0]

    def written(self, mapped: tuple[Mapped, ...]) -> None:
        """The tail is in these files now, with everything before it."""
        self.mapped = mapped
        self._tail.clear()
        self._scanned = None

    def equal(self, subject: Subject, most: int) -> Sequence[Subject]:
        """Other items of the same bytes."""
        return self.same(subject, self.position, most + 1)

    def near(self, sort: Sort, code: str, most: int) -> Sequence[Near]:
        """Fingerprints that differ in at most `most` bits."""
        asked, flips = words(code), self._flips(PHASH_BITS if sort is Sort.PHASH else PDQ_BITS, most)
        found = list[Near]()
        for segment in self._segments():
            if sort is Sort.PHASH:
                rows, apart = segment.near_phash(asked, most, flips)
            else:
                kind = TELLS if sort is Sort.TELLING else STILL | WHOLE
                rows, apart = segment.near(asked, most, flips, kind)
            places = segment.owners[rows].astype(int) + segment.first
            found += map(Near, places.tolist(), segment.ordinals[rows].tolist(), apart.tolist())
        return found

    def items(self, places: Collection[int]) -> Mapping[int, Subject]:
        """The items at these places."""
        missing = [place for place in places if place not in self._cache]
        loaded = self.load(missing) if missing else {}
        known = {place: self._cache[place] for place in places if place in self._cache}
        self._keep(loaded)
        return {**known, **loaded}

    def _segments(self) -> list[Segment]:
        if self._scanned is None and self._tail:
            self._scanned = Segment.of(self.tail(), 0, self.position, banded=False)
        mapped = [one.segment for one in self.mapped]
        return [*mapped, self._scanned] if self._scanned is not None else mapped

    def _flips(self, bits: int, most: int) -> int | None:
        for flips in range(FLIPS + 1):
            if complete_below(bits, flips) > most:
                return flips
        return None if self.search == EXACT else FLIPS

    def _keep(self, items: Mapping[int, Subject]) -> None:
        self._cache |= items
        while len(self._cache) > KEPT_ITEMS:
            self._cache.popitem(last=False)
