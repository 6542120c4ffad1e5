"""Connections: always through the egress broker's CONNECT, plain HTTP as well, so that every refusal is typed.

A tunnel also keeps the origin's bytes and the broker's words apart: no header of a site can pass for one of ours.
"""

from __future__ import annotations

import contextlib
import http.client
import re
import socket
import ssl
from collections.abc import Callable
from email.message import Message
from typing import Any, BinaryIO
from urllib.parse import urlsplit

from yt_dlp.networking.exceptions import CertificateVerifyError, SSLError

from casefile.vocabulary import Cause
from collectors.tls import TlsFacts, facts_of
from collectors.way_out import upstream_failed
from collectors.ytdlp.faults import WireFault

BROKER_CAUSES = {
    "dns": Cause.DNS,
    "connection-refused": Cause.CONNECTION_REFUSED,
    "timeout": Cause.TIMEOUT,
    "reset": Cause.RESET,
}
MAX_HEAD_LINES = 32
MAX_LINE_BYTES = 8_192
MAX_SIZE_LINE_BYTES = 4_096
GREETING = b"HTTP/1."
CHUNK_SIZE = re.compile(rb"[0-9A-Fa-f]{1,15}")
PLAIN_LENGTH = re.compile(r"[0-9]{1,18}")


class _Lines:
    """The lines of a head, whose end is the end of the connection for the library: here that is a cut."""

    def __init__(self, source: BinaryIO) -> None:
        self._source = source
        self._first = True

    def readline(self, limit: int) -> bytes:
        """The next line; raises RemoteDisconnected where it was cut, unless what came of it never was HTTP."""
        line = self._source.readline(limit)
        other = self._first and not GREETING.startswith(line[: len(GREETING)])
        self._first = False
        if not line.endswith(b"\n") and len(line) < limit and not other:
            raise http.client.RemoteDisconnected("the head of the answer was cut")
        return line

    def close(self) -> None:
        """As the library closes what it reads from."""
        self._source.close()


class _Response(http.client.HTTPResponse):
    """As the library's, which takes every interim response but 100 for the final one (RFC 9110 section 15.2), a head
    that was cut for a whole one, and for a chunk's size whatever Python reads as a number.
    """

    fp: Any

    def begin(self) -> None:
        source, self.fp = self.fp, _Lines(self.fp)
        try:
            super().begin()
        finally:
            if self.fp is not None:  # the library has closed what it could not read
                self.fp = source

    def _read_next_chunk_size(self) -> int:
        line = self.fp.readline(MAX_SIZE_LINE_BYTES)
        if not line.endswith(b"\n"):
            raise http.client.IncompleteRead(b"")
        size = line.partition(b";")[0].strip()
        if not CHUNK_SIZE.fullmatch(size):
            raise http.client.HTTPException
        return int(size, 16)

    def _read_status(self) -> tuple[str, int, str]:
        while True:
            version, status, reason = super()._read_status()  # type: ignore[misc]  # typeshed leaves it out
            if not http.HTTPStatus.SWITCHING_PROTOCOLS < status < http.HTTPStatus.OK:
                return version, status, reason
            http.client.parse_headers(self.fp)


def has_one_framing(response: http.client.HTTPResponse) -> bool:
    """Whether the length is said in one plain way at most: of two, readers believe different ones (RFC 9112, 6.3).

    Chunks are the only transfer coding that is read here.
    """
    lengths = {one.strip() for one in response.headers.get_all("Content-Length", ())}
    if codings := response.headers.get_all("Transfer-Encoding", ()):
        return bool(response.chunked) and len(codings) == 1 and not lengths
    return len(lengths) <= 1 and all(map(PLAIN_LENGTH.fullmatch, lengths))


class Connection(http.client.HTTPConnection):
    """One connection to an origin through the broker. `peer` is the address that the broker connected to.

    `tls` is what was agreed, where the connection has TLS and no recorder of ours in between.
    """

    response_class = _Response

    def __init__(self, host: str, port: int, *, broker: str, tls: ssl.SSLContext | None, timeout_s: float) -> None:
        super().__init__(host, port, timeout=timeout_s)
        self.default_port = 443 if tls else 80  # what http.client leaves out of the Host header
        self._broker = urlsplit(broker)
        self._context = tls
        self.peer = ""
        self.tls: TlsFacts | None = None

    def connect(self) -> None:
        """Reach the origin; raises WireFault, CertificateVerifyError or SSLError."""
        try:
            tunnel = socket.create_connection((self._broker.hostname or "", self._broker.port or 0), self.timeout)
        except OSError as error:
            raise WireFault(Cause.TOOL_FAILED, "the egress broker cannot be reached") from error
        self.sock = tunnel  # before the talk begins, so that it can be interrupted
        try:
            tunnel.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.peer = _ask_broker(tunnel, self.host, self.port)
            if self._context is not None:
                self.sock = secured = self._context.wrap_socket(tunnel, server_hostname=self.host)
                self.tls = facts_of(secured)
        except ssl.SSLCertVerificationError as error:
            raise CertificateVerifyError(cause=error) from error
        except ssl.SSLError as error:
            raise SSLError(cause=error) from error
        except TimeoutError as error:
            raise WireFault(Cause.TIMEOUT, "no answer while connecting") from error
        except OSError as error:
            raise WireFault(Cause.RESET, "closed while connecting") from error

    def interrupt(self) -> None:
        """End whatever waits on this connection; for another thread."""
        if self.sock is not None:
            with contextlib.suppress(OSError):  # it may be closed by now, which is what is wanted
                self.sock.shutdown(socket.SHUT_RDWR)


def _ask_broker(tunnel: socket.socket, host: str, port: int) -> str:
    target = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    tunnel.sendall(f"CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n\r\n".encode("ascii"))
    with tunnel.makefile("rb") as answer:
        words = answer.readline(MAX_LINE_BYTES).split(None, 2)
        head = _read_head(answer.readline)
    if len(words) < 2 or not words[0].startswith(b"HTTP/1."):
        raise WireFault(Cause.TOOL_FAILED, "the egress broker gave no answer")
    if words[1] == b"200":
        return head.get("Casefile-Peer", "")
    if refusal := head.get("Casefile-Refused"):
        raise WireFault(Cause.BLOCKED_BY_POLICY, f"{target}: {refusal}"[:512])
    said = head.get("Casefile-Cause", "")
    detail = upstream_failed(said) or f"{target}: the egress broker answered {said}"[:512]
    raise WireFault(BROKER_CAUSES.get(said, Cause.TOOL_FAILED), detail)


def _read_head(readline: Callable[[int], bytes]) -> Message:
    head = Message()
    for _ in range(MAX_HEAD_LINES):
        line = readline(MAX_LINE_BYTES)
        if line in (b"\r\n", b"\n", b""):
            break
        name, _, value = line.decode("latin-1").partition(":")
        head[name.strip()] = value.strip()
    return head
