"""What the log says is held: objects in the vault, items in them, keys, tombstones. For audits and rebuilds."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import Connection, select

from casefile.ids import format_number
from casefile.records.acts import list_acts
from casefile.records.engine import tables
from casefile.records.identities import list_identities


@dataclass(frozen=True, slots=True)
class CapturedItems:
    """A capture's vault object and its items' ids in the order of their positions."""

    capture: str
    object_id: str
    items: tuple[str, ...]


def captured_items(connection: Connection, capture: str = "") -> Iterator[CapturedItems]:
    """Every capture whose object the log names, or the one that is asked for."""
    table, item = tables("view_")["view_capture"], tables("view_")["view_item"]
    query = select(table.c.id, table.c.object_id).where(table.c.object_id.is_not(None))
    if capture:
        query = query.where(table.c.id == capture)
    for row in connection.execute(query.order_by(table.c.sealed_at, table.c.id)).all():
        ids = connection.execute(select(item.c.id).where(item.c.capture == row.id).order_by(item.c.position))
        yield CapturedItems(row.id, row.object_id, tuple(ids.scalars()))


def attempted_captures(connection: Connection) -> set[str]:
    """Every capture that was begun, however it ended."""
    attempt, capture = tables("view_")["view_attempt"], tables("view_")["view_capture"]
    found = set(connection.execute(select(attempt.c.capture)).scalars())
    return found | set(connection.execute(select(capture.c.id)).scalars())


def received_packages(connection: Connection) -> set[str]:
    """Every package that was taken in from elsewhere."""
    acts = list_acts(connection, "package.received")
    return {one["id"] for act in acts for one in json.loads(act.subject or "[]")}


def jars_in_use(connection: Connection) -> set[str]:
    """The digest of every identity's cookie jar."""
    return {one.jar for one in list_identities(connection) if one.jar}


@dataclass(frozen=True, slots=True)
class AuditedObject:
    """A vault object that the log names, with its items' short numbers and files."""

    inventory: str
    items: tuple[tuple[str, tuple[str, ...]], ...]

    def item_at(self, path: str) -> str:
        """The number of the item whose file lies at that path; of the first one for a file that belongs to all."""
        for label, files in self.items:
            if any(path.endswith(f"/content/{file}") for file in files):
                return label
        return self.items[0][0] if self.items else ""


def audited_objects(connection: Connection) -> dict[str, AuditedObject]:
    """Every vault object that the log names and whose body was not erased, by its id."""
    capture, item = tables("view_")["view_capture"], tables("view_")["view_item"]
    items: dict[str, list[tuple[str, tuple[str, ...]]]] = {}
    for row in connection.execute(select(item.c.capture, item.c.number, item.c.files).order_by(item.c.number)):
        files = tuple(json.loads(row.files or "[]"))
        items.setdefault(row.capture, []).append((format_number(row.number), files))
    rows = connection.execute(select(capture.c.id, capture.c.object_id, capture.c.inventory))
    return {
        row.object_id: AuditedObject(row.inventory, tuple(items.get(row.id, ())))
        for row in rows
        if row.object_id is not None
    }


def erased_parts(connection: Connection) -> set[tuple[str, str]]:
    """The parts that were erased, as (event, part)."""
    table = tables("view_")["view_erasure"]
    return {(row.target, row.part) for row in connection.execute(select(table.c.target, table.c.part))}


def opened_investigation(connection: Connection) -> str | None:
    """The investigation that the log was opened for."""
    table = tables("view_")["view_investigation"]
    found: str | None = connection.execute(select(table.c.id)).scalar_one_or_none()
    return found


def sealed_inventories(connection: Connection) -> dict[str, str]:
    """The inventory digest of every object that the tables name, as text; what is no text is left out."""
    table = tables("view_")["view_capture"]
    rows = connection.execute(select(table.c.object_id, table.c.inventory))
    return {
        row.object_id: row.inventory
        for row in rows
        if isinstance(row.object_id, str) and isinstance(row.inventory, str)
    }


def opened_at(connection: Connection) -> str:
    """When the log was opened."""
    table = tables("view_")["view_investigation"]
    found: str = connection.execute(select(table.c.opened_at)).scalar_one()
    return found


def sealed_times(connection: Connection) -> dict[str, str]:
    """When each object that the tables name was sealed: all its bytes were read then."""
    table = tables("view_")["view_capture"]
    rows = connection.execute(select(table.c.object_id, table.c.sealed_at).where(table.c.object_id.is_not(None)))
    return {row.object_id: row.sealed_at for row in rows}


def kept_before(connection: Connection, purpose: str, moment: str) -> list[int]:
    """The numbers of the items that were captured for a purpose and sealed before a moment (RFC 3339, UTC).

    Erased ones are not among them.
    """
    item, capture = tables("view_")["view_item"], tables("view_")["view_capture"]
    tombstone = tables("view_")["view_tombstone"]
    query = select(item.c.number).join(capture, capture.c.id == item.c.capture)
    query = query.join(tombstone, tombstone.c.item == item.c.id, isouter=True).where(tombstone.c.item.is_(None))
    query = query.where(capture.c.purpose == purpose, capture.c.sealed_at < moment)
    return list(connection.execute(query.order_by(item.c.number)).scalars())
