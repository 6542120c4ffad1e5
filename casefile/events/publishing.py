"""Carrying committed events on into the files: the parts first, then the journal, each synced.

Whoever holds the lock carries on everything from the journal's end to the committed head, its own events and those
of a process that died between its commit and its journal record.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from sqlalchemy import Connection, Engine, select, update

from casefile.errors import DatabaseRestored, JournalShortened, RecordUnreadable
from casefile.events.envelope import Part, PartName, leaf_hash
from casefile.events.journal import SEGMENT_EVENTS, Journal, Position, concatenated, segment_name, segment_of
from casefile.events.private import PrivateParts, SegmentState, framed_parts
from casefile.ids import LogId
from casefile.records.engine import reading, tables, writing
from casefile.records.reading import Head, read_events, read_head


@dataclass(frozen=True, slots=True)
class LogFiles:
    """The files of a log: `journal/` and `private/` below its folder, and the one lock of both."""

    journal: Journal
    private: PrivateParts

    @classmethod
    def at(cls, folder: Path, reached: Callable[[str], None]) -> LogFiles:
        """The files of the log in `folder`."""
        lock = folder / "lock"
        return cls(Journal(folder / "journal", lock, reached), PrivateParts(folder / "private", lock, reached))

    def create(self) -> None:
        """Make the folders."""
        self.journal.create()
        self.private.create()


@dataclass(frozen=True, slots=True)
class Unwritten:
    """A committed event that the files may lack."""

    position: int
    event: str
    content: bytes
    parts: Sequence[Part]


@dataclass(frozen=True, slots=True)
class Pending:
    """What the files have to be carried through: from the end of `before` to that of `after`."""

    before: Head
    after: Head
    events: Sequence[Unwritten]


class Publisher:
    """Keeps the files of one log in step with its database."""

    def __init__(self, engine: Engine, files: LogFiles, log: LogId) -> None:
        self._engine = engine
        self._files = files
        self._log = log
        self._synced: tuple[int, Position] = (0, Position(0, 0))
        self._known: SegmentState | None = None

    @property
    def synced(self) -> tuple[int, Position]:
        """How many events this process knows to be synced, and where the last of them ends."""
        return self._synced

    def publish(self, pending: Pending | None) -> int:
        """Bring the files up to the committed head, at least to `pending`; the number of events carried on.

        Raises JournalShortened when the journal lacks what was once synced, DatabaseRestored when it holds more
        than the database committed.
        """
        with self._files.journal.locked():
            in_step = pending is not None and self._stands_at(pending.before.end)
            work = pending if pending is not None and in_step else self._missing()
            self._write(work)
            self._synced = max(self._synced, (work.after.size, work.after.end))
            return len(work.events)

    def note_synced(self) -> None:
        """Write to the head how far the journal is synced; its own durability does not matter."""
        size, end = self._synced
        if not size:
            return
        table = tables("log_")["log_head"]
        values = {"synced_size": size, "synced_segment": end.segment, "synced_end": end.offset}
        with writing(self._engine) as connection:
            connection.execute(
                update(table).where(table.c.log == self._log, table.c.synced_size < size).values(**values)
            )

    def erase(self, segment: int, event: str, name: PartName) -> None:
        """Erase a part from the disk; does nothing when it is gone already."""
        with self._files.journal.locked():
            self._files.private.erase(segment, event, name)
            self._known = None

    def _stands_at(self, end: Position) -> bool:
        """Whether the journal ends exactly there."""
        journal = self._files.journal
        return journal.size(end.segment) == end.offset and not journal.path(end.segment + 1).exists()

    def _missing(self) -> Pending:
        """What the committed head has and the files lack, read from the database."""
        with reading(self._engine) as connection:
            head = read_head(connection, self._log)
            before = self._journal_end(connection, head)
            entries = list(read_events(connection, before.size, head.size))
        for entry in entries:
            if entry.leaf != leaf_hash(entry.content):
                raise RecordUnreadable(f"log_entry {entry.position}", "its leaf is not the hash of its envelope")
            for part in entry.event.parts.values():
                if not part.fulfils(entry.event.envelope):
                    raise RecordUnreadable(f"{part.name} of event {part.event}", "is not what the envelope commits to")
        unwritten = [
            Unwritten(entry.position, entry.event.envelope.id, entry.content, list(entry.event.parts.values()))
            for entry in entries
        ]
        return Pending(before, head, unwritten)

    def _journal_end(self, connection: Connection, head: Head) -> Head:
        """The head that the journal has reached; a record that was never finished is cut off."""
        journal = self._files.journal
        segments = journal.segments()
        last = segments[-1] if segments else 0
        found = Position(last, journal.size(last))
        if found < head.synced:
            raise JournalShortened(segment_name(head.synced.segment), head.synced.offset, found.offset)
        if found > head.end:
            raise DatabaseRestored(self._count(), head.size)
        table = tables("log_")["log_entry"]
        row = connection.execute(
            select(table.c.position, table.c.journal_end)
            .where(table.c.segment == found.segment, table.c.journal_end <= found.offset)
            .order_by(table.c.position.desc())
            .limit(1)
        ).one_or_none()
        reached = (row.position + 1, row.journal_end) if row is not None else (found.segment * SEGMENT_EVENTS, 0)
        if reached[1] < found.offset:
            journal.cut(found.segment, reached[1])
        return Head(head.log, reached[0], "", Position(found.segment, reached[1]), head.synced_size, head.synced)

    def _count(self) -> int:
        return sum(1 for _record in self._files.journal.records())

    def _write(self, work: Pending) -> None:
        for segment, group in groupby(work.events, lambda one: segment_of(one.position)):
            events = list(group)
            self._write_parts(segment, events)
            self._files.journal.append(segment, concatenated(one.content for one in events))

    def _write_parts(self, segment: int, events: Sequence[Unwritten]) -> None:
        private = self._files.private
        if private.state(segment) != self._known:
            private.cut_unacknowledged(segment, {one.event for one in events}, self._known)
        content = framed_parts([part for one in events for part in one.parts])
        if content:
            private.append(segment, content)
        self._known = private.state(segment)
