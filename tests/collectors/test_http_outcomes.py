"""Every outcome and cause of the method `http`, each told apart by what a server does."""

from __future__ import annotations

import pytest
from sites.behaviours import BODY, TEXT, png
from sites.capturing import Capture
from sites.hostile import HostileSite, Visit
from sites.relay import Relay

from casefile.vocabulary import Cause, Content, Fidelity, Outcome, Role
from collectors.http import body
from collectors.outcomes import outcomes_of

WHOLE = ("captured", None, "present")
ABSENT = ("captured", "not-the-content", "absent")
DOUBTFUL = ("captured", "not-the-content", "doubtful")
STATUS = ("captured", "http-status", "absent")

TABLE = {
    "/page": WHOLE,
    "/plain": WHOLE,
    "/login": ABSENT,
    "/video-page": WHOLE,
    "/polyglot": WHOLE,
    "/early-hints": WHOLE,
    "/odd-headers": WHOLE,
    "/same-lengths": WHOLE,
    "/over-length": WHOLE,
    "/no-length": WHOLE,
    "/chunked": WHOLE,
    "/chunked-extended": WHOLE,
    "/http-1.0": WHOLE,
    "/bare-newlines": WHOLE,
    "/gzip": WHOLE,
    "/gzip-chunked": WHOLE,
    "/deflate": WHOLE,
    "/deflate-raw": WHOLE,
    "/br": WHOLE,
    "/zstd": WHOLE,
    "/twice-coded": WHOLE,
    "/part-whole": WHOLE,
    "/chain/4": WHOLE,
    "/markup-bomb": WHOLE,
    "/status/404": STATUS,
    "/status/403": STATUS,
    "/status/416": STATUS,
    "/status/429": STATUS,
    "/status/500": STATUS,
    "/status-cut": STATUS,
    "/soft-404": ABSENT,
    "/members": ABSENT,
    "/captcha": ABSENT,
    "/consent-first": ABSENT,
    "/empty": ABSENT,
    "/no-content": ABSENT,
    "/redirect": ABSENT,
    "/status/304": ABSENT,
    "/removed": DOUBTFUL,
    "/old/article/17": DOUBTFUL,
    "/script-only": DOUBTFUL,
    "/html-as-jpeg": DOUBTFUL,
    "/truncated": ("partial", "truncated", "present"),
    "/reset-in-body": ("partial", "truncated", "present"),
    "/chunked-cut": ("partial", "truncated", "present"),
    "/part": ("partial", "truncated", "present"),
    "/hang-in-body": ("partial", "timeout", "present"),
    "/drip-body": ("partial", "timeout", "present"),
    "/gzip-cut": ("partial", "encoding-damaged", "present"),
    "/gzip-wrong-sum": ("partial", "encoding-damaged", "present"),
    "/gzip-lie": ("partial", "encoding-damaged", "present"),
    "/br-cut": ("partial", "encoding-damaged", "present"),
    "/unknown-coding": ("partial", "encoding-damaged", "present"),
    "/gzip-bomb": ("partial", "too-large", "present"),
    "/br-bomb": ("partial", "too-large", "present"),
    "/zstd-bomb": ("partial", "too-large", "present"),
    "/endless": ("partial", "too-large", "present"),
    "/big?bytes=2000001": ("partial", "too-large", "present"),
    "/reset": ("failed", "reset", ""),
    "/closed": ("failed", "reset", ""),
    "/closed-in-head": ("failed", "reset", ""),
    "/closed-before-body": ("failed", "reset", ""),
    "/hang": ("failed", "timeout", ""),
    "/drip-head": ("failed", "timeout", ""),
    "/two-lengths": ("failed", "malformed", ""),
    "/length-and-chunked": ("failed", "malformed", ""),
    "/chunked-broken": ("failed", "malformed", ""),
    "/huge-header": ("failed", "malformed", ""),
    "/many-headers": ("failed", "malformed", ""),
    "/not-http": ("failed", "malformed", ""),
    "/loop/a": ("failed", "malformed", ""),
    "/chain/30": ("failed", "malformed", ""),
    "/redirect?to=file:///etc/passwd": ("refused", "blocked-by-policy", ""),
    "/redirect?to=gopher://127.0.0.1:6379/_x": ("refused", "blocked-by-policy", ""),
    "/redirect?to=ftp://example.org/": ("refused", "blocked-by-policy", ""),
    "/redirect?to=data:text/html,x": ("refused", "blocked-by-policy", ""),
    "/redirect?to=javascript:alert(1)": ("refused", "blocked-by-policy", ""),
    "/redirect?to=http://a%5C@private.example/": ("refused", "blocked-by-policy", ""),
}


