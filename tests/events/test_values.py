"""Drafts, parts and projections refuse what they do not know."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from casefile.canonical import NotCanonical
from casefile.clock import FrozenClock
from casefile.errors import RecordUnreadable, UsageError
from casefile.events.append import Log
from casefile.events.effects import Forget, Insert, Update
from casefile.events.envelope import Envelope, Event, EventOutcome, Part, PartName, Subject, commitment
from casefile.events.port import Draft, draft
from casefile.events.private import decode, encode
from casefile.events.projecting import clearing, project
from casefile.events.types import (
    PUBLISHED,
    ContentErased,
    Erased,
    InvestigationOpened,
    ItemExamined,
    PersonalName,
    ToolTested,
    Words,
    payload,
)
from casefile.events.types_of_custody import EventSigned
from casefile.ids import EventId, derived, mint
from casefile.model import ClockRecord, Value
from casefile.records.engine import tables

from .places import ACTOR, LOG, Place, assert_equals_replay
from .planning_specimens import PLANNING_SPECIMENS
from .specimens import SPECIMENS
from .story import GROUNDS

START = datetime(2026, 3, 1, 10, tzinfo=UTC)


def event(event_type: str, *parts: Part, schema: int = 1, subject: tuple[Subject, ...] = ()) -> Event:
    envelope = Envelope(
        actor="person:p",
        clock=ClockRecord(boot="b", monotonic_ns="1", source="s"),
        id="e",
        log=LOG,
        parts={part.name: part.commitment for part in parts},
        recorded_at="t",
        run="r",
        schema_number=schema,
        subject=subject,
        type=event_type,
    )
    return Event(envelope, {part.name: part for part in parts})


def body(content: bytes) -> Part:
    return Part("e", PartName.BODY, bytes(32), content)


@pytest.mark.parametrize(
    "build",
    [
        lambda: draft("remark.added", body=Words(text="in the wrong part")),
        lambda: draft("person.recorded", personal=Words(text="of the wrong kind")),
        lambda: Draft("tool.tested", (), {PartName.PROTECTED: ToolTested(passed=())}),
    ],
)
def test_a_draft_with_a_part_that_its_type_has_not_is_refused(build: object) -> None:
    assert callable(build)
    with pytest.raises(UsageError):
        build()


@pytest.mark.parametrize(("event_type", "schema"), [("item.eaten", 1), ("remark.added", 2)])
def test_a_type_or_schema_that_is_not_published_is_refused(event_type: str, schema: int) -> None:
    with pytest.raises(RecordUnreadable):
        Draft(event_type, schema=schema)
    with pytest.raises(RecordUnreadable):
        project(event(event_type, body(b"{}"), schema=schema, subject=(Subject(kind="item", id="i"),)))


def test_every_published_type_has_a_projection() -> None:
    assert {specimen.type for specimen in (*SPECIMENS, *PLANNING_SPECIMENS)} == {name for name, _schema in PUBLISHED}
    for name, _schema in PUBLISHED:
        subjects = tuple(Subject(kind=kind, id="personal" if kind == "part" else LOG, count=1) for kind in SUBJECTS)
        ended = event(name, subject=subjects).envelope.model_copy(update={"outcome": EventOutcome(status="done")})
        for effect in project(Event(ended, {})):
            assert isinstance(effect, Forget) or effect.table in tables("view_")


@pytest.mark.parametrize("subject", [(), (Subject(kind="item", id="no id", count=1), Subject(kind="lead", id="l"))])
def test_an_event_that_cannot_be_ours_is_refused_and_not_a_fault_of_the_program(subject: tuple[Subject, ...]) -> None:
    for name, _schema in PUBLISHED:
        if name in ("capture.sealed", "remark.added", "duplicate.decided", "content.erased"):
            strange = event(name, subject=subject).envelope.model_copy(update={"outcome": EventOutcome(status="done")})
            if name != "remark.added" or not subject:
                with pytest.raises(RecordUnreadable):
                    project(Event(strange, {}))


SUBJECTS = (
    "person", "tool", "lead", "capture", "item", "item", "monitor", "identity", "event", "part", "document", "inquiry",
    "pseudonym", "claim", "statement", "correction",
)  # fmt: skip


@pytest.mark.parametrize("content", [b"", b"[]", b"null", b"{}", b'{"title":1}', b'{"title":"a","more":1}', b"\xff"])
def test_a_part_that_is_not_what_its_type_says_is_refused(content: bytes) -> None:
    with pytest.raises(RecordUnreadable):
        payload(event("investigation.opened", body(content)), PartName.BODY, InvestigationOpened)


def test_words_of_a_record_are_in_no_error() -> None:
    with pytest.raises(RecordUnreadable) as caught:
        payload(event("person.recorded", body(b'{"kind":"Ana the witness"}')), PartName.BODY, Value)
    assert "Ana" not in str(caught.value)
    with pytest.raises(RecordUnreadable) as caught:
        Envelope.from_bytes(b'{"actor":{"name":"Ana the witness"}}')
    assert "Ana" not in str(caught.value)


@given(st.binary(min_size=32, max_size=32), st.binary(max_size=200), st.sampled_from(PartName))
def test_a_part_is_read_back_as_it_was_written(salt: bytes, content: bytes, name: PartName) -> None:
    part = Part("01920000-0000-7000-8000-000000000003", name, salt, content)
    assert decode(encode(part), "here") == part


@pytest.mark.parametrize("content", [b"", b"e\n", b"e\nbody\n", b"e\nbody\n" + bytes(31), b"e\nsecret\n" + bytes(32)])
def test_bytes_that_are_no_part_are_refused(content: bytes) -> None:
    with pytest.raises(RecordUnreadable):
        decode(content, "here")


def test_a_part_fulfils_only_the_commitment_to_all_of_it() -> None:
    part = body(b"{}")
    envelope = event("tool.tested", part).envelope
    assert part.fulfils(envelope)
    others = [
        Part("other", part.name, part.salt, part.content),
        Part("e", PartName.PERSONAL, part.salt, part.content),
        Part("e", part.name, b"\1" + bytes(31), part.content),
        Part("e", part.name, part.salt, b"{ }"),
    ]
    assert not any(other.fulfils(envelope) for other in others)
    with pytest.raises(ValueError, match="32 bytes"):
        commitment(bytes(31), b"")


def test_an_erased_part_and_one_that_never_was_look_alike() -> None:
    assert isinstance(payload(event("tool.tested"), PartName.BODY, ToolTested), Erased)
    assert isinstance(payload(event("tool.tested", body(b"{}")), PartName.PERSONAL, PersonalName), Erased)


def test_clearing_touches_what_came_from_that_part_and_nothing_else() -> None:
    part = Part("e", PartName.PERSONAL, bytes(32), PersonalName(name="Ana").canonical())
    recorded = event("person.recorded", part, subject=(Subject(kind="person", id="p"),))
    assert clearing(recorded, PartName.PERSONAL) == [Update("view_person", "id", "p", {"name": None, "note": None})]
    (effect,) = project(recorded)
    assert isinstance(effect, Insert)


@pytest.mark.parametrize(
    ("target", "part"),
    [("missing", PartName.BODY), ("first", PartName.PERSONAL), ("first", PartName.PROTECTED)],
)
def test_what_is_not_there_cannot_be_erased(place: Place, target: str, part: PartName) -> None:
    (first,) = place.append(draft("tool.tested", body=ToolTested(passed=())))
    before = place.head()
    with pytest.raises(RecordUnreadable):
        place.log.erase(first if target == "first" else EventId(target), part, GROUNDS, ACTOR)
    assert place.head() == before


def test_erasing_twice_and_erasing_an_erasure_are_recorded_each(place: Place) -> None:
    (first,) = place.append(draft("remark.added", Subject(kind="lead", id="l"), personal=Words(text="a")))
    grounds = ContentErased(basis="a duty", approved_by="c")
    once = place.log.erase(first, PartName.PERSONAL, grounds, ACTOR)
    twice = place.log.erase(first, PartName.PERSONAL, grounds, ACTOR)
    place.log.erase(once, PartName.BODY, grounds, ACTOR)
    assert once != twice
    assert_equals_replay(place)


def test_a_float_in_a_finding_is_refused_before_anything_is_written(place: Place) -> None:
    before = place.head()
    with pytest.raises(NotCanonical):
        place.append(draft("item.examined", Subject(kind="item", id="i"), body=ItemExamined(findings=({"x": 1.5},))))
    assert place.head() == before


def test_the_same_words_are_committed_to_with_another_salt_each_time(sqlite_place: Place) -> None:
    same = draft("remark.added", Subject(kind="lead", id="l"), personal=Words(text="yes"))
    sqlite_place.append(same, same)
    *_, first, second = (Envelope.from_bytes(one.content) for one in sqlite_place.files.journal.records())
    assert first.parts[PartName.PERSONAL] != second.parts[PartName.PERSONAL]


class StubSigner:
    """Signs with nothing."""

    def signed(self, log: str, event: str, leaf: bytes) -> EventSigned:
        return EventSigned(key=log, leaf=leaf.hex(), signature=event)


def test_who_acts_is_asserted_unless_proved(sqlite_place: Place) -> None:
    log = Log(sqlite_place.engine, sqlite_place.folder / "log", LOG, FrozenClock(START))
    proved = replace(ACTOR, signer=StubSigner())
    tested = draft("tool.tested", body=ToolTested(passed=()))
    for actor in (ACTOR, proved):
        log.append([tested], actor)
    log.append([replace(tested, id=EventId(mint(0, bytes(10))))], proved)
    log.append([replace(tested, id=EventId(derived(LOG, "tested")))], proved)
    records = list(sqlite_place.files.journal.records())
    *_, asserted, authenticated, signature, named, of_named, by_machine = (
        Envelope.from_bytes(one.content) for one in records
    )
    identities = [one.identity for one in (asserted, authenticated, signature, named, of_named, by_machine)]
    assert identities == ["asserted", "authenticated", "asserted", "authenticated", "asserted", "asserted"]
    assert of_named.subject_of("event") == named.id
    assert signature.type == "event.signed"
    assert signature.subject_of("event") == authenticated.id
    assert asserted.recorded_at.startswith("2026-03-01T10:00:00.00")
