"""Event types of posts that were read out of items."""

from __future__ import annotations

from collections.abc import Mapping

from casefile.events.event_type import EventType
from casefile.model import Text, Value
from casefile.posts import Post


class PostsRead(Value):
    """Posts were looked for in an item: by which version of the extractors, in which files, by their sha256.

    `failed` says why an item could not be read.
    """

    version: Text
    files: tuple[Text, ...] = ()
    failed: Text | None = None


class PostsSaid(Value):
    """What the posts say, claim by claim: words of others, which can name people."""

    posts: tuple[Post, ...] = ()


POSTS: Mapping[tuple[str, int], EventType] = {("posts.read", 1): EventType(PostsRead, PostsSaid)}
