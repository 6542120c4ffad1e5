"""Reading what the record says of standing watches: the newest statement of each, and its looks."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Connection, Row, select

from casefile.errors import UsageError
from casefile.records.engine import tables


@dataclass(frozen=True, slots=True)
class MonitorRecord:
    """A standing watch as it was last stated, with its last look and its last good one (RFC 3339, UTC)."""

    id: str
    name: str
    kind: str
    target: str
    interval_s: int
    purpose: str
    paused: bool
    why: str
    stated_at: str
    stated_by: str
    checked_at: str = ""
    succeeded_at: str = ""


@dataclass(frozen=True, slots=True)
class CheckRecord:
    """One look at a watched target."""

    checked_at: str
    status: str
    cause: str | None
    found: int | None
    new: int | None
    detail: str | None


def list_monitors(connection: Connection) -> list[MonitorRecord]:
    """Every standing watch, in the order of its first statement. A watch whose target was erased is left out."""
    table = tables("view_")["view_monitor"]
    newest: dict[str, MonitorRecord] = {}
    for row in connection.execute(select(table).order_by(table.c.stated_at, table.c.event)):
        newest[row.monitor] = _monitor(row)
    looked = _looks(connection)
    return [
        replace(
            monitor, checked_at=looked.get(monitor.id, ("", ""))[0], succeeded_at=looked.get(monitor.id, ("", ""))[1]
        )
        for monitor in newest.values()
        if monitor.target
    ]


def find_monitor(connection: Connection, text: str) -> MonitorRecord:
    """The watch of that id or name; raises UsageError."""
    found = [monitor for monitor in list_monitors(connection) if text in (monitor.id, monitor.name)]
    if len(found) != 1:
        raise UsageError(f"no single monitor is known as {text!r}; see `casefile monitor list`")
    return found[0]


def list_checks(connection: Connection, monitor: str) -> list[CheckRecord]:
    """Every look of a watch, oldest first."""
    table = tables("view_")["view_monitor_check"]
    rows = connection.execute(
        select(table).where(table.c.monitor == monitor).order_by(table.c.checked_at, table.c.event)
    )
    return [CheckRecord(row.checked_at, row.status, row.cause, row.found, row.new, row.detail) for row in rows]


def _looks(connection: Connection) -> dict[str, tuple[str, str]]:
    """The last look and the last good one of each watch."""
    table = tables("view_")["view_monitor_check"]
    looks: dict[str, tuple[str, str]] = {}
    for row in connection.execute(select(table).order_by(table.c.checked_at, table.c.event)):
        good = row.checked_at if row.status == "checked" else looks.get(row.monitor, ("", ""))[1]
        looks[row.monitor] = (row.checked_at, good)
    return looks


def _monitor(row: Row[Any]) -> MonitorRecord:
    return MonitorRecord(
        row.monitor,
        row.name or "",
        row.kind or "",
        row.target or "",
        row.interval_s or 0,
        row.purpose or "",
        bool(row.paused),
        row.why or "",
        row.stated_at,
        row.stated_by,
    )
