"""The way out through a proxy: only through it, names looked up there, and where it fails nothing leaves at all."""

from __future__ import annotations

import importlib
import socket
import sys
from pathlib import Path

import pytest

from casefile.model import Received
from casefile.vocabulary import Cause, ContainmentLevel, Outcome
from containment.addresses import why_not_public
from containment.broker import Broker
from containment.crossings import Carrier
from containment.sandbox import available
from containment.upstream import (
    DIRECT,
    Upstream,
    UpstreamFailed,
    UpstreamKind,
    ask_whether_it_answers,
    connect_through,
    upstream_of,
    why_not_through,
)
from containment.worker import EgressPolicy, open_worker

from .forms import HOSTS, PUBLIC, PUBLIC_NAME
from .outside import Outside, Page
from .test_forms import ASKED, WIDE

sys.path.insert(0, str(Path(__file__).parents[1]))
proxies = importlib.import_module("sites.proxies")

LEVEL = ContainmentLevel.FULL if available().full else ContainmentLevel.WEAK
KINDS = {"http": proxies.serve_http, "socks5": proxies.serve_socks}
METHODS = ("collectors.http.capture", "collectors.ytdlp.capture")


@pytest.fixture
def around(outside: Outside, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was looked up or connected to by the broker itself, around the proxy. It could reach the site."""
    passed: list[str] = []

    def resolve(host: str, port: int):
        passed.append(f"looked up {host}")
        return outside.resolve(host, port)

    def connect(address: str, port: int, timeout_s: float):
        passed.append(f"connected to {address}")
        return outside.connect(address, port, timeout_s)

    def broker(policy: EgressPolicy, recorder: Carrier | None) -> Broker:
        return Broker(policy, recorder, resolve=resolve, connect=connect, connect_timeout_s=3.0)

    monkeypatch.setattr("containment.worker.Broker", broker)
    return passed


@pytest.fixture
def names(outside: Outside) -> dict[str, tuple[str, int]]:
    site = ("127.0.0.1", outside.site_port)
    outside.pages["/page"] = Page(b"<!doctype html><title>A page</title><p>Words of the page.")
    return {PUBLIC_NAME: site, PUBLIC: site, "127.0.0.1": ("127.0.0.1", outside.canary.port)}


def capture(module: str, upstream: Upstream, locator: str, out: Path):
    policy = EgressPolicy(upstream=upstream)
    with open_worker(module, inputs=None, out=out, egress=policy, level=LEVEL) as worker:
        result = worker.call({**ASKED, "locator": locator}, "c", WIDE)
    return Received.model_validate(result.answer), result.contacts


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("login", [None, ("casefile", "pass: word")], ids=["open", "with a login"])
def test_everything_goes_through_the_proxy_which_looks_names_up(kind, login, outside, names, around, tmp_path) -> None:
    with KINDS[kind](names, login=login) as proxy:
        upstream = upstream_of(f"{kind}://{proxy.address}", *(login or ("", "")))
        received, contacts = capture(METHODS[0], upstream, outside.url("/page"), tmp_path)
    assert received.outcome is Outcome.CAPTURED, received.detail
    assert received.items[0].title == "A page"
    assert proxy.asked == [proxies.Asked(PUBLIC_NAME, 80, *(login or ("", "")))]
    assert around == []
    # What the proxy chose is not known here, and the record says that it did.
    (contact,) = contacts
    assert (contact.upstream, contact.host, contact.address, contact.resolved) == (
        f"{kind}://{proxy.address}",
        PUBLIC_NAME,
        "",
        (),
    )
    assert received.exchanges[0].peer == ""
    assert contact.bytes_received > 50
    assert "word" not in contact.model_dump_json()


def test_the_media_method_goes_through_it_too(outside, names, around, tmp_path) -> None:
    outside.pages["/film.mp4"] = Page(b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom" + b"\0" * 4000, "video/mp4")
    with proxies.serve_socks(names) as proxy:
        upstream = upstream_of(f"socks5://{proxy.address}")
        received, contacts = capture(METHODS[1], upstream, outside.url("/film.mp4"), tmp_path)
    assert received.outcome is Outcome.CAPTURED, received.detail
    assert {one.host for one in proxy.asked} == {PUBLIC_NAME}
    assert {one.upstream for one in contacts} == {upstream.shown}
    assert {one.peer for one in received.exchanges} == {""}
    assert around == []


def test_an_address_is_given_to_the_proxy_as_one(outside, names, around, tmp_path) -> None:
    with proxies.serve_socks(names) as proxy:
        received, _ = capture(METHODS[0], upstream_of(f"socks5://{proxy.address}"), f"http://{PUBLIC}/page", tmp_path)
    assert (received.outcome, proxy.asked) == (Outcome.CAPTURED, [proxies.Asked(PUBLIC, 80)])


@pytest.mark.parametrize("module", METHODS)
@pytest.mark.parametrize("kind", [*KINDS, "tor"])
def test_a_dead_proxy_ends_the_capture_and_nothing_goes_around_it(
    kind, module, outside, names, around, tmp_path
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        upstream = upstream_of(f"{kind}://127.0.0.1:{closed.getsockname()[1]}")
    received, contacts = capture(module, upstream, outside.url("/page"), tmp_path)
    assert (received.outcome, received.cause) == (Outcome.FAILED, Cause.TOOL_FAILED)
    assert received.advice
    assert {(one.failed, one.upstream) for one in contacts} == {("upstream-unreachable", upstream.shown)}
    assert (around, outside.asked, outside.connected) == ([], [], [])


FAULTS = (
    ("socks5", {"login": ("a", "b")}, "upstream-login"),
    ("socks5", {"answer": 2}, "upstream-refused"),
    ("socks5", {"answer": 1}, "upstream-refused"),
    ("socks5", {"answer": 5}, "connection-refused"),
    ("socks5", {"answer": 4}, "dns"),
    ("socks5", {"answer": 6}, "timeout"),
    ("socks5", {"babble": b"HTTP/1.1 400 Bad Request\r\n\r\n"}, "upstream-malformed"),
    ("socks5", {"babble": b"\x05"}, "upstream-unreachable"),
    ("http", {"login": ("a", "b")}, "upstream-login"),
    ("http", {"answer": "403 Forbidden"}, "upstream-refused"),
    ("http", {"answer": "502 Bad Gateway"}, "connection-refused"),
    ("http", {"answer": "504 Gateway Timeout"}, "timeout"),
    ("http", {"babble": b"SSH-2.0-server\r\n\r\n"}, "upstream-malformed"),
    ("http", {"babble": b"x" * 100_000}, "upstream-malformed"),
)


@pytest.mark.parametrize(("kind", "settings", "cause"), FAULTS)
def test_a_proxy_that_refuses_is_a_typed_failure(kind, settings, cause, outside, names, around) -> None:
    with KINDS[kind](names, **settings) as proxy:
        upstream = upstream_of(f"{kind}://{proxy.address}", "wrong", "password")
        if "answer" in settings:
            upstream = upstream_of(f"{kind}://{proxy.address}")
        with pytest.raises(UpstreamFailed) as failed:
            connect_through(upstream, PUBLIC_NAME, 80, timeout_s=5.0, isolation="")
    assert failed.value.cause == cause
    assert (around, outside.connected) == ([], [])


def test_a_wrong_password_fails_the_capture_with_a_record(outside, names, around, tmp_path) -> None:
    with proxies.serve_socks(names, login=("right", "password")) as proxy:
        upstream = upstream_of(f"socks5://{proxy.address}", "right", "wrong-password")
        received, contacts = capture(METHODS[0], upstream, outside.url("/page"), tmp_path)
    assert (received.outcome, received.cause) == (Outcome.FAILED, Cause.TOOL_FAILED)
    assert "user and password" in received.detail
    assert [one.failed for one in contacts] == ["upstream-login"]
    assert (proxy.asked, around, outside.asked) == ([], [], [])
    assert "wrong-password" not in received.model_dump_json() + "".join(one.model_dump_json() for one in contacts)


def test_tor_keeps_captures_on_circuits_of_their_own(outside, names, around, tmp_path) -> None:
    outside.pages["/two"] = Page(status=302, headers=(("Location", "/page"),))
    with proxies.serve_socks(names, any_login=True) as proxy:
        policy = EgressPolicy(upstream=upstream_of(f"tor://{proxy.address}"))
        with open_worker(METHODS[0], inputs=None, out=tmp_path, egress=policy, level=LEVEL) as worker:
            for number in range(2):
                worker.call({**ASKED, "locator": outside.url("/two")}, f"c{number}", WIDE)
    users = [one.user for one in proxy.asked]
    assert [one.host for one in proxy.asked] == [PUBLIC_NAME] * 4
    # One for all requests of a capture, and another for the next capture.
    assert users[0] == users[1] != users[2] == users[3]
    assert all(one.password for one in proxy.asked)
    assert around == []


def test_no_written_form_of_a_private_address_is_given_to_a_proxy(outside, names, around) -> None:
    written = [one for group in HOSTS.values() for one in group if one.isascii()]
    for kind in (UpstreamKind.HTTP, UpstreamKind.SOCKS5, UpstreamKind.TOR):
        passed = [one for one in written if not why_not_through(one.strip("[]"), kind)]
        assert passed == []


@pytest.mark.parametrize("host", ["localhost", "printer", "router.local", "db.internal", "a.home.arpa", "x.LOCALHOST."])
def test_a_local_name_is_not_given_to_a_proxy(host) -> None:
    assert why_not_through(host, UpstreamKind.TOR) == "local name"


def test_only_tor_is_asked_for_onion_names() -> None:
    assert why_not_through("abc.onion", UpstreamKind.SOCKS5)
    assert why_not_through("abc.onion", UpstreamKind.HTTP)
    assert not why_not_through("abc.onion", UpstreamKind.TOR)
    assert not why_not_through("www.example.org", UpstreamKind.HTTP)
    assert not why_not_through("2606:4700::1111", UpstreamKind.HTTP)
    assert why_not_public("8.8.8.8") == why_not_through("8.8.8.8", UpstreamKind.HTTP) == ""


def test_an_allowance_goes_through_the_proxy_too(outside, names, around, tmp_path) -> None:
    address = f"127.0.0.1:{outside.canary.port}"
    with proxies.serve_socks(names) as proxy:
        policy = EgressPolicy(allow=(address,), upstream=upstream_of(f"socks5://{proxy.address}"))
        with open_worker(METHODS[0], inputs=None, out=tmp_path, egress=policy, level=LEVEL) as worker:
            (contact,) = worker.call({**ASKED, "locator": f"http://{address}/"}, "c", WIDE).contacts
    assert (contact.allowance, contact.upstream) == (address, f"socks5://{proxy.address}")
    assert [one.host for one in proxy.asked] == ["127.0.0.1"]
    assert around == []


@pytest.mark.parametrize(
    ("text", "user", "password"),
    [
        ("", "", ""),
        ("socks4://127.0.0.1:1080", "", ""),
        ("socks5://127.0.0.1", "", ""),
        ("socks5://127.0.0.1:0", "", ""),
        ("socks5://127.0.0.1:1080/path", "", ""),
        ("socks5://user:password@127.0.0.1:1080", "", ""),
        ("socks5://127.0.0.1:1080", "", "password"),
        ("socks5://127.0.0.1:1080", "u" * 256, ""),
        ("http://127.0.0.1:1080", "a:b", "c"),
        ("tor://127.0.0.1:9050", "user", "password"),
        ("direct", "user", "password"),
    ],
)
def test_a_way_out_that_is_none_is_refused(text, user, password) -> None:
    with pytest.raises(ValueError, match=r"not|user|password"):
        upstream_of(text, user, password)


def test_a_way_out_is_shown_without_its_secrets() -> None:
    upstream = upstream_of("socks5://[::1]:1080", "user", "secret")
    assert upstream.shown == "socks5://[::1]:1080"
    assert "secret" not in repr(upstream)
    assert upstream.recorded == upstream.shown
    for inside in ("10.0.0.5", "192.168.1.1", "[fd00::1]", "proxy.lan", "proxy"):
        assert upstream_of(f"socks5://{inside}:1080").recorded == "socks5://private"
    assert upstream_of("http://8.8.8.8:3128").recorded == "http://8.8.8.8:3128"
    assert (DIRECT.shown, upstream_of("direct")) == ("direct", DIRECT)


def test_whether_a_proxy_answers_is_found_out_without_asking_for_anybody(names) -> None:
    with proxies.serve_socks(names, any_login=True) as tor, proxies.serve_socks(names, login=("a", "b")) as locked:
        assert ask_whether_it_answers(upstream_of(f"tor://{tor.address}")) == ""
        assert ask_whether_it_answers(upstream_of(f"socks5://{locked.address}", "a", "c")) == "upstream-login"
        assert ask_whether_it_answers(upstream_of(f"socks5://{locked.address}", "a", "b")) == ""
    assert (tor.asked, locked.asked) == ([], [])
    with proxies.serve_http(names, login=("a", "b")) as http:
        assert ask_whether_it_answers(upstream_of(f"http://{http.address}")) == "upstream-login"
        assert ask_whether_it_answers(upstream_of(f"http://{http.address}", "a", "b")) == ""
    assert [one.host for one in http.asked] == ["casefile.invalid"]
    assert ask_whether_it_answers(upstream_of(f"http://{http.address}")) == "upstream-unreachable"
