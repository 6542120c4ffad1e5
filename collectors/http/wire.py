"""The connection: always through the egress broker, bounded in time and rate, TLS verified.

Every byte that passes above TLS is handed to the caller exactly as it was sent or received. Nothing here connects
anywhere but to the broker; without one there is no capture.
"""

from __future__ import annotations

import re
import socket
import ssl
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import certifi

from casefile.errors import CollectionError
from casefile.vocabulary import Cause, Outcome
from collectors.interface import CaptureLimits
from collectors.locators import Locator
from collectors.outcomes import outcomes_of
from collectors.tls import TlsFacts, facts_of
from collectors.way_out import upstream_failed

READ_BYTES = 1 << 18
BROKER_HEAD_BYTES = 8_192
BROKER_STATUS = re.compile(rb"HTTP/1\.[01] ([0-9]{3})(?: |\r?\n)")


class WireFailed(CollectionError):
    """The connection ended before the answer did. `refused` when it was never allowed."""

    def __init__(self, cause: Cause, detail: str) -> None:
        super().__init__(f"{cause}: {detail}")
        self.cause = cause
        self.detail = detail

    @property
    def refused(self) -> bool:
        return Outcome.REFUSED in outcomes_of(self.cause)


class Pace:
    """How long a capture may still take, and how slowly bytes may come.

    The rate is measured over windows of `minimum_rate_window_s`; a drip of single bytes never runs into a read
    timeout, but it runs into this. `now` is monotonic seconds.
    """

    def __init__(self, limits: CaptureLimits, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._limits = limits
        self._end = now() + limits.deadline_s
        self.begin()

    def begin(self) -> None:
        """A new exchange: the rate is measured afresh, the deadline stays."""
        self._window_start = self._now()
        self._window_bytes = 0

    def wait_s(self) -> float:
        """Seconds that the next operation may block; raises WireFailed when the deadline has passed."""
        left = self._end - self._now()
        if left <= 0:
            raise WireFailed(Cause.TIMEOUT, f"the deadline of {self._limits.deadline_s} s has passed")
        return min(left, float(self._limits.connect_timeout_s))

    def expired(self) -> WireFailed:
        """What to raise when an operation blocked for `wait_s`."""
        if self._now() >= self._end:
            return WireFailed(Cause.TIMEOUT, f"the deadline of {self._limits.deadline_s} s has passed")
        return WireFailed(Cause.TIMEOUT, f"no byte for {self._limits.connect_timeout_s} s")

    def count(self, received: int) -> None:
        """Note bytes received; raises WireFailed when the window that ends had too few."""
        self._window_bytes += received
        elapsed = self._now() - self._window_start
        if elapsed < self._limits.minimum_rate_window_s:
            return
        if self._window_bytes < self._limits.minimum_rate_bytes_s * elapsed:
            raise WireFailed(
                Cause.TIMEOUT,
                f"{self._window_bytes} bytes in {elapsed:.0f} s are fewer than "
                f"{self._limits.minimum_rate_bytes_s} a second",
            )
        self.begin()


class Wire:
    """One connection to one target. `peer` is the address that the broker says it connected."""

    def __init__(self, connection: socket.socket, pace: Pace, peer: str, tls: TlsFacts | None) -> None:
        self._socket = connection
        self._pace = pace
        self.peer = peer
        self.tls = tls

    def send(self, content: bytes) -> None:
        """All of `content`; raises WireFailed when the other side does not take it."""
        self._socket.settimeout(self._pace.wait_s())
        try:
            self._socket.sendall(content)
        except TimeoutError as error:
            raise self._pace.expired() from error
        except OSError as error:
            raise WireFailed(Cause.RESET, _said(error)) from error

    def receive(self) -> bytes:
        """The next bytes, nothing at the end; raises WireFailed for a reset, a silence, a drip."""
        self._socket.settimeout(self._pace.wait_s())
        try:
            received = self._socket.recv(READ_BYTES)
        except TimeoutError as error:
            raise self._pace.expired() from error
        except OSError as error:
            raise WireFailed(Cause.RESET, _said(error)) from error
        self._pace.count(len(received))
        return received

    def remainder(self, most_bytes: int, wait_s: float) -> bytes:
        """What is sent after the end of the message, until the other side closes, waits or `most_bytes` came."""
        extra = bytearray()
        try:
            while len(extra) < most_bytes:
                self._socket.settimeout(wait_s)
                received = self._socket.recv(most_bytes - len(extra))
                if not received:
                    break
                extra += received
        except OSError:
            # The message had ended: whatever happens to the connection now says nothing about it.
            return bytes(extra)
        return bytes(extra)

    def close(self) -> None:
        self._socket.close()


def trusted_roots() -> ssl.SSLContext:
    """TLS 1.2 or later, verified against the system's roots, certifi's where it has none; http/1.1 only.

    HTTP/2 packs headers, so that nothing could be kept as it was sent.
    """
    context = ssl.create_default_context(cafile=None if _system_has_roots() else certifi.where())
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    return context


def _system_has_roots() -> bool:
    paths = ssl.get_default_verify_paths()
    return bool(paths.cafile) or (bool(paths.capath) and any(Path(paths.capath).iterdir()))


def open_wire(locator: Locator, *, proxy: str, pace: Pace, roots: Callable[[], ssl.SSLContext]) -> Wire:
    """Connect to the locator's host through the broker at `proxy` by CONNECT, also for plain http.

    `roots` is asked for https only: reading the certificates takes longer than a whole exchange.

    Raises WireFailed with the broker's cause, or `tls` when the server's certificate does not hold.
    """
    connection = _connect_broker(proxy, pace)
    try:
        peer = _ask_broker(connection, locator, pace)
        if locator.scheme == "http":
            return Wire(connection, pace, peer, None)
        secured = _secure(connection, locator, pace, roots())
    except WireFailed:
        connection.close()
        raise
    return Wire(secured, pace, peer, facts_of(secured))


def _connect_broker(proxy: str, pace: Pace) -> socket.socket:
    parts = urlsplit(proxy)
    if not parts.hostname or not parts.port:
        raise WireFailed(Cause.TOOL_FAILED, "no egress broker was given, and nothing leaves without one")
    try:
        return socket.create_connection((parts.hostname, parts.port), timeout=pace.wait_s())
    except OSError as error:
        raise WireFailed(Cause.TOOL_FAILED, f"the egress broker cannot be reached: {_said(error)}") from error


def _ask_broker(connection: socket.socket, locator: Locator, pace: Pace) -> str:
    target = f"{locator.host}:{locator.port}"
    try:
        connection.settimeout(pace.wait_s())
        connection.sendall(f"CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n\r\n".encode("ascii"))
        head = _broker_head(connection, pace)
    except TimeoutError as error:
        raise WireFailed(Cause.TIMEOUT, "no connection in time") from error
    except OSError as error:
        raise WireFailed(Cause.TOOL_FAILED, f"the egress broker hung up: {_said(error)}") from error
    status = BROKER_STATUS.match(head)
    headers = _broker_headers(head)
    if status is not None and status.group(1) == b"200":
        return headers.get("casefile-peer", "")
    if "casefile-refused" in headers:
        raise WireFailed(Cause.BLOCKED_BY_POLICY, headers["casefile-refused"])
    said = headers.get("casefile-cause", "")
    causes = {cause.value: cause for cause in (Cause.DNS, Cause.CONNECTION_REFUSED, Cause.TIMEOUT, Cause.RESET)}
    if said in causes:
        raise WireFailed(causes[said], f"{locator.host} port {locator.port}")
    if detail := upstream_failed(said):
        raise WireFailed(Cause.TOOL_FAILED, detail)
    raise WireFailed(Cause.TOOL_FAILED, "the egress broker answered neither yes nor no")


def _broker_head(connection: socket.socket, pace: Pace) -> bytes:
    # Byte by byte: what follows the head already belongs to the target, and to TLS.
    head = bytearray()
    while not head.endswith(b"\r\n\r\n"):
        connection.settimeout(pace.wait_s())
        received = connection.recv(1)
        if not received or len(head) > BROKER_HEAD_BYTES:
            break
        head += received
    return bytes(head)


def _broker_headers(head: bytes) -> dict[str, str]:
    lines = head.decode("latin-1").split("\r\n")[1:]
    pairs = (line.partition(":") for line in lines if ":" in line)
    return {name.strip().lower(): value.strip() for name, _, value in pairs}


def _secure(connection: socket.socket, locator: Locator, pace: Pace, context: ssl.SSLContext) -> ssl.SSLSocket:
    connection.settimeout(pace.wait_s())
    try:
        return context.wrap_socket(connection, server_hostname=locator.host.strip("[]"))
    except ssl.SSLCertVerificationError as error:
        raise WireFailed(Cause.TLS, error.verify_message or str(error)) from error
    except (ssl.SSLZeroReturnError, ssl.SSLEOFError) as error:
        raise WireFailed(Cause.RESET, "closed during the TLS handshake") from error
    except ssl.SSLError as error:
        raise WireFailed(Cause.TLS, error.reason or str(error)) from error
    except TimeoutError as error:
        raise pace.expired() from error
    except (OSError, ValueError) as error:
        raise WireFailed(Cause.RESET, _said(error)) from error


def _said(error: BaseException) -> str:
    """The system's words for an error, without addresses or paths."""
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return type(error).__name__
