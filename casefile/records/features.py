"""The table of local codes: what came of describing a still, and how far the log is compared by them."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, delete, select

from casefile.records.engine import insert_absent, tables
from casefile.records.pixels import portions
from casefile.records.tombstones import buried

COMPARED = "features_compared"
"""The row of work_state that says up to where in the log stills are compared by local codes."""


@dataclass(frozen=True, slots=True)
class StoredFeatures:
    """What came of describing a still: its packed codes, or else the cause why there are none."""

    item: str
    codes: bytes
    cause: str


def store_features(connection: Connection, version: str, described: Iterable[StoredFeatures]) -> None:
    """Keep what came of describing stills, in place of codes of another version; nothing of what was erased since."""
    gone = buried(connection)
    table = tables("work_")["work_features"]
    rows: list[dict[str, Any]] = [
        {"item": one.item, "version": version, "codes": one.codes, "cause": one.cause}
        for one in described
        if one.item not in gone
    ]
    if rows:
        for some in portions([one["item"] for one in rows]):
            connection.execute(delete(table).where(table.c.item.in_(some), table.c.version != version))
        insert_absent(connection, table, rows)


def stored_features(connection: Connection, version: str, items: Collection[str]) -> dict[str, StoredFeatures]:
    """What came of describing those stills that were described by this version, by item."""
    table = tables("work_")["work_features"]
    query = select(table).where(table.c.version == version)
    rows = (row for some in portions(items) for row in connection.execute(query.where(table.c.item.in_(some))))
    return {row.item: StoredFeatures(row.item, row.codes, row.cause) for row in rows}
