"""HTTP/1.1 messages in a recorded stream of bytes: where each begins and ends, by RFC 9112, and nothing beyond.

Strict where two readings are possible: such a message and all that follows it is left as the bytes that it is.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, Literal

from collectors.http.warc import FileSlice

HEAD_BYTES = 1 << 18
USUAL_HEAD_BYTES = 1 << 13
CHUNK_HEAD_BYTES = 1 << 12
READ_BYTES = 1 << 18
LINE_END = re.compile(rb"\r?\n")
HEAD_END = re.compile(rb"\r?\n\r?\n")
REQUEST_LINE = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]{1,64}) ([^\s]{1,65536}) HTTP/1\.[01]")
STATUS_LINE = re.compile(rb"HTTP/1\.[01] ([1-9][0-9]{2})(?: .*)?")
CHUNK_LINE = re.compile(rb"([0-9A-Fa-f]{1,15})[ \t]*(?:;.*)?")
LENGTH = re.compile(r"[0-9]{1,18}", re.ASCII)
BODILESS = frozenset({204, 304})
SWITCHED = 101

Framing = Literal["none", "length", "chunked", "close"]


@dataclass(frozen=True, slots=True)
class Piece:
    """A run of bytes of a stream: where it is in the file, where in the stream, and when it passed (microseconds)."""

    start: int
    length: int
    at: int
    moment_us: int


@dataclass(slots=True)
class Stream:
    """One direction of a recorded connection, of which `file` holds the pieces."""

    path: Path
    file: BinaryIO
    pieces: list[Piece] = field(default_factory=list)
    length: int = 0
    _starts: list[int] = field(default_factory=list)

    def add(self, start: int, length: int, moment_us: int) -> None:
        self.pieces.append(Piece(start, length, self.length, moment_us))
        self._starts.append(self.length)
        self.length += length

    def read(self, at: int, size: int) -> bytes:
        """At most `size` bytes from there; fewer only at the end."""
        parts = []
        for one in self.slices(at, min(at + size, self.length)):
            self.file.seek(one.start)
            parts.append(self.file.read(one.length))
        return b"".join(parts)

    def slices(self, begin: int, end: int) -> tuple[FileSlice, ...]:
        """Where the bytes from `begin` to `end` are."""
        return tuple(
            FileSlice(self.path, one.start + max(begin - one.at, 0), min(end, one.at + one.length) - max(begin, one.at))
            for one in self._over(begin, end)
        )

    def blocks(self, begin: int, end: int) -> Iterator[bytes]:
        for at in range(begin, end, READ_BYTES):
            yield self.read(at, min(READ_BYTES, end - at))

    def moment_us(self, at: int) -> int:
        """When the byte at that place passed; 0 in an empty stream."""
        return self.pieces[max(bisect_right(self._starts, at) - 1, 0)].moment_us if self.pieces else 0

    def _over(self, begin: int, end: int) -> Sequence[Piece]:
        if begin >= end:
            return ()
        return self.pieces[bisect_right(self._starts, begin) - 1 : bisect_right(self._starts, end - 1)]


@dataclass(frozen=True, slots=True)
class Message:
    """Positions in its stream. `method` and `target` are a request's, `status` a response's.

    Names of headers are in lower case. `cut` when the stream ended before the message did; a body that ends with the
    connection is never known to be cut.
    """

    start: int
    body: int
    end: int
    framing: Framing
    headers: tuple[tuple[str, str], ...]
    method: str = ""
    target: str = ""
    status: int = 0
    cut: bool = False


@dataclass(frozen=True, slots=True)
class Conversation:
    """A request, the interim responses, and the response, as far as each is there."""

    request: Message | None
    interim: tuple[Message, ...]
    response: Message | None


class _Unreadable(Exception):
    """No message begins there, or its end can be read in two ways."""


def conversations(up: Stream, down: Stream) -> tuple[list[Conversation], int, int]:
    """What was said in order, and where in each direction the bytes begin that are no message."""
    found: list[Conversation] = []
    asked = told = 0
    while asked < up.length or told < down.length:
        request = _next(up, asked, None)
        if request is not None:
            asked = request.end
        interim: list[Message] = []
        response = _next(down, told, request.method if request else "")
        while response is not None and 100 <= response.status < 200 and response.status != SWITCHED:
            interim.append(response)
            response = _next(down, response.end, request.method if request else "")
        told = response.end if response else interim[-1].end if interim else told
        if request is None and response is None and not interim:
            break
        found.append(Conversation(request, tuple(interim), response))
        if response is not None and response.status == SWITCHED:
            break
    return found, asked, told


def payload(stream: Stream, message: Message) -> Iterator[bytes]:
    """The body of a message, in blocks, with its chunk framing taken off; of one that is cut, what came of it."""
    if message.framing != "chunked":
        yield from stream.blocks(message.body, message.end)
        return
    at = message.body
    while True:
        line, after = _line(stream, at)
        said = CHUNK_LINE.fullmatch(line) if line is not None else None
        size = int(said.group(1), 16) if said else 0
        if size == 0:
            return
        yield from stream.blocks(after, min(after + size, message.end))
        at = after + size
        if at >= message.end:
            return
        line, at = _line(stream, at)


def _next(stream: Stream, at: int, method: str | None) -> Message | None:
    """The message there, a response to `method` unless that is None; None where none can be read."""
    if at >= stream.length:
        return None
    try:
        return _read(stream, at, method)
    except _Unreadable:
        return None


def _read(stream: Stream, at: int, method: str | None) -> Message:
    head, end = b"", None
    for size in (USUAL_HEAD_BYTES, HEAD_BYTES):
        head = head if end else stream.read(at, size)
        end = end or HEAD_END.search(head)
    if end is None:
        raise _Unreadable
    first, *lines = LINE_END.split(head[: end.start()])
    headers = tuple(_header(line) for line in lines)
    body = at + end.end()
    line = (REQUEST_LINE if method is None else STATUS_LINE).fullmatch(first)
    if line is None:
        raise _Unreadable
    status = 0 if method is None else int(line.group(1))
    bodiless = status in BODILESS or 100 <= status < 200 or (status > 0 and method == "HEAD")
    framing: Framing = "none"
    length = 0
    if not bodiless:
        framing, length = _framing(headers, response=status > 0)
    if framing == "chunked":
        stop, cut = _end_of_chunks(stream, body)
    elif framing == "close":
        stop, cut = stream.length, False
    else:
        stop, cut = min(body + length, stream.length), body + length > stream.length
    if method is None:
        asked, target = line.group(1).decode("ascii"), line.group(2).decode("latin-1")
        return Message(at, body, stop, framing, headers, method=asked, target=target, cut=cut)
    return Message(at, body, stop, framing, headers, status=status, cut=cut)


def _header(line: bytes) -> tuple[str, str]:
    name, colon, value = line.decode("latin-1").partition(":")
    if not colon or not name:
        raise _Unreadable
    return name.strip().lower(), value.strip()


def _framing(headers: Sequence[tuple[str, str]], *, response: bool) -> tuple[Framing, int]:
    """How the body is delimited, and its length (RFC 9112 section 6.3)."""
    codings = [value.lower() for name, value in headers if name == "transfer-encoding"]
    lengths = {one.strip() for name, value in headers if name == "content-length" for one in value.split(",")}
    if codings:
        if lengths or codings != ["chunked"]:
            raise _Unreadable
        return "chunked", 0
    if len(lengths) > 1 or any(not LENGTH.fullmatch(one) for one in lengths):
        raise _Unreadable
    if lengths:
        return "length", int(lengths.pop())
    return ("close", 0) if response else ("none", 0)


def _end_of_chunks(stream: Stream, at: int) -> tuple[int, bool]:
    """Where a chunked body ends, trailers included, and whether the stream ended before."""
    while True:
        line, after = _line(stream, at)
        if line is None:
            return stream.length, True
        said = CHUNK_LINE.fullmatch(line)
        if said is None:
            raise _Unreadable
        size = int(said.group(1), 16)
        if size == 0:
            break
        if after + size > stream.length:
            return stream.length, True
        line, at = _line(stream, after + size)
        if line is None:
            return stream.length, True
        if line:
            raise _Unreadable
    while True:
        line, after = _line(stream, after)
        if line is None:
            return stream.length, True
        if not line:
            return after, False


def _line(stream: Stream, at: int) -> tuple[bytes | None, int]:
    """The line there without its end, and where the next begins; None when the stream ends within it."""
    window = stream.read(at, CHUNK_HEAD_BYTES)
    end = LINE_END.search(window)
    if end is not None:
        return window[: end.start()], at + end.end()
    if len(window) == CHUNK_HEAD_BYTES:
        raise _Unreadable
    return None, stream.length
