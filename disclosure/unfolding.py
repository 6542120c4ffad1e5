"""The worker that unfolds what is compressed or encoded, and looks in it for what must not leave.

What a site sent lies in a WARC as it came over the wire: compressed by the recorder, in chunks, encoded by the site. A
cookie or an address in there is as readable to a recipient as anywhere. Nothing is written and nothing is held whole.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import brotli
import zstandard
from pydantic import Field

from casefile.canonical import Json
from casefile.digests import BLOCK_BYTES, blocks
from casefile.model import Value
from disclosure.scanning import GZIP, WARC, ZIP, Look, Scanner, Secret

MAX_UNFOLDED = 16 << 30
"""Bytes that come of one file; a bomb stops here and is told as not looked through."""
TOO_MUCH = "more comes of it than is looked through"
MAX_DEPTH = 4
"""A body in a WARC in a member of a WACZ, and what is packed in that once more."""
MAX_LINE = 64 << 10
LOCAL = struct.Struct("<4sHHHHHIIIHH")
CENTRAL = b"PK\x01\x02"
ZIP64 = 0xFFFFFFFF
STORED, DEFLATED = 0, 8
ENCRYPTED, LENGTH_BEHIND = 0x1, 0x8
"""Of a zip's members (APPNOTE 4.3.7, 4.4.4, 4.4.5)."""
PIECE = 4 << 10
"""Bytes that are handed to a decoder at once, so that what comes of them stays bounded."""


class LookedFor(Value):
    """A secret, as it is asked for."""

    kind: str
    text: str
    whole: bool


class UnfoldRequest(Value):
    """Files by their path below the inputs, and what to look for in them."""

    files: tuple[str, ...]
    secrets: tuple[LookedFor, ...]


class Found(Value):
    """Something of a kind in a file."""

    path: str
    kind: str


class UnfoldAnswer(Value):
    """What was found, and the files that could not be looked through to their end, with the reason."""

    found: tuple[Found, ...] = ()
    left: tuple[tuple[str, str], ...] = Field(default=())


class Unfoldable(Exception):
    """Something is not what it says it is, or does not end."""


DAMAGED = (Unfoldable, zlib.error, zstandard.ZstdError, brotli.error)


def reason_of(error: Exception) -> str:
    """Why something could not be looked through, in our words."""
    return str(error) if isinstance(error, Unfoldable) else "its encoding is damaged"


def work(request: Mapping[str, Any], inputs: Path, out: Path) -> dict[str, Json]:
    """The worker's function."""
    del out
    asked = UnfoldRequest.model_validate(request)
    scanner = Scanner(tuple(Secret(one.kind, one.text, one.whole) for one in asked.secrets))
    found: list[Found] = []
    left: list[tuple[str, str]] = []
    for path in asked.files:
        look = scanner.look(path)
        with (inputs / path).open("rb") as stream:
            try:
                unfold(blocks(stream), look)
            except DAMAGED as error:
                left.append((path, reason_of(error)))
        found += [Found(path=hit.path, kind=hit.kind) for hit in look.hits()]
    return UnfoldAnswer(found=tuple(found), left=tuple(left)).plain()


def unfold(content: Iterator[bytes], look: Look, limit: int = MAX_UNFOLDED) -> None:
    """Feed `look` with all that is in these bytes and that they do not show themselves. Raises Unfoldable."""
    unfolding = _Unfolding(look, limit)
    unfolding.into(content, 0)
    if unfolding.incomplete:
        raise Unfoldable(unfolding.incomplete)


