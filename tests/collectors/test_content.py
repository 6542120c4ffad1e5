"""Whether what came is what was asked for: one page per rule, and pages that look like it and are not."""

from __future__ import annotations

from dataclasses import replace

import pytest

from casefile.vocabulary import Content
from collectors.content import Signs, judge_content
from collectors.locators import Locator, parse_locator

LONG = "A paragraph of an article with enough words to be one. " * 40


def at(locator: str) -> Locator:
    parsed = parse_locator(locator)
    assert isinstance(parsed, Locator)
    return parsed


ARTICLE = Signs(
    asked=at("https://example.org/news/17"),
    final=at("https://example.org/news/17"),
    decoded_bytes=5_000,
    media_type="text/html",
    declared_media_type="text/html",
    title="Something happened",
    text=LONG,
)


def judged(**signs: object) -> tuple[Content, str]:
    finding = judge_content(replace(ARTICLE, **signs))  # type: ignore[arg-type]
    return finding.content, finding.reason.partition(":")[0]


@pytest.mark.parametrize(
    ("signs", "content", "rule"),
    [
        ({"decoded_bytes": 0}, "absent", "empty"),
        ({"text": "", "title": ""}, "absent", "empty"),
        ({"challenged": True}, "absent", "challenge"),
        ({"title": "Just a moment...", "text": "Enable JavaScript"}, "absent", "challenge"),
        ({"title": "Access denied", "text": "Reference 18.2"}, "absent", "challenge"),
        ({"marks": frozenset({"g-recaptcha"}), "text": "Prove it"}, "absent", "challenge"),
        ({"final": at("https://consent.example.org/m?continue=x"), "text": "short"}, "absent", "consent-page"),
        ({"title": "Before you continue", "text": "We use cookies"}, "absent", "consent-page"),
        ({"text": "We value your privacy. Accept all."}, "doubtful", "consent-page"),
        ({"final": at("https://example.org/login?next=x"), "password_fields": 1}, "absent", "login-wall"),
        (
            {"asked": at("https://example.org/login"), "final": at("https://example.org/login"), "password_fields": 1},
            "absent",
            "login-wall",
        ),
        ({"final": at("https://accounts.example.org/x"), "title": "Sign in"}, "absent", "login-wall"),
        ({"title": "تسجيل الدخول", "text": "x" * 50, "password_fields": 1}, "absent", "login-wall"),
        ({"text": "Members only", "password_fields": 1}, "doubtful", "login-wall"),
        ({"title": "404 - Example", "text": "Oops"}, "absent", "soft-404"),
        ({"title": "Page not found", "text": "Oops"}, "absent", "soft-404"),
        ({"title": "Example | 404", "text": "Oops"}, "absent", "soft-404"),
        ({"title": "This page isn’t available", "text": "Oops"}, "absent", "soft-404"),
        ({"title": "Страница не найдена — сайт", "text": "Oops"}, "absent", "soft-404"),
        ({"title": "الصفحة غير موجودة", "text": "Oops"}, "absent", "soft-404"),
        ({"title": "Page not found", "text": LONG}, "doubtful", "soft-404"),
        ({"text": "Sorry, this video is no longer available."}, "doubtful", "says-unavailable"),
        ({"text": "This account has been suspended"}, "doubtful", "removal-notice"),
        ({"heading": "This video has been removed", "text": "Go back"}, "absent", "removal-notice"),
        ({"heading": "Not available in your country", "text": "Go back"}, "absent", "region-block"),
        ({"heading": "Something went wrong", "text": "Retry"}, "absent", "went-wrong"),
        ({"marks": frozenset({"main-frame-error"}), "text": "ERR_NAME_NOT_RESOLVED"}, "absent", "browser-error"),
        ({"text": "You need to enable JavaScript to run this app.", "scripts": 2}, "doubtful", "script-only"),
        ({"text": "The page you are looking for does not exist"}, "doubtful", "says-unavailable"),
        ({"declared_media_type": "image/jpeg"}, "doubtful", "not-as-declared"),
        ({"final": at("https://www.example.org/")}, "doubtful", "front-page"),
        ({"text": "", "scripts": 3}, "doubtful", "script-only"),
    ],
)
def test_a_page_that_is_not_the_content_is_seen(signs: dict[str, object], content: str, rule: str) -> None:
    assert judged(**signs) == (Content(content), rule)


@pytest.mark.parametrize(
    "signs",
    [
        {},
        {"text": "Hello", "title": "A small page"},
        {"text": "", "pictures": 1},
        {"text": "", "media": 1, "scripts": 5},
        {"text": "", "frames": 1, "scripts": 2},
        {"title": "Why 404 journalists were arrested"},
        {"title": "Room 4040"},
        {"heading": "This video has been removed", "text": LONG},
        {"heading": "Something went wrong at the dam", "text": LONG},
        {"text": "This video has been removed", "published": True},
        {"text": "How to read ERR_NAME_NOT_RESOLVED"},
        {"title": "Police: missing page not found in the diary of the minister"},
        {"title": "He said: please wait", "text": "short"},
        {"title": "A captcha was solved", "text": "short"},
        {"title": "Log in to see more", "text": LONG, "password_fields": 1},
        {"marks": frozenset({"g-recaptcha"})},
        {"marks": frozenset({"g-recaptcha"}), "text": "Clip", "media": 1},
        {"text": LONG + "this video is no longer available", "title": "Comments"},
        {"title": "This user is suspended from school", "text": LONG},
        {"asked": at("https://example.org/"), "final": at("https://example.org/")},
        {"asked": at("https://example.org/x"), "final": at("https://example.org/")},
        {"asked": at("https://short.example/a/b"), "final": at("https://example.org/")},
        {"final": at("https://example.org/news/authors/17")},
        {"final": at("https://example.org/blog/consents-and-law")},
        {"media_type": "image/png", "text": "", "title": "", "declared_media_type": "text/html"},
        {"media_type": "text/plain", "text": "404", "title": ""},
    ],
)
def test_a_page_that_only_looks_like_it_is_present(signs: dict[str, object]) -> None:
    assert judged(**signs)[0] is Content.PRESENT


def test_no_reason_says_that_anything_was_deleted_by_anybody() -> None:
    finding = judge_content(replace(ARTICLE, text="This post has been deleted"))
    assert finding.reason == "removal-notice: the page says “has been deleted”"
