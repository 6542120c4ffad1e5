"""Known items in memory, with every stored code looked at each time: what an index is measured by.

The scan counts differing bits for all stored codes at once; at 10^5 of them one picture in its eight turns takes a few
milliseconds of one core.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from verification.edges import EXACT, PDQ_BITS, PHASH_BITS, Subject
from verification.technical.bands import words
from verification.technical.known_items import Near, Sort

Columns: TypeAlias = NDArray[np.uint64]
"""Codes as columns of 64-bit words, `(words, codes)`."""
CHUNK = 4_096
"""Codes added before they are joined to the rest."""


@dataclass(slots=True)
class CodeTable:
    """Codes of one length in the order in which they were added; distances to all of them at once."""

    bits: int
    _joined: Columns = field(init=False)
    _tail: list[Columns] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._joined = np.empty((self.bits // 64, 0), dtype=np.uint64)

    def add(self, code: str) -> None:
        """Adds a code of `bits` / 4 hexadecimal digits."""
        self._tail.append(words(code).reshape(-1, 1))
        if len(self._tail) >= CHUNK:
            self._join()

    def near(self, code: str, most: int) -> list[int]:
        """The places, in order of addition, of the codes that differ in at most this many bits."""
        places: list[int] = np.flatnonzero(self.distances(code) <= most).tolist()
        return places

    def distances(self, code: str) -> NDArray[np.uint16]:
        """Differing bits to every code, in order of addition."""
        self._join()
        asked = words(code)
        # uint16, because all 256 bits may differ: in uint8 a negative would come out as the picture itself.
        total: NDArray[np.uint16] = np.bitwise_count(self._joined[0] ^ asked[0]).astype(np.uint16)
        for row in range(1, self.bits // 64):
            total += np.bitwise_count(self._joined[row] ^ asked[row])
        return total

    def _join(self) -> None:
        if self._tail:
            self._joined = np.concatenate([self._joined, *self._tail], axis=1)
            self._tail.clear()


@dataclass(slots=True)
class _Owned:
    """Codes with the place and the number of the fingerprint that each belongs to."""

    codes: CodeTable
    owners: list[tuple[int, int]] = field(default_factory=list)

    def add(self, code: str, place: int, ordinal: int) -> None:
        self.codes.add(code)
        self.owners.append((place, ordinal))

    def near(self, code: str, most: int) -> list[Near]:
        apart = self.codes.distances(code)
        return [Near(*self.owners[row], int(apart[row])) for row in np.flatnonzero(apart <= most)]


@dataclass(slots=True)
class ScannedItems:
    """All items in memory, by the number of their addition."""

    _subjects: list[Subject] = field(default_factory=list)
    _by_digest: dict[str, list[Subject]] = field(default_factory=lambda: defaultdict(list))
    _codes: Mapping[Sort, _Owned] = field(
        default_factory=lambda: {
            sort: _Owned(CodeTable(PHASH_BITS if sort is Sort.PHASH else PDQ_BITS)) for sort in Sort
        }
    )

    @property
    def search(self) -> str:
        """Whether every fingerprint is looked at."""
        return EXACT

    def add(self, subject: Subject) -> None:
        """From now on this item is known too."""
        place = len(self._subjects)
        self._subjects.append(subject)
        self._by_digest[subject.sha256].append(subject)
        for ordinal, one in enumerate(subject.fingerprints):
            still, tells = one.frame_ms < 0, not one.low_information
            if tells:
                self._codes[Sort.TELLING].add(one.pdq, place, ordinal)
            if still and tells:
                self._codes[Sort.PHASH].add(one.phash, place, ordinal)
            if still and one.region == "full":
                self._codes[Sort.WHOLE_STILL].add(one.pdq, place, ordinal)

    def equal(self, subject: Subject, most: int) -> Sequence[Subject]:
        """Other items of the same bytes."""
        others = {one.item: one for one in self._by_digest.get(subject.sha256, ()) if one.item != subject.item}
        return [others[item] for item in sorted(others)[: most + 1]]

    def near(self, sort: Sort, code: str, most: int) -> Sequence[Near]:
        """Fingerprints that differ in at most `most` bits."""
        return self._codes[sort].near(code, most)

    def items(self, places: Collection[int]) -> Mapping[int, Subject]:
        """The items at these places."""
        return {place: self._subjects[place] for place in places}
