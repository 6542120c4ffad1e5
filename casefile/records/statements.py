"""Statements that every append executes: compiled once for an engine, handed to the driver as text.

Building a Core statement, looking up its compiled form and wrapping its result costs several times what executing
it does. Errors of the driver become ours where the transaction ends (`engine.writing`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, Dialect, Insert, Select, Update, bindparam, insert, update
from sqlalchemy.sql.compiler import SQLCompiler

from casefile.records.engine import table

Values = Mapping[str, Any]
Statement = Select[Any] | Insert | Update
COMPILED = 512
"""Statements kept. An engine needs two for each view table, and a dozen more."""


@dataclass(frozen=True, slots=True)
class Compiled:
    """A statement as the driver takes it; `order` names the parameters where the driver counts them."""

    text: str
    order: tuple[str, ...] | None

    def bound(self, row: Values) -> Any:
        """The parameters of one execution: a tuple in the driver's order, or a mapping."""
        return dict(row) if self.order is None else tuple([row[name] for name in self.order])


def first_row(connection: Connection, statement: Select[Any], values: Values) -> tuple[Any, ...] | None:
    """The first row that a query gives, by the order of its columns; None when there is none."""
    compiled = _compiled(connection.dialect, statement, ())
    cursor = connection.connection.cursor()
    try:
        cursor.execute(compiled.text, compiled.bound(values))
        row = cursor.fetchone()
    finally:
        cursor.close()
    return None if row is None else tuple(row)


def insert_rows(connection: Connection, name: str, rows: Sequence[Values]) -> None:
    """Insert rows into the named table. All have the columns of the first; others stay null."""
    if not rows:
        return
    compiled = _compiled(connection.dialect, _insert_into(name), tuple(rows[0]))
    cursor = connection.connection.cursor()
    try:
        if len(rows) == 1:
            cursor.execute(compiled.text, compiled.bound(rows[0]))
        else:
            cursor.executemany(compiled.text, [compiled.bound(row) for row in rows])
    finally:
        cursor.close()


def update_row(connection: Connection, name: str, key: tuple[str, str], values: Values) -> int:
    """Set `values` in the rows whose column `key[0]` is `key[1]`; the number of rows."""
    compiled = _compiled(connection.dialect, _update_of(name, key[0]), tuple(values))
    cursor = connection.connection.cursor()
    try:
        cursor.execute(compiled.text, compiled.bound({**values, KEY: key[1]}))
        return int(cursor.rowcount)
    finally:
        cursor.close()


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
