"""Statements that every append executes, compiled once for an engine and run as text.

Building a Core statement and looking up its compiled form costs more than executing it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, CursorResult, Delete, Dialect, Insert, Select, Update, bindparam, insert, update
from sqlalchemy.sql.compiler import SQLCompiler

from casefile.records.engine import table

Values = Mapping[str, Any]
Statement = Select[Any] | Insert | Update | Delete
COMPILED = 512
"""Statements kept. An engine needs two for each view table, and a dozen more."""


@dataclass(frozen=True, slots=True)
class Compiled:
    """A statement as the driver takes it; `order` names the parameters where the driver counts them."""

    text: str
    order: tuple[str, ...] | None

    def bound(self, row: Values) -> tuple[Any, ...] | dict[str, Any]:
        """The parameters of one execution."""
        return dict(row) if self.order is None else tuple([row[name] for name in self.order])


def run(connection: Connection, statement: Statement, values: Values) -> CursorResult[Any]:
    """Execute a statement that is kept by its caller; every bind parameter is named in `values`."""
    compiled = _compiled(connection.dialect, statement, ())
    return connection.exec_driver_sql(compiled.text, compiled.bound(values))


def insert_rows(connection: Connection, name: str, rows: Sequence[Values]) -> None:
    """Insert rows into the named table. All have the columns of the first; others stay null."""
    if not rows:
        return
    compiled = _compiled(connection.dialect, _insert_into(name), tuple(rows[0]))
    connection.exec_driver_sql(compiled.text, [compiled.bound(row) for row in rows])


def update_row(connection: Connection, name: str, key: tuple[str, str], values: Values) -> int:
    """Set `values` in the rows whose column `key[0]` is `key[1]`; the number of rows."""
    compiled = _compiled(connection.dialect, _update_of(name, key[0]), tuple(values))
    return connection.exec_driver_sql(compiled.text, compiled.bound({**values, KEY: key[1]})).rowcount


KEY = "the_key"
"""The bind parameter of an update's key. No column has this name."""


@lru_cache(COMPILED)
def _insert_into(name: str) -> Insert:
    return insert(table(name))


@lru_cache(COMPILED)
def _update_of(name: str, key: str) -> Update:
    return update(table(name)).where(table(name).c[key] == bindparam(KEY))


@lru_cache(COMPILED)
def _compiled(dialect: Dialect, statement: Statement, columns: tuple[str, ...]) -> Compiled:
    compiler: SQLCompiler = statement.compile(dialect=dialect, column_keys=list(columns) or None)
    order = compiler.positiontup
    return Compiled(str(compiler), tuple(order) if order is not None else None)
