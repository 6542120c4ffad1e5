"""What the files lack, when nobody can say that they end where they should: after a crash, a failed sync, a restore.

The database is asked what was committed, the mark and the head what was synced. Everything behind that is written
once more, whatever the files seem to hold. Files that hold what the database never committed are not touched.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, func, select

from casefile.errors import DatabaseRestored, JournalShortened, RecordUnreadable
from casefile.events.envelope import MAX_ENVELOPE_BYTES, Envelope, is_envelope, leaf_hash
from casefile.events.files import LogFiles, Unwritten
from casefile.events.journal import Position, Unfinished, framed, segment_name, segment_of
from casefile.events.lock import Mark
from casefile.events.private import OVERHEAD_BYTES
from casefile.records.engine import tables
from casefile.records.erasures import pending_erasures
from casefile.records.reading import Entry, Head, read_events, read_head, stored_bytes


@dataclass(frozen=True, slots=True)
class Trusted:
    """So many events are known to be synced; the last of them ends there."""

    size: int
    end: Position


@dataclass(frozen=True, slots=True)
class Behind:
    """What has to be written: `events`, from where the segment of the next event ends for certain."""

    trusted: Trusted
    journal_at: int
    private_at: int
    events: Sequence[Unwritten]
    head: Head


@dataclass(frozen=True, slots=True)
class Stranger:
    """Bytes at the end of a segment of `journal` or `private` that no event was committed for."""

    folder: str
    segment: int
    bytes: int


def what_is_behind(connection: Connection, files: LogFiles, log: str, mark: Mark | None) -> Behind:
    """What the committed head has and the files lack. Called under the lock.

    Raises JournalShortened when the journal lacks what was once synced, DatabaseRestored when it holds what the
    database never committed, RecordUnreadable when either is damaged.
    """
    head = read_head(connection, log)
    trusted = _trusted(files, head, mark)
    _require_journal(connection, files, head, trusted)
    private_at = _acknowledged_private_bytes(connection, files, trusted.size)
    entries = list(read_events(connection, trusted.size, head.size))
    _refuse_strangers(files, trusted, head, entries)
    segment = segment_of(trusted.size)
    journal_at = trusted.end.offset if trusted.end.segment == segment else 0
    _refuse_to_lose_parts(files, segment, journal_at, private_at)
    return Behind(trusted, journal_at, private_at, [_unwritten(entry) for entry in entries], head)


def _trusted(files: LogFiles, head: Head, mark: Mark | None) -> Trusted:
    stored = Trusted(head.synced_size, head.synced)
    if mark is None or files.journal.state(mark.segment).inode != mark.journal.inode:
        return stored
    marked = Trusted(mark.size, Position(mark.segment, mark.journal.size))
    return max(stored, marked, key=lambda one: one.size)


def _require_journal(connection: Connection, files: LogFiles, head: Head, trusted: Trusted) -> None:
    """The journal holds all that was synced, and its last trusted record is the one that the database holds."""
    journal, end = files.journal, trusted.end
    if trusted.size > head.size:
        raise DatabaseRestored(_count(files), head.size)
    found = journal.size(end.segment)
    if found < end.offset:
        raise JournalShortened(segment_name(end.segment), end.offset, found)
    if not trusted.size:
        return
    table = tables("log_")["log_entry"]
    row = connection.execute(select(table).where(table.c.position == trusted.size - 1)).one_or_none()
    if row is None or Position(row.segment, row.journal_end) != end:
        raise DatabaseRestored(_count(files), head.size)
    frame = framed(stored_bytes(row.envelope, f"log_entry {row.position}"))
    start = end.offset - len(frame)
    if journal.bytes_at(end.segment, start, len(frame)) != frame:
        raise RecordUnreadable(f"{journal.where(end.segment)} at byte {start}", "is not what the database committed")


def behind_the_head(connection: Connection, files: LogFiles, log: str) -> tuple[Stranger, ...]:
    """What the files hold behind the committed head, which no writer of ours puts there, dead or alive.

    Under the lock, or to be asked again when the head has moved meanwhile: a writer is on its way then.
    """
    head = read_head(connection, log)
    last = max([head.end.segment, *files.journal.segments()])
    beyond = files.journal.size(last) - (head.end.offset if last == head.end.segment else 0)
    segment = segment_of(head.size)
    parts = files.private.size(segment) - _private_bytes(connection, files, head.size)
    found = (Stranger("journal", last, beyond), Stranger("private", segment, parts))
    return tuple(one for one in found if one.bytes > 0)


def _acknowledged_private_bytes(connection: Connection, files: LogFiles, size: int) -> int:
    """Where the parts of the first `size` events end in the segment of the next event. They have to be there."""
    total = _private_bytes(connection, files, size)
    segment = segment_of(size)
    found = files.private.size(segment)
    if found < total:
        raise RecordUnreadable(files.private.where(segment), f"has {found} bytes where {total} were synced")
    return total


def _private_bytes(connection: Connection, files: LogFiles, size: int) -> int:
    """What the parts of the first `size` events take in the segment of the next event."""
    segment = segment_of(size)
    entry, part = tables("log_")["log_entry"], tables("log_")["log_part"]
    length = func.length(part.c.content) + func.length(part.c.event) + func.length(part.c.name) + OVERHEAD_BYTES
    acknowledged = (entry.c.segment == segment, entry.c.position < size)
    stored = (
        select(func.coalesce(func.sum(length), 0))
        .select_from(entry.join(part, part.c.event == entry.c.event))
        .where(*acknowledged, part.c.content.is_not(None))
    )
    total = int(connection.execute(stored).scalar_one())
    erasing = {(one.event, one.part) for one in pending_erasures(connection) if one.segment == segment}
    if erasing:
        events = select(entry.c.event).where(*acknowledged, entry.c.event.in_([event for event, _part in erasing]))
        known = set(connection.execute(events).scalars())
        total += sum(
            one.end - one.start
            for one in files.private.headings(segment)
            if one.event in known and (one.event, one.name) in erasing
        )
    return total


def _refuse_to_lose_parts(files: LogFiles, segment: int, journal_at: int, private_at: int) -> None:
    """Behind that point parts may lie that nobody acknowledged; one whose event is in the journal was acknowledged.

    Then the database has lost it, or says that it is shorter. It is an index: nothing of the log is cut off for it.
    """
    beyond = {one.event for one in files.private.headings(segment) if one.end > private_at}
    if not beyond or not journal_at:
        return
    for _start, content, end in files.journal.read(segment, MAX_ENVELOPE_BYTES):
        if Envelope.from_bytes(content).id in beyond:
            raise RecordUnreadable(files.private.where(segment), "holds parts that the database lacks or holds shorter")
        if end >= journal_at:
            return


def _refuse_strangers(files: LogFiles, trusted: Trusted, head: Head, entries: Sequence[Entry]) -> None:
    """What lies behind the trusted end may be what the database committed, or the torn start of it; nothing else."""
    journal = files.journal
    segment, at = trusted.end.segment, trusted.end.offset
    for entry in entries:
        if segment_of(entry.position) != segment:
            segment, at = segment_of(entry.position), 0
        frame = framed(entry.content)
        if journal.size(segment) < at + len(frame) or journal.bytes_at(segment, at, len(frame)) != frame:
            break
        at += len(frame)
    places = [(segment, at), *((later, 0) for later in journal.segments() if later > segment)]
    if any(_begins_whole(files, *place) for place in places):
        raise DatabaseRestored(_count(files), head.size)
    if places[-1][0] > segment_of(head.size):
        raise RecordUnreadable(journal.where(places[-1][0]), "is there before its time")


def _begins_whole(files: LogFiles, segment: int, offset: int) -> bool:
    """Whether a whole envelope begins there."""
    if files.journal.size(segment) <= offset:
        return False
    try:
        _start, content, _end = next(files.journal.read(segment, MAX_ENVELOPE_BYTES, offset))
    except Unfinished:
        return False
    return is_envelope(content)


def _count(files: LogFiles) -> int:
    """The whole records of the journal."""
    count = 0
    try:
        for _record in files.journal.records():
            count += 1
    except Unfinished:
        return count
    return count


def _unwritten(entry: Entry) -> Unwritten:
    """The entry for the files; raises RecordUnreadable when the database does not hold what it committed."""
    event = entry.event
    if entry.leaf != leaf_hash(entry.content):
        raise RecordUnreadable(f"log_entry {entry.position}", "its leaf is not the hash of its envelope")
    for part in event.parts.values():
        if not part.fulfils(event.envelope):
            raise RecordUnreadable(f"{part.name} of event {part.event}", "is not what the envelope commits to")
    return Unwritten(entry.position, entry.content, tuple(event.parts.values()))
