"""The published event types: for each (type, schema), what its parts hold. A published pair never changes.

A type that is not listed here stops a replay: guessing at what an event means is worse than stopping.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from pydantic import Field, ValidationError

from casefile.errors import RecordUnreadable
from casefile.events import types_of_custody as custody
from casefile.events.envelope import Event, PartName, without_content
from casefile.events.event_type import EventType
from casefile.events.timestamping import HeadTimestamped
from casefile.events.types_archives import ARCHIVES
from casefile.events.types_elements import ELEMENTS
from casefile.events.types_holdings import HOLDINGS
from casefile.events.types_packages import PACKAGES
from casefile.events.types_planning import PLANNING
from casefile.events.types_posts import POSTS
from casefile.events.types_protection import PROTECTION
from casefile.events.types_reviews import REVIEWS
from casefile.events.types_verification import VERIFICATION
from casefile.model import Alteration, CaptureRecord, Contact, Exchange, Text, ToolUse, Value
from casefile.vocabulary import Access, Pathway, PersonKind, Purpose


class InvestigationOpened(Value):
    """The first event of a log."""

    title: Text


class PersonRecorded(Value):
    """Somebody became known to the record."""

    kind: PersonKind


class PersonalName(Value):
    """What a person is called, and what else is known of them."""

    name: Text
    note: Text = ""


class KeyStated(Value):
    """A public key and what it is used for. `statement` is the signed note by which the root key says so.

    `second` is a key of ML-DSA-44 that signs beside it, in hexadecimal.
    """

    purpose: Text
    algorithm: Text
    public_key: Text
    fingerprint: Text
    statement: Text = ""
    second: Text | None = None


class KeyRevoked(Value):
    """A key that must no longer be believed for heads beyond `last_trusted` events; `statement` is the root's note."""

    fingerprint: Text
    last_trusted: int = Field(ge=0)
    reason: Text
    statement: Text


class HeadAttested(Value):
    """An earlier signed head, named by the log itself: its size, its root, and the digest of its note."""

    size: int = Field(ge=0)
    root: Text
    checkpoint: Text


class ToolRegistered(Value):
    """A tool as it is on this machine."""

    tool: ToolUse


class SettingChanged(Value):
    """A setting that bears on evidence took this value, as canonical JSON."""

    name: Text
    value: Text


class GateOverridden(Value):
    """A gate would have warned or refused; somebody went on, with a reason."""

    gate: Text
    reason: Text


class LeadAdded(Value):
    """A candidate was found. `(sheet, locator, occurrence)` tells the rows of a job apart."""

    locator: Text
    pathway: Pathway
    job: Text = ""
    sheet: Text = ""
    row: int = Field(default=0, ge=0)
    occurrence: int = Field(default=1, ge=1)


class LeadCells(Value):
    """The rest of the lead's row, and why it was followed: words of people, which can be erased."""

    cells: tuple[tuple[Text, Text], ...] = ()
    why: Text = ""


class CaptureStarted(Value):
    """An attempt began."""

    attempt: int = Field(ge=1)
    method: Text
    method_version: Text
    method_reason: Text
    purpose: Purpose
    source: Text = ""


class SealedBody(Value):
    """What was captured, and the digest that binds the vault object: sha512 of its inventory.json.

    `follow` names the method that is still to bring what this capture left behind, such as the video of a page; the
    lead is not done until it has.
    """

    record: CaptureRecord
    object_id: Text
    inventory: Text
    follow: Text | None = None


class ItemWords(Value):
    """What an item calls itself: original name, title, author. These can name people."""

    position: int
    name: Text = ""
    title: Text = ""
    author: Text = ""


class SealedPersonal(Value):
    """The words of all items of one capture."""

    items: tuple[ItemWords, ...] = ()
    handed_over_how: Text = ""


class CaptureFailed(Value):
    """An attempt that kept no item: what is known of it."""

    attempt: int = Field(ge=1)
    method: Text = ""
    detail: Text = ""
    advice: Text = ""
    retry_after_s: int = 0
    started_at: Text = ""
    exchanges: tuple[Exchange, ...] = ()
    contacts: tuple[Contact, ...] = ()
    alterations: tuple[Alteration, ...] | None = None


class ItemExamined(Value):
    """The findings of one run of the checks on one item, and its fingerprints."""

    findings: tuple[Mapping[str, Any], ...] = ()
    fingerprints: tuple[Mapping[str, Any], ...] = ()


class ItemClaims(Value):
    """Metadata as the tools printed it: claims of the file's maker, which can name people and places."""

    claims: tuple[Mapping[str, Any], ...] = ()
    raw: Text | None = None


class DuplicateDecided(Value):
    """A person's judgement on one edge: what they were shown."""

    edge: Text
    judgement: Text
    distance: int | None = None
    bits: int | None = None
    method: Text = ""
    version: Text = ""


class Words(Value):
    """Free words of a person."""

    text: Text


class ItemTagged(Value):
    """A tag was put on an item, or taken off."""

    tag: Text
    removed: bool = False


class MonitorStated(Value):
    """A standing watch, from now on: the `identity` it collects under, who answers for it and who sees to it (ids)."""

    kind: Text
    interval_s: int = Field(ge=60)
    purpose: Purpose = Purpose.WORK
    paused: bool = False
    identity: str | None = None
    owner: str | None = None
    operator: str | None = None


class MonitorTarget(Value):
    """What is watched, why, and what it is called."""

    name: Text
    target: Text
    why: Text = ""


class MonitorChecked(Value):
    """One look at a watched target."""

    found: int = Field(ge=0)
    new: int = Field(ge=0)
    detail: Text = ""


