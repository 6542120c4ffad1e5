"""Reading one response: h11 says where the message begins and ends, and every byte is spooled as it came."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import h11

from casefile.model import readable
from casefile.vocabulary import Cause
from collectors.http.body import BodyStore, Problem
from collectors.http.warc import FileSlice, Part
from collectors.http.wire import Wire, WireFailed

HEAD_TOO_LONG = 431
"""What h11 hints at where a head goes on beyond its bound (RFC 6585 section 5)."""
SURPLUS_BYTES = 1 << 16
SURPLUS_WAIT_S = 0.3
"""With `Connection: close` the other side closes at once; this is for those that do not."""
GREETING = b"HTTP/1."


@dataclass(frozen=True, slots=True)
class Head:
    """Status and headers of a response; header names in lower case, values as Latin-1 (RFC 9110 section 5.5)."""

    status: int
    headers: tuple[tuple[str, str], ...]

    def values(self, name: str) -> list[str]:
        return [value for known, value in self.headers if known == name]

    def value(self, name: str) -> str:
        """The first value of a header, or nothing."""
        return next(iter(self.values(name)), "")

    @property
    def chunked(self) -> bool:
        return bool(self.values("transfer-encoding"))

    @property
    def coding(self) -> str:
        return ", ".join(self.values("content-encoding"))

    @property
    def framed(self) -> bool:
        """Whether the end of the body is stated, so that a cut can be seen."""
        return self.chunked or bool(self.values("content-length")) or self.status in (204, 304)


class Listener:
    """Feeds h11 from the wire and spools each byte; positions are bytes since the first one received."""

    def __init__(self, wire: Wire, protocol: h11.Connection, raw: BinaryIO) -> None:
        self._wire = wire
        self._protocol = protocol
        self._raw = raw
        self._tee = True
        self._first = b""
        self._received = 0
        self._interim_end = 0
        self._head_end = 0
        self._body_end = 0
        self.ended = False

    def read_head(self) -> Head:
        """The final response's head, interim ones passed over; raises WireFailed when there is none."""
        try:
            event = self._next_event()
            while isinstance(event, h11.InformationalResponse):
                self._interim_end = self._consumed()
                event = self._next_event()
        except h11.RemoteProtocolError as error:
            endless = error.error_status_hint == HEAD_TOO_LONG
            said = "the head of the answer is longer than is accepted" if endless else readable(str(error), 300)
            raise self._headless(said) from error
        if not isinstance(event, h11.Response):
            raise self._headless("the connection was closed without an answer")
        self._head_end = self._body_end = self._consumed()
        headers = tuple((name.decode("latin-1").lower(), value.decode("latin-1")) for name, value in event.headers)
        return Head(event.status_code, headers)

    def read_body(self, store: BodyStore, head: Head) -> Problem | None:
        """The body into `store`, and what was wrong with it."""
        if head.chunked and head.values("content-length"):
            # Two statements about one length are an attack on whoever believes the other (RFC 9112 section 6.3).
            return self._cut(Problem(Cause.MALFORMED, "both a length and a transfer coding are stated", "disconnect"))
        store.set_coding(head.coding)
        if not head.chunked and store.decoder is None:
            self._tee = False
            self._raw.truncate(self._head_end)
        try:
            while isinstance(event := self._next_event(), h11.Data):
                if not store.take(bytes(event.data)):
                    return self._cut(store.problem)
        except h11.RemoteProtocolError as error:
            broken = store.wire_bytes == 0 and not self.ended
            cause = Cause.MALFORMED if broken else Cause.TRUNCATED
            return self._cut(Problem(cause, readable(str(error), 300), "disconnect"))
        except WireFailed as failure:
            if failure.cause is Cause.TIMEOUT:
                return self._cut(Problem(Cause.TIMEOUT, failure.detail, "time"))
            return self._cut(Problem(Cause.TRUNCATED, failure.detail, "disconnect"))
        store.end()
        return store.problem

    def surplus(self) -> bytes:
        """What came behind the end of the message, at most 64 KiB."""
        early = self._protocol.trailing_data[0][:SURPLUS_BYTES]
        if self.ended:
            return early
        return early + self._wire.remainder(SURPLUS_BYTES - len(early), SURPLUS_WAIT_S)

    def interim(self, spool: Path) -> bytes:
        """The interim responses (1xx) in front of the final one."""
        with spool.open("rb") as raw:
            return raw.read(self._interim_end)

    def parts(self, spool: Path, body: Path) -> tuple[Part, ...]:
        """The final response as it was sent, head and body."""
        if self._tee:
            return (FileSlice(spool, self._interim_end, self._body_end - self._interim_end),)
        head = FileSlice(spool, self._interim_end, self._head_end - self._interim_end)
        return (head, FileSlice(body, 0, body.stat().st_size))

    def _next_event(self) -> object:
        while True:
            event = self._protocol.next_event()
            if event is not h11.NEED_DATA:
                if isinstance(event, h11.EndOfMessage):
                    self._body_end = self._consumed()
                return event
            received = self._wire.receive()
            self._received += len(received)
            self.ended = not received
            if self._tee:
                self._raw.write(received)
            self._recognise(received)
            self._protocol.receive_data(received)

    def _recognise(self, received: bytes) -> None:
        # A mail or shell server greets and then waits: what it is shows at once, and h11 would wait with it.
        if len(self._first) < len(GREETING):
            self._first += received[: len(GREETING) - len(self._first)]
            if not GREETING.startswith(self._first):
                raise WireFailed(Cause.MALFORMED, "what answers there does not speak HTTP/1")

    def _cut(self, problem: Problem | None) -> Problem | None:
        """The body ended before its end: what was received is all there is."""
        self._body_end = self._received
        return problem

    def _consumed(self) -> int:
        return self._received - len(self._protocol.trailing_data[0])

    def _headless(self, said: str) -> WireFailed:
        if not self.ended:
            return WireFailed(Cause.MALFORMED, said)
        where = "within the headers" if self._received else "without an answer"
        return WireFailed(Cause.RESET, f"the connection was closed {where}")
