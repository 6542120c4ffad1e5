"""How an investigation as a whole stands against its obligations: a rule for each that events alone do not show."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from casefile.errors import RecordUnreadable
from casefile.events.envelope import PartName
from casefile.events.types import Erased, payload
from casefile.events.types_packages import PackageRecipient
from casefile.records.acts import list_acts
from casefile.records.engine import Connection, reading
from casefile.records.monitors import list_monitors
from casefile.records.newest import newest_statements
from casefile.records.protection import newest_consents
from casefile.records.reading import read_events_of
from casefile.records.timestamps import list_timestamps
from casefile.vocabulary_planning import DocumentKind
from pipelines.assessing import assessed_leads
from pipelines.conformance_of_planning import PLANNING_RULES
from pipelines.elements import matrix
from pipelines.gates import PREPARATION, preparation_lacks
from pipelines.investigation_facts import Investigation, gates_passed, reason_of
from pipelines.releasing import CONSENT
from pipelines.replicas import lacking, list_replicas
from pipelines.sight import viewer_of
from pipelines.timestamps import standings
from verification.obligations import Obligation, Standing, Stands, met, not_applicable, not_met, stands_by_events


def stands_of(one: Investigation, obligation: Obligation) -> Stands:
    """How the investigation stands against an obligation of its own."""
    if not obligation.rule:
        return stands_by_events(obligation, one.newest)
    try:
        rule = RULES[obligation.rule]
    except KeyError as error:
        raise RecordUnreadable("obligations", f"there is no rule {obligation.rule}") from error
    with reading(one.services.engine) as rows:
        return rule(one, rows)


def _prepared(one: Investigation, rows: Connection) -> Stands:
    missing = preparation_lacks(rows)
    if not missing:
        return met("plan, risks and landscape are approved", *one.last("document.approved"))
    passed = gates_passed(rows, PREPARATION)
    said = "; ".join(lack.said for lack in missing)
    if passed:
        return Stands(Standing.OVERRIDDEN, f"{reason_of(passed[-1])}; now: {said}", (passed[-1].event,))
    return not_met(said, *one.last("document.versioned plan"))


def _reviewed(one: Investigation, _rows: Connection) -> Stands:
    late = one.due_of("review")
    events = one.last(*(f"document.versioned {kind}" for kind in (DocumentKind.PLAN, DocumentKind.RISK)))
    if late:
        return not_met("; ".join(late), *events)
    if events == (one.opened,):
        return not_met("there is neither a plan nor a risk assessment", *events)
    return met("nothing is past the day of its review", *events)


def _declared(one: Investigation, _rows: Connection) -> Stands:
    missing = one.due_of("undeclared")
    events = one.last("document.versioned conflicts")
    return not_met("; ".join(missing), *events) if missing else met("everybody has declared their interests", *events)


def _agreements(_one: Investigation, rows: Connection) -> Stands:
    released = list(read_events_of(rows, "package.released"))
    without = []
    for entry in released:
        said = payload(entry.event, PartName.PERSONAL, PackageRecipient)
        if isinstance(said, Erased) or not said.agreement.strip():
            without.append(entry.event.envelope.id)
    if not released:
        return not_applicable("nothing was handed over")
    if without:
        return not_met(f"{len(without)} of {len(released)} packages name no agreement", *without[:5])
    return met(f"{len(released)} packages, each under an agreement", *(one.event.envelope.id for one in released[-5:]))


def _monitors(one: Investigation, rows: Connection) -> Stands:
    watches = list_monitors(rows)
    if not watches:
        return not_applicable("nothing is watched")
    stated = {name: row.event for name, row in newest_statements(rows, "view_monitor", "monitor").items()}
    without = [watch for watch in watches if not (watch.why and watch.owner and watch.operator and watch.interval_s)]
    if without:
        names = ", ".join(watch.name for watch in without)
        said = f"without justification, owner, operator or frequency: {names}"
        return not_met(said, *(stated[watch.id] for watch in without))
    return met(f"{len(watches)} watches with all four", *one.last("monitor.stated"))


def _assessed_first(one: Investigation, rows: Connection) -> Stands:
    leads = assessed_leads(rows)
    late = [lead.lead.label for lead in leads if lead.captured_first and lead.newest is not None]
    never = [lead.lead.label for lead in leads if lead.captured_first and lead.is_unassessed]
    if late or never:
        said = f"{len(late)} leads were captured before they were assessed, {len(never)} were never assessed"
        return not_met(said, *one.last("lead.assessed"))
    if not any(lead.newest for lead in leads):
        return (
            not_applicable("nothing found online was captured")
            if not leads
            else not_met("no lead is assessed", *one.last("lead.assessed"))
        )
    return met("each lead was assessed before it was captured", *one.last("lead.assessed"))


def _replicas(one: Investigation, rows: Connection) -> Stands:
    missing = lacking(list_replicas(rows), one.services.settings.replicas, one.services.clock.read().wall)
    events = one.last("replica.checked", "replica.stated")
    if missing:
        return not_met("; ".join(missing), *events)
    return met("copies, media and sites as asked for, proved whole", *events)


def _refreshed(one: Investigation, rows: Connection) -> Stands:
    acts = [act for act in list_acts(rows, "custody.changed") if '"backup"' in (act.body or "")]
    events = [
        *(act.event for act in acts[-1:]),
        *(one.newest[name] for name in ("object.repaired",) if name in one.newest),
    ]
    if events:
        return met("copied to a further medium, original digests compared; no format is migrated", *events)
    return not_met("nothing was copied to a further medium yet", one.opened)


def _stamped(one: Investigation, rows: Connection) -> Stands:
    records = list_timestamps(rows)
    confirmed = [record.event for record in records if record.confirmed]
    pending = [
        f"{standing.authority} is {standing.state}"
        for standing in standings(one.services)
        if standing.state != "confirmed"
    ]
    if not confirmed:
        said = "; ".join(pending) or "no time authority is configured"
        return not_met(said, *(record.event for record in records[-1:]))
    more = f"; {'; '.join(pending)}" if pending else ""
    return met(f"{len(confirmed)} tokens are stored{more}", confirmed[-1])


def _consents(one: Investigation, rows: Connection) -> Stands:
    if "pseudonym.stated" not in one.newest:
        return not_applicable("nobody is recorded as shown or named")
    passed = gates_passed(rows, CONSENT)
    if passed:
        return Stands(Standing.OVERRIDDEN, f"on another basis than consent, {len(passed)} times", (passed[-1].event,))
    given = sum(1 for consent in newest_consents(rows) if consent.given)
    return met(
        f"{given} consents; without one nothing leaves but on a recorded basis",
        *one.last("consent.stated", "pseudonym.stated"),
    )


def _elements(one: Investigation, rows: Connection) -> Stands:
    stated = matrix(rows, viewer_of(one.services))
    without = [element for element in stated if not element.supported]
    if not stated:
        return not_met("no element of a crime is stated")
    if without:
        said = ", ".join(element.label for element in without)
        return not_met(f"nothing supports {said}", *(element.event for element in without))
    return met(f"{len(stated)} elements, each with an item", *(element.event for element in stated))


RULES: Mapping[str, Callable[[Investigation, Connection], Stands]] = {
    **PLANNING_RULES,
    "prepared": _prepared,
    "reviewed": _reviewed,
    "declared": _declared,
    "agreements": _agreements,
    "monitors": _monitors,
    "assessed_first": _assessed_first,
    "replicas": _replicas,
    "refreshed": _refreshed,
    "stamped": _stamped,
    "consents": _consents,
    "elements": _elements,
}
"""By the name that the table of obligations gives."""