@pytest.mark.parametrize("path", TABLE)
def test_each_behaviour_has_its_outcome_and_cause(path: str, hostile_site: HostileSite, capture: Capture) -> None:
    received = capture(hostile_site.url(path)).received
    content = received.items[0].content.value if received.items else ""
    assert (received.outcome.value, received.cause and received.cause.value, content) == TABLE[path], received.detail
    assert received.exchanges
    if received.cause is not None:
        assert received.outcome in outcomes_of(received.cause)
        assert received.detail
        assert received.advice


def test_every_behaviour_of_the_site_is_in_the_table() -> None:
    from sites.behaviours import BEHAVIOURS

    elsewhere = {"/", "/a/photo.png", "/b/photo.png", "/png-as-html", "/consent", "/names-others"}
    assert set(BEHAVIOURS) - {path.partition("?")[0] for path in TABLE} - elsewhere == {"/status", "/loop", "/chain"}


@pytest.mark.parametrize("cause", ["dns", "connection-refused", "timeout", "reset"])
def test_what_the_broker_reports_is_the_cause(cause: str, capture: Capture) -> None:
    with Relay(causes={"gone.example": cause}) as relay:
        received = capture("http://gone.example/x", proxy=relay.url).received
    assert (received.outcome, received.cause) == (Outcome.FAILED, Cause(cause))
    assert received.exchanges[0].locator == "http://gone.example/x"
    assert cause in received.exchanges[0].error


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_to_a_refused_host_is_refused_and_recorded(
    status: int, hostile_site: HostileSite, capture: Capture
) -> None:
    with Relay(refused={"private.example": "10.0.0.1 is not public"}) as relay:
        path = f"/redirect?status={status}&to=//private.example/x"
        received = capture(hostile_site.url(path), proxy=relay.url).received
    assert (received.outcome, received.cause) == (Outcome.REFUSED, Cause.BLOCKED_BY_POLICY)
    first, second = received.exchanges
    assert (first.status, first.redirect_to) == (status, "//private.example/x")
    assert (second.locator, second.status) == ("http://private.example/x", 0)
    assert "10.0.0.1 is not public" in second.error


def test_a_loop_ends_after_each_address_was_asked_once(hostile_site: HostileSite, capture: Capture) -> None:
    received = capture(hostile_site.url("/loop/a")).received
    assert hostile_site.paths() == ["/loop/a", "/loop/b"]
    assert len(received.exchanges) == 2


def test_redirects_stop_at_the_limit(hostile_site: HostileSite, capture: Capture) -> None:
    assert capture(hostile_site.url("/chain/30")).received.detail == "more than 5 redirects"
    assert len(hostile_site.requests) == 6
    assert capture(hostile_site.url("/chain/0"), max_redirects=0).received.outcome is Outcome.FAILED


def test_a_head_without_end_is_named(capture: Capture, hostile_site: HostileSite) -> None:
    for path in ("/huge-header", "/many-headers"):
        assert capture(hostile_site.url(path)).received.detail == "the head of the answer is longer than is accepted"


def test_a_hostile_locator_is_refused_without_a_connection(relay: Relay, capture: Capture) -> None:
    for hostile in ("ftp://example.org/", "http://a\\@b/", "http://example.org/\r\nX: y", "http://" + "a" * 70_000):
        received = capture(hostile).received
        assert (received.outcome, received.cause) == (Outcome.REFUSED, Cause.UNSUPPORTED)
        assert received.exchanges == ()
    assert relay.asked == []


def test_credentials_are_neither_sent_nor_recorded(hostile_site: HostileSite, capture: Capture) -> None:
    locator = hostile_site.url("/redirect?to=http://joe:s3cret@site.example:{port}/page")
    port = hostile_site.address.rpartition(":")[2]
    captured = capture(locator.replace("{port}", port).replace("http://", "http://ann:t0psecret@", 1))
    assert captured.received.outcome is Outcome.CAPTURED
    assert captured.received.detail == "the user name and password in the locator were not sent"
    recorded = captured.received.canonical().decode() + b"".join(one.block for one in captured.records()).decode(
        "latin-1"
    )
    sent = b"".join(seen.raw for seen in hostile_site.requests)
    assert b"Authorization" not in sent
    assert b"Cookie" not in sent
    assert "t0psecret" not in recorded
    assert "Authorization" not in recorded


