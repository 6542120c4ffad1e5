"""Reading the log's own tables back into values."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, func, select

from casefile.errors import RecordUnreadable
from casefile.events.envelope import Envelope, Event, Part, PartName
from casefile.events.journal import Position
from casefile.records.engine import tables

BATCH = 500


@dataclass(frozen=True, slots=True)
class Head:
    """The row of `log_head`: what is committed, and how far the journal is known to be synced."""

    log: str
    size: int
    subtrees: str
    end: Position
    synced_size: int
    synced: Position

    @classmethod
    def of(cls, row: Sequence[Any]) -> Head:
        """The head that a row holds, in the order of the table's columns.

        Raises RecordUnreadable for a value of another type, which SQLite keeps when somebody writes it.
        """
        log, size, subtrees, segment, offset, synced_size, synced_segment, synced_offset = row
        for number in (size, segment, offset, synced_size, synced_segment, synced_offset):
            if not isinstance(number, int):
                raise RecordUnreadable("log_head", f"holds {number!r} where a number belongs")
        return cls(log, size, subtrees, Position(segment, offset), synced_size, Position(synced_segment, synced_offset))

    def columns(self) -> dict[str, str | int]:
        """The row that holds this head."""
        return {
            "log": self.log,
            "size": self.size,
            "subtrees": self.subtrees,
            "segment": self.end.segment,
            "journal_end": self.end.offset,
            "synced_size": self.synced_size,
            "synced_segment": self.synced.segment,
            "synced_end": self.synced.offset,
        }


@dataclass(frozen=True, slots=True)
class Entry:
    """A stored event with its position in the log."""

    position: int
    content: bytes
    leaf: bytes
    event: Event


def read_head(connection: Connection, log: str) -> Head:
    """The head of that log; raises RecordUnreadable when there is none."""
    table = tables("log_")["log_head"]
    row = connection.execute(select(table).where(table.c.log == log)).one_or_none()
    if row is None:
        raise RecordUnreadable("log_head", f"has no row for {log}")
    return Head.of(row)


def read_event(connection: Connection, event: str) -> Entry:
    """One event by its id; raises RecordUnreadable when it is not in the log."""
    table = tables("log_")["log_entry"]
    row = connection.execute(select(table).where(table.c.event == event)).one_or_none()
    if row is None:
        raise RecordUnreadable(f"event {event}", "is not in the log")
    return _entry(row, _parts(connection, [event]))


def read_events(connection: Connection, start: int, stop: int) -> Iterator[Entry]:
    """The events at positions start … stop-1, in order; raises RecordUnreadable where one is missing."""
    table = tables("log_")["log_entry"]
    for begin in range(start, stop, BATCH):
        end = min(begin + BATCH, stop)
        rows = connection.execute(
            select(table).where(table.c.position >= begin, table.c.position < end).order_by(table.c.position)
        ).all()
        if [row.position for row in rows] != list(range(begin, end)):
            raise RecordUnreadable("log_entry", f"lacks a position between {begin} and {end - 1}")
        parts = _parts(connection, [row.event for row in rows])
        for row in rows:
            yield _entry(row, parts)


def read_events_of(connection: Connection, *types: str, naming: str = "") -> Iterator[Entry]:
    """The events of these types whose envelope holds the id `naming`, in order."""
    table = tables("log_")["log_entry"]
    chosen = select(table).where(table.c.type.in_(types)).order_by(table.c.position)
    named = naming.encode()
    rows = [row for row in connection.execute(chosen) if named in stored_bytes(row.envelope, "log_entry")]
    for row in rows:
        yield _entry(row, _parts(connection, [row.event]))


def known_events(connection: Connection, events: Collection[str]) -> set[str]:
    """Those of the ids that are events of this log."""
    table = tables("log_")["log_entry"]
    wanted = sorted(events)
    found: set[str] = set()
    for start in range(0, len(wanted), BATCH):
        some = wanted[start : start + BATCH]
        found.update(connection.execute(select(table.c.event).where(table.c.event.in_(some))).scalars())
    return found


def newest_of_types(connection: Connection) -> dict[str, str]:
    """The last event of each type that the log holds."""
    table = tables("log_")["log_entry"]
    last = select(func.max(table.c.position)).group_by(table.c.type)
    rows = connection.execute(select(table.c.type, table.c.event).where(table.c.position.in_(last)))
    return {row.type: row.event for row in rows}


def _parts(connection: Connection, events: Sequence[str]) -> dict[str, dict[PartName, Part]]:
    table = tables("log_")["log_part"]
    found: dict[str, dict[PartName, Part]] = {}
    for row in connection.execute(select(table).where(table.c.event.in_(events))):
        if row.content is not None and row.salt is not None:
            try:
                name = PartName(row.name)
            except ValueError as error:
                raise RecordUnreadable(f"log_part of event {row.event}", f"names a part {row.name!r}") from error
            where = f"log_part {name} of event {row.event}"
            salt, content = stored_bytes(row.salt, where), stored_bytes(row.content, where)
            found.setdefault(row.event, {})[name] = Part(row.event, name, salt, content)
    return found


def _entry(row: Row[Any], parts: dict[str, dict[PartName, Part]]) -> Entry:
    where = f"log_entry {row.position}"
    content = stored_bytes(row.envelope, where)
    envelope = Envelope.from_bytes(content)
    return Entry(row.position, content, stored_bytes(row.leaf, where), Event(envelope, parts.get(envelope.id, {})))


def stored_bytes(value: object, where: str) -> bytes:
    """A value of a column of bytes; raises RecordUnreadable for what SQLite lets stand there beside bytes."""
    if not isinstance(value, bytes | memoryview):
        raise RecordUnreadable(where, f"holds a {type(value).__name__} where bytes belong")
    return bytes(value)
