"""The worker that reads posts out of captured files, without network, and the choice of who reads what.

The shape of a file decides, not the host that it came from: everybody can run a server of these protocols.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from casefile.canonical import Json
from casefile.posts import Post, PostField
from collectors.media_types import PREFIX_BYTES, sniff
from collectors.page import PARSED_BYTES, decode_text
from collectors.posts import bluesky, extractors, mastodon, pages, telegram
from collectors.posts.answer import PostsAnswer, PostsRequest, ReadFile
from collectors.posts.making import MAX_POSTS
from collectors.posts.tree import tree_of

READ_BYTES = 16 << 20
"""What is read of one file; the longest answers of these interfaces are a tenth of it."""
TOTAL_CHARACTERS = 4_000_000
"""What all posts of one file may say."""
FEEDS = ("application/rss+xml", "application/atom+xml", "application/xml")
READERS_OF_JSON: Sequence[Callable[[object], Iterator[Post]]] = (
    mastodon.posts_of,
    bluesky.posts_of,
    extractors.info_of,
    extractors.messages_of,
)


def work(request: dict[str, Any], inputs: Path, out: Path) -> dict[str, Json]:
    """Answer a PostsRequest for working copies in `inputs` with a PostsAnswer."""
    del out
    asked = PostsRequest.model_validate(request)
    read = []
    for one in asked.files:
        with (inputs / one.file).open("rb") as stream:
            content = stream.read(READ_BYTES + 1)
        read.append(ReadFile(file=one.file, posts=read_posts(content, one.locator)))
    return PostsAnswer(files=tuple(read)).plain()


def read_posts(content: bytes, locator: str) -> tuple[Post, ...]:
    """The posts that a file tells of, those first that its locator names; none for a file of any other kind."""
    if len(content) > READ_BYTES:
        return ()
    found = list(_bounded(_posts(content)))
    marked = [one.model_copy(update={"asked": is_asked_for(one, locator)}) for one in found]
    return tuple(sorted(marked, key=lambda one: not one.asked))


def is_asked_for(post: Post, locator: str) -> bool:
    """Whether a locator names this post: by its identifier as a part of the path, or as the post's own locator."""
    if locator in post.values_of(PostField.LOCATOR):
        return True
    try:
        parts = urlsplit(locator)
    except ValueError:
        return False
    named = {*parts.path.split("/"), *parts.query.replace("=", "&").split("&")}
    return any(identifier in named for identifier in post.values_of(PostField.POST_ID))


def _bounded(posts: Iterable[Post]) -> Iterator[Post]:
    """As many posts as an event takes."""
    left = TOTAL_CHARACTERS
    for post in islice(posts, MAX_POSTS):
        left -= sum(len(claim.value) for claim in post.claims) + sum(len(one.description) for one in post.media)
        if left < 0:
            return
        yield post


def _posts(content: bytes) -> Iterable[Post]:
    media_type = sniff(content[:PREFIX_BYTES])
    if media_type == "application/json":
        return _json(content)
    if media_type in FEEDS:
        # Imported by whoever reads a feed: it takes longer than everything else here.
        from collectors.posts import feeds

        return feeds.posts_of(content)
    if media_type in ("text/html", "application/xhtml+xml"):
        return _page(content)
    return ()


def _page(content: bytes) -> Iterator[Post]:
    """A preview of Telegram's repeats its head for every visitor: there only its messages are posts."""
    page = tree_of(decode_text(content[:PARSED_BYTES]))
    previewed = list(islice(telegram.posts_of(page), MAX_POSTS))
    yield from previewed or pages.posts_of(page)


def _json(content: bytes) -> Iterable[Post]:
    try:
        answer = json.loads(content)
    except (ValueError, RecursionError):
        return ()
    for read in READERS_OF_JSON:
        if found := list(islice(read(answer), MAX_POSTS)):
            return found
    return ()
