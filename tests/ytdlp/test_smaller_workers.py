"""Listing a feed or playlist, and saying which extractor would take a locator."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

import pytest

from casefile.vocabulary import Cause
from collectors.ytdlp.diagnosis import work as diagnose
from collectors.ytdlp.listing import work as list_work
from collectors.ytdlp.lookups import Diagnosis, Listing

Reply = importlib.import_module("tests_media_site").Reply


@pytest.fixture
def listing(broker, tmp_path, limits) -> Any:
    def run(locator: str, **more: Any) -> Listing:
        out = tmp_path / f"list-{len(list(tmp_path.iterdir()))}"
        out.mkdir()
        request = {"locator": locator, "limits": limits, "user_agent": "T", "accept_language": "en", "proxy": broker}
        return Listing.model_validate(list_work({**request, **more}, tmp_path, out))

    return run


def feed(site: Any, count: int) -> str:
    entries = "".join(
        f"<item><title>Film {n}</title><link>{site.url(f'/watch/{n}')}</link>"
        f"<pubDate>Mon, 06 May 2024 04:08:{n:02d} GMT</pubDate></item>"
        for n in range(count)
    )
    body = f'<?xml version="1.0"?><rss version="2.0"><channel><title>A feed</title>{entries}</channel></rss>'
    return site.reply("/feed.xml", Reply(body.encode(), "application/rss+xml"))


def test_entries_are_listed_in_order_and_nothing_of_them_is_asked_for(site, listing):
    listed = listing(feed(site, 5))
    assert listed.cause is None
    assert listed.title == "A feed"
    assert [entry.locator for entry in listed.entries] == [site.url(f"/watch/{n}") for n in range(5)]
    assert [entry.title for entry in listed.entries] == [f"Film {n}" for n in range(5)]
    assert site.paths_asked() == ["/feed.xml"]
    assert not listed.more


def test_a_listing_is_bounded_and_says_that_there_is_more(site, listing):
    listed = listing(feed(site, 12), most=10)
    assert len(listed.entries) == 10
    assert listed.more


def test_a_page_with_players_lists_them(site, listing):
    listed = listing(site.page("/two.html", '<video src="/a.mp4"></video><video src="/b.mp4"></video>'))
    assert [entry.locator for entry in listed.entries] == [site.url("/a.mp4"), site.url("/b.mp4")]


def test_what_cannot_be_listed_has_a_cause(site, listing):
    assert listing(site.page("/words.html", "words")).cause is Cause.UNSUPPORTED
    assert listing("http://127.0.0.2/feed.xml").cause is Cause.BLOCKED_BY_POLICY
    assert listing(site.url("/nothing")).cause is Cause.HTTP_STATUS


def diagnosed(locator: str, tmp_path: Path) -> Diagnosis:
    return Diagnosis.model_validate(diagnose({"locator": locator}, tmp_path, tmp_path))


def test_a_diagnosis_names_the_extractor_and_its_needs(tmp_path):
    tube = diagnosed("https://www.youtube.com/watch?v=BaW_jenozKc", tmp_path)
    assert (tube.extractor, tube.general, tube.needs_script_runtime) == ("youtube", False, True)
    assert [runtime.name for runtime in tube.script_runtimes] == ["deno"]
    page = diagnosed("https://example.org/", tmp_path)
    assert (page.extractor, page.general, page.needs_script_runtime) == ("generic", True, False)
    assert page.tools[0].name == "yt-dlp"
