"""What was asked for and what came back, kept as it passes: one numbered file and one entry for each response."""

from __future__ import annotations

import json
import ssl
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO, Literal

from yt_dlp.utils import parse_http_range

from casefile.clock import rfc3339
from casefile.model import Exchange, readable
from casefile.vocabulary import Cause
from collectors.altered import Altered
from collectors.interface import CaptureLimits
from collectors.tls import TlsFacts, digest_of
from collectors.withheld import withhold_headers
from collectors.ytdlp.faults import LimitReached

RECEIVED = "received"
MAX_TRANSFERS = 20_000
"""Requests of one capture: six hours of two-second segments are 10,800. A playlist that never ends stops here."""
MAX_HEADER_CHARACTERS = 16_384

Headers = tuple[tuple[str, str], ...]


@dataclass(slots=True)
class Transfer:
    """One request and its response. `path` is empty while no byte of a body came."""

    number: int
    method: str
    locator: str
    request_headers: Headers
    started_at: str
    ended_at: str = ""
    peer: str = ""
    tls: TlsFacts | None = None
    status: int = 0
    reason: str = ""
    response_headers: Headers = ()
    redirect_to: str = ""
    path: str = ""
    wire_bytes: int = 0
    wire_sha256: str = ""
    decoded_path: str = ""
    decoded_bytes: int = 0
    length: Literal["verified", "unverified", "short", "over"] = "unverified"
    complete: bool = False
    error: str = ""
    cause: Cause | None = None
    damaged: bool = False
    sent_sha256: str | None = None
    sent_bytes: int | None = None
    headers_by_name: dict[str, str] = field(default_factory=dict)

    @property
    def content_path(self) -> str:
        """The file that holds the body as it is meant to be read: decoded where it was encoded."""
        return self.decoded_path or self.path

    @property
    def media_type(self) -> str:
        return self.headers_by_name.get("content-type", "").partition(";")[0].strip().lower()[:255]

    @property
    def is_unasked_part(self) -> bool:
        """Whether a part (206) came where the whole was asked for (RFC 9110 section 15.3.7)."""
        if self.status != 206 or any(name.lower() == "range" for name, _ in self.request_headers):
            return False
        try:
            first, last, total = parse_http_range(self.headers_by_name.get("content-range", ""))
        except ValueError:  # more digits than Python reads as a number
            return True
        return (first, last) != (0, (total or 0) - 1)

    @property
    def succeeded(self) -> bool:
        return 200 <= self.status < 300 and self.complete and not self.damaged


