"""Carrying committed events on into the files: the parts first, then the journal, each synced.

Whoever holds the lock carries on everything from the journal's end to the committed head, its own events and those
of a process that died between its commit and its journal record.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby

from sqlalchemy import Engine, update

from casefile.events.catching_up import what_is_behind
from casefile.events.durable import ABSENT, FileState
from casefile.events.files import LogFiles, Unwritten
from casefile.events.journal import SEGMENT_EVENTS, Position, concatenated, segment_of
from casefile.events.lock import Mark
from casefile.events.private import framed_parts
from casefile.ids import LogId
from casefile.records.engine import reading, tables, writing
from casefile.records.erasures import PendingErasure, pending_erasures, settle_erasure
from casefile.records.reading import Head

__all__ = ["LogFiles", "Pending", "Publisher", "Unwritten"]


@dataclass(frozen=True, slots=True)
class Pending:
    """Events that were just committed: what the files need to get from the end of `before` to that of `after`."""

    before: Head
    after: Head
    events: Sequence[Unwritten]


@dataclass(slots=True)
class Gathered:
    """What the appends of one open transaction have placed: committed together, or not at all."""

    pending: Pending | None = None
    _events: list[Unwritten] = field(default_factory=list)

    def add(self, pending: Pending) -> None:
        """One append more."""
        before = self.pending.before if self.pending else pending.before
        self._events += pending.events
        self.pending = Pending(before, pending.after, self._events)


class Publisher:
    """Keeps the files of one log in step with its database."""

    def __init__(self, engine: Engine, files: LogFiles, log: LogId) -> None:
        self._engine = engine
        self._files = files
        self._log = log
        self._synced: tuple[int, Position] | None = None

    @property
    def synced(self) -> tuple[int, Position] | None:
        """How many events this process knows to be synced, and where the last of them ends; None before it looked."""
        return self._synced

    def publish(self, pending: Pending | None) -> int:
        """Bring the files up to the committed head, at least to `pending`; the number of events written.

        Raises JournalShortened, DatabaseRestored or RecordUnreadable where files and database cannot be brought
        together, StorageFailed where the disk refuses; the events are then not on the disk, whatever is read back.
        """
        with self._files.locked() as held:
            mark = held.mark()
            if pending is not None and mark is not None and self._stands(mark, pending.before):
                events, after = pending.events, pending.after
            else:
                mark, events, after = self._behind(mark)
            if events:
                mark = self._write(mark, events)
            held.note(mark)
            self._synced = (after.size, after.end)
            return len(events)

    def note_synced(self) -> None:
        """Write to the head how far the journal is synced; its own durability does not matter."""
        if self._synced is None:
            return
        size, end = self._synced
        table = tables("log_")["log_head"]
        values = {"synced_size": size, "synced_segment": end.segment, "synced_end": end.offset}
        with writing(self._engine) as connection:
            connection.execute(
                update(table).where(table.c.log == self._log, table.c.synced_size < size).values(**values)
            )

    def finish_erasures(self) -> int:
        """Take from the disk every part whose erasure is in the journal; the number of parts.

        Repeating it after a crash changes nothing that is done. Raises StorageFailed or WorkspaceBusy.
        """
        with reading(self._engine) as connection:
            pending = pending_erasures(connection)
        for erasure in pending:
            self._erase(erasure)
            settle_erasure(self._engine, erasure)
        return len(pending)

    def _erase(self, erasure: PendingErasure) -> None:
        private = self._files.private
        with self._files.locked() as held:
            mark, state = held.mark(), private.state(erasure.segment)
            newest = mark is not None and mark.segment == erasure.segment and mark.private.inode == state.inode
            acknowledged = mark.private.size if mark is not None and newest else state.size
            after = private.erase(erasure.segment, erasure.event, erasure.part, acknowledged)
            if after is not None and mark is not None and newest:
                # What was behind the mark still is.
                taken = state.size - after.size
                held.note(replace(mark, private=FileState(after.inode, acknowledged - taken)))

    def _stands(self, mark: Mark, before: Head) -> bool:
        """Whether the files are as the mark says, and end where the database stood before."""
        if (mark.size, mark.segment, mark.journal.size) != (before.size, before.end.segment, before.end.offset):
            return False
        journal, private = self._files.journal, self._files.private
        if journal.state(mark.segment) != mark.journal or private.state(mark.segment) != mark.private:
            return False
        following = mark.segment + 1
        return mark.size % SEGMENT_EVENTS != 0 or journal.state(following) == private.state(following) == ABSENT

    def _behind(self, mark: Mark | None) -> tuple[Mark, Sequence[Unwritten], Head]:
        """How far the files can be trusted, and what has to be written from there.

        What lies behind is written over where there is something to write, and dropped where there is not.
        """
        journal, private = self._files.journal, self._files.private
        private.clear_temporary()
        with reading(self._engine) as connection:
            behind = what_is_behind(connection, self._files, self._log, mark)
        trusted, segment = behind.trusted, segment_of(behind.trusted.size)
        if not behind.events and journal.size(segment) > behind.journal_at:
            journal.put(segment, behind.journal_at, b"")
        if not any(one.parts for one in behind.events) and private.size(segment) > behind.private_at:
            private.put(segment, behind.private_at, b"")
        ends = (
            FileState(journal.state(segment).inode, behind.journal_at),
            FileState(private.state(segment).inode, behind.private_at),
        )
        if segment != trusted.end.segment:
            ends = journal.state(trusted.end.segment), private.state(trusted.end.segment)
        return Mark(trusted.size, trusted.end.segment, *ends), behind.events, behind.head

    def _write(self, mark: Mark, events: Sequence[Unwritten]) -> Mark:
        """Write and sync events from where the mark ends; where they end."""
        for segment, group in groupby(events, lambda one: segment_of(one.position)):
            records = list(group)
            journal, private = mark.journal, mark.private
            if segment != mark.segment:
                journal = private = ABSENT
            if parts := framed_parts(part for one in records for part in one.parts):
                private = self._files.private.put(segment, private.size, parts)
            content = concatenated(one.content for one in records)
            journal = self._files.journal.put(segment, journal.size, content)
            mark = Mark(records[-1].position + 1, segment, journal, private)
        return mark
