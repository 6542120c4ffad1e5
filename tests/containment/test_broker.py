"""The egress broker against a real resolver, real sockets and hostile clients."""

from __future__ import annotations

import contextlib
import os
import socket
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import pytest

from casefile.model import Contact
from containment.broker import Broker, EgressPolicy, connect_to_address, resolve_by_system

from .forms import AUTHORITIES, HOSTS, NAMES, PUBLIC
from .outside import Outside
from .written import written

OTHER_PUBLIC = "2606:4700:4700::1111"


@dataclass(slots=True)
class Net:
    """The network as a test sets it up: names with the answers they give in turn, and where addresses really are."""

    names: dict[str, list[Sequence[str]]] = field(default_factory=dict)
    origin: tuple[str, int] | None = None
    looked_up: list[str] = field(default_factory=list)
    connected: list[tuple[str, int]] = field(default_factory=list)

    def resolve(self, host: str, port: int) -> Sequence[str]:
        self.looked_up.append(host)
        if host not in self.names:
            return resolve_by_system(host, port)
        answers = self.names[host]
        return answers.pop(0) if len(answers) > 1 else answers[0]

    def connect(self, address: str, port: int, timeout_s: float) -> socket.socket:
        self.connected.append((address, port))
        if not self.origin and not address.endswith(("127.0.0.1", "127.0.0.2", "::1")):
            raise ConnectionRefusedError("not on this machine, and no test leaves it")
        return connect_to_address(*(self.origin or (address, port)), timeout_s)


@dataclass(frozen=True, slots=True)
class Told:
    """What the broker answered."""

    status: int
    headers: dict[str, str]
    body: bytes


@dataclass(slots=True)
class Desk:
    """A broker that is being served on loopback, and a client's way to it."""

    broker: Broker
    port: int

    def dial(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=10)

    def ask(self, head: bytes) -> Told:
        with self.dial() as client:
            client.sendall(head)
            return told(client)

    def connect(self, target: str) -> Told:
        return self.ask(f"CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n\r\n".encode())

    @contextlib.contextmanager
    def tunnel(self, target: str) -> Iterator[socket.socket]:
        with self.dial() as client:
            client.sendall(f"CONNECT {target} HTTP/1.1\r\n\r\n".encode())
            answer = b""
            while not answer.endswith(b"\r\n\r\n"):
                answer += client.recv(1)
            assert b" 200 " in answer, answer
            yield client


@contextlib.contextmanager
def desk_in(outside: Outside, policy: EgressPolicy) -> Iterator[Desk]:
    """A broker to the simulated outside."""
    broker = Broker(policy, resolve=outside.resolve, connect=outside.connect)
    listener = socket.create_server(("127.0.0.1", 0))
    broker.serve(listener)
    try:
        yield Desk(broker, listener.getsockname()[1])
    finally:
        broker.close()


def told(client: socket.socket) -> Told:
    answer = b""
    with contextlib.suppress(ConnectionResetError):
        while piece := client.recv(65536):
            answer += piece
    head, _, body = answer.partition(b"\r\n\r\n")
    status, *lines = head.decode("latin-1").split("\r\n")
    headers = dict(line.lower().split(": ", 1) for line in lines)
    return Told(int((status + " 0 0").split()[1]), headers, body)


@pytest.fixture
def net() -> Net:
    return Net()


@pytest.fixture
def desk(net: Net) -> Iterator[Callable[..., Desk]]:
    """Start a broker: desk(policy, idle_s=…)."""
    opened: list[Broker] = []

    def start(policy: EgressPolicy, **settings: float) -> Desk:
        broker = Broker(policy, resolve=net.resolve, connect=net.connect, **settings)
        listener = socket.create_server(("127.0.0.1", 0))
        port = listener.getsockname()[1]
        broker.serve(listener)
        opened.append(broker)
        return Desk(broker, port)

    yield start
    for broker in opened:
        broker.close()


