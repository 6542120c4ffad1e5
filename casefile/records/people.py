"""Reading who is recorded."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Row, or_, select

from casefile.errors import UnknownPerson
from casefile.people import Person
from casefile.records.engine import tables
from casefile.vocabulary import PersonKind


def find_person(connection: Connection, text: str) -> Person:
    """The person of that id or unique name; raises UnknownPerson."""
    table = tables("view_")["view_person"]
    rows = connection.execute(select(table).where(or_(table.c.id == text, table.c.name == text))).all()
    if len(rows) != 1:
        raise UnknownPerson(text)
    return _person(rows[0])


def list_people(connection: Connection) -> list[Person]:
    """Everybody who is recorded, in the order of recording."""
    table = tables("view_")["view_person"]
    return [_person(row) for row in connection.execute(select(table).order_by(table.c.recorded_at, table.c.id))]


def _person(row: Row[Any]) -> Person:
    return Person(id=row.id, name=row.name, kind=PersonKind(row.kind or PersonKind.SOURCE))


def names_of(connection: Connection) -> dict[str, str]:
    """The name of everybody, by id; of whom it was erased, that."""
    return {person.id: person.name or "(erased)" for person in list_people(connection)}
