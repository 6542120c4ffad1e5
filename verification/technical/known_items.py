"""What a matcher asks of the items that were examined before: which fingerprints are near, and whose they are."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from enum import Enum
from typing import NamedTuple, Protocol

from verification.edges import Subject


class Sort(Enum):
    """Which fingerprints are asked: those with enough information, whole stills of any, or stills by their phash."""

    TELLING = "telling"
    WHOLE_STILL = "whole-still"
    PHASH = "phash"


class Near(NamedTuple):
    """A fingerprint that is near an asked code: the place of its item, its number there, and the bits between."""

    place: int
    ordinal: int
    bits: int


class KnownItems(Protocol):
    """Items in the order of the log, each with a place that rises with it."""

    @property
    def search(self) -> str:
        """Whether every fingerprint is looked at (EXACT), or some that are far may be missed (APPROXIMATE)."""

    def add(self, subject: Subject) -> None:
        """From now on this item is known too."""

    def equal(self, subject: Subject, most: int) -> Sequence[Subject]:
        """Other items of the same bytes, each once; where there are more than `most`, some, the first by id among."""

    def near(self, sort: Sort, code: str, most: int) -> Sequence[Near]:
        """Fingerprints that differ in at most `most` bits, in the order of the log."""

    def items(self, places: Collection[int]) -> Mapping[int, Subject]:
        """The items at these places; those that are not there any more are left out."""
