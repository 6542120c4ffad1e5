"""Erasing an item: decided by two people, in one transaction, and then carried out wherever its bytes are.

What goes is everything that the log and the vault say of the item in words or bytes. What stays is the tombstone: that
there was such an item, its digest, who erased it when and on what basis, and who had it before.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from casefile.clock import rfc3339
from casefile.errors import GateRefused, RecordUnreadable, UsageError, WorkspaceBusy
from casefile.events.envelope import EventOutcome, PartName, Subject
from casefile.events.port import Draft
from casefile.events.projecting_erasures import ITEM_SCHEMA
from casefile.events.types import AccessLogged, ContentErased, Erased, SealedBody, SealedPersonal, payload
from casefile.events.types_of_custody import CaptureKept, EarlierRecipient, ItemErased
from casefile.events.types_packages import PackageRecipient
from casefile.events.upcasting import upcast
from casefile.ids import CaptureId, EventId, item_id
from casefile.model import CaptureRecord, readable
from casefile.people import Person
from casefile.records.assessments import steps_quoting
from casefile.records.engine import Connection, reading
from casefile.records.linked import releases_of
from casefile.records.people import find_person
from casefile.records.queries import ItemFilter, ItemRecord, capture_facts, find_items, list_items
from casefile.records.reading import read_event
from casefile.records.tombstones import (
    Named,
    Tombstone,
    events_naming,
    holders_of,
    items_of_lead,
    list_tombstones,
    note_removals,
    remove_made_from,
)
from casefile.vocabulary import PersonKind
from pipelines.holds import hold_of
from pipelines.received import holding
from pipelines.recovering import recover_workspace
from pipelines.removing import finish_removals, kept_of, rebuilt_of
from pipelines.services import Services
from preservation.durable import Disk
from preservation.rebuilding import without

GATE = "erasure"
FIRST = 0
ERASED = "content.erased"
CONCLUDED, CORRECTED = "conclusion.drawn", "statement.corrected"
ASSESSING = frozenset({"step.recorded", CONCLUDED})
HANDED_OUT = frozenset({"access.logged"})
STAYING = frozenset({ERASED, "hold.stated", "custody.changed", "capture.redacted", *HANDED_OUT})
"""What is said of an item in events of these types stays: it is how custody of it was exercised.

What is left of a capture must not leave with what was redacted of it."""


@dataclass(frozen=True, slots=True)
class ItemGone:
    """An item that is erased; `already` says that it was before. `same_bytes` are items that still hold its bytes.

    `received` are the places in packages of others that do: those are kept as they came, and their removal is pending.
    """

    tombstone: Tombstone
    already: bool
    same_bytes: tuple[str, ...] = ()
    received: tuple[str, ...] = ()


@dataclass(slots=True)
class _Reach:
    """What goes with one item: parts of events, and the rest of the capture that stays."""

    parts: list[tuple[EventId, PartName]] = field(default_factory=list)
    recipients: list[EarlierRecipient] = field(default_factory=list)


def erase_items(services: Services, texts: Sequence[str], basis: str, approver: str) -> list[ItemGone]:
    """Erase the items of these ids or numbers, one after the other, on a basis that `approver` has approved.

    An item that was erased before is passed over, after what was left of that erasure is finished. Raises GateRefused
    for an item under hold, or of a capture with another one under hold, and where the approver is the one who acts.
    """
    if not basis.strip():
        raise UsageError("nothing is erased without a basis; say --basis")
    with reading(services.engine) as connection:
        approved_by = find_person(connection, approver)
        items = find_items(connection, texts)
    _require_second_person(services, approved_by)
    # What a run that died has left of an attempt goes to quarantine, where it is looked for.
    recover_workspace(services)
    # Holds of all of them first: nothing is erased of a request that cannot be met as a whole.
    with reading(services.engine) as connection:
        for item in items:
            _refuse_held(connection, item)
        digests = {item.id: _digests(connection, item) for item in items}
    already = [_erase(services, item, basis, approved_by) for item in items]
    finish_removals(services.workspace, services.engine, services.vault, Disk(services.reached))
    with reading(services.engine) as connection:
        gone = [_gone(connection, item, was) for item, was in zip(items, already, strict=True)]
    for one in gone:
        digests[one.tombstone.item].add(one.tombstone.sha256 or "")
    return [replace(one, received=holding(services.workspace, digests[one.tombstone.item])) for one in gone]


def _digests(connection: Connection, item: ItemRecord) -> set[str]:
    """The sha256 of each file of an item; of one that was erased before, its tombstone's is all that is left."""
    files = capture_facts(connection, item.capture)["files"] or ()
    return {one["sha256"] for one in files if one["path"] in item.files}


