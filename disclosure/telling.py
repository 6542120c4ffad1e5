"""What the events of a package tell of its items: read from the very parts that leave, and from nothing else. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from casefile.events.envelope import PartName
from casefile.events.types_of_custody import CaptureKept
from casefile.model import CaptureRecord
from disclosure.contents import Contents, HeldEvent, HeldItem

SAID: Mapping[str, str] = {
    "lead.added": "found and listed",
    "capture.started": "collection began",
    "capture.sealed": "collected and sealed",
    "capture.failed": "an attempt brought nothing",
    "capture.redacted": "redacted for handing over",
    "item.examined": "examined on a working copy",
    "posts.read": "posts read out of it on a working copy",
    "archive.read": "read, on a working copy, as an archive that others made",
    "item.tagged": "tagged",
    "duplicate.decided": "judged alike or different",
    "remark.added": "remarked upon",
    "access.logged": "looked at, or a copy taken",
    "custody.changed": "the holdings as a whole were handled",
    "fixity.checked": "stored bytes were read and compared",
    "content.erased": "a part of an event was erased",
    "package.released": "handed over in a package",
}
"""What an event is, in words for people who have never seen one."""

PROVEN = (
    "A digest shows that bytes are the same as when it was made. It does not show where they came from.",
    "The log's signature shows that the holder of its key signed this head. It does not show who that was: compare the "
    "fingerprint with one that was deposited outside.",
    "A time that somebody outside vouches for is only in a timestamp over the head, if there is one in data/anchors. "
    "Then everything above existed at that time at the latest.",
    "Nothing shows that what was collected is true, nor that nothing else was ever seen and left uncollected.",
)
"""How far custody is proven, in words for people."""
DASH = "\N{EM DASH} "
NO_WITNESS = (
    "NO WITNESS outside has cosigned this head: the beginning of the log and its keys rest on the word of whoever made "
    "the package, unless the fingerprint of a key was deposited outside before."
)
NO_STAMP = "NO TIME AUTHORITY has stamped a head of this log: when all of this was there rests on the maker's own word."


@dataclass(frozen=True, slots=True)
class Step:
    """One event as a line of custody: `words` say what it is, `detail` what its body says of it."""

    index: int
    event: str
    at: str
    words: str
    type: str
    who: str
    outcome: str
    identity: str


@dataclass(frozen=True)
class Told:
    """A package's contents, read."""

    contents: Contents

    @cached_property
    def names(self) -> Mapping[str, str]:
        """The names that leave, by the person's id."""
        return {
            event.envelope.subject[0].id: part["name"]
            for event in self.contents.events
            if event.envelope.type == "person.recorded"
            if (part := said(event, PartName.PERSONAL))
        }

    @cached_property
    def records(self) -> Mapping[str, CaptureRecord]:
        """The record of each capture in the package: as it was sealed, or as erasures left it."""
        held = {one.event: one.id for one in self.contents.captures}
        return {
            held[event.envelope.id]: _record_of(event) for event in self.contents.events if event.envelope.id in held
        }

    @cached_property
    def keys(self) -> Sequence[Mapping[str, Any]]:
        """What the log states of its keys, in order."""
        stated = (event for event in self.contents.events if event.envelope.type in ("key.stated", "key.revoked"))
        return [{"type": event.envelope.type, **said(event, PartName.BODY)} for event in stated]

    def record(self, item: HeldItem) -> CaptureRecord:
        """The record of the item's capture."""
        return self.records[item.capture]

    def who(self, person: str) -> str:
        """A person's name where it leaves, else what the log knows them by."""
        return self.names.get(person, f"person {person}")

    def steps(self, item: HeldItem) -> list[Step]:
        """Every event of the package that names the item, its capture or its lead, in the order of the log."""
        about = {item.id, item.capture, self.record(item).circumstances.lead}
        return [
            self._step(event)
            for event in self.contents.events
            if any(subject.id in about for subject in event.envelope.subject)
        ]

    def examined(self, item: HeldItem) -> Mapping[str, Any]:
        """What the newest examination of the item says; nothing where there was none."""
        return self._of(item, "item.examined", PartName.BODY)

    def claimed(self, item: HeldItem, field: str) -> str:
        """What the file itself states for a field, by its newest examination; several statements stand side by side."""
        checks = self._of(item, "item.examined", PartName.PERSONAL).get("claims", ())
        claims = [claim for check in checks for claim in check.get("claims", ())]
        return "; ".join(dict.fromkeys(one["value"] for one in claims if one["field"] == field))

    def languages(self, item: HeldItem) -> str:
        """The languages that its posts state, and those that people translated it from."""
        posts = self._of(item, "posts.read", PartName.PERSONAL).get("posts", ())
        stated = [one["value"] for post in posts for one in post["claims"] if one["field"] == "language"]
        stated += [step["translation"]["source_language"] for step in self.findings(item) if "translation" in step]
        return "; ".join(dict.fromkeys(stated))

    def happened(self, item: HeldItem) -> str:
        """When what it shows happened, as people found (EDTF), each finding with its result."""
        return "; ".join(f"{one['when']} ({one['result']})" for one in self.findings(item) if one.get("when"))

    def place(self, item: HeldItem) -> str:
        """Where what it shows is, as people found (WGS 84); else what the file states of where it was made."""
        found = [_point(one) for one in self.findings(item) if one.get("place")]
        stated = self.claimed(item, "location")
        return "; ".join(found) if found else f"{stated} (as stated by the file)" if stated else ""

    def findings(self, item: HeldItem) -> list[dict[str, Any]]:
        """The bodies of the verification steps on the item that were not replaced, in the order of the log."""
        replaced = {
            event.envelope.subject[0].id
            for event in self.contents.events
            if event.envelope.type == "statement.corrected"
        }
        return [
            said(event, PartName.BODY)
            for event in self.contents.events
            if event.envelope.type == "step.recorded" and _is_about(event, item)
            if event.envelope.id not in replaced
        ]

    def _of(self, item: HeldItem, type_: str, part: PartName) -> dict[str, Any]:
        """What the newest event of a type on the item says in a part that leaves."""
        events = [one for one in self.contents.events if one.envelope.type == type_ and _is_about(one, item)]
        return said(events[-1], part) if events else {}

    def _step(self, event: HeldEvent) -> Step:
        envelope = event.envelope
        kind, _colon, actor = envelope.actor.partition(":")
        outcome = envelope.outcome
        return Step(
            index=event.index,
            event=envelope.id,
            at=envelope.recorded_at,
            words=SAID.get(envelope.type, envelope.type),
            type=envelope.type,
            who=self.who(actor) if kind == "person" else envelope.actor,
            outcome="" if outcome is None else f"{outcome.status} {outcome.cause or ''}".strip(),
            identity=envelope.identity,
        )


