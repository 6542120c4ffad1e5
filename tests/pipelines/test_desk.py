"""The page from which a person drives a browser answers one person on this machine, with pictures and words only."""

from __future__ import annotations

import base64
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "browser"))

from hand import Hand

from containment.channel import Channel, connected
from pipelines.desk import Desk, open_desk

JPEG = b"\xff\xd8\xff\xe0 a picture"


@pytest.fixture
def desk() -> Iterator[Desk]:
    with open_desk() as opened:
        yield opened


@pytest.fixture
def hand(desk: Desk) -> Hand:
    hand = Hand(desk.address)
    assert hand.open().status == 303
    return hand


@pytest.fixture
def call(desk: Desk) -> Iterator[Channel]:
    """The inner end, where the browser would be."""
    channel = connected(desk.folder)
    yield channel
    channel.close()


def test_its_address_opens_it_once(desk: Desk, hand: Hand) -> None:
    assert hand.ask("/").status == 200
    second = Hand(desk.address)
    assert (second.open().status, second.cookie) == (403, "")
    assert Hand(desk.address.replace("key=", "key=x")).open().status == 403


@pytest.mark.parametrize("path", ["/", "/desk.js", "/view", "/picture"])
def test_without_its_cookie_nothing_is_shown(desk: Desk, path: str) -> None:
    assert Hand(desk.address).ask(path).status == 403
    assert (
        Hand(desk.address, cookie=f"casefile-desk-{desk.address.rpartition(':')[2][:5]}=guessed").ask(path).status
        == 403
    )


def test_another_page_in_the_same_browser_can_do_nothing(hand: Hand, call: Channel) -> None:
    event = b'[{"kind": "finish"}]'
    assert hand.ask("/input", event, origin="https://site.example").status == 403
    assert hand.ask("/input", event, origin="null").status == 403
    assert hand.ask("/", host="site.example").status == 403
    assert hand.ask("/input", event, host="site.example").status == 403
    assert call.receive(0.2) is None


def test_it_loads_nothing_from_elsewhere_and_stands_in_no_frame(hand: Hand) -> None:
    for path in ("/", "/desk.js", "/desk.css"):
        answer = hand.ask(path)
        assert answer.status == 200
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert b"//" not in answer.content.replace(b"://", b"", 3) or path == "/desk.js"
        assert answer.headers["x-content-type-options"] == "nosniff"
    assert b"<script>" not in hand.ask("/").content


def test_what_the_person_does_reaches_the_call_in_its_order(hand: Hand, call: Channel) -> None:
    call.send({"state": {"address": "here"}})
    hand.until(lambda view: view["state"].get("address") == "here")
    assert hand.act({"kind": "down", "x": 1, "y": 2}, {"kind": "text", "text": "مرحبا"}) == 204
    assert call.receive(5) == {"kind": "down", "x": 1, "y": 2}
    assert call.receive(5) == {"kind": "text", "text": "مرحبا"}
    assert hand.ask("/input", b"no json").status == 400
    assert hand.ask("/input", b"x" * 100_000).status in (413,)


def test_pictures_are_passed_on_unread_and_nothing_else_is(hand: Hand, call: Channel) -> None:
    call.send({"picture": base64.b64encode(b"<svg onload=alert(1)>").decode()})
    call.send({"picture": "no base64"})
    call.send({"other": 1})
    call.send({"state": {"address": "<b>", "nested": {"a": 1}, "long": "x" * 9000}})
    view = hand.until(lambda view: bool(view["state"]))
    assert not view["picture"]
    assert view["state"] == {"address": "<b>", "long": "x" * 2000}
    call.send({"picture": base64.b64encode(JPEG).decode()})
    hand.until(lambda view: view["picture"])
    shown = hand.ask("/picture")
    assert (shown.content, shown.headers["content-type"]) == (JPEG, "image/jpeg")


def test_it_ends_with_the_call(hand: Hand, call: Channel) -> None:
    call.send({"state": {"address": "here"}})
    hand.until(lambda view: bool(view["state"]))
    call.close()
    assert hand.until(lambda view: view["ended"])["picture"] is False
    assert hand.act({"kind": "finish"}) == 409
