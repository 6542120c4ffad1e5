"""A response body on its way from the wire to its file: each block is stored before anybody sees it."""

from __future__ import annotations

import contextlib
import hashlib
import http.client
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

import brotli

from casefile.vocabulary import Cause
from collectors.ytdlp.faults import LimitReached, WireFault
from collectors.ytdlp.recording import Recorder, Transfer

BLOCK_BYTES = 1 << 18
MAX_DOCUMENT_BYTES = 64 << 20
"""What yt-dlp may read into memory in one piece. Pages, playlists and API answers are far below; media are streamed."""


class Body:
    """The bytes of one response after its headers. `read` is bounded by `limits`; `ended` is called once.

    Raises WireFault when the connection breaks and LimitReached when a bound is met; the file keeps what came.
    """

    def __init__(
        self,
        raw: http.client.HTTPResponse,
        transfer: Transfer,
        recorder: Recorder,
        ended: Callable[[bool], None],
    ) -> None:
        self._raw = raw
        self._transfer = transfer
        self._recorder = recorder
        self._ended = ended
        self._file: BinaryIO | None = None
        self._left = raw.length if not raw.chunked else None
        self._window_start = recorder.now()
        self._window_bytes = 0
        self.open = True

    def next_block(self, limit: int = BLOCK_BYTES) -> bytes:
        """The next bytes, as soon as some are there; empty at the end."""
        if not self.open:
            return b""
        if self._left == 0:
            return self._end()
        try:
            self._recorder.left_s()
            block = self._raw.read1(min(limit, self._left) if self._left is not None else limit)
        except LimitReached as error:
            self._break(Cause.TIMEOUT, error.detail)
            raise
        except http.client.IncompleteRead as error:
            raise self._broken(Cause.TRUNCATED, "the body ended inside a chunk") from error
        except http.client.HTTPException as error:
            # What came before the framing broke is kept, as of any body that was cut.
            why = Cause.TRUNCATED if self._transfer.wire_bytes else Cause.MALFORMED
            raise self._broken(why, "the body is not framed as it should be") from error
        except TimeoutError as error:
            raise self._broken(Cause.TIMEOUT, "no byte for too long") from error
        except (OSError, ValueError) as error:
            raise self._broken(Cause.RESET, type(error).__name__) from error
        if not block:
            return self._end()
        self._store(block)
        return block

    def read(self, amount: int | None = None) -> bytes:
        """Up to `amount` bytes, fewer only at the end; all that is left when it is None, within the document bound."""
        parts: list[bytes] = []
        size = 0
        while amount is None or size < amount:
            block = self.next_block(BLOCK_BYTES if amount is None else min(BLOCK_BYTES, amount - size))
            if not block:
                break
            parts.append(block)
            size += len(block)
            if amount is None and size > MAX_DOCUMENT_BYTES:
                raise self._broken(Cause.TOO_LARGE, f"a document of more than {MAX_DOCUMENT_BYTES} bytes")
        return b"".join(parts)

    def drain(self, most: int | None = None) -> None:
        """Receive the rest into the file, holding one block in memory."""
        size = 0
        while block := self.next_block():
            size += len(block)
            if most is not None and size > most:
                raise self._broken(Cause.TOO_LARGE, f"more than {most} bytes")

    def close(self) -> None:
        """Leave the rest where it is, whatever it was worth: the entry says why, or that the end was not waited for."""
        if self.open and self._left == 0:
            with contextlib.suppress(WireFault, LimitReached):
                self._end()
        if self.open:
            self._break(None, "left before the end")

    def _store(self, block: bytes) -> None:
        if self._file is None:
            self._file = self._recorder.open_body(self._transfer)
        self._file.write(block)
        self._transfer.wire_bytes += len(block)
        if self._left is not None:
            self._left -= len(block)
        limits = self._recorder.limits
        try:
            self._recorder.count(len(block))
            if self._transfer.wire_bytes > limits.max_bytes:
                raise LimitReached(Cause.TOO_LARGE, f"more than {limits.max_bytes} bytes in one response")
            self._keep_pace(len(block))
        except LimitReached as error:
            self._break(error.why, error.detail)
            raise

    def _keep_pace(self, size: int) -> None:
        limits = self._recorder.limits
        self._window_bytes += size
        elapsed = self._recorder.now() - self._window_start
        if elapsed < limits.minimum_rate_window_s:
            return
        if self._window_bytes < limits.minimum_rate_bytes_s * elapsed:
            raise LimitReached(Cause.TIMEOUT, f"fewer than {limits.minimum_rate_bytes_s} bytes a second")
        self._window_start, self._window_bytes = self._recorder.now(), 0

    def _end(self) -> bytes:
        if self._left:
            raise self._broken(Cause.TRUNCATED, f"{self._left} bytes short of Content-Length")
        if self._transfer.is_unasked_part:
            raise self._broken(Cause.TRUNCATED, "a part came where the whole was asked for")
        self._transfer.complete = True
        self._transfer.length = "verified" if self._left == 0 or self._raw.chunked else "unverified"
        self._finish(reusable=not self._raw.will_close)
        return b""

    def _broken(self, why: Cause, detail: str) -> WireFault:
        try:
            self._recorder.left_s()  # a connection that we cut at the deadline did not break by itself
        except LimitReached as error:
            self._break(error.why, error.detail)
            raise
        if why is Cause.TRUNCATED:
            self._transfer.length = "short"
        self._break(why, detail)
        return WireFault(why, detail)

    def _break(self, why: Cause | None, detail: str) -> None:
        self._transfer.cause = why
        self._transfer.error = detail if why is None else f"{why}: {detail}"
        self._finish(reusable=False)

    def _finish(self, *, reusable: bool) -> None:
        self.open = False
        self._transfer.ended_at = self._recorder.stamp()
        if self._file is not None:
            self._file.close()
            self._file = None
        self._raw.close()
        self._ended(reusable)


