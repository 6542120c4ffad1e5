"""A worker that receives a body and throws it away, over the proxy that it is given, or directly."""

from __future__ import annotations

import contextlib
import socket
import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from casefile.canonical import Json

BLOCK_BYTES = 1 << 18


def work(request: dict[str, Any], inputs: Path, out: Path) -> dict[str, Json]:
    """GET `locator`; the answer says how many bytes came in all. `roots` is a file of trusted certificates."""
    del inputs, out
    return {"bytes": drink(request["locator"], request.get("proxy", ""), request.get("roots", ""))}


def drink(locator: str, proxy: str = "", roots: str = "") -> int:
    """Bytes that came, head included."""
    parts = urlsplit(locator)
    host, port = parts.hostname or "", parts.port or 0
    with _connected(host, port, proxy) as plain, contextlib.ExitStack() as opened:
        connection = plain
        if parts.scheme == "https":
            context = ssl.create_default_context(cafile=roots or None)
            connection = opened.enter_context(context.wrap_socket(plain, server_hostname=host))
        connection.sendall(f"GET {parts.path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode("ascii"))
        buffer, received = bytearray(BLOCK_BYTES), 0
        while count := connection.recv_into(buffer):
            received += count
    return received


@contextlib.contextmanager
def _connected(host: str, port: int, proxy: str) -> Iterator[socket.socket]:
    way = urlsplit(proxy)
    with socket.create_connection((way.hostname, way.port) if proxy else (host, port)) as connection:
        if proxy:
            connection.sendall(f"CONNECT {host}:{port} HTTP/1.1\r\n\r\n".encode("ascii"))
            head = b""
            while not head.endswith(b"\r\n\r\n"):
                head += connection.recv(1)
        yield connection
