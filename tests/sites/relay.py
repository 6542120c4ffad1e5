"""A small CONNECT proxy that speaks as the egress broker does, for running a worker in the test's own process.

It knows names: `hosts` maps a host name to where it is on loopback. Whatever is in `refused` is answered as the broker
answers what policy forbids, `causes` as it answers what fails. Judging addresses is not its business.
"""

from __future__ import annotations

import select
import socket
import struct
import threading
from collections.abc import Mapping
from types import TracebackType
from typing import Self

LINGER_RESET = struct.pack("ii", 1, 0)
CAUSES = {"dns": "502", "connection-refused": "502", "reset": "502", "timeout": "504"}


class Relay:
    """Running from construction until `close`. `asked` lists the host:port of every CONNECT."""

    def __init__(
        self,
        hosts: Mapping[str, str] | None = None,
        refused: Mapping[str, str] | None = None,
        causes: Mapping[str, str] | None = None,
    ) -> None:
        self.hosts = dict(hosts or {})
        self.refused = dict(refused or {})
        self.causes = dict(causes or {})
        self.asked: list[str] = []
        self._closing = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self._listener.settimeout(0.2)
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def close(self) -> None:
        self._closing.set()
        self._listener.close()

    def _accept(self) -> None:
        while not self._closing.is_set():
            try:
                connection, _ = self._listener.accept()
            except TimeoutError:
                continue
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with client:
            client.settimeout(30)
            head = b""
            while b"\r\n\r\n" not in head:
                block = client.recv(65_536)
                if not block:
                    return
                head += block
            target = head.split(b" ")[1].decode("ascii")
            self.asked.append(target)
            host = target.rpartition(":")[0]
            if host in self.refused:
                client.sendall(f"HTTP/1.1 403 Forbidden\r\nCasefile-Refused: {self.refused[host]}\r\n\r\n".encode())
                return
            if host in self.causes:
                cause = self.causes[host]
                client.sendall(f"HTTP/1.1 {CAUSES[cause]} Bad\r\nCasefile-Cause: {cause}\r\n\r\n".encode())
                return
            self._connect(client, target)

    def _connect(self, client: socket.socket, target: str) -> None:
        host, _, port = target.rpartition(":")
        try:
            server = socket.create_connection((self.hosts.get(host, host), int(port)), timeout=30)
        except OSError:
            client.sendall(b"HTTP/1.1 502 Bad Gateway\r\nCasefile-Cause: connection-refused\r\n\r\n")
            return
        with server:
            peer = ":".join(str(part) for part in server.getpeername()[:2])
            client.sendall(f"HTTP/1.1 200 Connection established\r\nCasefile-Peer: {peer}\r\n\r\n".encode())
            if not _pump(client, server):
                client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER_RESET)


def _pump(client: socket.socket, server: socket.socket) -> bool:
    """Pass bytes on, both ways, until the server ends; False when it was by a reset."""
    while True:
        for source in select.select((client, server), (), (), 30)[0]:
            try:
                block = source.recv(1 << 18)
                (server if source is client else client).sendall(block)
            except ConnectionResetError:
                return source is client
            if not block:
                return True
