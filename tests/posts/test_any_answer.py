"""Whatever an answer holds under the names that extractors look for, reading it ends in posts or in none.

The method `http` reads answers while it captures: an error there would cost the capture.
"""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from casefile.posts import PostField
from collectors.posts.reading import read_posts

KEYS = (
    "id", "created_at", "content", "account", "acct", "username", "display_name", "reblog", "quote", "quoted_status",
    "media_attachments", "url", "uri", "remote_url", "ancestors", "descendants", "thread", "post", "posts", "feed",
    "reason", "$type", "by", "author", "handle", "did", "record", "embed", "images", "media", "external", "playlist",
    "langs", "labels", "val", "reply", "parent", "replies", "extractor", "webpage_url", "timestamp", "upload_date",
    "entries", "_type", "category", "subcategory", "user", "date", "post_id", "indexedAt", "createdAt", "text",
)  # fmt: skip
POST_URI = "at://did:plc:a/app.bsky.feed.post/b"
PLAIN = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.integers(min_value=10**30, max_value=10**40),
    st.floats(),
    st.text(max_size=12),
    st.sampled_from([POST_URI, "playlist", "#reasonRepost", "2024-05-06T07:08:09Z", "<p>x</p>", "\ud800"]),
)


def nested(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.one_of(st.lists(inner, max_size=4), st.dictionaries(st.sampled_from(KEYS), inner, max_size=8))


ANYTHING = st.recursive(PLAIN, nested, max_leaves=24)


def read(answer: Any) -> None:
    for post in read_posts(json.dumps(answer).encode("utf-8", "surrogatepass"), "https://social.example/1"):
        post.canonical()
        assert all(isinstance(value, str) for field in PostField for value in post.values_of(field))


@settings(max_examples=60, deadline=None)
@given(answer=ANYTHING)
def test_any_json_is_read_to_its_end(answer: Any) -> None:
    read(answer)


@settings(max_examples=60, deadline=None)
@given(fields=st.dictionaries(st.sampled_from(KEYS), ANYTHING, max_size=12))
def test_a_post_with_anything_in_its_fields_is_read_to_its_end(fields: dict[str, Any]) -> None:
    account = {"acct": fields.get("acct"), "username": 1, **{name: fields.get(name) for name in ("id", "display_name")}}
    read({"id": 1, "created_at": 2, "content": 3, **fields, "account": account})
    read({"posts": [{"uri": POST_URI, "author": {"handle": 1, **fields}, "record": {"text": 1, **fields}, **fields}]})
    read({"extractor": "x", "webpage_url": "https://a.example/", **fields})
    read([[2, {"category": "a", "subcategory": "b", **fields}], [3, "https://a.example/1.jpg", fields]])


@settings(max_examples=40, deadline=None)
@given(node=ANYTHING, title=st.text(max_size=20))
def test_any_page_is_read_to_its_end(node: Any, title: str) -> None:
    stated = json.dumps({"@type": "NewsArticle", "headline": title, "author": node, "image": node, "url": node})
    html = f'<meta property="og:title" content="{title}"><script type="application/ld+json">{stated}</script>'
    wrapped = (
        f'<div class="tgme_widget_message" data-post="a/1"><i style="background-image:url({title})">{html}</i></div>'
    )
    for page in (html, wrapped):
        for post in read_posts(f"<!doctype html>{page}".encode("utf-8", "replace"), "https://t.me/a/1"):
            post.canonical()
