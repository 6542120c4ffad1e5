"""Appending: one transaction for the event and its effects, then the journal, then the acknowledgement.

Order of one append (DESIGN, law 2 and section 4): canonical bytes and hashes outside the lock; `log_head` taken for
writing; entries, parts and views; commit; parts on disk; journal on disk; acknowledged. A crash after the commit
leaves the journal behind the database, and the next writer carries it on from there.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, bindparam, insert, select, update

from casefile.clock import Clock, rfc3339
from casefile.errors import RecordUnreadable
from casefile.events.envelope import SALT_BYTES, Envelope, Event, EventOutcome, Part, PartName, Subject, leaf_hash
from casefile.events.journal import LENGTH, Position, segment_of
from casefile.events.port import Draft
from casefile.events.projecting import project
from casefile.events.publishing import LogFiles, Pending, Publisher, Unwritten
from casefile.events.tree import CompactRange
from casefile.events.types import ContentErased
from casefile.events.upcasting import upcast
from casefile.ids import EventId, LogId, RunId
from casefile.model import ClockRecord
from casefile.records.effects import carry_out
from casefile.records.engine import tables, writing
from casefile.records.reading import Head, read_event
from casefile.records.search import forget_text

Within = Callable[[Connection], None]
"""Something that must commit, or fail, together with the events: a lease's end, a checked fencing token."""


@dataclass(frozen=True, slots=True)
class Actor:
    """Who appends, in which run, and how far their identity is proved."""

    name: str
    run: RunId
    authenticated: bool = False

    @classmethod
    def person(cls, person: str, run: RunId) -> Actor:
        """A person who was named but not proved, as on the command line."""
        return cls(f"person:{person}", run)


@dataclass(frozen=True, slots=True)
class Prepared:
    """An event ready to be given its place."""

    event: Event
    content: bytes
    leaf: bytes


@dataclass(frozen=True, slots=True)
class Placed:
    """A prepared event with its place in the tree and in the journal."""

    prepared: Prepared
    position: int
    end: Position

    def unwritten(self) -> Unwritten:
        """As the files will receive it."""
        event = self.prepared.event
        return Unwritten(self.position, event.envelope.id, self.prepared.content, list(event.parts.values()))


class Log:
    """The log of one investigation, open for appending as one actor.

    Use `append` and `erase`; both return when what they wrote is durable in the database and in the journal.
    `reached` is called with the name of each step that was completed.
    """

    def __init__(
        self, engine: Engine, folder: Path, log: LogId, clock: Clock, *, reached: Callable[[str], None] | None = None
    ) -> None:
        self._engine = engine
        self._log = log
        self._clock = clock
        self._reached = reached or (lambda _step: None)
        self._publisher = Publisher(engine, LogFiles.at(folder, self._reached), log)

    @property
    def id(self) -> LogId:
        """The log's id, which is the investigation's."""
        return self._log

    def recover(self) -> int:
        """Carry the journal on to the committed head; the number of events that it lacked.

        Raises JournalShortened or DatabaseRestored when the two cannot be brought together.
        """
        return self._publisher.publish(None)

    def close(self) -> None:
        """Note in the database how far the journal was synced, so that a later cut is seen."""
        self._publisher.note_synced()

    def append(self, drafts: Sequence[Draft], actor: Actor, within: Within | None = None) -> tuple[EventId, ...]:
        """Append events in this order and return their ids. Drafts whose id is in the log already change nothing."""
        prepared = [self._prepare(draft, actor) for draft in drafts]
        with writing(self._engine) as connection:
            pending = self._place(connection, prepared)
            if within is not None:
                within(connection)
        self._reached("committed")
        self._publisher.publish(pending)
        return tuple(EventId(one.event.envelope.id) for one in prepared)

    def erase(self, target: EventId, part: PartName, grounds: ContentErased, actor: Actor) -> EventId:
        """Erase one part of one event everywhere: tables, views, disk. The envelope and the tree stay.

        Raises RecordUnreadable when the event does not exist.
        """
        subject = (Subject(kind="event", id=target), Subject(kind="part", id=part))
        draft = Draft("content.erased", subject, {PartName.BODY: grounds}, EventOutcome(status="erased"))
        prepared = self._prepare(draft, actor)
        with writing(self._engine) as connection:
            position = read_event(connection, target).position
            pending = self._place(connection, [prepared])
            _forget_part(connection, target, part, prepared.event.envelope.id)
            forget_text(connection, target, part)
        self._reached("committed")
        self._publisher.publish(pending)
        self._publisher.erase(segment_of(position), target, part)
        return EventId(prepared.event.envelope.id)

    def _prepare(self, draft: Draft, actor: Actor) -> Prepared:
        reading = self._clock.read()
        event_id = draft.id or EventId(self._clock.mint())
        parts = {
            name: Part(event_id, name, os.urandom(SALT_BYTES), value.canonical()) for name, value in draft.parts.items()
        }
        envelope = Envelope(
            actor=actor.name,
            causes=draft.causes,
            clock=ClockRecord.of(reading),
            id=event_id,
            identity="authenticated" if actor.authenticated else "asserted",
            log=self._log,
            outcome=draft.outcome,
            parts={name: part.commitment for name, part in parts.items()},
            recorded_at=rfc3339(reading.wall),
            run=actor.run,
            schema_number=draft.schema,
            subject=draft.subject,
            tools=draft.tools,
            type=draft.type,
        )
        content = envelope.to_bytes()
        return Prepared(Event(envelope, parts), content, leaf_hash(content))

    def _place(self, connection: Connection, prepared: Sequence[Prepared]) -> Pending:
        head = take_head(connection, self._log)
        fresh = without_known(connection, prepared)
        placed = place(head, fresh)
        insert_events(connection, placed)
        lookup = partial(_lookup, connection)
        for one in placed:
            carry_out(connection, project(upcast(one.prepared.event)), lookup)
        after = advanced(head, placed, self._publisher.synced)
        set_head(connection, after)
        return Pending(head, after, [one.unwritten() for one in placed])


