"""Heads of requests to the egress broker: parsed strictly, since what asks may be hostile. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass

HEAD_LIMIT_BYTES = 64 << 10
"""Longer heads are refused: no server that we want to reach needs one."""
HEADERS_LIMIT = 256

TOKEN = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,64}")
"""RFC 9110 section 5.6.2."""
HOST = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9._-]{0,252}[A-Za-z0-9_.])?|\[[0-9A-Fa-f:.]{2,45}\]", re.ASCII)
VALUE = re.compile(rb"[\t\x20-\x7e\x80-\xff]*")
HOP_BY_HOP = frozenset(
    (b"connection", b"keep-alive", b"proxy-connection", b"proxy-authorization", b"te", b"trailer", b"upgrade")
)
"""RFC 9110 section 7.6.1: for this hop only, so never passed on."""


class HeadRefused(ValueError):
    """The head is not one that the broker answers to; `reason` is one word, `status` what the client is told."""

    def __init__(self, reason: str, status: str = "400 Bad Request") -> None:
        super().__init__(reason)
        self.reason = reason
        self.status = status


@dataclass(frozen=True, slots=True)
class Target:
    """Where a request wants to go. `forward` is the head to pass on, empty for CONNECT; `body_bytes` follow it.

    `changed` names the headers that are not passed on as they came.
    """

    host: str
    port: int
    forward: bytes = b""
    body_bytes: int = 0
    method: str = "CONNECT"
    changed: tuple[str, ...] = ()


def parse_head(head: bytes) -> Target:
    """The target of a request head, given without its closing empty line; raises HeadRefused."""
    lines = head.split(b"\r\n")
    parts = lines[0].split(b" ")
    if len(parts) != 3 or not TOKEN.fullmatch(parts[0]) or parts[2] not in (b"HTTP/1.1", b"HTTP/1.0"):
        raise HeadRefused("malformed")
    headers = headers_of(lines[1:])
    try:
        target = parts[1].decode("ascii")
    except UnicodeDecodeError as error:
        raise HeadRefused("malformed") from error
    if any(character <= " " or character == "\x7f" for character in target):
        raise HeadRefused("malformed")
    if parts[0] == b"CONNECT":
        host, port = _authority(target, None)
        return Target(host, port)
    return _absolute(parts[0], target, headers)


def headers_of(lines: list[bytes]) -> list[tuple[bytes, bytes]]:
    """Names and values of the lines of a head; raises HeadRefused."""
    if len(lines) > HEADERS_LIMIT:
        raise HeadRefused("too-many-headers", "431 Request Header Fields Too Large")
    headers = []
    for line in lines:
        name, colon, value = line.partition(b":")
        if not colon or not TOKEN.fullmatch(name) or not VALUE.fullmatch(value):
            raise HeadRefused("malformed")
        headers.append((name, value.strip(b" \t")))
    return headers


def _authority(text: str, default_port: int | None) -> tuple[str, int]:
    if "@" in text:
        raise HeadRefused("credentials-in-url")
    host, colon, number = (text, "", "") if text.endswith("]") else text.rpartition(":")
    if not colon:
        if default_port is None:
            raise HeadRefused("malformed")
        host, number = text, str(default_port)
    if not HOST.fullmatch(host) or not re.fullmatch(r"[1-9][0-9]{0,4}", number, re.ASCII) or int(number) > 65535:
        raise HeadRefused("malformed")
    return host.removeprefix("[").removesuffix("]"), int(number)


def _absolute(method: bytes, target: str, headers: list[tuple[bytes, bytes]]) -> Target:
    scheme, separator, rest = target.partition("://")
    if not separator:
        raise HeadRefused("malformed")
    if scheme.lower() != "http":
        raise HeadRefused("scheme", "403 Forbidden")
    end = next((index for index, character in enumerate(rest) if character in "/?#\\"), len(rest))
    authority, path = rest[:end], rest[end:].partition("#")[0]
    if path.startswith("\\"):
        raise HeadRefused("malformed")
    host, port = _authority(authority, 80)
    body_bytes = body_bytes_of(headers)
    if not path.startswith("/"):
        path = "/" + path
    dropped = HOP_BY_HOP | {b"host"} | (_named_by_connection(headers) - {b"content-length"})
    kept = [(name, value) for name, value in headers if name.lower() not in dropped]
    lines = [method + b" " + path.encode("ascii") + b" HTTP/1.1", b"Host: " + authority.encode("ascii")]
    lines += [name + b": " + value for name, value in kept]
    # One request for each connection, so that none goes out that was not judged.
    lines += [b"Connection: close", b"", b""]
    changed = tuple(
        sorted({name.lower().decode("ascii") for name, _ in headers if name.lower() in dropped - {b"host"}})
    )
    return Target(host, port, b"\r\n".join(lines), body_bytes, method.decode("ascii"), changed)


def _named_by_connection(headers: list[tuple[bytes, bytes]]) -> set[bytes]:
    values = [value for name, value in headers if name.lower() == b"connection"]
    return {name.strip().lower() for value in values for name in value.split(b",")}


def body_bytes_of(headers: list[tuple[bytes, bytes]]) -> int:
    """Length of the request's body (RFC 9112 section 6.3); two lengths, or a length that is none, are refused."""
    lengths = [value for name, value in headers if name.lower() == b"content-length"]
    if any(name.lower() == b"transfer-encoding" for name, _ in headers):
        raise HeadRefused("length-required", "411 Length Required")
    if len(lengths) > 1 or any(not re.fullmatch(rb"[0-9]{1,15}", one) for one in lengths):
        raise HeadRefused("malformed")
    return int(lengths[0]) if lengths else 0
