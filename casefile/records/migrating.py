"""Keeping a database at the version that this program reads and writes.

The log_* and work_* tables are migrated, the view_* tables rebuilt from the log, all in one transaction: a process
that is killed half way leaves the old database or the new one.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, func, select

from casefile.errors import WorkspaceUnusable
from casefile.events.replay import rebuild_views
from casefile.ids import LogId
from casefile.records.engine import reading, writing
from casefile.records.versions import (
    DATABASE_VERSION,
    VERSION_TABLE,
    database_version,
    note_views,
    views_are_current,
)

MIGRATIONS = Path(__file__).parent / "migrations"
UPGRADE_LOCK = 0x63617365
"""PostgreSQL's advisory lock for the time of an upgrade; SQLite's transaction keeps others out by itself."""


def ensure_current(engine: Engine, log: LogId) -> bool:
    """Bring an existing database to this program's version; whether anything had to be done.

    Raises WorkspaceUnusable for a database that another, newer program has written.
    """
    with reading(engine) as connection:
        if database_version(connection) == DATABASE_VERSION and views_are_current(connection):
            return False
    with writing(engine) as connection:
        _upgrade(connection)
        if not views_are_current(connection):
            rebuild_views(connection, log)
            note_views(connection)
    return True


def upgrade_database(engine: Engine) -> None:
    """Bring the log_* and work_* tables to this program's version, from an empty database if need be."""
    with writing(engine) as connection:
        _upgrade(connection)


def _upgrade(connection: Connection) -> None:
    if connection.dialect.name == "postgresql":
        connection.execute(select(func.pg_advisory_xact_lock(UPGRADE_LOCK)))
    if database_version(connection) != DATABASE_VERSION:
        _run_migrations(connection)


def _run_migrations(connection: Connection) -> None:
    # Importing Alembic takes most of a second, and hardly any opening has to migrate.
    from alembic.config import Config
    from alembic.runtime.environment import EnvironmentContext
    from alembic.script import ScriptDirectory
    from alembic.util import CommandError

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    scripts = ScriptDirectory.from_config(config)

    def steps(revision: Any, _context: Any) -> Any:
        return scripts._upgrade_revs("head", revision)

    with EnvironmentContext(config, scripts, fn=steps) as environment:
        environment.configure(connection=connection, version_table=VERSION_TABLE, transactional_ddl=True)
        try:
            environment.run_migrations()
        except CommandError as error:
            found = database_version(connection)
            raise WorkspaceUnusable("database", f"is at version {found}, which this program does not know") from error
