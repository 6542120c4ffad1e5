"""The tables of near-duplicates: examinations in the order of the log, edges as the machine sees them now."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, Select, bindparam, delete, func, insert, or_, select, update

from casefile.records.engine import insert_absent, tables
from casefile.records.pixels import portions
from casefile.records.tombstones import buried

MATCHED = "edges_matched"
"""The row of work_state that says how many events of the log the edges take into account."""


@dataclass(frozen=True, slots=True)
class ExaminedItem:
    """An examination's fingerprints with the item's digest and lead, at the examination's position in the log."""

    position: int
    item: str
    lead: str
    sha256: str
    fingerprints: tuple[dict[str, Any], ...]
    duration_ms: int = 0
    """The length that a video states, as its examination found it; 0 of what is none."""


@dataclass(frozen=True, slots=True)
class StoredEdge:
    """An edge with what people decided about it; `judgement` is empty where nobody has, as its reader may see it."""

    edge: str
    item_a: str
    item_b: str
    tier: str
    method: str
    version: str
    distance: int
    bits: int
    same_capture: bool
    evidence: dict[str, Any]
    judgement: str = ""


@dataclass(frozen=True, slots=True)
class DecisionRecord:
    """What somebody decided about a pair; `judgement` is None once it was erased."""

    item_a: str
    item_b: str
    judgement: str | None
    decided_by: str


def examined_after(connection: Connection, position: int, most: int | None = None) -> Iterator[ExaminedItem]:
    """The examinations behind that position of the log, in the order of the log; so many of them at most."""
    entry = tables("log_")["log_entry"]
    yield from map(_examined, connection.execute(_examinations().where(entry.c.position > position).limit(most)))


def examined_at(connection: Connection, positions: Collection[int]) -> list[ExaminedItem]:
    """The examinations at these positions of the log."""
    entry = tables("log_")["log_entry"]
    found = (connection.execute(_examinations().where(entry.c.position.in_(some))) for some in portions(positions))
    return [_examined(row) for rows in found for row in rows]


def examined_of_bytes(connection: Connection, sha256: str, but: str, until: int, most: int) -> list[tuple[str, str]]:
    """Items of these bytes, but one, that were examined up to that position, each with its lead; the first by id."""
    examination, entry = tables("view_")["view_examination"], tables("log_")["log_entry"]
    item, capture = tables("view_")["view_item"], tables("view_")["view_capture"]
    rows = connection.execute(
        select(item.c.id, capture.c.lead)
        .join(examination, examination.c.item == item.c.id)
        .join(entry, entry.c.event == examination.c.event)
        .join(capture, capture.c.id == item.c.capture)
        .where(item.c.sha256 == sha256, item.c.id != but, entry.c.position <= until)
        .distinct()
        .order_by(item.c.id)
        .limit(most)
    )
    return [(row.id, row.lead) for row in rows]


def event_at(connection: Connection, position: int) -> str:
    """The id of the event at a position of the log; empty where there is none."""
    entry = tables("log_")["log_entry"]
    return connection.execute(select(entry.c.event).where(entry.c.position == position)).scalar_one_or_none() or ""


def buried_positions(connection: Connection) -> set[int]:
    """The positions of every examination of an item that was erased since."""
    examination, entry = tables("view_")["view_examination"], tables("log_")["log_entry"]
    gone = select(tables("view_")["view_tombstone"].c.item)
    rows = select(entry.c.position).join(examination, examination.c.event == entry.c.event)
    return set(connection.execute(rows.where(examination.c.item.in_(gone))).scalars())


def matched_position(connection: Connection, name: str = MATCHED) -> int:
    """The position of the last examination that the edges of this kind take into account; -1 when there is none."""
    state = tables("work_")["work_state"]
    value = connection.execute(select(state.c.value).where(state.c.name == name)).scalar_one_or_none()
    return int(value) if value is not None else -1


def is_matched(connection: Connection, item: str) -> bool:
    """Whether the edges take every examination of an item into account."""
    examination, entry = tables("view_")["view_examination"], tables("log_")["log_entry"]
    newest = select(func.max(entry.c.position)).join(examination, examination.c.event == entry.c.event)
    position = connection.execute(newest.where(examination.c.item == item)).scalar_one()
    return position is None or position <= matched_position(connection)


def note_matched(connection: Connection, position: int, name: str = MATCHED) -> None:
    """The edges of this kind take the log into account up to that position."""
    state = tables("work_")["work_state"]
    insert_absent(connection, state, [{"name": name, "value": "-1"}])
    connection.execute(update(state).where(state.c.name == name).values(value=str(position)))


def store_edges(connection: Connection, edges: Iterable[StoredEdge]) -> None:
    """Write edges over what stood there; none of an item that was erased since it was compared."""
    gone = buried(connection)
    table = tables("work_")["work_edge"]
    rows = {
        edge.edge: {
            "edge": edge.edge,
            "item_a": edge.item_a,
            "item_b": edge.item_b,
            "tier": edge.tier,
            "method": edge.method,
            "version": edge.version,
            "distance": edge.distance,
            "bits": edge.bits,
            "same_capture": edge.same_capture,
            "evidence": json.dumps(edge.evidence, sort_keys=True),
        }
        for edge in edges
        if gone.isdisjoint((edge.item_a, edge.item_b))
    }
    if rows:
        connection.execute(delete(table).where(table.c.edge == bindparam("stored")), [{"stored": one} for one in rows])
        connection.execute(insert(table), list(rows.values()))


