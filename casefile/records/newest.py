"""What was stated again and again in the log: the newest statement of each subject."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Row, select

from casefile.records.engine import tables


def newest_statements(connection: Connection, view: str, subject: str) -> dict[str, Row[Any]]:
    """The newest row for each value of the column `subject`, in the order in which those were first stated.

    The newest is the last in the log: a clock that was set back does not bring an older statement to the front.
    """
    table, entry = tables("view_")[view], tables("log_")["log_entry"]
    stated = select(table).join(entry, entry.c.event == table.c.event).order_by(entry.c.position)
    return {getattr(row, subject): row for row in connection.execute(stated)}
