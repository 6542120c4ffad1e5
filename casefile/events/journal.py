"""The journal: envelopes, length-prefixed, append-only, outside the database.

A segment holds the events whose position in the log divided by SEGMENT_EVENTS gives its number, so that an event's
place follows from its position. A record is a four-byte big-endian length and that many bytes of envelope.
"""

from __future__ import annotations

import fcntl
import os
import struct
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from casefile.errors import RecordUnreadable, StorageFailed
from casefile.events.envelope import MAX_ENVELOPE_BYTES

SEGMENT_EVENTS = 4096
LENGTH = struct.Struct(">I")
DIRECTORY_MODE = 0o700
FILE_MODE = 0o600


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
    """An envelope as it is written."""
    return LENGTH.pack(len(content)) + content


class AppendOnly:
    """A folder of numbered segments to which whole records are appended and synced, under one lock.

    `reached` is called with the name of each step that has just been completed.
    """

    def __init__(self, folder: Path, lock: Path, reached: Callable[[str], None], name: str) -> None:
        self._folder = folder
        self._lock = lock
        self._reached = reached
        self._name = name

    @property
    def folder(self) -> Path:
        """Where the segments are."""
        return self._folder

    def create(self) -> None:
        """Make the folder, durably."""
        with translated("make folder", self._folder):
            self._folder.mkdir(mode=DIRECTORY_MODE, parents=True, exist_ok=True)
            sync_folder(self._folder.parent)

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the lock that every writer of the log's files takes; released by the kernel when a process dies."""
        with translated("lock", self._lock):
            handle = os.open(self._lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, FILE_MODE)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield
        finally:
            os.close(handle)

    def path(self, segment: int) -> Path:
        """The file of a segment."""
        return self._folder / segment_name(segment)

    def segments(self) -> list[int]:
        """The numbers of the segments that exist, in order; raises RecordUnreadable for a file of another name."""
        found = []
        for entry in self._folder.iterdir() if self._folder.is_dir() else ():
            if not (entry.name.isdigit() and segment_name(int(entry.name)) == entry.name):
                raise RecordUnreadable(f"{self._folder.name}/{entry.name}", "is not a segment")
            found.append(int(entry.name))
        return sorted(found)

    def size(self, segment: int) -> int:
        """The length of a segment in bytes; 0 when it does not exist."""
        try:
            return self.path(segment).stat().st_size
        except FileNotFoundError:
            return 0

    def append(self, segment: int, content: bytes) -> int:
        """Append and sync; the new length of the segment. Raises StorageFailed; a failed sync is never repeated."""
        path = self.path(segment)
        with translated(f"append to {self._name}", path):
            existed = path.exists()
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW, FILE_MODE)
            try:
                write_all(handle, content)
                self._reached(f"{self._name}-written")
                os.fsync(handle)
                self._reached(f"{self._name}-synced")
                size = os.fstat(handle).st_size
            finally:
                os.close(handle)
            if not existed:
                sync_folder(self._folder)
                self._reached(f"{self._name}-folder-synced")
        return size

    def cut(self, segment: int, offset: int) -> None:
        """Take back what was never acknowledged: everything behind `offset`."""
        path = self.path(segment)
        with translated(f"cut {self._name}", path):
            handle = os.open(path, os.O_WRONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
            try:
                os.ftruncate(handle, offset)
                os.fsync(handle)
            finally:
                os.close(handle)

    def read(self, segment: int, limit: int, start: int = 0) -> Iterator[tuple[int, bytes, int]]:
        """(start, content, end) of every record from the offset `start` on, each of at most `limit` bytes.

        Raises RecordUnreadable at a damaged one.
        """
        where = f"{self._folder.name}/{segment_name(segment)}"
        with translated("read", self.path(segment)), self.path(segment).open("rb") as stream:
            stream.seek(start)
            while prefix := stream.read(LENGTH.size):
                length = LENGTH.unpack(prefix)[0] if len(prefix) == LENGTH.size else limit + 1
                if length > limit:
                    raise RecordUnreadable(f"{where} at byte {start}", "no record begins here")
                content = stream.read(length)
                if len(content) < length:
                    raise RecordUnreadable(f"{where} at byte {start}", f"{len(content)} of {length} bytes are there")
                end = start + LENGTH.size + length
                yield start, content, end
                start = end


class Journal(AppendOnly):
    """The envelopes of a log in the order of the log."""

    def __init__(self, folder: Path, lock: Path, reached: Callable[[str], None]) -> None:
        super().__init__(folder, lock, reached, "journal")

    def records(self, first_segment: int = 0) -> Iterator[Record]:
        """Every record from the start of a segment on; raises RecordUnreadable where one is damaged or missing."""
        for expected, segment in enumerate(self.segments()[first_segment:], start=first_segment):
            if segment != expected:
                raise RecordUnreadable(f"journal/{segment_name(expected)}", "the segment is missing")
            position = segment * SEGMENT_EVENTS
            for start, content, end in self.read(segment, MAX_ENVELOPE_BYTES):
                yield Record(position, content, Position(segment, start), Position(segment, end))
                position += 1
            if position != (segment + 1) * SEGMENT_EVENTS and segment + 1 in self.segments():
                raise RecordUnreadable(f"journal/{segment_name(segment)}", "ends before the next segment begins")


def write_all(handle: int, content: bytes) -> None:
    """Write every byte, however many calls that takes."""
    view = memoryview(content)
    while view:
        view = view[os.write(handle, view) :]


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def translated(operation: str, path: Path) -> Iterator[None]:
    """Operating system errors within, as StorageFailed."""
    try:
        yield
    except OSError as error:
        raise StorageFailed(operation, path.name, error.strerror or str(error)) from error


def concatenated(contents: Iterable[bytes]) -> bytes:
    """Records of several envelopes, as one write."""
    return b"".join(framed(content) for content in contents)