def edges_by_id(connection: Connection, edges: Collection[str]) -> list[StoredEdge]:
    """Those of the edges that there are, as the machine sees them."""
    table = tables("work_")["work_edge"]
    found = (connection.execute(select(table).where(table.c.edge.in_(some))) for some in portions(edges))
    return [_edge(row) for rows in found for row in rows]


def edges_of_items(connection: Connection, items: Collection[str]) -> list[StoredEdge]:
    """The edges that these items have, as the machine sees them."""
    table = tables("work_")["work_edge"]
    found: dict[str, StoredEdge] = {}
    for some in portions(items):
        rows = connection.execute(select(table).where(or_(table.c.item_a.in_(some), table.c.item_b.in_(some))))
        found |= {row.edge: _edge(row) for row in rows}
    return list(found.values())


def list_edges(connection: Connection, *, item: str = "", edge: str = "") -> list[StoredEdge]:
    """Edges, nearest first, without what people decided; of one item, or the one of that id, when that is given."""
    table = tables("work_")["work_edge"]
    query = select(table)
    if item:
        query = query.where(or_(table.c.item_a == item, table.c.item_b == item))
    if edge:
        query = query.where(table.c.edge == edge)
    return [_edge(row) for row in connection.execute(query.order_by(table.c.distance, table.c.edge))]


def neighbour_numbers(connection: Connection, capture: str, apart: Collection[tuple[str, str]]) -> tuple[int, ...]:
    """The numbers of the items outside of a capture that its items look like, but for the pairs that are `apart`."""
    item, edge = tables("view_")["view_item"], tables("work_")["work_edge"]
    own = select(item.c.id).where(item.c.capture == capture)
    rows = connection.execute(
        select(edge.c.item_a, edge.c.item_b)
        .where(or_(edge.c.item_a.in_(own), edge.c.item_b.in_(own)))
        .where(edge.c.same_capture.is_(False))
    ).all()
    ends = {end for row in rows if (row.item_a, row.item_b) not in apart for end in row}
    numbers = connection.execute(select(item.c.number).where(item.c.id.in_(ends), item.c.capture != capture))
    return tuple(sorted(numbers.scalars()))


def items_decided_on(connection: Connection, events: Collection[str]) -> dict[str, tuple[str, str]]:
    """The two items of each of these decisions; other events are left out."""
    table = tables("view_")["view_decision"]
    query = select(table.c.event, table.c.item_a, table.c.item_b).where(table.c.event.in_(events))
    return {row.event: (row.item_a, row.item_b) for row in connection.execute(query)}


def _examinations() -> Select[Any]:
    examination, entry = tables("view_")["view_examination"], tables("log_")["log_entry"]
    item, capture = tables("view_")["view_item"], tables("view_")["view_capture"]
    return (
        select(
            entry.c.position,
            examination.c.item,
            examination.c.fingerprints,
            examination.c.findings,
            capture.c.lead,
            item.c.sha256,
        )
        .join(examination, examination.c.event == entry.c.event)
        .join(item, item.c.id == examination.c.item)
        .join(capture, capture.c.id == item.c.capture)
        .order_by(entry.c.position)
    )


def _examined(row: Row[Any]) -> ExaminedItem:
    fingerprints = tuple(json.loads(row.fingerprints or "[]"))
    moving = any(one.get("frame_ms", -1) >= 0 for one in fingerprints)
    duration_ms = duration_in(json.loads(row.findings or "[]")) if moving else 0
    return ExaminedItem(row.position, row.item, row.lead, row.sha256 or "", fingerprints, duration_ms)


def duration_in(findings: Iterable[Mapping[str, Any]]) -> int:
    """The length in milliseconds that the findings of a video state; 0 where none does."""
    stated = (one.get("facts", {}).get("duration_ms", 0) for one in findings)
    return max((one for one in stated if isinstance(one, int)), default=0)


def list_decisions(connection: Connection, items: Collection[str] | None = None) -> list[DecisionRecord]:
    """What people decided about pairs, in the order of time; of pairs with any of these items, where they are given."""
    table = tables("view_")["view_decision"]
    columns = [table.c[name] for name in DecisionRecord.__dataclass_fields__]
    query = select(*columns).order_by(table.c.decided_at, table.c.event)
    if items is not None:
        query = query.where(or_(table.c.item_a.in_(items), table.c.item_b.in_(items)))
    return [DecisionRecord(*row) for row in connection.execute(query)]


def _edge(row: Row[Any]) -> StoredEdge:
    return StoredEdge(
        row.edge,
        row.item_a,
        row.item_b,
        row.tier,
        row.method,
        row.version,
        row.distance,
        row.bits,
        bool(row.same_capture),
        json.loads(row.evidence),
    )
