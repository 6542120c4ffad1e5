"""A web site on loopback that does everything a hostile or broken one does, byte for byte, and logs every request.

Plain sockets and threads, so that nothing corrects what is sent. The paths are in `behaviours.py`; certificates for
TLS in `certificates.py`; `relay.py` is a small CONNECT proxy for tests that run a worker without containment.

    with HostileSite() as site:
        site.url("/gzip-cut")            http://127.0.0.1:PORT/gzip-cut
        site.url("/page", tls="expired") https://127.0.0.1:PORT/page, certificate expired
        site.paths()                     ["/gzip-cut", …], one per request that came
"""

from __future__ import annotations

import socket
import ssl
import struct
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self
from urllib.parse import parse_qsl, urlsplit

from sites.certificates import Certificates

HEAD_BYTES = 1 << 20
SENT_BYTES = 1 << 22
LINGER_RESET = struct.pack("ii", 1, 0)


@dataclass(frozen=True, slots=True)
class Seen:
    """One request as it came. `raw` is its head; `headers` have lower-case names, the last value wins."""

    method: str
    target: str
    raw: bytes
    headers: Mapping[str, str]

    @property
    def path(self) -> str:
        return self.target.partition("?")[0]


@dataclass(slots=True)
class Visit:
    """One connection with its request; what a behaviour answers with."""

    site: HostileSite
    connection: socket.socket
    seen: Seen
    query: Mapping[str, str] = field(default_factory=dict)
    sent: bytearray = field(default_factory=bytearray)

    def send(self, *parts: bytes | str) -> None:
        """The bytes as given, text as Latin-1."""
        for part in parts:
            content = part.encode("latin-1") if isinstance(part, str) else part
            if len(self.sent) < SENT_BYTES:
                self.sent += content
            self.connection.sendall(content)

    def respond(self, body: bytes | str, status: str = "200 OK", **headers: str) -> None:
        """A well-formed answer with its true length; `content_type` and so on name further headers."""
        content = body.encode("utf-8") if isinstance(body, str) else body
        named = {"content_type": "text/html; charset=utf-8", **headers}
        lines = [f"{name.replace('_', '-').title()}: {value}" for name, value in named.items() if value]
        head = "\r\n".join([f"HTTP/1.1 {status}", *lines, f"Content-Length: {len(content)}", "Connection: close"])
        self.send(head, "\r\n\r\n", content)

    def reset(self) -> None:
        """Close with RST, as a firewall or a dying server does."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER_RESET)
        self.connection.close()

    def pause(self, seconds: float) -> bool:
        """Wait; True when the site is closing and there is no point in going on."""
        return self.site.closing.wait(seconds)


Behaviour = Callable[[Visit], None]


H2_ONLY = "h2-only"
NO_APPLICATION_PROTOCOL = bytes((0x15, 3, 3, 0, 2, 2, 120))
"""RFC 7301 section 3.2: the alert of a server that shares no protocol with the client."""
H2_SETTINGS = bytes((0, 0, 0, 4, 0, 0, 0, 0, 0))
H2_GOAWAY = bytes((0, 0, 8, 7, 0, 0, 0, 0, 0)) + bytes(4) + bytes((0, 0, 0, 1))
H2_RST_STREAM = bytes((0, 0, 4, 3, 0, 0, 0, 0, 1)) + bytes((0, 0, 0, 2))
"""RFC 9113 sections 6.4, 6.5 and 6.8: what a server of HTTP/2 begins with, and how it ends a connection or a stream."""


class HostileSite:
    """The site, running from construction until `close`. Ports are the system's choice.

    `requests` and `sent` list what came and what went, in one order, the latter up to 4 MiB each (more or less).
    `extra` adds or replaces paths for one test. `certificates` is made once per process and shared.
    """

    def __init__(self, extra: Mapping[str, Behaviour] | None = None) -> None:
        from sites.behaviours import BEHAVIOURS

        self.behaviours: dict[str, Behaviour] = {**BEHAVIOURS, **(extra or {})}
        self.requests: list[Seen] = []
        self.sent: list[bytearray] = []
        self.connections = 0
        self.closing = threading.Event()
        self.certificates = Certificates.shared()
        self._lock = threading.Lock()
        self._listeners: dict[str, socket.socket] = {}
        self._ports: dict[str, int] = {}
        self._listen("", None)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def address(self) -> str:
        """host:port of the plain listener, as `egress.allow` takes it."""
        return f"127.0.0.1:{self._ports['']}"

    def tls_address(self, certificate: str = "good") -> str:
        """host:port of the TLS listener that shows `certificate`: good, self-signed, expired, wrong-name, future.

        The one called `h2-only` shows the good one, and speaks with nobody who offers no HTTP/2 (RFC 7301).
        """
        if certificate not in self._ports:
            shown = "good" if certificate == H2_ONLY else certificate
            self._listen(certificate, self.certificates.server_context(shown))
        return f"127.0.0.1:{self._ports[certificate]}"

    def url(self, path: str, *, tls: str = "", host: str = "") -> str:
        """The locator of `path`; `host` replaces 127.0.0.1."""
        address = self.tls_address(tls) if tls else self.address
        if host:
            address = f"{host}:{address.rpartition(':')[2]}"
        return f"{'https' if tls else 'http'}://{address}{path}"

    def paths(self) -> list[str]:
        """The targets that were asked for, in order."""
        with self._lock:
            return [seen.target for seen in self.requests]

    def close(self) -> None:
        """No new connections; behaviours that wait are woken."""
        self.closing.set()
        for listener in self._listeners.values():
            listener.close()

    def _listen(self, name: str, context: ssl.SSLContext | None) -> None:
        listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        listener.settimeout(0.2)
        self._listeners[name] = listener
        self._ports[name] = listener.getsockname()[1]
        threading.Thread(target=self._accept, args=(listener, context, name), daemon=True).start()

    def _accept(self, listener: socket.socket, context: ssl.SSLContext | None, name: str) -> None:
        while not self.closing.is_set():
            try:
                connection, _ = listener.accept()
            except TimeoutError:
                continue
            except OSError:
                return
            self.connections += 1
            connection.settimeout(30)
            threading.Thread(target=self._serve, args=(connection, context, name), daemon=True).start()

    def _serve(self, connection: socket.socket, context: ssl.SSLContext | None, name: str) -> None:
        try:
            if name == H2_ONLY and b"\x02h2" not in connection.recv(1 << 16, socket.MSG_PEEK):
                connection.sendall(NO_APPLICATION_PROTOCOL)
                connection.recv(1 << 16)
                return
            if context is not None:
                connection = context.wrap_socket(connection, server_side=True)
            seen = _read_request(connection)
            if seen is not None:
                query = dict(parse_qsl(urlsplit(seen.target).query, keep_blank_values=True))
                visit = Visit(self, connection, seen, query)
                with self._lock:
                    self.requests.append(seen)
                    self.sent.append(visit.sent)
                self._behaviour(seen.path)(visit)
        except OSError:
            # The visitor went away, refused our certificate or was thrown out: each is what the test asked for.
            return
        finally:
            connection.close()

    def _behaviour(self, path: str) -> Behaviour:
        while path not in self.behaviours and path != "/":
            path = path.rpartition("/")[0] or "/"
        return self.behaviours[path]


def _read_request(connection: socket.socket) -> Seen | None:
    raw = bytearray()
    while b"\r\n\r\n" not in raw and len(raw) < HEAD_BYTES:
        block = connection.recv(65_536)
        if not block:
            return None
        raw += block
        if raw.startswith(b"\x16\x03"):
            # A TLS greeting on the plain port: what servers say to that.
            connection.sendall(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
            return None
    lines = bytes(raw).decode("latin-1").split("\r\n")
    method, _, rest = lines[0].partition(" ")
    headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:])}
    return Seen(method, rest.rpartition(" ")[0], bytes(raw), headers)
