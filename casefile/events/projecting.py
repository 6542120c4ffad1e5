"""From an event to its effects on the view tables. Pure: no clock, no randomness, no settings, no floats.

An event that this version does not know stops the projection.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from casefile.errors import RecordUnreadable
from casefile.events import projecting_archives as archives
from casefile.events import projecting_captures as captures
from casefile.events import projecting_erasures as erasures
from casefile.events import projecting_identities as identities
from casefile.events import projecting_planning as planning
from casefile.events import projecting_posts as posts
from casefile.events import projecting_protection as protection
from casefile.events import projecting_signatures as signatures
from casefile.events import projecting_verification as verification
from casefile.events.effects import Effect, Forget, Insert, Row, Update, actor, columns, ending, from_body, text_of
from casefile.events.envelope import Envelope, Event, PartName
from casefile.events.types import (
    DuplicateDecided,
    Erased,
    InvestigationOpened,
    ItemTagged,
    KeyStated,
    LeadAdded,
    LeadCells,
    MonitorChecked,
    MonitorStated,
    MonitorTarget,
    PersonalName,
    PersonRecorded,
    SettingChanged,
    ToolRegistered,
    Words,
    payload,
)
from casefile.model import Value
from casefile.spellings import spelling_key
from casefile.vocabulary import Judgement


def project(event: Event) -> Sequence[Effect]:
    """The effects of one event, in order.

    Raises RecordUnreadable for a type without a projection, and for an event that cannot have been written by us.
    """
    projector = _PROJECTORS.get(event.envelope.type)
    if projector is None:
        raise RecordUnreadable(f"event type {event.envelope.type}", "has no projection")
    try:
        return [*projector(event), *_tool_uses(event.envelope)]
    except (ValueError, LookupError, StopIteration) as error:
        # An id that is no id, a part that is no part, a range that its items do not fill.
        raise RecordUnreadable(f"event {event.envelope.id}", "says what no event of its type says") from error


def clearing(event: Event, part: PartName) -> Sequence[Update]:
    """What clears everything that `event` once projected from `part`."""
    updates: list[Update] = []
    for effect in project(event.without(part)):
        if isinstance(effect, Forget):
            continue
        erasable = effect.from_part.get(part, ())
        if not erasable:
            continue
        nothing: Row = dict.fromkeys(erasable)
        if isinstance(effect, Update):
            updates.append(Update(effect.table, effect.key, effect.key_value, nothing))
        else:
            updates += [Update(effect.table, effect.key, str(row[effect.key]), nothing) for row in effect.rows]
    return updates


def _tool_uses(envelope: Envelope) -> Sequence[Effect]:
    if not envelope.tools:
        return ()
    about = envelope.subject[0].id
    rows = tuple({"event": envelope.id, "tool": tool, "subject": about} for tool in dict.fromkeys(envelope.tools))
    return [Insert("view_tool_use", rows, "event")]


def _investigation_opened(event: Event) -> Sequence[Effect]:
    opened = payload(event, PartName.BODY, InvestigationOpened)
    row = {"id": event.envelope.log, "opened_at": event.envelope.recorded_at, **columns(opened, "title")}
    return [Insert("view_investigation", (row,), "id", from_body("title"))]


def _person_recorded(event: Event) -> Sequence[Effect]:
    body = payload(event, PartName.BODY, PersonRecorded)
    personal = payload(event, PartName.PERSONAL, PersonalName)
    row = {
        "id": event.envelope.subject_of("person"),
        "recorded_at": event.envelope.recorded_at,
        **columns(body, "kind"),
        **columns(personal, "name", "note"),
    }
    parts = {PartName.BODY: ("kind",), PartName.PERSONAL: ("name", "note")}
    return [Insert("view_person", (row,), "id", parts)]


def _key_stated(event: Event) -> Sequence[Effect]:
    body = payload(event, PartName.BODY, KeyStated)
    names = ("purpose", "algorithm", "public_key", "fingerprint")
    row = {"event": event.envelope.id, "stated_at": event.envelope.recorded_at, **columns(body, *names)}
    return [Insert("view_key", (row,), "event", from_body(*names))]


def _tool_registered(event: Event) -> Sequence[Effect]:
    body = payload(event, PartName.BODY, ToolRegistered)
    names = ("name", "version", "path", "sha256")
    row = {
        "id": event.envelope.subject_of("tool"),
        "registered_at": event.envelope.recorded_at,
        **columns(body if isinstance(body, Erased) else body.tool, *names),
    }
    return [Insert("view_tool", (row,), "id", from_body(*names))]


def _setting_changed(event: Event) -> Sequence[Effect]:
    body = payload(event, PartName.BODY, SettingChanged)
    row = {
        "event": event.envelope.id,
        "changed_at": event.envelope.recorded_at,
        **columns(body, "name", "value"),
    }
    return [Insert("view_setting", (row,), "event", from_body("name", "value"))]


def _lead_added(event: Event) -> Sequence[Effect]:
    envelope = event.envelope
    body = payload(event, PartName.BODY, LeadAdded)
    personal = payload(event, PartName.PERSONAL, LeadCells)
    names = ("locator", "pathway", "job", "sheet", "row", "occurrence")
    monitors = [subject.id for subject in envelope.subject if subject.kind == "monitor"]
    row = {
        "id": envelope.subject_of("lead"),
        "added_at": envelope.recorded_at,
        "added_by": actor(envelope),
        "monitor": monitors[0] if monitors else None,
        **columns(body, *names),
        "spelling": None if isinstance(body, Erased) else spelling_key(body.locator),
        "cells": None if isinstance(personal, Erased) else text_of(personal.cells),
        **columns(personal, "why"),
    }
    parts = {PartName.BODY: (*names, "spelling"), PartName.PERSONAL: ("cells", "why")}
    lead = Insert("view_lead", (row,), "id", parts, numbered=True)
    return [lead, *planning.origin(envelope, None if isinstance(personal, Erased) else personal.why)]


def _duplicate_decided(event: Event) -> Sequence[Effect]:
    envelope = event.envelope
    body = payload(event, PartName.BODY, DuplicateDecided)
    personal = payload(event, PartName.PERSONAL, Words)
    first, second = sorted(subject.id for subject in envelope.subject if subject.kind == "item")
    names: tuple[str, ...] = ("edge", "distance", "bits", "method", "version")
    # Earlier events give the judgement in their outcome too, where it outlives the body; later ones in the body alone.
    outcome = ending(envelope)["status"]
    told = {"judgement": outcome} if outcome in tuple(Judgement) else {}
    if not told:
        names = ("edge", "judgement", *names[1:])
    row = {
        "event": envelope.id,
        "item_a": first,
        "item_b": second,
        "reason": None if isinstance(personal, Erased) else personal.text,
        "decided_at": envelope.recorded_at,
        "decided_by": actor(envelope),
        **columns(body, *names),
        **told,
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
        "added_by": actor(envelope),
        **columns(words, "text"),
    }
    return [Insert("view_remark", (row,), "event", {PartName.PERSONAL: ("text",)})]


def _item_tagged(event: Event) -> Sequence[Effect]:
    envelope = event.envelope
    body = payload(event, PartName.BODY, ItemTagged)
    row = {
        "event": envelope.id,
        "item": envelope.subject_of("item"),
        "removed": ending(envelope)["status"] == "removed",
        "tagged_at": envelope.recorded_at,
        "tagged_by": actor(envelope),
        **columns(body, "tag"),
    }
    return [Insert("view_tag", (row,), "event", from_body("tag"))]


def _monitor_stated(event: Event) -> Sequence[Effect]:
    envelope = event.envelope
    body = payload(event, PartName.BODY, MonitorStated)
    personal = payload(event, PartName.PERSONAL, MonitorTarget)
    of_body = ("kind", "interval_s", "purpose", "paused", "identity", "owner", "operator")
    of_personal = ("name", "target", "why")
    row = {
        "event": envelope.id,
        "monitor": envelope.subject_of("monitor"),
        "stated_at": envelope.recorded_at,
        "stated_by": actor(envelope),
        **columns(body, *of_body),
        **columns(personal, *of_personal),
    }
    return [Insert("view_monitor", (row,), "event", {PartName.BODY: of_body, PartName.PERSONAL: of_personal})]


def _monitor_checked(event: Event) -> Sequence[Effect]:
    envelope = event.envelope
    body = payload(event, PartName.BODY, MonitorChecked)
    ended = ending(envelope)
    row = {
        "event": envelope.id,
        "monitor": envelope.subject_of("monitor"),
        "status": ended["status"],
        "cause": ended["cause"],
        "checked_at": envelope.recorded_at,
        **columns(body, "found", "new", "detail"),
    }
    return [Insert("view_monitor_check", (row,), "event", from_body("found", "new", "detail"))]


def _act(event: Event) -> Sequence[Effect]:
    envelope = event.envelope
    body = payload(event, PartName.BODY, Value)
    row = {
        "event": envelope.id,
        "type": envelope.type,
        "status": envelope.outcome.status if envelope.outcome else None,
        "subject": text_of([subject.plain() for subject in envelope.subject]),
        "body": None if isinstance(body, Erased) else text_of(body.plain()),
        "done_at": envelope.recorded_at,
        "done_by": actor(envelope),
    }
    return [Insert("view_act", (row,), "event", from_body("body"))]


_PROJECTORS: Mapping[str, Callable[[Event], Sequence[Effect]]] = {
    "investigation.opened": _investigation_opened,
    "person.recorded": _person_recorded,
    "key.stated": _key_stated,
    "tool.registered": _tool_registered,
    "setting.changed": _setting_changed,
    "gate.overridden": _act,
    "lead.added": _lead_added,
    "capture.started": captures.capture_started,
    "capture.sealed": captures.capture_sealed,
    "capture.failed": captures.capture_failed,
    "item.examined": captures.item_examined,
    "duplicate.decided": _duplicate_decided,
    "remark.added": _remark_added,
    "item.tagged": _item_tagged,
    "monitor.stated": _monitor_stated,
    "monitor.checked": _monitor_checked,
    "identity.stated": identities.identity_stated,
    "identity.checked": identities.identity_checked,
    "fixity.checked": _act,
    "custody.changed": _act,
    "content.erased": erasures.content_erased,
    "access.logged": _act,
    "tool.tested": _act,
    "key.revoked": _act,
    "head.attested": _act,
    **verification.PROJECTORS,
    "head.timestamped": _act,
    "head.witnessed": _act,
    "event.signed": signatures.event_signed,
    "hold.stated": _act,
    "replica.stated": _act,
    "replica.checked": _act,
    "object.repaired": _act,
    "package.released": _act,
    "package.acknowledged": _act,
    "package.received": _act,
    "capture.redacted": _act,
    "review.sent": _act,
    "review.received": _act,
    "element.stated": _act,
    "element.linked": _act,
    "item.corroborated": _act,
    "archive.asked": _act,
    **planning.PROJECTORS,
    **protection.PROJECTORS,
    **posts.PROJECTORS,
    **archives.PROJECTORS,
}
