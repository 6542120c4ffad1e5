"""The shorter way to an extractor gives yt-dlp's own answer."""

from __future__ import annotations

import pytest
import yt_dlp.version

from collectors.ytdlp.embedders import EMBEDDERS, EMBEDDERS_OF
from collectors.ytdlp.matching import Extractors, extractors, finds_players, key_for

LOCATORS = [
    "https://www.youtube.com/watch?v=BaW_jenozKc",
    "https://youtu.be/BaW_jenozKc",
    "https://www.youtube.com/@somebody/videos",
    "https://vimeo.com/56015672",
    "https://www.tiktok.com/@user/video/7000000000000000000",
    "https://x.com/somebody/status/1234567890123456789",
    "https://t.me/channel/123",
    "https://peertube.example/w/122d093a-1ede-43bd-bd34-59d2931ffc5e",
    "https://rutube.ru/video/3eac3b4561676c17df9132a9a1e62e3e/",
    "http://127.0.0.1:8080/film.html",
    "https://example.org/",
    "",
    "file:///etc/passwd",
    "ytsearch:words",
]


def own_answer(locator: str) -> str:
    return next((key for key, kind in extractors().items() if kind.suitable(locator)), "")


@pytest.mark.parametrize("locator", LOCATORS)
def test_a_locator_goes_to_the_extractor_that_yt_dlp_would_take(locator):
    assert key_for(locator) == own_answer(locator)


@pytest.mark.campaign
def test_every_locator_that_yt_dlp_knows_of_goes_where_it_would_go():
    locators = {
        test["url"]
        for kind in extractors().values()
        for test in kind.get_testcases(include_onlymatching=True)
        if isinstance(test.get("url"), str)
    }
    assert len(locators) > 5_000
    assert [one for one in sorted(locators)[::7] if key_for(one) != own_answer(one)] == []


def test_the_list_of_extractors_that_find_players_is_that_of_the_installed_version():
    assert yt_dlp.version.__version__ == EMBEDDERS_OF, "write down the list again for the new version"
    assert {key for key, kind in extractors().items() if finds_players(kind)} == set(EMBEDDERS)


def test_for_another_version_nothing_is_left_out(monkeypatch):
    from collectors.ytdlp import matching

    matching._embedding.cache_clear()
    monkeypatch.setattr(yt_dlp.version, "__version__", "2030.01.01")
    try:
        assert len(Extractors().values()) == len(extractors())
    finally:
        matching._embedding.cache_clear()


def test_what_a_capture_adds_does_not_reach_the_next():
    first = Extractors()
    first["Own"] = object
    assert object in first.values()
    assert "Own" not in Extractors()


def test_a_player_of_another_site_in_a_page_is_found(site, capture):
    page = site.page("/watch.html", '<iframe src="https://player.vimeo.com/video/56015672"></iframe>')
    received = capture(page).received
    refused = [one.locator for one in received.exchanges if one.error]
    assert any("vimeo.com" in locator for locator in refused)
