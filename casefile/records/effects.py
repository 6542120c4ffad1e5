"""Carrying out the effects of events on the view tables of one database."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache

from sqlalchemy import Connection, bindparam, func, insert, select, update
from sqlalchemy import Insert as InsertStatement
from sqlalchemy import Update as UpdateStatement

from casefile.errors import RecordUnreadable
from casefile.events.envelope import Event
from casefile.events.projecting import Effect, Forget, Insert, Update, clearing
from casefile.records.engine import tables

Lookup = Callable[[str], Event]
"""Finds an earlier event by its id, with the parts that still exist."""


def carry_out(connection: Connection, effects: Sequence[Effect], lookup: Lookup) -> None:
    """Apply effects in order; raises RecordUnreadable when an update finds no row."""
    for effect in effects:
        if isinstance(effect, Insert):
            _insert(connection, effect)
        elif isinstance(effect, Update):
            _update(connection, effect)
        elif isinstance(effect, Forget):
            for cleared in clearing(lookup(effect.target), effect.part):
                _update(connection, cleared)


def _insert(connection: Connection, effect: Insert) -> None:
    if not effect.rows:
        return
    rows = [dict(row) for row in effect.rows]
    if effect.numbered:
        number = tables("view_")[effect.table].c.number
        last: int = connection.execute(select(func.coalesce(func.max(number), 0))).scalar_one()
        for offset, row in enumerate(rows, start=1):
            row["number"] = last + offset
    connection.execute(_insert_into(effect.table), rows)


def _update(connection: Connection, effect: Update) -> None:
    # SQLAlchemy sets every column that the parameters name beside the key.
    result = connection.execute(_update_of(effect.table, effect.key), {"key_value": effect.key_value, **effect.values})
    if result.rowcount != 1:
        raise RecordUnreadable(f"{effect.table} {effect.key_value}", "an event changes what no event has made")


@cache
def _insert_into(table: str) -> InsertStatement:
    return insert(tables("view_")[table])


@cache
def _update_of(table: str, key: str) -> UpdateStatement:
    target = tables("view_")[table]
    return update(target).where(target.c[key] == bindparam("key_value"))
