"""Posts as pages, interfaces and feeds tell of them: every value a claim with its origin, in field names of ours.

The raw answer lies in the vault; what is here is a reading of it, made again by any later version.
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum

from casefile.model import Text, Value


class PostField(StrEnum):
    """What a claim about a post is about, where many names of many platforms mean one thing."""

    POST_ID = "post_id"
    LOCATOR = "locator"
    AUTHOR = "author"
    HANDLE = "handle"
    AUTHOR_ID = "author_id"
    TITLE = "title"
    TEXT = "text"
    LANGUAGE = "language"
    WARNING = "content_warning"
    VISIBILITY = "visibility"
    POSTED = "posted_time"
    EDITED = "edited_time"
    EDITED_MARK = "edited"
    REPLY_TO = "reply_to"
    REPOST_OF = "repost_of"
    QUOTES = "quotes"
    REPLIES = "replies_count"
    REPOSTS = "reposts_count"
    LIKES = "likes_count"
    VIEWS = "views_count"


class PostClaim(Value):
    """One value that is stated about a post. `origin` is `source:place`, such as `mastodon-api:account.acct`.

    A time is ISO 8601 with an offset only where the origin gives one; `as_written` is there when `value` is not what
    was written.
    """

    field: PostField
    value: Text
    origin: Text
    as_written: Text = ""


class PostMedia(Value):
    """A picture, video or file that a post is said to hold; nothing of it was fetched for this list.

    `withheld`: the answer names it and does not say where it is, for the reason in `why`.
    """

    kind: Text
    origin: Text
    locator: Text = ""
    description: Text = ""
    withheld: bool = False
    why: Text = ""


class Post(Value):
    """One post. `source` is the format that it was read from; `asked`: it is the one that the locator names."""

    source: Text
    claims: tuple[PostClaim, ...] = ()
    media: tuple[PostMedia, ...] = ()
    asked: bool = False

    def first(self, field: PostField) -> str:
        """The first value stated for a field; empty where there is none."""
        return next(self.values_of(field), "")

    def values_of(self, field: PostField) -> Iterator[str]:
        """Every value stated for a field, in the order of the answer."""
        return (claim.value for claim in self.claims if claim.field is field)

    @property
    def withheld(self) -> tuple[PostMedia, ...]:
        """Its media that the answer names and does not give."""
        return tuple(one for one in self.media if one.withheld)
