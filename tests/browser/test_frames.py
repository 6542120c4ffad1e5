"""Frames that say nothing: the page around them is read all the same, and its scripts go on. Without any browser."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from collectors.browser.evidence import TEXT, Evidence
from collectors.browser.protocol import CallFailed, OutOfTime, Protocol, Said
from collectors.browser.traffic import Traffic
from collectors.browser.visit import Visit

TREE = {"childFrames": [{"frame": {"id": one, "url": f"https://{one}.example/"}} for one in ("mute", "open")]}


class Answers(Protocol):
    """What a browser answers of a page with two frames, one of which stays mute."""

    def __init__(self, *, lists_frames: bool = True) -> None:
        self.lists_frames = lists_frames
        self.waited: dict[str, float] = {}
        self.stopped = False
        self.deadline = 0.0

    def post(self, method: str, session: str = "", **parameters: Any) -> int:
        self.stopped |= method == "Emulation.setScriptExecutionDisabled"
        return 0

    def call(self, method: str, session: str = "", *, wait_s: float = 30.0, **parameters: Any) -> Said:
        assert session == "page"
        if method == "Page.getFrameTree":
            if not self.lists_frames:
                raise CallFailed(method)
            return {"frameTree": TREE}
        if method == "Page.createIsolatedWorld":
            return {"executionContextId": parameters["frameId"]}
        context = parameters["contextId"]
        self.waited[context] = wait_s - parameters["timeout"] / 1000
        if context == "mute":
            raise OutOfTime(method)
        said = {"title": "The bridge", "text": "around"} if context == "top" else "inside"
        return {"result": {"value": said}}

    def ask(self, method: str, session: str, wait_s: float, unheard: Callable[[], float], **parameters: Any) -> Said:
        try:
            return self.call(method, session, wait_s=wait_s, **parameters)
        except OutOfTime:
            unheard()
            raise


def read(answers: Answers, out: Path) -> Evidence:
    evidence = Evidence(Visit(answers, "page", "top", Traffic(), 5), out, "https://example.test/")
    evidence.read_facts()
    return evidence


def test_a_frame_that_stays_mute_loses_nothing_of_the_page_and_stops_no_script(tmp_path: Path) -> None:
    answers = Answers()
    found = read(answers, tmp_path)
    assert (found.title, found.missing, answers.stopped) == ("The bridge", [], False)
    assert (tmp_path / TEXT).read_text("utf-8") == "around\n\n[frame https://open.example/]\ninside"
    assert found.steps[0].facts["frames_unread"] == 1


def test_a_script_of_ours_is_ended_by_the_browser_before_anybody_stops_the_page(tmp_path: Path) -> None:
    answers = Answers()
    read(answers, tmp_path)
    assert answers.waited == pytest.approx({"top": 1.0, "mute": 1.0, "open": 1.0})


def test_where_no_frame_is_listed_the_page_itself_is_kept_and_the_lack_is_named(tmp_path: Path) -> None:
    found = read(Answers(lists_frames=False), tmp_path)
    assert (found.title, found.missing) == ("The bridge", ["text and claims"])
    assert (tmp_path / TEXT).read_text("utf-8") == "around"
