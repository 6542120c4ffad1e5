"""What has to be settled before items leave: assessments that are still blind, and the consent of whoever is shown."""

from __future__ import annotations

from collections.abc import Sequence

from casefile.errors import GateRefused
from casefile.events.envelope import Subject
from casefile.ids import PSEUDONYM, format_number
from casefile.records.engine import Connection, reading
from casefile.records.protection import guard_of
from casefile.records.queries import ItemRecord, find_items
from casefile.vocabulary_planning import ConsentUse
from pipelines.gates import Going, Lacking, Note, pass_gates
from pipelines.protecting import consents_lacking
from pipelines.services import Services
from pipelines.sight import is_hidden, states_of, viewer_of

BLIND, CONSENT = "second assessment", "consent"


def require_release(services: Services, items: Sequence[str], recipient: str, override: str, note: Note) -> None:
    """That these items, by id or number, may leave.

    A package would show one assessor what the other wrote: as long as that is hidden from whoever exports, nothing
    overrules it. Consent to sharing with this recipient is a gate. Raises GateRefused and UnknownItem.
    """
    with reading(services.engine) as connection:
        found = find_items(connection, items)
        states = states_of(connection, [one.id for one in found])
        blind = [one.label for one in found if is_hidden(states[one.id], viewer_of(services))]
        lacking = [gate for one in found for gate in _consents(services, connection, one, recipient)]
    if blind:
        raise GateRefused(
            BLIND,
            f"{', '.join(blind)}: an assessment is still hidden from whoever exports",
            "Hand both in, or end the review (`casefile review waive`), before anything leaves.",
        )
    pass_gates(services, lacking, Going(override=override), note)


def consent_to(services: Services, connection: Connection, item: str, recipient: str) -> str:
    """Who of those shown in an item has not consented to sharing it with this recipient, as one line; empty if none."""
    today = services.clock.read().wall.date()
    lacking = consents_lacking(connection, item, ConsentUse.SHARING, recipient, today)
    return f"not given: {', '.join(format_number(one.number, PSEUDONYM) for one in lacking)}" if lacking else ""


def sensitivity_of(connection: Connection, item: str) -> tuple[str, bool]:
    """The class of an item, empty where nobody stated one, and whether it is hard to look at."""
    guard = guard_of(connection, item)
    if guard is None:
        return "", False
    return guard.sensitivity.value, guard.graphic or guard.sexual_violence


def _consents(services: Services, connection: Connection, item: ItemRecord, recipient: str) -> list[Lacking]:
    said = consent_to(services, connection, item.id, recipient)
    if not said:
        return []
    remedy = "Record it with `casefile protect consent`."
    return [
        Lacking(CONSENT, f"{item.label}, to {ConsentUse.SHARING}: {said}", remedy, (Subject(kind="item", id=item.id),))
    ]
