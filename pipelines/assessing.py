"""Leads that people found, where they came from, and the preliminary assessment that stands before a capture."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from casefile.errors import GateRefused
from casefile.events.envelope import EventOutcome, Subject
from casefile.events.port import Draft, draft
from casefile.events.types_planning import AssessmentWords, LeadAssessed, Reason
from casefile.ids import EventId, machine_event_id
from casefile.leads import Lead
from casefile.model import Value
from casefile.preparation.assessment import Assessment, assessment, compact
from casefile.preparation.fields import Prose, Stated, filled_in
from casefile.records.engine import Connection, reading
from casefile.records.inquiries import find_inquiry, find_search
from casefile.records.leads import (
    TO_COLLECT,
    AssessmentRecord,
    KnownLead,
    OriginRecord,
    assessed_at_once,
    find_known_lead,
    first_assessed,
    known_leads,
    list_assessments,
    newest_assessments,
    origins,
)
from casefile.records.people import find_person
from casefile.refusals import FieldRefused, VersionOutdated
from casefile.vocabulary import Access, Pathway
from casefile.vocabulary_planning import AssessmentForm, BetterVersion, Decision
from pipelines.leads import Candidate, Origin, add_leads
from pipelines.services import Services

BATCH = 500
"""Assessments recorded in one transaction."""


@dataclass(frozen=True, slots=True)
class Source:
    """Where leads came from: an inquiry, a search of one, or somebody who referred them; each by id, number or name."""

    inquiry: str = ""
    search: str = ""
    person: str = ""
    why: str = ""


@dataclass(frozen=True, slots=True)
class AssessedLead:
    """A lead with where it came from and how it was assessed, newest last; in a list, with the newest only."""

    lead: KnownLead
    origins: tuple[OriginRecord, ...] = ()
    assessments: tuple[AssessmentRecord, ...] = ()
    first_assessed_at: str = ""

    @property
    def newest(self) -> AssessmentRecord | None:
        """The assessment that counts."""
        return self.assessments[-1] if self.assessments else None

    @property
    def captured_first(self) -> bool:
        """Whether an attempt was made before anybody had assessed the lead (paragraphs 147 to 152)."""
        began = self.lead.first_attempt_at
        return began is not None and (not self.first_assessed_at or self.first_assessed_at > began)

    @property
    def is_unassessed(self) -> bool:
        """Whether nobody has assessed it. What was handed over is not found online, and needs no assessment."""
        return self.newest is None and self.lead.pathway != Pathway.HANDED_OVER

    @property
    def is_orphan(self) -> bool:
        """Whether it was named by hand, and nothing that it came from."""
        return self.lead.pathway == Pathway.BY_HAND and not self.origins

    @property
    def seeks_better(self) -> bool:
        """Whether a better or earlier version is still looked for."""
        return self.newest is not None and self.newest.better_version == BetterVersion.SOUGHT

    @property
    def is_waiting(self) -> bool:
        """Whether it was decided to be collected, and no capture holds it."""
        return self.newest is not None and self.newest.decision in TO_COLLECT and not self.lead.captured


@dataclass(frozen=True, slots=True)
class LeadFilter:
    """Which leads are meant; what is not set does not narrow."""

    job: str = ""
    decision: Decision | None = None
    unassessed: bool = False
    compact: bool = False
    orphan: bool = False
    better: bool = False
    waiting: bool = False
    late: bool = False

    def takes(self, one: AssessedLead) -> bool:
        """Whether a lead is meant."""
        newest = one.newest
        return all(
            (
                self.decision is None or (newest is not None and newest.decision == self.decision),
                not self.unassessed or one.is_unassessed,
                not self.compact or is_compact(newest),
                not self.orphan or one.is_orphan,
                not self.better or one.seeks_better,
                not self.waiting or one.is_waiting,
                not self.late or one.captured_first,
            )
        )


class _Locator(Value):
    locator: Stated
    access: Access


class _Why(Value):
    why: Prose = ""


def find_leads(
    services: Services, locators: Sequence[str], source: Source, access: Access = Access.PUBLIC
) -> list[KnownLead]:
    """Record candidates that somebody found, with where they came from.

    Raises FieldRefused for an orphan, and GateRefused for what is behind somebody's permission (paragraphs 63, 65).
    """
    if access is Access.RESTRICTED:
        raise GateRefused(
            "access",
            "what somebody has to let one into is not collected",
            "The Berkeley Protocol, paragraphs 63 and 65: what is closed is obtained by consent or by law.",
        )
    for locator in locators:
        filled_in(_Locator, {"locator": locator, "access": access}, "lead")
    subjects, pathway, why = _sources(services, source)
    origin = Origin(pathway, why=why, sources=subjects)
    added = add_leads(services, [Candidate(one) for one in locators], origin)
    with reading(services.engine) as connection:
        return known_leads(connection, ids=[lead.id for lead in added])


def link_lead(services: Services, text: str, source: Source) -> AssessedLead:
    """Say afterwards where a lead came from; what was said before stays. Raises as `find_leads`."""
    subjects, _pathway, why = _sources(services, source)
    with reading(services.engine) as connection:
        lead = find_known_lead(connection, text)
    linked = draft("lead.linked", Subject(kind="lead", id=lead.id), *subjects, personal=Reason(why=why))
    services.append(linked)
    return describe_lead(services, lead.id)


def assess_leads(services: Services, texts: Sequence[str], given: object) -> list[AssessedLead]:
    """Record one assessment for each of the leads, all or none.

    Raises FieldRefused, UnknownRecord, and VersionOutdated for a lead whose newest assessment is not the one that
    `revises` names.
    """
    stated = assessment(given)
    with reading(services.engine) as connection:
        leads = [find_known_lead(connection, text) for text in texts]
    meant = list(dict.fromkeys(leads))
    record_assessments(services, [(lead, stated) for lead in meant])
    return [describe_lead(services, lead.id) for lead in meant]


def record_assessments(services: Services, stated: Sequence[tuple[KnownLead, Assessment]]) -> None:
    """Record assessments, all or none; raises VersionOutdated as `assess_leads`, naming the first lead."""
    with reading(services.engine) as connection:
        newest = newest_assessments(connection, [lead.id for lead, _one in stated])
    for lead, one in stated:
        known = newest[lead.id].number or 0 if lead.id in newest else 0
        if one.revises != known:
            raise VersionOutdated(f"the assessment of {lead.label}", one.revises, known)

    services.append(*(_assessing(lead.id, one) for lead, one in stated), within=_alone([lead.id for lead, _ in stated]))


def _alone(leads: Sequence[str]) -> Callable[[Connection], None]:
    """Refuses, inside the transaction, what somebody else assessed a moment earlier."""

    def require(connection: Connection) -> None:
        for lead in assessed_at_once(connection, leads):
            newest = newest_assessments(connection, [lead])[lead].number or 0
            raise VersionOutdated(f"the assessment of lead {lead}", newest - 1, newest)

    return require


def assess_compactly(services: Services, leads: Iterable[Lead], why: str, removal_grounds: str = "") -> None:
    """Record the reason given while collecting as each lead's assessment, unless somebody has assessed it already."""
    stated = compact(why, removal_grounds)
    wanted = list(leads)
    for start in range(0, len(wanted), BATCH):
        batch = wanted[start : start + BATCH]
        with reading(services.engine) as connection:
            assessed = newest_assessments(connection, [lead.id for lead in batch])
        drafts = [
            _assessing(lead.id, stated, machine_event_id(services.log.id, lead.id, "lead.assessed", 1))
            for lead in batch
            if lead.id not in assessed
        ]
        services.append(*drafts, within=_alone([lead.id for lead in batch]))


