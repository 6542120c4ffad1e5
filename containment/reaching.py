"""The sockets of the broker: how a name is looked up, an address connected, a client told no."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Sequence


def resolve_by_system(host: str, port: int) -> Sequence[str]:
    """Every address of `host` that the system's resolver gives, in its order; raises OSError or UnicodeError."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return tuple(dict.fromkeys(str(address[0]) for *_, address in found))


def connect_to_address(address: str, port: int, timeout_s: float) -> socket.socket:
    """A TCP connection to an address in written form, which is never looked up as a name; raises OSError."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with contextlib.ExitStack() as until_connected:
        connection = until_connected.enter_context(socket.socket(family, socket.SOCK_STREAM))
        connection.settimeout(timeout_s)
        connection.connect((address, port))
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        until_connected.pop_all()
    return connection


def reply(client: socket.socket, status: str, name: str, value: str) -> None:
    """Answer a client that gets no connection, in one header, and let it read that; raises OSError."""
    head = f"HTTP/1.1 {status}\r\n{name}: {value}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
    client.sendall(head.encode("ascii", "replace"))
    client.shutdown(socket.SHUT_WR)
    # Closing with bytes unread would reset the connection and could take the reply away with it.
    client.settimeout(1.0)
    for _ in range(16):
        if not client.recv(65536):
            return
