"""Proxies on loopback that keep a list of what they were asked for: SOCKS5 (RFC 1928, 1929) and HTTP CONNECT.

    with serve_socks(names={"public.test": site}) as proxy:
        proxy.address      host:port
        proxy.asked        [Asked("public.test", 80, "user", "password"), …]

`names` says where a name or an address really leads; what is not in it cannot be reached. `login` is the only user and
password that is let in; `answer` replaces the reply to the request (a SOCKS code, an HTTP status line); `babble` is
sent in place of everything. With `dies_after` bytes from a site the proxy is gone: every connection is cut, and none is
taken any more.
"""

from __future__ import annotations

import base64
import contextlib
import ipaddress
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

Place = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Asked:
    """One request for a connection, as it was written."""

    host: str
    port: int
    user: str = ""
    password: str = ""


@dataclass(slots=True)
class Proxy:
    """A running proxy. `visits` counts connections, `asked` the requests for one."""

    names: Mapping[str, Place]
    login: tuple[str, str] | None = None
    any_login: bool = False
    answer: int | str | None = None
    babble: bytes = b""
    dies_after: int | None = None
    passed: int = 0
    dead: threading.Event = field(default_factory=threading.Event)
    port: int = 0
    visits: int = 0
    asked: list[Asked] = field(default_factory=list)

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"


class Hung(Exception):
    """The client went away, or is not let in."""


def exactly(client: socket.socket, count: int) -> bytes:
    received = b""
    while len(received) < count:
        piece = client.recv(count - len(received))
        if not piece:
            raise Hung
        received += piece
    return received


def speak_socks(proxy: Proxy, client: socket.socket) -> socket.socket:
    version, count = exactly(client, 2)
    methods = exactly(client, count)
    wanted = 2 if proxy.login or proxy.any_login else 0
    if version != 5 or wanted not in methods:
        client.sendall(b"\x05\xff")
        raise Hung
    client.sendall(bytes((5, wanted)))
    user = password = ""
    if wanted == 2:
        exactly(client, 1)
        user = exactly(client, exactly(client, 1)[0]).decode()
        password = exactly(client, exactly(client, 1)[0]).decode()
        accepted = proxy.any_login or (user, password) == proxy.login
        client.sendall(bytes((1, 0 if accepted else 1)))
        if not accepted:
            raise Hung
    _, command, _, form = exactly(client, 4)
    length = {1: 4, 4: 16}.get(form) or exactly(client, 1)[0]
    raw = exactly(client, length)
    host = raw.decode() if form == 3 else str(ipaddress.ip_address(raw))
    port = int.from_bytes(exactly(client, 2), "big")
    proxy.asked.append(Asked(host, port, user, password))
    code = proxy.answer if isinstance(proxy.answer, int) else 0 if host in proxy.names else 4
    if command != 1 or code:
        client.sendall(bytes((5, code, 0, 1, 0, 0, 0, 0, 0, 0)))
        raise Hung
    server = socket.create_connection(proxy.names[host], timeout=10)
    client.sendall(bytes((5, 0, 0, 1, 127, 0, 0, 1, 9, 9)))
    return server


def speak_http(proxy: Proxy, client: socket.socket) -> socket.socket:
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        head += exactly(client, 1)
    line, *rest = head.decode().split("\r\n")
    headers = dict(one.lower().split(": ", 1) for one in rest if ": " in one)
    raw = {name: one.split(": ", 1)[1] for name in headers for one in rest if one.lower().startswith(f"{name}: ")}
    scheme, _, coded = raw.get("proxy-authorization", "").partition(" ")
    user, _, password = base64.b64decode(coded).decode().partition(":") if scheme == "Basic" else ("", "", "")
    if proxy.login and (user, password) != proxy.login:
        client.sendall(b"HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic\r\n\r\n")
        raise Hung
    host, _, port = line.split(" ")[1].rpartition(":")
    host = host.strip("[]")
    proxy.asked.append(Asked(host, int(port), user, password))
    if isinstance(proxy.answer, str) or host not in proxy.names:
        client.sendall(f"HTTP/1.1 {proxy.answer or '502 Bad Gateway'}\r\n\r\n".encode())
        raise Hung
    server = socket.create_connection(proxy.names[host], timeout=10)
    client.sendall(b"HTTP/1.1 200 Connection established\r\nVia: a proxy\r\n\r\n")
    return server


def serve_socks(names: Mapping[str, Place], **settings: object) -> contextlib.AbstractContextManager[Proxy]:
    return _serve(Proxy(names, **settings), speak_socks)  # type: ignore[arg-type]


def serve_http(names: Mapping[str, Place], **settings: object) -> contextlib.AbstractContextManager[Proxy]:
    return _serve(Proxy(names, **settings), speak_http)  # type: ignore[arg-type]


@contextlib.contextmanager
def _serve(proxy: Proxy, speak: Callable[[Proxy, socket.socket], socket.socket]) -> Iterator[Proxy]:
    listener = socket.create_server(("127.0.0.1", 0), backlog=64)
    proxy.port = listener.getsockname()[1]

    def answer(client: socket.socket) -> None:
        with client, contextlib.suppress(OSError, Hung, ValueError):
            client.settimeout(10)
            if proxy.babble:
                client.sendall(proxy.babble)
                return
            with speak(proxy, client) as server:
                back = threading.Thread(target=deliver, args=(server, client), daemon=True)
                back.start()
                pump(client, server)
                back.join(10)

    def deliver(server: socket.socket, client: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while piece := server.recv(65536):
                proxy.passed += len(piece)
                if proxy.dies_after is not None and proxy.passed > proxy.dies_after:
                    proxy.dead.set()
                    with contextlib.suppress(OSError):
                        listener.shutdown(socket.SHUT_RDWR)
                    listener.close()
                    client.shutdown(socket.SHUT_RDWR)
                    return
                client.sendall(piece)
            client.shutdown(socket.SHUT_WR)

    def listen() -> None:
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            proxy.visits += 1
            threading.Thread(target=answer, args=(client,), daemon=True).start()

    thread = threading.Thread(target=listen, daemon=True)
    thread.start()
    try:
        yield proxy
    finally:
        with contextlib.suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join()


def pump(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while piece := source.recv(65536):
            target.sendall(piece)
        target.shutdown(socket.SHUT_WR)
