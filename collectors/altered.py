"""What a method refused or changed of its own requests, as it tells it: each once, with how often."""

from __future__ import annotations

from collections import Counter
from typing import Literal, TypeAlias

from casefile.model import Alteration, readable

LISTED_LIMIT = 1000
"""Different alterations of one capture; of those beyond nothing is said."""
Kind: TypeAlias = Literal["refused", "withheld", "replaced"]


class Altered:
    """The alterations of one capture, in the order in which each was first made."""

    def __init__(self) -> None:
        self._counts: Counter[tuple[Kind, str, str, str]] = Counter()

    def note(self, kind: Kind, what: str, where: str, why: str) -> None:
        """A request was refused or changed: `what` of it, `where` it was to go (host:port), and the rule that did."""
        if (kind, what, where, why) in self._counts or len(self._counts) < LISTED_LIMIT:
            self._counts[kind, what, where, why] += 1

    def told(self) -> tuple[Alteration, ...]:
        """As they go into the record of the capture."""
        return tuple(
            Alteration(by="method", kind=kind, what=readable(what), where=readable(where), why=why, count=count)
            for (kind, what, where, why), count in self._counts.items()
        )
