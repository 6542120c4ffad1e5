"""The salted parts on disk: what the envelopes commit to, beside the journal and as durable.

Segments run in step with the journal's. A record is a four-byte length, the event's id and the part's name each
ending in a line feed, the 32 bytes of salt, and the content. Erasing a part writes its segment anew without it.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

from casefile.errors import RecordUnreadable
from casefile.events.envelope import SALT_BYTES, Part, PartName
from casefile.events.journal import (
    FILE_MODE,
    AppendOnly,
    framed,
    segment_name,
    sync_folder,
    translated,
    write_all,
)

MAX_PART_BYTES = 256 << 20
TEMPORARY = ".new"


@dataclass(frozen=True, slots=True)
class StoredPart:
    """A part and where its record lies."""

    part: Part
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class SegmentState:
    """A segment's file as it was at one moment; inode 0 when it did not exist."""

    segment: int
    inode: int
    size: int


def encode(part: Part) -> bytes:
    """A part as its record holds it, without the length."""
    return f"{part.event}\n{part.name}\n".encode() + part.salt + part.content


def decode(content: bytes, where: str) -> Part:
    """The reverse of `encode`; raises RecordUnreadable."""
    event, _, rest = content.partition(b"\n")
    name, _, rest = rest.partition(b"\n")
    try:
        part_name = PartName(name.decode("ascii"))
        event_id = event.decode("ascii")
    except (UnicodeDecodeError, ValueError) as error:
        raise RecordUnreadable(where, "names no part") from error
    if len(rest) < SALT_BYTES:
        raise RecordUnreadable(where, "has no salt")
    return Part(event_id, part_name, rest[:SALT_BYTES], rest[SALT_BYTES:])


class PrivateParts(AppendOnly):
    """The parts of a log's events, readable by the owner alone."""

    def __init__(self, folder: Path, lock: Path, reached: Callable[[str], None]) -> None:
        super().__init__(folder, lock, reached, "private")

    def parts(self, segment: int, start: int = 0) -> Iterator[StoredPart]:
        """Every part of a segment from the offset `start` on, as written; raises RecordUnreadable at a damaged one."""
        if not self.path(segment).exists():
            return
        for begin, content, end in self.read(segment, MAX_PART_BYTES, start):
            yield StoredPart(decode(content, f"private/{segment_name(segment)} at byte {begin}"), begin, end)

    def state(self, segment: int) -> SegmentState:
        """What tells whether a segment is still the file that was last looked at, and how long it is."""
        try:
            status = self.path(segment).stat()
        except FileNotFoundError:
            return SegmentState(segment, 0, 0)
        return SegmentState(segment, status.st_ino, status.st_size)

    def cut_unacknowledged(self, segment: int, events: Collection[str], known: SegmentState | None) -> None:
        """Drop trailing parts of events that the journal does not hold, and a record that was never finished.

        Called under the lock, before those parts are written again. `known` is the segment as this process left it:
        what it held then was acknowledged and is not read again. A damaged record that is not the last one is left
        for the audit to name.
        """
        state = self.state(segment)
        same_file = known is not None and (known.segment, known.inode) == (segment, state.inode)
        keep = known.size if known is not None and same_file and known.size <= state.size else 0
        try:
            for stored in self.parts(segment, keep):
                if stored.part.event in events:
                    break
                keep = stored.end
        except RecordUnreadable:
            if not self._ends_unfinished(segment, keep):
                raise
        if keep < state.size:
            self.cut(segment, keep)

    def _ends_unfinished(self, segment: int, offset: int) -> bool:
        """Whether what lies behind `offset` is one record whose end was not written."""
        content = self.path(segment).read_bytes()[offset:]
        return len(content) < 4 or int.from_bytes(content[:4], "big") + 4 > len(content)

    def erase(self, segment: int, event: str, name: PartName) -> bool:
        """Write the segment anew without that part; False when it was not there. Called under the lock.

        A crash leaves either the old segment or the new one.
        """
        kept = [stored for stored in self.parts(segment) if (stored.part.event, stored.part.name) != (event, name)]
        path = self.path(segment)
        new = framed_parts([stored.part for stored in kept])
        if not path.exists() or len(new) == path.stat().st_size:
            return False
        temporary = path.with_name(path.name + TEMPORARY)
        with translated("erase a part", path):
            handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, FILE_MODE)
            try:
                write_all(handle, new)
                os.fsync(handle)
            finally:
                os.close(handle)
            self._reached("private-rewritten")
            temporary.replace(path)
            sync_folder(self.folder)
            self._reached("private-replaced")
        return True

    def clear_temporary(self) -> None:
        """Remove a rewrite that a crash left half done; the old segment still stands. Called under the lock."""
        for leftover in self.folder.glob(f"*{TEMPORARY}"):
            with translated("remove", leftover):
                leftover.unlink()
                sync_folder(self.folder)


def framed_parts(parts: Collection[Part]) -> bytes:
    """Records of several parts, as one write."""
    return b"".join(framed(encode(part)) for part in parts)
