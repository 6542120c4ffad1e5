"""What the method `http` takes along of a post, in this process: its endpoint once, and what the site withholds."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1]))

from posts.conftest import ANSWERS, POST, answering
from sites.capturing import request_for
from sites.hostile import HostileSite
from sites.relay import Relay

from casefile.model import Received
from collectors.http.capture import work

Captures = Callable[..., Received]


@pytest.fixture
def captures(tmp_path: Path) -> Captures:
    """Captures a locator through a relay in the broker's place."""

    def run(locator: str, endpoints: str = "same-host") -> Received:
        with Relay() as relay:
            asked = {**request_for(locator, relay.url), "post_endpoints": endpoints}
            out = tmp_path / endpoints
            out.mkdir()
            return Received.model_validate(work(asked, tmp_path, out))

    return run


def test_media_that_a_preview_withholds_make_the_outcome_partial(server: HostileSite, captures: Captures) -> None:
    received = captures(server.url("/s/riverwatch"))
    assert (received.outcome, received.cause) == ("partial", "parts-missing")
    assert received.detail.startswith("withheld by the site: 2 of 4 media (video, report.pdf)")
    assert [item.content for item in received.items] == ["present"]


def test_a_page_drawn_by_scripts_is_whole_with_what_its_endpoint_says(server: HostileSite, captures: Captures) -> None:
    received = captures(server.url(f"/@hana/{POST}"))
    assert (received.outcome, received.cause) == ("captured", None)
    assert [(item.role, item.content) for item in received.items] == [("page", "doubtful"), ("post", "present")]
    assert [exchange.status for exchange in received.exchanges] == [200, 200]
    assert received.items[1].text.startswith("Міст через річку зруйновано.")


def test_nothing_is_asked_beside_the_page_where_the_setting_says_so(server: HostileSite, captures: Captures) -> None:
    before = len(server.paths())
    received = captures(server.url(f"/@hana/{POST}"), "off")
    assert server.paths()[before:] == [f"/@hana/{POST}"]
    assert (received.outcome, received.cause) == ("captured", "not-the-content")


@pytest.mark.parametrize(
    ("status", "body", "said"),
    [
        ("404 Not Found", b'{"error":"Record not found"}', "status 404"),
        ("302 Found", b"", "status 302"),
        ("200 OK", b"<html><title>Log in</title>", "no post"),
        ("200 OK", b"{}", "no post"),
    ],
)
def test_an_endpoint_that_tells_of_no_post_leaves_the_page_and_is_on_record(
    captures: Captures, status: str, body: bytes, said: str
) -> None:
    page = answering("mastodon_page.html", "text/html; charset=utf-8")
    paths = {
        f"/@hana/{POST}": page,
        "/api/v1/statuses": lambda visit: visit.respond(body, status=status, location="/elsewhere"),
    }
    with HostileSite(paths) as site:
        received = captures(site.url(f"/@hana/{POST}"))
        assert len(site.paths()) == 2
    assert [item.role for item in received.items] == ["page"]
    assert said in received.detail
    assert len(received.exchanges) == 2


def test_the_fixtures_are_of_the_post_that_the_tests_ask_for() -> None:
    assert POST in (ANSWERS / "mastodon_status.json").read_text("utf-8")
