"""What the parts of events hold that tell of custody: signatures, witnesses, fixity, erasure, holds, copies, repair."""

from __future__ import annotations

from pydantic import Field

from casefile.model import CaptureRecord, Contact, Text, Value


class FixityChecked(Value):
    """A pass over stored bytes: `full`, a `sample` by a seed, or `slices` of so many `parts`."""

    objects: int
    files: int
    bytes: int
    problems: int
    sample: int = 0
    scope: Text | None = None
    seed: int | None = None
    parts: int | None = None
    slices: tuple[int, ...] | None = None
    failures: tuple[Text, ...] | None = None


class EarlierRecipient(Value):
    """Somebody who had the item before it was erased, by the event that says so."""

    event: Text
    act: Text
    at: Text
    recipient: Text = ""


class ItemErased(Value):
    """The tombstone of an item: the grounds, what it was by its digest, and who had it before.

    `replaced` is the sha512 of the inventory that its object had; an object that has it again holds what was erased.
    """

    basis: Text
    approved_by: Text
    sha256: Text = ""
    bytes: int = Field(default=0, ge=0)
    replaced: Text = ""
    recipients: tuple[EarlierRecipient, ...] = ()


class CaptureKept(Value):
    """What is left of a capture after an item of it was erased: the record that its object now holds, word for word."""

    record: CaptureRecord
    object_id: Text
    inventory: Text
    rebuilt_at: Text
    follow: Text | None = None


class HoldStated(Value):
    """Why an item must not be erased, or may be again."""

    reason: Text


class ReplicaStated(Value):
    """A copy of the workspace: what it is called, where it can be read, on what medium and at which site it is."""

    name: Text
    place: Text
    medium: Text
    site: Text
    reason: Text = ""


class ReplicaChecked(Value):
    """A copy was read against the log's digests. `behind` objects are not in it yet."""

    objects: int = Field(ge=0)
    files: int = Field(ge=0)
    bytes: int = Field(ge=0)
    problems: int = Field(ge=0)
    behind: int = Field(default=0, ge=0)
    erased_left: int = Field(default=0, ge=0)
    failures: tuple[Text, ...] = ()


class ObjectRepaired(Value):
    """An object was damaged and was replaced by the one of a copy; the damaged one lies at `set_aside`."""

    replica: Text
    object_id: Text
    damage: tuple[Text, ...]
    set_aside: Text = ""


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
