"""From an event to its effects on the view tables. Pure: no clock, no randomness, no settings, no floats.

Every effect says which columns came from which part, so that erasing a part clears exactly those. An event that
this version does not know stops the projection.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from casefile.canonical import canonical_json
from casefile.errors import RecordUnreadable
from casefile.events.envelope import Envelope, Event, PartName
from casefile.events.types import (
    CaptureFailed,
    CaptureStarted,
    ContentErased,
    DuplicateDecided,
    Erased,
    InvestigationOpened,
    ItemClaims,
    ItemExamined,
    ItemTagged,
    KeyStated,
    LeadAdded,
    LeadCells,
    MonitorChecked,
    MonitorStated,
    MonitorTarget,
    PersonalName,
    PersonRecorded,
    SealedBody,
    SealedPersonal,
    SettingChanged,
    ToolRegistered,
    Words,
    payload,
)
from casefile.ids import CaptureId, item_id
from casefile.model import Value

Column: TypeAlias = "str | int | bool | None"
Row: TypeAlias = Mapping[str, Column]


@dataclass(frozen=True, slots=True)
class Insert:
    """Rows for a table. `numbered` gives each the next short number; `from_part` says which columns can be erased."""

    table: str
    rows: tuple[Row, ...]
    key: str
    from_part: Mapping[PartName, tuple[str, ...]] = field(default_factory=dict)
    numbered: bool = False


@dataclass(frozen=True, slots=True)
class Update:
    """New values for the row with that key."""

    table: str
    key: str
    key_value: str
    values: Row
    from_part: Mapping[PartName, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Forget:
    """The part of the event was erased: what came from it is cleared."""

    target: str
    part: PartName


Effect: TypeAlias = Insert | Update | Forget


def project(event: Event) -> Sequence[Effect]:
    """The effects of one event, in order; raises RecordUnreadable for a type without a projection."""
    try:
        projector = _PROJECTORS[event.envelope.type]
    except KeyError as error:
        raise RecordUnreadable(f"event type {event.envelope.type}", "has no projection") from error
    return projector(event)


def clearing(event: Event, part: PartName) -> Sequence[Update]:
    """What clears everything that `event` once projected from `part`."""
    updates: list[Update] = []
    for effect in project(event.without(part)):
        if isinstance(effect, Forget):
            continue
        columns = effect.from_part.get(part, ())
        if not columns:
            continue
        nothing: Row = dict.fromkeys(columns)
        if isinstance(effect, Update):
            updates.append(Update(effect.table, effect.key, effect.key_value, nothing))
        else:
            updates += [Update(effect.table, effect.key, str(row[effect.key]), nothing) for row in effect.rows]
    return updates


def _columns(value: Any, *names: str) -> dict[str, Column]:
    """The named fields of a payload; null for each when the payload was erased."""
    if isinstance(value, Erased):
        return dict.fromkeys(names)
    return {name: getattr(value, name) for name in names}


def _text(value: Any) -> str:
    return canonical_json(value).decode("utf-8")


def _body(*names: str) -> dict[PartName, tuple[str, ...]]:
    return {PartName.BODY: names}


def _actor(envelope: Envelope) -> str:
    return envelope.actor.partition(":")[2]


def _investigation_opened(event: Event) -> Sequence[Effect]:
    opened = payload(event, PartName.BODY, InvestigationOpened)
    row = {"id": event.envelope.log, "opened_at": event.envelope.recorded_at, **_columns(opened, "title")}
    return [Insert("view_investigation", (row,), "id", _body("title"))]


def _person_recorded(event: Event) -> Sequence[Effect]:
    body = payload(event, PartName.BODY, PersonRecorded)
    personal = payload(event, PartName.PERSONAL, PersonalName)
    row = {
        "id": event.envelope.subject_of("person"),
        "recorded_at": event.envelope.recorded_at,
        **_columns(body, "kind"),
        **_columns(personal, "name", "note"),
    }
    parts = {PartName.BODY: ("kind",), PartName.PERSONAL: ("name", "note")}
    return [Insert("view_person", (row,), "id", parts)]


def _key_stated(event: Event) -> Sequence[Effect]:
    body = payload(event, PartName.BODY, KeyStated)
    names = ("purpose", "algorithm", "public_key", "fingerprint")
    row = {"event": event.envelope.id, "stated_at": event.envelope.recorded_at, **_columns(body, *names)}
    return [Insert("view_key", (row,), "event", _body(*names))]


def _tool_registered(event: Event) -> Sequence[Effect]:
    body = payload(event, PartName.BODY, ToolRegistered)
    names = ("name", "version", "path", "sha256")
    row = {
        "id": event.envelope.subject_of("tool"),
        "registered_at": event.envelope.recorded_at,
        **_columns(body if isinstance(body, Erased) else body.tool, *names),
    }
    return [Insert("view_tool", (row,), "id", _body(*names))]


def _setting_changed(event: Event) -> Sequence[Effect]:
    body = payload(event, PartName.BODY, SettingChanged)
    row = {
        "event": event.envelope.id,
        "changed_at": event.envelope.recorded_at,
        **_columns(body, "name", "value"),
    }
    return [Insert("view_setting", (row,), "event", _body("name", "value"))]


def _lead_added(event: Event) -> Sequence[Effect]:
    envelope = event.envelope
    body = payload(event, PartName.BODY, LeadAdded)
    personal = payload(event, PartName.PERSONAL, LeadCells)
    names = ("locator", "pathway", "job", "sheet", "row", "occurrence")
    monitors = [subject.id for subject in envelope.subject if subject.kind == "monitor"]
    row = {
        "id": envelope.subject_of("lead"),
        "added_at": envelope.recorded_at,
        "added_by": _actor(envelope),
        "monitor": monitors[0] if monitors else None,
        **_columns(body, *names),
        "cells": None if isinstance(personal, Erased) else _text(personal.cells),
        **_columns(personal, "why"),
    }
    return [Insert("view_lead", (row,), "id", {PartName.BODY: names, PartName.PERSONAL: ("cells", "why")})]


def _capture_started(event: Event) -> Sequence[Effect]:
    envelope = event.envelope
    body = payload(event, PartName.BODY, CaptureStarted)
    names = ("attempt", "method", "method_version", "method_reason", "purpose")
    row = {
        "capture": envelope.subject_of("capture"),
        "lead": envelope.subject_of("lead"),
        "status": "started",
        "started_at": envelope.recorded_at,
        "started_by": _actor(envelope),
        "run": envelope.run,
        **_columns(body, *names),
    }
    return [Insert("view_attempt", (row,), "capture", _body(*names))]


def _ended(envelope: Envelope) -> dict[str, Column]:
    if envelope.outcome is None:
        raise RecordUnreadable(f"event {envelope.id}", "has no outcome")
    return {
        "status": envelope.outcome.status,
        "cause": envelope.outcome.cause,
        "ended_at": envelope.recorded_at,
    }


def _capture_failed(event: Event) -> Sequence[Effect]:
    body = payload(event, PartName.BODY, CaptureFailed)
    names = ("detail", "advice", "retry_after_s")
    values = {
        **_ended(event.envelope),
        **_columns(body, *names),
        "exchanges": None if isinstance(body, Erased) else _text([one.plain() for one in body.exchanges]),
        "contacts": None if isinstance(body, Erased) else _text([one.plain() for one in body.contacts]),
    }
    erasable = _body(*names, "exchanges", "contacts")
    return [Update("view_attempt", "capture", event.envelope.subject_of("capture"), values, erasable)]


_OF_CAPTURE = (
    "object_id", "inventory", "method", "method_version", "purpose", "acquisition", "source", "collector",
    "containment", "egress_enforced", "allowances", "started_at", "ended_at", "circumstances", "exchanges", "tools",
    "files", "detail",
)  # fmt: skip
_OF_ITEM = (
    "locator", "role", "media_type", "declared_media_type", "claimed_time", "content", "content_reason", "sha256",
    "bytes", "wire_sha256", "wire_bytes", "files",
)  # fmt: skip
_OF_ITEM_PERSONAL = ("name", "title", "author")


def _capture_sealed(event: Event) -> Sequence[Effect]:
    envelope = event.envelope
    body = payload(event, PartName.BODY, SealedBody)
    personal = payload(event, PartName.PERSONAL, SealedPersonal)
    items = next(subject for subject in envelope.subject if subject.kind == "item")
    ended = _ended(envelope)
    capture: dict[str, Column] = {
        "id": items.id,
        "lead": envelope.subject_of("lead"),
        "outcome": ended["status"],
        "cause": ended["cause"],
        "item_count": items.count or 0,
        "sealed_at": envelope.recorded_at,
        "handed_over_how": None if isinstance(personal, Erased) else personal.handed_over_how,
        **_capture_columns(body),
    }
    rows = tuple(_item_row(envelope, items.id, position, body, personal) for position in range(items.count or 0))
    erasable = {PartName.BODY: _OF_ITEM, PartName.PERSONAL: _OF_ITEM_PERSONAL}
    of_capture = {PartName.BODY: _OF_CAPTURE, PartName.PERSONAL: ("handed_over_how",)}
    return [
        Update("view_attempt", "capture", items.id, ended),
        Insert("view_capture", (capture,), "id", of_capture),
        Insert("view_item", rows, "id", erasable, numbered=True),
    ]


def _capture_columns(body: SealedBody | Erased) -> dict[str, Column]:
    if isinstance(body, Erased):
        return dict.fromkeys(_OF_CAPTURE)
    record, circumstances = body.record, body.record.circumstances
    return {
        "object_id": body.object_id,
        "inventory": body.inventory,
        "containment": circumstances.containment,
        "allowances": _text(circumstances.allowances),
        "circumstances": _text(circumstances.plain()),
        "exchanges": _text([one.plain() for one in record.exchanges]),
        "tools": _text([one.plain() for one in record.tools]),
        "files": _text([one.plain() for one in record.files]),
        "detail": record.detail,
        **_columns(
            circumstances,
            "method", "method_version", "purpose", "acquisition", "source", "collector", "egress_enforced",
            "started_at", "ended_at",
        ),
    }  # fmt: skip


def _item_row(
    envelope: Envelope, capture: str, position: int, body: SealedBody | Erased, personal: SealedPersonal | Erased
) -> Row:
    row: dict[str, Column] = {
        "id": item_id(CaptureId(capture), position),
        "capture": capture,
        "position": position,
        "sealed_at": envelope.recorded_at,
    }
    if isinstance(body, Erased):
        row |= dict.fromkeys(_OF_ITEM)
    else:
        item = body.record.items[position]
        row |= _columns(item, *(name for name in _OF_ITEM if name != "files")) | {"files": _text(item.files)}
    if isinstance(personal, Erased):
        row |= dict.fromkeys(_OF_ITEM_PERSONAL)
    else:
        row |= _columns(personal.items[position], *_OF_ITEM_PERSONAL)
    return row


def _item_examined(event: Event) -> Sequence[Effect]:
    body = payload(event, PartName.BODY, ItemExamined)
    personal = payload(event, PartName.PERSONAL, ItemClaims)
    row = {
        "event": event.envelope.id,
        "item": event.envelope.subject_of("item"),
        "examined_at": event.envelope.recorded_at,
        "findings": None if isinstance(body, Erased) else _text(body.findings),
        "fingerprints": None if isinstance(body, Erased) else _text(body.fingerprints),
        "claims": None if isinstance(personal, Erased) else _text(personal.claims),
        "raw": None if isinstance(personal, Erased) else personal.raw,
    }
    parts = {PartName.BODY: ("findings", "fingerprints"), PartName.PERSONAL: ("claims", "raw")}
    return [Insert("view_examination", (row,), "event", parts)]


def _duplicate_decided(event: Event) -> Sequence[Effect]:
    envelope = event.envelope
    body = payload(event, PartName.BODY, DuplicateDecided)
    personal = payload(event, PartName.PERSONAL, Words)
    first, second = sorted(subject.id for subject in envelope.subject if subject.kind == "item")
    names = ("edge", "distance", "bits", "method", "version")
    row = {
        "event": envelope.id,
        "item_a": first,
        "item_b": second,
        "judgement": _ended(envelope)["status"],
        "reason": None if isinstance(personal, Erased) else personal.text,
        "decided_at": envelope.recorded_at,
        "decided_by": _actor(envelope),
        **_columns(body, *names),
    }
    return [Insert("view_decision", (row,), "event", {PartName.BODY: names, PartName.PERSONAL: ("reason",)})]


def _remark_added(event: Event) -> Sequence[Effect]:
    envelope = event.envelope
    words = payload(event, PartName.PERSONAL, Words)
    row = {
        "event": envelope.id,
        "subject_kind": envelope.subject[0].kind,
        "subject": envelope.subject[0].id,
        "added_at": envelope.recorded_at,
        "added_by": _actor(envelope),
        **_columns(words, "text"),
    }
    return [Insert("view_remark", (row,), "event", {PartName.PERSONAL: ("text",)})]


def _item_tagged(event: Event) -> Sequence[Effect]:
    envelope = event.envelope
    body = payload(event, PartName.BODY, ItemTagged)
    row = {
        "event": envelope.id,
        "item": envelope.subject_of("item"),
        "removed": _ended(envelope)["status"] == "removed",
        "tagged_at": envelope.recorded_at,
        "tagged_by": _actor(envelope),
        **_columns(body, "tag"),
    }
    return [Insert("view_tag", (row,), "event", _body("tag"))]


def _monitor_stated(event: Event) -> Sequence[Effect]:
    envelope = event.envelope
    body = payload(event, PartName.BODY, MonitorStated)
    personal = payload(event, PartName.PERSONAL, MonitorTarget)
    of_body, of_personal = ("kind", "interval_s", "purpose", "paused"), ("name", "target", "why")
    row = {
        "event": envelope.id,
        "monitor": envelope.subject_of("monitor"),
        "stated_at": envelope.recorded_at,
        "stated_by": _actor(envelope),
        **_columns(body, *of_body),
        **_columns(personal, *of_personal),
    }
    return [Insert("view_monitor", (row,), "event", {PartName.BODY: of_body, PartName.PERSONAL: of_personal})]


def _monitor_checked(event: Event) -> Sequence[Effect]:
    envelope = event.envelope
    body = payload(event, PartName.BODY, MonitorChecked)
    ended = _ended(envelope)
    row = {
        "event": envelope.id,
        "monitor": envelope.subject_of("monitor"),
        "status": ended["status"],
        "cause": ended["cause"],
        "checked_at": envelope.recorded_at,
        **_columns(body, "found", "new", "detail"),
    }
    return [Insert("view_monitor_check", (row,), "event", _body("found", "new", "detail"))]


def _act(event: Event) -> Sequence[Effect]:
    envelope = event.envelope
    body = payload(event, PartName.BODY, Value)
    row = {
        "event": envelope.id,
        "type": envelope.type,
        "status": envelope.outcome.status if envelope.outcome else None,
        "subject": _text([subject.plain() for subject in envelope.subject]),
        "body": None if isinstance(body, Erased) else _text(body.plain()),
        "done_at": envelope.recorded_at,
        "done_by": _actor(envelope),
    }
    return [Insert("view_act", (row,), "event", _body("body"))]


def _content_erased(event: Event) -> Sequence[Effect]:
    envelope = event.envelope
    body = payload(event, PartName.BODY, ContentErased)
    target, part = envelope.subject_of("event"), PartName(envelope.subject_of("part"))
    row = {
        "event": envelope.id,
        "target": target,
        "part": part,
        "erased_at": envelope.recorded_at,
        "erased_by": _actor(envelope),
        **_columns(body, "basis", "approved_by"),
    }
    return [Forget(target, part), Insert("view_erasure", (row,), "event", _body("basis", "approved_by"))]


_PROJECTORS: Mapping[str, Callable[[Event], Sequence[Effect]]] = {
    "investigation.opened": _investigation_opened,
    "person.recorded": _person_recorded,
    "key.stated": _key_stated,
    "tool.registered": _tool_registered,
    "setting.changed": _setting_changed,
    "gate.overridden": _act,
    "lead.added": _lead_added,
    "capture.started": _capture_started,
    "capture.sealed": _capture_sealed,
    "capture.failed": _capture_failed,
    "item.examined": _item_examined,
    "duplicate.decided": _duplicate_decided,
    "remark.added": _remark_added,
    "item.tagged": _item_tagged,
    "monitor.stated": _monitor_stated,
    "monitor.checked": _monitor_checked,
    "fixity.checked": _act,
    "custody.changed": _act,
    "content.erased": _content_erased,
    "access.logged": _act,
    "tool.tested": _act,
}