class _Unfolding:
    """`incomplete` is why a body in it could not be decoded to its end; what follows it was looked at all the same."""

    def __init__(self, look: Look, limit: int) -> None:
        self._look = look
        self._left = limit
        self.incomplete = ""

    def into(self, content: Iterator[bytes], depth: int) -> None:
        """What is inside, at that depth; bytes at depth 0 were looked at by whoever wrote them."""
        look = self._look.within() if depth else None
        try:
            self._into(_Source(self._counted(content) if depth else content), look, depth)
        finally:
            if look is not None:
                look.hits()

    def _into(self, source: _Source, look: Look | None, depth: int) -> None:
        head = source.peek(len(WARC))
        if depth == MAX_DEPTH and head.startswith((GZIP, ZIP)):
            raise Unfoldable("it is folded too often")
        if head.startswith(GZIP):
            self.into(_inflated(source.rest(look)), depth + 1)
        elif head.startswith(ZIP):
            self._members(source, look, depth)
        elif head.startswith(WARC):
            for body in _bodies(source, look):
                self._part(body, depth)
        else:
            for block in source.rest(look):
                del block

    def _part(self, content: Iterator[bytes], depth: int) -> None:
        """One of several things inside: where it is damaged, the others are looked at all the same."""
        try:
            self.into(content, depth + 1)
        except DAMAGED as error:
            self.incomplete = self.incomplete or reason_of(error)

    def _members(self, source: _Source, look: Look | None, depth: int) -> None:
        """What lies in a zip, member after member as they lie there; its list at the end is looked at too."""
        while source.peek(4) == ZIP:
            for content in _member(source, look):
                self._part(content, depth)
        for block in source.rest(look):
            del block

    def _counted(self, content: Iterator[bytes]) -> Iterator[bytes]:
        for block in content:
            self._left -= len(block)
            if self._left < 0:
                raise Unfoldable(TOO_MUCH)
            yield block


class _Source:
    """Bytes from blocks, by lines and by lengths."""

    def __init__(self, content: Iterator[bytes]) -> None:
        # A decoder that was given too little gives nothing yet, and that is not the end.
        self._content = (block for block in content if block)
        self._held = b""

    def peek(self, length: int) -> bytes:
        while len(self._held) < length and (block := next(self._content, b"")):
            self._held += block
        return self._held[:length]

    def line(self) -> bytes:
        """The next line with its end; empty at the end."""
        while b"\n" not in self._held:
            block = next(self._content, b"")
            if len(self._held) > MAX_LINE:
                raise Unfoldable("a line does not end")
            if not block:
                break
            self._held += block
        line, end, self._held = self._held.partition(b"\n")
        return line + end

    def take(self, length: int) -> Iterator[bytes]:
        """The next so many bytes."""
        while length:
            block = self._held or next(self._content, b"")
            if not block:
                raise Unfoldable("it ends too early")
            self._held = block[length:]
            yield block[:length]
            length -= min(length, len(block))

    def until(self, left: Callable[[], bytes | None]) -> Iterator[bytes]:
        """Blocks until `left` says what of the last one was not wanted, which is then the next again."""
        while (unwanted := left()) is None:
            block = self._held or next(self._content, b"")
            self._held = b""
            if not block:
                return
            yield block
        self._held = unwanted + self._held

    def rest(self, look: Look | None) -> Iterator[bytes]:
        """Everything that is left, looked at on its way."""
        held, self._held = self._held, b""
        for block in (held, *()) if held else ():
            yield _seen(block, look)
        for block in self._content:
            yield _seen(block, look)


def _seen(block: bytes, look: Look | None) -> bytes:
    if look is not None:
        look.feed(block)
    return block


def _inflated(content: Iterator[bytes]) -> Iterator[bytes]:
    """What gzip members give, one after the other (RFC 1952)."""
    decoder = zlib.decompressobj(wbits=31)
    for block in content:
        rest = block
        while rest:
            if decoder.eof:
                decoder = zlib.decompressobj(wbits=31)
            yield decoder.decompress(rest, BLOCK_BYTES)
            rest = decoder.unconsumed_tail or decoder.unused_data
    if not decoder.eof:
        raise Unfoldable("it ends within a member")


def _member(source: _Source, look: Look | None) -> Iterator[Iterator[bytes]]:
    """The content of the next member of a zip (APPNOTE 4.3.7), unpacked; afterwards the next one is before us."""
    head = LOCAL.unpack(_whole(source, LOCAL.size, look))
    flags, method, size, names, extras = head[2], head[3], head[7], head[9], head[10]
    _whole(source, names, look)
    extra = _whole(source, extras, look)
    if size == ZIP64 and extra[:2] == b"\x01\x00" and len(extra) >= 20:
        size = int.from_bytes(extra[12:20], "little")
    if flags & ENCRYPTED or method not in (STORED, DEFLATED):
        raise Unfoldable("a member is encrypted, or packed in a way that is not read")
    if flags & LENGTH_BEHIND:
        if method == STORED:
            raise Unfoldable("a member does not say how long it is")
        yield _deflated_member(source, look)
        while source.peek(4) not in (ZIP, CENTRAL, b""):
            _whole(source, 1, look)
        return
    packed = _Source(_look_at(source.take(size), look))
    yield _deflated(packed.rest(None)) if method == DEFLATED else packed.rest(None)
    for block in packed.rest(None):
        del block


