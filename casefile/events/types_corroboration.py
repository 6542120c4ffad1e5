"""What the parts hold that tell of a second capture beside an item."""

from __future__ import annotations

from enum import StrEnum

from casefile.model import Text, Value


class Origin(StrEnum):
    """Where a second capture was made: what a person says of it."""

    MACHINE = "machine"
    PARTNER = "partner"
    ARCHIVE = "archive"


class ItemCorroborated(Value):
    """A second capture, the second item named, was put beside the first: where it was made, and how the two compare.

    `change` is a word of `verification.revisits.Change`, or `not-comparable`; `why` what that rests on.
    """

    origin: Origin
    change: Text
    why: Text = ""
