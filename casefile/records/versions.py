"""Which version a database is at: one for the log_* and work_* tables, one for the view_* tables."""

from __future__ import annotations

from sqlalchemy import Connection, inspect, select, update

from casefile.records.engine import insert_absent, table
from casefile.records.view import VIEW_VERSION

DATABASE_VERSION = "0005"
"""The newest revision among the migrations."""
VERSION_TABLE = "work_migration"
VIEWS = "view_version"
"""The row of work_state that says how the view tables were made."""


def database_version(connection: Connection) -> str | None:
    """The revision of the log_* and work_* tables; None when the database has none yet."""
    if not inspect(connection).has_table(VERSION_TABLE):
        return None
    version: str | None = connection.execute(select(table(VERSION_TABLE).c.version_num)).scalar_one_or_none()
    return version


def views_are_current(connection: Connection) -> bool:
    """Whether the view tables are as this program makes them."""
    state = table("work_state")
    version = connection.execute(select(state.c.value).where(state.c.name == VIEWS)).scalar_one_or_none()
    return version == str(VIEW_VERSION)


def note_views(connection: Connection) -> None:
    """The view tables are now as this program makes them."""
    state = table("work_state")
    insert_absent(connection, state, [{"name": VIEWS, "value": ""}])
    connection.execute(update(state).where(state.c.name == VIEWS).values(value=str(VIEW_VERSION)))


def note_new(connection: Connection) -> None:
    """Every table was just created by this program."""
    connection.execute(table(VERSION_TABLE).insert(), {"version_num": DATABASE_VERSION})
    note_views(connection)
