"""The effects of reading archives of others. Pure, like all of `projecting`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from casefile.archives import ArchiveSummary
from casefile.events.effects import Column, Effect, Insert, columns, text_of
from casefile.events.envelope import Event, PartName
from casefile.events.types import Erased, payload
from casefile.events.types_archives import ArchiveRead, ArchiveSaid

OF_BODY = ("version", "sha256", "kind", "failed")
OF_SUMMARY = tuple(ArchiveSummary.model_fields)


def archive_read(event: Event) -> Sequence[Effect]:
    """What one reading of an item found."""
    envelope = event.envelope
    body = payload(event, PartName.BODY, ArchiveRead)
    said = payload(event, PartName.PERSONAL, ArchiveSaid)
    summary = None if isinstance(body, Erased) else body.summary
    counted: dict[str, Column] = {name: getattr(summary, name) if summary else None for name in OF_SUMMARY}
    row = {
        "event": envelope.id,
        "item": envelope.subject_of("item"),
        "read_at": envelope.recorded_at,
        "said": None if isinstance(said, Erased) else text_of(said.plain()),
        **columns(body, *OF_BODY),
        **counted,
    }
    parts = {PartName.BODY: (*OF_BODY, *OF_SUMMARY), PartName.PERSONAL: ("said",)}
    return [Insert("view_archive", (row,), "event", parts)]


PROJECTORS: Mapping[str, Callable[[Event], Sequence[Effect]]] = {"archive.read": archive_read}
