"""Items that were erased, and what has to go with an item: events that name it, rows made from it, other holders."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from sqlalchemy import Connection, delete, insert, or_, select

from casefile.events.envelope import Envelope, PartName
from casefile.ids import format_number
from casefile.records.engine import tables
from casefile.records.people import list_people
from casefile.records.reading import stored_bytes
from casefile.records.search import remove_text

PREFIX = "removing "
STREAMED_ROWS = 500


@dataclass(frozen=True, slots=True)
class Tombstone:
    """An item that was erased. `sha256` and the grounds are None where the tombstone's own words were erased."""

    event: str
    item: str
    number: int
    capture: str
    erased_at: str
    erased_by: str
    approved_by: str
    basis: str | None
    sha256: str | None
    bytes: int | None
    replaced: str | None
    recipients: tuple[dict[str, str], ...]

    @property
    def label(self) -> str:
        """The item's short permanent number as people write it."""
        return format_number(self.number)


@dataclass(frozen=True, slots=True)
class Named:
    """An event whose envelope names something, with those of its parts that still exist."""

    envelope: Envelope
    parts: tuple[PartName, ...]


def list_tombstones(connection: Connection, *, item: str = "") -> list[Tombstone]:
    """Every tombstone in the order of the log, or those of one item; recipients of the team by their names."""
    people = {f"person:{one.id}": one.name for one in list_people(connection)}
    table, of_item, entry = tables("view_")["view_tombstone"], tables("view_")["view_item"], tables("log_")["log_entry"]
    query = select(table, of_item.c.number).join(of_item, of_item.c.id == table.c.item)
    query = query.join(entry, entry.c.event == table.c.event).order_by(entry.c.position)
    if item:
        query = query.where(table.c.item == item)
    found = []
    for row in connection.execute(query):
        values = dict(row._mapping)
        recipients = json.loads(values["recipients"] or "[]")
        values["recipients"] = tuple(
            {**one, "recipient": people.get(one["recipient"], one["recipient"])} for one in recipients
        )
        found.append(Tombstone(**values))
    return found


def events_naming(connection: Connection, *ids: str) -> Iterator[Named]:
    """Every event whose envelope has one of these ids among its subjects, in the order of the log."""
    entry, part = tables("log_")["log_entry"], tables("log_")["log_part"]
    wanted = [one.encode("ascii") for one in ids]
    streamed = select(entry.c.position, entry.c.envelope).order_by(entry.c.position)
    found = []
    for row in connection.execute(streamed.execution_options(yield_per=STREAMED_ROWS)):
        content = stored_bytes(row.envelope, f"log_entry {row.position}")
        if any(one in content for one in wanted):
            envelope = Envelope.from_bytes(content)
            if any(subject.id in ids for subject in envelope.subject):
                found.append(envelope)
    for envelope in found:
        there = (
            select(part.c.name).where(part.c.event == envelope.id, part.c.content.is_not(None)).order_by(part.c.name)
        )
        yield Named(envelope, tuple(PartName(name) for name in connection.execute(there).scalars()))


def holders_of(connection: Connection, sha256: str) -> list[tuple[str, str]]:
    """The items, id and number, that hold a file or are known by these bytes, in the order of their numbers."""
    item = tables("view_")["view_item"]
    rows = connection.execute(select(item.c.id, item.c.number).where(item.c.sha256 == sha256).order_by(item.c.number))
    return [(row.id, format_number(row.number)) for row in rows]


def items_of_lead(connection: Connection, lead: str) -> dict[str, int]:
    """The items of every capture of a lead that are not erased, with their positions."""
    item, capture = tables("view_")["view_item"], tables("view_")["view_capture"]
    buried = select(tables("view_")["view_tombstone"].c.item)
    rows = select(item.c.id, item.c.position).join(capture, capture.c.id == item.c.capture)
    rows = rows.where(capture.c.lead == lead, item.c.id.not_in(buried))
    return {row.id: row.position for row in connection.execute(rows)}


def kept_digests(connection: Connection) -> set[str]:
    """The sha256 of every file that some capture still holds."""
    table = tables("view_")["view_capture"]
    rows = connection.execute(select(table.c.files).where(table.c.files.is_not(None)))
    return {file["sha256"] for files in rows.scalars() for file in json.loads(files)}


def captures_of_erased_leads(connection: Connection) -> set[str]:
    """Attempts at leads that were erased with an item: what they left may be that item."""
    attempt, lead = tables("view_")["view_attempt"], tables("view_")["view_lead"]
    query = select(attempt.c.capture).join(lead, lead.c.id == attempt.c.lead).where(lead.c.locator.is_(None))
    return set(connection.execute(query).scalars())


def remove_made_from(connection: Connection, item: str) -> None:
    """Delete what was made from an item for searching and comparing."""
    remove_text(connection, item)
    work = tables("work_")
    for name in ("work_fingerprint", "work_pixels", "work_features"):
        connection.execute(delete(work[name]).where(work[name].c.item == item))
    for name in ("work_edge", "work_pixel_question"):
        table = work[name]
        connection.execute(delete(table).where(or_(table.c.item_a == item, table.c.item_b == item)))


def buried(connection: Connection) -> set[str]:
    """The items that are erased: whoever worked on one meanwhile keeps nothing of it."""
    return set(connection.execute(select(tables("view_")["view_tombstone"].c.item)).scalars())


def note_removals(connection: Connection, captures: Collection[str]) -> None:
    """Note captures whose bytes may still be outside the database."""
    state = tables("work_")["work_state"]
    known = set(pending_removals(connection))
    rows = [{"name": f"{PREFIX}{one}", "value": ""} for one in sorted(set(captures) - known)]
    if rows:
        connection.execute(insert(state), rows)


def pending_removals(connection: Connection) -> list[str]:
    """The captures whose bytes may still be outside the database."""
    state = tables("work_")["work_state"]
    names = connection.execute(select(state.c.name).where(state.c.name.startswith(PREFIX)).order_by(state.c.name))
    return [name.removeprefix(PREFIX) for name in names.scalars()]


def settle_removals(connection: Connection, captures: Collection[str]) -> None:
    """Nothing is left of these captures' erased bytes."""
    state = tables("work_")["work_state"]
    names = [f"{PREFIX}{one}" for one in captures]
    connection.execute(delete(state).where(state.c.name.in_(names)))
