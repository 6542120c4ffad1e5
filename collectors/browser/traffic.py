"""What a page asked for, as the browser tells it: each request with its redirects, and what became of it.

The bytes are in the broker's record. This says which of them belong to what is shown.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from casefile.clock import rfc3339
from casefile.model import Exchange, readable

REQUESTS_LIMIT = 5_000
"""Listed for one page; of those beyond only the number is kept."""
URL_CHARACTERS = 65_536
PICTURES, SOUNDS = "Image", "Media"
ENDLESS = frozenset({"EventSource", "WebSocket", "Ping"})
"""Kinds of request that a page can keep open for as long as it is shown."""


@dataclass(slots=True)
class Request:
    """One request, after a redirect one more. `cause` is the browser's name for why it failed."""

    number: int
    key: str
    kind: str
    method: str
    locator: str
    frame: str
    loader: str
    started_at: str
    status: int = 0
    redirect_to: str = ""
    media_type: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    from_cache: bool = False
    nth: int = 0
    received_bytes: int = 0
    ended_at: str = ""
    failed: str = ""

    def header(self, name: str) -> str:
        return next((str(value) for known, value in self.headers.items() if known.lower() == name), "")

    def exchange(self) -> Exchange:
        """As it stands in a capture. The peer and the exact lengths are in the broker's record."""
        return Exchange(
            method=readable(self.method, 32),
            locator=readable(self.locator, URL_CHARACTERS),
            status=self.status,
            redirect_to=readable(self.redirect_to, URL_CHARACTERS),
            declared_media_type=readable(self.header("content-type"), 255),
            content_encoding=readable(self.header("content-encoding"), 255),
            wire_bytes=max(self.received_bytes, 0),
            started_at=self.started_at,
            ended_at=self.ended_at or self.started_at,
            error=readable(self.failed, 300),
        )

    def plain(self) -> dict[str, Any]:
        """As it stands in the list of requests."""
        names = ("number", "kind", "method", "locator", "status", "redirect_to", "media_type", "from_cache", "failed")
        told = {name: getattr(self, name) for name in (*names, "received_bytes", "started_at", "ended_at")}
        return {name: value for name, value in told.items() if value not in ("", 0, False)}


@dataclass(slots=True)
class Traffic:
    """All requests of a page, in the order in which they began. `moved_at` is when one of them last moved."""

    requests: list[Request] = field(default_factory=list)
    beyond: int = 0
    websockets: list[str] = field(default_factory=list)
    moved_at: float = field(default_factory=time.monotonic)
    _open: dict[str, Request] = field(default_factory=dict)
    _answered: Counter[tuple[str, int]] = field(default_factory=Counter)

    def sent(self, said: Mapping[str, Any], session: str) -> None:
        """Network.requestWillBeSent"""
        key = str(said.get("requestId"))
        request = said.get("request") or {}
        target = str(request.get("url", ""))[:URL_CHARACTERS]
        if said.get("redirectResponse") and key in self._open:
            before = self._open[key]
            self._note_answer(before, said["redirectResponse"])
            before.redirect_to, before.ended_at = target, _now()
        if not target.startswith(("http://", "https://")):
            self._open.pop(key, None)
            return
        self.moved_at = time.monotonic()
        if len(self.requests) >= REQUESTS_LIMIT:
            self._open.pop(key, None)
            self.beyond += 1
            return
        one = Request(
            number=len(self.requests) + 1,
            key=key,
            kind=str(said.get("type", "Other")),
            method=str(request.get("method", "GET")),
            locator=target,
            frame=str(said.get("frameId", "")),
            loader=str(said.get("loaderId", "")),
            started_at=_now(),
        )
        self.requests.append(one)
        self._open[key] = one

    def answered(self, said: Mapping[str, Any], session: str) -> None:
        """Network.responseReceived"""
        one = self._open.get(str(said.get("requestId")))
        if one is not None:
            self.moved_at = time.monotonic()
            one.kind = str(said.get("type", one.kind))
            self._note_answer(one, said.get("response") or {})

    def ended(self, said: Mapping[str, Any], session: str) -> None:
        """Network.loadingFinished"""
        one = self._open.pop(str(said.get("requestId")), None)
        if one is not None:
            self.moved_at = time.monotonic()
            one.ended_at = _now()
            one.received_bytes = int(said.get("encodedDataLength", 0))

    def failed(self, said: Mapping[str, Any], session: str) -> None:
        """Network.loadingFailed"""
        one = self._open.pop(str(said.get("requestId")), None)
        if one is not None:
            self.moved_at = time.monotonic()
            one.ended_at = _now()
            one.failed = str(said.get("errorText") or said.get("blockedReason") or "failed")[:300]

    def websocket(self, said: Mapping[str, Any], session: str) -> None:
        """Network.webSocketCreated"""
        if len(self.websockets) < REQUESTS_LIMIT:
            self.websockets.append(str(said.get("url", ""))[:URL_CHARACTERS])

    @property
    def waiting(self) -> list[Request]:
        """Those that have not ended and could."""
        return [one for one in self._open.values() if one.kind not in ENDLESS]

    def documents(self, frame: str) -> Iterator[Request]:
        """Every request for what a frame shows, redirects and pages that led on among them, in order."""
        return (one for one in self.requests if one.kind == "Document" and one.frame == frame)

    def of_locator(self, locator: str) -> Request | None:
        """The best answer that one address got; a redirect leads on to where it led."""
        seen: set[str] = set()
        while locator not in seen:
            seen.add(locator)
            alike = [one for one in self.requests if one.locator == locator and one.method == "GET"]
            if not alike:
                return None
            best = max(alike, key=lambda one: (one.status == 200 and not one.from_cache, bool(one.status)))
            if not best.redirect_to:
                return best
            locator = best.redirect_to
        return None

    def _note_answer(self, one: Request, response: Mapping[str, Any]) -> None:
        one.status = int(response.get("status", 0))
        one.media_type = str(response.get("mimeType", ""))[:255]
        one.headers = response.get("headers") or {}
        one.from_cache = bool(response.get("fromDiskCache") or response.get("fromPrefetchCache"))
        if one.method == "GET" and not one.from_cache:
            one.nth = self._answered[one.locator, one.status]
            self._answered[one.locator, one.status] += 1


def _now() -> str:
    return rfc3339(datetime.now(UTC))
