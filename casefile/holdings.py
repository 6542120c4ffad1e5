"""What a public archive answers when it is asked whether it holds a locator: a claim of its own, kept as it came."""

from __future__ import annotations

from enum import StrEnum

from pydantic import Field

from casefile.model import Text, Value


class Form(StrEnum):
    """How an archive is asked: by a TimeMap in link format (RFC 7089, section 5) or by its CDX index, in lines."""

    TIMEMAP = "timemap"
    CDX = "cdx"


class Says(StrEnum):
    """What the answer amounts to. That an archive holds nothing is no word on whether anything was ever there."""

    HELD = "held"
    NOT_HELD = "not-held"
    UNANSWERED = "unanswered"


class Holdings(Value):
    """One answer. `entries` counts captures that it lists, `first` and `last` are their times as the archive has them.

    `content` is the answer in base64, as far as it is kept; `bytes` and `sha256` are of the whole.
    """

    says: Says
    status: int = 0
    entries: int = Field(default=0, ge=0)
    first: Text = ""
    last: Text = ""
    media_type: Text = ""
    bytes: int = Field(default=0, ge=0)
    sha256: Text = ""
    content: Text = ""
    detail: Text = ""
