"""The envelope of an event, its salted parts and its leaf in the tree.

An envelope names who, what, when and about what; what was said lies in parts, which the envelope only commits to.
Erasing a part leaves the envelope, its leaf and the tree as they were.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, ValidationError

from casefile.canonical import Json, NotCanonical
from casefile.digests import Digest
from casefile.errors import RecordUnreadable
from casefile.model import ClockRecord, Value

SALT_BYTES = 32
MAX_ENVELOPE_BYTES = 8192
LEAF_PREFIX = b"\x00"
"""RFC 9162 section 2.1.1: what keeps a leaf from being read as an inner node."""

Word = Annotated[str, StringConstraints(min_length=1, max_length=128)]


class PartName(StrEnum):
    """`body`: what was done. `personal`: what names people. `protected`: what only an unsealing may show."""

    BODY = "body"
    PERSONAL = "personal"
    PROTECTED = "protected"


class Subject(Value):
    """What an event is about; with `count`, the range of items 0 … count-1 of the capture `id`."""

    kind: Word
    id: Word
    count: int | None = Field(default=None, ge=0)

    def plain(self) -> dict[str, Json]:
        """The subject as canonical JSON is made of it."""
        plain: dict[str, Json] = {"id": self.id, "kind": self.kind}
        if self.count is not None:
            plain["count"] = self.count
        return plain


class EventOutcome(Value):
    """How what the event tells of ended."""

    status: Word
    cause: Word | None = None

    def plain(self) -> dict[str, Json]:
        """The outcome as canonical JSON is made of it."""
        return {"status": self.status} if self.cause is None else {"cause": self.cause, "status": self.status}


class Envelope(Value):
    """The leaf of the tree, in the form that is hashed, stored and journalled.

    `identity` says whether the actor was merely named (`asserted`) or proved to be who they are (`authenticated`).
    """

    actor: Word
    causes: tuple[Word, ...] = ()
    clock: ClockRecord
    envelope: Literal[1] = 1
    id: Word
    identity: Literal["asserted", "authenticated"] = "asserted"
    log: Word
    outcome: EventOutcome | None = None
    parts: Mapping[PartName, str] = Field(default_factory=dict)
    recorded_at: Word
    run: Word
    schema_number: int = Field(default=1, ge=1, validation_alias="schema", serialization_alias="schema")
    subject: tuple[Subject, ...] = ()
    tools: tuple[Word, ...] = ()
    type: Word

    model_config = Value.model_config | {"populate_by_name": True, "serialize_by_alias": True}

    def plain(self) -> dict[str, Json]:
        """The envelope as canonical JSON is made of it; what is absent is left out."""
        plain: dict[str, Json] = {
            "actor": self.actor,
            "causes": self.causes,
            "clock": self.clock.plain(),
            "envelope": self.envelope,
            "id": self.id,
            "identity": self.identity,
            "log": self.log,
            "parts": {name.value: stated for name, stated in self.parts.items()},
            "recorded_at": self.recorded_at,
            "run": self.run,
            "schema": self.schema_number,
            "subject": [subject.plain() for subject in self.subject],
            "tools": self.tools,
            "type": self.type,
        }
        if self.outcome is not None:
            plain["outcome"] = self.outcome.plain()
        return plain

    def to_bytes(self) -> bytes:
        """The canonical bytes; raises RecordUnreadable when they exceed 8 KiB."""
        content = self.canonical()
        if len(content) > MAX_ENVELOPE_BYTES:
            raise RecordUnreadable(f"event {self.id}", f"an envelope of {len(content)} bytes; {MAX_ENVELOPE_BYTES} fit")
        return content

    @classmethod
    def from_bytes(cls, content: bytes) -> Self:
        """The envelope of canonical bytes; raises RecordUnreadable for any other bytes."""
        try:
            if len(content) > MAX_ENVELOPE_BYTES:
                raise NotCanonical((), "longer than an envelope may be")
            envelope = cls.model_validate_json(content)
            canonical = envelope.canonical()
        except ValidationError as error:
            raise RecordUnreadable("envelope", without_content(error)) from error
        except NotCanonical as error:
            raise RecordUnreadable("envelope", str(error)) from error
        if canonical != content:
            raise RecordUnreadable("envelope", "is not in the form that this version writes")
        return envelope

    def subject_of(self, kind: str) -> str:
        """The id of the first subject of that kind; raises RecordUnreadable when there is none."""
        for subject in self.subject:
            if subject.kind == kind:
                return subject.id
        raise RecordUnreadable(f"event {self.id}", f"names no {kind}")


def erased_part(envelope: Envelope) -> tuple[str, PartName]:
    """The event and the part that a content.erased envelope tells of; raises RecordUnreadable."""
    name = envelope.subject_of("part")
    try:
        return envelope.subject_of("event"), PartName(name)
    except ValueError as error:
        raise RecordUnreadable(f"event {envelope.id}", "erases what is no part") from error


@dataclass(frozen=True, slots=True)
class Part:
    """Bytes that an envelope commits to, with the salt that keeps short texts from being guessed."""

    event: str
    name: PartName
    salt: bytes
    content: bytes

    @property
    def commitment(self) -> Digest:
        """SHA-256 of salt and content, as the envelope states it."""
        return commitment(self.salt, self.content)

    def fulfils(self, envelope: Envelope) -> bool:
        """Whether `envelope` commits to exactly this part."""
        stated = envelope.parts.get(self.name, "")
        return self.event == envelope.id and hmac.compare_digest(stated, self.commitment)


@dataclass(frozen=True, slots=True)
class Event:
    """An envelope with those of its parts that still exist."""

    envelope: Envelope
    parts: Mapping[PartName, Part]

    def without(self, name: PartName) -> Event:
        """The same event after that part was erased."""
        return Event(self.envelope, {key: part for key, part in self.parts.items() if key is not name})


def commitment(salt: bytes, content: bytes) -> Digest:
    """SHA-256 of a 32-byte salt followed by the content."""
    if len(salt) != SALT_BYTES:
        raise ValueError("a salt has 32 bytes")
    return Digest("sha256:" + hashlib.sha256(salt + content).hexdigest())


def leaf_hash(envelope: bytes) -> bytes:
    """The RFC 9162 leaf hash of an envelope's bytes: 32 bytes."""
    return hashlib.sha256(LEAF_PREFIX + envelope).digest()


def is_envelope(content: bytes) -> bool:
    """Whether these are the bytes of an envelope."""
    try:
        Envelope.from_bytes(content)
    except RecordUnreadable:
        return False
    return True


def without_content(error: ValidationError) -> str:
    """What is wrong and where, without the words of the record, which may name people."""
    first = error.errors(include_url=False, include_input=False, include_context=False)[0]
    return f"{'/'.join(map(str, first['loc'])) or 'value'}: {first['type']}"
