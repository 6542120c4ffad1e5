"""Leads: every candidate becomes a record before anything is fetched.

A locator given by hand is a new lead each time. A row of a job is the same lead in every run of the job: its id
follows from job, sheet, locator and the count of that locator above it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice

from casefile.digests import hex_of, sha256
from casefile.events.envelope import Subject
from casefile.events.port import Draft, draft
from casefile.events.types import LeadAdded, LeadCells
from casefile.ids import EventId, LeadId, LogId, derived, machine_event_id
from casefile.leads import Lead
from casefile.model import readable
from casefile.vocabulary import Pathway
from collectors.locators import Locator, holds_credentials, parse_locator, recordable
from pipelines.services import Services

BATCH = 500
"""Leads added in one transaction."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A locator as somebody or something named it, with the place in the list where it stood."""

    locator: str
    sheet: str = ""
    row: int = 0
    occurrence: int = 1
    cells: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Origin:
    """How candidates were found. `job` names the list, `monitor` the standing watch; both empty: by hand.

    `sources` are the inquiry, the search of it, or the person by which they were found, as subjects.
    """

    pathway: Pathway
    job: str = ""
    monitor: str = ""
    why: str = ""
    sources: tuple[Subject, ...] = ()


def add_leads(services: Services, candidates: Iterable[Candidate], origin: Origin) -> list[Lead]:
    """Record candidates as leads, in order; those of a job or a monitor that are known already are not added twice."""
    leads: list[Lead] = []
    remaining = iter(candidates)
    while batch := list(islice(remaining, BATCH)):
        made = [_lead(services, candidate, origin) for candidate in batch]
        services.append(*(_draft(services.log.id, lead, origin) for lead in made))
        leads += made
    return leads


def lead_id(log: LogId, candidate: Candidate, origin: Origin) -> LeadId:
    """The id of a lead that a list or a monitor gave: the same each time that it gives it."""
    place = hex_of(sha256(f"{candidate.sheet}\n{candidate.locator}".encode("utf-8", "replace")))
    series = hex_of(sha256(f"{origin.monitor}\n{origin.job}".encode("utf-8", "replace")))
    return LeadId(derived(log, "lead", series, place, str(candidate.occurrence)))


def _lead(services: Services, candidate: Candidate, origin: Origin) -> Lead:
    listed = bool(origin.job or origin.monitor)
    return Lead(
        id=lead_id(services.log.id, candidate, origin) if listed else services.clock.mint(),
        locator=recordable(without_credentials(candidate.locator)),
        pathway=origin.pathway,
        job=readable(origin.job),
        sheet=readable(candidate.sheet),
        row=candidate.row,
        occurrence=candidate.occurrence,
        cells=tuple((readable(name), readable(text, 32_768)) for name, text in candidate.cells),
        why=readable(origin.why),
    )


def without_credentials(locator: str) -> str:
    """The locator as it is recorded: a user name and a password in it are never sent, and never kept."""
    if not holds_credentials(locator):
        return locator
    parsed = parse_locator(locator)
    return parsed.text if isinstance(parsed, Locator) else locator


def _draft(log: LogId, lead: Lead, origin: Origin) -> Draft:
    body = LeadAdded(
        locator=lead.locator,
        pathway=lead.pathway,
        job=lead.job,
        sheet=lead.sheet,
        row=lead.row,
        occurrence=lead.occurrence,
    )
    subject = [Subject(kind="lead", id=lead.id)]
    if origin.monitor:
        subject.append(Subject(kind="monitor", id=origin.monitor))
    subject += origin.sources
    event: EventId = machine_event_id(log, lead.id, "lead.added", 1)
    return draft("lead.added", *subject, body=body, personal=LeadCells(cells=lead.cells, why=lead.why), id=event)


def occurrences(candidates: Sequence[Candidate]) -> list[Candidate]:
    """The same candidates with their occurrence counted: the n-th time that a sheet names a locator."""
    seen: dict[tuple[str, str], int] = {}
    counted: list[Candidate] = []
    for candidate in candidates:
        key = (candidate.sheet, candidate.locator)
        seen[key] = seen.get(key, 0) + 1
        counted.append(Candidate(candidate.locator, candidate.sheet, candidate.row, seen[key], candidate.cells))
    return counted
