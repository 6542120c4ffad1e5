"""What a reader tells of an archive, within bounds: everything is counted, the first entries are listed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from casefile.archives import (
    ArchiveClaim,
    ArchiveContent,
    ArchiveEntry,
    ArchiveKind,
    ArchiveProblem,
    ArchiveSummary,
    Bearing,
    ClaimField,
    EntryKind,
)
from casefile.model import readable

MOST_ENTRIES = 1_000
MOST_CHARACTERS = 1 << 20
"""Of all values that are listed."""
MOST_IN_A_VALUE = 4_096
MOST_CLAIMS = 64
"""Of one entry."""
MOST_PROBLEMS = 100


class Unreadable(ValueError):
    """An archive cannot be read any further; what was told before stands. `code` is stable."""

    def __init__(self, code: str, problem: str) -> None:
        super().__init__(problem)
        self.code = code
        self.problem = problem


def claim(field: ClaimField, value: object, origin: str, bears: Bearing | None = None) -> ArchiveClaim | None:
    """One claim; nothing where the archive has no text or number for it."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    text = readable(str(value).strip(), MOST_IN_A_VALUE)
    return ArchiveClaim(field=field, value=text, origin=readable(origin, 256), bears=bears) if text else None


@dataclass(slots=True)
class Telling:
    """One archive while it is read."""

    kind: ArchiveKind
    claims: list[ArchiveClaim] = field(default_factory=list)
    entries: list[ArchiveEntry] = field(default_factory=list)
    problems: list[ArchiveProblem] = field(default_factory=list)
    _count: int = 0
    _problem_count: int = 0
    _characters: int = 0
    _bearings: Counter[Bearing] = field(default_factory=Counter)

    def say(self, *claims: ArchiveClaim | None) -> None:
        """What the archive says of itself."""
        for one in claims:
            if one is not None and len(self.claims) < MOST_CLAIMS:
                self.claims.append(one)
                self._count_bearing([one])

    def entry(self, kind: EntryKind, where: str, *claims: ArchiveClaim | None) -> None:
        """What it says of one of its entries. One whose bytes differ is listed also when others no longer are."""
        said = tuple(one for one in claims if one is not None)[:MOST_CLAIMS]
        self._count += 1
        self._count_bearing(said)
        room = MOST_ENTRIES if any(one.bears is Bearing.DIFFERS for one in said) else MOST_ENTRIES * 9 // 10
        characters = sum(len(one.value) + len(one.origin) for one in said)
        if len(self.entries) < room and self._characters + characters <= MOST_CHARACTERS:
            self._characters += characters
            self.entries.append(ArchiveEntry(kind=kind, where=readable(where, 1_024), claims=said))

    def problem(self, code: str, text: str, where: str = "") -> None:
        """Something that does not hold."""
        self._problem_count += 1
        if len(self.problems) < MOST_PROBLEMS:
            self.problems.append(ArchiveProblem(code=code, text=readable(text, 512), where=readable(where, 512)))

    def content(self) -> ArchiveContent:
        """All of it."""
        summary = ArchiveSummary(
            entries=self._count,
            listed=len(self.entries),
            matches=self._bearings[Bearing.MATCHES],
            differs=self._bearings[Bearing.DIFFERS],
            absent=self._bearings[Bearing.ABSENT],
            problems=self._problem_count,
        )
        return ArchiveContent(
            kind=self.kind,
            summary=summary,
            claims=tuple(self.claims),
            entries=tuple(self.entries),
            problems=tuple(self.problems),
        )

    def _count_bearing(self, claims: Iterable[ArchiveClaim]) -> None:
        self._bearings.update(one.bears for one in claims if one.bears is not None)