@contextlib.contextmanager
def origin(serve: Callable[[socket.socket], None]) -> Iterator[tuple[str, int]]:
    """A server on loopback that treats each connection with `serve`."""
    listener = socket.create_server(("127.0.0.1", 0))

    def listen() -> None:
        while True:
            try:
                visitor, _ = listener.accept()
            except OSError:
                return
            with visitor, contextlib.suppress(OSError):
                visitor.settimeout(10)
                serve(visitor)

    thread = threading.Thread(target=listen)
    thread.start()
    try:
        yield listener.getsockname()
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join()


def one_page(visitor: socket.socket) -> None:
    visitor.recv(65536)
    visitor.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\nConnection: close\r\n\r\npage")


@pytest.mark.parametrize("host", [*(one for group in HOSTS.values() for one in group), *NAMES])
def test_no_form_of_a_private_address_is_connected_to(host, outside) -> None:
    port = outside.canary.port
    with desk_in(outside, EgressPolicy(ports=(80, port))) as open_desk:
        for head in (f"CONNECT {host}:{port} HTTP/1.1\r\n\r\n", f"GET http://{host}:{port}/ HTTP/1.1\r\n\r\n") * 2:
            with open_desk.dial() as client:
                client.sendall(head.encode())
                client.shutdown(socket.SHUT_WR)
                told(client)
        contacts = open_desk.broker.settle()
    assert outside.reached_inside() == []
    assert (outside.canary.visits, outside.canary.requests) == ([], [])
    assert len(contacts) == 4
    assert all(one.refused or not one.resolved or one.address == PUBLIC for one in contacts)


@pytest.mark.parametrize("count", [200, pytest.param(10_000, marks=pytest.mark.campaign)])
def test_no_way_of_writing_a_private_address_is_connected_to(count: int, outside: Outside) -> None:
    port = outside.canary.port
    with desk_in(outside, EgressPolicy(ports=(80, port))) as open_desk:
        for host in written(20261130, count):
            with open_desk.dial() as client:
                client.sendall(f"CONNECT {host}:{port} HTTP/1.1\r\n\r\n".encode())
                client.shutdown(socket.SHUT_WR)
                assert told(client).status in (400, 403, 502, 504), host
    assert outside.reached_inside() == []
    assert outside.canary.visits == []


@pytest.mark.parametrize("authority", AUTHORITIES)
def test_no_confusing_authority_leads_to_a_private_address(authority, outside) -> None:
    port = outside.canary.port
    with desk_in(outside, EgressPolicy(ports=(80, port))) as open_desk:
        for asked in (f"GET http://{authority.format(port=port)}/", f"CONNECT {authority.format(port=port)}"):
            with open_desk.dial() as client:
                client.sendall(f"{asked} HTTP/1.1\r\n\r\n".encode())
                client.shutdown(socket.SHUT_WR)
                told(client)
    assert outside.reached_inside() == []
    assert outside.canary.visits == []


def test_a_name_is_judged_by_every_address_that_it_has(desk, net, canary) -> None:
    net.names = {
        "inside.test": [["10.0.0.7"]],
        "mixed.test": [[PUBLIC, "127.0.0.1"]],
        "mixed6.test": [[PUBLIC, OTHER_PUBLIC, "::1"]],
        "odd.test": [["not an address"]],
    }
    open_desk = desk(EgressPolicy(ports=(canary.port,)))
    for name in net.names:
        answer = open_desk.connect(f"{name}:{canary.port}")
        assert (answer.status, "casefile-refused" in answer.headers) == (403, True), name
    assert net.connected == []
    assert canary.visits == []


def test_the_address_that_was_judged_is_the_one_that_is_connected_to(desk, net, canary) -> None:
    net.names = {"rebinding.test": [[PUBLIC], ["127.0.0.1"]]}
    with origin(one_page) as net.origin:
        open_desk = desk(EgressPolicy())
        answer = open_desk.ask(b"GET http://rebinding.test/ HTTP/1.1\r\n\r\n")
    assert answer.body == b"page"
    assert net.looked_up == ["rebinding.test"]
    assert net.connected == [(PUBLIC, 80)]
    # The second time it answers with the private address, and is judged again.
    assert open_desk.ask(b"GET http://rebinding.test/ HTTP/1.1\r\n\r\n").status == 403
    assert net.connected == [(PUBLIC, 80)]


