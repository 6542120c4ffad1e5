"""What goes to a second assessor who works elsewhere, and what comes back: two files in one form each. Pure.

A packet holds the material and what everybody may see of it: what was collected and how, what machines suggest, the
claims. Nothing in it depends on what anybody found. An answer holds events of the log that the packet came from, made
and signed by its assessor, as they are.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Literal, TypeVar

from pydantic import Field, ValidationError

from casefile.canonical import NotCanonical
from casefile.errors_verification import CarriedUnsound
from casefile.events.envelope import Envelope, Event, Part, PartName, without_content
from casefile.model import SafePath, Text, Value
from casefile.vocabulary_verification import Check, ItemClass
from verification.checklists import CHECKLISTS
from verification.regions import Extent
from verification.sheets import template_of

PACKET, README, MATERIAL, SHEETS = "packet.json", "README.txt", "material", "sheets"
"""The names in a packet."""
MAX_BYTES = 16 << 20
"""Of a packet's description, and of an answer."""


class PacketFile(Value):
    """One file of an item, below the packet."""

    path: SafePath
    sha256: Text
    bytes: int = Field(ge=0)


class PacketClaim(Value):
    """A claim about an item: the question, not an answer."""

    id: Text
    number: Text
    kind: Text
    text: Text
    speaker: Text = ""


class PacketItem(Value):
    """An item as anybody may know it before it is assessed. `suggestions` are what machines found, by check."""

    id: Text
    number: Text
    item_class: ItemClass
    role: Text = ""
    media_type: Text = ""
    title: Text = ""
    locator: Text = ""
    sha256: Text = ""
    acquisition: Text = ""
    captured_at: Text = ""
    content: Text = ""
    sensitivity: Text = ""
    hard_to_look_at: bool = False
    width: int = Field(default=0, ge=0)
    height: int = Field(default=0, ge=0)
    duration_ms: int = Field(default=0, ge=0)
    turned: bool = False
    files: tuple[PacketFile, ...] = ()
    claims: tuple[PacketClaim, ...] = ()
    suggestions: Mapping[Check, tuple[Text, ...]] = Field(default_factory=dict)

    @property
    def extent(self) -> Extent:
        """How large it is, as far as it was measured."""
        return Extent(self.width, self.height, self.duration_ms, self.turned)


class Packet(Value):
    """What is sent: from which log, to whom, whose key has to sign the answer, and the items."""

    format: Literal["casefile-review-packet/1"] = "casefile-review-packet/1"
    log: Text
    person: Text
    name: Text
    key: Text
    sent_at: Text
    items: tuple[PacketItem, ...] = Field(min_length=1)


class BroughtPart(Value):
    """A part of an event with its salt, in hexadecimal digits."""

    salt: str = Field(pattern="^[0-9a-f]{64}$")
    content: str


class BroughtEvent(Value):
    """An event: the envelope as it is hashed, and its parts."""

    envelope: str
    parts: Mapping[PartName, BroughtPart] = Field(default_factory=dict)

    @classmethod
    def of(cls, event: Event) -> BroughtEvent:
        """The same event, to be carried."""
        parts = {
            name: BroughtPart(salt=part.salt.hex(), content=part.content.decode("utf-8"))
            for name, part in event.parts.items()
        }
        return cls(envelope=event.envelope.to_bytes().decode("utf-8"), parts=parts)

    def event(self) -> Event:
        """The event; raises RecordUnreadable, and CarriedUnsound where a part is not what the envelope commits to."""
        envelope = Envelope.from_bytes(self.envelope.encode("utf-8"))
        parts = {
            name: Part(envelope.id, name, bytes.fromhex(part.salt), part.content.encode("utf-8"))
            for name, part in self.parts.items()
        }
        if parts.keys() != envelope.parts.keys() or not all(one.fulfils(envelope) for one in parts.values()):
            raise CarriedUnsound(f"event {envelope.id}: a part is missing, or is not the one that was signed")
        return Event(envelope, parts)


class Answer(Value):
    """What comes back: which packet it answers, by the sha256 of its description, and the events."""

    format: Literal["casefile-review-answer/1"] = "casefile-review-answer/1"
    log: Text
    packet: Text
    person: Text
    events: tuple[BroughtEvent, ...] = Field(min_length=1)


V = TypeVar("V", Packet, Answer)


def read_carried(content: bytes, kind: type[V]) -> V:
    """The packet or answer of these bytes; raises CarriedUnsound for anything but the one form in which it is written.

    A key that stands there twice, a number that is none, or a field too many is not that form.
    """
    what = kind.__name__.lower()
    if len(content) > MAX_BYTES:
        raise CarriedUnsound(f"the {what} is longer than one may be, {MAX_BYTES:,} bytes")
    try:
        found = kind.model_validate_json(content)
        canonical = found.canonical()
    except ValidationError as error:
        raise CarriedUnsound(f"this is no {what} of a review: {without_content(error)}") from error
    except (NotCanonical, UnicodeError, RecursionError) as error:
        raise CarriedUnsound(f"this is no {what} of a review") from error
    if canonical != content:
        raise CarriedUnsound(f"the {what} was changed: it is not in the form in which it is written")
    return found


def sheets_of(item: PacketItem) -> Iterator[tuple[str, str]]:
    """The sheets to fill in for an item, each with its name: one for each check of its class."""
    for check in CHECKLISTS[item.item_class]:
        suggested = [f"# a machine suggests, which is no result: {one}" for one in item.suggestions.get(check, ())]
        yield f"{check}.toml", "\n".join([*suggested, template_of(check)])


def readme_of(packet: Packet) -> str:
    """What whoever opens the packet has to know."""
    lines = [
        f"For {packet.name}: a second assessment, to be made without knowing the first one.",
        "",
        "This folder holds the material and no word of what anybody found. Please do not ask.",
        "The files below material/ are as they were collected: they can be harmful, open them where that does no harm.",
        "Nothing of this is encrypted, nor is the answer that you make: keep and carry both as what they are.",
        "",
        "1. Fill in the sheets below sheets/, one for each check. A check that you did not do, or that does not apply,",
        "   says so in `result` and why in `reason`; a sheet whose `result` stays empty is left out.",
        "   A check that you did twice: copy its sheet under another name that ends in .toml.",
        f"2. casefile review answer THIS-FOLDER --to ANSWER.json --sign-with KEY   (your key {packet.key})",
        "3. Give ANSWER.json back to whoever sent you this folder, and to nobody else.",
        "",
    ]
    for item in packet.items:
        warned = "  HARD TO LOOK AT" if item.hard_to_look_at else ""
        lines += [f"{item.number}  {item.item_class}  {item.sensitivity or 'no class stated'}{warned}"]
        lines += [f"    claim {one.number} ({one.kind})" for one in item.claims]
    return "\n".join(lines) + "\n"
