"""The answer of the worker that reads feeds, as the parent checks it. Light: no parser is imported."""

from __future__ import annotations

from pydantic import Field

from casefile.model import Text, Value


class FeedEntry(Value):
    """One entry as the feed gives it. `claimed_time` is its claim, in the feed's own words."""

    locator: Text = Field(min_length=1)
    title: Text = ""
    claimed_time: Text = ""


class FeedAnswer(Value):
    """What a document says as a feed, and how it was read.

    `damage` is why it is not well-formed, in the parser's words; `cut` that its end is missing; `entities` that it
    declares some. `unlinked` counts entries that name no locator, `unread` those beyond what is read of one feed.
    """

    is_feed: bool
    damage: Text = ""
    cut: bool = False
    entities: bool = False
    unlinked: int = Field(default=0, ge=0)
    unread: int = Field(default=0, ge=0)
    entries: tuple[FeedEntry, ...] = ()
