"""The effects of reading posts: a row for each. Pure, like all of `projecting`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from casefile.events.effects import Column, Effect, Insert, columns, from_body, text_of
from casefile.events.envelope import Envelope, Event, PartName
from casefile.events.types import Erased, payload
from casefile.events.types_posts import PostsRead, PostsSaid
from casefile.ids import derived
from casefile.posts import Post, PostField

OF_POST: Mapping[str, PostField] = {
    "locator": PostField.LOCATOR,
    "post": PostField.POST_ID,
    "author": PostField.AUTHOR,
    "handle": PostField.HANDLE,
    "posted_time": PostField.POSTED,
}
"""Columns that repeat the first claim of a field; `body` has all of them."""
ERASABLE = ("source", *OF_POST, "body")


def posts_read(event: Event) -> Sequence[Effect]:
    """The posts of an item as one reading found them; how many there are the envelope says."""
    envelope = event.envelope
    body = payload(event, PartName.BODY, PostsRead)
    said = payload(event, PartName.PERSONAL, PostsSaid)
    count = next((one.count for one in envelope.subject if one.kind == "post"), None) or 0
    posts: Sequence[Post | None] = [None] * count if isinstance(said, Erased) else said.posts
    if len(posts) != count:
        raise ValueError("another number of posts than the envelope names")
    rows = tuple(_row(envelope, position, post) for position, post in enumerate(posts))
    reading = {
        "event": envelope.id,
        "item": envelope.subject_of("item"),
        "posts": count,
        "read_at": envelope.recorded_at,
        **columns(body, "version", "failed"),
    }
    return [
        Insert("view_reading", (reading,), "event", from_body("version", "failed")),
        Insert("view_post", rows, "id", {PartName.PERSONAL: ERASABLE}),
    ]


def _row(envelope: Envelope, position: int, post: Post | None) -> Mapping[str, Column]:
    row: dict[str, Column] = {
        "id": derived(envelope.id, str(position)),
        "event": envelope.id,
        "item": envelope.subject_of("item"),
        "position": position,
    }
    if post is None:
        return row | dict.fromkeys(ERASABLE)
    row |= {column: post.first(field) for column, field in OF_POST.items()}
    return row | {"source": post.source, "body": text_of(post.plain())}


PROJECTORS: Mapping[str, Callable[[Event], Sequence[Effect]]] = {"posts.read": posts_read}
