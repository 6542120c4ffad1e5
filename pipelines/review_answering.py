"""Answering a packet on a machine without the investigation: sheets become events of its log, signed and carried back.

The events are made as the log itself would make them, with salted parts and the signature of whoever assessed; where
they are received they are placed as they are.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from casefile.clock import Clock, rfc3339
from casefile.digests import sha256
from casefile.errors import GateRefused, UnknownItem, UsageError
from casefile.errors_verification import CarriedUnsound, UnknownStatement
from casefile.events.append import AUTHENTICATED, SIGNED
from casefile.events.envelope import SALT_BYTES, Envelope, Event, EventOutcome, Part, Subject, leaf_hash
from casefile.events.port import Draft, draft
from casefile.events.types_verification import ReviewWords, StepReviewed
from casefile.model import ClockRecord
from casefile.refusals import FieldRefused
from casefile.vocabulary_verification import Check, ReviewAct
from pipelines.review_sending import FILE, carried_bytes, file_digest
from pipelines.written import read_written
from preservation.durable import Disk, storage_errors
from preservation.keys import SigningKey
from preservation.person_keys import PersonSigner
from verification.checklists import CHECKLISTS
from verification.packets import (
    MAX_BYTES,
    PACKET,
    SHEETS,
    Answer,
    BroughtEvent,
    Packet,
    PacketItem,
    read_carried,
)
from verification.regions import require_within
from verification.steps import NewStep, checked_step, items_named, require_expertise

MAX_SHEETS = 500
"""Sheets of one item that are read."""


@dataclass(frozen=True, slots=True)
class Answered:
    """An answer that was made: steps by item, and the checks of each item that no sheet answers."""

    path: Path
    digest: str
    steps: Mapping[str, int]
    unanswered: Mapping[str, tuple[Check, ...]]


def answer(folder: Path, to: Path, key: tuple[Path, str], clock: Clock) -> Answered:
    """Make the answer to a packet from the sheets that were filled in, into a new file.

    Raises CarriedUnsound for a packet that is not as it was made, FieldRefused for a sheet that breaks a rule, named
    with its item and file, and GateRefused for a key that the packet does not name.
    """
    content = carried_bytes(folder / PACKET)
    packet = read_carried(content, Packet)
    signing = SigningKey.unlock(*key)
    if signing.public.fingerprint() != packet.key:
        raise GateRefused("the keys of people", f"this packet is to be answered with the key {packet.key}")
    for file in (file for item in packet.items for file in item.files):
        if file_digest(folder / file.path) != file.sha256:
            raise CarriedUnsound(f"{file.path} is not what was sent")
    steps = {item.number: list(_steps(folder, item, packet)) for item in packet.items}
    drafts = [one for several in steps.values() for one in several]
    if not drafts:
        raise UsageError("no sheet has a result yet; fill in those below sheets/")
    answered = [item for item in packet.items if steps[item.number]]
    drafts += [_handed_in(item) for item in answered]
    maker = _Maker(packet, PersonSigner(packet.person, signing), clock, clock.mint())
    events = tuple(BroughtEvent.of(event) for one in drafts for event in maker.made(one))
    made = Answer(log=packet.log, packet=str(sha256(content)), person=packet.person, events=events).canonical()
    if len(made) > MAX_BYTES:
        raise UsageError(f"an answer has at most {MAX_BYTES:,} bytes; answer fewer items at once")
    Disk().create_exclusive(to.absolute(), made, FILE)
    unanswered = {item.number: _unanswered(item, steps[item.number]) for item in packet.items}
    return Answered(to, str(sha256(made)), {name: len(several) for name, several in steps.items()}, unanswered)


def _steps(folder: Path, item: PacketItem, packet: Packet) -> Iterator[Draft]:
    """The steps of the sheets of one item that have a result, in the order of their names."""
    place = folder / SHEETS / item.number
    with storage_errors("read", place):
        names = sorted(path.name for path in place.iterdir() if path.suffix in (".toml", ".json") and path.is_file())
    if len(names) > MAX_SHEETS:
        raise UsageError(f"{item.number} has {len(names)} sheets; at most {MAX_SHEETS} are read")
    for name in names:
        try:
            text = carried_bytes(place / name).decode("utf-8")
            new = read_written(text, NewStep)
            if new.result.strip():
                yield _step(new, item, packet)
        except UnicodeDecodeError as error:
            raise FieldRefused(f"{item.number}/{name}", (("sheet", f"is not UTF-8 at byte {error.start}"),)) from error
        except FieldRefused as error:
            raise FieldRefused(f"{item.number}/{name}", error.problems) from error


def _step(new: NewStep, item: PacketItem, packet: Packet) -> Draft:
    items = {name: one for one in packet.items for name in (one.id, one.number)}
    ids = {}
    for named in items_named(new):
        if named.strip() not in items:
            raise UnknownItem(named)
        ids[named] = items[named.strip()].id
    claim = next((one.id for one in item.claims if new.claim in (one.id, one.number)), None)
    if new.claim and claim is None:
        raise UnknownStatement("claim of this packet", new.claim)
    body, words = checked_step(new, item.id, claim, ids)
    require_expertise(body, words)
    extents = {one.id: one.extent for one in packet.items}
    for region in body.regions:
        require_within(region.fragment, extents[region.item])
    subject = Subject(kind="item", id=item.id)
    return draft("step.recorded", subject, body=body, personal=words, outcome=EventOutcome(status="recorded"))


def _handed_in(item: PacketItem) -> Draft:
    outcome = EventOutcome(status=ReviewAct.SUBMITTED)
    subject = Subject(kind="item", id=item.id)
    return draft("step.reviewed", subject, body=StepReviewed(), personal=ReviewWords(), outcome=outcome)


def _unanswered(item: PacketItem, steps: list[Draft]) -> tuple[Check, ...]:
    answered = {getattr(value, "check", None) for one in steps for value in one.parts.values()}
    return tuple(check for check in CHECKLISTS[item.item_class] if check not in answered)


@dataclass(frozen=True, slots=True)
class _Maker:
    """Makes events of the packet's log on its assessor's machine."""

    packet: Packet
    signer: PersonSigner
    clock: Clock
    run: str

    def made(self, one: Draft) -> Iterator[Event]:
        """The event, and the signature under it."""
        event = self._event(one, AUTHENTICATED)
        yield event
        envelope = event.envelope
        body = self.signer.signed(self.packet.log, envelope.id, leaf_hash(envelope.to_bytes()))
        signature = draft(SIGNED, Subject(kind="event", id=envelope.id), body=body)
        yield self._event(signature, "asserted", (envelope.id,))

    def _event(self, one: Draft, identity: Literal["asserted", "authenticated"], causes: tuple[str, ...] = ()) -> Event:
        reading, event_id = self.clock.read(), self.clock.mint()
        parts = {
            name: Part(event_id, name, os.urandom(SALT_BYTES), value.canonical()) for name, value in one.parts.items()
        }
        envelope = Envelope(
            actor=f"person:{self.packet.person}",
            causes=causes,
            clock=ClockRecord.of(reading),
            id=event_id,
            identity=identity,
            log=self.packet.log,
            outcome=one.outcome,
            parts={name: part.commitment for name, part in parts.items()},
            recorded_at=rfc3339(reading.wall),
            run=self.run,
            subject=one.subject,
            type=one.type,
        )
        return Event(envelope, parts)
