"""The journal: envelopes, length-prefixed, append-only, outside the database.

A segment holds the events whose position in the log divided by SEGMENT_EVENTS gives its number, so that an event's
place follows from its position. A record is a four-byte big-endian length and that many bytes of envelope.
"""

from __future__ import annotations

import os
import stat
import struct
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from casefile.errors import RecordUnreadable, StorageFailed
from casefile.events.durable import FileState, Reached, make_folder, put, state_of, translated
from casefile.events.envelope import MAX_ENVELOPE_BYTES
from casefile.events.lock import Held, holding

SEGMENT_EVENTS = 4096
LENGTH = struct.Struct(">I")


@dataclass(frozen=True, slots=True, order=True)
class Position:
    """A place behind a record: the segment's number and the offset in bytes within it."""

    segment: int
    offset: int


@dataclass(frozen=True, slots=True)
class Record:
    """One journalled envelope: its bytes, and where its record begins and ends."""

    position: int
    content: bytes
    start: Position
    end: Position


def segment_of(position: int) -> int:
    """The segment that holds the event at that position of the log."""
    return position // SEGMENT_EVENTS


def segment_name(segment: int) -> str:
    """A segment's file name."""
    return f"{segment:04d}"


def framed(content: bytes) -> bytes:
    """A record's content as it is written."""
    return LENGTH.pack(len(content)) + content


def concatenated(contents: Iterable[bytes]) -> bytes:
    """Several records, as one write."""
    return b"".join(framed(content) for content in contents)


class Unfinished(RecordUnreadable):
    """No whole record begins there; `is_torn` when one begins whose end is not there."""

    def __init__(self, where: str, problem: str, *, is_torn: bool) -> None:
        super().__init__(where, problem)
        self.is_torn = is_torn


class Segments:
    """A folder of numbered segments of whole records. Whoever changes one holds the log's lock."""

    def __init__(self, folder: Path, lock: Path, reached: Reached, name: str) -> None:
        self._folder = folder
        self._lock = lock
        self._reached = reached
        self._name = name
        self._paths: dict[int, Path] = {}

    @property
    def folder(self) -> Path:
        """Where the segments are."""
        return self._folder

    def create(self) -> None:
        """Make the folder, durably."""
        make_folder(self._folder)

    def locked(self) -> AbstractContextManager[Held]:
        """Hold the lock that every writer of the log's files takes."""
        return holding(self._lock)

    def path(self, segment: int) -> Path:
        """The file of a segment."""
        if segment not in self._paths:
            self._paths = {segment: self._folder / segment_name(segment)}
        return self._paths[segment]

    def segments(self) -> list[int]:
        """The numbers of the segments that exist, in order.

        Raises RecordUnreadable for a file of another name, and for a name of ours that is no file: to open a pipe would
        wait for ever. Raises StorageFailed where the folder cannot be listed.
        """
        found = []
        for entry in self._entries():
            if not (entry.name.isdigit() and segment_name(int(entry.name)) == entry.name):
                raise RecordUnreadable(f"{self._folder.name}/{entry.name}", "is not a segment")
            if not stat.S_ISREG(mode := entry.lstat().st_mode):
                kind = "a link" if stat.S_ISLNK(mode) else "no file"
                raise RecordUnreadable(f"{self._folder.name}/{entry.name}", f"it is {kind}, where only files may be")
            found.append(int(entry.name))
        return sorted(found)

    def _entries(self) -> list[Path]:
        try:
            return list(self._folder.iterdir()) if self._folder.is_dir() else []
        except OSError as error:
            raise StorageFailed("list", str(self._folder), error.strerror or str(error)) from error

    def state(self, segment: int) -> FileState:
        """The segment's file as it is now."""
        return state_of(self.path(segment))

    def size(self, segment: int) -> int:
        """The length of a segment in bytes; 0 when it does not exist."""
        return self.state(segment).size

    def put(self, segment: int, offset: int, content: bytes) -> FileState:
        """Make the segment end with `content` at `offset`, on the disk. Raises StorageFailed."""
        return put(self.path(segment), offset, content, self._reached, self._name)

    def bytes_at(self, segment: int, offset: int, length: int) -> bytes:
        """What the segment holds there; shorter where it ends before."""
        with translated("read", self.path(segment)):
            handle = os.open(self.path(segment), os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
            try:
                return os.pread(handle, length, offset)
            finally:
                os.close(handle)

    def read(self, segment: int, limit: int, start: int = 0) -> Iterator[tuple[int, bytes, int]]:
        """(start, content, end) of every record from the offset `start` on, each of at most `limit` bytes.

        Raises Unfinished where no whole record begins.
        """
        where = self.where(segment)
        with translated("read", self.path(segment)), self.path(segment).open("rb") as stream:
            stream.seek(start)
            while prefix := stream.read(LENGTH.size):
                length = LENGTH.unpack(prefix)[0] if len(prefix) == LENGTH.size else 1
                if not 0 < length <= limit:
                    raise Unfinished(f"{where} at byte {start}", "no record begins here", is_torn=False)
                content = stream.read(length)
                if len(content) < length:
                    raise Unfinished(f"{where} at byte {start}", "the end of the record is missing", is_torn=True)
                end = start + LENGTH.size + length
                yield start, content, end
                start = end

    def where(self, segment: int) -> str:
        """The segment as an error names it."""
        return f"{self._folder.name}/{segment_name(segment)}"


class Journal(Segments):
    """The envelopes of a log in the order of the log."""

    def __init__(self, folder: Path, lock: Path, reached: Reached) -> None:
        super().__init__(folder, lock, reached, "journal")

    def records(self) -> Iterator[Record]:
        """Every record in order.

        Raises RecordUnreadable where one is damaged or missing, Unfinished where the last segment ends within one.
        """
        segments = self.segments()
        for expected, segment in enumerate(segments):
            if segment != expected:
                raise RecordUnreadable(f"{self._folder.name}/{segment_name(expected)}", "the segment is missing")
            position = segment * SEGMENT_EVENTS
            for start, content, end in self._read_whole(segment, last=segment == segments[-1]):
                yield Record(position, content, Position(segment, start), Position(segment, end))
                position += 1
            if position != (segment + 1) * SEGMENT_EVENTS and segment != segments[-1]:
                raise RecordUnreadable(self.where(segment), "ends before the next segment begins")

    def _read_whole(self, segment: int, *, last: bool) -> Iterator[tuple[int, bytes, int]]:
        try:
            yield from self.read(segment, MAX_ENVELOPE_BYTES)
        except Unfinished as error:
            if last:
                raise
            # The segment was whole before the next one was begun, so this is damage.
            raise RecordUnreadable(error.where, error.problem) from error
