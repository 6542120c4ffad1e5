"""Reads of posts: those that the newest reading of an item found."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import Connection, select

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


def posts_counted(connection: Connection, items: Collection[str]) -> dict[str, int]:
    """How many posts the newest whole reading of each of these items found; items without any are left out."""
    table = tables("view_")["view_reading"]
    found: dict[str, int] = {}
    for some in portions(items):
        query = select(table.c.item, table.c.posts).where(table.c.item.in_(some), table.c.failed.is_(None))
        rows = connection.execute(query.order_by(table.c.read_at, table.c.event))
        found |= {row.item: row.posts for row in rows}
    return {item: count for item, count in found.items() if count}
