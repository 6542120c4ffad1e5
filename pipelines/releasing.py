"""What has to be settled before items leave: assessments that are still blind, and the consent of whoever is shown."""

from __future__ import annotations

import shlex
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from casefile.errors import GateRefused
from casefile.events.envelope import Subject
from casefile.ids import PSEUDONYM, format_number
from casefile.preparation.policies import Agreement
from casefile.records.assessments import list_claims
from casefile.records.documents import list_documents
from casefile.records.engine import Connection, reading
from casefile.records.protection import guard_of
from casefile.records.queries import ItemFilter, ItemRecord, find_items, list_items
from casefile.vocabulary import GateMode, Purpose
from casefile.vocabulary_planning import ConsentUse, DocumentKind
from disclosure.contents import Earlier
from pipelines.gates import Going, Lacking, Note, mode_for, pass_gates
from pipelines.protecting import consents_lacking, require_sight_of_all
from pipelines.services import Services
from pipelines.sight import is_hidden, states_of, viewer_of

BLIND, CONSENT, AGREEMENT = "second assessment", "consent", "agreement"


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked for: items by id or number, for whom, without names, without other items of their captures, and
    the agreement that whoever asks names. What is in `since` already is cited and not there again.
    """

    items: tuple[str, ...]
    recipient: str
    pseudonymous: bool = False
    only: bool = False
    agreement: str = ""
    since: Earlier | None = None


def require_release(services: Services, asked: Asked, override: str, note: Note) -> None:
    """That what a package of these items holds may leave.

    It would show one assessor what the other wrote, of the items or in a conclusion that rests on others too: as long
    as that is hidden from whoever exports, nothing overrules it. Without the consent of whoever is shown, in
    what comes along too, to sharing with this recipient, nothing leaves but for a reason, the legal basis (199). Nor
    does it under an agreement that has ended, unless another one is named; where none is recorded, named or not, the
    gate acts as the settings say (131).
    Raises GateRefused and UnknownItem.
    """
    with reading(services.engine) as connection:
        found = list({one.id: one for one in find_items(connection, asked.items)}.values())
        told = list_items(connection, ItemFilter(ids=tuple(_told_of(connection, found))))
        states = states_of(connection, [one.id for one in told])
        blind = [one.label for one in told if is_hidden(states[one.id], viewer_of(services))]
        coming = found if asked.only else _with_their_captures(connection, found)
        lacking = [gate for one in coming for gate in _consents(services, connection, one, asked.recipient)]
        lacking += _agreements(services, connection, asked)
    if blind:
        raise GateRefused(
            BLIND,
            f"{', '.join(blind)}: an assessment is still hidden from whoever exports",
            "Hand both in, or end the review (`casefile review waive`), before anything leaves.",
        )
    pass_gates(services, lacking, Going(override=override), note)
    require_sight_of_all(services, coming, "asked for in a package", note)


def agreement_with(connection: Connection, recipient: str) -> Agreement | None:
    """The newest agreement that is recorded with a recipient; case, blanks and Unicode form of names decide nothing."""
    text = next(
        (
            one.text
            for one in reversed(list_documents(connection, DocumentKind.AGREEMENT))
            if _folded(one.name or "") == _folded(recipient)
        ),
        None,
    )
    return None if text is None else Agreement.model_validate_json(text)


def condition_of(connection: Connection, asked: Asked) -> str:
    """Under what a recipient gets something: the agreement, and what that allows where it is the recorded one."""
    known = agreement_with(connection, asked.recipient)
    if known is None or asked.agreement.strip() not in ("", known.agreement):
        return f"under {asked.agreement.strip()}" if asked.agreement.strip() else ""
    said = [f"under {known.agreement}", f"for {known.purpose}", known.conditions, f"until {known.until}"]
    return "; ".join(one for one in said if one)


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


def _told_of(connection: Connection, items: Sequence[ItemRecord]) -> set[str]:
    """The items, and those that the claims about them are about too: conclusions go along."""
    claims = [claim for one in items for claim in list_claims(connection, item=one.id)]
    return {one.id for one in items} | {id_ for claim in claims for id_ in claim.items}


def _with_their_captures(connection: Connection, items: Sequence[ItemRecord]) -> list[ItemRecord]:
    captures = dict.fromkeys(one.capture for one in items)
    return [
        one for capture in captures for one in list_items(connection, ItemFilter(capture=capture)) if not one.erased_at
    ]


def _agreements(services: Services, connection: Connection, asked: Asked) -> list[Lacking]:
    known = agreement_with(connection, asked.recipient)
    remedy = f"Record it: `casefile plan template agreement --name {shlex.quote(asked.recipient)}`."
    if known is not None and known.until >= services.clock.read().wall.date():
        return []
    if known is not None and asked.agreement.strip() in ("", known.agreement):
        return [Lacking(AGREEMENT, f"the agreement with {asked.recipient} ended on {known.until}", remedy, always=True)]
    said, documents = f"no agreement with {asked.recipient} is recorded or named", list_documents(connection)
    if any(one.kind is None for one in documents):
        said = f"a document was erased that may have been the agreement with {asked.recipient}: its terms are unknown"
    elif asked.agreement.strip():
        said = f"an agreement with {asked.recipient} is named and not recorded: until when it holds is unknown"
        # A team that records no agreements at all names them, which suffices as long as gates only advise.
        if mode_for(services, Purpose.WORK) is not GateMode.ENFORCE and DocumentKind.AGREEMENT not in {
            one.kind for one in documents
        }:
            return []
    return [Lacking(AGREEMENT, said, remedy)]


def _folded(name: str) -> str:
    """The form in which recipients are the same."""
    return " ".join(unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold()).split())


def _consents(services: Services, connection: Connection, item: ItemRecord, recipient: str) -> list[Lacking]:
    said = consent_to(services, connection, item.id, recipient)
    if not said:
        return []
    remedy = "Record it with `casefile protect consent`."
    return [
        Lacking(
            CONSENT,
            f"{item.label}, to {ConsentUse.SHARING}: {said}",
            remedy,
            (Subject(kind="item", id=item.id),),
            always=True,
        )
    ]
