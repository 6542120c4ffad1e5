"""Reading inquiries: their statements, keywords, searches, and the leads that came from them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

from sqlalchemy import ColumnElement, Connection, Table, select

from casefile.ids import INQUIRY, SEARCH, STATEMENT, format_number, parse_number
from casefile.records.engine import tables
from casefile.refusals import UnknownRecord


@dataclass(frozen=True, slots=True)
class InquiryRecord:
    """An inquiry. What was erased is None."""

    id: str
    number: int
    question: str | None
    why: str | None
    task: str | None
    stated_at: str
    stated_by: str
    closed_at: str | None
    closed_by: str | None
    closing: str | None
    closed_why: str | None

    @property
    def label(self) -> str:
        """The short number as people write it."""
        return format_number(self.number, INQUIRY)


@dataclass(frozen=True, slots=True)
class StatementRecord:
    """A statement of an inquiry; `rests_on` and `replaces` are ids."""

    event: str
    number: int
    inquiry: str
    kind: str | None
    text: str | None
    basis: str | None
    rests_on: tuple[str, ...]
    replaces: str | None
    stated_at: str
    stated_by: str

    @property
    def label(self) -> str:
        """The short number as people write it."""
        return format_number(self.number, STATEMENT)


@dataclass(frozen=True, slots=True)
class KeywordRecord:
    """Terms of one language, script and direction."""

    event: str
    inquiry: str
    language: str | None
    script: str | None
    direction: str | None
    terms: tuple[str, ...]
    stated_at: str
    stated_by: str


@dataclass(frozen=True, slots=True)
class SearchRecord:
    """A search: made at `occurred_at`, recorded at `stated_at`."""

    event: str
    number: int
    inquiry: str
    engine: str | None
    browser: str | None
    language: str | None
    terms: str | None
    operators: str | None
    pathway: str | None
    result: str | None
    hits: int | None
    occurred_at: str | None
    stated_at: str
    stated_by: str

    @property
    def label(self) -> str:
        """The short number as people write it."""
        return format_number(self.number, SEARCH)


def list_inquiries(connection: Connection, *, open_only: bool = False) -> list[InquiryRecord]:
    """Inquiries in the order of their numbers."""
    table = tables("view_")["view_inquiry"]
    query = select(*_columns(table, InquiryRecord)).order_by(table.c.number)
    if open_only:
        query = query.where(table.c.closed_at.is_(None))
    return [InquiryRecord(**row._mapping) for row in connection.execute(query)]


def find_inquiry(connection: Connection, text: str) -> InquiryRecord:
    """The inquiry of that id or number; raises UnknownRecord."""
    table = tables("view_")["view_inquiry"]
    number = parse_number(text, INQUIRY)
    named = table.c.number == number if number is not None else table.c.id == text
    row = connection.execute(select(*_columns(table, InquiryRecord)).where(named)).one_or_none()
    if row is None:
        raise UnknownRecord("inquiry", text, "inquiry list")
    return InquiryRecord(**row._mapping)


def list_statements(connection: Connection, inquiry: str = "") -> list[StatementRecord]:
    """Statements of one inquiry or of all, in the order of their numbers."""
    table = tables("view_")["view_statement"]
    query = select(*_columns(table, StatementRecord)).order_by(table.c.number)
    if inquiry:
        query = query.where(table.c.inquiry == inquiry)
    return [_statement(dict(row._mapping)) for row in connection.execute(query)]


def find_statements(connection: Connection, texts: Sequence[str]) -> list[StatementRecord]:
    """The statements of these ids or numbers, in that order; raises UnknownRecord for the first that is none."""
    table = tables("view_")["view_statement"]
    found = []
    for text in texts:
        number = parse_number(text, STATEMENT)
        named = table.c.number == number if number is not None else table.c.event == text
        row = connection.execute(select(*_columns(table, StatementRecord)).where(named)).one_or_none()
        if row is None:
            raise UnknownRecord("statement", text, "inquiry show INQUIRY")
        found.append(_statement(dict(row._mapping)))
    return found


def statements_of(connection: Connection, events: Sequence[str]) -> list[StatementRecord]:
    """Those of these events that made statements, in the order of their numbers."""
    table = tables("view_")["view_statement"]
    query = select(*_columns(table, StatementRecord)).where(table.c.event.in_(events)).order_by(table.c.number)
    return [_statement(dict(row._mapping)) for row in connection.execute(query)]


def statements_about(connection: Connection, item: str) -> list[StatementRecord]:
    """The statements that rest on an item by its id, in the order of their numbers."""
    table = tables("view_")["view_statement"]
    query = select(*_columns(table, StatementRecord)).where(table.c.rests_on.contains(item, autoescape=True))
    return [_statement(dict(row._mapping)) for row in connection.execute(query.order_by(table.c.number))]


def list_keywords(connection: Connection, inquiry: str = "") -> list[KeywordRecord]:
    """Keywords of one inquiry or of all, in the order of the log."""
    table, entry = tables("view_")["view_keyword"], tables("log_")["log_entry"]
    query = select(*_columns(table, KeywordRecord)).join(entry, entry.c.event == table.c.event)
    if inquiry:
        query = query.where(table.c.inquiry == inquiry)
    rows = connection.execute(query.order_by(entry.c.position))
    return [KeywordRecord(**{**row._mapping, "terms": tuple(json.loads(row.terms or "[]"))}) for row in rows]


def list_searches(connection: Connection, inquiry: str = "") -> list[SearchRecord]:
    """Searches of one inquiry or of all, in the order of their numbers."""
    table = tables("view_")["view_search"]
    query = select(*_columns(table, SearchRecord)).order_by(table.c.number)
    if inquiry:
        query = query.where(table.c.inquiry == inquiry)
    return [SearchRecord(**row._mapping) for row in connection.execute(query)]


def find_search(connection: Connection, text: str) -> SearchRecord:
    """The search of that id or number; raises UnknownRecord."""
    table = tables("view_")["view_search"]
    number = parse_number(text, SEARCH)
    named = table.c.number == number if number is not None else table.c.event == text
    row = connection.execute(select(*_columns(table, SearchRecord)).where(named)).one_or_none()
    if row is None:
        raise UnknownRecord("search", text, "inquiry show INQUIRY")
    return SearchRecord(**row._mapping)


def _columns(table: Table, record: type) -> list[ColumnElement[Any]]:
    return [table.c[field.name] for field in fields(record)]


def _statement(values: Mapping[str, Any]) -> StatementRecord:
    return StatementRecord(**{**values, "rests_on": tuple(json.loads(values["rests_on"] or "[]"))})
