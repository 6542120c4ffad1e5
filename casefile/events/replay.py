"""Replaying: from journal and parts, or from the log's own tables, to a database's tables. A replay fetches nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby, islice
from pathlib import Path

from sqlalchemy import Connection, Engine, insert

from casefile.errors import RecordUnreadable
from casefile.events.append import Placed, Prepared, insert_events, new_head
from casefile.events.envelope import Envelope, Event, Part, PartName, leaf_hash
from casefile.events.journal import Position, Record, segment_of
from casefile.events.projecting import project
from casefile.events.publishing import LogFiles
from casefile.events.tree import CompactRange
from casefile.events.upcasting import upcast
from casefile.ids import LogId
from casefile.records.effects import carry_out
from casefile.records.engine import ALL_FAMILIES, create_tables, drop_tables, tables, writing
from casefile.records.reading import Head, read_event, read_events, read_head

BATCH = 500


@dataclass(frozen=True, slots=True)
class Replayed:
    """What a replay found: how many events, and the parts that are missing without having been erased."""

    events: int
    missing_parts: tuple[tuple[str, str], ...]


def rebuild(folder: Path, engine: Engine, *, tolerant: bool = False) -> Replayed:
    """Fill an empty database from the log's files in `folder`.

    Raises RecordUnreadable at a damaged journal record, at a part that is not what its envelope commits to, and,
    unless `tolerant`, at a part that is missing without an erasure. An audit replays tolerantly and reports them.
    """
    files = LogFiles.at(folder, lambda _step: None)
    erased = _erasures(files)
    missing: list[tuple[str, str]] = []
    log: LogId | None = None
    tree = CompactRange()
    end = Position(0, 0)
    with writing(engine) as connection:
        create_tables(connection, *ALL_FAMILIES)
        for segment, records in groupby(files.journal.records(), lambda record: segment_of(record.position)):
            parts = _parts_of(files, segment)
            while batch := list(islice(records, BATCH)):
                placed = [_placed(record, parts, erased, missing) for record in batch]
                log = log or LogId(placed[0].prepared.event.envelope.log)
                _insert(connection, placed, erased, log)
                tree = tree.extend(one.prepared.leaf for one in placed)
                end = placed[-1].end
            for event, name in parts:
                raise RecordUnreadable(f"private part {name} of event {event}", "belongs to no event of its segment")
        if log is None:
            raise RecordUnreadable("journal", "holds no event")
        head = Head(log, tree.size, tree.to_text(), end, tree.size, end)
        connection.execute(insert(tables("log_")["log_head"]), head.columns())
        if missing and not tolerant:
            raise RecordUnreadable("{1} of event {0}".format(*missing[0]), "is missing and was not erased")
    return Replayed(tree.size, tuple(missing))


def rebuild_views(connection: Connection, log: LogId) -> int:
    """Empty the view tables and project every event of the log's own tables anew; the number of events."""
    drop_tables(connection, "view_")
    create_tables(connection, "view_")
    size = read_head(connection, log).size
    for entry in read_events(connection, 0, size):
        carry_out(connection, project(upcast(entry.event)), lambda event: upcast(read_event(connection, event).event))
    return size


def _erasures(files: LogFiles) -> Mapping[tuple[str, PartName], str]:
    """Which parts were erased, and by which event."""
    erased: dict[tuple[str, PartName], str] = {}
    for record in files.journal.records():
        if b'"type":"content.erased"' in record.content:
            envelope = Envelope.from_bytes(record.content)
            erased[envelope.subject_of("event"), PartName(envelope.subject_of("part"))] = envelope.id
    return erased


def _parts_of(files: LogFiles, segment: int) -> dict[tuple[str, PartName], Part]:
    parts: dict[tuple[str, PartName], Part] = {}
    for stored in files.private.parts(segment):
        key = (stored.part.event, stored.part.name)
        if key in parts:
            raise RecordUnreadable(f"private part {key[1]} of event {key[0]}", "is there twice")
        parts[key] = stored.part
    return parts


def _placed(
    record: Record,
    parts: dict[tuple[str, PartName], Part],
    erased: Mapping[tuple[str, PartName], str],
    missing: list[tuple[str, str]],
) -> Placed:
    envelope = Envelope.from_bytes(record.content)
    found: dict[PartName, Part] = {}
    for name in envelope.parts:
        part = parts.pop((envelope.id, name), None)
        if (envelope.id, name) in erased:
            continue
        if part is None:
            missing.append((envelope.id, name))
            continue
        if not part.fulfils(envelope):
            raise RecordUnreadable(f"{name} of event {envelope.id}", "is not what the envelope commits to")
        found[name] = part
    prepared = Prepared(Event(envelope, found), record.content, leaf_hash(record.content))
    return Placed(prepared, record.position, record.end)


def _insert(
    connection: Connection, placed: list[Placed], erased: Mapping[tuple[str, PartName], str], log: LogId
) -> None:
    for one in placed:
        if one.prepared.event.envelope.log != log:
            raise RecordUnreadable(f"event {one.prepared.event.envelope.id}", "belongs to another log")
    insert_events(connection, placed)
    tombstones = [
        {"event": one.prepared.event.envelope.id, "name": name, "erased_by": by}
        for one in placed
        for name in one.prepared.event.envelope.parts
        if (by := erased.get((one.prepared.event.envelope.id, name)))
    ]
    if tombstones:
        connection.execute(insert(tables("log_")["log_part"]), tombstones)
    for one in placed:
        carry_out(
            connection,
            project(upcast(one.prepared.event)),
            lambda event: upcast(read_event(connection, event).event),
        )


def empty_database(engine: Engine, log: LogId) -> None:
    """Create every table and the head of an empty log."""
    with writing(engine) as connection:
        create_tables(connection, *ALL_FAMILIES)
        connection.execute(insert(tables("log_")["log_head"]), new_head(log).columns())


def events_of(connection: Connection, log: LogId) -> Iterator[Event]:
    """Every event of the log in order, from the log's own tables."""
    for entry in read_events(connection, 0, read_head(connection, log).size):
        yield entry.event
