"""WARC/1.1 (ISO 28500:2017) with request and response exactly as they passed, one gzip member a record.

Libraries for this rebuild the header block from parsed headers; spacing, order, case and chunk framing are lost on
the way. Here a block is a sequence of bytes and file slices that is copied as it is.
"""

from __future__ import annotations

import hashlib
import uuid
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, TypeAlias

FIELDS = "application/warc-fields"
COPY_BYTES = 1 << 20
SAMPLE_BYTES = 1 << 16
INCOMPRESSIBLE = 0.9
"""Above this share of its size after level 1, a sample shows media: deflating it costs CPU and saves nothing."""


@dataclass(frozen=True, slots=True)
class FileSlice:
    """`length` bytes of a file from `start`."""

    path: Path
    start: int
    length: int


Part: TypeAlias = bytes | FileSlice


@dataclass(frozen=True, slots=True)
class Record:
    """One WARC record. `headers` come after the mandatory ones, in this order; `date` is RFC 3339."""

    kind: str
    date: str
    content_type: str
    block: tuple[Part, ...]
    headers: tuple[tuple[str, str], ...] = ()
    id: str = ""


def new_record_id() -> str:
    """A record's id as WARC writes it; random, since it names this writing and nothing else."""
    return f"<urn:uuid:{uuid.uuid4()}>"


class WarcWriter:
    """Appends records to a new file; raises FileExistsError when it is there already."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("xb")

    def write(self, record: Record) -> None:
        """One record as one gzip member, its block digest computed first."""
        length = sum(part_length(part) for part in record.block)
        lines = [
            ("WARC-Type", record.kind),
            ("WARC-Record-ID", record.id or new_record_id()),
            ("WARC-Date", record.date),
            *record.headers,
            ("WARC-Block-Digest", block_digest(record.block)),
            ("Content-Type", record.content_type),
            ("Content-Length", str(length)),
        ]
        head = "WARC/1.1\r\n" + "".join(f"{name}: {_one_line(value)}\r\n" for name, value in lines) + "\r\n"
        deflate = zlib.compressobj(_level(record.block), zlib.DEFLATED, 31)
        self._file.write(deflate.compress(head.encode("utf-8")))
        for block in part_blocks(record.block):
            self._file.write(deflate.compress(block))
        self._file.write(deflate.compress(b"\r\n\r\n"))
        self._file.write(deflate.flush())

    def close(self) -> None:
        self._file.close()


def warc_fields(fields: dict[str, str]) -> bytes:
    """Lines of `name: value`, the values without what would break a line."""
    lines = (f"{name}: {''.join(one for one in value if one.isprintable())}\r\n" for name, value in fields.items())
    return "".join(line for line in lines).encode("utf-8")


def part_length(part: Part) -> int:
    """In bytes."""
    return part.length if isinstance(part, FileSlice) else len(part)


def part_blocks(parts: Sequence[Part]) -> Iterator[bytes]:
    """The bytes of all parts in order, at most 1 MiB at a time."""
    for part in parts:
        if isinstance(part, FileSlice):
            with part.path.open("rb") as stream:
                stream.seek(part.start)
                yield from _exactly(stream, part.length)
        elif part:
            yield part


def block_digest(parts: Sequence[Part]) -> str:
    """`sha256:hex` of all parts in order."""
    digest = hashlib.sha256()
    for block in part_blocks(parts):
        digest.update(block)
    return "sha256:" + digest.hexdigest()


def _exactly(stream: BinaryIO, length: int) -> Iterator[bytes]:
    while length:
        block = stream.read(min(COPY_BYTES, length))
        if not block:
            raise EOFError("a spooled response is shorter than it was")
        length -= len(block)
        yield block


def _level(parts: Sequence[Part]) -> int:
    largest = max(parts, key=part_length, default=b"")
    length = part_length(largest)
    if length < SAMPLE_BYTES:
        return 6
    if isinstance(largest, FileSlice):
        middle = FileSlice(largest.path, largest.start + (length - SAMPLE_BYTES) // 2, SAMPLE_BYTES)
        sample = b"".join(part_blocks((middle,)))
    else:
        sample = largest[:SAMPLE_BYTES]
    return 0 if len(zlib.compress(sample, 1)) > INCOMPRESSIBLE * len(sample) else 6


def _one_line(value: str) -> str:
    return "".join(one for one in value if one.isprintable())
