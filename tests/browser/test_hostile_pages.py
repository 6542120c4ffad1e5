"""Pages that do not want to be captured, or that nobody could: a typed end, what there was, and the next page works."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sites.hostile import H2_GOAWAY, H2_ONLY, H2_RST_STREAM, H2_SETTINGS, HostileSite
from sites.pages import PAGES, document
from sites.showing import BOUNDS, USER_AGENT, Shows, shows

from casefile.model import Received
from casefile.vocabulary import ContainmentLevel
from collectors.browser.spec import SPEC
from collectors.interface import CaptureRequest
from collectors.jars import Cookie
from containment.limits import Limits
from containment.processes import descendants
from containment.worker import EgressPolicy, run_worker

pytestmark = pytest.mark.campaign


@pytest.fixture(scope="module")
def secured(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shows]:
    """The same for a site with TLS."""
    with (
        HostileSite(PAGES) as site,
        shows(site, tmp_path_factory.mktemp("secured"), ("good", "expired", H2_ONLY)) as shown,
    ):
        yield shown


def test_dialogs_are_dismissed_and_listed_and_the_page_is_kept(browser: Shows) -> None:
    shown = browser.once("/dialogs")
    assert shown.ending == ("captured", None)
    assert shown.page.title == "after"
    assert shown.record["answered"] == {"dialog alert": 1, "dialog confirm": 1, "dialog prompt": 1}


@pytest.mark.parametrize("page", ["/spinning", "/spinning-later"])
def test_a_script_that_does_not_end_is_ended_and_what_is_shown_is_kept(browser: Shows, page: str) -> None:
    shown = browser.once(page)
    assert shown.ending == ("captured", None), shown.received.detail
    assert shown.record["answered"] == {"scripts stopped": 1}
    assert (shown.out / "page/screenshot.png").is_file()


def test_a_page_that_is_never_still_is_taken_as_it_is(browser: Shows) -> None:
    shown = browser.once("/never-idle")
    assert shown.ending == ("captured", None)
    assert "still loading" in shown.received.detail
    assert shown.record["became_still"] is False


def test_printing_again_and_again_holds_nothing_up(browser: Shows) -> None:
    assert browser.once("/print-loop").ending == ("captured", None)


def test_once_its_picture_is_taken_a_page_does_not_lead_away(browser: Shows) -> None:
    shown = browser.once("/leaving")
    assert shown.page.locator.endswith("/leaving")
    assert shown.record["answered"]["leaving"] >= 1
    assert "here now" in shown.text("page/dom.html")
    refused = [one for one in shown.received.alterations if one.what == "navigation"]
    assert [(one.by, one.kind) for one in refused] == [("method", "refused")]
    assert "/frame" not in browser.site.paths()[browser.site.paths().index("/leaving") :]


def test_a_browser_that_dies_leaves_what_it_had_and_the_next_page_works(browser: Shows) -> None:
    browser.worker.start()
    stopped = threading.Event()
    killer = threading.Thread(target=_kill_renderers, args=(browser, stopped))
    killer.start()
    try:
        shown = browser.capture(browser.site.url("/dies"))
    finally:
        stopped.set()
        killer.join()
    assert shown.ending in (("partial", "parts-missing"), ("failed", "tool-failed")), shown.received.detail
    assert browser.capture(browser.site.url("/frame")).ending == ("captured", None)


def _kill_renderers(browser: Shows, stopped: threading.Event) -> None:
    """Kill what draws the page, once the page has asked for what never comes."""
    while not stopped.is_set() and "/later?die" not in browser.site.paths():
        time.sleep(0.05)
    running = browser.worker._running
    assert running is not None
    for process in descendants(running.process.pid):
        with contextlib.suppress(OSError):
            if b"--type=renderer" in Path(f"/proc/{process}/cmdline").read_bytes():
                os.kill(process, signal.SIGKILL)


@pytest.mark.parametrize(
    ("path", "ending"),
    [
        ("/download", ("refused", "unsupported")),
        ("/reset", ("failed", "reset")),
        ("/loop/a", ("failed", "malformed")),
        ("http://no-such-host.invalid/", ("failed", "dns")),
        ("http://127.0.0.2:8081/", ("refused", "blocked-by-policy")),
        ("https://127.0.0.2:443/", ("refused", "blocked-by-policy")),
        ("https://no-such-host.invalid/", ("failed", "dns")),
        ("file:///etc/passwd", ("refused", "unsupported")),
    ],
)
def test_what_is_no_page_has_its_cause_and_no_picture_of_the_browsers_own(
    path: str, ending: tuple[str, str], browser: Shows
) -> None:
    shown = browser.capture(browser.site.url(path) if path.startswith("/") else path)
    assert shown.ending == ending, shown.received.detail
    assert shown.received.advice
    assert not shown.received.items
    assert not (shown.out / "page").exists()


def test_a_page_that_turns_into_an_error_of_the_browser_is_no_evidence(browser: Shows) -> None:
    for path, ending in (("/to-reset", ("failed", "reset")), ("/to-inner", ("refused", "blocked-by-policy"))):
        shown = browser.once(path)
        assert shown.ending == ending
        assert not (shown.out / "page").exists()


def test_an_error_without_a_body_is_an_answer_and_the_browsers_page_about_it_is_not(browser: Shows) -> None:
    shown = browser.once("/empty-error")
    assert shown.ending == ("captured", "http-status")
    assert shown.page.content.value == "absent"
    assert shown.content(shown.page) == b""
    assert not (shown.out / "page").exists()


def test_a_page_that_breaks_off_is_kept_as_far_as_it_came(browser: Shows) -> None:
    shown = browser.once("/half")
    assert shown.ending == ("partial", "truncated")
    assert b"it begins well" in shown.content(shown.page)
    assert (shown.out / "page/screenshot.png").is_file()


def test_a_page_whose_connection_is_reset_is_kept_as_far_as_it_came_and_the_next_one_works(browser: Shows) -> None:
    shown = browser.once("/reset-within")
    assert shown.ending == ("partial", "truncated")
    assert b"it begins well" in shown.content(shown.page)
    assert (shown.out / "page/screenshot.png").is_file()
    assert browser.capture(browser.site.url("/frame")).ending == ("captured", None)


def test_what_a_page_over_tls_asks_for_without_tls_is_listed_with_what_became_of_it(secured: Shows) -> None:
    shown = secured.capture(secured.site.url("/mixed", tls="good"))
    assert shown.ending == ("captured", None), shown.received.detail
    (picture,) = shown.record["media"]
    assert picture["outcome"].startswith("failed: ")
    (script,) = [one for one in shown.received.alterations if one.what == "mixed content"]
    assert (script.by, script.kind, script.where) == ("method", "refused", "plain.invalid:80")
    assert {one.port for one in shown.contacts if one.host == "plain.invalid"} == {443}


def test_a_page_wider_than_any_picture_is_partial_and_says_what_is_shown(browser: Shows) -> None:
    shown = browser.once("/wide")
    assert shown.ending == ("partial", "too-large")
    assert "the picture shows the first 2000" in shown.received.detail


def test_a_hundred_thousand_elements_are_kept(browser: Shows) -> None:
    shown = browser.once("/elements")
    assert shown.received.outcome.value in ("captured", "partial"), shown.received.detail
    assert shown.record["page"]["counts"]["elements"] > 100_000
    assert shown.text("page/dom.html").count("<i>") >= 100_000
    assert not (shown.out / "page/page.pdf").exists()
    assert "not taken: PDF" in shown.received.detail


def test_nothing_reaches_an_address_that_is_not_public_by_whatever_means(browser: Shows) -> None:
    for path in ("/inner", "/sockets", "/to-file"):
        shown = browser.once(path)
        assert shown.ending == ("captured", None)
        reached = {(one.host, one.port) for one in shown.contacts if not one.refused}
        assert reached == {("127.0.0.1", int(browser.site.address.rpartition(":")[2]))}, path
    assert "root:" not in browser.once("/to-file").text("page/dom.html")
    assert browser.once("/sockets").record["websockets_refused"]
    assert "upgrade" in {one.refused for one in browser.once("/sockets").contacts}


def test_a_page_cannot_change_what_is_read_of_it(browser: Shows) -> None:
    shown = browser.once("/lies-about-itself")
    assert shown.ending == ("captured", None)
    assert shown.page.title == "the true title"
    assert "true text" in shown.page.text


def test_over_tls_the_record_has_the_bytes_and_a_bad_certificate_ends_it(secured: Shows) -> None:
    shown = secured.capture(secured.site.url("/windows", tls="good"))
    assert shown.ending == ("captured", None), shown.received.detail
    sent = bytes(secured.site.sent[secured.site.paths().index("/windows")])
    assert shown.responses()[shown.page.locator] == sent
    bad = secured.capture(secured.site.url("/windows", tls="expired"))
    assert bad.ending == ("failed", "tls")
    assert not bad.received.items


@pytest.mark.parametrize("frames", [H2_SETTINGS + H2_GOAWAY, H2_SETTINGS + H2_RST_STREAM], ids=["goaway", "reset"])
def test_what_speaks_http_2_has_its_cause_costs_a_page_only_its_own_part_and_the_next_one_works(
    secured: Shows, frames: bytes
) -> None:
    """HTTP/1.1 is all that is agreed on, either side of the recorder."""
    site = secured.site
    site.behaviours["/two"] = lambda visit: visit.send(frames)
    picture = f"<h1>A page</h1><img src={site.url('/two', tls='good')}><img src={site.url('/b.png', tls=H2_ONLY)}>"
    site.behaviours["/with-two"] = lambda visit: visit.respond(document(picture))
    alone = secured.capture(site.url("/frame", tls=H2_ONLY))
    assert alone.ending == ("failed", "tls"), alone.received.detail
    answered = secured.capture(site.url("/two", tls="good"))
    assert answered.ending == ("failed", "malformed"), answered.received.detail
    shown = secured.capture(site.url("/with-two", tls="good"))
    assert shown.ending == ("captured", None), shown.received.detail
    ends = [one["outcome"] for one in shown.record["media"]]
    assert ends == ["failed: ERR_INVALID_HTTP_RESPONSE", "failed: ERR_SSL_VERSION_OR_CIPHER_MISMATCH"]


def test_an_identity_is_seen_by_its_site_and_its_secrets_stand_nowhere(browser: Shows) -> None:
    secret = "s3cret-of-the-session"
    cookie = Cookie(domain="127.0.0.1", subdomains=False, path="/", secure=False, name="sid", value=secret)
    asked: dict[str, Any] = {"cookies": (cookie,), "hosts": ("127.0.0.1",), "time_zone": "Asia/Yangon"}
    asked |= {"account": ("the.watcher",), "viewport": "900x700"}
    shown = browser.capture(browser.site.url("/hidden-name"), **asked)
    assert shown.ending == ("captured", None)
    assert f"sid={secret}" in {one.headers.get("cookie") for one in browser.site.requests}
    assert shown.record["seen by sites"]["time_zone"] == "Asia/Yangon"
    assert shown.record["seen by sites"]["viewport"] == [900, 700]
    assert shown.record["seen by sites"]["own_account_visible"].startswith("yes")
    for path in shown.out.rglob("*"):
        if path.is_file() and path.suffix != ".wacz":
            assert secret.encode() not in path.read_bytes(), path
    assert not any(secret.encode() in block for block in shown.responses().values())


def test_without_full_containment_no_page_is_shown(site: HostileSite, tmp_path: Path) -> None:
    request = CaptureRequest(
        locator=site.url("/frame?weak"), limits=BOUNDS, user_agent=USER_AGENT, accept_language="en"
    )
    result = run_worker(
        SPEC.module,
        request.plain(),
        None,
        tmp_path / "out",
        limits=Limits(60, 60, 2 << 30, 1 << 28, 1 << 28),
        egress=EgressPolicy((site.address,)),
        level=ContainmentLevel.WEAK,
    )
    received = Received.model_validate(result.answer)
    assert (received.outcome.value, received.cause and received.cause.value) == ("failed", "tool-missing")
    assert "bubblewrap" in received.advice
    assert "/frame?weak" not in site.paths()
