"""Receiving the answer to a packet: its events are judged as if they were made here, then placed as they are.

Nothing of an answer is believed before the signature under each of its events holds, by the key that this log states
for whoever assessed. All of it is recorded, or nothing.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from casefile.clock import parse_rfc3339
from casefile.digests import sha256
from casefile.errors import GateRefused, UsageError
from casefile.errors_verification import CarriedUnsound, StatementChanged
from casefile.events.append import AUTHENTICATED, SIGNED
from casefile.events.envelope import Event, EventOutcome, PartName, Subject, leaf_hash
from casefile.events.port import draft
from casefile.events.types import payload
from casefile.events.types_of_custody import EventSigned
from casefile.events.types_reviews import ReviewReceived
from casefile.events.types_verification import ReviewWords, StepRecorded, StepReviewed, StepWords
from casefile.ids import is_uuid
from casefile.model import Value
from casefile.records.acts import list_acts
from casefile.records.assessments import list_claims, list_review_acts, list_step_marks
from casefile.records.engine import Connection, reading
from casefile.records.queries import newest_examination
from casefile.records.reading import known_events, read_event, read_head
from casefile.vocabulary_verification import ReviewAct
from pipelines.keys import person_keys_of
from pipelines.review_sending import carried_bytes
from pipelines.reviewing import GATE
from pipelines.services import Services
from pipelines.sight import states_of
from pipelines.verifying import require_person
from preservation.person_keys import PersonKeys
from verification.blindness import ItemState, state_of
from verification.packets import Answer, read_carried
from verification.regions import extent_of, require_within
from verification.steps import require_rules
from verification.wording import text_field

STEP, HANDED_IN = "step.recorded", "step.reviewed"
HELD: Mapping[tuple[str, int], frozenset[PartName]] = {
    (STEP, 1): frozenset({PartName.BODY, PartName.PERSONAL}),
    (HANDED_IN, 1): frozenset({PartName.BODY, PartName.PERSONAL}),
    (SIGNED, 1): frozenset({PartName.BODY}),
}
"""The types of an answer's events, with their parts."""
V = TypeVar("V", bound=Value)


@dataclass(frozen=True, slots=True)
class Received:
    """An answer that is in the log: by whom, the states of its items, and whether it was there already."""

    person: str
    states: Mapping[str, ItemState]
    already: bool


def receive_answer(services: Services, path: Path) -> Received:
    """Place the events of an answer in the log; the second time nothing changes.

    Raises CarriedUnsound for an answer that is damaged, changed or signed by another key, FieldRefused for a step that
    breaks a rule, UsageError for an answer to no packet of this log, GateRefused and StatementChanged where the item
    takes no assessment of that person any more.
    """
    require_person(services)
    content = carried_bytes(path)
    answer = read_carried(content, Answer)
    events = [one.event() for one in answer.events]
    with reading(services.engine) as rows:
        items = _sent(rows, services.log.id, answer)
        _judge(rows, services, answer, events, items)
        there = known_events(rows, {one.envelope.id for one in events})
        _require_same(rows, [one for one in events if one.envelope.id in there])
    answered = list(dict.fromkeys(_about(one) for one in events if one.envelope.type == STEP))
    if len(there) < len(events):
        key = payload(events[1], PartName.BODY, EventSigned)
        body = ReviewReceived(
            packet=answer.packet, answer=str(sha256(content)), key=key.key if isinstance(key, EventSigned) else ""
        )
        subjects = [Subject(kind="person", id=answer.person), *(Subject(kind="item", id=one) for one in answered)]
        received = draft("review.received", *subjects, body=body, outcome=EventOutcome(status="received"))
        services.admit(events, received, within=_still_assigned(answer.person, events, answered))
    with reading(services.engine) as rows:
        states = states_of(rows, answered)
    return Received(answer.person, states, already=len(there) == len(events))


def _sent(rows: Connection, log: str, answer: Answer) -> frozenset[str]:
    """The items of the packet that it answers; raises UsageError for one that this log did not send to that person."""
    if answer.log == log:
        for act in list_acts(rows, "review.sent"):
            subjects = json.loads(act.subject or "[]")
            whom = {one["id"] for one in subjects if one["kind"] == "person"}
            if act.body and json.loads(act.body)["packet"] == answer.packet and answer.person in whom:
                return frozenset(one["id"] for one in subjects if one["kind"] == "item")
    raise UsageError("this investigation sent no packet that this is the answer to")


def _judge(
    rows: Connection, services: Services, answer: Answer, events: Sequence[Event], items: frozenset[str]
) -> None:
    """Hold every event to what an answer may be; raises as `receive_answer`."""
    keys = person_keys_of(services.engine, services.log.id)
    position = read_head(rows, services.log.id).size
    for event, signature in _signed_pairs(events):
        for one in (event, signature):
            _require_of(answer, one)
        _require_signature(keys, event, signature, position)
        if _about(event) not in items or len(event.envelope.subject) != 1:
            raise CarriedUnsound(f"event {event.envelope.id} is about something that was not sent")
        if event.envelope.type == STEP:
            _require_step(rows, event, items)
        elif event.envelope.type != HANDED_IN or _status(event) != ReviewAct.SUBMITTED:
            raise CarriedUnsound(f"an answer holds no {event.envelope.type} of that kind")
        else:
            _require_empty(event)
    assessed = [_about(one) for one in events if one.envelope.type == STEP]
    handed = [_about(one) for one in events if one.envelope.type == HANDED_IN]
    if not assessed or sorted(set(assessed)) != sorted(handed):
        raise CarriedUnsound("an answer hands in each item that it assesses, once")


