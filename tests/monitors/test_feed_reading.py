"""Reading feeds: what the document says, whoever wrote it. In this process, on documents that are harmless."""

from __future__ import annotations

from pathlib import Path

import pytest
from monitors.papers import atom, rss

from collectors import feed
from collectors.feed import read_feed, work
from collectors.feed_answer import FeedAnswer

BASE = "http://news.example/deep/feed.xml"
RDF = b"""<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/">
<item rdf:about="http://news.example/1"><title>One</title><link>http://news.example/1</link></item></rdf:RDF>"""


def locators(content: bytes) -> list[str]:
    """The locators of the entries of a feed that is one."""
    answer = read_feed(content, BASE)
    assert answer.is_feed
    return [entry.locator for entry in answer.entries]


@pytest.mark.parametrize("form", [rss, atom], ids=["RSS", "Atom"])
def test_entries_come_in_order_with_locators_and_claims(form) -> None:
    content = form(("One", "http://a.example/1"), ("Two", "../2"), ("Three", "?page=3"), ("Four", "//b.example/4"))
    answer = read_feed(content, BASE)
    assert [(entry.title, entry.locator) for entry in answer.entries] == [
        ("One", "http://a.example/1"),
        ("Two", "http://news.example/2"),
        ("Three", "http://news.example/deep/feed.xml?page=3"),
        ("Four", "http://b.example/4"),
    ]
    assert (answer.damage, answer.cut, answer.entities, answer.unlinked, answer.unread) == ("", False, False, 0, 0)


def test_older_forms_and_encodings_are_read() -> None:
    assert locators(RDF) == ["http://news.example/1"]
    assert locators(rss(("Жук", "/1")).decode().replace('"1.0"', '"1.0" encoding="utf-16"').encode("utf-16")) == [
        "http://news.example/1"
    ]
    assert locators(b"\xef\xbb\xbf" + rss(("One", "/1"))) == ["http://news.example/1"]


def test_a_base_that_the_feed_states_counts() -> None:
    content = (
        atom(("One", "1"))
        .replace(b"<title>News", b"<title>News", 1)
        .replace(
            b'<feed xmlns="http://www.w3.org/2005/Atom"',
            b'<feed xmlns="http://www.w3.org/2005/Atom" xml:base="http://b.example/x/"',
        )
    )
    assert locators(content) == ["http://b.example/x/1"]


def test_entries_without_a_page_are_known_by_what_they_enclose_and_others_are_counted() -> None:
    items = (
        '<item><title>Film</title><enclosure url="http://a.example/film.mp4" type="video/mp4" length="1"/></item>'
        "<item><title>Words</title></item>"
        '<item><guid isPermaLink="false">abc</guid></item>'
        "<item><guid>http://a.example/2</guid></item>"
    )
    answer = read_feed(f'<rss version="2.0"><channel>{items}</channel></rss>'.encode(), BASE)
    assert [entry.locator for entry in answer.entries] == ["http://a.example/film.mp4", "http://a.example/2"]
    assert answer.unlinked == 2


def test_locators_that_are_no_web_addresses_are_told_as_they_are() -> None:
    links = ["javascript:alert(1)", "data:text/html,x", "ftp://a.example/x", "mailto:a@a.example"]
    assert locators(rss(*(("x", link) for link in links))) == links


def test_ten_thousand_entries_are_read_and_what_is_beyond_the_limit_is_counted(monkeypatch) -> None:
    many = rss(*((f"Entry {n}", f"/{n}") for n in range(10_000)))
    assert len(set(locators(many))) == 10_000
    monkeypatch.setattr(feed, "MAX_ENTRIES", 3)
    answer = read_feed(rss(*((f"Entry {n}", f"/{n}") for n in range(10))), BASE)
    assert (len(answer.entries), answer.unread) == (3, 7)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\0" * 999,
        b"/etc/passwd",
        b"http://127.0.0.1:9/feed",
        b"<html><a href='/x'>x</a></html>",
        b"{}",
        b"<a><b/></a>",
    ],
)
def test_what_is_no_feed_is_said_to_be_none_and_never_opened_as_a_name(content: bytes, tmp_path: Path) -> None:
    answer = read_feed(content, BASE)
    assert (answer.is_feed, answer.entries) == (False, ())


def test_a_document_that_names_a_feed_on_disk_is_not_that_feed(tmp_path: Path) -> None:
    (tmp_path / "other").write_bytes(rss(("Secret", "/secret")))
    assert not read_feed(str(tmp_path / "other").encode(), BASE).is_feed


def test_a_feed_that_is_cut_is_told_from_one_that_is_careless() -> None:
    whole = rss(("One", "/1"), ("Two", "/2"))
    for end in (20, 60, len(whole) // 2 + 10):
        assert read_feed(whole[:-end], BASE).cut
    careless = read_feed(rss(("A & B", "/1?a=1&b=2")), BASE)
    assert careless.damage
    assert not careless.cut
    assert [entry.locator for entry in careless.entries] == ["http://news.example/1?a=1&b=2"]
    assert not read_feed(whole + b"<!-- served from a cache -->", BASE).damage


def test_entities_are_not_expanded_and_outside_files_not_read(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("the secret")
    levels = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 9))
    bomb = f'<!DOCTYPE r [<!ENTITY l0 "ha">{levels}]>'.encode() + rss(("x", "/1"))[21:].replace(b">x<", b">&l8;<")
    outside = f'<!DOCTYPE r [<!ENTITY x SYSTEM "file://{secret}">]>'.encode() + rss(("x", "/1"))[21:].replace(
        b">x<", b">&x;<"
    )
    for content in (bomb, outside):
        answer = read_feed(content, BASE)
        assert answer.entities
        assert answer.damage
        assert all(len(entry.title) < 100 and "secret" not in entry.title for entry in answer.entries)


def test_the_answer_of_the_worker_is_one(tmp_path: Path) -> None:
    (tmp_path / "feed").write_bytes(rss(("\u202eone", "/1")))
    answer = FeedAnswer.model_validate(work({"base": BASE}, tmp_path, tmp_path))
    assert answer.entries[0].locator == "http://news.example/1"
