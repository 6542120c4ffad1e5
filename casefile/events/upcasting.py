"""Reading events of older schemas as the current one. Pure.

Every published (type, schema) has a golden vector in the tests. All types are at their first schema, so there is
nothing to cast yet; a second schema adds its function to UPCASTERS and leaves the stored bytes alone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from casefile.events.envelope import Event

Upcaster = Callable[[Event], Event]

UPCASTERS: Mapping[tuple[str, int], Upcaster] = {}


def upcast(event: Event) -> Event:
    """The event in the newest schema of its type."""
    while step := UPCASTERS.get((event.envelope.type, event.envelope.schema_number)):
        event = step(event)
    return event
