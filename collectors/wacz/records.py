"""Reading WARC (1.0 and 1.1, ISO 28500) as hostile bytes: one pass, bounded memory, every digest recomputed.

A file is a sequence of gzip members with a record each, or the records as they are. Nothing is repaired: the first
thing that is no record ends the reading with NotAWarc, which says where, and what was read before stands.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import BinaryIO, Protocol

BLOCK_BYTES = 1 << 16
BODY_START_BYTES = 1 << 14
KEPT_KINDS = ("request", "warcinfo")
LINE_BYTES = 1 << 16
HEAD_LINES = 1_000
HTTP_HEAD_BYTES = 1 << 18
VERSIONS = (b"WARC/1.0", b"WARC/1.1")
GZIP = b"\x1f\x8b"
ALGORITHMS = ("sha1", "sha256", "sha512", "md5")
HTTP_TYPE = "application/http"
FIELDS_TYPE = "application/warc-fields"


class NotAWarc(ValueError):
    """The bytes at `offset` of the file are not a WARC record. `problem` says why, in words of ours."""

    def __init__(self, offset: int, problem: str) -> None:
        super().__init__(f"at byte {offset}: {problem}")
        self.offset = offset
        self.problem = problem


@dataclass(frozen=True, slots=True)
class Claimed:
    """A digest that a record states of itself: `algorithm:value` as it stands there, and whether it holds.

    `holds` is None where the algorithm is none that we know.
    """

    text: str
    holds: bool | None


@dataclass(frozen=True, slots=True)
class WarcRecord:
    """One record that was read to its end. `offset` and `length` are in bytes of the file, compressed as it is there.

    `headers` have names in lower case, the first of each. `status`, `media_type` and `payload_sha256` are those of the
    HTTP message in the block, else of the block itself. Only requests and `warcinfo` keep the message's `head` and
    the `body_start`. `sole` says that the gzip member holds nothing else, so that the record can be read alone.
    """

    offset: int
    length: int
    headers: Mapping[str, str]
    status: str
    media_type: str
    payload_sha256: str
    payload_bytes: int
    block_digest: Claimed | None
    payload_digest: Claimed | None
    head: bytes
    body_start: bytes
    sole: bool

    @property
    def kind(self) -> str:
        """`response`, `request`, …, in lower case."""
        return self.headers.get("warc-type", "").lower()

    @property
    def locator(self) -> str:
        """What it is a record of; some write it in angle brackets, as WARC 1.0 had it."""
        return self.headers.get("warc-target-uri", "").removeprefix("<").removesuffix(">")

    @property
    def date(self) -> str:
        """When, as the record says."""
        return self.headers.get("warc-date", "")

    @property
    def id(self) -> str:
        return self.headers.get("warc-record-id", "")


class Payload(Protocol):
    """Is fed the payload of a record as it passes, decoded from nothing."""

    def begin(self, headers: Mapping[str, str], head: bytes) -> None: ...

    def feed(self, block: bytes) -> None: ...


def read_warc(file: BinaryIO, *, most_bytes: int, payload: Payload | None = None) -> Iterator[WarcRecord]:
    """The records of a file in their order, from where it stands; raises NotAWarc at the first that is none.

    Reading ends with NotAWarc as well once `most_bytes` have come out of the file. `payload` sees each record's.
    """
    source = _open(file, most_bytes)
    while not source.ended():
        yield _read_record(source, payload)


def http_head(head: bytes) -> tuple[str, dict[str, str]]:
    """The first line and the fields of a message's head, names in lower case, the first of each."""
    lines = head.decode("utf-8", "replace").splitlines()
    fields: dict[str, str] = {}
    for line in lines[1:]:
        name, colon, value = line.partition(":")
        if colon:
            fields.setdefault(name.strip().lower(), value.strip())
    return (lines[0] if lines else ""), fields


def digest_matches(text: str, digests: Mapping[str, bytes]) -> bool | None:
    """Whether a labelled digest, its value in hex or base32, is one of `digests`; None where it cannot be told."""
    label, colon, value = text.strip().partition(":")
    ours = digests.get(label.lower().replace("-", ""))
    if not colon or ours is None:
        return None
    if value.lower() == ours.hex():
        return True
    try:
        return base64.b32decode(value.upper() + "=" * (-len(value) % 8)) == ours
    except (binascii.Error, ValueError):
        return False