def test_every_request_of_a_capture_is_alike(hostile_site: HostileSite, capture: Capture) -> None:
    capture(hostile_site.url("/chain/3"))
    assert len(hostile_site.requests) == 5
    assert {seen.method for seen in hostile_site.requests} == {"GET"}
    assert {seen.headers["user-agent"] for seen in hostile_site.requests} == {"Tester/1"}
    assert {seen.headers["accept-language"] for seen in hostile_site.requests} == {"ar"}
    assert not any("referer" in seen.headers for seen in hostile_site.requests)


def test_what_a_server_asks_for_a_retry_is_kept_within_a_day(hostile_site: HostileSite, capture: Capture) -> None:
    assert capture(hostile_site.url("/status/429?retry-after=120")).received.retry_after_s == 120
    assert capture(hostile_site.url("/status/503?retry-after=315360000")).received.retry_after_s == 86_400


def test_two_addresses_with_one_base_name_give_two_bodies(hostile_site: HostileSite, capture: Capture) -> None:
    first, second = capture(hostile_site.url("/a/photo.png")), capture(hostile_site.url("/b/photo.png"))
    assert (first.content, second.content) == (png(1), png(2))
    assert first.item.locator.endswith("/a/photo.png")
    assert second.item.locator.endswith("/b/photo.png")


def test_a_page_carries_its_claims_and_its_text(hostile_site: HostileSite, capture: Capture) -> None:
    item = capture(hostile_site.url("/page")).item
    assert (item.title, item.author) == ("A page & its title", "A. Writer & Co")
    assert item.claimed_time == "2024-05-06T07:08:09+03:00"
    assert item.text.endswith("نص")
    assert "hidden" not in item.text
    assert (item.role, item.media_type, item.declared_media_type) == (Role.PAGE, "text/html", "text/html")


def test_plain_text_is_its_own_text(hostile_site: HostileSite, capture: Capture) -> None:
    item = capture(hostile_site.url("/plain")).item
    assert item.text == TEXT.decode().strip()
    assert item.role is Role.DOCUMENT


@pytest.mark.parametrize(
    ("path", "found", "declared"),
    [
        ("/html-as-jpeg", "text/html", "image/jpeg"),
        ("/png-as-html", "image/png", "text/html"),
        ("/polyglot", "image/gif", "application/javascript"),
    ],
)
def test_the_found_and_the_declared_type_are_both_kept(
    path: str, found: str, declared: str, hostile_site: HostileSite, capture: Capture
) -> None:
    item = capture(hostile_site.url(path)).item
    assert (item.media_type, item.declared_media_type) == (found, declared)


def test_a_page_with_video_says_which_method_fetches_it(hostile_site: HostileSite, capture: Capture) -> None:
    assert "--method ytdlp" in capture(hostile_site.url("/video-page")).received.advice


@pytest.mark.parametrize("path", ["/gzip", "/gzip-chunked", "/deflate", "/br", "/zstd", "/twice-coded"])
def test_a_coded_body_is_decoded_and_called_reconstructed(
    path: str, hostile_site: HostileSite, capture: Capture
) -> None:
    captured = capture(hostile_site.url(path))
    assert captured.content == BODY
    assert captured.received.files[0].fidelity is Fidelity.RECONSTRUCTED
    exchange = captured.received.exchanges[-1]
    assert exchange.decoded_bytes == len(BODY) > exchange.wire_bytes == captured.item.wire_bytes


@pytest.mark.parametrize("path", ["/no-length", "/chunked", "/over-length", "/gzip-lie", "/unknown-coding"])
def test_a_body_as_it_was_sent_is_called_wire(path: str, hostile_site: HostileSite, capture: Capture) -> None:
    captured = capture(hostile_site.url(path))
    assert captured.content == BODY
    assert captured.received.files[0].fidelity is Fidelity.WIRE


@pytest.mark.parametrize(
    ("path", "length"),
    [
        ("/page", "verified"),
        ("/chunked", "verified"),
        ("/no-content", "verified"),
        ("/no-length", "unverified"),
        ("/over-length", "over"),
        ("/truncated", "short"),
        ("/chunked-cut", "short"),
        ("/endless", "short"),
    ],
)
def test_how_far_the_length_is_known_is_said(
    path: str, length: str, hostile_site: HostileSite, capture: Capture
) -> None:
    assert capture(hostile_site.url(path)).received.exchanges[-1].length == length


