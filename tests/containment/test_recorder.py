"""The recorder in the broker against real TLS sites: what passes is unchanged and kept, what is unverified is not."""

from __future__ import annotations

import errno
import hashlib
import io
import os
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from sites.hostile import HostileSite, Visit

from casefile.model import Contact
from containment.broker import Broker, EgressPolicy
from containment.crossings import RecordingPolicy
from containment.recorder import Recorder
from containment.sandbox import BUNDLE
from containment.spool import ENDINGS_BYTES, FORMAT, Kind, Spool, read_frames

LARGE = 24 << 20
ROOM = 64 << 20
NO_APPLICATION_PROTOCOL = bytes((0x15, 3, 3, 0, 2, 2, 120))
"""RFC 7301 section 3.2."""


@dataclass(slots=True)
class Kept:
    """One connection as the spool has it."""

    opened: dict[str, object] = field(default_factory=dict)
    secured: dict[str, object] = field(default_factory=dict)
    ended: dict[str, object] = field(default_factory=dict)
    up: bytes = b""
    down: bytes = b""


def kept_in(path: Path) -> list[Kept]:
    found: dict[int, Kept] = {}
    with path.open("rb") as file:
        for frame in read_frames(file):
            one = found.setdefault(frame.connection, Kept())
            if frame.kind in (Kind.UP, Kind.DOWN):
                place = file.tell()
                file.seek(frame.start)
                content = file.read(frame.length)
                file.seek(place)
                one.up += content if frame.kind is Kind.UP else b""
                one.down += content if frame.kind is Kind.DOWN else b""
            else:
                setattr(one, frame.kind.name.lower(), dict(frame.facts))
    return list(found.values())


@dataclass(slots=True)
class Desk:
    """A broker with a recorder on loopback, and a client that trusts what a sandbox would."""

    broker: Broker
    recorder: Recorder
    port: int
    trust: Path

    def tunnel(self, address: str) -> socket.socket:
        connection = socket.create_connection(("127.0.0.1", self.port), 20)
        connection.sendall(f"CONNECT {address} HTTP/1.1\r\n\r\n".encode())
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            head += connection.recv(1)
        assert b" 200 " in head, head
        return connection

    def context(self) -> ssl.SSLContext:
        context = ssl.create_default_context(cafile=str(self.trust / BUNDLE))
        context.set_alpn_protocols(["h2", "http/1.1"])
        return context

    def get(self, address: str, path: str, context: ssl.SSLContext | None = None) -> bytes:
        host = address.rpartition(":")[0]
        with (context or self.context()).wrap_socket(self.tunnel(address), server_hostname=host) as connection:
            connection.sendall(request(host, path))
            return everything(connection)

    def finish(self) -> tuple[list[Kept], tuple[Contact, ...], str]:
        """What was kept, the contacts, and what the recording says was lost."""
        contacts = self.broker.settle()
        recording = self.recorder.take()
        if recording is None:
            return [], contacts, ""
        assert recording.path.parent == self.recorder.folder
        return kept_in(recording.path), contacts, recording.lost


def request(host: str, path: str) -> bytes:
    return f"GET {path} HTTP/1.1\r\nHost: {host}\r\nX-odd:  two  blanks \r\nConnection: close\r\n\r\n".encode()


def everything(connection: socket.socket) -> bytes:
    received = bytearray()
    while block := connection.recv(1 << 16):
        received += block
    return bytes(received)


Opening = Callable[..., Desk]


@pytest.fixture
def desk(hostile_site: HostileSite, tmp_path: Path) -> Iterator[Opening]:
    """Open one: desk(unrecorded=…, pass_through=…, most_bytes=…, open_spool=…, roots=…)."""
    opened: list[Broker] = []

    def open_desk(
        *,
        most_bytes: int = ROOM,
        open_spool: Callable[[Path, int], Spool] = Spool,
        roots: tuple[Path, ...] | None = None,
        **policy: object,
    ) -> Desk:
        trusted = (hostile_site.certificates.root,) if roots is None else roots
        folder, trust = tmp_path / f"spools{len(opened)}", tmp_path / f"trust{len(opened)}"
        folder.mkdir()
        trust.mkdir()
        recorder = Recorder(RecordingPolicy(most_bytes, roots=trusted, **policy), folder, open_spool)
        recorder.write_trust(trust)
        kinds = ("good", "self-signed", "expired", "future", "wrong-name")
        ports = [hostile_site.tls_address(kind).rpartition(":")[2] for kind in kinds]
        ports.append(hostile_site.address.rpartition(":")[2])
        allow = tuple(f"{host}:{port}" for host in ("127.0.0.1", "site.example", "localhost") for port in ports)
        broker = Broker(EgressPolicy(allow=allow), recorder, resolve=lambda host, port: ("127.0.0.1",))
        listener = socket.create_server(("127.0.0.1", 0))
        broker.serve(listener)
        opened.append(broker)
        return Desk(broker, recorder, listener.getsockname()[1], trust)

    yield open_desk
    for one in opened:
        one.close()