def test_a_second_request_on_a_connection_does_not_pass_unjudged(desk, net, canary) -> None:
    net.names = {"good.test": [[PUBLIC]]}
    received: list[bytes] = []

    def keep(visitor: socket.socket) -> None:
        received.append(visitor.recv(65536))
        visitor.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        visitor.settimeout(0.5)
        with contextlib.suppress(TimeoutError):
            received.append(visitor.recv(65536))

    bad = f"GET http://127.0.0.1:{canary.port}/ HTTP/1.1\r\n\r\n".encode()
    with origin(keep) as net.origin:
        open_desk = desk(EgressPolicy(ports=(80, canary.port), methods=("GET", "POST")))
        for asked in (
            b"GET http://good.test/ HTTP/1.1\r\n\r\n",
            b"POST http://good.test/ HTTP/1.1\r\nContent-Length: 2\r\n\r\nok",
        ):
            open_desk.ask(asked + bad + bad)
    assert [b"canary" in one or str(canary.port).encode() in one for one in received] == [False] * len(received)
    assert received[0].endswith(b"\r\n\r\n")
    assert b"".join(received).endswith(b"ok")
    assert canary.visits == []


@pytest.mark.parametrize("port", [1, 22, 25, 110, 3306, 6379, 11211, 65535])
def test_a_port_of_another_service_is_refused_at_a_public_address(port, desk, net) -> None:
    net.names = {"public.test": [[PUBLIC]]}
    answer = desk(EgressPolicy()).connect(f"public.test:{port}")
    assert (answer.status, answer.headers["casefile-refused"]) == (403, f"port {port}")
    assert (net.looked_up, net.connected) == ([], [])


@pytest.mark.parametrize("host", ["maker.test", "MAKER.test.", "update.maker.test"])
def test_what_a_program_asks_for_its_maker_is_refused_and_not_even_looked_up(host, desk, net) -> None:
    policy = EgressPolicy(allow=("maker.test:443",), own_calls=("maker.test",))
    assert desk(policy).connect(f"{host}:443").headers["casefile-refused"].startswith("own-call")
    assert desk(policy).connect("notmaker.test:443").status == 502
    assert (net.looked_up, net.connected) == (["notmaker.test"], [])


