"""Each cause comes from the type that yt-dlp raised or the helper that an extractor called, never from its words."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import yt_dlp.globals
from yt_dlp.extractor import import_extractors
from yt_dlp.extractor.common import InfoExtractor
from yt_dlp.extractor.youtube.jsc._director import initialize_jsc_director
from yt_dlp.utils import (
    ExtractorError,
    GeoRestrictedError,
    RegexNotFoundError,
    UnavailableVideoError,
    UnsupportedError,
    UserNotLive,
)

from casefile.vocabulary import Cause, Outcome, Role
from collectors.outcomes import outcomes_of
from collectors.ytdlp import matching
from collectors.ytdlp.causes import is_ours

WORDS = "Please log in: removed by the uploader, not available in your country, JavaScript runtime deno missing"
"""Every cause in one sentence: whoever reads the words is wrong in each test."""


class CaseIE(InfoExtractor):
    """Does what the last part of its locator says."""

    _VALID_URL = r"https?://(?P<host>[^/]+)/case/(?P<id>[\w-]+)"

    def _real_extract(self, url: str) -> dict[str, Any]:
        host, asked = self._match_valid_url(url).group("host", "id")
        getattr(self, "do_" + asked.replace("-", "_"))(f"http://{host}")
        return {"id": asked, "title": asked, "url": f"http://{host}/a.mp4", "ext": "mp4"}

    def do_login(self, site: str) -> None:
        self.raise_login_required(WORDS)

    def do_region(self, site: str) -> None:
        self.raise_geo_restricted(WORDS, countries=["IS"])

    def do_region_raised(self, site: str) -> None:
        raise GeoRestrictedError(WORDS)

    def do_notice(self, site: str) -> None:
        self.raise_no_formats(WORDS, expected=True)

    def do_nothing_found(self, site: str) -> None:
        self.raise_no_formats(WORDS)

    def do_drm(self, site: str) -> None:
        self.report_drm("id")

    def do_expected(self, site: str) -> None:
        raise ExtractorError(WORDS, expected=True)

    def do_unexpected(self, site: str) -> None:
        raise ExtractorError(WORDS)

    def do_regex(self, site: str) -> None:
        self._search_regex(r"never there", "some page", "the player")

    def do_regex_raised(self, site: str) -> None:
        raise RegexNotFoundError(WORDS)

    def do_key_error(self, site: str) -> None:
        raise KeyError(WORDS)

    def do_type_error(self, site: str) -> None:
        None.missing  # type: ignore[attr-defined]  # noqa: B018

    def do_unsupported(self, site: str) -> None:
        raise UnsupportedError(WORDS)

    def do_not_live(self, site: str) -> None:
        raise UserNotLive(WORDS)

    def do_unavailable(self, site: str) -> None:
        raise UnavailableVideoError(WORDS)

    def do_script(self, site: str) -> None:
        self._jsc_director = initialize_jsc_director(self)
        raise ExtractorError(WORDS)

    def do_forbidden(self, site: str) -> None:
        self._download_webpage(f"{site}/forbidden", "id")

    def do_forbidden_helper(self, site: str) -> None:
        self._download_webpage(f"{site}/words", "id")
        self._download_json(f"{site}/forbidden", "id")

    def do_swallowed(self, site: str) -> None:
        self._download_webpage("http://127.0.0.2:9/private", "id", fatal=False)
        raise ExtractorError(WORDS)

    def do_fine(self, site: str) -> None:
        self._download_webpage(f"{site}/words", "id")


class CommentedIE(InfoExtractor):
    """A video with comments, fetched only when they are wanted."""

    _VALID_URL = r"https?://(?P<host>[^/]+)/commented/(?P<id>\w+)"

    def _real_extract(self, url: str) -> dict[str, Any]:
        host, found = self._match_valid_url(url).group("host", "id")
        return {
            "id": found,
            "title": "t",
            "url": f"http://{host}/a.mp4",
            "ext": "mp4",
            "__post_extractor": self.extract_comments(f"http://{host}"),
        }

    def _get_comments(self, site: str) -> Iterator[dict[str, str]]:
        yield {"id": "1", "text": self._download_webpage(f"{site}/words", "id")}


@pytest.fixture(autouse=True)
def registered() -> Iterator[None]:
    """yt-dlp with the extractors of this file before its own."""
    import_extractors()
    before = yt_dlp.globals.extractors.value
    caches = (matching.extractors, matching._prepared, matching._embedding)
    yt_dlp.globals.extractors.value = {"CaseIE": CaseIE, "CommentedIE": CommentedIE, **before}
    for cache in caches:
        cache.cache_clear()
    yield
    yt_dlp.globals.extractors.value = before
    for cache in caches:
        cache.cache_clear()


@pytest.mark.parametrize(
    ("does", "outcome", "cause"),
    [
        ("login", Outcome.FAILED, Cause.LOGIN_NEEDED),
        ("region", Outcome.FAILED, Cause.REGION),
        ("region-raised", Outcome.FAILED, Cause.REGION),
        ("notice", Outcome.FAILED, Cause.REMOVED_NOTICE),
        ("nothing-found", Outcome.FAILED, Cause.EXTRACTOR_STALE),
        ("drm", Outcome.REFUSED, Cause.UNSUPPORTED),
        ("expected", Outcome.FAILED, Cause.TOOL_FAILED),
        ("unexpected", Outcome.FAILED, Cause.EXTRACTOR_STALE),
        ("regex", Outcome.FAILED, Cause.EXTRACTOR_STALE),
        ("regex-raised", Outcome.FAILED, Cause.EXTRACTOR_STALE),
        ("key-error", Outcome.FAILED, Cause.EXTRACTOR_STALE),
        ("type-error", Outcome.FAILED, Cause.EXTRACTOR_STALE),
        ("unsupported", Outcome.REFUSED, Cause.UNSUPPORTED),
        ("not-live", Outcome.FAILED, Cause.TOOL_FAILED),
        ("unavailable", Outcome.FAILED, Cause.TOOL_FAILED),
        ("script", Outcome.FAILED, Cause.TOOL_MISSING),
        ("swallowed", Outcome.REFUSED, Cause.BLOCKED_BY_POLICY),
    ],
)
def test_the_cause_is_that_of_the_type_or_helper(site, capture, does, outcome, cause):
    received = capture(site.url(f"/case/{does}")).received
    assert (received.outcome, received.cause) == (outcome, cause)
    assert outcome in outcomes_of(cause)
    assert received.advice


def test_advice_differs_where_what_can_be_done_differs(site, capture):
    advices = [capture(site.url(f"/case/{does}")).received.advice for does in ("login", "region", "notice", "script")]
    advices += [capture(site.url(f"/case/{does}")).received.advice for does in ("unexpected", "expected", "drm")]
    assert len(set(advices)) == len(advices)


def test_a_refused_answer_to_an_extractor_is_an_observation(site, capture):
    site.reply("/forbidden", site_reply(b"<!doctype html><p>No</p>", status=403))
    captured = capture(site.url("/case/forbidden"))
    assert (captured.received.outcome, captured.received.cause) == (Outcome.CAPTURED, Cause.HTTP_STATUS)
    assert captured.content(captured.item(Role.PAGE)) == [b"<!doctype html><p>No</p>"]


def test_a_refused_answer_behind_a_page_leaves_the_page(site, capture):
    site.page("/words", "Words")
    site.reply("/forbidden", site_reply(b"{}", status=403))
    captured = capture(site.url("/case/forbidden-helper"))
    assert (captured.received.outcome, captured.received.cause) == (Outcome.PARTIAL, Cause.PARTS_MISSING)
    assert captured.item(Role.PAGE).locator == site.url("/words")


def test_an_extractor_that_finds_a_video_is_captured_with_its_page(site, capture):
    site.page("/words", "Words")
    captured = capture(site.url("/case/fine"))
    assert captured.received.outcome is Outcome.CAPTURED
    assert [item.role for item in captured.received.items] == [Role.PAGE, Role.VIDEO]


def test_comments_are_fetched_only_when_asked_for(site, capture):
    site.page("/words", "A comment")
    capture(site.url("/commented/1"))
    assert site.times_asked("/words") == 0
    captured = capture(site.url("/commented/1"), comments=True)
    assert site.times_asked("/words") == 1
    assert "A comment" in (captured.out / "record/info-0001.json").read_text("utf-8")


def test_an_error_of_our_own_is_not_put_on_the_site(site, capture, monkeypatch):
    monkeypatch.setattr("collectors.ytdlp.transport.note_response", None)
    with pytest.raises(TypeError):
        capture(site.url("/a.mp4"))


def test_only_plain_errors_from_our_modules_are_ours():
    assert not is_ours(ExtractorError("x"))
    assert not is_ours(ValueError("never raised"))


def site_reply(body: bytes, status: int) -> Any:
    import importlib

    return importlib.import_module("tests_media_site").Reply(body, status=status)
