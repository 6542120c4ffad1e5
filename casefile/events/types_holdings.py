"""The event type of public archives that were asked about an item: whom this team told that it looks at a locator."""

from __future__ import annotations

from collections.abc import Mapping

from casefile.events.event_type import EventType
from casefile.holdings import Form, Holdings
from casefile.model import Contact, Text, Value


class ArchiveAsked(Value):
    """An archive of the settings is told a locator, in this address; with `holdings`, what it answered.

    The first event is there before anything leaves; the second names it among its subjects.
    """

    archive: Text
    form: Form
    address: Text
    locator: Text
    holdings: Holdings | None = None
    contacts: tuple[Contact, ...] | None = None


HOLDINGS: Mapping[tuple[str, int], EventType] = {("archive.asked", 1): EventType(ArchiveAsked)}