def test_an_allowance_opens_one_host_and_port_and_is_recorded(desk, net, canary) -> None:
    allowance = f"127.0.0.1:{canary.port}"
    open_desk = desk(EgressPolicy(allow=(allowance,)))
    answer = open_desk.ask(f"GET http://{allowance}/ HTTP/1.1\r\n\r\n".encode())
    assert answer.body == b"canary"
    assert open_desk.connect(f"127.0.0.2:{canary.port}").status == 403
    assert open_desk.connect(f"localhost:{canary.port}").status == 403
    assert open_desk.connect(f"127.0.0.1:{canary.port ^ 1}").status == 403
    contacts = open_desk.broker.settle()
    assert [(one.host, one.allowance, bool(one.refused)) for one in contacts] == [
        ("127.0.0.1", allowance, False),
        ("127.0.0.2", "", True),
        ("localhost", "", True),
        ("127.0.0.1", "", True),
    ]
    assert contacts[0].address == "127.0.0.1"
    assert contacts[0].bytes_received == len(b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\nConnection: close\r\n\r\ncanary")
    assert contacts[0].bytes_sent > 20
    assert len(canary.visits) == 1


def test_a_tunnel_says_its_peer_and_carries_bytes_both_ways(desk, net) -> None:
    net.names = {"public.test": [[PUBLIC]], "six.test": [[OTHER_PUBLIC]]}

    def echo(visitor: socket.socket) -> None:
        while piece := visitor.recv(65536):
            visitor.sendall(piece)

    with origin(echo) as net.origin:
        open_desk = desk(EgressPolicy())
        with open_desk.dial() as client:
            client.sendall(b"CONNECT six.test:443 HTTP/1.1\r\n\r\nearly")
            client.shutdown(socket.SHUT_WR)
            answer = told(client)
        assert answer.headers["casefile-peer"] == f"[{OTHER_PUBLIC}]:443"
        assert answer.body == b"early"
        with open_desk.tunnel("public.test:443") as client:
            client.sendall(b"ping")
            assert client.recv(4) == b"ping"
    assert [(one.host, one.bytes_sent, one.bytes_received) for one in open_desk.broker.settle()] == [
        ("six.test", 5, 5),
        ("public.test", 4, 4),
    ]


def test_the_end_of_one_direction_leaves_the_other_open(desk, net) -> None:
    net.names = {"public.test": [[PUBLIC]]}

    def answer_at_the_end(visitor: socket.socket) -> None:
        total = 0
        while piece := visitor.recv(65536):
            total += len(piece)
        visitor.sendall(str(total).encode())

    with origin(answer_at_the_end) as net.origin, desk(EgressPolicy()).tunnel("public.test:443") as client:
        client.sendall(b"x" * 300_000)
        client.shutdown(socket.SHUT_WR)
        assert client.recv(100) == b"300000"
        assert client.recv(100) == b""


def test_a_large_transfer_arrives_whole_and_is_counted(desk, net) -> None:
    net.names = {"public.test": [[PUBLIC]]}
    block = os.urandom(1 << 20)

    def send(visitor: socket.socket) -> None:
        for _ in range(64):
            visitor.sendall(block)

    with origin(send) as net.origin:
        open_desk = desk(EgressPolicy())
        with open_desk.tunnel("public.test:443") as client, client.makefile("rb") as stream:
            for number in range(64):
                assert stream.read(1 << 20) == block, number
            assert stream.read(1) == b""
    (contact,) = open_desk.broker.settle()
    assert contact.bytes_received == 64 << 20


def test_a_body_in_several_pieces_is_passed_on_to_its_length(desk, net) -> None:
    net.names = {"public.test": [[PUBLIC]]}

    def take(visitor: socket.socket) -> None:
        received = b""
        while not received.endswith(b"END"):
            received += visitor.recv(65536)
        length = len(received.partition(b"\r\n\r\n")[2])
        visitor.sendall(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + str(length).encode())

    with origin(take) as net.origin, desk(EgressPolicy(methods=("POST",))).dial() as client:
        client.sendall(b"POST http://public.test/ HTTP/1.1\r\nContent-Length: 200003\r\n\r\n" + b"a" * 100_000)
        client.sendall(b"b" * 100_000 + b"END")
        assert told(client).body == b"200003"


def test_what_cannot_be_reached_has_a_cause(desk, net) -> None:
    closed = socket.create_server(("127.0.0.1", 0))
    port = closed.getsockname()[1]
    closed.close()
    silent = socket.create_server(("127.0.0.1", 0), backlog=0)
    queue = [socket.create_connection(silent.getsockname()) for _ in range(1)]
    waiting = f"127.0.0.1:{silent.getsockname()[1]}"
    policy = EgressPolicy(allow=(f"127.0.0.1:{port}", waiting), ports=(80,))
    open_desk = desk(policy, connect_timeout_s=1.0)
    with contextlib.ExitStack() as open_ends:
        open_ends.enter_context(silent)
        for one in queue:
            open_ends.enter_context(one)
        told_causes = {
            target: (answer.status, answer.headers["casefile-cause"])
            for target in (f"127.0.0.1:{port}", "nowhere.invalid:80", "a" * 70 + ".test:80", waiting)
            for answer in [open_desk.connect(target)]
        }
    assert list(told_causes.values()) == [(502, "connection-refused"), (502, "dns"), (502, "dns"), (504, "timeout")]
    assert [one.refused for one in open_desk.broker.settle()] == ["", "", "", ""]


def test_a_silent_connection_is_ended(desk, net) -> None:
    net.names = {"public.test": [[PUBLIC]]}
    with origin(lambda visitor: visitor.recv(1) and None) as net.origin:
        open_desk = desk(EgressPolicy(), idle_s=0.3)
        with open_desk.tunnel("public.test:443") as client:
            assert client.recv(1) == b""


def test_settling_ends_what_is_open_and_records_it(desk, net) -> None:
    net.names = {"public.test": [[PUBLIC]]}
    with origin(lambda visitor: visitor.recv(1) and visitor.recv(1) and None) as net.origin:
        open_desk = desk(EgressPolicy())
        with open_desk.tunnel("public.test:443") as client:
            contacts = open_desk.broker.settle()
            assert client.recv(1) == b""
    assert [one.host for one in contacts] == ["public.test"]
    assert open_desk.broker.settle() == ()


HOSTILE = (
    b"\x00" * 100,
    b"\r\n\r\n",
    b"GET http://a/ HTTP/1.1\r\n" + b"X: " + b"y" * 70_000 + b"\r\n\r\n",
    b"CONNECT " + b"a" * 70_000,
    b"CONNECT " + b"a" * 60_000 + b":80 HTTP/1.1\r\n\r\n",
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + os.urandom(200),
    b"GET http://user:secret@public.test/ HTTP/1.1\r\n\r\n",
    b"GET http://\xff\xfe/ HTTP/1.1\r\n\r\n",
    b"CONNECT public.test:80\r\nHost: x HTTP/1.1\r\n\r\n",
    b"GET http://public.test/",
)


def test_hostile_clients_are_refused_and_the_next_one_is_served(desk, net) -> None:
    net.names = {"public.test": [[PUBLIC]]}
    with origin(one_page) as net.origin:
        open_desk = desk(EgressPolicy())
        for content in HOSTILE:
            with open_desk.dial() as client:
                with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                    client.sendall(content)
                    client.shutdown(socket.SHUT_WR)
                assert told(client).status in (0, 400, 403, 431)
        assert net.connected == []
        assert open_desk.ask(b"GET http://public.test/ HTTP/1.1\r\n\r\n").body == b"page"
    contacts = open_desk.broker.settle()
    assert len(contacts) == len(HOSTILE) + 1
    assert [bool(one.refused) for one in contacts] == [True] * len(HOSTILE) + [False]
    assert not any("secret" in one.model_dump_json() for one in contacts)


def test_a_head_that_does_not_end_is_refused(desk) -> None:
    with desk(EgressPolicy()).dial() as client:
        client.sendall(b"CONNECT " + b"a" * 100_000)
        assert told(client).status == 431


def test_many_connections_at_once_are_all_served(desk, net) -> None:
    net.names = {"public.test": [[PUBLIC]]}
    answers: list[bytes] = []
    with origin(one_page) as net.origin:
        open_desk = desk(EgressPolicy())
        get = b"GET http://public.test/ HTTP/1.1\r\n\r\n"
        threads = [threading.Thread(target=lambda: answers.append(open_desk.ask(get).body)) for _ in range(200)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert answers == [b"page"] * 200
    assert len(open_desk.broker.settle()) == 200


def test_nothing_leaves_once_too_many_contacts_are_recorded(desk, net, monkeypatch) -> None:
    net.names = {"public.test": [[PUBLIC]]}
    monkeypatch.setattr("containment.broker.CONTACTS_LIMIT", 3)
    open_desk = desk(EgressPolicy())
    answers = [open_desk.connect("public.test:22").headers["casefile-refused"] for _ in range(5)]
    assert answers == ["port 22"] * 3 + ["too-many-contacts"] * 2
    assert open_desk.connect("public.test:443").headers["casefile-refused"] == "too-many-contacts"
    assert net.connected == []


def test_a_contact_is_a_value_of_the_record(desk, net) -> None:
    net.names = {"public.test": [[PUBLIC, OTHER_PUBLIC]]}
    open_desk = desk(EgressPolicy(), connect_timeout_s=0.1)
    with origin(one_page) as net.origin:
        open_desk.ask(b"GET http://public.test/ HTTP/1.1\r\n\r\n")
    (contact,) = open_desk.broker.settle()
    assert Contact.model_validate(contact.plain()) == contact
    assert contact.resolved == (PUBLIC, OTHER_PUBLIC)
    assert contact.started_at <= contact.ended_at
