"""What the log says of redactions, as a package needs it: the newest of each capture. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from casefile.events.envelope import PartName
from casefile.events.types import payload
from casefile.events.types_packages import CaptureRedacted
from casefile.records.reading import Entry
from disclosure.contents import HeldRedaction

TYPE = "capture.redacted"


@dataclass(frozen=True, slots=True)
class Redactions:
    """What leaves of one capture in another form, and the parts of events that stay, as (event, part); `position` is
    that of the event in the log.
    """

    position: int
    files: tuple[HeldRedaction, ...]
    parts: frozenset[tuple[str, str]]


def redactions_in(entries: Iterable[Entry]) -> dict[str, Redactions]:
    """By capture, what the newest of these events says, which holds what was said before it."""
    found: dict[str, Redactions] = {}
    for entry in entries:
        envelope = entry.event.envelope
        if envelope.type != TYPE:
            continue
        said = payload(entry.event, PartName.BODY, CaptureRedacted)
        capture = envelope.subject[0].id
        found.pop(capture, None)
        if isinstance(said, CaptureRedacted):
            by = envelope.actor.partition(":")[2]
            files = tuple(
                HeldRedaction(one.path, envelope.id, one.spans, one.sha256, by, envelope.recorded_at, said.why)
                for one in said.files
            )
            found[capture] = Redactions(entry.position, files, frozenset((one.event, one.part) for one in said.parts))
    return found
