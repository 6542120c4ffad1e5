"""Out through a proxy of the investigator: HTTP CONNECT, SOCKS5 (RFC 1928, 1929) or Tor. There is no other way then.

Names are looked up by the proxy, never here, so that neither the resolver nor its network learns of them. What is
written as an address is still judged; to which address a name leads, the proxy alone decides, and the record says so.
Nothing in here connects to anything but the proxy: where it fails, the connection fails.
"""

from __future__ import annotations

import base64
import contextlib
import re
import secrets
import socket
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from ipaddress import IPv4Address, IPv6Address, ip_address
from urllib.parse import urlsplit

from containment.addresses import why_not_public

HEAD_LIMIT_BYTES = 16 << 10
FIELD_BYTES = 255
"""Longest name, user and password that SOCKS5 can carry."""

LOCAL_ZONES = (
    "corp",
    "home",
    "home.arpa",
    "internal",
    "intranet",
    "lan",
    "local",
    "localdomain",
    "localhost",
    "private",
)
"""Zones that mean a network's own machines (RFC 6761, 6762, 8375, ICANN's `internal`, and common practice)."""
ONION = "onion"
NUMBER = re.compile(r"[0-9]+|0[xX][0-9A-Fa-f]*", re.ASCII)
"""A last label like this makes a host an IPv4 address (URL Standard, "ends in a number")."""

PRIVATE = "private"
LOOPBACK = "loopback"
UNREACHABLE = "upstream-unreachable"
LOGIN = "upstream-login"
REFUSED = "upstream-refused"
MALFORMED = "upstream-malformed"

VERSION, NO_LOGIN, BY_PASSWORD, NO_METHOD = 5, 0, 2, 0xFF
PASSWORD_VERSION, ACCEPTED = 1, 0
CONNECT, IPV4, NAME, IPV6 = 1, 1, 3, 4
"""RFC 1928 and 1929."""


class UpstreamKind(StrEnum):
    """How connections leave this machine."""

    DIRECT = "direct"
    HTTP = "http"
    SOCKS5 = "socks5"
    TOR = "tor"


@dataclass(frozen=True, slots=True)
class Upstream:
    """One way out. `user` and `password` are the proxy's; with Tor they are ours to choose, and kept apart by them."""

    kind: UpstreamKind = UpstreamKind.DIRECT
    host: str = ""
    port: int = 0
    user: str = ""
    password: str = field(default="", repr=False)

    @property
    def shown(self) -> str:
        """As it is printed: never with user or password."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return self.kind.value if self.kind is UpstreamKind.DIRECT else f"{self.kind.value}://{host}:{self.port}"

    @property
    def recorded(self) -> str:
        """As a capture's record has it: a proxy that only a local network has would say where the collector sits."""
        inside = why_not_through(self.host, self.kind)
        return self.shown if inside in ("", LOOPBACK) else f"{self.kind.value}://{PRIVATE}"


DIRECT = Upstream()

Dial = Callable[[tuple[str, int], float], socket.socket]


class UpstreamFailed(Exception):
    """The proxy gave no connection. `cause` is one word: what befell the proxy, or what it says of the target."""

    def __init__(self, cause: str) -> None:
        super().__init__(cause)
        self.cause = cause


def upstream_of(text: str, user: str = "", password: str = "") -> Upstream:
    """The way out that a setting names: `direct`, or `http`, `socks5` or `tor` with ://HOST:PORT. Raises ValueError."""
    if text == UpstreamKind.DIRECT:
        if user or password:
            raise ValueError("a user or password without a proxy")
        return DIRECT
    parts = urlsplit(text)
    if parts.scheme not in (UpstreamKind.HTTP, UpstreamKind.SOCKS5, UpstreamKind.TOR) or parts.username is not None:
        raise ValueError("not direct, http://HOST:PORT, socks5://HOST:PORT or tor://HOST:PORT")
    if not parts.hostname or not parts.port or parts.path or parts.query or parts.fragment:
        raise ValueError("not a proxy's HOST:PORT")
    kind = UpstreamKind(parts.scheme)
    if kind is UpstreamKind.TOR and (user or password):
        raise ValueError("Tor takes no user and password: they are used to keep captures on circuits of their own")
    if password and not user:
        raise ValueError("a password without a user")
    if any(len(one.encode("utf-8")) > FIELD_BYTES for one in (user, password)) or ":" in user:
        raise ValueError(f"a user or password of more than {FIELD_BYTES} bytes, or a user with a colon")
    return Upstream(kind, parts.hostname, parts.port, user, password)


