"""What extractors read out of answers, pages and feeds that we wrote after the documented formats."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from casefile.posts import Post, PostField
from collectors.locators import Locator, parse_locator
from collectors.posts.endpoints import Endpoints, endpoint_of
from collectors.posts.making import MAX_POSTS, text_of
from collectors.posts.reading import read_posts
from collectors.posts.telegram import counted
from collectors.posts.tree import tree_of

ANSWERS = Path(__file__).with_name("answers")


def read(name: str, locator: str = "https://social.example/") -> tuple[Post, ...]:
    return read_posts((ANSWERS / name).read_bytes(), locator)


def at(locator: str) -> Locator:
    parsed = parse_locator(locator)
    assert isinstance(parsed, Locator)
    return parsed


@pytest.mark.parametrize(
    ("name", "source", "author", "handle", "identifier", "posted", "begins"),
    [
        ("mastodon_status.json", "mastodon-api", "Ганна К.", "hana", "112392882691966162", "2024-05-06T07:08:09.123Z",
         "Міст через річку зруйновано.\nФото о 6:40 ранку."),
        ("bluesky_thread.json", "bluesky-api", "Léa D.", "lea.example", "3ks4t6yf3c22e", "2024-05-06T07:08:09.123Z",
         "Le pont a été touché"),
        ("telegram_channel.html", "telegram-preview", "River watch", "riverwatch", "121", "2024-05-06T07:08:09+00:00",
         "Мост разрушен\nсегодня утром"),
        ("feed.rss", "rss", "Hana K.", "", "rw-17", "2024-05-06T10:08:09+03:00", "The whole story."),
        ("feed.atom", "atom", "Omar", "", "urn:notes:3", "2024-05-06T10:08:09+03:00", "Seen from the hill."),
        ("schema_org.html", "json-ld", "هدى م.", "", "", "2024-05-06T10:15:00+03:00", "انهار الجسر"),
        ("ytdlp_info.json", "yt-dlp", "River Watch", "@riverwatch", "v1a2b3", "2024-05-06T07:08:09Z",
         "Filmed at"),
        ("gallery_dl.json", "gallery-dl", "အောင်", "aung", "774411", "2024-05-06 07:08:09", "တံတား"),
    ],
)  # fmt: skip
def test_who_wrote_what_and_when_is_read_of_each_format(
    name: str, source: str, author: str, handle: str, identifier: str, posted: str, begins: str
) -> None:
    post = read(name)[0]
    fields = (PostField.AUTHOR, PostField.HANDLE, PostField.POST_ID, PostField.POSTED)
    assert (post.source, *map(post.first, fields)) == (source, author, handle, identifier, posted)
    assert post.first(PostField.TEXT).startswith(begins)
    assert all(claim.origin.partition(":")[0] in (source, "open-graph") for claim in post.claims)


def test_counts_links_edits_and_warnings_are_claims() -> None:
    post = read("mastodon_status.json")[0]
    counts = [post.first(field) for field in (PostField.REPLIES, PostField.REPOSTS, PostField.LIKES)]
    assert counts == ["7", "34", "89"]
    assert post.first(PostField.EDITED) == "2024-05-06T07:30:00.000Z"
    assert (post.first(PostField.REPLY_TO), post.first(PostField.WARNING)) == ("112394800000000001", "ruins")
    assert [(one.kind, one.withheld, one.description) for one in post.media] == [
        ("image", False, "Міст без середньої опори"),
        ("video", False, ""),
    ]
    quoting = read("bluesky_thread.json")[0]
    assert quoting.first(PostField.QUOTES).endswith("/3ks4t6yf3c11e")
    assert quoting.first(PostField.REPLY_TO).endswith("/3ks4t6yf3c00e")
    assert [one.description for one in quoting.media] == ["Le pont, vue du sud"]


def test_a_repost_is_two_posts_that_name_each_other() -> None:
    repost, original = read("mastodon_timeline.json")
    assert repost.first(PostField.REPOST_OF) == original.first(PostField.LOCATOR)
    assert repost.first(PostField.HANDLE) == "ivan"
    shared, original = read("bluesky_feed.json")
    assert (shared.first(PostField.HANDLE), original.first(PostField.HANDLE)) == ("lea.example", "omar.example")
    assert shared.first(PostField.REPOST_OF) == original.first(PostField.LOCATOR)


def test_the_post_that_the_locator_names_comes_first() -> None:
    posts = read("telegram_channel.html", "https://t.me/s/riverwatch/122")
    assert [(post.asked, post.first(PostField.POST_ID)) for post in posts] == [(True, "122"), (False, "121")]
    thread = read("bluesky_thread.json", "https://bsky.app/profile/omar.example/post/3ks4t6yf3c00e")
    assert (thread[0].asked, thread[0].first(PostField.HANDLE)) == (True, "omar.example")


def test_media_that_a_preview_withholds_are_listed_with_the_reason() -> None:
    post = read("telegram_channel.html", "https://t.me/s/riverwatch/122")[0]
    assert [(one.kind, one.withheld, one.description) for one in post.media] == [
        ("video", True, ""),
        ("video", False, ""),
        ("document", True, "report.pdf"),
    ]
    answer = read("mastodon_context.json")[1]
    assert [one.withheld for one in answer.media] == [True]


def test_times_keep_the_zone_that_is_stated_and_get_none_that_is_not() -> None:
    stated, unstated = read("feed.rss")
    (claim,) = [one for one in stated.claims if one.field is PostField.POSTED]
    assert (claim.value, claim.as_written) == ("2024-05-06T10:08:09+03:00", "Mon, 06 May 2024 10:08:09 +0300")
    assert unstated.first(PostField.POSTED) == "2024-05-06T10:08:09"
    assert stated.first(PostField.EDITED) == ""


@pytest.mark.parametrize(
    ("written", "count"), [("12.3K", "12300"), ("987", "987"), ("1M", "1000000"), ("1.2345K", "1.2345K"), ("—", "—")]
)
def test_rounded_counts_are_numbers_and_nothing_is_guessed(written: str, count: str) -> None:
    assert counted(written) == count


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[" * 100_000,
        b'{"id":1,"created_at":2,"content":3,"account":{"acct":4,"username":5}}',
        b'{"thread":{"post":{"uri":7}}}',
        b'{"posts":[null,1,"x",{"uri":"at://a/app.bsky.feed.post/b"}]}',
        b'[[2,{"category":1,"subcategory":2,"user":"x","date":[1]}],[3],[],7]',
        b"<html><div class='tgme_widget_message' data-post='/'>",
        b'<script type="application/ld+json">{"@type":["Article",7],"author":[[1]],"image":{"url":{"url":3}}}</script>',
        b"<rss><channel><item></item></channel></rss>",
        b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>',
        b"plain text",
        b"\x89PNG\r\n\x1a\n",
    ],
)
def test_what_breaks_every_rule_costs_nothing(content: bytes) -> None:
    for post in read_posts(content, "https://social.example/1"):
        assert all(isinstance(claim.value, str) for claim in post.claims)


def test_a_flood_of_posts_and_of_text_is_cut() -> None:
    status = json.loads((ANSWERS / "mastodon_status.json").read_text("utf-8"))
    assert len(read_posts(json.dumps([status] * 600).encode(), "")) == MAX_POSTS
    posts = read_posts(json.dumps([{**status, "content": "x" * 70_000}] * 80).encode(), "")
    assert sum(len(post.first(PostField.TEXT)) for post in posts) <= 4_000_000 < 80 * 60_000


def test_elements_that_are_never_closed_cost_no_more_than_their_length() -> None:
    root = tree_of("<div><i>" * 10_000 + "end")
    assert root.text() == "end"
    assert text_of("<p>a<br>b</p><p>c</p>") == "a\nb\n\nc"


@pytest.mark.parametrize(
    ("page", "marks", "endpoint"),
    [
        ("https://social.example/@hana/112392882691966162", {"mastodon"}, "/api/v1/statuses/112392882691966162"),
        ("https://social.example/@hana/112392882691966162", set(), None),
        ("https://social.example/@hana", {"mastodon"}, None),
        ("https://t.me/riverwatch/122", set(), "/riverwatch/122?embed=1&mode=tme"),
        ("https://t.me/s/riverwatch", set(), None),
        ("https://bsky.app/profile/lea.example/post/3ks4t6yf3c22e", set(), None),
    ],
)
def test_only_an_endpoint_on_the_pages_own_host_is_asked(page: str, marks: set[str], endpoint: str | None) -> None:
    found = endpoint_of(at(page), marks, Endpoints.SAME_HOST)
    assert (found.target if found else None) == endpoint
    assert endpoint_of(at(page), marks, Endpoints.OFF) is None


def test_another_host_is_asked_where_the_setting_says_so() -> None:
    found = endpoint_of(at("https://bsky.app/profile/lea.example/post/3ks4t6yf3c22e"), set(), Endpoints.DOCUMENTED)
    assert found is not None
    assert found.text == (
        "https://public.api.bsky.app/xrpc/app.bsky.feed.getPostThread"
        "?uri=at%3A%2F%2Flea.example%2Fapp.bsky.feed.post%2F3ks4t6yf3c22e&depth=6&parentHeight=20"
    )
