"""The internet as a broker under test sees it: one public site, and a canary at every other address there is.

The broker's judgement is the product's; only what lies behind it is replaced. Whatever address it lets through is
really connected: the public one to the site, any other to the canary, which counts connections and requests. So a
form that passes is seen also where this machine has no such address.
"""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from containment.broker import connect_to_address, resolve_by_system

from .forms import NAMES, PUBLIC, PUBLIC_NAME

CANARY_ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\nConnection: close\r\n\r\ncanary"


@dataclass(slots=True)
class Canary:
    """Listens on every address of this machine's loopback and counts who comes and what they ask."""

    listener: socket.socket
    port: int
    visits: list[str] = field(default_factory=list)
    requests: list[bytes] = field(default_factory=list)

    def listen(self) -> None:
        while True:
            try:
                visitor, _ = self.listener.accept()
            except OSError:
                return
            with visitor:
                self.visits.append(visitor.getsockname()[0])
                visitor.settimeout(1)
                try:
                    if asked := visitor.recv(65536):
                        self.requests.append(asked.partition(b"\r\n")[0])
                    visitor.sendall(CANARY_ANSWER)
                except OSError:
                    continue


@contextlib.contextmanager
def canary_listening() -> Iterator[Canary]:
    """A canary that is reachable as 127.0.0.1, 127.0.0.2, ::1 and whatever else means this machine."""
    listener = socket.create_server(("::", 0), family=socket.AF_INET6, dualstack_ipv6=True)
    canary = Canary(listener, listener.getsockname()[1])
    thread = threading.Thread(target=canary.listen)
    thread.start()
    try:
        yield canary
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join()


@dataclass(frozen=True, slots=True)
class Page:
    """What the public site answers at one path. Header values are sent as UTF-8, as hostile sites do.

    With `drip_s` the body comes a byte at a time, with that pause.
    """

    body: bytes = b""
    media_type: str = "text/html; charset=utf-8"
    status: int = 200
    headers: tuple[tuple[str, str], ...] = ()
    drip_s: float = 0


@dataclass(slots=True)
class Outside:
    """Names with their answers, the site with its pages, the canary, and every address that was connected to."""

    canary: Canary
    site_port: int
    pages: dict[str, Page] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    connected: list[tuple[str, int]] = field(default_factory=list)
    answers: dict[str, list[Sequence[str]]] = field(
        default_factory=lambda: {name: list(turns) for name, turns in NAMES.items()} | {PUBLIC_NAME: [(PUBLIC,)]}
    )

    def resolve(self, host: str, port: int) -> Sequence[str]:
        turns = self.answers.get(host.lower().removesuffix("."))
        if turns is None:
            return resolve_by_system(host, port)
        return turns.pop(0) if len(turns) > 1 else turns[0]

    def connect(self, address: str, port: int, timeout_s: float) -> socket.socket:
        self.connected.append((address, port))
        behind = self.site_port if address == PUBLIC else self.canary.port
        return connect_to_address("127.0.0.1", behind, timeout_s)

    def url(self, path: str) -> str:
        return f"http://{PUBLIC_NAME}{path}"

    def reached_inside(self) -> list[tuple[str, int]]:
        """The connections that were no public site's."""
        return [one for one in self.connected if one[0] != PUBLIC]


@contextlib.contextmanager
def outside_world() -> Iterator[Outside]:
    """A running site and canary."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        timeout = 30

        def log_message(self, format: str, *arguments: object) -> None:
            """What was asked is in `asked`."""

        def do_GET(self) -> None:
            world.asked.append(self.path)
            page = world.pages.get(self.path.partition("?")[0], Page(b"<title>Nothing here</title>", status=404))
            headers: Mapping[str, str] = {
                "Content-Type": page.media_type,
                "Content-Length": str(len(page.body)),
                **dict(page.headers),
            }
            head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
            self.close_connection = True
            with contextlib.suppress(OSError):
                self.wfile.write(f"HTTP/1.1 {page.status} X\r\n{head}Connection: close\r\n\r\n".encode())
                for piece in [bytes([one]) for one in page.body] if page.drip_s else [page.body]:
                    self.wfile.write(piece)
                    time.sleep(page.drip_s)

        do_HEAD = do_POST = do_GET

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    server.block_on_close = False
    with canary_listening() as canary:
        world = Outside(canary, server.server_address[1])
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        try:
            yield world
        finally:
            server.shutdown()
            server.server_close()
            thread.join()
