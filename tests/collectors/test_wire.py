"""The connection: nothing but the broker, bounded in time and rate, each answer of the broker its own cause."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable

import pytest
from sites.hostile import HostileSite
from sites.relay import Relay

from casefile.vocabulary import Cause
from collectors.http.wire import Pace, WireFailed, open_wire, trusted_roots
from collectors.interface import CaptureLimits
from collectors.locators import Locator

LIMITS = CaptureLimits(
    max_bytes=1000,
    max_decoded_bytes=1000,
    deadline_s=100,
    connect_timeout_s=5,
    minimum_rate_bytes_s=10,
    minimum_rate_window_s=20,
    max_redirects=5,
)
TARGET = Locator("http", "site.example", 80, "/")


class Hands:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.at = 1_000.0

    def __call__(self) -> float:
        return self.at


def test_a_wait_is_the_read_timeout_or_what_is_left_of_the_deadline() -> None:
    hands = Hands()
    pace = Pace(LIMITS, hands)
    assert pace.wait_s() == 5
    hands.at += 98
    assert pace.wait_s() == 2
    hands.at += 3
    with pytest.raises(WireFailed, match="deadline") as caught:
        pace.wait_s()
    assert caught.value.cause is Cause.TIMEOUT
    assert "deadline" in str(pace.expired())


def test_a_drip_below_the_minimum_rate_is_a_timeout() -> None:
    hands = Hands()
    pace = Pace(LIMITS, hands)
    for _ in range(19):
        hands.at += 1
        pace.count(1)
    hands.at += 1
    with pytest.raises(WireFailed, match="fewer than 10 a second") as caught:
        pace.count(1)
    assert caught.value.cause is Cause.TIMEOUT


def test_the_rate_is_measured_window_by_window() -> None:
    hands = Hands()
    pace = Pace(LIMITS, hands)
    pace.count(1_000_000)
    hands.at += 20
    pace.count(0)
    hands.at += 20
    with pytest.raises(WireFailed):
        pace.count(10)


def test_a_new_exchange_starts_a_new_window_and_keeps_the_deadline() -> None:
    hands = Hands()
    pace = Pace(LIMITS, hands)
    hands.at += 30
    pace.begin()
    hands.at += 10
    pace.count(0)
    assert pace.wait_s() == 5
    hands.at += 61
    with pytest.raises(WireFailed):
        pace.wait_s()


def test_a_minimum_rate_of_nothing_switches_it_off() -> None:
    hands = Hands()
    pace = Pace(LIMITS.model_copy(update={"minimum_rate_bytes_s": 0}), hands)
    hands.at += 50
    pace.count(0)


def connect(proxy: str, locator: Locator = TARGET) -> WireFailed:
    try:
        wire = open_wire(locator, proxy=proxy, pace=Pace(LIMITS), roots=trusted_roots)
    except WireFailed as failure:
        return failure
    wire.close()
    pytest.fail("it was connected")


@pytest.mark.parametrize("cause", ["dns", "connection-refused", "timeout", "reset"])
def test_each_cause_of_the_broker_is_its_own(cause: str) -> None:
    with Relay(causes={"site.example": cause}) as relay:
        failure = connect(relay.url)
    assert failure.cause == cause
    assert not failure.refused


def test_what_the_broker_refuses_is_blocked_by_policy_with_its_reason() -> None:
    with Relay(refused={"site.example": "10.0.0.1 is not public"}) as relay:
        failure = connect(relay.url)
    assert failure.cause is Cause.BLOCKED_BY_POLICY
    assert failure.detail == "10.0.0.1 is not public"
    assert failure.refused


@pytest.mark.parametrize("proxy", ["", "http://", "http://127.0.0.1", "http://127.0.0.1:1"])
def test_without_a_broker_nothing_leaves(proxy: str, hostile_site: HostileSite) -> None:
    port = int(hostile_site.address.rpartition(":")[2])
    failure = connect(proxy, Locator("http", "127.0.0.1", port, "/"))
    assert failure.cause is Cause.TOOL_FAILED
    assert hostile_site.connections == 0


def broken_broker(answer: bytes) -> tuple[str, Callable[[], None]]:
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        client, _ = listener.accept()
        with client:
            client.recv(65_536)
            client.sendall(answer)

    threading.Thread(target=serve, daemon=True).start()
    return f"http://127.0.0.1:{listener.getsockname()[1]}", listener.close


@pytest.mark.parametrize(
    "answer", [b"", b"HTTP/1.1 500 Oops\r\n\r\n", b"nonsense\r\n\r\n", b"HTTP/1.1 200", b"x" * 20_000]
)
def test_a_broker_that_says_neither_yes_nor_no_has_failed(answer: bytes) -> None:
    proxy, close = broken_broker(answer)
    try:
        assert connect(proxy).cause is Cause.TOOL_FAILED
    finally:
        close()


def test_bytes_that_a_server_sends_unasked_are_the_servers() -> None:
    proxy, close = broken_broker(b"HTTP/1.1 200 OK\r\nCasefile-Peer: 192.0.2.1:80\r\n\r\n220 greeting")
    try:
        wire = open_wire(TARGET, proxy=proxy, pace=Pace(LIMITS), roots=trusted_roots)
        assert wire.peer == "192.0.2.1:80"
        assert wire.receive() == b"220 greeting"
        wire.close()
    finally:
        close()


def test_the_roots_are_read_for_https_only(hostile_site: HostileSite) -> None:
    def forbidden() -> ssl.SSLContext:
        raise AssertionError("read")

    port = int(hostile_site.address.rpartition(":")[2])
    with Relay() as relay:
        wire = open_wire(Locator("http", "127.0.0.1", port, "/"), proxy=relay.url, pace=Pace(LIMITS), roots=forbidden)
        wire.close()


def test_tls_is_verified_and_speaks_http_1_only() -> None:
    context = trusted_roots()
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert context.check_hostname
    assert context.minimum_version >= ssl.TLSVersion.TLSv1_2