def tombstone_of(connection: Connection, item: str) -> Tombstone | None:
    """The tombstone of an item; None while it is not erased."""
    return next(iter(list_tombstones(connection, item=item)), None)


def _require_second_person(services: Services, approver: Person) -> None:
    if approver.id == services.person_id:
        raise GateRefused(GATE, "one person cannot erase alone", "Name somebody else with --approved-by.")
    if approver.kind is not PersonKind.INVESTIGATOR:
        raise GateRefused(
            GATE, "the approver is no investigator of this case", "Record who approves with `casefile person add NAME`."
        )


def _refuse_held(connection: Connection, item: ItemRecord) -> None:
    """Another item of the capture counts too: with the item goes the record of how both were collected."""
    for one in list_items(connection, ItemFilter(capture=item.capture)):
        if hold_of(connection, one) is not None:
            shared = "" if one.id == item.id else f", of the same capture as {item.label},"
            raise GateRefused(
                GATE, f"{one.label}{shared} is under hold", "`casefile hold list` says why; `hold lift` ends a hold."
            )


def _erase(services: Services, item: ItemRecord, basis: str, approved_by: Person) -> bool:
    """Decide that an item goes; whether it had gone before."""
    with reading(services.engine) as connection:
        if tombstone_of(connection, item.id) is not None:
            return True
        buried = {one.item for one in list_tombstones(connection)}
        facts = capture_facts(connection, item.capture)
        record = _record_of(connection, services, item)
        reach = _reach(connection, item)
    body = ItemErased(
        basis=readable(basis),
        approved_by=approved_by.id,
        sha256=item.sha256 or "",
        bytes=item.bytes or 0,
        replaced=facts["inventory"] or "",
        recipients=tuple(reach.recipients),
    )
    kept = CaptureKept(
        record=without(record, {item.position}),
        object_id=item.object_id or "",
        inventory="",
        rebuilt_at=rfc3339(services.clock.read().wall),
        follow=facts["follow"],
    )
    kept = kept.model_copy(update={"inventory": rebuilt_of(kept).inventory})
    subject = (
        Subject(kind="item", id=item.id),
        Subject(kind="capture", id=item.capture, count=facts["item_count"]),
        Subject(kind="person", id=approved_by.id),
    )
    parts = {PartName.BODY: body, PartName.PERSONAL: kept}
    tombstone = Draft(ERASED, subject, parts, EventOutcome(status="erased"), schema=ITEM_SCHEMA)

    def within(connection: Connection) -> None:
        _refuse_held(connection, item)
        if {one.item for one in list_tombstones(connection)} != buried:
            raise WorkspaceBusy("casefile.db", "somebody else is erasing")
        remove_made_from(connection, item.id)
        note_removals(connection, [item.capture])

    grounds = ContentErased(basis=readable(basis), approved_by=approved_by.id)
    services.log.erase_all(reach.parts, grounds, services.actor, then=[tombstone], within=within)
    return False


def _record_of(connection: Connection, services: Services, item: ItemRecord) -> CaptureRecord:
    """The capture's record as the vault holds it; as the log does, without texts, where the vault's is damaged."""
    stated = _stated_record(connection, item)
    try:
        held = services.vault.read_record(item.object_id or "")
    except RecordUnreadable:
        return stated
    return held if held.files == stated.files and len(held.items) == len(stated.items) else stated


def _stated_record(connection: Connection, item: ItemRecord) -> CaptureRecord:
    kept = kept_of(connection, item.capture)
    if kept is not None:
        return kept.record
    for named in events_naming(connection, item.capture):
        if named.envelope.type == "capture.sealed":
            event = upcast(read_event(connection, named.envelope.id).event)
            body = payload(event, PartName.BODY, SealedBody)
            words = payload(event, PartName.PERSONAL, SealedPersonal)
            if not isinstance(body, Erased):
                return _with_words(body.record, words)
    raise RecordUnreadable(f"capture {item.capture}", "no event says what it held")


def _with_words(record: CaptureRecord, words: SealedPersonal | Erased) -> CaptureRecord:
    if isinstance(words, Erased):
        return record
    by_position = {one.position: one for one in words.items}
    items = tuple(
        item.model_copy(update={"name": said.name, "title": said.title, "author": said.author})
        if (said := by_position.get(item.position))
        else item
        for item in record.items
    )
    circumstances = record.circumstances.model_copy(update={"handed_over_how": words.handed_over_how})
    return record.model_copy(update={"circumstances": circumstances, "items": items})


