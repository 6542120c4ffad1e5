"""The egress broker: the only way out of a sandbox, and the record of everything that left it.

It runs outside the sandbox, one for each worker. A client asks for CONNECT, or for a plain HTTP address in absolute
form. The broker resolves the name, judges every address that it resolves to, and connects to one that it has judged:
the name is not looked up again, so that it cannot change its answer in between. Redirects come back as new requests
and are judged anew. With an upstream proxy everything goes through that, and nothing is looked up here. What it does
not do: look into what passes through a tunnel; with a recorder it is kept.
"""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from casefile.clock import rfc3339
from casefile.model import Contact, readable
from containment.addresses import is_below, matching_allowance, why_any_not_public
from containment.crossings import Carrier, Crossing, NotRecorded, RecordingPolicy
from containment.heads import HEAD_LIMIT_BYTES, HeadRefused, Target, parse_head
from containment.methods import NOT_VISIBLE, PASSIVE, RequestRefused, Requests
from containment.pump import Direction, pump
from containment.reaching import connect_to_address, reply, resolve_by_system
from containment.relay import Flow, RelayIdle, relay
from containment.upstream import DIRECT, Upstream, UpstreamFailed, connect_through, new_isolation, why_not_through

CONNECTIONS_LIMIT = 128
"""At the same time; a browser opens six for each host, more wait in the listener's queue."""
CONTACTS_LIMIT = 20_000
"""Recorded in one call. What lies beyond is refused, so that nothing leaves without a record."""
HEAD_TIMEOUT_S = 20.0
SETTLE_S = 2.0
"""How long the end of a call waits for its connections to notice."""

OWN_CALL = "own-call: a host that the program asks for its maker"

Resolve = Callable[[str, int], Sequence[str]]
Connect = Callable[[str, int, float], socket.socket]


@dataclass(frozen=True, slots=True)
class EgressPolicy:
    """What may be contacted: `allow` are exceptions as host:port, `ports` those allowed at public addresses.

    `upstream` is the one way to it, for exceptions as well. `methods` are those that a request may have, as far as
    requests are seen: in plain HTTP, and in everything that is recorded.
    With `recording` everything that passes is kept; that takes full containment. `own_calls` are hosts that a program
    asks of itself, for its maker; they are refused, those below them too.
    """

    allow: tuple[str, ...] = ()
    ports: tuple[int, ...] = (80, 443, 8080, 8443)
    upstream: Upstream = DIRECT
    recording: RecordingPolicy | None = None
    methods: tuple[str, ...] = PASSIVE
    own_calls: tuple[str, ...] = ()


@dataclass(slots=True)
class _Passage:
    """One connection from inside, and what has become of it so far."""

    client: socket.socket
    started: datetime
    requests: Requests
    server: socket.socket | None = None
    host: str = ""
    port: int = 0
    resolved: tuple[str, ...] = ()
    address: str = ""
    sent: int = 0
    received: int = 0
    refused: str = ""
    allowance: str = ""
    upstream: str = ""
    failed: str = ""
    recording: str | None = None
    unseen: bool = False
    changed: tuple[str, ...] = ()
    asked: bool = False

    def contact(self, ended: datetime) -> Contact:
        return Contact(
            host=readable(self.host, 1024),
            port=self.port,
            resolved=self.resolved,
            address=self.address,
            started_at=rfc3339(self.started),
            ended_at=rfc3339(ended),
            bytes_sent=self.sent,
            bytes_received=self.received,
            refused=self.refused,
            allowance=self.allowance,
            upstream=self.upstream or None,
            failed=self.failed or None,
            recording=self.recording,
            methods=NOT_VISIBLE if self.unseen else self.requests.told() or None,
            requests=self.requests.listed() or None,
            changed=self.changed or None,
        )

    def sever(self) -> None:
        for one in (self.client, self.server):
            if one is not None:
                with contextlib.suppress(OSError):
                    one.shutdown(socket.SHUT_RDWR)


class _Unreachable(Exception):
    def __init__(self, cause: str, status: str) -> None:
        super().__init__(cause)
        self.cause = cause
        self.status = status


class _Refused(Exception):
    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(slots=True)
