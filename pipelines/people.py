"""People: recording investigators and sources, and finding a source again by its name."""

from __future__ import annotations

from casefile.errors import UsageError
from casefile.events.envelope import Subject
from casefile.events.port import draft
from casefile.events.types import PersonalName, PersonRecorded
from casefile.people import Person
from casefile.records.engine import reading
from casefile.records.people import list_people
from casefile.vocabulary import PersonKind
from pipelines.services import Services


def record_person(services: Services, name: str, kind: PersonKind, note: str = "") -> Person:
    """Record somebody. An investigator's name must be new, so that `--as NAME` stays unambiguous."""
    name = name.strip()
    if not name:
        raise UsageError("a person needs a name")
    with reading(services.engine) as connection:
        known = [person for person in list_people(connection) if person.name == name]
    if known:
        raise UsageError(f"somebody of this name is recorded already, as {known[0].id}")
    person = Person(id=services.clock.mint(), name=name, kind=kind)
    services.append(
        draft(
            "person.recorded",
            Subject(kind="person", id=person.id),
            body=PersonRecorded(kind=kind),
            personal=PersonalName(name=name, note=note),
        )
    )
    return person


def source_of(services: Services, name: str) -> Person:
    """The person of that id or name; recorded as a source when nobody has it yet."""
    with reading(services.engine) as connection:
        known = [person for person in list_people(connection) if name in (person.name, person.id)]
    if len(known) == 1:
        return known[0]
    return record_person(services, name, PersonKind.SOURCE)