class IdentityStated(Value):
    """A virtual identity, as it stands from now on: what its platform sees of it. `cookies` counts its jar."""

    platform: Text
    hosts: tuple[Text, ...]
    access: Access
    user_agent: Text
    accept_language: Text
    time_zone: Text = ""
    viewport: Text = ""
    cookies: int = Field(default=0, ge=0)
    retired: bool = False


class IdentityWords(Value):
    """What would give a virtual identity away. `jar` is the sha256 of its jar; the account's real holder is never here.

    `canary` is a page that shows `canary_text` to whoever is logged in.
    """

    name: Text
    handle: Text = ""
    jar: Text = ""
    why: Text = ""
    note: Text = ""
    made_by: Text = ""
    made_at: Text = ""
    canary: Text = ""
    canary_text: Text = ""


class IdentityChecked(Value):
    """A look at whether an identity's session holds, or a person's word that it may be used again."""

    occasion: Text
    detail: Text = ""
    contacts: tuple[Contact, ...] = ()


class CustodyChanged(Value):
    """Something was done with the holdings as a whole: a backup, a restore, a rebuild, a recovery."""

    act: Text
    detail: Text = ""


class ContentErased(Value):
    """The grounds on which a part was erased."""

    basis: Text
    approved_by: Text


class AccessLogged(Value):
    """Somebody looked at, or took out, something."""

    act: Text
    detail: Text = ""


class ToolTested(Value):
    """The tool was tried on known answers."""

    passed: tuple[Text, ...]
    failed: tuple[Text, ...] = ()


class DocumentVersioned(Value):
    """A document of the investigation, such as the answers of a tool's vetting, in this version from now on.

    `number` counts its versions from 1; `text` is the whole document; `review_by` is a date, empty where none is set.
    """

    kind: Text
    name: Text
    number: int = Field(ge=1)
    text: Text
    review_by: Text = ""


PUBLISHED: Mapping[tuple[str, int], EventType] = {
    ("investigation.opened", 1): EventType(InvestigationOpened),
    ("person.recorded", 1): EventType(PersonRecorded, PersonalName),
    ("key.stated", 1): EventType(KeyStated),
    ("tool.registered", 1): EventType(ToolRegistered),
    ("setting.changed", 1): EventType(SettingChanged),
    ("gate.overridden", 1): EventType(GateOverridden),
    ("lead.added", 1): EventType(LeadAdded, LeadCells),
    ("capture.started", 1): EventType(CaptureStarted),
    ("capture.sealed", 1): EventType(SealedBody, SealedPersonal),
    ("capture.failed", 1): EventType(CaptureFailed),
    ("item.examined", 1): EventType(ItemExamined, ItemClaims),
    ("duplicate.decided", 1): EventType(DuplicateDecided, Words),
    ("remark.added", 1): EventType(personal=Words),
    ("item.tagged", 1): EventType(ItemTagged),
    ("monitor.stated", 1): EventType(MonitorStated, MonitorTarget),
    ("monitor.checked", 1): EventType(MonitorChecked),
    ("identity.stated", 1): EventType(IdentityStated, protected=IdentityWords),
    ("identity.checked", 1): EventType(IdentityChecked),
    ("fixity.checked", 1): EventType(custody.FixityChecked),
    ("custody.changed", 1): EventType(CustodyChanged),
    ("content.erased", 1): EventType(ContentErased),
    ("access.logged", 1): EventType(AccessLogged),
    ("tool.tested", 1): EventType(ToolTested),
    ("document.versioned", 1): EventType(DocumentVersioned),
    ("key.revoked", 1): EventType(KeyRevoked),
    ("head.attested", 1): EventType(HeadAttested),
    **{name: EventType(*parts) for name, parts in VERIFICATION.items()},
    ("head.timestamped", 1): EventType(HeadTimestamped),
    ("head.witnessed", 1): EventType(custody.HeadWitnessed),
    ("event.signed", 1): EventType(custody.EventSigned),
    ("content.erased", 2): EventType(custody.ItemErased, custody.CaptureKept),
    ("hold.stated", 1): EventType(custody.HoldStated),
    ("replica.stated", 1): EventType(custody.ReplicaStated),
    ("replica.checked", 1): EventType(custody.ReplicaChecked),
    ("object.repaired", 1): EventType(custody.ObjectRepaired),
    **PACKAGES,
    **PLANNING,
    **PROTECTION,
    **POSTS,
    **REVIEWS,
    **ARCHIVES,
    **HOLDINGS,
    **ELEMENTS,
}


def published(name: str, schema: int) -> EventType:
    """The event type of that name and schema; raises RecordUnreadable for one that is not published."""
    try:
        return PUBLISHED[name, schema]
    except KeyError as error:
        raise RecordUnreadable(f"event type {name} schema {schema}", "is not known to this version") from error


@dataclass(frozen=True, slots=True)
class Erased:
    """Stands where a part was erased, or where an event never had one."""


P = TypeVar("P", bound=Value)


def payload(event: Event, part: PartName, kind: type[P]) -> P | Erased:
    """The checked content of a part, or Erased.

    Raises RecordUnreadable for content that the event's type does not allow, or whose model is not a `kind`.
    """
    model = published(event.envelope.type, event.envelope.schema_number).model_of(part)
    stored = event.parts.get(part)
    if stored is None or model is None:
        return Erased()
    where = f"{part} of event {event.envelope.id}"
    try:
        value = model.model_validate_json(stored.content)
    except ValidationError as error:
        raise RecordUnreadable(where, without_content(error)) from error
    if not isinstance(value, kind):
        raise RecordUnreadable(where, f"holds a {type(value).__name__}, not a {kind.__name__}")
    return value
