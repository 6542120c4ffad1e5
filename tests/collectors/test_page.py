"""Reading pages: what they say of themselves, in time that grows with their length and no faster."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.markup import EndTag, StartTag, Text, resolve, tokens
from collectors.page import PARSED_BYTES, TEXT_CHARACTERS, decode_text, read_page


def test_a_page_is_read_for_title_text_and_claims() -> None:
    page = read_page(
        b"<!DOCTYPE html><html><head><title> A &amp;\n B </title><meta name=Author content='C &lt;D&gt;'>"
        b"<meta property='og:title' content='Not this'><meta property=article:published_time content=2024-05-06>"
        b"<style>p{}</style></head><body><h1>Head</h1><p>one <b>two</b>\xc2\xa0three<br>four<!-- not this -->"
        b"<script>not('this')</script><noscript>shown without scripts</noscript><img src=x><video></video>"
        b"<input TYPE=password></body></html>"
    )
    assert page.title == "A & B"
    assert page.author == "C <D>"
    assert page.claimed_time == "2024-05-06"
    assert page.text == "Head\n\none two three\nfourshown without scripts"
    assert (page.pictures, page.media, page.password_fields, page.scripts) == (1, 1, 1, 1)


def test_a_title_from_the_preview_card_stands_in_for_a_missing_one() -> None:
    assert read_page(b"<meta property=og:title content='Card'><title></title>").title == "Card"


def test_a_title_inside_a_drawing_is_not_the_title() -> None:
    assert read_page(b"<svg><title>Icon</title></svg><title>Page</title>").title == "Page"


def test_video_named_in_the_preview_card_counts_as_media() -> None:
    assert read_page(b"<meta property='og:video' content='https://example.org/a.mp4'>").media == 1


@pytest.mark.parametrize(
    ("content", "content_type", "text"),
    [
        ("نص".encode(), "", "نص"),
        ("текст".encode("cp1251"), "text/html; charset=windows-1251", "текст"),
        ('<meta charset="koi8-r">текст'.encode("koi8-r"), "", '<meta charset="koi8-r">текст'),
        ("日本".encode("shift_jis"), 'text/html; charset="Shift_JIS"', "日本"),
        ("text".encode("utf-16"), "text/html; charset=latin-1", "text"),
        (b"\xef\xbb\xbfx", "", "x"),
        (b"caf\xe9 \x93q\x94", "text/html; charset=iso-8859-1", "café “q”"),
        (b"caf\xe9", "", "café"),
        (b"x", "text/html; charset=zlib", "x"),
        (b"x", "text/html; charset=idna", "x"),
        (b"x", "text/html; charset=no-such", "x"),
        (b"a" * (PARSED_BYTES - 1) + "é".encode()[:1], "", "a" * (PARSED_BYTES - 1)),
    ],
)
def test_text_is_read_in_the_encoding_that_browsers_take(content: bytes, content_type: str, text: str) -> None:
    assert decode_text(content, content_type) == text


def test_tokens_follow_the_standard_where_pages_are_broken() -> None:
    found = list(tokens("a<b<c x='1>2' X=3 y=z>d</b junk>e<!-->f--><3 &amp; </ p>&lt;<script>if(a<b)</script >g"))
    assert found == [
        Text("a"),
        StartTag("b<c", {"x": "1>2", "y": "z"}),
        Text("d"),
        EndTag("b"),
        Text("e"),
        Text("f-->"),
        Text("<"),
        Text("3 & "),
        Text("<"),
        StartTag("script", {}, "if(a<b)"),
        EndTag("script"),
        Text("g"),
    ]


@pytest.mark.parametrize("open_ended", ["<!-- x", "<p title='", "<p ", "<script>x", "<title>x", "<?xml", "</p"])
def test_what_is_never_closed_reaches_to_the_end(open_ended: str) -> None:
    found = list(tokens("seen" + open_ended + " <p>unseen"))
    assert found[0] == Text("seen")
    assert StartTag("p") not in found


def test_a_reference_without_end_costs_nothing() -> None:
    assert resolve("&#" + "9" * 100_000 + ";&#x41;&amp;") == "\N{REPLACEMENT CHARACTER}A&"


HOSTILE = {
    "unclosed comments": b"<!--",
    "unclosed tags": b"<a ",
    "unclosed quotes": b"<a b='",
    "only brackets": b"<",
    "declarations": b"<![CDATA[",
    "raw text": b"<script>",
    "almost closed": b"<script></scrip",
    "deep": b"<div>",
    "attributes": b"<a x=y x=y x=y x=y x=y",
    "references": b"&#",
    "digits": b"&#99999999",
    "blanks": b"<p          ",
    "metas": b"<meta charset",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_no_page_takes_longer_than_its_length_explains(name: str) -> None:
    """The standard library's parser takes more than a minute for the first of these."""
    hostile = HOSTILE[name] * (300_000 // len(HOSTILE[name]))
    started = time.process_time()
    page = read_page(hostile)
    assert time.process_time() - started < 4
    assert len(page.text) <= TEXT_CHARACTERS


def test_only_the_beginning_of_a_long_page_is_read() -> None:
    page = read_page(b"<p>" + b"word " * 400_000 + b"<title>late</title>")
    assert page.title == ""
    assert len(page.text) <= TEXT_CHARACTERS < PARSED_BYTES


@given(st.text(alphabet="<>!-/=&;#'\" abscriptle\n", max_size=200))
def test_any_markup_is_read_without_an_error(markup: str) -> None:
    read_page(markup.encode())
