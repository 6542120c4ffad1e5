"""What a request to collect is allowed to capture: which leads it means, what is lacking, what was decided against."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from casefile.events.envelope import Subject
from casefile.ids import LEAD, is_uuid, parse_number
from casefile.leads import Lead
from casefile.records.engine import Connection, reading
from casefile.records.leads import (
    TO_COLLECT,
    AssessmentRecord,
    KnownLead,
    decided,
    find_known_lead,
    known_leads,
    newest_assessments,
)
from casefile.vocabulary import GateMode, Purpose
from casefile.vocabulary_planning import AssessmentForm, Decision, Level
from pipelines.gates import (
    ASSESSMENT,
    DECISION,
    NAMED,
    Going,
    Lacking,
    Note,
    bulk_lacks,
    mode_for,
    pass_gates,
    preparation_lacks,
)
from pipelines.services import Services


@dataclass(frozen=True, slots=True)
class Asked:
    """What a request names: leads that are known, new addresses, and the rows' addresses by the ids of their leads."""

    known: tuple[KnownLead, ...] = ()
    locators: tuple[str, ...] = ()
    rows: Mapping[str, str] = field(default_factory=dict)
    job: str = ""
    why: str = ""


@dataclass(frozen=True, slots=True)
class Admitted:
    """By the id of a lead, or by its address where it was not known, why it is not captured now."""

    refused: Mapping[str, str]

    def against(self, lead: Lead) -> str | None:
        """Why this lead is not captured now; nothing where it may be."""
        return self.refused.get(lead.id) or self.refused.get(lead.locator)


def leads_meant(services: Services, texts: Sequence[str], *, assessed: bool) -> tuple[tuple[KnownLead, ...], list[str]]:
    """The leads that numbers such as L-0001 name, and the texts that are addresses.

    With `assessed` also every lead that somebody decided to collect and that no capture holds yet.
    """
    numbers = [text for text in texts if parse_number(text, LEAD) is not None]
    with reading(services.engine) as connection:
        meant = {lead.id: lead for lead in (find_known_lead(connection, text) for text in numbers)}
        if assessed:
            decided_so = newest_assessments(connection)
            wanted = [lead for lead, one in decided_so.items() if one.decision in TO_COLLECT]
            meant |= {lead.id: lead for lead in known_leads(connection, ids=wanted) if not lead.captured}
    return tuple(meant.values()), [text for text in texts if text not in numbers]


def admit(services: Services, asked: Asked, going: Going, note: Note) -> Admitted:
    """Judge a request before anything is fetched; raises GateRefused when nothing of it may go on.

    A lead that is likely to be removed goes on whatever is lacking; others that may not are in the answer.
    """
    ids = [*(lead.id for lead in asked.known), *asked.rows]
    with reading(services.engine) as connection:
        newest = newest_assessments(connection, ids)
        against = _against(connection, asked, newest)
        without = _without(asked, newest, ids, going)
        lacking = [*preparation_lacks(connection), *_unassessed(without, len(ids) + len(asked.locators), going)]
        if asked.job:
            lacking += bulk_lacks(connection, asked.job, len(asked.rows), services.settings.gates.bulk)
    for one in newest.values():
        if one.decision == Decision.WITH_PRECAUTIONS and one.precautions:
            note(f"precautions: {one.precautions}")
    if against and (going.override or len(against) == len(ids) + len(asked.locators)):
        lacking.append(_decision(against))
        against = {}
    urgent = {lead for lead, one in newest.items() if one.removal == Level.HIGH and lead not in against}
    if urgent and not asked.locators and not going.override and mode_for(services, going.purpose) is GateMode.ENFORCE:
        pass_gates(services, lacking, replace(going, at_risk=True), note)
        waiting = ids if any(one.gate != ASSESSMENT for one in lacking) else without
        said = "; ".join(f"refused by {one.gate}: {one.said}" for one in lacking)
        return Admitted({**{lead: said for lead in waiting if lead not in urgent}, **against})
    pass_gates(services, lacking, going, note)
    return Admitted(against)


def _against(connection: Connection, asked: Asked, newest: Mapping[str, AssessmentRecord]) -> dict[str, str]:
    """By lead or address, the decision against collecting it: its own, or the newest one on its address."""
    places = {
        **{lead.id: lead.locator or "" for lead in asked.known},
        **asked.rows,
        **{one: one for one in asked.locators},
    }
    on_address = decided(connection, sorted(set(places.values())))
    found = {}
    for name, locator in places.items():
        for one in (newest.get(name), on_address.get(locator)):
            if one is not None and one.decision == Decision.DO_NOT_COLLECT:
                found[name] = f"somebody decided not to collect this: {one.reason or '(erased)'}"
    return found


def _decision(against: Mapping[str, str]) -> Lacking:
    one = next(iter(against.values()))
    said = one if len(against) == 1 else f"somebody decided not to collect {len(against)} of these"
    remedy = "Assess the lead anew with `casefile assess LEAD --revises N`."
    return Lacking(DECISION, said, remedy, _leads_among(list(against)), always=True)


def _without(asked: Asked, newest: Mapping[str, AssessmentRecord], ids: Sequence[str], going: Going) -> list[str]:
    """The leads and addresses without an assessment. A reason given now amounts to a compact one, which no court is
    shown for a full one."""
    court = going.purpose is Purpose.COURT
    if asked.why and not court:
        return []
    enough = {lead for lead, one in newest.items() if not (court and one.form == AssessmentForm.COMPACT)}
    return [*(lead for lead in ids if lead not in enough), *asked.locators]


def _unassessed(without: Sequence[str], total: int, going: Going) -> list[Lacking]:
    if not without:
        return []
    kind = "full preliminary assessment" if going.purpose is Purpose.COURT else "preliminary assessment"
    said = f"{len(without)} of {total} have no {kind}"
    remedy = "Record where it came from (`casefile lead add`), then assess it (`casefile assess LEAD`)."
    return [Lacking(ASSESSMENT, said, remedy, _leads_among(without))]


def _leads_among(names: Sequence[str]) -> tuple[Subject, ...]:
    return tuple(Subject(kind="lead", id=name) for name in names if is_uuid(name))[:NAMED]