def _reach(connection: Connection, item: ItemRecord) -> _Reach:
    """Every part that speaks of the item.

    Of its lead and its failed attempts too, where no item of the lead is left, or none that it was followed for: the
    first of a capture is what was asked for.
    """
    others = items_of_lead(connection, item.lead)
    del others[item.id]
    lead_goes = not others or (item.position == FIRST and FIRST not in others.values())
    reach = _Reach(recipients=[_released(connection, release) for release in releases_of(connection, item.id)])
    going: list[Named] = []
    for named in events_naming(connection, item.id, item.capture, item.lead):
        if named.envelope.type in HANDED_OUT:
            reach.recipients += _recipients(connection, named, item)
        elif _goes(named, item, lead_goes=lead_goes):
            going.append(named)
    going += _answering(connection, going)
    reach.parts += [(EventId(named.envelope.id), part) for named in going for part in _parts_going(named)]
    own = {named.envelope.id for named in going}
    reach.parts += [
        (EventId(step), PartName.PERSONAL) for step in steps_quoting(connection, item.id) if step not in own
    ]
    return reach


def _answering(connection: Connection, going: Sequence[Named]) -> list[Named]:
    """The conclusions on claims that go, and why any of these statements was corrected: they do not name the item."""
    claims = [one.id for named in going for one in named.envelope.subject if one.kind == "claim"]
    drawn = [one for one in events_naming(connection, *claims) if one.envelope.type == CONCLUDED] if claims else []
    made = [one.envelope.id for one in (*going, *drawn) if one.envelope.type in ASSESSING]
    corrected = events_naming(connection, *made) if made else ()
    return [*drawn, *(one for one in corrected if one.envelope.type == CORRECTED)]


def _goes(named: Named, item: ItemRecord, *, lead_goes: bool) -> bool:
    envelope = named.envelope
    subjects = {(one.kind, one.id) for one in envelope.subject}
    if envelope.type == ERASED:
        return envelope.schema_number == ITEM_SCHEMA and ("capture", item.capture) in subjects
    if envelope.type in STAYING or envelope.type == "capture.started":
        return False
    about_lead = lead_goes and ("lead", item.lead) in subjects
    return about_lead or bool({("item", item.id), ("item", item.capture)} & subjects)


def _parts_going(named: Named) -> tuple[PartName, ...]:
    """Of an earlier tombstone only what it said was kept: this one says so anew."""
    return tuple(part for part in named.parts if named.envelope.type != ERASED or part is PartName.PERSONAL)


def _recipients(connection: Connection, named: Named, item: ItemRecord) -> list[EarlierRecipient]:
    envelope = named.envelope
    if not any(_covers(subject, item) for subject in envelope.subject):
        return []
    body = payload(upcast(read_event(connection, envelope.id).event), PartName.BODY, AccessLogged)
    act, detail = ("", "") if isinstance(body, Erased) else (body.act, body.detail)
    given_to = next((f"person:{one.id}" for one in envelope.subject if one.kind == "person"), envelope.actor)
    return [EarlierRecipient(event=envelope.id, act=act, at=envelope.recorded_at, recipient=detail or given_to)]


def _released(connection: Connection, release: str) -> EarlierRecipient:
    """To whom a package went that holds the item."""
    event = upcast(read_event(connection, release).event)
    whom = payload(event, PartName.PERSONAL, PackageRecipient)
    recipient = "" if isinstance(whom, Erased) else whom.recipient
    return EarlierRecipient(event=release, act="export", at=event.envelope.recorded_at, recipient=recipient)


def _covers(subject: Subject, item: ItemRecord) -> bool:
    """Whether an event's subject is the item, by itself or in a range of its capture."""
    if subject.kind != "item":
        return False
    if subject.count is None:
        return subject.id == item.id
    return subject.id == item.capture and any(
        item_id(CaptureId(subject.id), position) == item.id for position in range(subject.count)
    )


def _gone(connection: Connection, item: ItemRecord, already: bool) -> ItemGone:
    tombstone = tombstone_of(connection, item.id)
    if tombstone is None:
        raise RecordUnreadable(f"item {item.id}", "has no tombstone")
    same = holders_of(connection, tombstone.sha256) if tombstone.sha256 else []
    return ItemGone(tombstone, already, tuple(label for _id, label in same))
