"""People who are protected: pseudonyms, consent, and items that are kept closely. Each is a statement in the log."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict
from datetime import date
from typing import Any

from casefile.errors import GateRefused, UsageError
from casefile.events.envelope import EventOutcome, Subject
from casefile.events.port import draft
from casefile.events.types import AccessLogged
from casefile.events.types_planning import Reason
from casefile.events.types_protection import (
    ConsentStated,
    ConsentWords,
    ItemGuarded,
    PseudonymStated,
    PseudonymWords,
    RealName,
)
from casefile.model import Value
from casefile.preparation.fields import Stated, filled_in
from casefile.preparation.protection import Consent, Guard, Protected, Withdrawal, in_force
from casefile.records.engine import Connection, reading
from casefile.records.people import find_person, list_people
from casefile.records.protection import (
    ConsentRecord,
    GuardRecord,
    PseudonymRecord,
    find_pseudonym,
    guard_of,
    items_showing,
    list_consents,
    list_guards,
    list_pseudonyms,
    newest_consents,
    newest_guards,
    people_shown,
    real_name,
)
from casefile.records.queries import ItemRecord, find_items
from casefile.refusals import FieldRefused, VersionOutdated
from casefile.vocabulary import GateMode, PersonKind
from casefile.vocabulary_planning import ConsentUse, Sensitivity
from pipelines.documents import policy_of, roles_of
from pipelines.services import Services

LINKED = 50
"""Items that one event names."""

Note = Callable[[str], None]


class _Why(Value):
    reason: Stated


def state_pseudonym(services: Services, given: object) -> PseudonymRecord:
    """Record somebody under a pseudonym; a real name goes into the protected part and nowhere else.

    Raises FieldRefused, also for a pseudonym that another person has, here or by their own name.
    """
    stated = filled_in(Protected, given, "pseudonym")
    with reading(services.engine) as connection:
        taken = {one.pseudonym for one in list_pseudonyms(connection)} | {one.name for one in list_people(connection)}
    if stated.pseudonym in taken:
        raise FieldRefused("pseudonym", (("pseudonym", "is the name of somebody else in this investigation"),))
    known = services.clock.mint()
    services.append(
        draft(
            "pseudonym.stated",
            Subject(kind="pseudonym", id=known),
            body=PseudonymStated(role=stated.role, named=bool(stated.real_name)),
            personal=PseudonymWords(pseudonym=stated.pseudonym, note=stated.note),
            protected=RealName(real_name=stated.real_name) if stated.real_name else None,
        )
    )
    with reading(services.engine) as connection:
        return find_pseudonym(connection, known)


def reveal_name(services: Services, text: str, reason: str, approved_by: str) -> str | None:
    """The real name behind a pseudonym, None where none is kept. Who reads it, why, and who approved is recorded first.

    Raises FieldRefused when whoever reads it is the one who approves, or approves without being an investigator.
    """
    why = filled_in(_Why, {"reason": reason}, "reveal").reason
    with reading(services.engine) as connection:
        known = find_pseudonym(connection, text)
        approver = find_person(connection, approved_by)
    if approver.id == services.person_id or approver.kind is not PersonKind.INVESTIGATOR:
        raise FieldRefused("reveal", (("approved_by", "has to be another investigator than who reads the name"),))
    looked = AccessLogged(act="unsealed", detail=f"approved by {approver.id}: {why}")
    services.append(draft("access.logged", Subject(kind="pseudonym", id=known.id), body=looked))
    with reading(services.engine) as connection:
        return real_name(connection, known)


def link_items(services: Services, text: str, items: Sequence[str], why: str = "") -> PseudonymRecord:
    """Say which items show or name somebody; raises UnknownRecord or UnknownItem."""
    if not items:
        raise UsageError("name at least one item")
    with reading(services.engine) as connection:
        known = find_pseudonym(connection, text)
        subjects = [Subject(kind="item", id=one.id) for one in find_items(connection, items)]
    about = Subject(kind="pseudonym", id=known.id)
    reason = filled_in(_Why, {"reason": why}, "link").reason if why else ""
    services.append(
        *(
            draft("pseudonym.linked", about, *subjects[start : start + LINKED], personal=Reason(why=reason))
            for start in range(0, len(subjects), LINKED)
        )
    )
    return known


def give_consent(services: Services, text: str, given: object) -> list[ConsentRecord]:
    """Record a consent for one use by one recipient, until a day; all that the person now consents to.

    Raises FieldRefused, and VersionOutdated where a statement is there that this one does not say it revises: so
    nobody who missed a withdrawal records over it.
    """
    consent = filled_in(Consent, given, "consent")
    if consent.until <= services.clock.read().wall.date():
        raise FieldRefused("consent", (("until", "is past"),))
    body = ConsentStated(number=consent.revises + 1, use=consent.use, given=True, until=consent.until.isoformat())
    return _consenting(services, text, body, ConsentWords(recipient=consent.recipient, how=consent.how))


def withdraw_consent(services: Services, text: str, given: object) -> list[ConsentRecord]:
    """Record that a consent is withdrawn; it holds for nothing from then on. Raises as `give_consent`."""
    withdrawal = filled_in(Withdrawal, given, "consent")
    body = ConsentStated(number=withdrawal.revises + 1, use=withdrawal.use, given=False)
    return _consenting(services, text, body, ConsentWords(recipient=withdrawal.recipient, how=withdrawal.how))


def _consenting(services: Services, text: str, body: ConsentStated, words: ConsentWords) -> list[ConsentRecord]:
    with reading(services.engine) as connection:
        known = find_pseudonym(connection, text)
        numbers = _numbers(connection, known.id, body.use, words.recipient)
    what = f"the consent of {known.label} to {body.use} by {words.recipient}"
    if body.number - 1 != max(numbers, default=0):
        raise VersionOutdated(what, body.number - 1, max(numbers, default=0))

    def alone(connection: Connection) -> None:
        if _numbers(connection, known.id, body.use, words.recipient).count(body.number) > 1:
            raise VersionOutdated(what, body.number - 1, body.number)

    outcome = EventOutcome(status="given" if body.given else "withdrawn")
    subject = Subject(kind="pseudonym", id=known.id)
    services.append(draft("consent.stated", subject, body=body, personal=words, outcome=outcome), within=alone)
    with reading(services.engine) as connection:
        return newest_consents(connection, known.id)


def _numbers(connection: Connection, pseudonym: str, use: str, recipient: str) -> list[int]:
    known = list_consents(connection, pseudonym)
    return [one.number or 0 for one in known if (one.use, one.recipient) == (use, recipient)]


def consents_lacking(
    connection: Connection, item: str, use: ConsentUse, recipient: str, today: date
) -> list[PseudonymRecord]:
    """Who is shown in an item, by id, and does not consent today to this use by this recipient."""
    lacking = []
    for pseudonym in people_shown(connection, item):
        holding = [
            one
            for one in newest_consents(connection, pseudonym)
            if one.use == use and one.recipient == recipient and in_force(bool(one.given), one.until, today)
        ]
        if not holding:
            lacking.append(find_pseudonym(connection, pseudonym))
    return lacking


def guard_items(services: Services, texts: Sequence[str], given: object) -> list[GuardRecord]:
    """Say how closely items are kept, and what they show; all or none. Raises FieldRefused and VersionOutdated."""
    stated = filled_in(Guard, given, "guard")
    with reading(services.engine) as connection:
        items = find_items(connection, list(dict.fromkeys(texts)))
        for item in items:
            known = guard_of(connection, item.id)
            if stated.revises != (known.number if known else 0):
                raise VersionOutdated(f"the guard of {item.label}", stated.revises, known.number if known else 0)

    def alone(connection: Connection) -> None:
        for item in items:
            if sum(one.number == stated.revises + 1 for one in list_guards(connection, item.id)) > 1:
                raise VersionOutdated(f"the guard of {item.label}", stated.revises, stated.revises + 1)

    body = ItemGuarded(
        number=stated.revises + 1,
        sensitivity=stated.sensitivity,
        graphic=stated.graphic,
        sexual_violence=stated.sexual_violence,
    )
    reason = Reason(why=stated.reason)
    subjects = [Subject(kind="item", id=item.id) for item in items]
    services.append(*(draft("item.guarded", one, body=body, personal=reason) for one in subjects), within=alone)
    with reading(services.engine) as connection:
        return [known for item in items if (known := guard_of(connection, item.id)) is not None]


def require_sight(services: Services, text: str, act: str, note: Note) -> GuardRecord | None:
    """Judge whether whoever acts may see an item, and record that they do when it is kept closely.

    Raises GateRefused where gates are enforced and the access policy gives none of the person's roles that class.
    """
    with reading(services.engine) as connection:
        item = find_items(connection, [text])[0]
        guard = guard_of(connection, item.id)
        if guard is None or guard.sensitivity is Sensitivity.ORDINARY:
            return guard
        policy, roles = policy_of(connection), roles_of(connection)
    held = roles.of(services.person_id) if roles else ()
    if policy is None or not any(policy.access.allows(role, guard.sensitivity) for role in held):
        said = f"{item.label} is {guard.sensitivity}, and no role of yours may see that by the access policy"
        if services.settings.gates.mode is GateMode.ENFORCE:
            remedy = "The roles are in `casefile plan show roles`, what each may see in `casefile plan show policy`."
            raise GateRefused("access", said, remedy)
        if services.settings.gates.mode is GateMode.WARN:
            note(said)
    services.append(draft("access.logged", Subject(kind="item", id=item.id), body=AccessLogged(act=act)))
    return guard


def require_sight_of_all(services: Services, items: Sequence[ItemRecord], act: str, note: Note) -> None:
    """The same of many items at once: of those that are kept closely, one refusal refuses all."""
    with reading(services.engine) as connection:
        closely = {
            item for item, guard in newest_guards(connection).items() if guard.sensitivity != Sensitivity.ORDINARY
        }
    for one in items:
        if one.id in closely:
            require_sight(services, one.id, act, note)


def describe_pseudonym(services: Services, text: str) -> dict[str, Any]:
    """Somebody under a pseudonym with every statement of their consent and the items that show them; no name."""
    with reading(services.engine) as connection:
        known = find_pseudonym(connection, text)
        consents = list_consents(connection, known.id)
        items = items_showing(connection, known.id)
    return {**asdict(known), "number": known.label, "consents": [asdict(one) for one in consents], "items": items}


def list_protected(services: Services) -> list[PseudonymRecord]:
    """Everybody under a pseudonym."""
    with reading(services.engine) as connection:
        return list_pseudonyms(connection)
