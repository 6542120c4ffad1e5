"""Reads of archives of others: what the newest reading of an item found."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, select

from casefile.records.engine import tables
from casefile.vocabulary import FileKind

SUMMED = ("kind", "entries", "listed", "matches", "differs", "absent", "problems", "failed", "version", "read_at")


@dataclass(frozen=True, slots=True)
class ArchiveRecord:
    """One reading of an item as an archive; `said` has claims, entries and problems, None where they were erased."""

    item: str
    summary: Mapping[str, Any]
    said: Mapping[str, Any] | None


def newest_archive(connection: Connection, item: str) -> ArchiveRecord | None:
    """The newest reading of an item, with all that it says; None where it is no archive."""
    table = tables("view_")["view_archive"]
    query = select(table).where(table.c.item == item).order_by(table.c.read_at.desc(), table.c.event.desc())
    row = connection.execute(query.limit(1)).one_or_none()
    if row is None:
        return None
    return ArchiveRecord(row.item, _summary(row), json.loads(row.said) if row.said is not None else None)


def records_a_capture(connection: Connection, sha256: str) -> bool:
    """Whether bytes of this digest are what a capture of this team wrote as the record of its collecting."""
    if not sha256:
        return False
    table = tables("view_")["view_capture"]
    query = select(table.c.files).where(table.c.files.contains(sha256, autoescape=True))
    return any(
        one["sha256"] == sha256 and one["kind"] == FileKind.RECORD
        for files in connection.execute(query).scalars()
        for one in json.loads(files)
    )


def archives_summed(connection: Connection) -> dict[str, Mapping[str, Any]]:
    """How the newest reading of every item that was read as an archive ended, by item."""
    table = tables("view_")["view_archive"]
    names = (table.c.item, *(table.c[name] for name in SUMMED))
    rows = connection.execute(select(*names).order_by(table.c.read_at, table.c.event))
    return {row.item: _summary(row) for row in rows}


def _summary(row: Row[Any]) -> dict[str, Any]:
    return {name: getattr(row, name) for name in SUMMED}
