"""Steps of verification: recorded on items, corrected, listed against the checklist of the item's class."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from casefile.errors import GateRefused
from casefile.errors_verification import StatementChanged, UnknownStatement
from casefile.events.envelope import EventOutcome, Subject
from casefile.events.port import Draft, draft
from casefile.events.types_verification import ItemClassified, ReviewWords, StatementCorrected, StepRecorded, StepWords
from casefile.ids import EventId
from casefile.records.assessments import StepRecord, find_claim, find_step, list_corrections
from casefile.records.engine import Connection, reading
from casefile.records.queries import ItemRecord, find_items, newest_examination
from casefile.vocabulary import PersonKind, StepResult
from casefile.vocabulary_verification import Check, ItemClass, StatementKind
from pipelines.services import Services
from pipelines.sight import Seen, classes_seen, look, states_of, viewer_of
from pipelines.suggestions import suggestions_of
from verification.checklists import CHECKLISTS, KINDS, class_of
from verification.regions import extent_of, require_within
from verification.steps import NewStep, checked_step, items_named, require_expertise
from verification.wording import text_field

Judged = tuple[ItemRecord, StepRecorded, StepWords]
"""An item, and the parts of a step on it that was held to every rule."""


@dataclass(frozen=True, slots=True)
class StepMade:
    """A recorded step: its event and its item."""

    event: EventId
    item: ItemRecord


def record_step(services: Services, item: str, new: NewStep) -> StepMade:
    """Record one check on an item as done, inconclusive, not applicable or not done.

    Raises UnknownItem, FieldRefused for a rule that is broken, GateRefused where a machine would be the author, a
    person is identified without a forensic expert's word, or the item is locked or handed in. Nothing is recorded then.
    """
    require_person(services)
    judged = judged_step(services, item, new)
    (event,) = record_judged(services, [judged])
    return StepMade(event, judged[0])


def record_judged(services: Services, judged: Sequence[Judged]) -> tuple[EventId, ...]:
    """Record steps that `judged_step` has held to the rules, all of them or none; their events, in the same order.

    Raises GateRefused where an item is locked or handed in by now.
    """
    items = list({item.id: item for item, _body, _words in judged}.values())
    drafts = [_step(item.id, body, words) for item, body, words in judged]
    return services.append(*drafts, within=lambda rows: _require_open(services, rows, items))


def correct_step(services: Services, event: str, new: NewStep, reason: str) -> StepMade:
    """Put a corrected step in the place of an earlier one of the same person; both versions stay and are linked.

    Raises UnknownStatement for a step that this person may not see, StatementChanged when it was corrected already,
    and as `record_step` does.
    """
    require_person(services)
    why = text_field("reason", reason, required="a correction says why")
    with reading(services.engine) as rows:
        earlier = find_step(rows, event)
        seen = look(rows, [earlier.item], viewer_of(services))[earlier.item]
    if earlier.event not in {one.event for one in seen.steps}:
        raise UnknownStatement("step", event)
    if earlier.recorded_by != services.person_id:
        raise GateRefused("authorship", "a step is corrected by its author", "Record a step of your own instead.")
    found, body, words = judged_step(services, earlier.item, new)
    corrected = EventId(services.clock.mint())

    def still_current(rows: Connection) -> None:
        _require_open(services, rows, [found])
        if len(list_corrections(rows, [earlier.event])) != 1:
            raise StatementChanged("this step", "was corrected already")

    services.append(
        _step(found.id, body, words, replaces=earlier.event, event=corrected),
        correction(StatementKind.STEP, earlier.event, corrected, why),
        within=still_current,
    )
    return StepMade(corrected, found)


def correction(kind: StatementKind, statement: str, corrected: str, reason: str) -> Draft:
    """The event that links a statement with the one that takes its place."""
    return draft(
        "statement.corrected",
        Subject(kind="statement", id=statement),
        Subject(kind="correction", id=corrected),
        body=StatementCorrected(kind=kind),
        personal=ReviewWords(reason=reason),
        outcome=EventOutcome(status="corrected"),
    )


def classify_item(services: Services, item: str, item_class: ItemClass) -> EventId:
    """Say what class of material an item is, where its role does not tell: satellite imagery, for instance.

    Raises UnknownItem, and GateRefused as `record_step`: the class decides which checks are asked for.
    """
    require_person(services)
    with reading(services.engine) as rows:
        found = find_items(rows, [item])[0]
    body = ItemClassified(item_class=item_class)
    about = Subject(kind="item", id=found.id)
    classified = draft("item.classified", about, body=body, outcome=EventOutcome(status="classified"))
    return services.append(classified, within=lambda rows: _require_open(services, rows, [found]))[0]


@dataclass(frozen=True, slots=True)
class Line:
    """One check of a checklist: the visible current steps on it and what machines suggest; neither is the other."""

    check: Check
    steps: tuple[StepRecord, ...]
    suggestions: tuple[Mapping[str, Any], ...]
    asked_for: bool

    @property
    def status(self) -> str:
        """`done`, `not_applicable`, `not_done` with its reason, or `missing` where nobody said anything."""
        results = {step.result for step in self.steps}
        if results - {StepResult.NOT_APPLICABLE, StepResult.NOT_DONE, None}:
            return "done"
        if StepResult.NOT_APPLICABLE in results:
            return StepResult.NOT_APPLICABLE.value
        return StepResult.NOT_DONE.value if results else "missing"


@dataclass(frozen=True, slots=True)
class Checklist:
    """The checks of one item's class, then further ones that were recorded, as whoever looks may see them."""

    item: ItemRecord
    item_class: ItemClass
    seen: Seen
    lines: tuple[Line, ...]


