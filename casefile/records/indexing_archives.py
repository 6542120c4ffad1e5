"""The texts of others' archives that people may look for. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from casefile.archives import ClaimField
from casefile.events.envelope import Event, PartName
from casefile.events.types import Erased, payload
from casefile.events.types_archives import ArchiveSaid
from casefile.records.search import Passage

FIELDS: Mapping[str, tuple[ClaimField, ...]] = {
    "archive text": (ClaimField.TITLE, ClaimField.TEXT),
    "archive author": (ClaimField.AUTHOR, ClaimField.FORWARDED_FROM),
    "archive locator": (ClaimField.LOCATOR,),
}
"""The fields that hits are in, and the claims that make them up."""


def _read(event: Event) -> Iterator[Passage]:
    said = payload(event, PartName.PERSONAL, ArchiveSaid)
    if isinstance(said, Erased):
        return
    item = event.envelope.subject_of("item")
    claims = [*said.claims, *(one for entry in said.entries for one in entry.claims)]
    for name, fields in FIELDS.items():
        text = "\n".join(dict.fromkeys(one.value for one in claims if one.field in fields))
        if text:
            yield Passage("item", item, name, text, item, event.envelope.id, PartName.PERSONAL)


ARCHIVES: Mapping[str, Callable[[Event], Iterator[Passage]]] = {"archive.read": _read}
"""By event type."""
