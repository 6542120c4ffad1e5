"""The effects of signatures that people put under their own events. Pure, like all of `projecting`."""

from __future__ import annotations

from collections.abc import Sequence

from casefile.events.effects import Effect, Insert, actor, columns, from_body
from casefile.events.envelope import Event, PartName
from casefile.events.types import payload
from casefile.events.types_of_custody import EventSigned


def event_signed(event: Event) -> Sequence[Effect]:
    """A signature as it is claimed; whether it holds is asked of the keys, which a projection does not know."""
    envelope = event.envelope
    body = payload(event, PartName.BODY, EventSigned)
    row = {
        "event": envelope.id,
        "signed": envelope.subject_of("event"),
        "signed_by": actor(envelope),
        "signed_at": envelope.recorded_at,
        **columns(body, "key", "leaf", "signature"),
    }
    return [Insert("view_signature", (row,), "event", from_body("key", "leaf", "signature"))]