def new_isolation() -> str:
    """A user name for Tor that no other capture has: streams with different ones never share a circuit.

    One for each capture and not for each host: a site that sees its page and its video asked for from two addresses
    refuses the video, and two captures from one address belong together for whoever watches.
    """
    return f"casefile-{secrets.token_hex(8)}"


def why_not_through(host: str, kind: UpstreamKind) -> str:
    """Why a proxy is not asked for `host`; empty when it may be. Only what is written can be judged."""
    bare = host.lower().removesuffix(".")
    try:
        return why_not_public(bare)
    except ValueError:
        labels = bare.split(".")
    if NUMBER.fullmatch(labels[-1]):
        return "unusual form of an address"
    if labels[-1] == ONION and kind is not UpstreamKind.TOR:
        # RFC 7686 section 2: others would ask the world for it.
        return "onion name"
    if len(labels) == 1 or any(bare == zone or bare.endswith(f".{zone}") for zone in LOCAL_ZONES):
        return "local name"
    return ""


def connect_through(  # noqa: PLR0913
    upstream: Upstream, host: str, port: int, *, timeout_s: float, isolation: str, dial: Dial = socket.create_connection
) -> socket.socket:
    """A connection to `host` made by the proxy; raises UpstreamFailed, and nothing else is tried."""
    connection = _reach_proxy(upstream, timeout_s, dial)
    with contextlib.ExitStack() as until_open:
        until_open.enter_context(connection)
        if upstream.kind is UpstreamKind.HTTP:
            _ask_http(connection, upstream, host, port)
        else:
            _greet_socks(connection, upstream, isolation)
            _ask_socks(connection, host, port)
        until_open.pop_all()
    return connection


def ask_whether_it_answers(upstream: Upstream, timeout_s: float = 10.0) -> str:
    """What is wrong with the proxy, one word; empty when it answers and lets us in.

    A SOCKS proxy is greeted and no more. An HTTP proxy says only to a request whether it lets us in: it is asked for a
    name that cannot exist (RFC 6761, `invalid`).
    """
    try:
        with _reach_proxy(upstream, timeout_s, socket.create_connection) as connection:
            if upstream.kind is not UpstreamKind.HTTP:
                _greet_socks(connection, upstream, new_isolation())
                return ""
            _ask_http(connection, upstream, "casefile.invalid", 443)
    except UpstreamFailed as failure:
        return failure.cause if failure.cause in (UNREACHABLE, LOGIN, MALFORMED) else ""
    return ""


def _reach_proxy(upstream: Upstream, timeout_s: float, dial: Dial) -> socket.socket:
    try:
        connection = dial((upstream.host, upstream.port), timeout_s)
    except OSError as error:
        raise UpstreamFailed(UNREACHABLE) from error
    connection.settimeout(timeout_s)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connection