class _Source:
    """The records' bytes as they are."""

    def __init__(self, file: BinaryIO, most_bytes: int) -> None:
        self._file = file
        self._left = most_bytes
        self.buffer = bytearray()
        self.taken = 0

    def ended(self) -> bool:
        """Whether nothing more comes; empty lines between records are passed over."""
        return not self._more(1)

    def begin(self) -> int:
        """Where the next record begins in the file."""
        return self.taken

    def finish(self, begin: int) -> tuple[int, bool]:
        """The length of the record that began there, and whether it can be read alone."""
        return self.taken - begin, True

    def line(self) -> bytes:
        """Up to and with the next line feed, at most LINE_BYTES."""
        while (at := self.buffer.find(b"\n")) < 0 and len(self.buffer) < LINE_BYTES:
            if not self._fill():
                break
        return self._take(at + 1 if 0 <= at < LINE_BYTES else min(len(self.buffer), LINE_BYTES))

    def some(self, most: int) -> bytes:
        """The next bytes, at most as many; none at the end."""
        self._more(1)
        return self._take(min(most, len(self.buffer)))

    def _more(self, wanted: int) -> bool:
        while len(self.buffer) < wanted:
            if not self._fill():
                return False
        return True

    def _take(self, count: int) -> bytes:
        taken = bytes(self.buffer[:count])
        del self.buffer[:count]
        self.taken += count
        return taken

    def _fill(self) -> bool:
        block = self._file.read(BLOCK_BYTES)
        self._count(len(block))
        self.buffer += block
        return bool(block)

    def _count(self, more: int) -> None:
        self._left -= more
        if self._left < 0:
            raise NotAWarc(self.begin(), "more comes out of it than is read")


class _GzipSource(_Source):
    """The same out of gzip members, never more than a block ahead."""

    def __init__(self, file: BinaryIO, most_bytes: int) -> None:
        super().__init__(file, most_bytes)
        self._raw = b""
        self._read = 0
        self._inflate = zlib.decompressobj(31)
        self._member = 0
        self._fresh = True

    def ended(self) -> bool:
        if self._more(1):
            return False
        return not self._next_member()

    def begin(self) -> int:
        return self._member

    def finish(self, begin: int) -> tuple[int, bool]:
        sole = not self._more(1)
        end = self._read - len(self._inflate.unused_data if self._inflate.eof else self._raw)
        alone, self._fresh = sole and self._fresh, False
        return end - begin, alone

    def _next_member(self) -> bool:
        self._raw = self._inflate.unused_data if self._inflate.eof else self._raw
        if not self._raw and not self._refill():
            return False
        self._member = self._read - len(self._raw)
        self._inflate = zlib.decompressobj(31)
        self._fresh = True
        if not self._more(1):
            raise NotAWarc(self._member, "a gzip member holds nothing")
        return True

    def _fill(self) -> bool:
        while not self._inflate.eof:
            pending = self._inflate.unconsumed_tail or self._raw
            if not pending and not self._refill():
                if self._member == self._read:
                    return False
                raise NotAWarc(self._member, "a gzip member is cut")
            pending = pending or self._raw
            self._raw = b""
            try:
                block = self._inflate.decompress(pending, BLOCK_BYTES)
            except zlib.error as error:
                raise NotAWarc(self._member, "what should be a gzip member is damaged") from error
            if block:
                self._count(len(block))
                self.buffer += block
                return True
        return False

    def _refill(self) -> bool:
        self._raw = self._file.read(BLOCK_BYTES)
        self._read += len(self._raw)
        return bool(self._raw)


def _open(file: BinaryIO, most_bytes: int) -> _Source:
    start = file.read(2)
    file.seek(-len(start), 1)
    return _GzipSource(file, most_bytes) if start == GZIP else _Source(file, most_bytes)


@dataclass(slots=True)
class _Block:
    """A block on its way past: digests of all of it, and of its payload behind the head of an HTTP message."""

    is_http: bool
    sink: Payload | None
    headers: Mapping[str, str]
    whole: dict[str, hashlib._Hash]
    payload: dict[str, hashlib._Hash]
    head: bytearray = field(default_factory=bytearray)
    start: bytearray = field(default_factory=bytearray)
    payload_bytes: int = 0
    in_head: bool = True

    def feed(self, block: bytes) -> None:
        for one in self.whole.values():
            one.update(block)
        if not self.in_head:
            self._feed_payload(block)
            return
        self.head += block
        end = _end_of_head(self.head) if self.is_http else 0
        if end >= 0 or len(self.head) > HTTP_HEAD_BYTES:
            self._end_head(max(end, 0))

    def finish(self) -> None:
        if self.in_head:
            self._end_head(len(self.head) if self.is_http else 0)

    def _end_head(self, end: int) -> None:
        rest = bytes(self.head[end:])
        del self.head[end:]
        self.in_head = False
        if self.sink is not None:
            self.sink.begin(self.headers, bytes(self.head))
        self._feed_payload(rest)

    def _feed_payload(self, block: bytes) -> None:
        if not block:
            return
        self.payload_bytes += len(block)
        if len(self.start) < BODY_START_BYTES:
            self.start += block[: BODY_START_BYTES - len(self.start)]
        for one in self.payload.values():
            one.update(block)
        if self.sink is not None:
            self.sink.feed(block)


