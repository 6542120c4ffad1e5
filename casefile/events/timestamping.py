"""What an event says of one question to a time authority: what was asked, and what the answer is worth."""

from __future__ import annotations

from pydantic import Field

from casefile.model import Contact, Text, Value

CONFIRMED, PENDING = "confirmed", "pending"
"""Outcomes: a token that was believed when it came, or none, with the cause; then the authority is asked again."""


class HeadTimestamped(Value):
    """A time authority was asked to stamp a signed head of `size` events.

    `head` is the sha256 of what was stamped, `request`, `response` and `chain` those of the files beside it. `time` is
    the token's; `accuracy_us` is absent where it states none. `signer` and `root` are the sha256 of both ends of the
    chain, which holds until `valid_until`. Without a token only the question is known, and `cause`.
    """

    authority: Text
    locator: Text
    size: int = Field(ge=0)
    head: Text
    request: Text
    response: Text = ""
    chain: Text = ""
    time: Text = ""
    accuracy_us: int | None = Field(default=None, ge=0)
    policy: Text = ""
    serial: Text = ""
    signer: Text = ""
    root: Text = ""
    valid_until: Text = ""
    cause: Text = ""
    detail: Text = ""
    contacts: tuple[Contact, ...] = ()