def _deflated_member(source: _Source, look: Look | None) -> Iterator[bytes]:
    """A member that ends where its own packing does; what is behind it is left where it is."""
    decoder = zlib.decompressobj(wbits=-15)
    for block in source.until(lambda: decoder.unused_data if decoder.eof else None):
        rest = _seen(block, look)
        while rest and not decoder.eof:
            yield decoder.decompress(rest, BLOCK_BYTES)
            rest = decoder.unconsumed_tail
    if not decoder.eof:
        raise Unfoldable("it ends within a member")


def _whole(source: _Source, length: int, look: Look | None) -> bytes:
    return b"".join(_look_at(source.take(length), look))


def _bodies(source: _Source, look: Look | None) -> Iterator[Iterator[bytes]]:
    """The body of each HTTP message in a WARC, decoded; heads and other records are looked at on the way."""
    while (line := source.line()) != b"":
        if not line.strip():
            continue
        head = _seen(line, look) if look else line
        length = -1
        while (head := source.line()).strip():
            _seen(head, look)
            name, _colon, value = head.partition(b":")
            if name.strip().lower() == b"content-length" and value.strip().isdigit():
                length = int(value)
        if length < 0:
            raise Unfoldable("a record has no length")
        record = _Source(_look_at(source.take(length), look))
        if record.peek(5) in (b"HTTP/", b"GET /", b"POST ", b"HEAD "):
            yield _decoded(record)
        for block in record.rest(None):
            del block


def _look_at(content: Iterator[bytes], look: Look | None) -> Iterator[bytes]:
    return (_seen(block, look) for block in content)


def _decoded(message: _Source) -> Iterator[bytes]:
    """The body of an HTTP message without its framing and its codings (RFC 9110 section 8.4, RFC 9112 section 7.1)."""
    headers: dict[bytes, bytes] = {}
    message.line()
    while (line := message.line()).strip():
        name, _colon, value = line.partition(b":")
        headers[name.strip().lower()] = value.strip().lower()
    body = message.rest(None)
    if b"chunked" in headers.get(b"transfer-encoding", b""):
        body = _unchunked(_Source(body))
    for coding in reversed(headers.get(b"content-encoding", b"").replace(b" ", b"").split(b",")):
        body = _without(coding, body)
    return body


def _unchunked(source: _Source) -> Iterator[bytes]:
    while (line := source.line()).strip():
        try:
            length = int(line.partition(b";")[0], 16)
        except ValueError as error:
            raise Unfoldable("a chunk has no length") from error
        if not length:
            return
        yield from source.take(length)
        source.line()


def _without(coding: bytes, body: Iterator[bytes]) -> Iterator[bytes]:
    if coding in (b"gzip", b"x-gzip"):
        return _inflated(body)
    if coding == b"deflate":
        return _deflated(body)
    if coding == b"br":
        return _unbrotlied(body)
    return _unzstandard(body) if coding == b"zstd" else body


def _deflated(body: Iterator[bytes]) -> Iterator[bytes]:
    """RFC 9110 section 8.4.1.2, with or without the wrapping that servers forget."""
    source = _Source(body)
    wrapped = source.peek(1)[:1] == b"\x78"
    decoder = zlib.decompressobj(wbits=15 if wrapped else -15)
    for block in source.rest(None):
        rest = block
        while rest and not decoder.eof:
            yield decoder.decompress(rest, BLOCK_BYTES)
            rest = decoder.unconsumed_tail


def _unbrotlied(body: Iterator[bytes]) -> Iterator[bytes]:
    decoder = brotli.Decompressor()
    for block in _pieces(body):
        yield decoder.process(block, output_buffer_limit=BLOCK_BYTES)
        while not decoder.can_accept_more_data():
            yield decoder.process(b"", output_buffer_limit=BLOCK_BYTES)


def _unzstandard(body: Iterator[bytes]) -> Iterator[bytes]:
    decoder = zstandard.ZstdDecompressor(max_window_size=128 << 20).decompressobj()
    for block in _pieces(body):
        yield decoder.decompress(block)


def _pieces(body: Iterator[bytes]) -> Iterator[bytes]:
    for block in body:
        for at in range(0, len(block), PIECE):
            yield block[at : at + PIECE]
