"""One GET and its answer.

The bytes on the wire are spooled; the body is also written with its codings taken off. Where a body has neither
transfer nor content coding both would be the same bytes, so only the body is written and the record points to it.
"""

from __future__ import annotations

import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

import h11

from casefile.clock import rfc3339
from casefile.model import Exchange, readable
from casefile.vocabulary import Cause
from collectors.http.body import BodyStore, Problem
from collectors.http.listening import Head, Listener
from collectors.http.warc import Part
from collectors.http.wire import Pace, Wire, WireFailed, open_wire
from collectors.interface import CaptureLimits, CaptureRequest
from collectors.jars import cookie_header
from collectors.locators import Locator, shown
from collectors.media_types import declared
from collectors.tls import TlsFacts
from collectors.withheld import secrets_of, withhold_bytes

HEAD_BYTES = 1 << 18
"""Longest head. Browsers stop at 256 KiB; ten megabytes of headers are an attack."""
REDIRECT_BODY_BYTES = 1 << 20
ACCEPT = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,image/apng,*/*;q=0.8"
REDIRECTS = frozenset({301, 302, 303, 307, 308})


@dataclass(frozen=True, slots=True)
class Answer:
    """A response whose head came. `body` has the codings taken off as far as they could be.

    `response` is the message as it was sent; `interim` and `surplus` are what came before and behind it. `request` is
    as sent but for the values of an identity's cookies.
    """

    locator: Locator
    exchange: Exchange
    head: Head
    request: bytes
    interim: bytes
    response: tuple[Part, ...]
    surplus: bytes
    body: Path
    payload_sha256: str
    reconstructed: bool
    tls: TlsFacts | None
    problem: Problem | None

    @property
    def location(self) -> str:
        """Where a redirect says it leads, nothing when this is no redirect."""
        return redirect_target(self.head)


@dataclass(frozen=True, slots=True)
class Unanswered:
    """No response came; the exchange says how far it got."""

    exchange: Exchange
    cause: Cause
    detail: str
    refused: bool


class Getter:
    """Sends the requests of one capture, all alike and under one pace."""

    def __init__(self, request: CaptureRequest, pace: Pace, roots: Callable[[], ssl.SSLContext], spool: Path) -> None:
        self._request = request
        self._pace = pace
        self._roots = roots
        self._spool = spool
        self._secrets = secrets_of(request.cookies)

    def get(self, locator: Locator, number: int) -> Answer | Unanswered:
        """One exchange; its files are named by `number` below the spool folder."""
        started = rfc3339(datetime.now(UTC))
        self._pace.begin()
        peer = ""
        try:
            wire = open_wire(locator, proxy=self._request.proxy, pace=self._pace, roots=self._roots)
            peer = wire.peer
            try:
                return self._converse(wire, locator, started, self._spool / f"{number:04d}")
            finally:
                wire.close()
        except WireFailed as failure:
            exchange = Exchange(
                method="GET",
                locator=locator.text,
                peer=peer,
                started_at=started,
                ended_at=rfc3339(datetime.now(UTC)),
                error=readable(str(failure)),
            )
            return Unanswered(exchange, failure.cause, failure.detail, failure.refused)

    def _converse(self, wire: Wire, locator: Locator, started: str, spool: Path) -> Answer:
        protocol = h11.Connection(our_role=h11.CLIENT, max_incomplete_event_size=HEAD_BYTES)
        request = protocol.send(self._ask(locator)) or b""
        request += protocol.send(h11.EndOfMessage()) or b""
        wire.send(request)
        raw_path, body_path = spool.with_suffix(".wire"), spool.with_suffix(".body")
        with raw_path.open("xb") as raw, body_path.open("xb") as body:
            listener = Listener(wire, protocol, raw)
            head = listener.read_head()
            store = BodyStore(body, self._limits(head))
            problem = listener.read_body(store, head)
            surplus = b"" if problem is not None and problem.warc_reason else listener.surplus()
        described = _describe(head, store, problem, surplus)
        facts = {
            "locator": locator.text,
            "peer": wire.peer,
            "started_at": started,
            "certificate": wire.tls.certificate_sha256 if wire.tls is not None else None,
        }
        return Answer(
            locator=locator,
            exchange=described.model_copy(update=facts),
            head=head,
            request=withhold_bytes(request, self._secrets) if self._request.cookies else request,
            interim=listener.interim(raw_path),
            response=listener.parts(raw_path, body_path),
            surplus=surplus,
            body=body_path,
            payload_sha256="sha256:" + store.payload.hexdigest(),
            reconstructed=store.decoded,
            tls=wire.tls,
            problem=problem,
        )

    def _ask(self, locator: Locator) -> h11.Request:
        """The request; cookies that the site sets on the way are kept in the record and not sent back."""
        cookies = cookie_header(self._request.cookies, self._request.hosts, locator, int(time.time()))
        return h11.Request(
            method="GET",
            target=locator.target,
            headers=[
                ("Host", locator.host_and_port),
                ("Connection", "close"),
                ("User-Agent", self._request.user_agent),
                ("Accept", ACCEPT),
                ("Accept-Encoding", "gzip, deflate, br, zstd"),
                ("Accept-Language", self._request.accept_language),
                *((("Cookie", cookies),) if cookies else ()),
            ],
        )

    def _limits(self, head: Head) -> CaptureLimits:
        limits = self._request.limits
        if head.status in REDIRECTS:
            return limits.model_copy(update={"max_bytes": min(limits.max_bytes, REDIRECT_BODY_BYTES)})
        return limits


def redirect_target(head: Head) -> str:
    """The Location of a redirect, which is UTF-8 more often than it is ASCII as it should be."""
    if head.status not in REDIRECTS:
        return ""
    value = head.value("location").encode("latin-1")
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError:
        return value.decode("latin-1")


def _describe(head: Head, store: BodyStore, problem: Problem | None, surplus: bytes) -> Exchange:
    """The exchange without where it went to."""
    length: Literal["verified", "unverified", "short", "over"] = "verified" if head.framed else "unverified"
    notes = [problem.detail] if problem is not None else []
    if problem is not None and problem.warc_reason:
        length = "short"
    elif surplus:
        length = "over"
        notes.append(f"{len(surplus)} bytes came behind the end of the message")
    ended = rfc3339(datetime.now(UTC))
    return Exchange(
        method="GET",
        locator="",
        status=head.status,
        redirect_to=readable(shown(redirect_target(head))),
        declared_media_type=readable(declared(head.value("content-type")), 255),
        content_encoding=readable(head.coding, 255),
        wire_bytes=store.wire_bytes,
        decoded_bytes=store.decoded_bytes,
        length=length,
        started_at=ended,
        ended_at=ended,
        error=readable("; ".join(notes)),
    )
