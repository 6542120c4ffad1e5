"""How extractors put a post together: text of bounded length, every value with the place that it was found at."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from casefile.model import readable
from casefile.posts import Post, PostClaim, PostField, PostMedia
from collectors.page import read_page

MAX_POSTS = 500
"""Posts that are read of one file; a thread or an archive page holds fewer."""
MAX_MEDIA = 100
TEXT_CHARACTERS = 60_000
VALUE_CHARACTERS = 2_000

Record = Mapping[str, Any]


class PostMaker:
    """A post being put together; what is empty or of another type than text or number is no claim."""

    def __init__(self, source: str) -> None:
        self.source = source
        self._claims: list[PostClaim] = []
        self._media: list[PostMedia] = []

    def claim(self, field: PostField, value: object, place: str, as_written: str = "") -> None:
        """State a value that was found at `place` of the source."""
        limit = TEXT_CHARACTERS if field is PostField.TEXT else VALUE_CHARACTERS
        if text := said(value, limit):
            written = readable(as_written, VALUE_CHARACTERS)
            origin = f"{self.source}:{place}"
            self._claims.append(PostClaim(field=field, value=text, origin=origin, as_written=written))

    def markup(self, field: PostField, value: object, place: str) -> None:
        """State a text that was written as HTML."""
        if isinstance(value, str):
            self.claim(field, text_of(value), place)

    def time(self, field: PostField, value: object, place: str) -> None:
        """State a time: ISO 8601 as it stands, else brought to it without adding what is not there."""
        if isinstance(value, int | float) and not isinstance(value, bool):
            self.claim(field, from_unix(value), place, str(value))
        elif isinstance(value, str) and value:
            told = iso_of(value)
            self.claim(field, told, place, value if told != value else "")

    def medium(self, kind: object, locator: object, place: str, *, description: object = "", why: str = "") -> None:
        """List a medium; with `why`, one that the answer withholds."""
        if len(self._media) < MAX_MEDIA:
            self._media.append(
                PostMedia(
                    kind=said(kind) or "other",
                    origin=f"{self.source}:{place}",
                    locator=said(locator),
                    description=said(description),
                    withheld=bool(why),
                    why=why,
                )
            )

    def post(self) -> Post | None:
        """The post; None where nothing was stated but, perhaps, an identifier."""
        if {claim.field for claim in self._claims} <= {PostField.POST_ID, PostField.LOCATOR} and not self._media:
            return None
        return Post(source=self.source, claims=tuple(self._claims), media=tuple(self._media))


def said(value: object, limit: int = VALUE_CHARACTERS) -> str:
    """A text or a whole number as text of bounded length; empty for everything else."""
    if isinstance(value, str):
        return readable(value.strip(), limit)
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 1 << 200:
        return str(value)
    return ""


def record(value: object) -> Record:
    """An object of JSON; an empty one for everything else."""
    return value if isinstance(value, dict) else {}


def records(value: object) -> Iterable[Record]:
    """The objects in an array of JSON, at most MAX_POSTS."""
    return (one for one in value[:MAX_POSTS] if isinstance(one, dict)) if isinstance(value, list) else ()


def text_of(markup: str) -> str:
    """What a visitor reads of a piece of HTML."""
    return read_page(markup.encode("utf-8", "replace"), "text/html; charset=utf-8").text


def from_unix(seconds: float) -> str:
    """RFC 3339 in UTC of Unix seconds; empty when no calendar of ours reaches that far."""
    try:
        return datetime.fromtimestamp(int(seconds), UTC).isoformat().replace("+00:00", "Z")
    except (OverflowError, OSError, ValueError):
        return ""


def iso_of(written: str) -> str:
    """ISO 8601 of a time in ISO's form, which stays as it is, or in RFC 5322's; other text as it is written."""
    try:
        datetime.fromisoformat(written)
    except ValueError:
        pass
    else:
        return written
    try:
        moment = parsedate_to_datetime(written)
    except (ValueError, TypeError, IndexError, OverflowError):
        return written
    return moment.isoformat()