def take_head(connection: Connection, log: LogId) -> Head:
    """The head, locked for writing; raises RecordUnreadable when the log has none."""
    table = tables("log_")["log_head"]
    # PostgreSQL locks the row here; SQLite's transaction already holds the only write lock.
    row = connection.execute(
        update(table).where(table.c.log == log).values(size=table.c.size).returning(*table.c)
    ).one_or_none()
    if row is None:
        raise RecordUnreadable("log_head", f"has no row for {log}")
    return Head.of(row)


def without_known(connection: Connection, prepared: Sequence[Prepared]) -> list[Prepared]:
    """Those events whose id the log does not hold."""
    table = tables("log_")["log_entry"]
    ids = [one.event.envelope.id for one in prepared]
    known = set(connection.execute(select(table.c.event).where(table.c.event.in_(ids))).scalars())
    return [one for one in prepared if one.event.envelope.id not in known]


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
    if not placed:
        return
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
    connection.execute(insert(tables("log_")["log_entry"]), entries)
    parts: list[Mapping[str, Any]] = [
        {"event": part.event, "name": part.name, "salt": part.salt, "content": part.content}
        for one in placed
        for part in one.prepared.event.parts.values()
    ]
    if parts:
        connection.execute(insert(tables("log_")["log_part"]), parts)


def advanced(head: Head, placed: Sequence[Placed], synced: tuple[int, Position]) -> Head:
    """The head after these events, with what is known to be synced."""
    size, end = max((head.synced_size, head.synced), synced)
    head = replace(head, synced_size=size, synced=end)
    if not placed:
        return head
    tree = CompactRange.from_text(head.size, head.subtrees).extend(one.prepared.leaf for one in placed)
    return replace(head, size=tree.size, subtrees=tree.to_text(), end=placed[-1].end)


def set_head(connection: Connection, head: Head) -> None:
    """Write the head's row."""
    table = tables("log_")["log_head"]
    connection.execute(update(table).where(table.c.log == head.log).values(**head.columns()))


def _lookup(connection: Connection, event: str) -> Event:
    return upcast(read_event(connection, event).event)


def _forget_part(connection: Connection, target: str, part: PartName, erasure: str) -> None:
    table = tables("log_")["log_part"]
    connection.execute(
        update(table)
        .where(table.c.event == bindparam("target"), table.c.name == bindparam("part"))
        .values(salt=None, content=None, erased_by=erasure),
        {"target": target, "part": part},
    )


def new_head(log: LogId) -> Head:
    """The head of an empty log."""
    return Head(log, 0, "", Position(0, 0), 0, Position(0, 0))