class Recorder:
    """Numbers the requests of one capture, opens their files and holds the bounds of the whole.

    `secrets` are the values of an identity's cookies, where there is one: its entries keep no values of cookies then.
    `moment` is wall time for the record, `now` monotonic seconds for the bounds.
    """

    def __init__(
        self,
        out: Path,
        limits: CaptureLimits,
        *,
        secrets: Sequence[str] | None = None,
        now: Callable[[], float] = time.monotonic,
        moment: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.out = out
        self.limits = limits
        self.secrets = secrets
        self.transfers: list[Transfer] = []
        self.altered = Altered()
        self.now = now
        self._moment = moment
        self._end = now() + limits.deadline_s
        self._received = 0
        (out / RECEIVED).mkdir()

    def begin(self, method: str, locator: str, headers: Iterable[tuple[str, str]]) -> Transfer:
        """A new entry; raises LimitReached when the capture may ask for nothing more."""
        self.left_s()
        if len(self.transfers) >= MAX_TRANSFERS:
            raise LimitReached(Cause.TOO_LARGE, f"{MAX_TRANSFERS} requests were made")
        transfer = Transfer(
            number=len(self.transfers) + 1,
            method=method,
            locator=locator,
            request_headers=_kept(headers if self.secrets is None else withhold_headers(headers, self.secrets)),
            started_at=self.stamp(),
        )
        self.transfers.append(transfer)
        return transfer

    def left_s(self) -> float:
        """Seconds that the capture may still take; raises LimitReached when there are none."""
        left = self._end - self.now()
        if left <= 0:
            raise LimitReached(Cause.TIMEOUT, f"the deadline of {self.limits.deadline_s} s has passed")
        return left

    def open_body(self, transfer: Transfer) -> BinaryIO:
        """The file of this response's body, new and empty."""
        transfer.path = f"{RECEIVED}/{transfer.number:04d}"
        return (self.out / transfer.path).open("xb")

    def count(self, size: int) -> None:
        """Note bytes of the whole capture; raises LimitReached beyond `max_decoded_bytes`."""
        self._received += size
        if self._received > self.limits.max_decoded_bytes:
            raise LimitReached(Cause.TOO_LARGE, f"more than {self.limits.max_decoded_bytes} bytes in one capture")

    def stamp(self) -> str:
        return rfc3339(self._moment())

    def since(self, mark: int) -> tuple[Transfer, ...]:
        """The entries made after `mark`, which is an earlier `len(transfers)`."""
        return tuple(self.transfers[mark:])

    def write_log(self, path: Path) -> None:
        """Every request and response with their headers, one JSON object a line; bodies by the name of their file."""
        with path.open("x", encoding="utf-8") as log:
            for one in self.transfers:
                log.write(json.dumps(_log_entry(one), ensure_ascii=False, sort_keys=True) + "\n")

    def write_certificates(self, path: Path) -> None:
        """The certificates that sites showed, each once, in PEM; the log names them by the SHA-256 of their DER.

        Nothing is written where none was shown.
        """
        shown = [certificate for one in self.transfers if one.tls for certificate in one.tls.chain]
        if shown:
            path.write_text("".join(map(ssl.DER_cert_to_PEM_cert, dict.fromkeys(shown))), "ascii")


def exchange_of(transfer: Transfer) -> Exchange:
    """The entry as it goes into the record of the capture."""
    return Exchange(
        method=transfer.method,
        locator=readable(transfer.locator, 65_536),
        status=transfer.status,
        redirect_to=readable(transfer.redirect_to, 65_536),
        peer=transfer.peer,
        declared_media_type=readable(transfer.headers_by_name.get("content-type", ""), 1024),
        content_encoding=readable(transfer.headers_by_name.get("content-encoding", ""), 1024),
        wire_bytes=transfer.wire_bytes,
        decoded_bytes=transfer.decoded_bytes if transfer.decoded_path else transfer.wire_bytes,
        length=transfer.length,
        started_at=transfer.started_at,
        ended_at=transfer.ended_at or transfer.started_at,
        error=readable(transfer.error),
        sent_sha256=transfer.sent_sha256,
        sent_bytes=transfer.sent_bytes,
        certificate=transfer.tls.certificate_sha256 if transfer.tls is not None else None,
    )


def _kept(headers: Iterable[tuple[str, str]]) -> Headers:
    return tuple((readable(str(name), 256), readable(str(value), MAX_HEADER_CHARACTERS)) for name, value in headers)


def note_response(transfer: Transfer, status: int, reason: str, headers: Iterable[tuple[str, str]]) -> None:
    """Put the status line and the headers into the entry, in their order and spelling."""
    transfer.status = status
    transfer.reason = readable(reason, 256)
    transfer.response_headers = _kept(headers)
    for name, value in transfer.response_headers:
        transfer.headers_by_name.setdefault(name.lower(), value)


def _log_entry(transfer: Transfer) -> dict[str, object]:
    return {
        "number": transfer.number,
        "method": transfer.method,
        "locator": readable(transfer.locator, 65_536),
        "request_headers": transfer.request_headers,
        "sent_sha256": transfer.sent_sha256,
        "sent_bytes": transfer.sent_bytes,
        "started_at": transfer.started_at,
        "ended_at": transfer.ended_at,
        "peer": transfer.peer,
        "tls": _agreed(transfer.tls),
        "status": transfer.status,
        "reason": transfer.reason,
        "response_headers": transfer.response_headers,
        "redirect_to": readable(transfer.redirect_to, 65_536),
        "file": transfer.path,
        "decoded_file": transfer.decoded_path,
        "wire_bytes": transfer.wire_bytes,
        "complete": transfer.complete,
        "error": readable(transfer.error),
    }


def _agreed(tls: TlsFacts | None) -> dict[str, object] | None:
    """What a connection's two ends agreed on, and the digests of the certificates that were shown, the site's first."""
    if tls is None:
        return None
    return {"version": tls.version, "cipher": tls.cipher, "certificates": [digest_of(one) for one in tls.chain]}