@pytest.mark.parametrize("host", ["127.0.0.1", "site.example"])
@pytest.mark.parametrize("path", ["/page", "/odd-headers", "/chunked-extended", "/bare-newlines", "/gzip-cut"])
def test_what_passes_is_unchanged_and_kept(host: str, path: str, hostile_site: HostileSite, desk: Opening) -> None:
    one = desk()
    address = f"{host}:{hostile_site.tls_address().rpartition(':')[2]}"
    received = one.get(address, path)
    (kept,), (contact,), lost = one.finish()
    assert received == bytes(hostile_site.sent[0]) == kept.down
    assert hostile_site.requests[0].raw == request(host, path) == kept.up
    assert (kept.opened["scheme"], kept.opened["host"], kept.opened["address"]) == ("https", host, "127.0.0.1")
    assert (contact.recording, contact.refused, lost) == ("whole", "", "")
    assert (contact.bytes_sent, contact.bytes_received) == (len(kept.up), len(kept.down))


def test_tls_is_recorded_as_it_was_agreed_and_verified(hostile_site: HostileSite, desk: Opening) -> None:
    one = desk()
    one.get(hostile_site.tls_address(), "/page")
    (kept,), _, _ = one.finish()
    leaf, root = (bytes.fromhex(one) for one in kept.secured["chain"])
    assert ssl.DER_cert_to_PEM_cert(root) == hostile_site.certificates.root.read_text()
    assert leaf != root
    assert kept.secured["version"] == "TLSv1.3"
    assert kept.secured["cipher"]
    further = hashlib.sha256(hostile_site.certificates.root.read_bytes()).hexdigest()
    assert str(kept.secured["roots"]).startswith("certifi 20")
    assert str(kept.secured["roots"]).endswith(f"further sha256:{further}")


@pytest.mark.parametrize("kind", ["self-signed", "expired", "future", "wrong-name"])
def test_nothing_is_sent_to_a_site_whose_certificate_does_not_hold(
    kind: str, hostile_site: HostileSite, desk: Opening
) -> None:
    one = desk()
    careless = ssl.create_default_context()
    careless.check_hostname, careless.verify_mode = False, ssl.CERT_NONE
    address = f"site.example:{hostile_site.tls_address(kind).rpartition(':')[2]}"
    for context in (None, careless):
        with pytest.raises(ssl.SSLError) as refused:
            one.get(address, "/page", context)
        assert "ALERT" in str(refused.value.reason)
    kept, contacts, _ = one.finish()
    assert (kept, hostile_site.requests) == ([], [])
    assert [contact.refused.partition(":")[0] for contact in contacts] == ["certificate"] * 2


def test_public_roots_alone_do_not_hold_for_a_private_authority(hostile_site: HostileSite, desk: Opening) -> None:
    with pytest.raises(ssl.SSLError, match="UNKNOWN_CA"):
        desk(roots=()).get(hostile_site.tls_address(), "/page")
    assert hostile_site.requests == []


def test_plain_http_is_kept_too(hostile_site: HostileSite, desk: Opening) -> None:
    one = desk()
    with one.tunnel(hostile_site.address) as connection:
        connection.sendall(request("127.0.0.1", "/page"))
        tunnelled = everything(connection)
    with socket.create_connection(("127.0.0.1", one.port), 20) as connection:
        connection.sendall(request("127.0.0.1", f"http://{hostile_site.address}/chunked"))
        forwarded = everything(connection)
    kept, contacts, _ = one.finish()
    assert [(each.up, each.down) for each in kept] == [
        (hostile_site.requests[0].raw, tunnelled),
        (hostile_site.requests[1].raw, forwarded),
    ]
    assert [each.opened["scheme"] for each in kept] == ["http", "http"]
    assert [contact.recording for contact in contacts] == ["whole", "whole"]


def test_a_site_that_greets_first_is_kept(desk: Opening, hostile_site: HostileSite) -> None:
    listener = socket.create_server(("127.0.0.1", 0))

    def greet() -> None:
        visitor, _ = listener.accept()
        with visitor:
            visitor.sendall(b"220 ready\r\n")
            visitor.recv(100)

    thread = threading.Thread(target=greet)
    thread.start()
    one = desk()
    address = f"127.0.0.1:{listener.getsockname()[1]}"
    one.broker.policy = EgressPolicy(allow=(address,))
    with one.tunnel(address) as connection:
        assert connection.recv(100) == b"220 ready\r\n"
    thread.join()
    listener.close()
    (kept,), _, _ = one.finish()
    assert kept.down == b"220 ready\r\n"


