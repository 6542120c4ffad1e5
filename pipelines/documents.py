"""The investigation's documents: recorded in versions, approved, read again. No version is lost to a later one."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from casefile.errors import UsageError
from casefile.events.envelope import Subject
from casefile.events.port import draft
from casefile.events.types import DocumentVersioned
from casefile.events.types_planning import DocumentApproved, Reason
from casefile.ids import EventId
from casefile.model import Value
from casefile.preparation.annexes import Dated, Landscape
from casefile.preparation.fields import Line, Prose, filled_in
from casefile.preparation.policies import Conflicts, Policy, Roles, Task
from casefile.preparation.sheets import NAMED, read_document, template, text_of
from casefile.records.documents import (
    ApprovalRecord,
    DocumentRecord,
    count_versions,
    list_approvals,
    list_documents,
    newest_documents,
    newest_number,
)
from casefile.records.engine import Connection, reading
from casefile.records.people import find_person, names_of
from casefile.refusals import FieldRefused, UnknownRecord, VersionOutdated
from casefile.vocabulary_planning import DocumentKind
from pipelines.services import Services

D = TypeVar("D", bound=Dated)


@dataclass(frozen=True, slots=True)
class Version:
    """A version of a document, with who approved it. `people` are the names of everybody, by their ids."""

    document: DocumentRecord
    approvals: tuple[ApprovalRecord, ...]
    people: Mapping[str, str]

    def named(self, text: str) -> str:
        """A person's name where that is the id of one; else the same words."""
        return self.people.get(text, text)

    @property
    def fields(self) -> Mapping[str, Any]:
        """What it says; empty where it was erased."""
        fields: Mapping[str, Any] = json.loads(self.document.text or "{}")
        return fields


class _Name(Value):
    name: Line


class _Why(Value):
    reason: Prose = ""


def record_document(services: Services, kind: DocumentKind, name: str, given: Mapping[str, Any]) -> Version:
    """Record a filled-in sheet as the next version of a document.

    Raises FieldRefused, UnknownPerson, and VersionOutdated when the sheet is not based on the newest version.
    """
    document, based_on = read_document(kind, given)
    with reading(services.engine) as connection:
        name = _named(connection, kind, name)
        document = with_ids(connection, document)
    append_version(services, kind, name, text_of(kind, document), document.review_by.isoformat(), based_on)
    return history(services, kind, name)[-1]


def append_version(  # noqa: PLR0913  (what a version consists of)
    services: Services, kind: str, name: str, text: str, review_by: str, based_on: int
) -> EventId:
    """Append the version after `based_on`; raises VersionOutdated, also when somebody else is a moment earlier."""
    what = f"{kind} {name}".strip()
    with reading(services.engine) as connection:
        newest = newest_number(connection, kind, name)
    if based_on != newest:
        raise VersionOutdated(what, based_on, newest)

    def alone(connection: Connection) -> None:
        if count_versions(connection, kind, name, based_on + 1) > 1:
            raise VersionOutdated(what, based_on, based_on + 1)

    body = DocumentVersioned(kind=kind, name=name, number=based_on + 1, text=text, review_by=review_by)
    (event,) = services.append(draft("document.versioned", body=body), within=alone)
    return event


def approve_document(services: Services, kind: DocumentKind, name: str, number: int, reason: str) -> Version:
    """Record that the person of this run approves the newest version of a document, which has that number.

    Its own author needs a reason: in a team of one nobody else is there. Raises VersionOutdated for another number.
    """
    why = filled_in(_Why, {"reason": reason}, "approval").reason
    newest = history(services, kind, name)[-1]
    if newest.document.number != number:
        raise VersionOutdated(f"{kind} {newest.document.name}".strip(), number, newest.document.number or 0)
    if newest.document.stated_by == services.person_id and not why:
        rule = "is needed from who wrote the version: why does nobody else approve it?"
        raise FieldRefused("approval", (("reason", rule),))
    body = DocumentApproved(kind=kind, name=newest.document.name or "", number=number)
    subject = Subject(kind="document", id=newest.document.event)
    services.append(draft("document.approved", subject, body=body, personal=Reason(why=why)))
    return history(services, kind, newest.document.name or "")[-1]


