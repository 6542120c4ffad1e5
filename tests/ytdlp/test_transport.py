"""The way out: through the broker only, every failure typed where it happens, nothing carried to another host."""

from __future__ import annotations

import importlib
import socket
import ssl
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from casefile.vocabulary import Cause, Outcome, Role

media_site = importlib.import_module("tests_media_site")
Reply = media_site.Reply


def test_a_cookie_stays_on_its_host(site, media, capture, broker_for):
    with media_site.serve(media) as second:
        proxy = broker_for(site.address, second.address.replace("127.0.0.1", "localhost"))
        there = f"http://localhost:{second.port}/watch.html"
        second.page("/watch.html", '<video src="/a.mp4"></video>')
        headers = (("Set-Cookie", "session=secret; Path=/"), ("Location", "/again"))
        site.reply("/start", Reply(b"", status=302, headers=headers))
        site.reply("/again", Reply(b"", status=302, headers=(("Location", there),)))
        assert capture(site.url("/start"), proxy=proxy).received.outcome is Outcome.CAPTURED
        assert [one.headers.get("cookie") for one in site.asked] == [None, "session=secret"]
        assert [one.headers.get("cookie") for one in second.asked] == [None, None]


def test_credentials_in_a_locator_do_not_follow_a_redirect(site, media, capture, broker_for):
    with media_site.serve(media) as second:
        proxy = broker_for(site.address, f"localhost:{second.port}")
        away = f"http://localhost:{second.port}/a.mp4"
        site.reply("/start", Reply(b"", status=302, headers=(("Location", away),)))
        capture(f"http://name:word@{site.address}/start", proxy=proxy)
        assert site.asked[0].headers["authorization"].startswith("Basic ")
        assert all("authorization" not in one.headers for one in second.asked)


def test_connections_are_kept_for_the_segments_of_a_stream(site, broker, capture, counted):
    capture(site.url("/hls/index.m3u8"))
    assert len(site.asked) >= 6
    assert counted() <= 2


def test_a_connection_that_the_server_closed_is_replaced(site, media, capture):
    page = b'<!doctype html><html><head><title>T</title></head><body><video src="/b.mp4"></video></body></html>'

    def behave(handler) -> None:
        head = f"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: {len(page)}\r\n\r\n"
        handler.wfile.write(head.encode() + page)

    captured = capture(site.reply("/watch.html", Reply(behave=behave, raw=True)))
    assert captured.received.outcome is Outcome.CAPTURED
    assert captured.content(captured.item(Role.VIDEO)) == [(media / "b.mp4").read_bytes()]
    assert site.times_asked("/b.mp4") == 1


def test_a_name_that_does_not_exist_is_dns(capture, broker_for):
    received = capture("http://nowhere.casefile.invalid/a.mp4", proxy=broker_for()).received
    assert (received.outcome, received.cause) == (Outcome.FAILED, Cause.DNS)


def test_a_closed_port_is_connection_refused(capture, broker_for):
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    received = capture(f"http://127.0.0.1:{port}/a.mp4", proxy=broker_for(f"127.0.0.1:{port}")).received
    assert (received.outcome, received.cause) == (Outcome.FAILED, Cause.CONNECTION_REFUSED)


def test_silence_is_a_timeout(capture, broker_for):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        proxy = broker_for(f"127.0.0.1:{port}")
        received = capture(f"http://127.0.0.1:{port}/a.mp4", proxy=proxy, connect_timeout_s=1).received
    assert (received.outcome, received.cause) == (Outcome.FAILED, Cause.TIMEOUT)


@pytest.mark.parametrize(
    "locator", ["http://127.0.0.2/a.mp4", "http://[::1]:80/a.mp4", "http://169.254.169.254/x.m3u8"]
)
def test_an_address_that_is_not_public_is_refused(capture, broker, locator):
    received = capture(locator).received
    assert (received.outcome, received.cause) == (Outcome.REFUSED, Cause.BLOCKED_BY_POLICY)


def test_an_unverified_certificate_is_tls_and_nothing_is_taken(capture, broker_for, self_signed):
    proxy = broker_for(f"localhost:{self_signed}")
    received = capture(f"https://localhost:{self_signed}/a.mp4", proxy=proxy).received
    assert (received.outcome, received.cause) == (Outcome.FAILED, Cause.TLS)


def test_without_a_broker_nothing_is_asked(site, capture):
    received = capture(site.url("/a.mp4"), proxy="").received
    assert received.outcome is Outcome.FAILED
    assert site.asked == []


def test_a_broker_that_is_gone_fails_closed(site, capture):
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    received = capture(site.url("/a.mp4"), proxy=f"http://127.0.0.1:{port}").received
    assert (received.outcome, received.cause) == (Outcome.FAILED, Cause.TOOL_FAILED)
    assert site.asked == []


def test_a_site_cannot_speak_for_the_broker(site, capture):
    headers = (("Casefile-Refused", "private"), ("Casefile-Cause", "dns"), ("Casefile-Peer", "1.2.3.4:80"))
    received = capture(site.reply("/odd", Reply(b"x", status=403, headers=headers))).received
    assert received.cause is Cause.HTTP_STATUS
    assert received.exchanges[0].peer == site.address


@pytest.mark.parametrize(
    "locator", ["http://127.0.0.1:99999/a.mp4", "http://[::1/a.mp4", "http://a\r\nb/", "http:///x.mp4"]
)
def test_locators_that_are_none_end_with_a_cause(capture, locator):
    received = capture(locator).received
    assert received.outcome in (Outcome.FAILED, Outcome.REFUSED)
    assert received.cause is not None


@pytest.fixture
def self_signed(tmp_path: Path) -> Iterator[int]:
    """The port of a TLS server whose certificate nobody has signed."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    made = x509.CertificateBuilder(
        name, name, key.public_key(), x509.random_serial_number(), now, now + timedelta(days=1)
    )
    alternative = x509.SubjectAlternativeName([x509.DNSName("localhost")])
    certificate = made.add_extension(alternative, critical=False).sign(key, hashes.SHA256())
    plain = serialization.NoEncryption()
    pkcs8 = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
    (tmp_path / "cert.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    (tmp_path / "key.pem").write_bytes(pkcs8)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "cert.pem", tmp_path / "key.pem")
    listener = socket.create_server(("localhost", 0))

    def serve() -> None:
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            with client:
                try:
                    context.wrap_socket(client, server_side=True).close()
                except OSError:
                    continue

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    yield listener.getsockname()[1]
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()
    thread.join()