def test_the_cap_cuts_the_record_and_not_the_traffic(hostile_site: HostileSite, desk: Opening) -> None:
    one = desk(most_bytes=ENDINGS_BYTES + (1 << 20))
    body = os.urandom(LARGE)
    hostile_site.behaviours["/large"] = lambda visit: visit.respond(body)
    assert one.get(hostile_site.tls_address(), "/large").endswith(body)
    (kept,), (contact,), lost = one.finish()
    assert 0 < len(kept.down) <= 1 << 20
    assert body.startswith(kept.down.partition(b"\r\n\r\n")[2])
    assert kept.ended["lost"] == lost != ""
    assert contact.recording == f"cut: {lost}"


def test_a_full_disk_ends_the_record_and_not_the_traffic(hostile_site: HostileSite, desk: Opening) -> None:
    def refuse(descriptor: int, content: bytes) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    one = desk(open_spool=lambda path, most: Spool(path, most, write=refuse))
    body = os.urandom(LARGE)
    hostile_site.behaviours["/large"] = lambda visit: visit.respond(body)
    assert one.get(hostile_site.tls_address(), "/large").endswith(body)
    (contact,) = one.broker.settle()
    recording = one.recorder.take()
    assert recording is not None
    assert "No space left" in recording.lost
    assert contact.recording == f"cut: {recording.lost}"


def test_a_disk_that_hangs_does_not_hold_the_traffic(hostile_site: HostileSite, desk: Opening) -> None:
    awake = threading.Event()

    def hang(descriptor: int, content: bytes) -> int:
        awake.wait(15)
        return os.write(descriptor, content)

    one = desk(open_spool=lambda path, most: Spool(path, most, write=hang, patience_s=0.2), most_bytes=1 << 30)
    body = os.urandom(1 << 20) * 48
    hostile_site.behaviours["/large"] = lambda visit: visit.respond(body)
    try:
        assert one.get(hostile_site.tls_address(), "/large").endswith(body)
        (contact,) = one.broker.settle()
        recording = one.recorder.take()
        assert recording is not None
        assert "too slow" in recording.lost
        assert contact.recording == f"cut: {recording.lost}"
        assert not awake.is_set()
    finally:
        awake.set()


def test_a_spool_is_read_up_to_its_last_whole_frame(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "spool", ROOM)
    strand = spool.open({"host": "a"})
    for number in range(20):
        strand.put(Kind.DOWN, bytes([number]) * 10)
    strand.end({})
    whole = spool.close().path.read_bytes()
    frames = list(read_frames(io.BytesIO(whole)))
    assert len(frames) == 22
    for at in range(len(FORMAT), len(whole)):
        for damaged in (whole[:at], whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :]):
            read = list(read_frames(io.BytesIO(damaged)))
            assert read == frames[: sum(one.start + one.length + 4 <= at for one in frames)]


def test_a_program_that_pins_is_refused_or_by_policy_passes_unrecorded(
    hostile_site: HostileSite, desk: Opening
) -> None:
    pinning = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    pinning.load_verify_locations(hostile_site.certificates.root)
    strict, lenient = desk(), desk(unrecorded="pass")
    for _ in range(2):
        with pytest.raises(ssl.SSLCertVerificationError):
            strict.get(hostile_site.tls_address(), "/page", pinning)
    kept, contacts, _ = strict.finish()
    assert (kept, hostile_site.requests) == ([], [])
    assert all("the program ended the handshake" in contact.refused for contact in contacts)

    with pytest.raises(ssl.SSLCertVerificationError):
        lenient.get(hostile_site.tls_address(), "/page", pinning)
    assert lenient.get(hostile_site.tls_address(), "/page", pinning).startswith(b"HTTP/1.1 200")
    kept, contacts, _ = lenient.finish()
    assert kept == []
    assert [contact.recording for contact in contacts] == ["", "not recorded: it refuses the recorder"]