def describe_lead(services: Services, text: str) -> AssessedLead:
    """A lead in full; raises UnknownRecord."""
    with reading(services.engine) as connection:
        lead = find_known_lead(connection, text)
        found = origins(connection, [lead.id]).get(lead.id, [])
        assessments = tuple(list_assessments(connection, lead.id))
        first = min((one.stated_at for one in assessments), default="")
        return AssessedLead(lead, tuple(found), assessments, first)


def leads_to_assess(services: Services, texts: Sequence[str], job: str) -> list[AssessedLead]:
    """The leads of these ids or numbers, or those of a job that nobody has assessed; raises UnknownRecord."""
    if texts:
        return [describe_lead(services, text) for text in texts]
    return wanted_leads(services, LeadFilter(job=job, unassessed=True))


def wanted_leads(services: Services, wanted: LeadFilter) -> list[AssessedLead]:
    """The leads that are meant, by number."""
    with reading(services.engine) as connection:
        return [one for one in assessed_leads(connection, job=wanted.job) if wanted.takes(one)]


def assessed_leads(connection: Connection, *, job: str = "") -> list[AssessedLead]:
    """Every lead with where it came from and its newest assessment, by number."""
    newest, found, first = newest_assessments(connection), origins(connection), first_assessed(connection)
    return [
        AssessedLead(
            lead,
            tuple(found.get(lead.id, ())),
            (newest[lead.id],) if lead.id in newest else (),
            first.get(lead.id, ""),
        )
        for lead in known_leads(connection, job=job)
    ]


