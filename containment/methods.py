"""The requests on their way out, read before they pass: which method each has, and whether the policy lets it.

Strict HTTP/1.1 (RFC 9112): where two readings are possible a request is refused, so that a site cannot find one in the
bytes that was not found here. Pure.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from casefile.model import SentRequest, readable
from containment.heads import HEAD_LIMIT_BYTES, TOKEN, HeadRefused, body_bytes_of, headers_of

PASSIVE = ("GET", "HEAD")
"""Methods that ask a site for nothing but to be read (RFC 9110 section 9.2.1)."""
LISTED_LIMIT = 256
"""Requests with another method or with a body on one connection. What lies beyond is refused: none goes unlisted."""
METHOD_BYTES = 32
LINE_BYTES = 4096
BARE = re.compile(rb"(?<!\r)\n|\r(?!\n|\Z)")
REQUEST_LINE = re.compile(rb"([^ ]+) ([\x21-\x7e\x80-\xff]+) HTTP/1\.[01]")
CHUNK_LINE = re.compile(rb"([0-9A-Fa-f]{1,15})[ \t]*(?:;[\t\x20-\x7e]*)?")
NOT_VISIBLE = "not visible"


class RequestRefused(Exception):
    """A request that the policy does not let out; `reason` is `method POST`, `upgrade` or `malformed`."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(slots=True)
class _Sending:
    method: str
    target: str
    digest: Any = field(default_factory=hashlib.sha256)
    bytes: int = 0

    def said(self) -> SentRequest:
        return SentRequest(
            method=self.method, target=self.target, sha256=f"sha256:{self.digest.hexdigest()}", bytes=self.bytes
        )


@dataclass(slots=True)
class Requests:
    """The requests of one connection. Give every block to `see` before it goes on its way."""

    allowed: tuple[str, ...] = PASSIVE
    counts: Counter[str] = field(default_factory=Counter)
    _listed: list[_Sending] = field(default_factory=list)
    _held: bytearray = field(default_factory=bytearray)
    _awaited: str = "head"
    _left: int = 0
    _sending: _Sending | None = None

    def see(self, block: bytes) -> None:
        """Read on; raises RequestRefused, and then no byte of `block` may pass."""
        view = memoryview(block)
        while view:
            view = self._count(view) if self._left else self._collect(view)

    def listed(self) -> tuple[SentRequest, ...]:
        """Those that were no plain GET or HEAD, with what was sent of their bodies, chunk framing taken off."""
        return tuple(one.said() for one in self._listed)

    def told(self) -> str:
        """How many of each method, such as `GET 3, POST 1`."""
        return ", ".join(f"{method} {count}" for method, count in sorted(self.counts.items()))

    def check(self, method: str) -> None:
        """Raises RequestRefused for a method that the policy does not let out."""
        if method not in self.allowed:
            raise RequestRefused(f"method {readable(method, METHOD_BYTES)}")

    def _count(self, view: memoryview) -> memoryview:
        taken = view[: self._left]
        if self._sending is not None:
            self._sending.digest.update(taken)
            self._sending.bytes += len(taken)
        self._left -= len(taken)
        if not self._left:
            self._awaited = "chunk-end" if self._awaited == "chunk" else "head"
        return view[len(taken) :]

    def _collect(self, view: memoryview) -> memoryview:
        """Read up to the end of the head or the line that is awaited, and give what comes behind it."""
        before = len(self._held)
        self._held += view[: HEAD_LIMIT_BYTES + 4]
        if BARE.search(self._held):
            raise RequestRefused("malformed")
        ending = b"\r\n\r\n" if self._awaited == "head" else b"\r\n"
        at = self._held.find(ending)
        if self._awaited == "head":
            self._check_beginning()
        limit = HEAD_LIMIT_BYTES if self._awaited == "head" else LINE_BYTES
        if at > limit or (at < 0 and len(self._held) > limit):
            raise RequestRefused("malformed")
        if at < 0:
            return view[:0]
        whole = bytes(self._held[:at])
        self._held.clear()
        self._take(whole)
        return view[at + len(ending) - before :]

    def _check_beginning(self) -> None:
        """Refuse by the method as soon as it is there, before the head is whole."""
        method, blank, _ = bytes(self._held[: METHOD_BYTES + 1]).partition(b" ")
        if blank:
            if not TOKEN.fullmatch(method):
                raise RequestRefused("malformed")
            self.check(method.decode("ascii"))
        elif len(method) > METHOD_BYTES:
            raise RequestRefused("malformed")

    def _take(self, whole: bytes) -> None:
        match self._awaited:
            case "head":
                self._begin(whole)
            case "size":
                self._begin_chunk(whole)
            case "chunk-end":
                if whole:
                    raise RequestRefused("malformed")
                self._awaited = "size"
            case _:
                # Trailers, until the empty line.
                self._awaited = "trailer" if whole else "head"

    def _begin(self, head: bytes) -> None:
        first, *lines = head.split(b"\r\n")
        said = REQUEST_LINE.fullmatch(first)
        try:
            headers = headers_of(lines)
        except HeadRefused as error:
            raise RequestRefused("malformed") from error
        if said is None:
            raise RequestRefused("malformed")
        names = [name.lower() for name, _ in headers]
        if b"upgrade" in names:
            # What comes after it would be no request, and nobody could say what it does.
            raise RequestRefused("upgrade")
        codings = [value.lower() for name, value in headers if name.lower() == b"transfer-encoding"]
        if codings and (codings != [b"chunked"] or b"content-length" in names):
            raise RequestRefused("malformed")
        try:
            length = 0 if codings else body_bytes_of(headers)
        except HeadRefused as error:
            raise RequestRefused("malformed") from error
        method = said.group(1).decode("ascii")
        self.counts[method] += 1
        self._sending = None
        if codings or length or method not in PASSIVE:
            if len(self._listed) >= LISTED_LIMIT:
                raise RequestRefused("too-many-bodies")
            self._sending = _Sending(method, readable(said.group(2).decode("latin-1"), 4096))
            self._listed.append(self._sending)
        self._left = length
        self._awaited = "size" if codings else "head"

    def _begin_chunk(self, line: bytes) -> None:
        said = CHUNK_LINE.fullmatch(line)
        if said is None:
            raise RequestRefused("malformed")
        self._left = int(said.group(1), 16)
        self._awaited = "chunk" if self._left else "trailer"
