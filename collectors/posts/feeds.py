"""Posts in RSS and Atom feeds: each entry with what the feed says of it."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from typing import Any

import feedparser

from casefile.posts import Post, PostField
from collectors.posts.making import MAX_POSTS, PostMaker


def posts_of(content: bytes) -> Iterator[Post]:
    """The entries of a feed, in its order; none for a document that is no feed."""
    parsed = feedparser.parse(
        # A stream: of bytes or text feedparser would first see whether they name a file or an address.
        io.BytesIO(content),
        response_headers={"content-type": "application/xml"},
        sanitize_html=False,
        resolve_relative_uris=False,
    )
    version = parsed.get("version", "")
    if not version:
        return
    source = "atom" if version.startswith("atom") else "rss"
    for entry in parsed.get("entries", [])[:MAX_POSTS]:
        if (post := _entry(source, entry)) is not None:
            yield post


def _entry(source: str, entry: Mapping[str, Any]) -> Post | None:
    made = PostMaker(source)
    made.claim(PostField.POST_ID, entry.get("id"), "guid" if source == "rss" else "id")
    made.claim(PostField.LOCATOR, entry.get("link"), "link")
    for author in entry.get("authors") or [{"name": entry.get("author")}]:
        made.claim(PostField.AUTHOR, author.get("name"), "author")
        made.claim(PostField.AUTHOR_ID, author.get("href"), "author.uri")
    made.markup(PostField.TITLE, entry.get("title"), "title")
    if not any(said.get("value") for said in entry.get("content", ())):
        made.markup(PostField.TEXT, entry.get("summary"), "description" if source == "rss" else "summary")
    for said in entry.get("content", ()):
        made.markup(PostField.TEXT, said.get("value"), "content")
        made.claim(PostField.LANGUAGE, said.get("language"), "content.lang")
    made.time(PostField.POSTED, entry.get("published"), "pubDate" if source == "rss" else "published")
    # Of a feedparser entry `get` would answer with the time of publication where there is no other.
    made.time(PostField.EDITED, dict(entry).get("updated"), "updated")
    for link in entry.get("links", ()):
        if link.get("rel") == "in-reply-to":
            made.claim(PostField.REPLY_TO, link.get("href"), "thr:in-reply-to")
        if link.get("rel") == "enclosure":
            made.medium(str(link.get("type", "")).partition("/")[0], link.get("href"), "enclosure")
    for medium in entry.get("media_content", ()):
        if medium.get("url"):
            kind = medium.get("medium") or str(medium.get("type", "")).partition("/")[0]
            made.medium(kind, medium["url"], "media:content")
    return made.post()
