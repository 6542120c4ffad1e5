"""Making what the log says findable: names, titles, reasons, remarks, up to the head and no further.

The index follows the log at its own pace: `catch_up` is called after a batch of work, before a search and after a
rebuild, and goes on from where it stopped. Text that only the vault holds is indexed by whoever reads the vault.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from sqlalchemy import Connection, Engine, select, update

from casefile.events.envelope import Event, PartName
from casefile.events.projecting_erasures import ITEM_SCHEMA
from casefile.events.types import (
    Erased,
    InvestigationOpened,
    ItemClaims,
    LeadAdded,
    LeadCells,
    MonitorTarget,
    PersonalName,
    SealedBody,
    SealedPersonal,
    Words,
    payload,
)
from casefile.events.types_of_custody import CaptureKept
from casefile.events.upcasting import upcast
from casefile.ids import CaptureId, LogId, item_id
from casefile.records.engine import insert_absent, tables, writing
from casefile.records.indexing_archives import ARCHIVES
from casefile.records.indexing_posts import POSTS
from casefile.records.indexing_verification import VERIFICATION
from casefile.records.reading import read_events, read_head
from casefile.records.search import Passage, index_text

BATCH = 500
"""Events indexed in one transaction."""
INDEXED = "text_indexed"
"""The row of work_state that says how many events of the log are indexed."""


def catch_up(engine: Engine, log: LogId) -> int:
    """Index the text of every event that is not indexed yet; the number of events read."""
    total = 0
    while count := _index_batch(engine, log):
        total += count
    return total


def passages_of(event: Event) -> Iterator[Passage]:
    """The texts of an event that people may look for. Pure; an erased part has none."""
    find = _PASSAGES.get(event.envelope.type)
    if find is not None:
        yield from find(event)


def _index_batch(engine: Engine, log: LogId) -> int:
    state = tables("work_")["work_state"]
    with writing(engine) as connection:
        start = _indexed(connection)
        stop = min(start + BATCH, read_head(connection, log).size)
        events = read_events(connection, start, stop)
        index_text(connection, (one for entry in events for one in passages_of(upcast(entry.event))))
        connection.execute(update(state).where(state.c.name == INDEXED).values(value=str(stop)))
    return stop - start


def _indexed(connection: Connection) -> int:
    """How many events are indexed; the row is locked until the transaction ends."""
    state = tables("work_")["work_state"]
    insert_absent(connection, state, [{"name": INDEXED, "value": "0"}])
    value: str = connection.execute(select(state.c.value).where(state.c.name == INDEXED).with_for_update()).scalar_one()
    return int(value)


def _found(event: Event, part: PartName, subject: tuple[str, str], texts: Mapping[str, str]) -> Iterator[Passage]:
    kind, name = subject
    for field, text in texts.items():
        yield Passage(kind, name, field, text, name if kind == "item" else None, event.envelope.id, part)


def _investigation(event: Event) -> Iterator[Passage]:
    opened = payload(event, PartName.BODY, InvestigationOpened)
    if not isinstance(opened, Erased):
        yield from _found(event, PartName.BODY, ("investigation", event.envelope.log), {"title": opened.title})


def _person(event: Event) -> Iterator[Passage]:
    person = payload(event, PartName.PERSONAL, PersonalName)
    if not isinstance(person, Erased):
        subject = ("person", event.envelope.subject_of("person"))
        yield from _found(event, PartName.PERSONAL, subject, {"name": person.name, "note": person.note})


def _lead(event: Event) -> Iterator[Passage]:
    body = payload(event, PartName.BODY, LeadAdded)
    personal = payload(event, PartName.PERSONAL, LeadCells)
    subject = ("lead", event.envelope.subject_of("lead"))
    if not isinstance(body, Erased):
        yield from _found(event, PartName.BODY, subject, {"locator": body.locator})
    if not isinstance(personal, Erased):
        cells = "\n".join(f"{name}: {text}" for name, text in personal.cells)
        yield from _found(event, PartName.PERSONAL, subject, {"cells": cells, "why": personal.why})


def _sealed(event: Event) -> Iterator[Passage]:
    capture = CaptureId(event.envelope.subject_of("item"))
    body = payload(event, PartName.BODY, SealedBody)
    personal = payload(event, PartName.PERSONAL, SealedPersonal)
    if not isinstance(body, Erased):
        for item in body.record.items:
            subject = ("item", item_id(capture, item.position))
            yield from _found(event, PartName.BODY, subject, {"locator": item.locator})
    if not isinstance(personal, Erased):
        for words in personal.items:
            texts = {"name": words.name, "title": words.title, "author": words.author}
            yield from _found(event, PartName.PERSONAL, ("item", item_id(capture, words.position)), texts)


def _examined(event: Event) -> Iterator[Passage]:
    personal = payload(event, PartName.PERSONAL, ItemClaims)
    if not isinstance(personal, Erased):
        claims = "\n".join(_strings(personal.claims))
        yield from _found(event, PartName.PERSONAL, ("item", event.envelope.subject_of("item")), {"claims": claims})


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for one in value.values():
            yield from _strings(one)
    elif isinstance(value, Iterable):
        for one in value:
            yield from _strings(one)


def _words(event: Event, field: str, subjects: Iterable[tuple[str, str]]) -> Iterator[Passage]:
    words = payload(event, PartName.PERSONAL, Words)
    if not isinstance(words, Erased):
        for subject in subjects:
            yield from _found(event, PartName.PERSONAL, subject, {field: words.text})


def _remark(event: Event) -> Iterator[Passage]:
    first = event.envelope.subject[0]
    return _words(event, "remark", [(first.kind, first.id)])


def _decision(event: Event) -> Iterator[Passage]:
    return _words(event, "reason", [(one.kind, one.id) for one in event.envelope.subject if one.kind == "item"])


def _monitor(event: Event) -> Iterator[Passage]:
    target = payload(event, PartName.PERSONAL, MonitorTarget)
    if not isinstance(target, Erased):
        texts = {"name": target.name, "target": target.target, "why": target.why}
        yield from _found(event, PartName.PERSONAL, ("monitor", event.envelope.subject_of("monitor")), texts)


def _kept(event: Event) -> Iterator[Passage]:
    """The items that are left of a capture: what was indexed of them before went with the parts that told of all."""
    if event.envelope.schema_number != ITEM_SCHEMA:
        return
    kept = payload(event, PartName.PERSONAL, CaptureKept)
    if not isinstance(kept, Erased):
        capture = CaptureId(event.envelope.subject_of("capture"))
        for item in kept.record.items:
            texts = {"locator": item.locator, "name": item.name, "title": item.title, "author": item.author}
            yield from _found(event, PartName.PERSONAL, ("item", item_id(capture, item.position)), texts)


_PASSAGES: Mapping[str, Callable[[Event], Iterator[Passage]]] = {
    "investigation.opened": _investigation,
    "person.recorded": _person,
    "lead.added": _lead,
    "capture.sealed": _sealed,
    "item.examined": _examined,
    "remark.added": _remark,
    "duplicate.decided": _decision,
    "monitor.stated": _monitor,
    **VERIFICATION,
    **POSTS,
    **ARCHIVES,
    "content.erased": _kept,
}
