"""The one lock of a log's files, and in it the mark of how far they are known to be synced.

A length that is read from a file says nothing about the disk: after a failed sync the pages look written and may be
lost. The mark is written only when journal and parts were synced up to it, so whoever takes the lock knows what to
trust and writes everything behind it once more. A mark that is missing, damaged or of another file is not believed.
"""

from __future__ import annotations

import fcntl
import os
import time
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from casefile.errors import WorkspaceBusy
from casefile.events.durable import FILE_MODE, FileState, translated

WAIT_S = 30
"""A writer holds the lock for two syncs. One that holds it for this long is stopped, or the log is being rebuilt."""
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.001, 0.02
MARK_BYTES = 160
VERSION = 1


@dataclass(frozen=True, slots=True)
class Mark:
    """How many events are synced, the journal's newest segment as it was then, and the private one beside it."""

    size: int
    segment: int
    journal: FileState
    private: FileState

    def encode(self) -> bytes:
        """A line of a fixed length, ending in a checksum."""
        numbers = (
            VERSION,
            self.size,
            self.segment,
            self.journal.inode,
            self.journal.size,
            self.private.inode,
            self.private.size,
        )
        text = " ".join(map(str, numbers)).encode()
        return text.ljust(MARK_BYTES - 10) + b" %08x\n" % zlib.crc32(text)

    @classmethod
    def decode(cls, content: bytes) -> Mark | None:
        """The mark in these bytes, or None when there is none that can be believed."""
        text, checksum = content[: MARK_BYTES - 10].rstrip(), content[MARK_BYTES - 10 :].strip()
        if len(content) != MARK_BYTES or checksum != b"%08x" % zlib.crc32(text):
            return None
        version, size, segment, *files = map(int, text.split())
        if version != VERSION:
            return None
        return cls(size, segment, FileState(files[0], files[1]), FileState(files[2], files[3]))


class Held:
    """The lock while it is held."""

    def __init__(self, handle: int, path: Path) -> None:
        self._handle = handle
        self._path = path

    def mark(self) -> Mark | None:
        """How far the files are known to be synced; None when that is not known."""
        with translated("read", self._path):
            return Mark.decode(os.pread(self._handle, MARK_BYTES + 1, 0))

    def note(self, mark: Mark) -> None:
        """Write the mark. It is not synced: an older one only makes the next writer repeat some work."""
        with translated("write", self._path):
            os.pwrite(self._handle, mark.encode(), 0)


def last_mark(path: Path) -> Mark | None:
    """The mark as it is now, read without waiting for the lock; None when there is none that can be believed."""
    with translated("read", path):
        try:
            handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
        except FileNotFoundError:
            return None
        try:
            return Mark.decode(os.pread(handle, MARK_BYTES + 1, 0))
        finally:
            os.close(handle)


@contextmanager
def holding(path: Path) -> Iterator[Held]:
    """Hold the lock that every writer of the log's files takes; the kernel releases it when a process dies.

    Raises WorkspaceBusy when another process keeps it for longer than WAIT_S, StorageFailed.
    """
    with translated("lock", path):
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, FILE_MODE)
    try:
        _wait_for(handle, path)
        yield Held(handle, path)
    finally:
        os.close(handle)


def _wait_for(handle: int, path: Path) -> None:
    end, pause = time.monotonic() + WAIT_S, FIRST_PAUSE_S
    while True:
        with translated("lock", path):
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                pass
            else:
                return
        if time.monotonic() > end:
            raise WorkspaceBusy(path.name, "another process is writing to the log; what was committed follows later")
        time.sleep(pause)
        pause = min(2 * pause, LONGEST_PAUSE_S)