@pytest.mark.parametrize("way", ["h2-only", "client-certificate", "hangs-up"])
def test_a_site_that_refuses_the_recorder_is_refused_or_by_policy_passes_unrecorded(
    way: str, hostile_site: HostileSite, desk: Opening
) -> None:
    listener = socket.create_server(("127.0.0.1", 0))
    context = hostile_site.certificates.server_context("good")
    if way == "client-certificate":
        context.maximum_version = ssl.TLSVersion.TLSv1_2
        context.load_verify_locations(hostile_site.certificates.root)
        context.verify_mode = ssl.CERT_REQUIRED
    greetings: list[bytes] = []
    stop = threading.Event()

    def serve() -> None:
        while not stop.is_set():
            try:
                visitor, _ = listener.accept()
            except OSError:
                return
            with visitor:
                visitor.settimeout(5)
                greetings.append(visitor.recv(1 << 16, socket.MSG_PEEK))
                if way == "hangs-up":
                    continue
                if way == "h2-only" and b"\x02h2" not in greetings[-1]:
                    visitor.sendall(NO_APPLICATION_PROTOCOL)
                    visitor.recv(1 << 16)
                    continue
                try:
                    with context.wrap_socket(visitor, server_side=True) as secured:
                        secured.recv(1 << 16)
                        secured.sendall(b"hello")
                except OSError:
                    continue

    thread = threading.Thread(target=serve)
    thread.start()
    address = f"localhost:{listener.getsockname()[1]}"
    try:
        for policy, passes in (("refuse", False), ("pass", True)):
            one = desk(unrecorded=policy)
            one.broker.policy = EgressPolicy(allow=(address,))
            client = one.context()
            client.load_verify_locations(hostile_site.certificates.root)
            before = len(greetings)
            if way == "h2-only" and passes:
                assert one.get(address, "/", client) == b"hello"
            else:
                with pytest.raises((ssl.SSLError, OSError)):
                    one.get(address, "/", client)
            _, (contact,), _ = one.finish()
            assert len(greetings) == before + 1 + passes
            if passes:
                assert str(contact.recording).startswith("not recorded: the site ended the handshake")
            else:
                assert contact.refused.startswith("the site ended the handshake")
    finally:
        stop.set()
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join()


def test_a_place_that_the_policy_names_passes_untouched(hostile_site: HostileSite, desk: Opening) -> None:
    address = hostile_site.tls_address()
    one = desk(pass_through=(address,))
    client = one.context()
    client.load_verify_locations(hostile_site.certificates.root)
    with client.wrap_socket(one.tunnel(address), server_hostname="127.0.0.1") as connection:
        seen = connection.getpeercert(binary_form=True)
        connection.sendall(request("127.0.0.1", "/page"))
        everything(connection)
    kept, (contact,), _ = one.finish()
    assert kept == []
    assert contact.recording == "not recorded: the policy names it"
    assert seen is not None
    assert one.recorder.authority.certificate != ssl.DER_cert_to_PEM_cert(seen).encode()


def test_many_connections_are_kept_apart(hostile_site: HostileSite, desk: Opening) -> None:
    one = desk()

    def echo(visit: Visit) -> None:
        visit.respond(visit.seen.target * 5000)

    hostile_site.behaviours["/echo"] = echo
    received: dict[str, bytes] = {}

    def fetch(path: str) -> None:
        received[path] = one.get(hostile_site.tls_address(), path)

    threads = [threading.Thread(target=fetch, args=(f"/echo/{number}",)) for number in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    kept, _, _ = one.finish()
    assert {each.up.split()[1].decode(): each.down for each in kept} == received
    assert len(received) == 12


def test_the_record_of_a_call_is_its_own(hostile_site: HostileSite, desk: Opening) -> None:
    one = desk()
    one.get(hostile_site.tls_address(), "/page")
    first, _, _ = one.finish()
    assert one.finish() == ([], (), "")
    one.get(hostile_site.tls_address(), "/plain")
    second, _, _ = one.finish()
    assert [each.up.split()[1] for each in (*first, *second)] == [b"/page", b"/plain"]


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_a_method_that_the_policy_does_not_name_does_not_reach_a_site(
    method: str, hostile_site: HostileSite, desk: Opening
) -> None:
    one = desk()
    address = hostile_site.tls_address()
    with one.context().wrap_socket(one.tunnel(address), server_hostname="127.0.0.1") as connection:
        connection.sendall(f"{method} /page HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nok".encode())
        answered = connection.recv(1000)
    _, (contact,), _ = one.finish()
    assert f"Casefile-Refused: method {method}".encode() in answered
    assert (contact.refused, contact.methods) == (f"method {method}", None)
    assert hostile_site.requests == []


def test_a_method_that_the_policy_names_is_listed_with_the_digest_of_its_body(
    hostile_site: HostileSite, desk: Opening
) -> None:
    one = desk()
    one.broker.policy = EgressPolicy((hostile_site.tls_address(),), methods=("GET", "POST"))
    with one.context().wrap_socket(one.tunnel(hostile_site.tls_address()), server_hostname="127.0.0.1") as connection:
        connection.sendall(b"POST /page HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok")
        everything(connection)
    _, (contact,), _ = one.finish()
    assert (contact.methods, contact.refused) == ("POST 1", "")
    assert contact.requests is not None
    assert [(each.method, each.sha256, each.bytes) for each in contact.requests] == [
        ("POST", "sha256:" + hashlib.sha256(b"ok").hexdigest(), 2)
    ]
