"""The second pair of eyes: assigned by rule, blind until both assessments are in, reconciled, locked.

Every act is judged again inside the transaction that records it, so that of two people who act at once neither
overrules what the other was not told of.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from casefile.errors import GateRefused
from casefile.errors_verification import StatementChanged
from casefile.events.envelope import EventOutcome, Subject
from casefile.events.port import draft
from casefile.events.types_verification import Reconciled, ReviewWords, StepReviewed
from casefile.ids import EventId
from casefile.people import Person
from casefile.records.assessments import StepMark, StepRecord, assigned_items, list_review_acts, list_step_marks
from casefile.records.engine import Connection, reading
from casefile.records.people import find_person, list_people
from casefile.records.queries import ItemRecord, find_items
from casefile.vocabulary import PersonKind, StepResult
from casefile.vocabulary_verification import Check, ReviewAct
from pipelines.services import Services
from pipelines.sight import current_of, look, marks_seen, states_of, viewer_of
from pipelines.verifying import require_person
from verification.agreement import Agreement, agreement
from verification.blindness import ItemState, may_be_second, state_of
from verification.refusing import refused
from verification.steps import chosen
from verification.wording import text_field

GATE = "second-assessment"
BY_RULE = "fewest open reviews, then the longest without one, among investigators who took no part"


@dataclass(frozen=True, slots=True)
class Assigned:
    """Who is to assess an item a second time, and by which rule they were chosen."""

    event: EventId
    item: ItemRecord
    person: Person
    rule: str
    blind: bool


def assign(services: Services, item: str, to: str = "") -> Assigned:
    """Assign a second assessor: the one named, else by rule. Raises GateRefused for whoever took part in the first.

    Raises UnknownItem, UnknownPerson, and GateRefused when nobody is left or somebody is assigned already.
    """
    require_person(services)
    with reading(services.engine) as rows:
        found = find_items(rows, [item])[0]
        state = states_of(rows, [found.id])[found.id]
        person = find_person(rows, to) if to else _by_rule(rows, found, state)
    _require_second(found, state, person)
    rule = "named by whoever assigns" if to else BY_RULE
    body = StepReviewed(rule=rule, blind=not state.revealed)

    def judge(before: ItemState) -> None:
        _require_second(found, before, person)

    event = _act(services, found, ReviewAct.ASSIGNED, body, judge, person=person.id)
    return Assigned(event, found, person, rule, body.blind)


def release(services: Services, item: str, reason: str) -> EventId:
    """Let go of the second assessor who is assigned, so that another one can be. What they recorded stays theirs."""

    def judge(before: ItemState) -> None:
        if before.current is None:
            raise StatementChanged("this item", "has no second assessor assigned")

    return _reasoned(services, item, ReviewAct.RELEASED, reason, judge)


def submit(services: Services, item: str) -> tuple[EventId, ItemState]:
    """Hand in the assessment that the acting person has part in; the item's state afterwards.

    Nothing can be added to it until both are in. Raises GateRefused for whoever recorded nothing on the item.
    """
    require_person(services)
    me = services.person_id
    with reading(services.engine) as rows:
        found = find_items(rows, [item])[0]
        own = {step.recorded_by for step in look(rows, [found.id], me)[found.id].steps}

    def judge(before: ItemState) -> None:
        if me not in own:
            raise GateRefused(GATE, f"you recorded nothing on {found.label} yet", "`casefile step record` comes first.")
        if before.handed_in(me):
            raise StatementChanged("your assessment", "is handed in already")
        if me in before.seconds and before.current != me:
            raise GateRefused(GATE, f"you are not assigned to {found.label} any more")

    event = _act(services, found, ReviewAct.SUBMITTED, StepReviewed(), judge)
    with reading(services.engine) as rows:
        return event, states_of(rows, [found.id])[found.id]


def waive(services: Services, item: str, reason: str) -> EventId:
    """Let an item go without a second assessment, with a reason; everybody may see the first one from then on."""

    def judge(before: ItemState) -> None:
        if before.current is not None:
            raise GateRefused(GATE, "a second assessor is assigned", "`casefile review release` them first.")
        if viewer_of(services) in before.seconds:
            raise GateRefused(GATE, "whoever was to assess it blindly does not open it")
        if before.revealed:
            raise StatementChanged("this item", "is open to everybody already")

    return _reasoned(services, item, ReviewAct.WAIVED, reason, judge)


@dataclass(frozen=True, slots=True)
class Compared:
    """One check as both assessments answered it; None where one of them did not."""

    check: Check
    first: StepResult | None
    second: StepResult | None

    @property
    def agrees(self) -> bool:
        """Whether both answered, and the same."""
        return self.first is not None and self.first == self.second


def compare(services: Services, item: str) -> list[Compared]:
    """Both assessments of an item side by side, check by check; raises GateRefused until both are in."""
    with reading(services.engine) as rows:
        found = find_items(rows, [item])[0]
        seen = look(rows, [found.id], viewer_of(services))[found.id]
    if not (seen.state.first_in and seen.state.second_in):
        raise GateRefused(GATE, f"{found.label} has not both assessments in yet")
    return list(_compared(seen.state, seen.current))


def reconcile(
    services: Services, item: str, agreed: Mapping[str, str], reason: str
) -> tuple[EventId, tuple[Reconciled, ...]]:
    """Record what became of the differences: `agreed` has the result for each check that was settled.

    What is not named stays a disagreement, and is kept as one; nothing is averaged. Raises FieldRefused, GateRefused.
    """
    require_person(services)
    why = text_field("reason", reason, required="a reconciliation says how it came about")
    compared = compare(services, item)
    settled = {chosen("agree", Check, check): chosen("agree", StepResult, result) for check, result in agreed.items()}
    unknown = settled.keys() - {one.check for one in compared}
    if unknown:
        raise refused("agree", f"neither assessment has a check {', '.join(sorted(unknown))}")
    body = StepReviewed(
        reconciled=tuple(
            Reconciled(
                check=one.check,
                first=one.first,
                second=one.second,
                agreed=settled.get(one.check, one.first if one.agrees else None),
            )
            for one in compared
        )
    )
    with reading(services.engine) as rows:
        found = find_items(rows, [item])[0]

    def judge(before: ItemState) -> None:
        if before.locked:
            raise GateRefused("locked", f"{found.label} is locked")

    return _act(services, found, ReviewAct.RECONCILED, body, judge, words=ReviewWords(reason=why)), body.reconciled


def lock(services: Services, item: str) -> EventId:
    """Close the assessments of an item. Whoever made the first one does not lock it alone (paragraph 209, note 168)."""
    require_person(services)
    me = services.person_id
    with reading(services.engine) as rows:
        found = find_items(rows, [item])[0]

    def judge(before: ItemState) -> None:
        if before.locked:
            raise StatementChanged("this item", "is locked already")
        if not before.reconciled:
            raise GateRefused("locked", f"{found.label} is not reconciled yet")
        if me in before.first:
            raise GateRefused(GATE, "an assessment is not locked by its author", "The second assessor can lock it.")

    return _act(services, found, ReviewAct.LOCKED, StepReviewed(), judge)


def unlock(services: Services, item: str, reason: str) -> EventId:
    """Open a locked item again, with a reason; it has to be reconciled anew."""

    def judge(before: ItemState) -> None:
        if not before.locked:
            raise StatementChanged("this item", "is not locked")

    return _reasoned(services, item, ReviewAct.UNLOCKED, reason, judge)


def agreement_of(services: Services) -> tuple[int, Agreement]:
    """How many items have both assessments in, and how far these agree over the checks that both answered."""
    with reading(services.engine) as rows:
        items = assigned_items(rows)
        seen = marks_seen(rows, items, viewer_of(services))
    both = [(state, marks) for state, marks in seen.values() if state.first_in and state.second_in]
    pairs = [
        (one.first.value, one.second.value)
        for state, marks in both
        for one in _compared(state, current_of(marks))
        if one.first is not None and one.second is not None
    ]
    return len(both), agreement(pairs)


def _compared(state: ItemState, steps: Sequence[StepRecord | StepMark]) -> Iterator[Compared]:
    """By check, the last result of either side."""
    sides: dict[str, dict[str, str]] = {"first": {}, "second": {}}
    for step in steps:
        if step.check and step.result:
            if step.recorded_by in state.first:
                sides["first"][step.check] = step.result
            elif step.recorded_by == state.second_by:
                sides["second"][step.check] = step.result
    for check in Check:
        first, second = sides["first"].get(check), sides["second"].get(check)
        if first or second:
            yield Compared(check, StepResult(first) if first else None, StepResult(second) if second else None)


def _by_rule(rows: Connection, item: ItemRecord, state: ItemState) -> Person:
    people = [person for person in list_people(rows) if person.kind is PersonKind.INVESTIGATOR]
    able = [person for person in people if may_be_second(state, person.id) and person.id not in state.seconds]
    if not able:
        raise GateRefused(
            GATE,
            f"everybody here has part in the assessment of {item.label}",
            "Record a colleague with `casefile person add NAME`, or `casefile review waive ITEM --reason R`.",
        )
    assigned = assigned_items(rows)
    states = states_of(rows, assigned)
    last: dict[str, int] = {}
    for position, act in enumerate(list_review_acts(rows, assigned)):
        if act.act is ReviewAct.ASSIGNED and act.person:
            last[act.person] = position
    open_reviews = [one.current for one in states.values() if one.current]
    return min(able, key=lambda person: (open_reviews.count(person.id), last.get(person.id, -1), person.id))


def _require_second(item: ItemRecord, state: ItemState, person: Person) -> None:
    if person.kind is not PersonKind.INVESTIGATOR:
        raise GateRefused(GATE, "a second assessment is made by an investigator")
    if not may_be_second(state, person.id):
        raise GateRefused(
            GATE,
            f"{person.name or person.id} has part in the first assessment of {item.label}",
            "Nobody reviews their own work (paragraph 209, note 168). `casefile review assign ITEM` chooses another.",
        )
    if state.locked:
        raise GateRefused("locked", f"{item.label} is locked")
    if state.current is not None:
        raise StatementChanged(item.label, "has a second assessor already; release them first")
    if state.second_in:
        raise StatementChanged(item.label, "has its second assessment already")


def _reasoned(
    services: Services, item: str, act: ReviewAct, reason: str, judge: Callable[[ItemState], None]
) -> EventId:
    require_person(services)
    words = ReviewWords(reason=text_field("reason", reason, required="this needs a reason"))
    with reading(services.engine) as rows:
        found = find_items(rows, [item])[0]
    return _act(services, found, act, StepReviewed(), judge, words=words)


def _act(  # noqa: PLR0913  (what one event holds)
    services: Services,
    item: ItemRecord,
    act: ReviewAct,
    body: StepReviewed,
    judge: Callable[[ItemState], None],
    *,
    person: str = "",
    words: ReviewWords | None = None,
) -> EventId:
    """Record an act where `judge` lets the state before it pass, whatever was recorded a moment ago."""
    event = EventId(services.clock.mint())
    subject = [Subject(kind="item", id=item.id)]
    if person:
        subject.append(Subject(kind="person", id=person))

    def within(rows: Connection) -> None:
        acts = [one for one in list_review_acts(rows, [item.id]) if one.event != event]
        authors = (one.recorded_by for one in list_step_marks(rows, [item.id]))
        judge(state_of(authors, acts))

    outcome = EventOutcome(status=act)
    made = draft("step.reviewed", *subject, body=body, personal=words or ReviewWords(), outcome=outcome, id=event)
    return services.append(made, within=within)[0]