def checklist_of(services: Services, item: str) -> Checklist:
    """What is done of an item's checklist and what is not. Raises UnknownItem."""
    with reading(services.engine) as rows:
        return read_checklist(services, rows, item)


def read_checklist(services: Services, rows: Connection, item: str) -> Checklist:
    """The same within a transaction that is open already."""
    found = find_items(rows, [item])[0]
    viewer = viewer_of(services)
    seen = look(rows, [found.id], viewer)[found.id]
    item_class = class_of(found.role, classes_seen(rows, {found.id: seen.state}, viewer).get(found.id))
    return Checklist(found, item_class, seen, lines_of(item_class, seen.current, suggestions_of(rows, found, viewer)))


def lines_of(
    item_class: ItemClass, steps: Sequence[StepRecord], suggested: Mapping[Check, Sequence[Mapping[str, Any]]]
) -> tuple[Line, ...]:
    """The checks of the class in order, and behind them those that were recorded besides."""
    asked = CHECKLISTS[item_class]
    recorded = {Check(step.check) for step in steps if step.check}
    further = [check for check in KINDS if check in recorded and check not in asked]
    return tuple(
        Line(
            check,
            tuple(step for step in steps if step.check == check),
            tuple(suggested.get(check, ())),
            check in asked,
        )
        for check in (*asked, *further)
    )


def require_person(services: Services) -> None:
    """Raise GateRefused where no natural person acts: a machine suggests, a person decides."""
    if services.person is None or services.person.kind is not PersonKind.INVESTIGATOR:
        raise GateRefused("authorship", "what a machine finds is a suggestion; a person records", "Say --as PERSON.")


def resolved(rows: Connection, names: Sequence[str]) -> dict[str, str]:
    """The ids of the items that are named, by what was written. Raises UnknownItem for the first that is none."""
    return {name: find_items(rows, [name.strip()])[0].id for name in dict.fromkeys(names)}


def judged_step(services: Services, item: str, new: NewStep) -> Judged:
    """What a step would record, held to every rule; raises as `record_step`. Nothing is recorded."""
    with reading(services.engine) as rows:
        found = find_items(rows, [item])[0]
        ids = resolved(rows, list(items_named(new)))
        claim = find_claim(rows, new.claim).claim if new.claim else None
    body, words = checked_step(new, found.id, claim, ids)
    _require_within(services, body)
    require_expertise(body, words)
    return found, body, words


def _require_within(services: Services, body: StepRecorded) -> None:
    """Raise FieldRefused for a part of an item that it does not have, as far as it was examined."""
    with reading(services.engine) as rows:
        for region in body.regions:
            examined = newest_examination(rows, region.item)
            if examined is not None:
                require_within(region.fragment, extent_of(examined.findings))


def _require_open(services: Services, rows: Connection, items: Sequence[ItemRecord]) -> None:
    """Raise GateRefused where an item takes no step of this person; the steps themselves are among the rows already."""
    states = states_of(rows, [item.id for item in items])
    for item in items:
        if states[item.id].locked:
            raise GateRefused("locked", f"{item.label} is locked", "`casefile review unlock ITEM --reason R` opens it.")
        if states[item.id].handed_in(services.person_id):
            raise GateRefused(
                "handed-in",
                f"your assessment of {item.label} is handed in",
                "It opens again when the second one is in, or is waived.",
            )


def _step(
    item: str, body: StepRecorded, words: StepWords, *, replaces: str = "", event: EventId | None = None
) -> Draft:
    subject = [Subject(kind="item", id=item)]
    if replaces:
        subject.append(Subject(kind="statement", id=replaces))
    # The outcome is the same whatever was found: an envelope is seen by everybody.
    outcome = EventOutcome(status="recorded")
    return draft("step.recorded", *subject, body=body, personal=words, outcome=outcome, id=event)
