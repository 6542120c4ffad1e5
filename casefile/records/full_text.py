"""The index that each engine lays over `work_text`: FTS5 trigrams on SQLite, pg_trgm on PostgreSQL.

Trigrams find any part of a word in any script, which word indexes do not: Burmese has no spaces, Arabic joins the
article to the noun, Ukrainian changes endings. A PostgreSQL server without pg_trgm searches without an index and
finds the same.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, event, text

from casefile.records.work import WorkText

INDEX = "work_text_index"

SQLITE_CREATE = (
    "CREATE VIRTUAL TABLE IF NOT EXISTS work_text_index USING fts5("
    "folded, content='work_text', content_rowid='id', tokenize='trigram')",
    # The index follows the table whoever writes to it.
    "CREATE TRIGGER IF NOT EXISTS work_text_index_added AFTER INSERT ON work_text BEGIN "
    "INSERT INTO work_text_index(rowid, folded) VALUES (new.id, new.folded); END",
    "CREATE TRIGGER IF NOT EXISTS work_text_index_removed AFTER DELETE ON work_text BEGIN "
    "INSERT INTO work_text_index(work_text_index, rowid, folded) VALUES ('delete', old.id, old.folded); END",
)

POSTGRESQL_CREATE = (
    "DO $index$ BEGIN "
    "CREATE EXTENSION IF NOT EXISTS pg_trgm; "
    "CREATE INDEX IF NOT EXISTS work_text_index ON work_text USING gin (folded gin_trgm_ops); "
    # The extension is not installed on the server, or this role may not create it, or it lies in another schema.
    "EXCEPTION WHEN feature_not_supported OR undefined_file OR insufficient_privilege OR undefined_object THEN "
    "RAISE NOTICE 'text is searched without an index'; "
    "END $index$",
)


def create_index(connection: Connection) -> None:
    """Lay the index over an existing `work_text`; does nothing when it is there."""
    for statement in SQLITE_CREATE if connection.dialect.name == "sqlite" else POSTGRESQL_CREATE:
        connection.exec_driver_sql(statement)


def drop_index(connection: Connection) -> None:
    """Take the index away before its table goes."""
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("DROP TABLE IF EXISTS work_text_index")


def is_indexed(connection: Connection) -> bool:
    """Whether searches in this database use an index."""
    catalogue = (
        "SELECT 1 FROM sqlite_master WHERE name = :name"
        if connection.dialect.name == "sqlite"
        else "SELECT 1 FROM pg_indexes WHERE indexname = :name AND schemaname = current_schema()"
    )
    return connection.execute(text(catalogue), {"name": INDEX}).first() is not None


def purge(connection: Connection) -> None:
    """Drop from the index what deleted rows left in it.

    SQLite's index only marks what was deleted, until its segments are merged. PostgreSQL's vacuum does the same for
    its own index and cannot run in a transaction.
    """
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("INSERT INTO work_text_index(work_text_index) VALUES ('optimize')")


@event.listens_for(WorkText.metadata.tables["work_text"], "before_drop")
def _drop_with_table(_table: Any, connection: Connection, **_options: Any) -> None:
    drop_index(connection)
