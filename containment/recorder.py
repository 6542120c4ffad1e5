"""The recorder in the egress broker: ends the client's TLS, speaks its own to the site, keeps what passes in between.

A site is checked against roots of known version before the client gets a certificate; one that does not hold is
answered with the TLS alert that says why, and nothing is sent to it. What passes is spooled byte for byte and read
afterwards, in containment: nothing here looks into it.

A site or a program that will have no recorder in between is refused, unless the policy lets it pass unrecorded; then
the contact says so.
"""

from __future__ import annotations

import contextlib
import select
import socket
import ssl
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from containment.certificates import Authority, Roots, roots_of
from containment.chains import chain_of
from containment.crossings import Crossing, NotRecorded, RecordingPolicy
from containment.methods import RequestRefused
from containment.pump import Direction, pump
from containment.relay import Flow, RelayIdle, relay
from containment.spool import Kind, Recording, Spool, Strand

HANDSHAKE_S = 20.0
OPENING_S = 60.0
"""How long either side may take to say the first byte, which shows whether it is TLS."""
TLS_RECORD = b"\x16"
"""RFC 8446 section 5.1: the first byte of a handshake."""
PATTERN = "spool-{:06d}"

HANDSHAKE_FAILURE, BAD_CERTIFICATE, REVOKED, EXPIRED, UNKNOWN_AUTHORITY = 40, 42, 44, 45, 48
"""RFC 8446 section 6."""
ALERTS = {10: EXPIRED, 18: UNKNOWN_AUTHORITY, 19: UNKNOWN_AUTHORITY, 20: UNKNOWN_AUTHORITY, 23: REVOKED}
"""By what OpenSSL found wrong with a certificate (X509_V_ERR_*)."""


class _Declined(Exception):
    """The site will not speak with the recorder. `told` when it said so by an alert, and did not just hang up."""

    def __init__(self, reason: str, *, told: bool) -> None:
        super().__init__(f"the site ended the handshake ({reason})")
        self.told = told


@dataclass(slots=True)
class Recorder:
    """Carries the connections of one worker. `folder` is outside the sandbox and holds one spool for each call."""

    policy: RecordingPolicy
    folder: Path
    open_spool: Callable[[Path, int], Spool] = Spool
    authority: Authority = field(default_factory=Authority)
    roots: Roots = field(init=False)
    _spool: Spool | None = None
    _calls: int = 0
    _declined: set[tuple[str, int]] = field(default_factory=set)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        self.roots = roots_of(self.policy.roots)

    def write_trust(self, folder: Path) -> None:
        """Write the certificates that the sandbox sees: the authority's, and public ones where those may be met."""
        passing = self.policy.unrecorded == "pass" or self.policy.pass_through
        self.authority.write_trust(folder, self.roots.bundle if passing else b"")

    def take(self) -> Recording | None:
        """End the spool of the call that has ended; None when nothing was to be recorded."""
        with self._lock:
            spool, self._spool = self._spool, None
        return None if spool is None else spool.close()

    def carry(self, crossing: Crossing) -> str:
        """Carry one connection to its end, and say how it was kept: `whole`, or what is missing and why.

        Raises NotRecorded when it was not let through, RequestRefused when one of its requests was not, and RelayIdle
        or OSError when it broke before it came about.
        """
        if not _speaks_tls(crossing):
            return self._carry_plain(crossing)
        place = (crossing.host, crossing.port)
        if f"{crossing.host}:{crossing.port}" in self.policy.pass_through:
            return _pass(crossing, "not recorded: the policy names it")
        if place in self._declined:
            return _pass(crossing, "not recorded: it refuses the recorder")
        try:
            return self._carry_tls(crossing)
        except _Declined as declined:
            if self.policy.unrecorded == "refuse":
                if declined.told:
                    _alert(crossing.client, HANDSHAKE_FAILURE)
                raise NotRecorded(str(declined)) from declined
            self._declined.add(place)
            return _pass(crossing, f"not recorded: {declined}", crossing.again())

    def _carry_plain(self, crossing: Crossing) -> str:
        if crossing.forward:
            crossing.see(crossing.forward)
        strand = self._open(crossing, "http")
        if crossing.forward:
            strand.put(Kind.UP, crossing.forward)
            crossing.server.sendall(crossing.forward)
        return self._pump(crossing, strand, crossing.client, crossing.server)

    def _carry_tls(self, crossing: Crossing) -> str:
        with contextlib.ExitStack() as opened:
            server = opened.enter_context(self._meet_server(crossing))
            client = opened.enter_context(self._meet_client(crossing))
            strand = self._open(crossing, "https")
            cipher = server.cipher()
            strand.say(
                Kind.SECURED,
                {
                    "version": server.version() or "",
                    "cipher": cipher[0] if cipher else "",
                    "protocol": server.selected_alpn_protocol() or "",
                    "chain": [one.hex() for one in chain_of(server)],
                    "roots": self.roots.described,
                    "client_version": client.version() or "",
                },
            )
            return self._pump(crossing, strand, client, server)

    def _meet_server(self, crossing: Crossing) -> ssl.SSLSocket:
        server = crossing.server.dup()
        server.settimeout(HANDSHAKE_S)
        try:
            return self.roots.context.wrap_socket(
                server, server_hostname=crossing.host.removesuffix("."), suppress_ragged_eofs=False
            )
        except ssl.SSLCertVerificationError as error:
            server.close()
            _alert(crossing.client, ALERTS.get(error.verify_code, BAD_CERTIFICATE))
            raise NotRecorded(f"certificate: {error.verify_message}") from error
        except (ssl.SSLEOFError, ConnectionResetError) as error:
            server.close()
            raise _Declined("hung up", told=False) from error
        except ssl.SSLError as error:
            server.close()
            raise _Declined(error.reason or "no reason", told=True) from error
        except ValueError as error:
            server.close()
            _alert(crossing.client, BAD_CERTIFICATE)
            raise NotRecorded("certificate: the host's name is none") from error
        except OSError:
            server.close()
            raise

    def _meet_client(self, crossing: Crossing) -> ssl.SSLSocket:
        client = crossing.client.dup()
        client.settimeout(HANDSHAKE_S)
        try:
            context = self.authority.context_for(crossing.host.removesuffix("."))
            return context.wrap_socket(client, server_side=True, suppress_ragged_eofs=False)
        except ssl.SSLError as error:
            client.close()
            self._note_declined(crossing)
            raise NotRecorded(f"the program ended the handshake ({error.reason or 'no reason'})") from error
        except OSError:
            client.close()
            raise

    def _note_declined(self, crossing: Crossing) -> None:
        """What has been said on this connection cannot be said again: the next one is the one that may pass."""
        if self.policy.unrecorded == "pass":
            self._declined.add((crossing.host, crossing.port))

    def _open(self, crossing: Crossing, scheme: str) -> Strand:
        with self._lock:
            if self._spool is None:
                self._calls += 1
                self._spool = self.open_spool(self.folder / PATTERN.format(self._calls), self.policy.most_bytes)
            spool = self._spool
        return spool.open({"scheme": scheme, "host": crossing.host, "port": crossing.port, "address": crossing.address})

    def _pump(self, crossing: Crossing, strand: Strand, client: socket.socket, server: socket.socket) -> str:
        def going(block: bytes) -> None:
            crossing.see(block)
            strand.put(Kind.UP, block)

        up = Direction(client, server, going, crossing.limit)
        down = Direction(server, client, lambda block: strand.put(Kind.DOWN, block))
        broken, refusal = "", None
        try:
            pump(up, down, idle_s=crossing.idle_s, moved=crossing.moved)
        except RelayIdle:
            broken = "idle"
        except RequestRefused as error:
            broken, refusal = f"refused: {error.reason}", error
        except OSError as error:
            broken = (error.reason if isinstance(error, ssl.SSLError) else error.strerror) or type(error).__name__
            if isinstance(error, ssl.SSLError) and not down.moved:
                # A site that wants a certificate of the client says so only after the handshake (TLS 1.3).
                self._note_declined(crossing)
        strand.end({"client": up.how, "server": down.how, "broken": broken})
        if refusal is not None:
            if not down.moved:
                _refuse(client, refusal)
            raise refusal
        return f"cut: {strand.lost}" if strand.lost else "whole"


