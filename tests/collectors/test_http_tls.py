"""TLS: what cannot be verified is not taken; what was agreed is recorded."""

from __future__ import annotations

import base64
import hashlib
import socket
import ssl
import threading

import pytest
from sites.capturing import Capture
from sites.hostile import H2_GOAWAY, H2_ONLY, H2_RST_STREAM, H2_SETTINGS, HostileSite
from sites.relay import Relay

from casefile.vocabulary import Cause, Outcome


@pytest.fixture(autouse=True)
def _trust_the_test_root(hostile_site: HostileSite, monkeypatch: pytest.MonkeyPatch) -> None:
    """As a machine would that has the site's root among its own: OpenSSL reads this variable, Casefile does not."""
    monkeypatch.setenv("SSL_CERT_FILE", str(hostile_site.certificates.root))


@pytest.mark.parametrize("host", ["127.0.0.1", "site.example"])
def test_a_verified_site_is_captured_byte_for_byte(host: str, hostile_site: HostileSite, capture: Capture) -> None:
    captured = capture(hostile_site.url("/page", tls="good", host=host))
    assert captured.received.outcome is Outcome.CAPTURED
    assert captured.records("request")[0].block == hostile_site.requests[0].raw
    assert captured.records("response")[0].block == bytes(hostile_site.sent[0])


@pytest.mark.parametrize("certificate", ["self-signed", "expired", "future", "wrong-name"])
def test_a_certificate_that_does_not_hold_is_tls_and_nothing_is_asked(
    certificate: str, hostile_site: HostileSite, capture: Capture
) -> None:
    received = capture(hostile_site.url("/page", tls=certificate, host="site.example")).received
    assert (received.outcome, received.cause) == (Outcome.FAILED, Cause.TLS)
    assert received.detail
    assert hostile_site.requests == []


def test_a_root_that_nobody_trusts_is_tls(
    hostile_site: HostileSite, capture: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SSL_CERT_FILE")
    assert capture(hostile_site.url("/page", tls="good")).received.cause is Cause.TLS


def test_plain_http_on_a_tls_address_is_tls(hostile_site: HostileSite, capture: Capture) -> None:
    received = capture(hostile_site.url("/page").replace("http://", "https://")).received
    assert (received.outcome, received.cause) == (Outcome.FAILED, Cause.TLS)


def test_a_server_that_hangs_up_in_the_handshake_is_a_reset(capture: Capture) -> None:
    listener = socket.create_server(("127.0.0.1", 0))

    def hang_up() -> None:
        visitor, _ = listener.accept()
        with visitor:
            visitor.recv(5)

    threading.Thread(target=hang_up, daemon=True).start()
    received = capture(f"https://127.0.0.1:{listener.getsockname()[1]}/").received
    listener.close()
    assert (received.outcome, received.cause) == (Outcome.FAILED, Cause.RESET)


def test_what_was_agreed_is_recorded_with_the_certificates(hostile_site: HostileSite, capture: Capture) -> None:
    captured = capture(hostile_site.url("/page", tls="good"))
    facts = captured.records("metadata")[-1].block.decode()
    fields = dict(line.split(": ", 1) for line in facts.splitlines())
    (chain,) = captured.records("resource")
    leaf, root = chain.block.decode().split("-----END CERTIFICATE-----\n", 1)
    assert root == hostile_site.certificates.root.read_text()
    assert fields["tls-chain"] == chain.headers["WARC-Record-ID"]
    assert [one.certificate for one in captured.received.exchanges] == [fields["tls-certificate-digest"]]
    assert fields["tls-version"] == "TLSv1.3"
    assert fields["tls-cipher"]
    certificate = base64.b64decode(fields["tls-certificate"])
    assert fields["tls-certificate-digest"] == "sha256:" + hashlib.sha256(certificate).hexdigest()
    address, port = hostile_site.tls_address("good").split(":")
    assert certificate == ssl.PEM_cert_to_DER_cert(ssl.get_server_certificate((address, int(port))))
    assert certificate == ssl.PEM_cert_to_DER_cert(leaf + "-----END CERTIFICATE-----\n")


def test_from_https_to_a_bad_certificate_is_tls_with_the_way_recorded(
    hostile_site: HostileSite, capture: Capture
) -> None:
    bad = hostile_site.url("/page", tls="expired")
    received = capture(hostile_site.url(f"/redirect?to={bad}", tls="good")).received
    assert received.cause is Cause.TLS
    assert [exchange.status for exchange in received.exchanges] == [302, 0]


def test_a_name_reaches_the_server_as_punycode(hostile_site: HostileSite, capture: Capture) -> None:
    port = hostile_site.address.rpartition(":")[2]
    with Relay(hosts={"xn--e1afmkfd.xn--p1ai": "127.0.0.1"}) as relay:
        captured = capture(f"http://пример.рф:{port}/page", proxy=relay.url)
    assert captured.received.outcome is Outcome.CAPTURED
    assert hostile_site.requests[0].headers["host"] == f"xn--e1afmkfd.xn--p1ai:{port}"
    assert captured.item.locator == f"http://xn--e1afmkfd.xn--p1ai:{port}/page"


def test_a_server_of_http_2_alone_is_tls_with_its_reason_and_nothing_is_asked(
    hostile_site: HostileSite, capture: Capture
) -> None:
    received = capture(hostile_site.url("/page", tls=H2_ONLY)).received
    assert (received.outcome, received.cause) == (Outcome.FAILED, Cause.TLS)
    assert "no application protocol" in received.detail.casefold().replace("_", " ")
    assert hostile_site.requests == []
    assert capture(hostile_site.url("/page", tls="good")).received.outcome is Outcome.CAPTURED


@pytest.mark.parametrize(
    "frames", [H2_SETTINGS, H2_SETTINGS + H2_GOAWAY, H2_SETTINGS + H2_RST_STREAM], ids=["settings", "goaway", "reset"]
)
def test_frames_of_http_2_in_the_place_of_an_answer_are_malformed_and_the_next_page_comes(
    frames: bytes, hostile_site: HostileSite, capture: Capture
) -> None:
    hostile_site.behaviours["/two"] = lambda visit: visit.send(frames)
    captured = capture(hostile_site.url("/two", tls="good"))
    assert (captured.received.outcome, captured.received.cause) == (Outcome.FAILED, Cause.MALFORMED)
    assert [one.wire_bytes for one in captured.received.exchanges] == [0]
    assert capture(hostile_site.url("/page", tls="good")).received.outcome is Outcome.CAPTURED
