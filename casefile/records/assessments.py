"""Reading what people recorded of verification: steps, reviews, claims, conclusions, corrections.

Nothing here knows who is looking. What a person may see before the second assessment is in, is decided by
`verification.blindness` and applied by `pipelines.sight`, through which every reader for people goes.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, exists, select

from casefile.errors_verification import UnknownStatement
from casefile.ids import CLAIM, format_number, parse_number
from casefile.records.engine import table
from casefile.vocabulary_verification import ReviewAct

Part = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class StepRecord:
    """A step as it was recorded. `body` and `words` are its parts, None once erased."""

    event: str
    item: str
    replaces: str | None
    strand: str | None
    check: str | None
    result: str | None
    claim: str | None
    body: Part | None
    words: Part | None
    recorded_at: str
    recorded_by: str


@dataclass(frozen=True, slots=True)
class StepMark:
    """A step without its parts: enough to tell what is done."""

    event: str
    item: str
    replaces: str | None
    strand: str | None
    check: str | None
    result: str | None
    recorded_by: str


@dataclass(frozen=True, slots=True)
class ReviewRecord:
    """Something that happened to the assessments of an item."""

    event: str
    item: str
    act: ReviewAct
    person: str | None
    body: Part | None
    reason: str | None
    done_at: str
    done_by: str


@dataclass(frozen=True, slots=True)
class ClaimRecord:
    """A claim with the items that it is about."""

    event: str
    claim: str
    number: int
    kind: str | None
    text: str | None
    speaker: str | None
    items: tuple[str, ...]
    stated_at: str
    stated_by: str

    @property
    def label(self) -> str:
        """The short permanent number as people write it."""
        return format_number(self.number, CLAIM)


@dataclass(frozen=True, slots=True)
class ConclusionRecord:
    """A conclusion as it was drawn. `body` and `words` are its parts, None once erased."""

    event: str
    claim: str
    replaces: str | None
    body: Part | None
    words: Part | None
    drawn_at: str
    drawn_by: str


@dataclass(frozen=True, slots=True)
class CorrectionRecord:
    """Which statement was corrected by which, and why."""

    event: str
    statement: str
    correction: str
    kind: str | None
    reason: str | None
    corrected_at: str
    corrected_by: str


@dataclass(frozen=True, slots=True)
class ClassRecord:
    """What class of material somebody says an item is."""

    item: str
    item_class: str
    classified_by: str


def list_steps(connection: Connection, items: Sequence[str]) -> list[StepRecord]:
    """Every step on these items, corrected ones too, in the order of the log."""
    step, entry = table("view_step"), table("log_entry")
    columns = [step.c[name] for name in StepRecord.__dataclass_fields__]
    query = select(*columns).join(entry, entry.c.event == step.c.event).where(step.c.item.in_(items))
    return [_step(row) for row in connection.execute(query.order_by(entry.c.position))]


def list_step_marks(connection: Connection, items: Sequence[str]) -> list[StepMark]:
    """The same without what is long, for pages of many items; the steps of an item in the order of the log."""
    step, entry = table("view_step"), table("log_entry")
    columns = [step.c[name] for name in StepMark.__dataclass_fields__]
    query = select(*columns).join(entry, entry.c.event == step.c.event).where(step.c.item.in_(items))
    return [StepMark(*row) for row in connection.execute(query.order_by(entry.c.position))]


def find_step(connection: Connection, event: str) -> StepRecord:
    """The step that this event recorded; raises UnknownStatement."""
    step = table("view_step")
    columns = [step.c[name] for name in StepRecord.__dataclass_fields__]
    row = connection.execute(select(*columns).where(step.c.event == event)).one_or_none()
    if row is None:
        raise UnknownStatement("step", event)
    return _step(row)


def list_review_acts(connection: Connection, items: Sequence[str]) -> list[ReviewRecord]:
    """What happened to the assessments of these items, in the order of the log."""
    review, entry = table("view_review"), table("log_entry")
    columns = [review.c[name] for name in ReviewRecord.__dataclass_fields__]
    query = select(*columns).join(entry, entry.c.event == review.c.event).where(review.c.item.in_(items))
    return [_review(row) for row in connection.execute(query.order_by(entry.c.position))]


def assigned_items(connection: Connection, person: str = "") -> list[str]:
    """The items to which a person, or anybody, was ever assigned as second assessor."""
    review = table("view_review")
    query = select(review.c.item).where(review.c.act == ReviewAct.ASSIGNED).distinct()
    if person:
        query = query.where(review.c.person == person)
    return sorted(connection.execute(query).scalars())


def list_claims(connection: Connection, *, item: str = "") -> list[ClaimRecord]:
    """Claims in the order of their numbers; those about one item when it is named."""
    claim, about = table("view_claim"), table("view_claim_item")
    query = select(claim).order_by(claim.c.number)
    if item:
        query = query.where(exists().where(about.c.claim == claim.c.claim, about.c.item == item))
    rows = connection.execute(query).all()
    items = _items_of(connection, [row.claim for row in rows])
    return [_claim(row, items.get(row.claim, ())) for row in rows]


def find_claim(connection: Connection, text: str) -> ClaimRecord:
    """The claim of that id or number, such as C-0003; raises UnknownStatement."""
    claim = table("view_claim")
    number = parse_number(text, CLAIM)
    named = claim.c.number == number if number is not None else claim.c.claim == text
    row = connection.execute(select(claim).where(named)).one_or_none()
    if row is None:
        raise UnknownStatement("claim", text)
    return _claim(row, _items_of(connection, [row.claim]).get(row.claim, ()))


def items_with_places(connection: Connection) -> list[str]:
    """The items of which any step names a place."""
    step = table("view_step")
    query = select(step.c.item).where(step.c.body.contains('"place":{', autoescape=True)).distinct()
    return sorted(connection.execute(query).scalars())


def steps_quoting(connection: Connection, item: str) -> list[str]:
    """The events of the steps, on this item or another, whose words quote this one."""
    step = table("view_step")
    return sorted(
        connection.execute(select(step.c.event).where(step.c.words.contains(item, autoescape=True))).scalars()
    )


def claims_by_id(connection: Connection, claims: Sequence[str]) -> list[ClaimRecord]:
    """The claims of these ids, in the order of their numbers."""
    claim = table("view_claim")
    rows = connection.execute(select(claim).where(claim.c.claim.in_(claims)).order_by(claim.c.number)).all()
    items = _items_of(connection, [row.claim for row in rows])
    return [_claim(row, items.get(row.claim, ())) for row in rows]


def authors_of(connection: Connection, events: Sequence[str]) -> dict[str, str]:
    """Who recorded each of these steps, remarks, decisions on pairs and acts of review; other events are left out."""
    found: dict[str, str] = {}
    for name, by in (
        ("view_step", "recorded_by"),
        ("view_remark", "added_by"),
        ("view_decision", "decided_by"),
        ("view_review", "done_by"),
    ):
        held = table(name)
        rows = connection.execute(select(held.c.event, held.c[by]).where(held.c.event.in_(events)))
        found |= {row[0]: row[1] for row in rows}
    return found


def list_conclusions(connection: Connection, claims: Sequence[str]) -> list[ConclusionRecord]:
    """Every conclusion on these claims, corrected ones too, in the order of the log."""
    conclusion, entry = table("view_conclusion"), table("log_entry")
    columns = [conclusion.c[name] for name in ConclusionRecord.__dataclass_fields__]
    query = select(*columns).join(entry, entry.c.event == conclusion.c.event).where(conclusion.c.claim.in_(claims))
    rows = connection.execute(query.order_by(entry.c.position))
    return [ConclusionRecord(**{**row._mapping, **_parts(row)}) for row in rows]


def list_corrections(connection: Connection, statements: Iterable[str]) -> list[CorrectionRecord]:
    """The corrections by which any of these statements was replaced, in the order of the log."""
    correction, entry = table("view_correction"), table("log_entry")
    columns = [correction.c[name] for name in CorrectionRecord.__dataclass_fields__]
    query = select(*columns).join(entry, entry.c.event == correction.c.event)
    query = query.where(correction.c.statement.in_(list(statements)))
    return [CorrectionRecord(**row._mapping) for row in connection.execute(query.order_by(entry.c.position))]


def list_item_classes(connection: Connection, items: Sequence[str]) -> list[ClassRecord]:
    """The classes that people gave to these items, in the order of the log; erased ones are left out."""
    classed, entry = table("view_item_class"), table("log_entry")
    query = select(classed.c.item, classed.c.item_class, classed.c.classified_by)
    query = query.join(entry, entry.c.event == classed.c.event).where(classed.c.item.in_(items))
    return [ClassRecord(*row) for row in connection.execute(query.order_by(entry.c.position)) if row.item_class]


def newest_examination_event(connection: Connection, item: str) -> str | None:
    """The event of the newest examination of an item."""
    examined = table("view_examination")
    query = select(examined.c.event).where(examined.c.item == item)
    newest = query.order_by(examined.c.examined_at.desc(), examined.c.event.desc()).limit(1)
    event: str | None = connection.execute(newest).scalar_one_or_none()
    return event


def _items_of(connection: Connection, claims: Sequence[str]) -> dict[str, tuple[str, ...]]:
    about = table("view_claim_item")
    query = select(about).where(about.c.claim.in_(claims)).order_by(about.c.claim, about.c.item)
    found: dict[str, tuple[str, ...]] = {}
    for row in connection.execute(query):
        found[row.claim] = (*found.get(row.claim, ()), row.item)
    return found


def _parts(row: Row[Any]) -> dict[str, Part | None]:
    return {name: json.loads(text) if (text := getattr(row, name)) else None for name in ("body", "words")}


def _step(row: Row[Any]) -> StepRecord:
    return StepRecord(**{**row._mapping, **_parts(row)})


def _review(row: Row[Any]) -> ReviewRecord:
    values = dict(row._mapping)
    body = json.loads(values["body"]) if values["body"] else None
    return ReviewRecord(**{**values, "act": ReviewAct(values["act"]), "body": body})


def _claim(row: Row[Any], items: tuple[str, ...]) -> ClaimRecord:
    names = ("event", "claim", "number", "kind", "text", "speaker", "stated_at", "stated_by")
    return ClaimRecord(items=items, **{name: getattr(row, name) for name in names})


@dataclass(frozen=True, slots=True)
class QueuedItem:
    """An item as a page of work names it."""

    id: str
    number: int
    role: str | None
    title: str


def items_after(
    connection: Connection, number: int, limit: int, only: Collection[str] | None = None
) -> list[QueuedItem]:
    """At most `limit` items behind that number, in order; of these ids only, where they are given."""
    item = table("view_item")
    query = select(item.c.id, item.c.number, item.c.role, item.c.title, item.c.name, item.c.locator)
    query = query.where(item.c.number > number).order_by(item.c.number).limit(limit)
    if only is not None:
        query = query.where(item.c.id.in_(only))
    return [
        QueuedItem(row.id, row.number, row.role, row.title or row.name or row.locator or "")
        for row in connection.execute(query)
    ]


def assigned_to(connection: Connection, person: str) -> list[str]:
    """The items to which a person was ever assigned."""
    return assigned_items(connection, person) if person else []