def decode(transfer: Transfer, recorder: Recorder) -> Path:
    """Undo the Content-Encoding of a received body into a second file; both are kept.

    A damaged body is decoded as far as it goes and marked. Raises LimitReached when the decoded bytes pass the bound
    of the capture: the wire bytes are kept then.
    """
    decoded = recorder.out / f"{transfer.path}.decoded"
    digest = hashlib.sha256()
    with (recorder.out / transfer.path).open("rb") as wire, decoded.open("xb") as target:
        transfer.decoded_path = f"{transfer.path}.decoded"
        blocks = _digested(wire, digest.update)
        encodings = [one.strip() for one in transfer.headers_by_name.get("content-encoding", "").lower().split(",")]
        try:
            for encoding in reversed(encodings):
                blocks = DECODERS[encoding](blocks)
            for block in blocks:
                target.write(block)
                transfer.decoded_bytes += len(block)
                recorder.count(len(block))
        except KeyError as error:
            transfer.damaged = True
            transfer.error = f"{Cause.ENCODING_DAMAGED}: Content-Encoding {error} is not known"
        except (zlib.error, brotli.error, EOFError) as error:
            transfer.damaged = True
            transfer.error = f"{Cause.ENCODING_DAMAGED}: {type(error).__name__}"
        for _ in _digested(wire, digest.update):
            """The digest is of every byte sent, also of those behind the damage."""
    transfer.wire_sha256 = "sha256:" + digest.hexdigest()
    return decoded


def _digested(wire: BinaryIO, update: Callable[[bytes], None]) -> Iterator[bytes]:
    while block := wire.read(1 << 16):
        update(block)
        yield block


def _inflate(blocks: Iterator[bytes]) -> Iterator[bytes]:
    engine = zlib.decompressobj(wbits=zlib.MAX_WBITS | 32)
    for block in blocks:
        while block:
            yield engine.decompress(block, BLOCK_BYTES)
            block = engine.unconsumed_tail
    yield engine.flush()
    if not engine.eof:
        raise EOFError


def _unbrotli(blocks: Iterator[bytes]) -> Iterator[bytes]:
    engine = brotli.Decompressor()
    for block in blocks:
        yield engine.process(block, output_buffer_limit=BLOCK_BYTES)
        while not engine.can_accept_more_data():
            yield engine.process(b"", output_buffer_limit=BLOCK_BYTES)
    if not engine.is_finished():
        raise EOFError


DECODERS: dict[str, Callable[[Iterator[bytes]], Iterator[bytes]]] = {
    "gzip": _inflate,
    "x-gzip": _inflate,
    "deflate": _inflate,
    "br": _unbrotli,
    "identity": lambda blocks: blocks,
    "": lambda blocks: blocks,
}
