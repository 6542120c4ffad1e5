"""Carrying out the effects of events on the view tables of one database."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Select, func, select

from casefile.errors import RecordUnreadable
from casefile.events.effects import Effect, Forget, Insert, Row, Update
from casefile.events.envelope import Event
from casefile.events.projecting import clearing
from casefile.records.engine import table
from casefile.records.statements import insert_rows, update_row

Lookup = Callable[[str], Event]
"""Finds an earlier event by its id, with the parts that still exist."""


class Effects:
    """The effects of events in the order of the log, within one transaction.

    Rows to insert are gathered by table until `flush`, or until an effect needs to find them.
    """

    def __init__(self, connection: Connection, lookup: Lookup) -> None:
        self._connection = connection
        self._lookup = lookup
        self._rows: dict[tuple[str, ...], list[Mapping[str, Any]]] = {}
        self._numbers: dict[str, int] = {}

    def carry_out(self, effects: Sequence[Effect]) -> None:
        """Apply the effects of one event; raises RecordUnreadable when an update finds no row."""
        for effect in effects:
            if isinstance(effect, Insert):
                self._insert(effect)
            elif isinstance(effect, Update):
                self._update(effect)
            elif isinstance(effect, Forget):
                for cleared in clearing(self._lookup(effect.target), effect.part):
                    self._update(cleared)

    def flush(self) -> None:
        """Write what was gathered."""
        for (name, *_columns), rows in self._rows.items():
            insert_rows(self._connection, name, rows)
        self._rows.clear()

    def _insert(self, effect: Insert) -> None:
        if not effect.rows:
            return
        gathered = self._rows.setdefault((effect.table, *effect.rows[0]), [])
        if not effect.numbered:
            gathered += map(_storable, effect.rows)
            return
        number = self._last_number(effect.table)
        for row in effect.rows:
            number += 1
            gathered.append({**_storable(row), "number": number})
        self._numbers[effect.table] = number

    def _update(self, effect: Update) -> None:
        for gathered in [one for one in self._rows if one[0] == effect.table]:
            insert_rows(self._connection, effect.table, self._rows.pop(gathered))
        if update_row(self._connection, effect.table, (effect.key, effect.key_value), _storable(effect.values)) != 1:
            raise RecordUnreadable(f"{effect.table} {effect.key_value}", "an event changes what no event has made")

    def _last_number(self, name: str) -> int:
        if name not in self._numbers:
            self._numbers[name] = self._connection.execute(_highest_number(name)).scalar_one()
        return self._numbers[name]


def _storable(row: Row) -> Row:
    """The row without null characters in text, which PostgreSQL cannot store; both engines then hold the same."""
    for value in row.values():
        if type(value) is str and "\0" in value:
            return {name: one.replace("\0", "\ufffd") if type(one) is str else one for name, one in row.items()}
    return row


def _highest_number(name: str) -> Select[tuple[int]]:
    return select(func.coalesce(func.max(table(name).c.number), 0))
