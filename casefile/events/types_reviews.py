"""What the bodies hold that tell of second assessments made elsewhere: material that went, an answer that came back."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import Field

from casefile.events.event_type import EventType
from casefile.model import Text, Value


class ReviewSent(Value):
    """Items went to their second assessor, without the first assessment. `packet` is the sha256 of its packet.json."""

    packet: Text
    files: int = Field(ge=0)
    bytes: int = Field(ge=0)


class ReviewReceived(Value):
    """The answer to a packet came back: its sha256, and the fingerprint of the key that signed each of its events."""

    packet: Text
    answer: Text
    key: Text


REVIEWS: Mapping[tuple[str, int], EventType] = {
    ("review.sent", 1): EventType(ReviewSent),
    ("review.received", 1): EventType(ReviewReceived),
}
"""By (type, schema)."""
