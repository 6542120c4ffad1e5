"""Comparing the tables of two databases row by row: what `audit` finds between the live one and a replay."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Engine, Row, Table, inspect, select, text

from casefile.records.engine import ALL_FAMILIES, reading, tables

STREAMED_ROWS = 500


@dataclass(frozen=True, slots=True)
class Difference:
    """A row that is not as a replay makes it. `kind` is missing, extra or changed; `columns` are those that differ."""

    table: str
    key: str
    kind: str
    columns: tuple[str, ...] = ()


def compare(live: Engine, replayed: Engine, *families: str) -> Iterator[Difference]:
    """Every difference between the named families of two databases, table by table in the order of their keys."""
    present = set(inspect(live).get_table_names())
    with reading(live) as left, reading(replayed) as right:
        for name, table in tables(*families).items():
            if name not in present:
                yield Difference(name, "", "missing")
                continue
            yield from _compare(table, _rows(left, table), _rows(right, table))


def planted(live: Engine, *families: str) -> Iterator[tuple[str, str]]:
    """Kind and name of each trigger and view of a SQLite database that names tables of these families: none is ours.

    A trigger could change rows whenever others are written. On another engine nothing is looked at.
    """
    if live.dialect.name != "sqlite":
        return
    catalogue = "SELECT type, name, sql FROM sqlite_master WHERE type IN ('trigger', 'view') ORDER BY name"
    with reading(live) as connection:
        for kind, name, definition in connection.execute(text(catalogue)):
            if any(family in definition.lower() for family in families):
                yield kind, name


def foreign(live: Engine, replayed: Engine) -> Iterator[tuple[str, str]]:
    """Kind and name of every table, index, trigger and view of a SQLite database that a replayed one has not.

    On another engine, which may hold other people's tables too, those alone that are named as ours are.
    """
    if live.dialect.name == "sqlite":
        ours = set(_catalogue(replayed))
        yield from (one for one in _catalogue(live) if one not in ours)
        return
    known = tables(*ALL_FAMILIES)
    for name in sorted(inspect(live).get_table_names()):
        if name.startswith(ALL_FAMILIES) and name not in known:
            yield "table", name


def added_columns(live: Engine) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Each of our tables that has columns which are none of ours, with their names."""
    found = inspect(live)
    present = set(found.get_table_names())
    for name, table in tables(*ALL_FAMILIES).items():
        columns = found.get_columns(name) if name in present else []
        if added := tuple(str(one["name"]) for one in columns if one["name"] not in table.columns):
            yield name, added


def _catalogue(engine: Engine) -> list[tuple[str, str]]:
    # What begins with sqlite_ is SQLite's own, such as the indexes of keys; nobody else can make such names.
    listed = "SELECT type, name FROM sqlite_master WHERE substr(name, 1, 7) <> 'sqlite_' ORDER BY type, name"
    with reading(engine) as connection:
        return [(kind, name) for kind, name in connection.execute(text(listed))]


def _rows(connection: Connection, table: Table) -> Iterator[Row[Any]]:
    """The rows in the order of the primary key as bytes, which both engines and Python agree upon."""
    keys = [column.collate("C") if _is_text(connection, column) else column for column in table.primary_key.columns]
    result = connection.execute(select(table).order_by(*keys).execution_options(yield_per=STREAMED_ROWS))
    return iter(result)


def _is_text(connection: Connection, column: Any) -> bool:
    return connection.dialect.name == "postgresql" and column.type.python_type is str


def _compare(table: Table, live: Iterator[Row[Any]], replayed: Iterator[Row[Any]]) -> Iterator[Difference]:
    left, right = next(live, None), next(replayed, None)
    while left is not None and right is not None:
        if _order(table, left) < _order(table, right):
            yield Difference(table.name, _key(table, left), "extra")
            left = next(live, None)
        elif _order(table, right) < _order(table, left):
            yield Difference(table.name, _key(table, right), "missing")
            right = next(replayed, None)
        else:
            if changed := _changed(table, left, right):
                yield Difference(table.name, _key(table, left), "changed", changed)
            left, right = next(live, None), next(replayed, None)
    while left is not None:
        yield Difference(table.name, _key(table, left), "extra")
        left = next(live, None)
    while right is not None:
        yield Difference(table.name, _key(table, right), "missing")
        right = next(replayed, None)


def _changed(table: Table, left: Row[Any], right: Row[Any]) -> tuple[str, ...]:
    return tuple(
        column.name for column in table.columns if not _same(left._mapping[column.name], right._mapping[column.name])
    )


def _same(left: Any, right: Any) -> bool:
    if isinstance(left, bytes | memoryview) and isinstance(right, bytes | memoryview):
        return bytes(left) == bytes(right)
    # SQLite keeps whatever is written into a column: 1 and True are one value here, 1 and "1" are not.
    return left == right and (isinstance(left, str) == isinstance(right, str))


def _order(table: Table, row: Row[Any]) -> tuple[tuple[str, Any], ...]:
    # Values of a wrong type sort apart instead of failing to compare.
    return tuple(
        (type(value).__name__, value.encode("utf-8", "surrogatepass") if isinstance(value, str) else value)
        for value in (row._mapping[column.name] for column in table.primary_key.columns)
    )


def _key(table: Table, row: Row[Any]) -> str:
    return "/".join(str(row._mapping[column.name]) for column in table.primary_key.columns)
