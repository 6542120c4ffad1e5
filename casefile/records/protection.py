"""Reading pseudonyms, consents, and how closely items are kept. The newest statement is the last in the log."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

from sqlalchemy import ColumnElement, Connection, Table, select

from casefile.events.envelope import PartName
from casefile.events.types import Erased, payload
from casefile.events.types_protection import RealName
from casefile.ids import PSEUDONYM, format_number, parse_number
from casefile.records.engine import tables
from casefile.records.newest import newest_statements
from casefile.records.reading import read_event
from casefile.refusals import UnknownRecord
from casefile.vocabulary_planning import Sensitivity


@dataclass(frozen=True, slots=True)
class PseudonymRecord:
    """Somebody under a pseudonym; `named` is whether their name is kept. What was erased is None."""

    id: str
    number: int
    event: str
    role: str | None
    named: bool | None
    pseudonym: str | None
    note: str | None
    stated_at: str
    stated_by: str

    @property
    def label(self) -> str:
        """The short number as people write it."""
        return format_number(self.number, PSEUDONYM)


@dataclass(frozen=True, slots=True)
class ConsentRecord:
    """One statement of a consent."""

    event: str
    pseudonym: str
    number: int | None
    use: str | None
    given: bool | None
    until: str | None
    recipient: str | None
    how: str | None
    stated_at: str
    stated_by: str


@dataclass(frozen=True, slots=True)
class GuardRecord:
    """How closely an item is kept."""

    item: str
    number: int
    sensitivity: Sensitivity
    graphic: bool
    sexual_violence: bool
    why: str | None
    stated_at: str
    stated_by: str

    @property
    def words(self) -> tuple[str, ...]:
        """What is to be said before the item is looked at."""
        flags = (("graphic", self.graphic), ("sexual violence", self.sexual_violence))
        closely = () if self.sensitivity is Sensitivity.ORDINARY else (self.sensitivity.value,)
        return (*(word for word, flag in flags if flag), *closely)


def list_pseudonyms(connection: Connection) -> list[PseudonymRecord]:
    """Everybody who appears under a pseudonym, by number."""
    table = tables("view_")["view_pseudonym"]
    rows = connection.execute(select(*_columns(table, PseudonymRecord)).order_by(table.c.number))
    return [PseudonymRecord(**row._mapping) for row in rows]


def find_pseudonym(connection: Connection, text: str) -> PseudonymRecord:
    """The person of that id, number or unique pseudonym; raises UnknownRecord."""
    number = parse_number(text, PSEUDONYM)
    found = [
        one
        for one in list_pseudonyms(connection)
        if (one.number == number if number is not None else text in (one.id, one.pseudonym))
    ]
    if len(found) != 1:
        raise UnknownRecord("pseudonym", text, "protect list")
    return found[0]


def real_name(connection: Connection, known: PseudonymRecord) -> str | None:
    """The name behind a pseudonym; None where it was never kept, or was erased."""
    words = payload(read_event(connection, known.event).event, PartName.PROTECTED, RealName)
    return None if isinstance(words, Erased) else words.real_name


def items_showing(connection: Connection, pseudonym: str) -> list[str]:
    """The ids of the items that show or name somebody, in the order of saying so."""
    table = tables("view_")["view_shown"]
    query = select(table.c.item).where(table.c.pseudonym == pseudonym).order_by(table.c.stated_at, table.c.id)
    return list(dict.fromkeys(connection.execute(query).scalars()))


def people_shown(connection: Connection, item: str) -> list[str]:
    """The ids of the pseudonyms that an item shows or names."""
    table = tables("view_")["view_shown"]
    query = select(table.c.pseudonym).where(table.c.item == item).order_by(table.c.stated_at, table.c.id)
    return list(dict.fromkeys(connection.execute(query).scalars()))


def list_consents(connection: Connection, pseudonym: str = "") -> list[ConsentRecord]:
    """Every statement of a consent, of one person or of all, in the order of the log."""
    table, entry = tables("view_")["view_consent"], tables("log_")["log_entry"]
    query = select(*_columns(table, ConsentRecord)).join(entry, entry.c.event == table.c.event)
    if pseudonym:
        query = query.where(table.c.pseudonym == pseudonym)
    return [ConsentRecord(**row._mapping) for row in connection.execute(query.order_by(entry.c.position))]


def newest_consents(connection: Connection, pseudonym: str = "") -> list[ConsentRecord]:
    """The newest statement for each person, use and recipient. One of which a part was erased holds for nothing."""
    newest = {(one.pseudonym, one.use, one.recipient): one for one in list_consents(connection, pseudonym)}
    return [one for one in newest.values() if one.use and one.recipient]


def list_guards(connection: Connection, item: str) -> list[GuardRecord]:
    """Every statement of how closely an item is kept, in the order of the log."""
    table, entry = tables("view_")["view_guard"], tables("log_")["log_entry"]
    query = select(table).join(entry, entry.c.event == table.c.event).where(table.c.item == item)
    return [_guard(row) for row in connection.execute(query.order_by(entry.c.position))]


def newest_guards(connection: Connection) -> dict[str, GuardRecord]:
    """By item, how closely it is kept; an item of which nothing was said is not there."""
    return {item: _guard(row) for item, row in newest_statements(connection, "view_guard", "item").items()}


def guard_of(connection: Connection, item: str) -> GuardRecord | None:
    """How closely one item is kept."""
    known: Sequence[GuardRecord] = list_guards(connection, item)
    return known[-1] if known else None


def _guard(row: Any) -> GuardRecord:
    """Of a statement whose body was erased, the strictest is assumed."""
    return GuardRecord(
        item=row.item,
        number=row.number or 0,
        sensitivity=Sensitivity(row.sensitivity or Sensitivity.PROTECTED),
        graphic=row.graphic is not False,
        sexual_violence=bool(row.sexual_violence),
        why=row.why,
        stated_at=row.stated_at,
        stated_by=row.stated_by,
    )


def _columns(table: Table, record: type) -> list[ColumnElement[Any]]:
    return [table.c[field.name] for field in fields(record)]