class Broker:
    """Serves the connections of one listening socket in threads, until closed.

    `resolve` and `connect` are the network; `connect_timeout_s` holds for all addresses of one name together,
    `idle_s` for a connection on which nothing moves. `recorder`, where there is one, carries every connection.
    """

    policy: EgressPolicy
    recorder: Carrier | None = None
    resolve: Resolve = resolve_by_system
    connect: Connect = connect_to_address
    now: Callable[[], datetime] = _now
    connect_timeout_s: float = 20.0
    idle_s: float = 300.0
    _listener: socket.socket | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _slots: threading.BoundedSemaphore = field(default_factory=lambda: threading.BoundedSemaphore(CONNECTIONS_LIMIT))
    _live: dict[threading.Thread, _Passage] = field(default_factory=dict)
    _ended: list[Contact] = field(default_factory=list)
    _acceptor: threading.Thread | None = None
    _isolation: str = field(default_factory=new_isolation)

    def serve(self, listener: socket.socket) -> None:
        """Take over `listener`, a listening TCP or unix socket, and answer on it in the background."""
        self._listener = listener
        self._acceptor = threading.Thread(target=self._accept, args=(listener,), name="egress", daemon=True)
        self._acceptor.start()

    def settle(self) -> tuple[Contact, ...]:
        """End what is still open and give the contacts since the last time, in the order in which they began.

        What comes next is another capture's: an upstream Tor is asked for other circuits.
        """
        self._isolation = new_isolation()
        with self._lock:
            live = dict(self._live)
            for passage in live.values():
                passage.sever()
        for thread in live:
            thread.join(SETTLE_S)
        with self._lock:
            # A name that is still being looked up cannot be interrupted: it is recorded as it stands.
            for thread in [one for one in live if one in self._live]:
                self._record(self._live.pop(thread))
            contacts, self._ended = self._ended, []
        return tuple(sorted(contacts, key=lambda one: one.started_at))

    def close(self) -> tuple[Contact, ...]:
        """Stop listening, end everything, and give the contacts that were not yet given."""
        if self._listener is not None:
            with contextlib.suppress(OSError):
                self._listener.shutdown(socket.SHUT_RDWR)
        with self._lock:
            for passage in self._live.values():
                passage.sever()
        if self._acceptor is not None:
            self._acceptor.join(SETTLE_S)
        if self._listener is not None:
            self._listener.close()
        return self.settle()

    def _accept(self, listener: socket.socket) -> None:
        while True:
            self._slots.acquire()
            try:
                client, _ = listener.accept()
            except OSError:
                # Closed from `close`, or the sandbox that the listener belongs to is gone.
                self._slots.release()
                return
            passage = _Passage(client, self.now(), Requests(self.policy.methods))
            thread = threading.Thread(target=self._pass, args=(passage,), name="egress", daemon=True)
            with self._lock:
                self._live[thread] = passage
                thread.start()  # within the lock: `settle` waits for whatever it finds here, which has to have begun

    def _pass(self, passage: _Passage) -> None:
        try:
            with passage.client:
                self._answer(passage)
        except (OSError, RelayIdle):
            # Reset, closed early, or silent for too long: the contact says how much had passed.
            pass
        finally:
            if passage.server is not None:
                passage.server.close()
            with self._lock:
                if self._live.pop(threading.current_thread(), None) is not None:
                    self._record(passage)
            self._slots.release()

    def _record(self, passage: _Passage) -> None:
        # Beyond the bound there are only refusals; those that were under way when it was met still have room.
        if passage.asked and len(self._ended) < CONTACTS_LIMIT + CONNECTIONS_LIMIT:
            self._ended.append(passage.contact(self.now()))

    def _answer(self, passage: _Passage) -> None:
        try:
            head, early = _read_head(passage)
            if not passage.asked:
                return
            target = parse_head(head)
            passage.host, passage.port = target.host, target.port
            if target.forward:
                passage.requests.check(target.method)
            server = passage.server = self._reach(passage)
        except HeadRefused as refusal:
            passage.refused = refusal.reason
            reply(passage.client, refusal.status, "Casefile-Refused", refusal.reason)
        except (_Refused, RequestRefused) as refusal:
            passage.refused = refusal.reason
            reply(passage.client, "403 Forbidden", "Casefile-Refused", refusal.reason)
        except _Unreachable as failure:
            passage.failed = failure.cause
            reply(passage.client, failure.status, "Casefile-Cause", failure.cause)
        else:
            self._relay(passage, server, target, early)

    def _reach(self, passage: _Passage) -> socket.socket:
        if is_below(passage.host, self.policy.own_calls):
            raise _Refused(OWN_CALL)
        passage.allowance = matching_allowance(self.policy.allow, passage.host, passage.port)
        with self._lock:
            if len(self._ended) >= CONTACTS_LIMIT:
                raise _Refused("too-many-contacts")
        if not passage.allowance and passage.port not in self.policy.ports:
            raise _Refused(f"port {passage.port}")
        if self.policy.upstream != DIRECT:
            return self._reach_through(passage, self.policy.upstream)
        try:
            passage.resolved = tuple(self.resolve(passage.host, passage.port))
        except (OSError, UnicodeError) as error:
            raise _Unreachable("dns", "502 Bad Gateway") from error
        if not passage.resolved:
            raise _Unreachable("dns", "502 Bad Gateway")
        if not passage.allowance and (why := why_any_not_public(passage.resolved)):
            raise _Refused(f"not-public {why}")
        return self._connect(passage)

    def _reach_through(self, passage: _Passage, upstream: Upstream) -> socket.socket:
        passage.upstream = upstream.recorded
        kind = "" if passage.allowance else why_not_through(passage.host, upstream.kind)
        if kind:
            raise _Refused(f"not-public {readable(passage.host, 64)} {kind}")
        wait_s = self.connect_timeout_s
        try:
            return connect_through(upstream, passage.host, passage.port, timeout_s=wait_s, isolation=self._isolation)
        except UpstreamFailed as failure:
            status = "504 Gateway Timeout" if failure.cause == "timeout" else "502 Bad Gateway"
            raise _Unreachable(failure.cause, status) from failure

    def _connect(self, passage: _Passage) -> socket.socket:
        share_s = max(1.0, self.connect_timeout_s / len(passage.resolved))
        last: OSError = ConnectionRefusedError()
        for address in passage.resolved:
            passage.address = address
            try:
                return self.connect(address, passage.port, share_s)
            except OSError as error:
                last = error
        if isinstance(last, TimeoutError):
            raise _Unreachable("timeout", "504 Gateway Timeout") from last
        if isinstance(last, ConnectionResetError):
            raise _Unreachable("reset", "502 Bad Gateway") from last
        raise _Unreachable("connection-refused", "502 Bad Gateway") from last

    def _relay(self, passage: _Passage, server: socket.socket, target: Target, early: bytes) -> None:
        server.settimeout(self.idle_s)
        limit: int | None = None
        if target.forward:
            early = early[: target.body_bytes]
            limit = target.body_bytes - len(early)
            early = target.forward + early
            passage.changed = target.changed
        else:
            address = f"[{passage.address}]" if ":" in passage.address else passage.address
            # Which address a proxy connected to is not known here.
            peer = f"Casefile-Peer: {address}:{passage.port}\r\n" if address else ""
            passage.client.sendall(f"HTTP/1.1 200 Connection established\r\n{peer}\r\n".encode("ascii"))
        already = passage.sent = len(early)

        def moved(up: int, down: int) -> None:
            passage.sent, passage.received = already + up, down

        if self.recorder is not None:
            crossing = Crossing(
                passage.client,
                server,
                passage.host,
                passage.port,
                passage.address,
                self.idle_s,
                moved,
                lambda: self._connect_again(passage),
                early,
                limit,
                passage.requests.see,
            )
            self._carry(self.recorder, passage, crossing)
            return
        if target.forward:
            self._forward(passage, server, early, limit, moved)
            return
        passage.unseen = True
        server.sendall(early)
        with Flow(passage.client, server, limit=limit) as up, Flow(server, passage.client) as down:
            relay(up, down, idle_s=self.idle_s, moved=moved)

    def _forward(
        self,
        passage: _Passage,
        server: socket.socket,
        early: bytes,
        limit: int | None,
        moved: Callable[[int, int], None],
    ) -> None:
        """One plain request and its answer; a body is seen as it passes, so that its digest is known."""
        try:
            passage.requests.see(early)
            server.sendall(early)
            up = Direction(passage.client, server, passage.requests.see, limit)
            pump(up, Direction(server, passage.client, lambda block: None), idle_s=self.idle_s, moved=moved)
        except RequestRefused as refusal:
            passage.refused = refusal.reason

    def _carry(self, recorder: Carrier, passage: _Passage, crossing: Crossing) -> None:
        passage.recording = "cut: it did not come to its end"
        try:
            passage.recording = recorder.carry(crossing)
            passage.unseen = passage.recording.startswith("not recorded")
        except NotRecorded as reason:
            passage.recording, passage.refused = "", str(reason)
        except RequestRefused as refusal:
            passage.recording, passage.refused = "cut: a request was refused", refusal.reason

    def _connect_again(self, passage: _Passage) -> socket.socket:
        if passage.server is not None:
            passage.server.close()
        try:
            upstream = self.policy.upstream
            server = self._connect(passage) if upstream == DIRECT else self._reach_through(passage, upstream)
        except _Unreachable as failure:
            passage.failed = failure.cause
            raise ConnectionError(failure.cause) from failure
        passage.server = server
        return server


def _read_head(passage: _Passage) -> tuple[bytes, bytes]:
    """The head up to its empty line and what came after it; raises HeadRefused when it is too long or cut."""
    client = passage.client
    client.settimeout(HEAD_TIMEOUT_S)
    buffer = bytearray()
    while (end := buffer.find(b"\r\n\r\n")) < 0:
        if len(buffer) > HEAD_LIMIT_BYTES:
            raise HeadRefused("head-too-long", "431 Request Header Fields Too Large")
        piece = client.recv(65536)
        if not piece:
            if buffer:
                raise HeadRefused("malformed")
            return b"", b""
        passage.asked = True
        buffer += piece
    if end > HEAD_LIMIT_BYTES:
        raise HeadRefused("head-too-long", "431 Request Header Fields Too Large")
    return bytes(buffer[:end]), bytes(buffer[end + 4 :])