def _is_about(event: HeldEvent, item: HeldItem) -> bool:
    return event.envelope.subject[0].id == item.id


def _point(step: Mapping[str, Any]) -> str:
    place = step["place"]
    north, east = place["latitude_e7"] / 1e7, place["longitude_e7"] / 1e7
    return f"{north:.7f} {east:.7f} within {place['precision_m']} m ({step['result']})"


def _record_of(event: HeldEvent) -> CaptureRecord:
    if sealed := said(event, PartName.BODY).get("record"):
        return CaptureRecord.model_validate(sealed)
    return CaptureKept.model_validate(said(event, PartName.PERSONAL)).record


def said(event: HeldEvent, name: PartName) -> dict[str, Any]:
    """What a part of the event says, where it leaves."""
    for part in event.parts:
        if part.name is name:
            content: dict[str, Any] = json.loads(part.content)
            return content
    return {}


def outside(contents: Contents) -> tuple[str, ...]:
    """Who outside holds the head of a package, and who stamped it; where nobody does, what that means."""
    names = [line.split(" ")[1] for line in contents.checkpoint.decode("utf-8").splitlines() if line.startswith(DASH)]
    witnesses = list(dict.fromkeys(one for one in names if one != f"casefile/{contents.log}"))
    stamped = [one.size for one in contents.anchors]
    return (
        f"Signatures below this head carry the name of: {', '.join(witnesses)}. Whether they are theirs, the keys from "
        "their own cards show (check_package.py --witness)."
        if witnesses
        else NO_WITNESS,
        f"Time authorities stamped {len(stamped)} heads of the log, the largest of {max(stamped)} events."
        if stamped
        else NO_STAMP,
    )
