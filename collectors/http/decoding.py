"""Content codings taken off as bytes arrive, bounded, with the end checked.

A decoder that accepts a cut gzip stream or a bomb turns damage into evidence. Each of these knows whether its stream
came to its own end, and none makes more than a bounded number of bytes out of one call.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence
from typing import Protocol

import brotli
import zstandard

STEP_BYTES = 1 << 18
"""Most bytes that one step makes."""
ZSTD_WINDOW_BYTES = 8 << 20
"""RFC 8878 section 3.1.1.1.2: what a decoder should support; RFC 9659 makes it the web's limit."""
ZSTD_SLICE_BYTES = 256
"""A block of four bytes can stand for 128 KiB: a slice makes 8 MiB at most."""
MOST_CODINGS = 3


class DecodingFailed(ValueError):
    """The stream is not what its coding says."""


class Decoder(Protocol):
    """Takes bytes as sent, gives bytes as meant. `finished` once the stream's own end was seen and held."""

    @property
    def finished(self) -> bool: ...

    def feed(self, block: bytes) -> Iterator[bytes]: ...


class GzipDecoder:
    """gzip (RFC 1952), several members allowed; zlib compares CRC and length of each. `finished` after a trailer."""

    def __init__(self) -> None:
        self._inflate = zlib.decompressobj(wbits=31)
        self._members = 0
        self._begun = False
        self._padded = False

    @property
    def finished(self) -> bool:
        return self._members > 0 and not self._begun

    def feed(self, block: bytes) -> Iterator[bytes]:
        """Decode a block; raises DecodingFailed at damage, after what came before it."""
        while block and not self._padded:
            if self.finished and not block.startswith(b"\x1f"):
                # Padding after the last member is not part of the content; gzip(1) and browsers pass over it too.
                self._padded = True
                return
            self._begun = True
            yield from _inflate(self._inflate, block)
            block = b""
            if self._inflate.eof:
                block = self._inflate.unused_data
                self._inflate = zlib.decompressobj(wbits=31)
                self._members += 1
                self._begun = False


class DeflateDecoder:
    """deflate as RFC 9110 means it (zlib, RFC 1950) and as some servers send it (raw, RFC 1951)."""

    def __init__(self) -> None:
        self._inflate: zlib._Decompress | None = None

    @property
    def finished(self) -> bool:
        return self._inflate is not None and self._inflate.eof

    def feed(self, block: bytes) -> Iterator[bytes]:
        """Decode a block; the first byte of the body tells which of the two it is."""
        if not block:
            return
        if self._inflate is None:
            # RFC 1950 section 2.2: method 8 in the low bits. A raw stream that begins so is not met in practice.
            self._inflate = zlib.decompressobj(wbits=15 if block[0] & 0x0F == 8 else -15)
        if not self._inflate.eof:
            yield from _inflate(self._inflate, block)


class BrotliDecoder:
    """br (RFC 7932)."""

    def __init__(self) -> None:
        self._brotli = brotli.Decompressor()

    @property
    def finished(self) -> bool:
        return bool(self._brotli.is_finished())

    def feed(self, block: bytes) -> Iterator[bytes]:
        """Decode a block; what is behind the end of the stream is passed over."""
        try:
            while not self.finished:
                made = self._brotli.process(block, output_buffer_limit=STEP_BYTES)
                block = b""
                if made:
                    yield made
                elif self._brotli.can_accept_more_data():
                    return
        except brotli.error as error:
            raise DecodingFailed(f"br: {error}") from error


class ZstdDecoder:
    """zstd (RFC 8878), several frames allowed."""

    def __init__(self) -> None:
        self._context = zstandard.ZstdDecompressor(max_window_size=ZSTD_WINDOW_BYTES)
        self._zstd = self._context.decompressobj()
        self._frames = 0
        self._begun = False

    @property
    def finished(self) -> bool:
        return self._frames > 0 and not self._begun

    def feed(self, block: bytes) -> Iterator[bytes]:
        """Decode a block, in slices that bound what one of them can make."""
        for start in range(0, len(block), ZSTD_SLICE_BYTES):
            yield from self._slice(block[start : start + ZSTD_SLICE_BYTES])

    def _slice(self, block: bytes) -> Iterator[bytes]:
        try:
            while block:
                self._begun = True
                made = self._zstd.decompress(block)
                if made:
                    yield made
                block = b""
                if self._zstd.eof:
                    block = self._zstd.unused_data
                    self._zstd = self._context.decompressobj()
                    self._frames += 1
                    self._begun = False
        except zstandard.ZstdError as error:
            raise DecodingFailed(f"zstd: {error}") from error


class Chain:
    """Several codings, the last applied taken off first (RFC 9110 section 8.4)."""

    def __init__(self, decoders: Sequence[Decoder]) -> None:
        self._decoders = tuple(decoders)

    @property
    def finished(self) -> bool:
        return all(decoder.finished for decoder in self._decoders)

    def feed(self, block: bytes) -> Iterator[bytes]:
        yield from _through(self._decoders, block)


DECODERS: dict[str, type[GzipDecoder | DeflateDecoder | BrotliDecoder | ZstdDecoder]] = {
    "gzip": GzipDecoder,
    "x-gzip": GzipDecoder,
    "deflate": DeflateDecoder,
    "br": BrotliDecoder,
    "zstd": ZstdDecoder,
}


def codings(content_encoding: str) -> tuple[str, ...]:
    """The codings of a Content-Encoding header in the order of their application; `identity` is none."""
    names = (name.strip().lower() for name in content_encoding.split(","))
    return tuple(name for name in names if name and name != "identity")


def decoder_for(content_encoding: str) -> Decoder | None:
    """A decoder, or None where there is nothing to take off; raises DecodingFailed for a coding we cannot read."""
    names = codings(content_encoding)
    if not names:
        return None
    unknown = [name for name in names if name not in DECODERS]
    if unknown or len(names) > MOST_CODINGS:
        raise DecodingFailed(f"the coding {', '.join(unknown or names)[:80]!r} cannot be taken off")
    return Chain([DECODERS[name]() for name in reversed(names)])


def _through(decoders: Sequence[Decoder], block: bytes) -> Iterator[bytes]:
    if not decoders:
        yield block
        return
    for made in decoders[0].feed(block):
        yield from _through(decoders[1:], made)


def _inflate(inflate: zlib._Decompress, block: bytes) -> Iterator[bytes]:
    made = bytes(STEP_BYTES)
    # A full step may leave output behind in the window even when all input was taken.
    while block or len(made) == STEP_BYTES:
        before = inflate.copy()
        try:
            made = inflate.decompress(block, STEP_BYTES)
        except zlib.error as error:
            yield from _salvage(before, block)
            raise DecodingFailed(f"gzip or deflate: {error}") from error
        if made:
            yield made
        block = inflate.unconsumed_tail


def _salvage(inflate: zlib._Decompress, block: bytes) -> Iterator[bytes]:
    """What can be had up to the damage: a call that fails gives nothing of what it had made before."""
    try:
        for position in range(len(block)):
            made = inflate.decompress(block[position : position + 1])
            if made:
                yield made
    except zlib.error:
        return
