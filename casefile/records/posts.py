"""Reads of posts: those that the newest reading of an item found."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import Connection, and_, select

from casefile.posts import Post
from casefile.records.engine import tables
from casefile.records.pixels import portions


@dataclass(frozen=True, slots=True)
class Reading:
    """One look for posts in an item: which there are, None for each whose words were erased, or why it failed."""

    event: str
    item: str
    read_at: str
    version: str
    failed: str
    posts: tuple[Post | None, ...]


def newest_reading(connection: Connection, item: str) -> Reading | None:
    """The newest reading of an item that came to its end, else the newest of all; None where there is none."""
    reading, post = tables("view_")["view_reading"], tables("view_")["view_post"]
    newest_first = (reading.c.read_at.desc(), reading.c.event.desc())
    rows = connection.execute(select(reading).where(reading.c.item == item).order_by(*newest_first)).all()
    if not rows:
        return None
    row = next((one for one in rows if not one.failed), rows[0])
    bodies = connection.execute(select(post.c.body).where(post.c.event == row.event).order_by(post.c.position))
    posts = tuple(None if body is None else Post.model_validate_json(body) for body in bodies.scalars())
    return Reading(row.event, row.item, row.read_at, row.version or "", row.failed or "", posts)


@dataclass(frozen=True, slots=True)
class PostSummary:
    """How many posts the newest reading of an item found, and what the first of them states; None where erased."""

    count: int
    source: str | None
    locator: str | None
    post: str | None
    author: str | None
    handle: str | None
    posted_time: str | None

    def plain(self) -> dict[str, str | None]:
        """As `--json` gives it: the first claim for each of these fields."""
        return {
            "source": self.source,
            "locator": self.locator,
            "post_id": self.post,
            "author": self.author,
            "handle": self.handle,
            "posted_time": self.posted_time,
        }


def posts_summed(connection: Connection, items: Collection[str]) -> dict[str, PostSummary]:
    """The posts of the newest whole reading of each of these items; items without any are left out."""
    reading, post = tables("view_")["view_reading"], tables("view_")["view_post"]
    first = and_(post.c.event == reading.c.event, post.c.position == 0)
    names = ("source", "locator", "post", "author", "handle", "posted_time")
    found: dict[str, PostSummary | None] = {}
    for some in portions(items):
        query = select(reading.c.item, reading.c.posts, *(post.c[name] for name in names)).join(
            post, first, isouter=True
        )
        query = query.where(reading.c.item.in_(some), reading.c.failed.is_(None))
        for row in connection.execute(query.order_by(reading.c.read_at, reading.c.event)):
            told = PostSummary(row.posts, *(getattr(row, name) for name in names)) if row.posts else None
            found[row.item] = told
    return {item: told for item, told in found.items() if told is not None}
