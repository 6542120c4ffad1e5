"""SQLite for all engines of a process, which compile a statement once between them.

An audit opens three databases of the same tables, a test hundreds. SQLAlchemy keeps what it compiled for each engine
apart, since two engines might speak differently. On SQLite ours cannot: one library, one set of options.
"""

from __future__ import annotations

from sqlalchemy.dialects import registry
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite
from sqlalchemy.util import LRUCache

DRIVER = "sqlite+alike"
COMPILED: LRUCache[object, object] = LRUCache(1000)
"""Statements of all engines, by dialect and shape."""


class AlikeSQLite(SQLiteDialect_pysqlite):
    """SQLAlchemy's own dialect, all instances of which are equal."""

    supports_statement_cache = True

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self)

    def __hash__(self) -> int:
        return hash(type(self))


registry.register(DRIVER.replace("+", "."), __name__, AlikeSQLite.__name__)