def plain(found: AssessedLead) -> dict[str, Any]:
    """A lead as JSON gives it."""
    return {
        **asdict(found.lead),
        "number": found.lead.label,
        "origins": [asdict(one) for one in found.origins],
        "assessments": [plain_assessment(one) for one in found.assessments],
        "captured_before_assessed": found.captured_first,
    }


def plain_assessment(one: AssessmentRecord) -> dict[str, Any]:
    """An assessment as JSON gives it: its links are objects, as a sheet has them."""
    fields = asdict(one)
    return {**fields, "links": [{"kind": kind, "value": value} for kind, value in one.links]}


def sheet_assessments(given: Mapping[str, Any]) -> list[tuple[str, Assessment]]:
    """The leads and assessments of a sheet with a table `[[assessment]]` for each; raises FieldRefused."""
    entries = given.get("assessment")
    if set(given) != {"assessment"} or not isinstance(entries, list) or not entries:
        raise FieldRefused("sheet", (("assessment", "the sheet has a table [[assessment]] for each lead"),))
    found = []
    for place, entry in enumerate(entries):
        fields = dict(entry) if isinstance(entry, Mapping) else {}
        lead = fields.pop("lead", None)
        if not isinstance(lead, str):
            raise FieldRefused("sheet", ((f"assessment.{place}.lead", "names the lead, such as L-0001"),))
        found.append((lead, assessment(fields, f"assessment of {lead}")))
    return found


def assess_by_sheet(services: Services, given: Mapping[str, Any]) -> list[AssessedLead]:
    """Record every assessment of a sheet, all or none; raises as `assess_leads`."""
    stated = sheet_assessments(given)
    with reading(services.engine) as connection:
        leads = [(find_known_lead(connection, text), one) for text, one in stated]
    if len({lead.id for lead, _one in leads}) < len(leads):
        raise FieldRefused("sheet", (("lead", "is assessed twice in one sheet"),))
    record_assessments(services, leads)
    return [describe_lead(services, lead.id) for lead, _one in leads]


def _assessing(lead: str, one: Assessment, event: EventId | None = None) -> Draft:
    body = LeadAssessed(
        number=one.revises + 1,
        form=one.form,
        decision=one.decision,
        reliability=one.reliability,
        removal=one.removal,
        better_version=one.better_version,
    )
    words = AssessmentWords(
        relevance=one.relevance,
        links=tuple((link.kind.value, link.value) for link in one.links),
        reliability_basis=one.reliability_basis,
        removal_grounds=one.removal_grounds,
        safety=one.safety,
        duties=one.duties,
        precautions=one.precautions,
        reason=one.reason,
    )
    subject = Subject(kind="lead", id=lead)
    outcome = EventOutcome(status=one.decision.value)
    return draft("lead.assessed", subject, body=body, personal=words, outcome=outcome, id=event)


def _sources(services: Services, source: Source) -> tuple[tuple[Subject, ...], Pathway, str]:
    """The subjects that a lead came from, and its pathway; raises FieldRefused where there is none."""
    why = filled_in(_Why, {"why": source.why}, "lead").why
    with reading(services.engine) as connection:
        if source.search:
            search = find_search(connection, source.search)
            if source.inquiry and find_inquiry(connection, source.inquiry).id != search.inquiry:
                raise FieldRefused("lead", (("search", f"{search.label} is not a search of {source.inquiry}"),))
            subjects = (Subject(kind="inquiry", id=search.inquiry), Subject(kind="search", id=search.event))
            return subjects, Pathway.INQUIRY, why
        if source.inquiry:
            inquiry = find_inquiry(connection, source.inquiry)
            return (Subject(kind="inquiry", id=inquiry.id),), Pathway.INQUIRY, why
        if source.person:
            person = find_person(connection, source.person)
            return (Subject(kind="person", id=person.id),), Pathway.REFERRAL, why
    rule = "a lead names the inquiry, the search or the person that it came from"
    raise FieldRefused("lead", (("origin", rule),))


def is_compact(one: AssessmentRecord | None) -> bool:
    """Whether an assessment is only the reason that was given while collecting."""
    return one is not None and one.form == AssessmentForm.COMPACT