def _speaks_tls(crossing: Crossing) -> bool:
    """Whether the client begins with a handshake. A server that greets first has no TLS."""
    if crossing.limit is not None:
        return False
    if crossing.forward:
        if crossing.forward.startswith(TLS_RECORD):
            raise NotRecorded("the program began before it was answered")
        return False
    poll = select.poll()
    for side in (crossing.client, crossing.server):
        poll.register(side.fileno(), select.POLLIN)
    ready = {descriptor for descriptor, _ in poll.poll(OPENING_S * 1000)}
    if not ready:
        raise RelayIdle
    if crossing.client.fileno() not in ready:
        return False
    return crossing.client.recv(1, socket.MSG_PEEK) == TLS_RECORD


def _pass(crossing: Crossing, how: str, server: socket.socket | None = None) -> str:
    target = server or crossing.server
    target.settimeout(crossing.idle_s)
    # However it ends: the contact says how much had passed, and this is how it was kept.
    with (
        contextlib.suppress(OSError, RelayIdle),
        Flow(crossing.client, target, limit=crossing.limit) as up,
        Flow(target, crossing.client) as down,
    ):
        relay(up, down, idle_s=crossing.idle_s, moved=crossing.moved)
    return how


def _refuse(client: socket.socket, refusal: RequestRefused) -> None:
    """Say why in HTTP, to a client that has not been answered anything yet."""
    lines = ("HTTP/1.1 403 Forbidden", f"Casefile-Refused: {refusal.reason}", "Content-Length: 0", "Connection: close")
    with contextlib.suppress(OSError):
        client.settimeout(1.0)
        client.sendall("\r\n".join((*lines, "", "")).encode("ascii", "replace"))


def _alert(client: socket.socket, description: int) -> None:
    """Tell a client that has greeted why there will be no TLS: as a site that fails would, and in the clear."""
    with contextlib.suppress(OSError):
        client.settimeout(1.0)
        client.sendall(bytes((0x15, 3, 3, 0, 2, 2, description)))
        client.shutdown(socket.SHUT_WR)
        # Closing with its greeting unread would reset the connection and could take the alert away with it.
        for _ in range(16):
            if not client.recv(65536):
                return
