"""Locators: what is read, what is refused, what is shown."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from casefile.vocabulary import Cause
from collectors.locators import (
    Locator,
    RefusedLocator,
    follow,
    holds_credentials,
    parse_locator,
    recordable,
    scheme_of,
    shown,
)


def text_of(locator: str) -> str:
    parsed = parse_locator(locator)
    assert isinstance(parsed, Locator), parsed
    return parsed.text


@pytest.mark.parametrize(
    ("given_text", "read"),
    [
        ("HTTP://Example.ORG", "http://example.org/"),
        ("  https://example.org:443/a?b#c \n", "https://example.org/a?b"),
        ("http://example.org:8080/a b", "http://example.org:8080/a%20b"),
        ("https://example.org/%41%zz/../x", "https://example.org/%41%zz/../x"),
        ("https://example.org?q=\\", "https://example.org/?q=%5C"),
        (
            "https://пример.рф/страница",
            "https://xn--e1afmkfd.xn--p1ai/%D1%81%D1%82%D1%80%D0%B0%D0%BD%D0%B8%D1%86%D0%B0",
        ),
        ("https://xn--80ak6aa92e.com/", "https://xn--80ak6aa92e.com/"),
        ("https://аррӏе.com/", "https://xn--80ak6aa92e.com/"),
        ("http://①②⑦.0.0.1/", "http://127.0.0.1/"),
        ("http://127。0。0。1/", "http://127.0.0.1/"),
        ("http://[::1]:8000/x", "http://[::1]:8000/x"),
        ("https://user:secret@example.org/", "https://example.org/"),
        ("http://trusted.example@evil.example/", "http://evil.example/"),
        ("http://2130706433/", "http://2130706433/"),
    ],
)
def test_a_locator_is_written_in_one_ascii_form(given_text: str, read: str) -> None:
    assert text_of(given_text) == read
    assert text_of(read) == read


@pytest.mark.parametrize(
    "hostile",
    [
        "",
        "   ",
        "example.org/page",
        "example.org:8080/page",
        "ftp://example.org/",
        "file:///etc/passwd",
        "javascript:alert(1)",
        "data:text/html,x",
        "gopher://127.0.0.1:6379/_INFO",
        "http:example.org",
        "http:/example.org",
        "http:///path",
        "http://",
        "http://exa mple.org/",
        "http://example.org\\@evil.example/",
        "http:\\\\example.org/",
        "http://example.org/\x00",
        "http://example.org/\r\nX-Injected: yes",
        "http://example.org/\x7f",
        "http://example.org/\ud800",
        "http://example.org:99999/",
        "http://example.org:0/",
        "http://example.org:80a/",
        "http://[::1/",
        "http://[fe80::1%25eth0]/",
        "http://exa%6dple.org/",
        "http://\u2100.example/",
        "http://example.org/" + "a" * 65_536,
        "http://example.org/" + "ш" * 30_000,
        "http://example.org/lost-\ufffd",
    ],
)
def test_what_cannot_be_meant_is_unsupported_with_a_reason(hostile: str) -> None:
    refused = parse_locator(hostile)
    assert isinstance(refused, RefusedLocator)
    assert refused.cause is Cause.UNSUPPORTED
    assert refused.reason


@pytest.mark.parametrize(
    "named",
    ["http://example.org/\udcff", "http://example.org/" + "a" * 65_518, "http://example.org/" + "ш" * 70_000],
    ids=["half-a-pair", "one-too-long", "much-too-long"],
)
def test_what_a_record_had_to_alter_is_never_another_address(named: str) -> None:
    kept = recordable(named)
    assert kept != named
    assert len(kept) <= 65_536
    assert isinstance(parse_locator(kept), RefusedLocator)
    assert recordable(kept) == kept


def test_a_locator_that_a_record_can_hold_is_kept_as_it_was_named() -> None:
    longest = "http://example.org/" + "a" * 65_517
    assert len(longest) == 65_536
    for named in (longest, "http://example.org/ш b", "no address at all"):
        assert recordable(named) == named


@pytest.mark.parametrize(
    ("reference", "target"),
    [
        ("/b", "https://example.org/b"),
        ("b?c", "https://example.org/a/b?c"),
        ("//other.example/x", "https://other.example/x"),
        ("http://user:pw@other.example/x", "http://other.example/x"),
        ("?only=query", "https://example.org/a/start?only=query"),
        (" /b\n", "https://example.org/b"),
    ],
)
def test_a_redirect_is_resolved_against_the_page_that_sent_it(reference: str, target: str) -> None:
    base = parse_locator("https://example.org/a/start")
    assert isinstance(base, Locator)
    found = follow(base, reference)
    assert isinstance(found, Locator)
    assert found.text == target


@pytest.mark.parametrize(
    "reference",
    [
        "file:///etc/passwd",
        "gopher://127.0.0.1/",
        "ftp://example.org/",
        "data:text/html,x",
        "JavaScript:alert(1)",
        "\\\\evil.example\\x",
        "https:\\evil.example",
        "/a\\@evil.example",
        "//[::1",
        "/\x00",
        "//exa mple/",
    ],
)
def test_a_redirect_out_of_the_web_is_blocked_by_policy(reference: str) -> None:
    base = parse_locator("https://example.org/a/start")
    assert isinstance(base, Locator)
    refused = follow(base, reference)
    assert isinstance(refused, RefusedLocator)
    assert refused.cause is Cause.BLOCKED_BY_POLICY


def test_credentials_are_seen_and_never_shown() -> None:
    locator = "https://user:s3cret@example.org/a?b=user:s3cret@x"
    assert holds_credentials(locator)
    assert shown(locator) == "https://example.org/a?b=user:s3cret@x"
    assert not holds_credentials("https://example.org/a@b")
    assert "s3cret" not in shown("ftp://user:s3cret@example.org/")
    assert "s3cret" not in shown("http:\\\\user:s3cret@example.org/")


def test_what_is_shown_is_short_and_steers_no_terminal() -> None:
    assert shown("https://example.org/\x1b[2J\u202e\n") == "https://example.org/\\u001b[2J\\u202e\\u000a"
    assert len(shown("https://example.org/" + "a" * 70_000)) == 2_000


def test_a_port_behind_a_host_is_no_scheme() -> None:
    assert scheme_of("example.org:8080/x") == ""
    assert scheme_of("handed-over:folder/a.jpg") == "handed-over"
    assert scheme_of("tel:12") == ""


@given(st.text(max_size=200))
def test_reading_any_text_gives_a_stable_locator_or_a_reason(text: str) -> None:
    for candidate in (text, f"http://{text}", f"http://example.org/{text}"):
        parsed = parse_locator(candidate)
        if isinstance(parsed, Locator):
            assert parsed.text.isascii()
            assert not set(parsed.text) & set("\r\n\x00 \\")
            assert parse_locator(parsed.text) == parsed
        assert shown(candidate).isprintable()
