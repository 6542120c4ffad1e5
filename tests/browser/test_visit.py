"""A visit tells one navigation from the next: their redirects, and whether the page that is there has loaded."""

from __future__ import annotations

import json
import socket
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from casefile.settings import CaptureSettings
from casefile.vocabulary import Cause
from collectors.browser.capture import INPUT, _taken
from collectors.browser.evidence import Evidence
from collectors.browser.protocol import BrowserGone
from collectors.browser.traffic import Traffic
from collectors.browser.visit import NotShown, Visit
from collectors.interface import CaptureRequest
from containment.channel import Channel
from pipelines.fetching import capture_request

MOST_REDIRECTS = 5


@dataclass
class Browser:
    """What was posted to a browser; whatever is called finds it gone."""

    posted: list[str] = field(default_factory=list)
    heard: dict[str, Any] = field(default_factory=dict)

    def on(self, method: str, heard: Any) -> None:
        self.heard[method] = heard

    def post(self, method: str, session: str = "", **parameters: Any) -> None:
        self.posted.append(method)

    def call(self, method: str, session: str = "", **parameters: Any) -> Mapping[str, Any]:
        if method in ("Page.navigate", "Page.captureScreenshot"):
            return {}
        raise BrowserGone("it ended")

    def wait(self, *_: Any) -> None:
        raise BrowserGone("it ended")

    def pause(self, seconds: float) -> None:
        """Nothing comes."""


@pytest.fixture
def browser() -> Browser:
    return Browser()


@pytest.fixture
def visit(browser: Browser) -> Visit:
    visit = Visit(browser, "page", "main", Traffic(), MOST_REDIRECTS)  # type: ignore[arg-type]
    visit.listen()
    return visit


def ask(browser: Browser, key: str, redirects: int, *, kind: str = "Document") -> None:
    """A request that is sent on so often, as the browser tells it."""
    for hop in range(redirects + 1):
        told: dict[str, Any] = {"requestId": key, "frameId": "main", "type": kind}
        told["request"] = {"url": f"https://site.example/{key}/{hop}", "method": "GET"}
        browser.heard["Network.requestWillBeSent"](
            told | ({"redirectResponse": {"status": 302}} if hop else {}), "page"
        )


def test_each_navigation_may_be_sent_on_so_often_for_itself(visit: Visit, browser: Browser) -> None:
    for key in ("first", "second", "third"):
        ask(browser, key, 3)
    assert (browser.posted, dict(visit.notes)) == ([], {})
    ask(browser, "circle", MOST_REDIRECTS + 1)
    for key in ("picture", "script"):
        ask(browser, key, 0, kind="Image")
    assert browser.posted == ["Page.stopLoading"]
    assert dict(visit.notes) == {"more than 5 redirects, not followed further": 1}
    ask(browser, "after", 2)
    assert browser.posted == ["Page.stopLoading"]


def test_a_page_that_leads_on_is_not_loaded_until_the_next_one_is(visit: Visit, browser: Browser) -> None:
    went, came = browser.heard["Page.frameNavigated"], browser.heard["Page.loadEventFired"]
    went({"frame": {"id": "main", "url": "https://site.example/a"}, "type": "Navigation"}, "page")
    came({}, "page")
    assert (visit.loaded, visit.address) == (True, "https://site.example/a")
    went({"frame": {"id": "inner", "parentId": "main", "url": "https://site.example/frame"}}, "page")
    went({"frame": {"id": "elsewhere", "url": "https://site.example/other"}}, "another session")
    assert (visit.loaded, visit.address) == (True, "https://site.example/a")
    went({"frame": {"id": "main", "url": "https://site.example/b"}, "type": "Navigation"}, "page")
    assert (visit.loaded, visit.address) == (False, "https://site.example/b")
    went({"frame": {"id": "main", "url": "https://site.example/a"}, "type": "BackForwardCacheRestore"}, "page")
    assert visit.loaded


def test_what_a_person_did_is_there_although_the_browser_ended_before_the_page_was_taken(
    visit: Visit, tmp_path: Path
) -> None:
    asked: CaptureRequest = capture_request("https://site.example/", CaptureSettings())
    ours, theirs = socket.socketpair()
    hand, inner = Channel(ours), Channel(theirs)
    hand.send({"kind": "down", "x": 1, "y": 2})
    hand.send({"kind": "back"})
    evidence = Evidence(visit, tmp_path, asked.locator)
    with pytest.raises(NotShown, match=r"it ended; what a person had done .* \(2 events\) is set aside") as failed:
        _taken(asked.model_copy(update={"driven_s": 20}), SimpleNamespace(), evidence, inner)  # type: ignore[arg-type]
    hand.close()
    assert failed.value.cause is Cause.TOOL_FAILED
    kept = [json.loads(line) for line in (tmp_path / INPUT).read_text("utf-8").splitlines()]
    assert [one["kind"] for one in kept] == ["down", "back"]