@pytest.mark.parametrize("path", ["/gzip-bomb", "/br-bomb", "/zstd-bomb"])
def test_a_bomb_stops_at_the_limit_and_its_wire_bytes_are_kept(
    path: str, hostile_site: HostileSite, capture: Capture
) -> None:
    captured = capture(hostile_site.url(path), max_decoded_bytes=100_000)
    assert captured.content == bytes(100_000)
    exchange = captured.received.exchanges[-1]
    assert exchange.length == "verified"
    (response,) = captured.records("response")
    assert response.block.endswith(bytes(hostile_site.sent[-1])[-exchange.wire_bytes :])


def test_nothing_that_a_page_names_is_fetched(hostile_site: HostileSite, capture: Capture) -> None:
    other = hostile_site.url("/plain")
    captured = capture(hostile_site.url(f"/names-others?other={other}"))
    assert captured.received.outcome is Outcome.CAPTURED
    assert other.encode() in captured.content
    assert len(hostile_site.requests) == 1


def test_a_disk_that_fills_ends_the_transfer_before_it_is_full(
    hostile_site: HostileSite, capture: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(body, "DISK_STEP_BYTES", 300_000)
    monkeypatch.setattr(body, "DISK_FLOOR_BYTES", 1 << 60)
    captured = capture(hostile_site.url("/big?bytes=1500000"))
    assert (captured.received.outcome, captured.received.cause) == (Outcome.PARTIAL, Cause.TOO_LARGE)
    assert captured.received.detail == "the disk has no room for more"
    assert 0 < len(captured.content) < 1_500_000
    assert captured.records("response")[0].headers["WARC-Truncated"] == "length"


@pytest.mark.parametrize("extra", [-1, 0, 1])
def test_the_limit_is_exact(extra: int, hostile_site: HostileSite, capture: Capture) -> None:
    captured = capture(hostile_site.url(f"/big?bytes={50_000 + extra}"), max_bytes=50_000)
    assert len(captured.content) == min(50_000, 50_000 + extra)
    assert captured.received.outcome is (Outcome.PARTIAL if extra > 0 else Outcome.CAPTURED)


def test_a_slow_server_is_left_at_the_deadline(hostile_site: HostileSite, capture: Capture) -> None:
    received = capture(hostile_site.url("/drip-body"), deadline_s=1, minimum_rate_bytes_s=0).received
    assert (received.outcome, received.cause) == (Outcome.PARTIAL, Cause.TIMEOUT)
    assert "deadline" in received.detail


def test_a_redirect_whose_body_is_cut_is_still_a_redirect(hostile_site: HostileSite, capture: Capture) -> None:
    def cut(visit: Visit) -> None:
        visit.send("HTTP/1.1 302 Found\r\nLocation: /page\r\nContent-Length: 500\r\n\r\nshort")

    hostile_site.behaviours["/cut"] = cut
    received = capture(hostile_site.url("/cut")).received
    assert received.outcome is Outcome.CAPTURED
    assert [exchange.length for exchange in received.exchanges] == ["short", "verified"]


def test_a_location_in_utf_8_is_followed(hostile_site: HostileSite, capture: Capture) -> None:
    def arabic(visit: Visit) -> None:
        visit.send(b"HTTP/1.1 302 Found\r\nLocation: /page?q=" + "نص".encode() + b"\r\nContent-Length: 0\r\n\r\n")

    hostile_site.behaviours["/arabic"] = arabic
    received = capture(hostile_site.url("/arabic")).received
    assert received.exchanges[0].redirect_to == "/page?q=نص"
    assert hostile_site.paths()[-1] == "/page?q=%D9%86%D8%B5"


def test_hostile_bytes_in_a_page_are_plain_text_in_the_answer(hostile_site: HostileSite, capture: Capture) -> None:
    def hostile(visit: Visit) -> None:
        visit.respond(b"<title>\xed\xa0\x80 \x00 ${x} ' \xff</title><p>\xf0\x28\x8c\x28" + TEXT)

    hostile_site.behaviours["/hostile"] = hostile
    item = capture(hostile_site.url("/hostile")).item
    assert "${x} '" in item.title
    assert item.content is Content.PRESENT
