"""Reading leads with what people decided about them: where they came from, how they were assessed, what became of them.

The newest assessment of a lead is the last in the log: a clock that was set back brings no older one to the front.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, Select, func, select

from casefile.ids import LEAD, format_number, parse_number
from casefile.leads import Lead
from casefile.records.engine import tables
from casefile.refusals import UnknownRecord
from casefile.vocabulary import Pathway, Purpose
from casefile.vocabulary_planning import AssessmentForm, Decision, Level

PIECE = 500
"""Ids that are asked for in one query."""
TO_COLLECT = (Decision.COLLECT.value, Decision.WITH_PRECAUTIONS.value)


@dataclass(frozen=True, slots=True)
class AssessmentRecord:
    """One preliminary assessment; `position` is its place in the log. What was erased is None or empty."""

    event: str
    lead: str
    number: int | None
    form: str | None
    decision: str | None
    reliability: str | None
    removal: str | None
    better_version: str | None
    relevance: str | None
    links: tuple[tuple[str, str], ...]
    reliability_basis: str | None
    removal_grounds: str | None
    safety: str | None
    duties: str | None
    precautions: str | None
    reason: str | None
    stated_at: str
    stated_by: str
    position: int


@dataclass(frozen=True, slots=True)
class OriginRecord:
    """Where a lead is said to have come from."""

    event: str
    lead: str
    inquiry: str | None
    search: str | None
    person: str | None
    why: str | None
    stated_at: str
    stated_by: str


@dataclass(frozen=True, slots=True)
class KnownLead:
    """A lead with its short number; `first_attempt_at` is when the first attempt at it was recorded."""

    id: str
    number: int
    locator: str | None
    pathway: str | None
    job: str | None
    monitor: str | None
    why: str | None
    added_at: str
    added_by: str
    first_attempt_at: str | None
    captured: bool

    @property
    def label(self) -> str:
        """The short number as people write it."""
        return format_number(self.number, LEAD)

    def to_collect(self) -> Lead:
        """The lead as it is captured."""
        return Lead(
            id=self.id,
            locator=self.locator or "",
            pathway=Pathway(self.pathway or Pathway.BY_HAND),
            job=self.job or "",
            why=self.why or "",
        )


def known_leads(connection: Connection, *, job: str = "", ids: Sequence[str] | None = None) -> list[KnownLead]:
    """Leads in the order of their numbers: those of a job, those of these ids, or all."""
    table = tables("view_")["view_lead"]
    query = _leads().order_by(table.c.number)
    if job:
        query = query.where(table.c.job == job)
    if ids is None:
        return [_lead(row) for row in connection.execute(query)]
    found = [row for piece in _pieces(ids) for row in connection.execute(query.where(table.c.id.in_(piece)))]
    return sorted((_lead(row) for row in found), key=lambda one: one.number)


def find_known_lead(connection: Connection, text: str) -> KnownLead:
    """The lead of that id or number; raises UnknownRecord."""
    table = tables("view_")["view_lead"]
    number = parse_number(text, LEAD)
    named = table.c.number == number if number is not None else table.c.id == text
    row = connection.execute(_leads().where(named)).one_or_none()
    if row is None:
        raise UnknownRecord("lead", text, "lead list")
    return _lead(row)


def list_assessments(connection: Connection, lead: str) -> list[AssessmentRecord]:
    """Every assessment of a lead, oldest first."""
    return [_assessment(row) for row in connection.execute(_assessments([lead]))]


def newest_assessments(connection: Connection, leads: Sequence[str] | None = None) -> dict[str, AssessmentRecord]:
    """By lead, its newest assessment; of these leads or of all."""
    asked: Iterable[Sequence[str] | None] = (None,) if leads is None else _pieces(leads)
    return {row.lead: _assessment(row) for piece in asked for row in connection.execute(_assessments(piece))}


def assessed_at_once(connection: Connection, leads: Sequence[str]) -> frozenset[str]:
    """Those of the leads of which two assessments have one number: two people assessed them at the same moment."""
    table = tables("view_")["view_assessment"]
    found: set[str] = set()
    for piece in _pieces(leads):
        query = select(table.c.lead).where(table.c.lead.in_(piece), table.c.number.is_not(None))
        query = query.group_by(table.c.lead, table.c.number).having(func.count() > 1)
        found |= set(connection.execute(query).scalars())
    return frozenset(found)


def first_assessed(connection: Connection) -> dict[str, str]:
    """By lead, when its first assessment was recorded."""
    table = tables("view_")["view_assessment"]
    query = select(table.c.lead, func.min(table.c.stated_at).label("first")).group_by(table.c.lead)
    return {row.lead: row.first for row in connection.execute(query)}


def decided(connection: Connection, locators: Sequence[str]) -> dict[str, AssessmentRecord]:
    """By locator, the newest full assessment of any lead that names it.

    A compact one is the reason that was given in passing: it does not outweigh what somebody weighed and decided.
    """
    table = tables("view_")["view_lead"]
    leads: dict[str, str] = {}
    for piece in _pieces(locators):
        query = select(table.c.id, table.c.locator).where(table.c.locator.in_(piece))
        leads |= {row.id: row.locator for row in connection.execute(query)}
    newest = sorted(newest_assessments(connection, list(leads)).values(), key=lambda one: one.position)
    newest = [one for one in newest if one.form != AssessmentForm.COMPACT]
    return {leads[one.lead]: one for one in newest}


def at_risk(connection: Connection, leads: Sequence[str]) -> frozenset[str]:
    """Those of the leads whose newest assessment says that they are likely to be removed."""
    found = newest_assessments(connection, leads)
    return frozenset(lead for lead, one in found.items() if one.removal == Level.HIGH)


def origins(connection: Connection, leads: Sequence[str] | None = None) -> dict[str, list[OriginRecord]]:
    """By lead, everything that was said of where it came from, oldest first."""
    table, entry = tables("view_")["view_lead_origin"], tables("log_")["log_entry"]
    columns = [table.c[name] for name in OriginRecord.__dataclass_fields__]
    query = select(*columns).join(entry, entry.c.event == table.c.event).order_by(entry.c.position)
    asked: Iterable[Sequence[str] | None] = (None,) if leads is None else _pieces(leads)
    found: defaultdict[str, list[OriginRecord]] = defaultdict(list)
    for piece in asked:
        for row in connection.execute(query if piece is None else query.where(table.c.lead.in_(piece))):
            found[row.lead].append(OriginRecord(**row._mapping))
    return dict(found)


def leads_of(connection: Connection, *, inquiry: str = "", search: str = "") -> list[str]:
    """The ids of the leads that came from an inquiry, or from one search of it, in the order of saying so."""
    table, entry = tables("view_")["view_lead_origin"], tables("log_")["log_entry"]
    query = select(table.c.lead).join(entry, entry.c.event == table.c.event).order_by(entry.c.position)
    query = query.where(table.c.search == search) if search else query.where(table.c.inquiry == inquiry)
    return list(dict.fromkeys(connection.execute(query).scalars()))


def purposes_of(connection: Connection, leads: Sequence[Lead]) -> dict[str, Purpose]:
    """What leads were being collected for: by the newest attempt at each, else in its job; no attempt tells nothing."""
    lead, attempt = tables("view_")["view_lead"], tables("view_")["view_attempt"]
    told = attempt.c.purpose.is_not(None)
    own: dict[str, str] = {}
    for some in _pieces([one.id for one in leads]):
        query = select(attempt.c.lead, attempt.c.purpose).where(attempt.c.lead.in_(some), told)
        own |= {row.lead: row.purpose for row in connection.execute(query.order_by(attempt.c.attempt))}
    jobs: dict[str, str] = {}
    for some in _pieces([one.job for one in leads if one.job and one.id not in own]):
        query = select(lead.c.job, attempt.c.purpose).join(attempt, attempt.c.lead == lead.c.id)
        found = connection.execute(query.where(lead.c.job.in_(some), told).order_by(attempt.c.started_at))
        jobs |= {row.job: row.purpose for row in found}
    known = {one.id: own.get(one.id) or jobs.get(one.job) for one in leads}
    return {name: Purpose(purpose) for name, purpose in known.items() if purpose is not None}


def _leads() -> Select[Any]:
    lead, attempt = tables("view_")["view_lead"], tables("view_")["view_attempt"]
    capture = tables("view_")["view_capture"]
    began = select(func.min(attempt.c.started_at)).where(attempt.c.lead == lead.c.id).scalar_subquery()
    kept = select(func.count()).where(capture.c.lead == lead.c.id).scalar_subquery()
    names = ("id", "number", "locator", "pathway", "job", "monitor", "why", "added_at", "added_by")
    return select(*(lead.c[name] for name in names), began.label("began"), kept.label("kept"))


def _lead(row: Row[Any]) -> KnownLead:
    values = dict(row._mapping)
    kept = values.pop("kept")
    return KnownLead(first_attempt_at=values.pop("began"), captured=bool(kept), **values)


def _assessments(leads: Sequence[str] | None) -> Select[Any]:
    table, entry = tables("view_")["view_assessment"], tables("log_")["log_entry"]
    query = select(table, entry.c.position).join(entry, entry.c.event == table.c.event)
    if leads is not None:
        query = query.where(table.c.lead.in_(leads))
    return query.order_by(entry.c.position)


def _assessment(row: Row[Any]) -> AssessmentRecord:
    values = dict(row._mapping)
    links = tuple((kind, value) for kind, value in json.loads(values.pop("links") or "[]"))
    return AssessmentRecord(links=links, **values)


def _pieces(ids: Sequence[str]) -> Iterable[Sequence[str]]:
    known = list(dict.fromkeys(ids))
    return (known[start : start + PIECE] for start in range(0, len(known), PIECE))
