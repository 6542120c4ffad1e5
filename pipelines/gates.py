"""Gates: what the Protocol asks for before something is done. They advise, unless they are told to enforce (law 8).

Material at risk is never delayed. What was missing is recorded with the reason for going on, and stays due.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from casefile.errors import GateRefused
from casefile.events.envelope import EventOutcome, Subject
from casefile.events.port import Draft, draft
from casefile.events.types import GateOverridden
from casefile.model import Value
from casefile.preparation.fields import Stated, filled_in
from casefile.preparation.policies import Bulk
from casefile.preparation.sheets import BEFORE_GOING_ONLINE
from casefile.records.documents import list_approvals, newest_documents
from casefile.records.engine import Connection
from casefile.vocabulary import GateMode, Purpose
from casefile.vocabulary_planning import DocumentKind
from pipelines.documents import newest_of
from pipelines.services import Services

PREPARATION, ASSESSMENT, DECISION, MINIMISATION = "preparation", "assessment", "decision", "minimisation"
NAMED = 20
"""Subjects that one record of a gate names."""

Note = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Lacking:
    """What a gate misses: in words, what settles it, and the leads or people concerned.

    `always` is true of a gate that people set themselves, such as a decision not to collect: it refuses in every mode.
    """

    gate: str
    said: str
    remedy: str
    subjects: tuple[Subject, ...] = ()
    always: bool = False


@dataclass(frozen=True, slots=True)
class Going:
    """How somebody wants to go on: for which purpose, over which objection, and whether the material is at risk."""

    purpose: Purpose = Purpose.WORK
    override: str = ""
    at_risk: bool = False


class _Override(Value):
    override: Stated


def mode_for(services: Services, purpose: Purpose) -> GateMode:
    """How strictly gates act for that purpose."""
    return GateMode.ENFORCE if purpose is Purpose.COURT else services.settings.gates.mode


def pass_gates(services: Services, lacking: Sequence[Lacking], going: Going, note: Note) -> None:
    """Go on although something is lacking, with a record of it; raises GateRefused where that is not allowed."""
    reason = filled_in(_Override, {"override": going.override}, "--override").override if going.override else ""
    mode = mode_for(services, going.purpose)
    refusing = [
        one for one in lacking if not reason and (one.always or (mode is GateMode.ENFORCE and not going.at_risk))
    ]
    if refusing:
        raise GateRefused(
            ", ".join(one.gate for one in refusing),
            "; ".join(one.said for one in refusing),
            " ".join([*dict.fromkeys(one.remedy for one in refusing), "Or say why not with --override REASON."]),
        )
    if lacking and mode is GateMode.WARN and not reason:
        for one in lacking:
            note(f"{one.gate}: {one.said}; {one.remedy}")
    if lacking:
        services.append(*(_overridden(one, mode, reason) for one in lacking))


def preparation_lacks(connection: Connection) -> list[Lacking]:
    """The plan, the risk assessment and the landscape, where one is missing or not approved (paragraph 108)."""
    newest, approvals = newest_documents(connection), list_approvals(connection)
    missing = [kind.value for kind in BEFORE_GOING_ONLINE if (kind.value, "") not in newest]
    unapproved = [
        kind.value
        for kind in BEFORE_GOING_ONLINE
        if (kind.value, "") in newest and newest[kind.value, ""].event not in approvals
    ]
    said = [f"no {' and no '.join(missing)} recorded"] if missing else []
    said += [f"{' and '.join(unapproved)} not approved"] if unapproved else []
    if not said:
        return []
    return [Lacking(PREPARATION, "; ".join(said), "`casefile due` lists what settles it.")]


def bulk_lacks(connection: Connection, job: str, count: int, limit: int) -> list[Lacking]:
    """The reasons and the cap of collecting very many addresses, where they are missing or passed (paragraph 31)."""
    bulk = newest_of(connection, DocumentKind.BULK, Bulk, job)
    if bulk is not None and count > bulk.cap:
        said = f"{count} addresses, and the cap of {job} is {bulk.cap}"
        remedy = (
            f"Shorten the list, or record a new version of the reasons: `casefile plan template bulk --name {job}`."
        )
        return [Lacking(MINIMISATION, said, remedy, always=True)]
    if bulk is not None or count <= limit:
        return []
    said = f"{count} addresses in one list, without purpose, necessity, proportionality and cap"
    return [Lacking(MINIMISATION, said, f"Fill in `casefile plan template bulk --name {job}`.")]


def _overridden(one: Lacking, mode: GateMode, reason: str) -> Draft:
    status = "overridden" if reason else _STATUS[mode]
    said = f"{reason} ({one.said})" if reason else f"{one.said}; gates.mode is {mode}"
    body = GateOverridden(gate=one.gate, reason=said)
    return draft("gate.overridden", *one.subjects[:NAMED], body=body, outcome=EventOutcome(status=status))


_STATUS = {GateMode.WARN: "warned", GateMode.RECORD: "recorded", GateMode.ENFORCE: "at-risk"}
