"""Reading the investigation's documents: every version of each, the newest last."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, func, select

from casefile.records.engine import tables


@dataclass(frozen=True, slots=True)
class DocumentRecord:
    """One version of a document; `text` is canonical JSON, None where it was erased."""

    event: str
    kind: str | None
    name: str | None
    number: int | None
    text: str | None
    review_by: str | None
    stated_at: str
    stated_by: str


def list_documents(connection: Connection, kind: str = "", name: str | None = None) -> list[DocumentRecord]:
    """Versions of documents in the order of the log; of one kind and name where those are given."""
    table, entry = tables("view_")["view_document"], tables("log_")["log_entry"]
    columns = [table.c[one] for one in DocumentRecord.__dataclass_fields__]
    query = select(*columns).join(entry, entry.c.event == table.c.event)
    if kind:
        query = query.where(table.c.kind == kind)
    if name is not None:
        query = query.where(table.c.name == name)
    return [DocumentRecord(**row._mapping) for row in connection.execute(query.order_by(entry.c.position))]


def newest_documents(connection: Connection, kind: str = "") -> dict[tuple[str, str], DocumentRecord]:
    """The newest version of each document, by kind and name, in the order in which they were first recorded."""
    known = list_documents(connection, kind)
    return {(one.kind, one.name or ""): one for one in known if one.kind is not None}


def newest_number(connection: Connection, kind: str, name: str) -> int:
    """The number of the newest version of a document; 0 when there is none."""
    table = tables("view_")["view_document"]
    query = select(func.max(table.c.number)).where(table.c.kind == kind, table.c.name == name)
    return connection.execute(query).scalar_one_or_none() or 0


def count_versions(connection: Connection, kind: str, name: str, number: int) -> int:
    """How many documents have this kind, name and number: more than one when two people recorded it at once."""
    table = tables("view_")["view_document"]
    query = select(func.count()).where(table.c.kind == kind, table.c.name == name, table.c.number == number)
    return connection.execute(query).scalar_one()


@dataclass(frozen=True, slots=True)
class ApprovalRecord:
    """Somebody's approval of one version of a document, named by the event of that version."""

    document: str
    why: str | None
    stated_at: str
    stated_by: str


def list_approvals(connection: Connection) -> dict[str, list[ApprovalRecord]]:
    """By the event of a version, its approvals, oldest first."""
    table, entry = tables("view_")["view_approval"], tables("log_")["log_entry"]
    columns = [table.c[one] for one in ApprovalRecord.__dataclass_fields__]
    query = select(*columns).join(entry, entry.c.event == table.c.event).order_by(entry.c.position)
    found: dict[str, list[ApprovalRecord]] = {}
    for row in connection.execute(query):
        found.setdefault(row.document, []).append(ApprovalRecord(**row._mapping))
    return found
