"""The content-present check on pages as sites dress them up, in many languages; and what it must leave alone."""

from __future__ import annotations

import sys
import time
import tomllib
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1]))

from content.fixtures import Fixture, fixtures

from casefile.vocabulary import Content
from collectors.content import ContentFinding, judge_content, signs_of
from collectors.content_phrases import CATALOGUE, catalogue, comparable, languages_of, weight
from collectors.locators import Locator, parse_locator
from collectors.page import read_page

FIXTURES = tuple(fixtures())
NOTICES = [one for one in FIXTURES if one.kind != "present"]
CONTENT = [one for one in FIXTURES if one.set == "negative"]
HARD = [one for one in FIXTURES if one.set == "hard"]
REQUIRED = {"en", "ar", "my", "ru", "uk", "fr", "es", "zh"}
MISTAKEN = {"hard-present-definition-en", "hard-present-forum-en", "hard-present-forum-es", "hard-present-policy-en"}
"""What is known to be taken for something else: short texts that explain or complain about the very thing."""
CHROMIUM_ERROR = (
    b'<html lang="en"><head><title>plaza.example</title></head><body class="neterror"><div id="main-frame-error">'
    b"<h1>This site can't be reached</h1><p>plaza.example's server IP address could not be found.</p>"
    b'<div class="error-code">ERR_NAME_NOT_RESOLVED</div></div></body></html>'
)


def by_name(one: Fixture) -> str:
    return one.name


def at(locator: str) -> Locator:
    parsed = parse_locator(locator)
    assert isinstance(parsed, Locator)
    return parsed


ASKED = at("https://plaza.example/p/17")


def judged(html: bytes, *, scripts_ran: bool = False) -> ContentFinding:
    page = read_page(html, "text/html; charset=utf-8", scripts_ran=scripts_ran)
    return judge_content(signs_of(ASKED, ASKED, page, decoded_bytes=len(html)))


@pytest.mark.parametrize("one", NOTICES, ids=by_name)
def test_a_page_that_says_what_it_is_not_is_seen_with_its_kind(one: Fixture) -> None:
    finding = judged(one.html)
    rule = finding.reason.partition(":")[0]
    assert finding.content is not Content.PRESENT
    assert one.set == "third" or rule == one.kind, finding.reason


@pytest.mark.parametrize("one", CONTENT, ids=by_name)
def test_content_that_speaks_of_such_pages_is_present(one: Fixture) -> None:
    finding = judged(one.html)
    assert finding.content is Content.PRESENT, finding.reason


def test_which_short_texts_are_mistaken_is_known() -> None:
    assert {one.name for one in HARD if judged(one.html).content is not Content.PRESENT} == MISTAKEN


def test_every_kind_is_known_in_the_languages_of_investigations() -> None:
    lacking = {kind: sorted(REQUIRED - languages_of(kind)) for kind in catalogue()}
    assert {kind: missing for kind, missing in lacking.items() if missing} == {}


def test_no_phrase_is_so_short_that_it_says_nothing() -> None:
    stored = tomllib.loads(CATALOGUE.read_text("utf-8"))
    phrases = [
        one for places in stored.values() for said in places.values() for several in said.values() for one in several
    ]
    assert [one for one in phrases if weight(comparable(one)) < 6 or one.startswith("*") or one.endswith("*")] == []


def test_a_page_that_a_browser_drew_is_judged_by_what_it_shows() -> None:
    shell = b'<title>Plaza</title><noscript>You need to enable JavaScript</noscript><script src="/a.js"></script>'
    drawn = b"<main><h1>The bridge</h1><p>" + b"It was seen from the south bank at dawn. " * 5 + b"</p></main>"
    assert judged(shell).reason.startswith("script-only")
    assert judged(shell + drawn, scripts_ran=True).content is Content.PRESENT
    walled = b"<main><h1>Log in to continue</h1></main>"
    assert judged(shell + walled, scripts_ran=True).reason.startswith("login-wall")


def test_a_browsers_own_error_page_is_absent() -> None:
    finding = judged(CHROMIUM_ERROR, scripts_ran=True)
    assert (finding.content, finding.reason.partition(":")[0]) == (Content.ABSENT, "browser-error")


def test_the_catalogue_costs_little_on_a_page_made_to_be_slow() -> None:
    html = b"<h1>" + b"continue before going to " * 3_000 + b"</h1>" + b"violating " * 5_000
    started = time.process_time()
    judged(html)
    assert time.process_time() - started < 5