def _end_of_head(head: bytearray) -> int:
    ends = [at + len(mark) for mark in (b"\r\n\r\n", b"\n\n") if (at := head.find(mark)) >= 0]
    return min(ends, default=-1)


def _read_record(source: _Source, sink: Payload | None) -> WarcRecord:
    begin = source.begin()
    version = source.line()
    if version.strip() not in VERSIONS:
        raise NotAWarc(begin, "no record begins here")
    headers = _read_headers(source, begin)
    declared = headers.get("content-length", "")
    if not declared.isascii() or not declared.isdigit() or len(declared) > 15:
        raise NotAWarc(begin, "the record does not say how long it is")
    content_type = headers.get("content-type", "")
    stated = {name: headers[name] for name in ("warc-block-digest", "warc-payload-digest") if headers.get(name)}
    is_http = content_type.lower().startswith(HTTP_TYPE)
    block = _Block(
        is_http,
        sink,
        headers,
        _hashes(stated.get("warc-block-digest")),
        _hashes(stated.get("warc-payload-digest"), ours=True),
    )
    left = int(declared)
    while left:
        some = source.some(min(left, BLOCK_BYTES))
        if not some:
            raise NotAWarc(begin, "the record is shorter than it says")
        left -= len(some)
        block.feed(some)
    block.finish()
    if source.line() + source.line() != b"\r\n\r\n":
        raise NotAWarc(begin, "the record does not end where it says")
    length, sole = source.finish(begin)
    line, fields = http_head(bytes(block.head))
    status = line.split(" ")[1] if is_http and line.upper().startswith("HTTP/") and " " in line else ""
    kind = headers.get("warc-type", "").lower()
    return WarcRecord(
        offset=begin,
        length=length,
        headers=headers,
        status=status[:3],
        media_type=(fields.get("content-type", "") if is_http else content_type).partition(";")[0].strip().lower(),
        payload_sha256="sha256:" + block.payload["sha256"].hexdigest(),
        payload_bytes=block.payload_bytes,
        block_digest=_claimed(stated.get("warc-block-digest"), block.whole),
        # The payload of a revisit is elsewhere: what its digest is of cannot be told from this record.
        payload_digest=None if kind == "revisit" else _of_payload(stated.get("warc-payload-digest"), block, fields),
        head=bytes(block.head) if kind in KEPT_KINDS else b"",
        body_start=bytes(block.start) if kind in KEPT_KINDS else b"",
        sole=sole,
    )


def _read_headers(source: _Source, begin: int) -> dict[str, str]:
    headers: dict[str, str] = {}
    for _ in range(HEAD_LINES):
        line = source.line()
        if not line.endswith(b"\n"):
            raise NotAWarc(begin, "the head of the record does not end")
        if not line.strip():
            return headers
        name, colon, value = line.decode("utf-8", "replace").partition(":")
        if colon:
            headers.setdefault(name.strip().lower(), value.strip())
    raise NotAWarc(begin, "the head of the record has too many lines")


def _hashes(stated: str | None, *, ours: bool = False) -> dict[str, hashlib._Hash]:
    label = (stated or "").partition(":")[0].strip().lower().replace("-", "")
    wanted = {label} & set(ALGORITHMS) | ({"sha256"} if ours else set())
    return {one: hashlib.new(one, usedforsecurity=False) for one in sorted(wanted)}


def _claimed(stated: str | None, hashes: Mapping[str, hashlib._Hash]) -> Claimed | None:
    if stated is None:
        return None
    return Claimed(stated, digest_matches(stated, {name: one.digest() for name, one in hashes.items()}))


def _of_payload(stated: str | None, block: _Block, fields: Mapping[str, str]) -> Claimed | None:
    claimed = _claimed(stated, block.payload)
    if claimed is not None and claimed.holds is False and "chunked" in fields.get("transfer-encoding", "").lower():
        # The standard means the body without its framing, and what is here has it.
        return Claimed(claimed.text, None)
    return claimed