def _signed_pairs(events: Sequence[Event]) -> Iterator[tuple[Event, Event]]:
    ids = [one.envelope.id for one in events]
    if len(events) % 2 or len(set(ids)) < len(ids) or not all(map(is_uuid, ids)):
        raise CarriedUnsound("each event is there once, with an id of its own and its signature behind it")
    yield from zip(events[::2], events[1::2], strict=True)


def _require_of(answer: Answer, event: Event) -> None:
    envelope = event.envelope
    if envelope.log != answer.log or envelope.actor != f"person:{answer.person}" or envelope.tools:
        raise CarriedUnsound(f"event {envelope.id} is of another log, or of somebody else")
    if (envelope.type, envelope.schema_number) not in HELD or envelope.parts.keys() != HELD[envelope.type, 1]:
        raise CarriedUnsound(f"an answer holds no {envelope.type} with such parts")
    try:
        parse_rfc3339(envelope.recorded_at)
    except ValueError as error:
        raise CarriedUnsound(f"event {envelope.id} says no time: {error}") from error


def _require_signature(keys: PersonKeys, event: Event, signature: Event, position: int) -> None:
    envelope, under = event.envelope, signature.envelope
    if under.type != SIGNED or under.identity == AUTHENTICATED or envelope.identity != AUTHENTICATED:
        raise CarriedUnsound(f"event {envelope.id} is not signed")
    if under.causes != (envelope.id,) or [one.id for one in under.subject] != [envelope.id] or envelope.causes:
        raise CarriedUnsound(f"event {under.id} is no signature under the event before it")
    body = _part(signature, PartName.BODY, EventSigned)
    person = envelope.actor.partition(":")[2]
    found = keys.signer_of(body, envelope.id, leaf_hash(envelope.to_bytes()), position, person)
    if isinstance(found, str):
        raise CarriedUnsound(f"event {envelope.id}: {found}")


def _require_step(rows: Connection, event: Event, items: frozenset[str]) -> None:
    if _status(event) != "recorded":
        raise CarriedUnsound(f"event {event.envelope.id} ends otherwise than a step does")
    body, words = _part(event, PartName.BODY, StepRecorded), _part(event, PartName.PERSONAL, StepWords)
    require_rules(body, words)
    named = {*(one.item for one in body.regions), *(one.item for one in words.quotes), *body.cites}
    if not named <= items:
        raise CarriedUnsound(f"event {event.envelope.id} names an item that was not sent")
    if body.claim is not None and body.claim not in {one.claim for one in list_claims(rows, item=_about(event))}:
        raise CarriedUnsound(f"event {event.envelope.id} names a claim that is not about its item")
    for field, text in _texts(words.plain()):
        text_field(field, text, quoted=field.startswith("quotes"))
    for region in body.regions:
        examined = newest_examination(rows, region.item)
        if examined is not None:
            require_within(region.fragment, extent_of(examined.findings))


def _require_empty(event: Event) -> None:
    body, words = _part(event, PartName.BODY, StepReviewed), _part(event, PartName.PERSONAL, ReviewWords)
    if body != StepReviewed() or words != ReviewWords():
        raise CarriedUnsound(f"event {event.envelope.id} says more than that an assessment is handed in")


def _texts(value: object, field: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        yield field, value
    elif isinstance(value, Mapping):
        for name, one in value.items():
            yield from _texts(one, f"{field}.{name}" if field else str(name))
    elif isinstance(value, list | tuple):
        for place, one in enumerate(value):
            yield from _texts(one, f"{field}.{place}")


def _require_same(rows: Connection, known: Sequence[Event]) -> None:
    """Raise CarriedUnsound where the log holds something else under an id of the answer."""
    for one in known:
        if read_event(rows, one.envelope.id).content != one.envelope.to_bytes():
            raise CarriedUnsound(f"the log holds another event {one.envelope.id}")


def _still_assigned(person: str, events: Sequence[Event], items: Sequence[str]) -> Callable[[Connection], None]:
    """Refuses, inside the transaction, where an item takes no assessment of that person; its events are there then."""
    brought = {one.envelope.id for one in events}

    def require(rows: Connection) -> None:
        for item in items:
            authors = [one.recorded_by for one in list_step_marks(rows, [item]) if one.event not in brought]
            acts = [one for one in list_review_acts(rows, [item]) if one.event not in brought]
            before = state_of(authors, acts)
            if before.locked:
                raise GateRefused("locked", "an item of the answer is locked")
            if before.handed_in(person) or before.second_in:
                raise StatementChanged("the second assessment", "is in already")
            if before.current != person:
                raise GateRefused(GATE, "whoever answers is not assigned to an item of it any more")

    return require


def _about(event: Event) -> str:
    return event.envelope.subject_of("item")


def _status(event: Event) -> str:
    return event.envelope.outcome.status if event.envelope.outcome else ""


def _part(event: Event, name: PartName, kind: type[V]) -> V:
    found = payload(event, name, kind)
    if not isinstance(found, kind):
        raise CarriedUnsound(f"event {event.envelope.id} has no {name}")
    if found.canonical() != event.parts[name].content:
        raise CarriedUnsound(f"the {name} of event {event.envelope.id} is not in the form in which it is written")
    return found