def _greet_socks(connection: socket.socket, upstream: Upstream, isolation: str) -> None:
    user, password = (isolation, isolation) if upstream.kind is UpstreamKind.TOR else (upstream.user, upstream.password)
    # One method only: with another one the proxy would not know who asks, or Tor would not keep captures apart.
    method = BY_PASSWORD if user else NO_LOGIN
    try:
        connection.sendall(bytes((VERSION, 1, method)))
        version, chosen = _exactly(connection, 2)
        if version != VERSION:
            raise UpstreamFailed(MALFORMED)
        if chosen != method:
            raise UpstreamFailed(LOGIN if chosen == NO_METHOD else MALFORMED)
        if method == BY_PASSWORD:
            connection.sendall(bytes((PASSWORD_VERSION,)) + _counted(user) + _counted(password))
            _, status = _exactly(connection, 2)
            if status != ACCEPTED:
                raise UpstreamFailed(LOGIN)
    except OSError as error:
        raise UpstreamFailed(UNREACHABLE) from error


def _ask_socks(connection: socket.socket, host: str, port: int) -> None:
    try:
        connection.sendall(bytes((VERSION, CONNECT, 0)) + _socks_address(host) + port.to_bytes(2, "big"))
        version, reply, _, form = _exactly(connection, 4)
        if version != VERSION:
            raise UpstreamFailed(MALFORMED)
        if reply != ACCEPTED:
            raise UpstreamFailed(_socks_cause(reply, host))
        length = {IPV4: 4, IPV6: 16}.get(form) or _exactly(connection, 1)[0]
        # The proxy's own address, which says nothing about where the target is.
        _exactly(connection, length + 2)
    except TimeoutError as error:
        raise UpstreamFailed("timeout") from error
    except OSError as error:
        raise UpstreamFailed(UNREACHABLE) from error


def _socks_address(host: str) -> bytes:
    address = _address(host)
    if address is None:
        return bytes((NAME,)) + _counted(host)
    return bytes((IPV4 if isinstance(address, IPv4Address) else IPV6,)) + address.packed


def _socks_cause(reply: int, host: str) -> str:
    """RFC 1928 section 6: 3 and 4 unreachable (Tor: no such name), 5 refused, 6 too far; the rest is the proxy's."""
    if reply in (3, 4):
        return "dns" if _address(host) is None else "connection-refused"
    return {5: "connection-refused", 6: "timeout"}.get(reply, REFUSED)


def _ask_http(connection: socket.socket, upstream: Upstream, host: str, port: int) -> None:
    target = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    lines = [f"CONNECT {target} HTTP/1.1", f"Host: {target}"]
    if upstream.user:
        login = base64.b64encode(f"{upstream.user}:{upstream.password}".encode()).decode("ascii")
        lines.append(f"Proxy-Authorization: Basic {login}")
    try:
        connection.sendall("\r\n".join([*lines, "", ""]).encode("ascii"))
        head = _head(connection)
    except TimeoutError as error:
        raise UpstreamFailed("timeout") from error
    except OSError as error:
        raise UpstreamFailed(UNREACHABLE) from error
    status = re.match(rb"HTTP/1\.[01] ([0-9]{3})(?: |\r\n)", head)
    if status is None:
        raise UpstreamFailed(MALFORMED)
    if not status[1].startswith(b"2"):
        # RFC 9110 section 15: 407 wants another login; 502, 503 and 504 speak of the target.
        causes = {b"407": LOGIN, b"502": "connection-refused", b"503": "connection-refused", b"504": "timeout"}
        raise UpstreamFailed(causes.get(status[1], REFUSED))


def _head(connection: socket.socket) -> bytes:
    # Byte by byte: what follows the head is the target's already.
    head = bytearray()
    while not head.endswith(b"\r\n\r\n") and len(head) <= HEAD_LIMIT_BYTES:
        head += _exactly(connection, 1)
    return bytes(head)


def _exactly(connection: socket.socket, count: int) -> bytes:
    received = b""
    while len(received) < count:
        piece = connection.recv(count - len(received))
        if not piece:
            raise ConnectionResetError("the proxy hung up")
        received += piece
    return received


def _counted(text: str) -> bytes:
    content = text.encode("utf-8")
    return bytes((len(content),)) + content


def _address(host: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(host)
    except ValueError:
        return None
