"""The effects of erasing: a part of an event is forgotten, an item gets its tombstone. Pure, like `projecting`."""

from __future__ import annotations

from collections.abc import Sequence

from casefile.events.effects import Column, Effect, Forget, Insert, Update, actor, columns, from_body, text_of
from casefile.events.envelope import Event, PartName, erased_part
from casefile.events.projecting_captures import OF_CAPTURE, OF_ITEM, OF_ITEM_PERSONAL, capture_columns, item_columns
from casefile.events.types import ContentErased, Erased, SealedBody, payload
from casefile.events.types_of_custody import CaptureKept, ItemErased
from casefile.ids import CaptureId, item_id

ITEM_SCHEMA = 2
"""Schema 1 of content.erased tells of a part of an event, schema 2 of an item."""


def content_erased(event: Event) -> Sequence[Effect]:
    """A part of an event, or an item, was erased."""
    return _item_erased(event) if event.envelope.schema_number == ITEM_SCHEMA else _part_erased(event)


def _part_erased(event: Event) -> Sequence[Effect]:
    envelope = event.envelope
    body = payload(event, PartName.BODY, ContentErased)
    target, part = erased_part(envelope)
    row = {
        "event": envelope.id,
        "target": target,
        "part": part,
        "erased_at": envelope.recorded_at,
        "erased_by": actor(envelope),
        **columns(body, "basis", "approved_by"),
    }
    return [Forget(target, part), Insert("view_erasure", (row,), "event", from_body("basis", "approved_by"))]


def _item_erased(event: Event) -> Sequence[Effect]:
    """The tombstone; then capture and items as they are without it. The parts that told of it were forgotten before."""
    envelope = event.envelope
    body = payload(event, PartName.BODY, ItemErased)
    kept = payload(event, PartName.PERSONAL, CaptureKept)
    capture = next(subject for subject in envelope.subject if subject.kind == "capture")
    of_body = ("basis", "sha256", "bytes", "replaced", "recipients")
    tombstone: dict[str, Column] = {
        "event": envelope.id,
        "item": envelope.subject_of("item"),
        "capture": capture.id,
        "erased_at": envelope.recorded_at,
        "erased_by": actor(envelope),
        "approved_by": envelope.subject_of("person"),
        **columns(body, *of_body),
        "recipients": None if isinstance(body, Erased) else text_of([one.plain() for one in body.recipients]),
    }
    of_capture = {PartName.PERSONAL: (*OF_CAPTURE, "handed_over_how")}
    of_item = {PartName.PERSONAL: (*OF_ITEM, *OF_ITEM_PERSONAL)}
    return [
        Insert("view_tombstone", (tombstone,), "event", from_body(*of_body)),
        Update("view_capture", "id", capture.id, _capture(kept), of_capture),
        *(
            Update("view_item", "id", item_id(CaptureId(capture.id), position), _item(kept, position), of_item)
            for position in range(capture.count or 0)
        ),
    ]


def _capture(kept: CaptureKept | Erased) -> dict[str, Column]:
    if isinstance(kept, Erased):
        return dict.fromkeys((*OF_CAPTURE, "handed_over_how"))
    sealed = SealedBody(record=kept.record, object_id=kept.object_id, inventory=kept.inventory, follow=kept.follow)
    return {**capture_columns(sealed), "handed_over_how": kept.record.circumstances.handed_over_how}


def _item(kept: CaptureKept | Erased, position: int) -> dict[str, Column]:
    items = () if isinstance(kept, Erased) else kept.record.items
    item = next((one for one in items if one.position == position), None)
    if item is None:
        return dict.fromkeys((*OF_ITEM, *OF_ITEM_PERSONAL))
    return item_columns(item) | columns(item, *OF_ITEM_PERSONAL)
