"""The effects of captures and of examining what they hold. Pure, like all of `projecting`."""

from __future__ import annotations

from collections.abc import Sequence

from casefile.events.effects import Column, Effect, Insert, Row, Update, actor, columns, ending, from_body, text_of
from casefile.events.envelope import Envelope, Event, PartName
from casefile.events.types import (
    CaptureFailed,
    CaptureStarted,
    Erased,
    ItemClaims,
    ItemExamined,
    SealedBody,
    SealedPersonal,
    payload,
)
from casefile.ids import CaptureId, item_id
from casefile.model import SealedItem


def capture_started(event: Event) -> Sequence[Effect]:
    """An attempt, begun."""
    envelope = event.envelope
    body = payload(event, PartName.BODY, CaptureStarted)
    names = ("attempt", "method", "method_version", "method_reason", "purpose")
    row = {
        "capture": envelope.subject_of("capture"),
        "lead": envelope.subject_of("lead"),
        "status": "started",
        "started_at": envelope.recorded_at,
        "started_by": actor(envelope),
        "run": envelope.run,
        "identity": next((one.id for one in envelope.subject if one.kind == "identity"), None),
        **columns(body, *names),
    }
    return [Insert("view_attempt", (row,), "capture", from_body(*names))]


def capture_failed(event: Event) -> Sequence[Effect]:
    """The attempt, ended without an item."""
    body = payload(event, PartName.BODY, CaptureFailed)
    names = ("detail", "advice", "retry_after_s")
    values = {
        **ending(event.envelope),
        **columns(body, *names),
        "exchanges": None if isinstance(body, Erased) else text_of([one.plain() for one in body.exchanges]),
        "contacts": None if isinstance(body, Erased) else text_of([one.plain() for one in body.contacts]),
    }
    erasable = from_body(*names, "exchanges", "contacts")
    return [Update("view_attempt", "capture", event.envelope.subject_of("capture"), values, erasable)]


OF_CAPTURE = (
    "object_id", "inventory", "method", "method_version", "purpose", "acquisition", "source", "collector",
    "containment", "egress_enforced", "allowances", "started_at", "ended_at", "circumstances", "exchanges", "tools",
    "files", "detail", "follow",
)  # fmt: skip
OF_ITEM = (
    "locator", "role", "media_type", "declared_media_type", "claimed_time", "content", "content_reason", "sha256",
    "bytes", "wire_sha256", "wire_bytes", "files",
)  # fmt: skip
OF_ITEM_PERSONAL = ("name", "title", "author")


def capture_sealed(event: Event) -> Sequence[Effect]:
    """The attempt, ended; the capture; its items with their numbers."""
    envelope = event.envelope
    body = payload(event, PartName.BODY, SealedBody)
    personal = payload(event, PartName.PERSONAL, SealedPersonal)
    items = next(subject for subject in envelope.subject if subject.kind == "item")
    ended = ending(envelope)
    capture: dict[str, Column] = {
        "id": items.id,
        "lead": envelope.subject_of("lead"),
        "outcome": ended["status"],
        "cause": ended["cause"],
        "item_count": items.count or 0,
        "sealed_at": envelope.recorded_at,
        "handed_over_how": None if isinstance(personal, Erased) else personal.handed_over_how,
        **capture_columns(body),
    }
    rows = tuple(_item_row(envelope, items.id, position, body, personal) for position in range(items.count or 0))
    erasable = {PartName.BODY: OF_ITEM, PartName.PERSONAL: OF_ITEM_PERSONAL}
    of_capture = {PartName.BODY: OF_CAPTURE, PartName.PERSONAL: ("handed_over_how",)}
    return [
        Update("view_attempt", "capture", items.id, ended),
        Insert("view_capture", (capture,), "id", of_capture),
        Insert("view_item", rows, "id", erasable, numbered=True),
    ]


def item_columns(item: SealedItem) -> dict[str, Column]:
    """What the record says of an item, but for the words that can be erased apart."""
    return columns(item, *(name for name in OF_ITEM if name != "files")) | {"files": text_of(item.files)}


def capture_columns(body: SealedBody | Erased) -> dict[str, Column]:
    """What the record says of a capture."""
    if isinstance(body, Erased):
        return dict.fromkeys(OF_CAPTURE)
    record, circumstances = body.record, body.record.circumstances
    return {
        "object_id": body.object_id,
        "inventory": body.inventory,
        "containment": circumstances.containment,
        "allowances": text_of(circumstances.allowances),
        "circumstances": text_of(circumstances.plain()),
        "exchanges": text_of([one.plain() for one in record.exchanges]),
        "tools": text_of([one.plain() for one in record.tools]),
        "files": text_of([one.plain() for one in record.files]),
        "detail": record.detail,
        "follow": body.follow,
        **columns(
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
        row |= dict.fromkeys(OF_ITEM)
    else:
        row |= item_columns(body.record.items[position])
    if isinstance(personal, Erased):
        row |= dict.fromkeys(OF_ITEM_PERSONAL)
    else:
        row |= columns(personal.items[position], *OF_ITEM_PERSONAL)
    return row


def item_examined(event: Event) -> Sequence[Effect]:
    """One run of the checks."""
    body = payload(event, PartName.BODY, ItemExamined)
    personal = payload(event, PartName.PERSONAL, ItemClaims)
    row = {
        "event": event.envelope.id,
        "item": event.envelope.subject_of("item"),
        "examined_at": event.envelope.recorded_at,
        "findings": None if isinstance(body, Erased) else text_of(body.findings),
        "fingerprints": None if isinstance(body, Erased) else text_of(body.fingerprints),
        "claims": None if isinstance(personal, Erased) else text_of(personal.claims),
        "raw": None if isinstance(personal, Erased) else personal.raw,
    }
    parts = {PartName.BODY: ("findings", "fingerprints"), PartName.PERSONAL: ("claims", "raw")}
    return [Insert("view_examination", (row,), "event", parts)]
