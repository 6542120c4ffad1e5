"""The event type of archives that other tools made and that were read here."""

from __future__ import annotations

from collections.abc import Mapping

from casefile.archives import ArchiveClaim, ArchiveEntry, ArchiveKind, ArchiveProblem, ArchiveSummary
from casefile.events.event_type import EventType
from casefile.model import Text, Value


class ArchiveRead(Value):
    """An item was read as an archive of that kind, by which version of the readers, out of which bytes.

    `failed` says why it could not be read; then the rest is absent.
    """

    version: Text
    sha256: Text
    kind: ArchiveKind | None = None
    summary: ArchiveSummary | None = None
    failed: Text | None = None


class ArchiveSaid(Value):
    """What the archive says of itself and of its first entries: claims of others, which can name people."""

    claims: tuple[ArchiveClaim, ...] = ()
    entries: tuple[ArchiveEntry, ...] = ()
    problems: tuple[ArchiveProblem, ...] = ()


ARCHIVES: Mapping[tuple[str, int], EventType] = {("archive.read", 1): EventType(ArchiveRead, ArchiveSaid)}
