"""Replaying: from journal and parts, or from the log's own tables, to a database's tables. A replay fetches nothing."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path

from sqlalchemy import Connection, Engine

from casefile.errors import RecordUnreadable
from casefile.events.envelope import Event
from casefile.events.files import LogFiles
from casefile.events.journal import Position
from casefile.events.placing import Placed, insert_events, new_head
from casefile.events.projecting import project
from casefile.events.stored import Erased, StoredEvents
from casefile.events.tree import CompactRange
from casefile.events.upcasting import upcast
from casefile.ids import LogId
from casefile.records.effects import Effects
from casefile.records.engine import ALL_FAMILIES, create_tables, drop_tables, writing
from casefile.records.erasures import note_erasures
from casefile.records.reading import Head, read_event, read_events, read_head
from casefile.records.statements import insert_rows
from casefile.records.versions import note_new

BATCH = 500
"""Events that are held in memory at a time."""


@dataclass(frozen=True, slots=True)
class Replayed:
    """What a replay found: how many events, the parts that are missing without having been erased, and what the
    files hold behind the last whole event: a writer that died, or is still writing, had not acknowledged it."""

    events: int
    missing_parts: tuple[tuple[str, str], ...] = ()
    unfinished: tuple[str, ...] = ()


def rebuild(folder: Path, engine: Engine, *, tolerant: bool = False) -> Replayed:
    """Fill an empty database from the log's files in `folder`, which are only read.

    Raises RecordUnreadable at a damaged journal record, at a part that is not what its envelope commits to, and,
    unless `tolerant`, at a part that is missing without an erasure. An audit replays tolerantly and reports them.
    """
    stored = StoredEvents(LogFiles.at(folder, lambda _step: None))
    log: LogId | None = None
    tree = CompactRange()
    end = Position(0, 0)
    with writing(engine) as connection:
        create_tables(connection, *ALL_FAMILIES)
        note_new(connection)
        effects = Effects(connection, partial(_lookup, connection))
        events = stored.events()
        while batch := list(islice(events, BATCH)):
            log = log or LogId(batch[0].prepared.event.envelope.log)
            _insert(connection, batch, stored.erased, log)
            for one in batch:
                effects.carry_out(project(upcast(one.prepared.event)))
            effects.flush()
            tree = tree.extend(one.prepared.leaf for one in batch)
            end = batch[-1].end
        if log is None:
            raise RecordUnreadable("journal", "holds no event")
        if stored.missing and not tolerant:
            raise RecordUnreadable("{1} of event {0}".format(*stored.missing[0]), "is missing and was not erased")
        insert_rows(connection, "log_head", [Head(log, tree.size, tree.to_text(), end, tree.size, end).columns()])
        note_erasures(connection, stored.still_there)
    return Replayed(tree.size, tuple(stored.missing), tuple(stored.unfinished))


def rebuild_views(connection: Connection, log: LogId) -> int:
    """Empty the view tables and project every event of the log's own tables anew; the number of events."""
    drop_tables(connection, "view_")
    create_tables(connection, "view_")
    size = read_head(connection, log).size
    effects = Effects(connection, partial(_lookup, connection))
    events = read_events(connection, 0, size)
    while batch := list(islice(events, BATCH)):
        for entry in batch:
            effects.carry_out(project(upcast(entry.event)))
        effects.flush()
    return size


def _lookup(connection: Connection, event: str) -> Event:
    return upcast(read_event(connection, event).event)


def _insert(connection: Connection, placed: list[Placed], erased: Erased, log: LogId) -> None:
    for one in placed:
        if one.prepared.event.envelope.log != log:
            raise RecordUnreadable(f"event {one.prepared.event.envelope.id}", "belongs to another log")
    insert_events(connection, placed)
    tombstones = [
        {"event": one.prepared.event.envelope.id, "name": name.value, "erased_by": by}
        for one in placed
        for name in one.prepared.event.envelope.parts
        if (by := erased.get((one.prepared.event.envelope.id, name)))
    ]
    insert_rows(connection, "log_part", tombstones)


def empty_database(engine: Engine, log: LogId) -> None:
    """Create every table and the head of an empty log."""
    with writing(engine) as connection:
        create_tables(connection, *ALL_FAMILIES)
        note_new(connection)
        insert_rows(connection, "log_head", [new_head(log).columns()])
