"""The salted parts on disk: what the envelopes commit to, beside the journal and as durable.

Segments run in step with the journal's. A record is a four-byte length, the event's id and the part's name each
ending in a line feed, the 32 bytes of salt, and the content. Records stand in the order of their events. Erasing a
part writes its segment anew without it.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from casefile.errors import RecordUnreadable
from casefile.events.durable import FILE_MODE, FileState, Reached, sync_folder, translated
from casefile.events.envelope import SALT_BYTES, Part, PartName
from casefile.events.journal import LENGTH, Segments, concatenated

MAX_PART_BYTES = 256 << 20
MAX_HEADER_BYTES = 256
"""An event's id and a part's name are at most 128 and 9 bytes long."""
COPY_BYTES = 1 << 20
TEMPORARY = ".new"

OVERHEAD_BYTES = LENGTH.size + 2 + SALT_BYTES
"""What a record takes beside the event's id, the part's name and the content."""


@dataclass(frozen=True, slots=True)
class StoredPart:
    """A part and where its record lies."""

    part: Part
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Heading:
    """Whose record lies where, without its content."""

    event: str
    name: PartName
    start: int
    end: int


def encode(part: Part) -> bytes:
    """A part as its record holds it, without the length."""
    return f"{part.event}\n{part.name}\n".encode() + part.salt + part.content


def decode(content: bytes, where: str) -> Part:
    """The reverse of `encode`; raises RecordUnreadable."""
    event, name, rest = _split(content, where)
    if len(rest) < SALT_BYTES:
        raise RecordUnreadable(where, "has no salt")
    return Part(event, name, rest[:SALT_BYTES], rest[SALT_BYTES:])


def framed_parts(parts: Iterable[Part]) -> bytes:
    """Records of several parts, as one write."""
    return concatenated(encode(part) for part in parts)


class PrivateParts(Segments):
    """The parts of a log's events, readable by the owner alone."""

    def __init__(self, folder: Path, lock: Path, reached: Reached) -> None:
        super().__init__(folder, lock, reached, "private")

    def parts(self, segment: int) -> Iterator[StoredPart]:
        """Every part of a segment, as written; raises RecordUnreadable at a damaged one, Unfinished at its end."""
        if not self.path(segment).exists():
            return
        for begin, content, end in self.read(segment, MAX_PART_BYTES):
            yield StoredPart(decode(content, f"{self.where(segment)} at byte {begin}"), begin, end)

    def headings(self, segment: int) -> Iterator[Heading]:
        """Whose records the segment holds, in order, up to where no whole record begins."""
        size = self.size(segment)
        if not size:
            return
        start = 0
        with translated("read", self.path(segment)), self.path(segment).open("rb") as stream:
            while prefix := os.pread(stream.fileno(), LENGTH.size + MAX_HEADER_BYTES, start):
                length = LENGTH.unpack_from(prefix)[0] if len(prefix) > LENGTH.size else 0
                end = start + LENGTH.size + length
                if not 0 < length <= MAX_PART_BYTES or end > size:
                    return
                try:
                    event, name, _rest = _split(prefix[LENGTH.size :], self.where(segment))
                except RecordUnreadable:
                    return
                yield Heading(event, name, start, end)
                start = end

    def erase(self, segment: int, event: str, name: PartName, acknowledged: int) -> FileState | None:
        """Write the segment anew without that part and return its new state; None when the part was not there.

        Every other byte is kept as it is. A crash leaves either the old segment or the new one. Raises
        RecordUnreadable when the part is not found and one of the first `acknowledged` bytes is damaged: it may be
        there.
        """
        headings = list(self.headings(segment))
        gone = [one for one in headings if (one.event, one.name) == (event, name)]
        if not gone:
            whole = headings[-1].end if headings else 0
            if whole < acknowledged:
                raise RecordUnreadable(f"{self.where(segment)} at byte {whole}", "no whole record begins here")
            return None
        path = self.path(segment)
        temporary = path.with_name(path.name + TEMPORARY)
        with translated("erase a part", path):
            source = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
            target = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, FILE_MODE)
            try:
                start = 0
                for heading in gone:
                    _copy(source, target, start, heading.start)
                    start = heading.end
                _copy(source, target, start, os.fstat(source).st_size)
                os.fsync(target)
            finally:
                os.close(source)
                os.close(target)
            self._reached("private-rewritten")
            temporary.replace(path)
            sync_folder(self.folder)
            self._reached("private-replaced")
        return self.state(segment)

    def clear_temporary(self) -> None:
        """Remove a rewrite that a crash left half done; the old segment still stands."""
        for leftover in self.folder.glob(f"*{TEMPORARY}"):
            with translated("remove", leftover):
                leftover.unlink()
                sync_folder(self.folder)


def _split(content: bytes, where: str) -> tuple[str, PartName, bytes]:
    event, _, rest = content.partition(b"\n")
    name, _, rest = rest.partition(b"\n")
    try:
        return event.decode("ascii"), PartName(name.decode("ascii")), rest
    except (UnicodeDecodeError, ValueError) as error:
        raise RecordUnreadable(where, "names no part") from error


def _copy(source: int, target: int, start: int, end: int) -> None:
    while start < end:
        block = memoryview(os.pread(source, min(COPY_BYTES, end - start), start))
        if not block:
            raise RecordUnreadable("private", "became shorter while it was copied")
        start += len(block)
        while block:
            block = block[os.write(target, block) :]
