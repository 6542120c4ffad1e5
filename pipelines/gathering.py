"""Gathering what a package holds: the items, what hangs together with them, and the events that tell of both.

What is linked is found twice, from the views and from the log itself, and `require_complete` compares the two.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from casefile.canonical import Json, canonical_json
from casefile.digests import sha256
from casefile.errors import RecordUnreadable, UsageError
from casefile.events.envelope import Event, Part, PartName
from casefile.events.types import SealedBody, payload
from casefile.events.types_of_custody import CaptureKept
from casefile.ids import derived
from casefile.records.engine import Connection, reading
from casefile.records.linked import (
    Sibling,
    entries_at,
    events_by_views,
    items_by_id,
    positions_naming,
    positions_of,
    siblings_of,
    totals_by_type,
)
from casefile.records.people import list_people
from casefile.records.queries import (
    ItemFilter,
    ItemRecord,
    capture_facts,
    find_items,
    investigation_title,
    list_items,
    list_tags,
)
from casefile.records.reading import Entry, read_events
from casefile.records.tombstones import list_tombstones
from casefile.vocabulary import PersonKind
from disclosure.contents import (
    WHOLE,
    Contents,
    HeldAnchor,
    HeldCapture,
    HeldEvent,
    HeldItem,
    Omission,
    Withheld,
    require_complete,
)
from disclosure.leaving import ERASED, OF_OTHERS, REDACTED, reason_to_stay
from pipelines.custody import current_checkpoint
from pipelines.neighbours import edges_of_item
from pipelines.redactions import Redactions, redactions_in
from pipelines.releasing import Asked, condition_of, consent_to, sensitivity_of
from pipelines.services import Services
from pipelines.witnesses import configured
from preservation.checkpoints import SignedCheckpoint
from preservation.cosigned_heads import cosigned
from preservation.durable import is_there
from preservation.layout import CAPTURE_RECORD
from preservation.tiles import Tiles
from preservation.tree import consistency_proof, inclusion_proof

SEALED, ERASURE = "capture.sealed", "content.erased"
ANCHORS = "anchors"
ANSWERED = frozenset({"statement", "claim", "correction"})
ANCHORED = re.compile(r"[0-9]{16}")
ANCHOR_FILE = re.compile(r"head|[a-z0-9][a-z0-9-]{0,31}\.(?:tsq|tsr|pem)")


def gather(services: Services, request: Asked) -> Contents:
    """Everything that a package of these items holds, under the newest head.

    Raises UnknownItem, UsageError for what no object holds, and PackageIncomplete.
    """
    head = current_checkpoint(services)
    if head is None:
        raise UsageError("nothing was signed yet; `casefile checkpoint` does")
    with reading(services.engine) as connection:
        asked = list({one.id: one for one in find_items(connection, request.items)}.values())
    edges = {one.id: edges_of_item(services, one.id) for one in asked}
    with reading(services.engine) as connection:
        gathering = _Gathering(services, connection, head, request, asked, edges)
        contents = gathering.contents()
    require_complete(contents)
    return contents


@dataclass(slots=True)
class _Gathering:
    services: Services
    connection: Connection
    head: SignedCheckpoint
    request: Asked
    asked: Sequence[ItemRecord]
    edges: Mapping[str, Sequence[Mapping[str, Any]]]
    omitted: dict[str, Omission] = field(default_factory=dict)

    def contents(self) -> Contents:
        captures = list(dict.fromkeys(one.capture for one in self.asked))
        tombstones = list_tombstones(self.connection)
        rebuilt = {one.capture: one.label for one in tombstones}
        for one in self.asked:
            if one.object_id is None or not one.files or not one.sha256:
                raise UsageError(f"of {one.label} too much was erased for it to be handed over")
            if one.capture in rebuilt and self.request.only:
                raise UsageError(
                    f"{one.label} was collected together with {rebuilt[one.capture]}, which was erased: what is left of"
                    " that capture is proven as a whole, and cannot go with --only"
                )
        entries = self._entries(captures)
        stated = _stated(entries)
        redactions = redactions_in(entries)
        for one in self.asked:
            if one.capture in redactions and redactions[one.capture].position < stated[one.capture][0].position:
                raise UsageError(
                    f"of the capture of {one.label} something was erased since it was redacted; `casefile redact`"
                    f" {one.label} anew"
                )
        held = tuple(self._capture(one, stated, redactions.get(one)) for one in captures)
        coming = {one.id for one in self.asked} | {id_ for one in held for id_, _number in one.accompanying}
        self._omit_named(entries, coming, set(captures), {one.item for one in tombstones})
        unsaid = {pair for one in redactions.values() for pair in one.parts}
        events, withheld = self._events(entries, coming | set(captures), held, unsaid)
        items = tuple(
            self._item(one, {capture.id: capture for capture in held}, unsaid)
            for one in sorted(self.asked, key=lambda one: one.number)
        )
        witnesses = [one.witness for one in configured(self.services.settings)]
        note = cosigned(self.services.workspace.log, self.head, witnesses).to_bytes()
        manner: list[Json] = [
            self.request.recipient,
            self.request.pseudonymous,
            self.request.only,
            self.request.agreement,
        ]
        manner += [self.request.since.signature] if self.request.since is not None else []
        named = canonical_json([[one.id for one in items], *manner, sha256(note)]).decode("utf-8")
        return Contents(
            package=derived(self.services.log.id, "package", named),
            log=self.services.log.id,
            size=self.head.head.size,
            root=self.head.head.root,
            checkpoint=note,
            made_at=_newest(self.connection, self.head.head.size),
            recipient=self.request.recipient,
            title=investigation_title(self.connection) or "",
            items=items,
            captures=held,
            events=tuple(events),
            totals=totals_by_type(self.connection, self.head.head.size),
            omitted=tuple(sorted(self.omitted.values(), key=lambda one: (one.kind, one.number, one.id))),
            withheld=tuple(withheld),
            expected=frozenset(events_by_views(self.connection, {one.id for one in self.asked}, self.head.head.size)),
            since=self.request.since,
            condition=condition_of(self.connection, self.request),
            anchors=tuple(_anchors(self.services.workspace.log, self.head.head.size)),
        )

    def _entries(self, captures: Sequence[str]) -> list[Entry]:
        """The events that name an item, its capture or a lead with its locator, and those that these lean on."""
        stop = self.head.head.size
        locators = {text for one in self.asked for text in (one.locator, one.lead_locator) if text}
        siblings = siblings_of(self.connection, locators)
        self._omit_siblings(siblings, set(captures))
        leads = {one.lead for one in self.asked} | {one.lead for one in siblings}
        linked = {one.id for one in self.asked} | set(captures) | leads
        positions = set(positions_naming(self.connection, linked, stop))
        positions |= set(positions_of(self.connection, stop, types=WHOLE))
        while reached := set(_reached(entries_at(self.connection, list(positions)))) - linked:
            linked |= reached
            positions |= set(positions_naming(self.connection, reached, stop))
        entries = list(entries_at(self.connection, list(positions)))
        named = set(_leaned_on(entries))
        leaning = set(positions_of(self.connection, stop, types=("person.recorded", "tool.registered")))
        for entry in entries_at(self.connection, sorted(leaning - positions)):
            if any(subject.id in named for subject in entry.event.envelope.subject):
                positions.add(entry.position)
        own = {entry.event.envelope.id for entry in entries}
        positions |= set(positions_of(self.connection, stop, events=named - own))
        erasing = set(positions_of(self.connection, stop, types=(ERASURE,))) - positions
        for entry in entries_at(self.connection, sorted(erasing)):
            if own & {subject.id for subject in entry.event.envelope.subject}:
                positions.add(entry.position)
        return list(entries_at(self.connection, sorted(positions)))

    def _omit_siblings(self, siblings: Iterable[Sibling], captures: Collection[str]) -> None:
        for one in siblings:
            if one.capture in captures:
                continue
            if not one.items:
                why = f", {one.cause}" if one.cause else ""
                self._omit(Omission("capture", one.capture, f"an attempt at the same locator: {one.status}{why}"))
                continue
            self._omit(Omission("capture", one.capture, "another capture of the same locator"))
            for item, number in one.items:
                self._omit(Omission("item", item, "of another capture of the same locator", number))

    def _omit_named(
        self, entries: Iterable[Entry], coming: Collection[str], captures: Collection[str], gone: Collection[str]
    ) -> None:
        """What is alike, and whatever else an event of the package names; `gone` are the items that were erased."""
        for item in self.asked:
            for edge in self.edges[item.id]:
                if edge["item"] not in coming:
                    judged = f"; a person called them {edge['judgement']}" if edge["judgement"] else ""
                    reason = f"near-duplicate of {item.label} by {edge['method']}, score {edge['score']}{judged}"
                    self._omit(Omission("item", edge["item"], reason, edge["number"]))
        named = {(one.kind, one.id) for entry in entries for one in entry.event.envelope.subject}
        items = {id_ for kind, id_ in named if kind == "item"} - set(coming) - set(captures)
        numbers = items_by_id(self.connection, items)
        for id_ in sorted(items):
            reason = ERASED if id_ in gone else "named by an event of the package"
            self._omit(Omission("item", id_, reason, numbers.get(id_, "")))

    def _omit(self, omission: Omission) -> None:
        self.omitted.setdefault(omission.id, omission)

    def _capture(
        self,
        capture: str,
        stated: Mapping[str, tuple[Entry, SealedBody | CaptureKept]],
        redactions: Redactions | None,
    ) -> HeldCapture:
        if capture not in stated:
            raise RecordUnreadable(f"capture {capture}", "no event under the head says what its object holds")
        entry, body = stated[capture]
        event = entry.event.envelope.id
        asked = {one.id for one in self.asked}
        others = [
            one
            for one in list_items(self.connection, ItemFilter(capture=capture))
            if one.id not in asked and not one.erased_at
        ]
        redacted = redactions.files if redactions is not None else ()
        if not self.request.only or not others:
            accompanying = tuple((one.id, one.label) for one in others)
            withheld = {one.path: f"{REDACTED}. {one.why}" for one in redacted}
            had = self.request.since.objects.get(capture) if self.request.since is not None else None
            is_earlier = not withheld and had == body.inventory
            return HeldCapture(
                capture, event, body.object_id, body.inventory, accompanying, withheld, redacted, is_earlier
            )
        for one in others:
            self._omit(Omission("item", one.id, "of the same capture and not asked for", one.label))
        kept = {path for one in self.asked if one.capture == capture for path in one.files}
        redacted = tuple(one for one in redacted if one.path in kept)
        withheld = {one.path: f"{REDACTED}. {one.why}" for one in redacted}
        withheld |= {one.path: OF_OTHERS for one in body.record.files if one.path not in kept}
        withheld[CAPTURE_RECORD] = OF_OTHERS
        return HeldCapture(capture, event, body.object_id, body.inventory, (), withheld, redacted)

    def _events(
        self,
        entries: Sequence[Entry],
        coming: Collection[str],
        held: Collection[HeldCapture],
        unsaid: Collection[tuple[str, str]],
    ) -> tuple[list[HeldEvent], list[Withheld]]:
        """The events with the parts that leave, and the parts that stay with the reason.

        Of the erasure that a rebuilt object follows from leaves what is left, as the record of any capture does.
        """
        partial = {one.id for one in held if OF_OTHERS in one.withheld.values()}
        stating = {one.event for one in held}
        size, tiles = self.head.head.size, Tiles(self.services.workspace.log, self.head.head.size)
        sources = {one.id for one in list_people(self.connection) if one.kind is PersonKind.SOURCE}
        events, withheld = [], []
        for entry in entries:
            leaving: list[Part] = []
            for name in sorted(entry.event.envelope.parts):
                is_record = entry.event.envelope.id in stating and name is PartName.PERSONAL
                reason = "" if is_record else self._reason(entry.event, name, coming, sources)
                if name is PartName.PERSONAL and any(one.id in partial for one in entry.event.envelope.subject):
                    reason = reason or OF_OTHERS
                if (entry.event.envelope.id, name) in unsaid:
                    reason = reason or REDACTED
                part = entry.event.parts.get(name)
                if part is None:
                    reason = reason or ERASED
                if reason or part is None:
                    withheld.append(Withheld(entry.event.envelope.id, name, reason))
                else:
                    leaving.append(part)
            path = inclusion_proof(entry.position, size, tiles.node)
            events.append(HeldEvent(entry.position, entry.event.envelope, entry.content, path, tuple(leaving)))
        return events, withheld

    def _reason(self, event: Event, name: PartName, coming: Collection[str], sources: Collection[str]) -> str:
        about = [one.id for one in event.envelope.subject if one.kind in ("item", "capture")]
        left_out = bool(about) and not any(one in coming for one in about)
        person = [one.id for one in event.envelope.subject if one.kind == "person"]
        may_name = not self.request.pseudonymous and not any(one in sources for one in person)
        return reason_to_stay(event.envelope, name, of_left_out=left_out, may_name=may_name)

    def _item(self, item: ItemRecord, held: Mapping[str, HeldCapture], unsaid: Collection[tuple[str, str]]) -> HeldItem:
        facts = capture_facts(self.connection, item.capture)
        sensitivity, graphic = sensitivity_of(self.connection, item.id)
        capture = held[item.capture]
        # What an item calls itself is in the personal part of its sealing, and stays with that.
        may_speak = (capture.event, PartName.PERSONAL) not in unsaid
        relations = [f"{one['number']} alike ({one['method']} {one['score']})" for one in self.edges[item.id]]
        return HeldItem(
            id=item.id,
            number=item.label,
            capture=item.capture,
            position=item.position,
            sha256=item.sha256 or "",
            bytes=item.bytes or 0,
            files=item.files,
            role=item.role or "",
            media_type=item.media_type or "",
            description=(item.title or item.name or "") if may_speak else "",
            locator=item.locator or item.lead_locator or "",
            account=(item.author or "") if may_speak else "",
            published_time=item.claimed_time or "",
            captured_time=item.captured_at or "",
            recorded_time=facts["sealed_at"] or "",
            acquisition=item.acquisition or "",
            place=capture.place,
            redactions=capture.redactions,
            tags=tuple(list_tags(self.connection, item.id)),
            relations=tuple(relations),
            sensitivity=sensitivity,
            graphic=graphic,
            consent=consent_to(self.services, self.connection, item.id, self.request.recipient),
        )


def _reached(entries: Iterable[Entry]) -> Iterator[str]:
    """What events speak of that others answer: statements, claims, corrections; and events that somebody signed."""
    for entry in entries:
        envelope = entry.event.envelope
        yield from (one.id for one in envelope.subject if one.kind in ANSWERED)
        if envelope.identity == "authenticated":
            yield envelope.id


def _stated(entries: Iterable[Entry]) -> dict[str, tuple[Entry, SealedBody | CaptureKept]]:
    """What says last what the object of each capture holds, with its entry: its sealing, or an erasure from it."""
    found: dict[str, tuple[Entry, SealedBody | CaptureKept]] = {}
    for entry in entries:
        stated = _record_in(entry.event)
        if stated is not None:
            found[stated.record.circumstances.capture] = (entry, stated)
    return found


def _record_in(event: Event) -> SealedBody | CaptureKept | None:
    if event.envelope.type == SEALED:
        body = payload(event, PartName.BODY, SealedBody)
        return body if isinstance(body, SealedBody) else None
    if event.envelope.type == ERASURE and PartName.PERSONAL in event.parts:
        kept = payload(event, PartName.PERSONAL, CaptureKept)
        return kept if isinstance(kept, CaptureKept) else None
    return None


def _leaned_on(entries: Iterable[Entry]) -> Iterator[str]:
    """The people, tools and events that these events name."""
    for entry in entries:
        envelope = entry.event.envelope
        yield envelope.actor.partition(":")[2]
        yield from envelope.tools
        yield from envelope.causes
        stated = _record_in(entry.event)
        if stated is not None:
            circumstances = stated.record.circumstances
            yield circumstances.collector
            yield circumstances.source or ""
            if circumstances.environment is not None:
                yield circumstances.environment.selftest.event


def _anchors(log: Path, size: int) -> Iterator[HeldAnchor]:
    """The stamped heads of at most `size` events, with the answers and chains of the authorities."""
    folder, tiles = log / ANCHORS, Tiles(log, size)
    for one in sorted(folder.iterdir()) if is_there(folder) else ():
        if not ANCHORED.fullmatch(one.name) or int(one.name) > size or not (one / "head").is_file():
            continue
        names = [path.name for path in one.iterdir() if path.is_file() and ANCHOR_FILE.fullmatch(path.name)]
        files = {name: (one / name).read_bytes() for name in names}
        if any(name.endswith(".tsr") for name in names):
            yield HeldAnchor(int(one.name), files, consistency_proof(int(one.name), size, tiles.node))


def _newest(connection: Connection, size: int) -> str:
    """The time of the last event under the head: the one time that a package can state without a clock of its own."""
    (last,) = read_events(connection, size - 1, size)
    return last.event.envelope.recorded_at
