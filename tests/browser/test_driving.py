"""What a person does to a page is passed on and kept, but for what they type where a secret is asked for."""

from __future__ import annotations

import socket
import threading
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from collectors.browser.driving import BY_PERSON, GONE, LEFT, OUT_OF_TIME, TEXT_CHARACTERS, Driven, Driving
from collectors.browser.protocol import BrowserGone, CallFailed, OutOfTime
from collectors.browser.traffic import Traffic
from containment.channel import Channel

SECRET = "correct horse battery staple"


@dataclass
class Browser:
    """What a visit asks of a browser: what was posted, and what is heard of it."""

    posted: list[tuple[str, Mapping[str, Any]]] = field(default_factory=list)
    heard: dict[str, Any] = field(default_factory=dict)

    def on(self, method: str, heard: Any) -> None:
        self.heard[method] = heard

    def post(self, method: str, session: str = "", **parameters: Any) -> None:
        self.posted.append((method, parameters))

    def call(self, method: str, session: str, *, wait_s: float, **parameters: Any) -> Mapping[str, Any]:
        if method == "Page.captureScreenshot":
            return {"data": "a picture"}
        assert method == "Page.getNavigationHistory"
        return {"currentIndex": 2, "entries": [{"id": 7}, {"id": 8}, {"id": 9}]}

    def pause(self, seconds: float) -> None:
        """Nothing comes."""


@dataclass
class Page:
    """A visit whose frames say where the focus is; one that raises does not answer."""

    focus: Mapping[str, Any]
    protocol: Browser = field(default_factory=Browser)
    traffic: Traffic = field(default_factory=Traffic)
    notes: Counter[str] = field(default_factory=Counter)
    session: str = "session"
    frame: str = "main"
    address: str = ""
    crashed: bool = False

    def run(self, script: Any, wait_s: float, frame: str) -> Any:
        if isinstance(self.focus[frame], Exception):
            raise self.focus[frame]
        return self.focus[frame]

    def frames(self) -> Iterator[tuple[str, str]]:
        yield from ((one, "") for one in self.focus if one != "main")


def drive(page: Page, *events: Mapping[str, Any], most_s: float = 20) -> Driven:
    """Drive a page by these events, and then finish."""
    ours, theirs = socket.socketpair()
    hand, inner = Channel(ours), Channel(theirs)
    for event in (*events, {"kind": "finish"}):
        hand.send(event)
    try:
        return Driving(page, inner, (1280, 800), most_s).until_finished()  # type: ignore[arg-type]
    finally:
        hand.close()
        inner.close()


def posted(page: Page, method: str) -> list[Mapping[str, Any]]:
    return [told for name, told in page.protocol.posted if name == method]


def test_clicks_keys_and_text_are_passed_on_and_kept_in_their_order() -> None:
    page = Page({"main": "open"})
    driven = drive(
        page,
        {"kind": "move", "x": 5, "y": 5},
        {"kind": "down", "x": 10, "y": 20},
        {"kind": "move", "x": 30, "y": 20},
        {"kind": "up", "x": 30, "y": 20},
        {"kind": "text", "text": "မင်္ဂလာပါ"},
        {"kind": "key", "key": "Enter"},
        {"kind": "wheel", "x": 1, "y": 2, "by": 400},
        {"kind": "go", "address": "https://elsewhere.example/a"},
        {"kind": "back"},
    )
    kept = [{name: value for name, value in one.items() if name != "at"} for one in driven.events]
    assert kept == [
        {"kind": "down", "x": 10, "y": 20},
        {"kind": "move", "x": 30, "y": 20},
        {"kind": "up", "x": 30, "y": 20},
        {"kind": "text", "text": "မင်္ဂလာပါ"},
        {"kind": "key", "key": "Enter"},
        {"kind": "wheel", "x": 1, "y": 2, "by": 400},
        {"kind": "go", "address": "https://elsewhere.example/a"},
        {"kind": "back"},
        {"kind": "finish"},
    ]
    assert all(one["at"] for one in driven.events)
    assert driven.ended_by == BY_PERSON
    mouse = [one["type"] for one in posted(page, "Input.dispatchMouseEvent")]
    assert mouse == ["mouseMoved", "mousePressed", "mouseMoved", "mouseReleased", "mouseWheel"]
    assert posted(page, "Input.insertText") == [{"text": "မင်္ဂလာပါ"}]
    assert [one["type"] for one in posted(page, "Input.dispatchKeyEvent")] == ["keyDown", "keyUp"]
    assert posted(page, "Page.navigateToHistoryEntry") == [{"entryId": 8}]


@pytest.mark.parametrize(
    "focus",
    [
        {"main": "secret"},
        {"main": "frame", "inner": "secret"},
        {"main": "frame", "inner": "open", "other": "secret"},
        {"main": "frame", "inner": CallFailed("it is elsewhere")},
        {"main": "frame", "inner": "nothing"},
        {"main": "unknown"},
        {"main": OutOfTime("Runtime.evaluate")},
        {"main": None},
    ],
)
def test_what_is_typed_where_a_secret_may_be_asked_for_is_neither_sent_nor_kept(focus: Mapping[str, Any]) -> None:
    page = Page(focus)
    driven = drive(page, {"kind": "text", "text": SECRET}, {"kind": "key", "key": "Backspace"})
    assert posted(page, "Input.insertText") == []
    assert SECRET not in str(driven.events)
    assert [one["kind"] for one in driven.events] == ["text", "key", "finish"]
    assert "withheld" in driven.events[0]


