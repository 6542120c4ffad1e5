"""The folder that Prefect keeps its own records in. It holds nothing that cannot be made again."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

DATABASE = "prefect.db"


def prepare_home(home: Path) -> None:
    """Make the folder, and clear away a database that SQLite cannot read: Prefect would try for minutes to open it.

    Raises OSError when there can be no such folder.
    """
    home.mkdir(parents=True, exist_ok=True, mode=0o700)
    database = home / DATABASE
    if database.exists() and not _is_readable(database):
        for name in (DATABASE, f"{DATABASE}-wal", f"{DATABASE}-shm"):
            (home / name).unlink(missing_ok=True)


def _is_readable(database: Path) -> bool:
    try:
        with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
            connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
    except sqlite3.OperationalError:
        # Locked by a Prefect that is running, which therefore can read it; or refused by the disk, which Prefect tells.
        return True
    except sqlite3.DatabaseError:
        return False
    return True
