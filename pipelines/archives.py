"""Reading archives that others made and handed over: what the worker is given, and the events that say what it found.

The archive itself is sealed before anything reads it: whatever a reader makes of it, nothing is lost.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from pydantic import ValidationError

from casefile.archives import ArchiveContent
from casefile.digests import hex_of
from casefile.errors import DigestMismatch, StorageFailed
from casefile.events.envelope import EventOutcome, Subject
from casefile.events.port import Draft, draft
from casefile.events.types_archives import ArchiveRead, ArchiveSaid
from casefile.model import readable
from casefile.records.engine import reading
from casefile.records.queries import ItemFilter, ItemRecord, list_items
from casefile.vocabulary import Acquisition, ContainmentLevel
from collectors.archives.answer import (
    MODULE,
    PREFIX_BYTES,
    VERSION,
    ArchiveAnswer,
    ArchiveAsked,
    Beside,
    may_be_archive,
)
from collectors.handed_over.naming import original_of
from containment.limits import Limits
from containment.worker import WorkerFailed
from pipelines.examinable import Examinable
from pipelines.on_demand import OnDemandWorker, on_demand
from pipelines.services import Services
from preservation.durable import storage_errors

LIMITS = Limits(wall_s=900, cpu_s=900, memory_bytes=3 << 30, file_bytes=1 << 20, output_bytes=1 << 20)
"""A gibibyte of packed records is read in a minute; a bomb ends here."""


@dataclass(frozen=True, slots=True)
class ArchiveReader:
    """Reads preserved files as archives of other tools."""

    services: Services
    worker: OnDemandWorker

    def read(self, items: Sequence[Examinable]) -> list[Draft]:
        """The events that say what those of the items hold that are archives and were handed over."""
        return [event for one in items if (event := self._read(one)) is not None]

    def _read(self, one: Examinable) -> Draft | None:
        if one.item.acquisition != Acquisition.HANDED_OVER:
            return None
        try:
            with storage_errors("read", one.original.path), one.original.path.open("rb") as file:
                prefix = file.read(PREFIX_BYTES)
            content = self._content(one) if may_be_archive(prefix) else None
        except (WorkerFailed, DigestMismatch, StorageFailed) as error:
            return _event(one, None, readable(str(error), 512))
        return None if content is None else _event(one, content, "")

    def _content(self, one: Examinable) -> ArchiveContent | None:
        asked = ArchiveAsked(file=hex_of(one.original.sha256), path=path_of(one.item), beside=self._beside(one.item))
        with self.worker.copies([one.original]) as (worker, name):
            result = worker.call(asked.plain(), name, LIMITS)
        try:
            return ArchiveAnswer.model_validate(result.answer).content
        except ValidationError as error:
            raise WorkerFailed("malformed", "the answer of the reading worker is none") from error

    def _beside(self, item: ItemRecord) -> tuple[Beside, ...]:
        with reading(self.services.engine) as connection:
            found = list_items(connection, ItemFilter(capture=item.capture))
        return tuple(
            Beside(path=path_of(one), sha256=one.sha256 or "", bytes=one.bytes or 0)
            for one in found
            if one.id != item.id
        )


@contextmanager
def archive_reader(services: Services, level: ContainmentLevel) -> Iterator[ArchiveReader]:
    """A reader for the calling thread; it costs nothing until something may be an archive."""
    with on_demand(services, MODULE, level) as worker:
        yield ArchiveReader(services, worker)


def path_of(item: ItemRecord) -> str:
    """Where an item lay in what was handed over, as text."""
    return readable(original_of(item.locator or "").decode("utf-8", "backslashreplace"), 65_536)


def _event(one: Examinable, content: ArchiveContent | None, failed: str) -> Draft:
    body = ArchiveRead(
        version=VERSION,
        sha256=one.original.sha256,
        kind=content.kind if content else None,
        summary=content.summary if content else None,
        failed=failed or None,
    )
    said = ArchiveSaid(claims=content.claims, entries=content.entries, problems=content.problems) if content else None
    return draft(
        "archive.read",
        Subject(kind="item", id=one.item.id),
        body=body,
        personal=said or ArchiveSaid(),
        outcome=EventOutcome(status="inconclusive" if failed else "read"),
    )