def test_in_a_frame_that_says_so_it_is_typed() -> None:
    page = Page({"main": "frame", "inner": "open", "other": "nothing"})
    drive(page, {"kind": "text", "text": "a word"})
    assert posted(page, "Input.insertText") == [{"text": "a word"}]


@pytest.mark.parametrize(
    "event",
    [
        {"kind": "go", "address": "file:///etc/passwd"},
        {"kind": "go", "address": "chrome://settings"},
        {"kind": "go", "address": "javascript:alert(1)"},
        {"kind": "key", "key": "F12"},
        {"kind": "down", "x": "1", "y": 2},
        {"kind": "evaluate", "expression": "1"},
        {},
    ],
)
def test_nothing_else_can_be_done(event: Mapping[str, Any]) -> None:
    page = Page({"main": "open"})
    driven = drive(page, event)
    assert [one["kind"] for one in driven.events] == ["finish"]
    told = {name for name, _ in page.protocol.posted}
    assert told == {"Page.startScreencast", "Page.stopScreencast", "Emulation.setFocusEmulationEnabled"}


def test_a_window_that_a_click_opens_is_shown_in_this_one_and_one_that_a_script_opens_is_not() -> None:
    page = Page({"main": "open"})
    ours, theirs = socket.socketpair()
    hand, inner = Channel(ours), Channel(theirs)
    driving = Driving(page, inner, (1280, 800), 5)  # type: ignore[arg-type]
    driving._listen()
    opened = page.protocol.heard["Page.windowOpen"]
    opened({"url": "https://site.example/ad", "userGesture": False}, "")
    opened({"url": "https://site.example/next", "userGesture": True}, "")
    assert posted(page, "Page.navigate") == [{"url": "https://site.example/next"}]
    hand.close()
    inner.close()


def test_when_nobody_finishes_the_page_is_taken_as_it_stands() -> None:
    page = Page({"main": "open"})
    ours, theirs = socket.socketpair()
    assert Driving(page, Channel(theirs), (1280, 800), 0.2).until_finished().ended_by == OUT_OF_TIME  # type: ignore[arg-type]
    ours.close()
    ours, theirs = socket.socketpair()
    threading.Timer(0.1, ours.close).start()
    assert Driving(page, Channel(theirs), (1280, 800), 20).until_finished().ended_by == LEFT  # type: ignore[arg-type]


def test_what_is_still_under_way_when_a_person_has_finished_neither_fails_nor_leads_the_page_on() -> None:
    page = Page({"main": "open"})
    assert drive(page).ended_by == BY_PERSON
    page.protocol.heard["Page.screencastFrame"]({"sessionId": 7, "data": "a late picture"}, "")
    page.protocol.heard["Page.windowOpen"]({"url": "https://site.example/late", "userGesture": True}, "")
    assert posted(page, "Page.navigate") == []
    assert posted(page, "Page.screencastFrameAck") == [{"sessionId": 7}], "or no further one would come"


def test_when_the_browser_ends_what_was_done_is_kept() -> None:
    class Dying(Browser):
        def post(self, method: str, session: str = "", **parameters: Any) -> None:
            if method == "Page.navigate":
                raise BrowserGone("it ended")

    page, kept = Page({"main": "open"}, Dying()), []
    ours, theirs = socket.socketpair()
    hand, inner = Channel(ours), Channel(theirs)
    hand.send({"kind": "down", "x": 1, "y": 2})
    hand.send({"kind": "go", "address": "https://site.example/"})
    driven = Driving(page, inner, (1280, 800), 20, kept.append).until_finished()  # type: ignore[arg-type]
    hand.close()
    assert driven.ended_by == GONE
    assert [one["kind"] for one in kept] == ["down", "go"]
    assert list(driven.events) == kept


def test_text_that_is_too_long_is_cut_and_both_are_said() -> None:
    page = Page({"main": "open"})
    told: list[str] = []
    ours, theirs = socket.socketpair()
    hand, inner = Channel(ours), Channel(theirs)
    hand.send({"kind": "text", "text": "x" * (TEXT_CHARACTERS + 5)})
    driving = Driving(page, inner, (1280, 800), 0.7)  # type: ignore[arg-type]
    driven = driving.until_finished()
    while (said := hand.receive(0.0)) is not None:
        told.append(str(said.get("state", {}).get("said", "")))
        if "The last 5 characters" in told[-1]:
            break
    hand.close()
    assert [(len(one["text"]), one["cut"]) for one in driven.events] == [(TEXT_CHARACTERS, 5)]
    assert "The last 5 characters were left out" in told[-1]


def test_nobody_is_sent_to_an_identity_that_cannot_be_used_here() -> None:
    page = Page({"main": "secret"})
    ours, theirs = socket.socketpair()
    inner = Channel(theirs)
    driving = Driving(page, inner, (1280, 800), 1)  # type: ignore[arg-type]
    driving._do({"kind": "text", "text": SECRET})
    ours.close()
    inner.close()
    assert "`casefile collect --identity NAME`" in driving._said
    assert "browsing by hand takes none" in driving._said
