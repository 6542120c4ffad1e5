"""What hangs together with some items, for whoever hands them over: events that name them, captures of one locator.

Events are looked for in the log itself and captures in the views, so that one shows where the other forgot something.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, func, or_, select

from casefile.ids import format_number
from casefile.records.engine import tables
from casefile.records.pixels import portions
from casefile.records.reading import Entry, read_events, stored_bytes

_UUID = re.compile(rb"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_FETCHED = 1000
_ABOUT_ITEMS = {
    "view_examination": ("item",),
    "view_remark": ("subject",),
    "view_tag": ("item",),
    "view_decision": ("item_a", "item_b"),
    "view_step": ("item",),
    "view_review": ("item",),
    "view_guard": ("item",),
    "view_reading": ("item",),
    "view_archive": ("item",),
}


@dataclass(frozen=True, slots=True)
class Sibling:
    """An attempt at a locator, with the items that came of it, each as (id, number)."""

    capture: str
    lead: str
    status: str
    cause: str | None
    items: tuple[tuple[str, str], ...]


def totals_by_type(connection: Connection, stop: int) -> dict[str, int]:
    """How many events of each type are among the first `stop` of the log."""
    table = tables("log_")["log_entry"]
    counted = select(table.c.type, func.count()).where(table.c.position < stop).group_by(table.c.type)
    return dict(sorted((name, count) for name, count in connection.execute(counted)))


def positions_naming(connection: Connection, ids: Collection[str], stop: int) -> list[int]:
    """The positions below `stop` of the events whose envelope names any of these ids, their own id apart."""
    wanted = {one.encode("ascii") for one in ids}
    table = tables("log_")["log_entry"]
    query = select(table.c.position, table.c.event, table.c.envelope).where(table.c.position < stop)
    found = []
    for row in connection.execute(query.order_by(table.c.position).execution_options(yield_per=_FETCHED)):
        named = set(_UUID.findall(stored_bytes(row.envelope, f"log_entry {row.position}")))
        if not wanted.isdisjoint(named - {row.event.encode("ascii")}):
            found.append(row.position)
    return found


def positions_of(
    connection: Connection, stop: int, *, types: Sequence[str] = (), events: Collection[str] = ()
) -> list[int]:
    """The positions below `stop` of the events of these types, and of those with these ids."""
    table = tables("log_")["log_entry"]
    found: set[int] = set()
    if types:
        found.update(connection.execute(select(table.c.position).where(table.c.type.in_(types))).scalars())
    for some in portions(events):
        found.update(connection.execute(select(table.c.position).where(table.c.event.in_(some))).scalars())
    return sorted(position for position in found if position < stop)


def entries_at(connection: Connection, positions: Sequence[int]) -> Iterator[Entry]:
    """The events at these positions, in order."""
    for position in sorted(positions):
        yield from read_events(connection, position, position + 1)


def siblings_of(connection: Connection, locators: Collection[str]) -> list[Sibling]:
    """Every attempt at a lead that has one of these locators, or that brought an item that has one; oldest first."""
    lead, item = tables("view_")["view_lead"], tables("view_")["view_item"]
    attempt, capture = tables("view_")["view_attempt"], tables("view_")["view_capture"]
    leads: set[str] = set()
    for some in portions(locators):
        leads.update(connection.execute(select(lead.c.id).where(lead.c.locator.in_(some))).scalars())
        brought = select(capture.c.lead).join(item, item.c.capture == capture.c.id).where(item.c.locator.in_(some))
        leads.update(connection.execute(brought).scalars())
    found = []
    for some in portions(leads):
        rows = connection.execute(select(attempt).where(attempt.c.lead.in_(some))).all()
        for row in rows:
            items = connection.execute(
                select(item.c.id, item.c.number).where(item.c.capture == row.capture).order_by(item.c.position)
            )
            numbered = tuple((one.id, format_number(one.number)) for one in items)
            found.append((row.started_at, Sibling(row.capture, row.lead, row.status, row.cause, numbered)))
    return [one for _started, one in sorted(found, key=lambda pair: (pair[0], pair[1].capture))]


def events_by_views(connection: Connection, items: Collection[str], stop: int) -> set[str]:
    """The events below `stop` that the views know about these items: examinations, remarks, tags, decisions."""
    entry, found = tables("log_")["log_entry"], set[str]()
    for name, columns in _ABOUT_ITEMS.items():
        view = tables("view_")[name]
        for some in portions(items):
            about = or_(*(view.c[column].in_(some) for column in columns))
            rows = select(view.c.event).join(entry, entry.c.event == view.c.event)
            found.update(connection.execute(rows.where(about, entry.c.position < stop)).scalars())
    return found


def releases_of(connection: Connection, item: str) -> list[str]:
    """The events that released packages with this item, in the order of the log."""
    act, entry = tables("view_")["view_act"], tables("log_")["log_entry"]
    query = select(act.c.event, act.c.body).join(entry, entry.c.event == act.c.event)
    query = query.where(act.c.type == "package.released", act.c.body.is_not(None)).order_by(entry.c.position)
    return [row.event for row in connection.execute(query) if item in json.loads(row.body)["items"]]


def items_by_id(connection: Connection, ids: Collection[str]) -> dict[str, str]:
    """The number of each of these items that there is."""
    item = tables("view_")["view_item"]
    found: dict[str, str] = {}
    for some in portions(ids):
        rows = connection.execute(select(item.c.id, item.c.number).where(or_(item.c.id.in_(some))))
        found |= {row.id: format_number(row.number) for row in rows}
    return found
