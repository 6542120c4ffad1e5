"""Erasures that were decided and whose bytes may still be somewhere: in the parts on disk, in the write-ahead log.

A row is written with the decision and removed when nothing is left, so that a crash between the two is made good.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, Engine, delete, insert, select

from casefile.errors import RecordUnreadable, WorkspaceBusy
from casefile.events.envelope import PartName
from casefile.records.engine import tables, writing

PREFIX = "erasing "


@dataclass(frozen=True, slots=True)
class PendingErasure:
    """A part that is to leave the disk, in the segment of its event."""

    event: str
    part: PartName
    segment: int

    @property
    def name(self) -> str:
        """The name of its row in work_state."""
        return f"{PREFIX}{self.event} {self.part}"


def note_erasures(connection: Connection, erasures: Sequence[PendingErasure]) -> None:
    """Note parts that are to leave the disk."""
    state = tables("work_")["work_state"]
    known = {one.name for one in pending_erasures(connection)} if erasures else set()
    rows = [{"name": one.name, "value": str(one.segment)} for one in erasures if one.name not in known]
    if rows:
        connection.execute(insert(state), rows)


def pending_erasures(connection: Connection) -> list[PendingErasure]:
    """Every part whose bytes may still be somewhere."""
    state = tables("work_")["work_state"]
    rows = connection.execute(select(state).where(state.c.name.startswith(PREFIX)).order_by(state.c.name)).all()
    return [_pending(row.name, row.value) for row in rows]


def settle_erasure(engine: Engine, erasure: PendingErasure) -> None:
    """Nothing is left of the part on disk: clear the write-ahead log of it, then its row.

    Raises WorkspaceBusy when another process reads the database for longer than the waiting time.
    """
    clear_write_ahead_log(engine)
    state = tables("work_")["work_state"]
    with writing(engine) as connection:
        connection.execute(delete(state).where(state.c.name == erasure.name))


def rewrite_database(engine: Engine) -> None:
    """Write SQLite's file anew, so that no page of it holds what a row once held, and empty its write-ahead log.

    Pages that are half full keep what was moved out of them, which zeroing on deletion does not reach. PostgreSQL's
    own vacuum does that for its tables. Raises WorkspaceBusy while another process reads the database.
    """
    if engine.dialect.name != "sqlite":
        return
    connection = engine.raw_connection()
    try:
        cursor = connection.cursor()
        # In a file that SQLite unlinks at once: the whole database would not fit into memory.
        cursor.execute("PRAGMA temp_store=FILE")
        cursor.execute("VACUUM")
        cursor.execute("PRAGMA temp_store=MEMORY")
        cursor.close()
    except sqlite3.OperationalError as error:
        raise WorkspaceBusy("casefile.db", f"it cannot be written anew: {error}") from error
    finally:
        connection.close()
    clear_write_ahead_log(engine)


def clear_write_ahead_log(engine: Engine) -> None:
    """Empty SQLite's write-ahead log into the database, whose freed bytes are zeros; PostgreSQL keeps its own."""
    if engine.dialect.name != "sqlite":
        return
    # Not within a transaction, which is how SQLAlchemy would begin.
    connection = engine.raw_connection()
    try:
        cursor = connection.cursor()
        cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        result = cursor.fetchone()
        cursor.close()
    finally:
        connection.close()
    if result is None or result[0]:
        raise WorkspaceBusy("casefile.db", "another process is reading it, so the erased bytes are still in its log")


def _pending(name: str, value: str) -> PendingErasure:
    try:
        event, part = name.removeprefix(PREFIX).split(" ")
        return PendingErasure(event, PartName(part), int(value))
    except ValueError as error:
        raise RecordUnreadable(f"work_state {name}", "names no part of an event") from error
