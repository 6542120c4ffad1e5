"""Giving events their place: position in the tree, end in the journal, rows of the log. Within one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from sqlalchemy import Connection, Select, bindparam, select

from casefile.errors import RecordUnreadable
from casefile.events.envelope import Event
from casefile.events.files import Unwritten
from casefile.events.journal import LENGTH, Position, segment_of
from casefile.events.tree import CompactRange
from casefile.ids import LogId
from casefile.records.engine import table
from casefile.records.reading import Head
from casefile.records.statements import first_row, insert_rows, update_row


@dataclass(frozen=True, slots=True)
class Prepared:
    """An event ready to be given its place."""

    event: Event
    content: bytes
    leaf: bytes
    is_repeatable: bool = False
    """Whether its id was given, so that the log may hold it already."""


@dataclass(frozen=True, slots=True)
class Placed:
    """A prepared event with its place in the tree and in the journal."""

    prepared: Prepared
    position: int
    end: Position

    def unwritten(self) -> Unwritten:
        """As the files will receive it."""
        event = self.prepared.event
        return Unwritten(self.position, self.prepared.content, tuple(event.parts.values()))


def take_head(connection: Connection, log: LogId) -> Head:
    """The head, locked for writing until the transaction ends; raises RecordUnreadable when the log has none."""
    # PostgreSQL locks the row; SQLite knows no such clause, and its transaction holds the only write lock already.
    row = first_row(connection, _select_head(), {"log": log})
    if row is None:
        raise RecordUnreadable("log_head", f"has no row for {log}")
    return Head.of(row)


def without_known(connection: Connection, prepared: Sequence[Prepared]) -> list[Prepared]:
    """Those events that the log does not hold; of several with one id the first."""
    fresh: dict[str, Prepared] = {}
    for one in prepared:
        event = one.event.envelope.id
        if event in fresh or (one.is_repeatable and first_row(connection, _select_event(), {"event": event})):
            continue
        fresh[event] = one
    return list(fresh.values())


@cache
def _select_head() -> Select[Any]:
    head = table("log_head")
    return select(head).where(head.c.log == bindparam("log")).with_for_update()


@cache
def _select_event() -> Select[Any]:
    entry = table("log_entry")
    return select(entry.c.position).where(entry.c.event == bindparam("event"))


def place(head: Head, prepared: Sequence[Prepared]) -> list[Placed]:
    """Each event's position in the tree and end in the journal, from `head` on."""
    placed: list[Placed] = []
    end = head.end
    for position, one in enumerate(prepared, start=head.size):
        segment = segment_of(position)
        start = end.offset if end.segment == segment else 0
        end = Position(segment, start + LENGTH.size + len(one.content))
        placed.append(Placed(one, position, end))
    return placed


def insert_events(connection: Connection, placed: Sequence[Placed]) -> None:
    """The rows of log_entry and log_part."""
    entries = [
        {
            "position": one.position,
            "event": one.prepared.event.envelope.id,
            "type": one.prepared.event.envelope.type,
            "envelope": one.prepared.content,
            "leaf": one.prepared.leaf,
            "segment": one.end.segment,
            "journal_end": one.end.offset,
        }
        for one in placed
    ]
    parts = [
        {"event": part.event, "name": part.name.value, "salt": part.salt, "content": part.content}
        for one in placed
        for part in one.prepared.event.parts.values()
    ]
    insert_rows(connection, "log_entry", entries)
    insert_rows(connection, "log_part", parts)


def advanced(head: Head, placed: Sequence[Placed], synced: tuple[int, Position] | None) -> Head:
    """The head after these events, with what is known to be synced."""
    size, end = max((head.synced_size, head.synced), synced or (0, Position(0, 0)))
    head = replace(head, synced_size=size, synced=end)
    if not placed:
        return head
    tree = CompactRange.from_text(head.size, head.subtrees).extend(one.prepared.leaf for one in placed)
    return replace(head, size=tree.size, subtrees=tree.to_text(), end=placed[-1].end)


def set_head(connection: Connection, head: Head) -> None:
    """Write the head's row."""
    update_row(connection, "log_head", ("log", head.log), head.columns())


def new_head(log: LogId) -> Head:
    """The head of an empty log."""
    return Head(log, 0, "", Position(0, 0), 0, Position(0, 0))