def history(services: Services, kind: DocumentKind, name: str = "") -> Sequence[Version]:
    """Every version of a document, oldest first; raises UnknownRecord when there is none."""
    with reading(services.engine) as connection:
        name = _named(connection, kind, name)
        found = list_documents(connection, kind, name)
        approvals, people = list_approvals(connection), names_of(connection)
    if not found:
        raise UnknownRecord("document", f"{kind} {name}".strip(), "plan list")
    return [Version(one, tuple(approvals.get(one.event, ())), people) for one in found]


def all_documents(services: Services, *, every_version: bool = False) -> list[Version]:
    """The newest version of each document, or every version of every one."""
    with reading(services.engine) as connection:
        known = list_documents(connection) if every_version else [*newest_documents(connection).values()]
        approvals, people = list_approvals(connection), names_of(connection)
    return [Version(one, tuple(approvals.get(one.event, ())), people) for one in known if one.kind in set(DocumentKind)]


def sheet_of(services: Services, kind: DocumentKind, name: str) -> str:
    """The sheet of the newest version of a document, to be changed; a blank one where there is none yet."""
    try:
        newest = history(services, kind, name)[-1]
    except UnknownRecord:
        return template(kind)
    return template(kind, newest.fields, newest.document.number or 0)


def newest_of(connection: Connection, kind: DocumentKind, form: type[D], name: str = "") -> D | None:
    """The newest version of a document as its form; None where there is none, or it was erased."""
    found = newest_documents(connection, kind).get((kind.value, name))
    return None if found is None or found.text is None else form.model_validate_json(found.text)


def landscape_languages(connection: Connection) -> tuple[str, ...]:
    """The languages that the digital landscape names."""
    landscape = newest_of(connection, DocumentKind.LANDSCAPE, Landscape)
    return landscape.language_tags if landscape else ()


def policy_of(connection: Connection) -> Policy | None:
    """The data policies in force."""
    return newest_of(connection, DocumentKind.POLICY, Policy)


def roles_of(connection: Connection) -> Roles | None:
    """Who does what."""
    return newest_of(connection, DocumentKind.ROLES, Roles)


def declaration_of(connection: Connection, person: str) -> Conflicts | None:
    """What a person, by id, has declared of their interests; None: nothing yet. What others record of them is no word
    of theirs.
    """
    own = [one for one in list_documents(connection, DocumentKind.CONFLICTS, person) if one.stated_by == person]
    return Conflicts.model_validate_json(own[-1].text) if own and own[-1].text is not None else None


def plain(version: Version) -> dict[str, Any]:
    """A version as JSON gives it."""
    one = version.document
    return {
        "kind": one.kind,
        "name": one.name,
        "named": version.named(one.name or ""),
        "number": one.number,
        "review_by": one.review_by,
        "recorded_at": one.stated_at,
        "recorded_by": one.stated_by,
        "approved": [
            {"by": known.stated_by, "at": known.stated_at, "reason": known.why} for known in version.approvals
        ],
        "fields": version.fields,
        "event": one.event,
    }


def _named(connection: Connection, kind: DocumentKind, name: str) -> str:
    """The name under which a document of that kind is kept."""
    if kind not in NAMED:
        if name:
            raise UsageError(f"there is one {kind} only; it has no name")
        return ""
    if not name:
        raise UsageError(f"there are several documents of the kind {kind}; say with --name which: {NAMED[kind]}")
    if kind is DocumentKind.CONFLICTS:
        return find_person(connection, name).id
    return filled_in(_Name, {"name": name}, kind).name


def with_ids(connection: Connection, document: Dated) -> Dated:
    """The same document with people by their ids."""
    if isinstance(document, Roles):
        assigned = tuple(
            one.model_copy(update={"person": find_person(connection, one.person).id}) for one in document.assignment
        )
        return Roles.model_validate(document.model_copy(update={"assignment": assigned}).model_dump())
    if isinstance(document, Task):
        return document.model_copy(update={"person": find_person(connection, document.person).id})
    return document
