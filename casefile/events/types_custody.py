"""What the parts of the events hold that bring in others: signatures of people, askings of witnesses."""

from __future__ import annotations

from pydantic import Field

from casefile.model import Contact, Text, Value


class EventSigned(Value):
    """A person's signature over an event of theirs: the fingerprint of the key, the leaf, and the signed note."""

    key: Text
    leaf: Text
    signature: Text


class HeadWitnessed(Value):
    """A witness was asked to cosign a head. `cosignature` is the digest of its line, `cosigned_at_s` the time in it.

    `key` is the witness's verifier key, which holds its name.
    """

    size: int = Field(ge=0)
    key: Text
    cosignature: Text | None = None
    cosigned_at_s: int | None = None
    detail: Text = ""
    contacts: tuple[Contact, ...] = ()
