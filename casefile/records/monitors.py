"""Reading what the record says of standing watches: the newest statement of each, its looks, and its leads.

The newest is the last in the log: a clock that was set back does not bring an older statement or look to the front.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, exists, func, select

from casefile.errors import UsageError
from casefile.leads import Lead
from casefile.records.engine import tables
from casefile.records.ledger import WorkState
from casefile.records.newest import newest_statements
from casefile.vocabulary import Pathway

STAGE = "monitor"
"""The stage of the ledger under which a watch is claimed, by its id."""


@dataclass(frozen=True, slots=True)
class MonitorRecord:
    """A standing watch as it was last stated, with its last look and its last good one (RFC 3339, UTC).

    `status`, `cause` and `detail` are those of the last look; all are empty before the first. `identity` is the id of
    the virtual identity under which it looks and collects, if any; `owner` answers for it, `operator` sees to it.
    """

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
    status: str = ""
    cause: str = ""
    detail: str = ""
    identity: str = ""
    owner: str = ""
    operator: str = ""


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
    newest = newest_statements(connection, "view_monitor", "monitor")
    looks, good = _last_looks(connection), _last_looks(connection, status="checked")
    return [_monitor(row, looks.get(name), good.get(name)) for name, row in newest.items() if row.target]


def find_monitor(connection: Connection, text: str) -> MonitorRecord:
    """The watch of that id or name; raises UsageError."""
    found = [monitor for monitor in list_monitors(connection) if text in (monitor.id, monitor.name)]
    if len(found) != 1:
        raise UsageError(f"no single watch is known as {text!r}; see `casefile monitor list`")
    return found[0]


def list_checks(connection: Connection, monitor: str) -> list[CheckRecord]:
    """Every look of a watch, oldest first."""
    table, entry = tables("view_")["view_monitor_check"], tables("log_")["log_entry"]
    looks = select(table).join(entry, entry.c.event == table.c.event).where(table.c.monitor == monitor)
    rows = connection.execute(looks.order_by(entry.c.position))
    return [CheckRecord(row.checked_at, row.status, row.cause, row.found, row.new, row.detail) for row in rows]


def known_leads(connection: Connection, monitor: str) -> set[str]:
    """The ids of all leads that a watch has given."""
    table = tables("view_")["view_lead"]
    return set(connection.execute(select(table.c.id).where(table.c.monitor == monitor)).scalars())


def retryable_leads(connection: Connection, monitor: str, causes: Collection[str], most: int) -> list[Lead]:
    """Leads of a watch of which nothing whole was captured, all for these causes, in less than `most` attempts."""
    lead, attempt = tables("view_")["view_lead"], tables("view_")["view_attempt"]
    of_lead = attempt.c.lead == lead.c.id
    passing = attempt.c.status.in_(("failed", "partial")) & attempt.c.cause.in_(tuple(causes))
    attempts = select(func.count()).select_from(attempt).where(of_lead).scalar_subquery()
    query = (
        select(lead)
        .where(lead.c.monitor == monitor, lead.c.locator.is_not(None))
        .where(attempts.between(1, most - 1), ~exists().where(of_lead, ~passing | attempt.c.cause.is_(None)))
        .order_by(lead.c.added_at, lead.c.id)
    )
    return [
        Lead(id=row.id, locator=row.locator, pathway=Pathway(row.pathway), why=row.why or "")
        for row in connection.execute(query)
    ]


def looked_at_now(connection: Connection, now_ms: int) -> set[str]:
    """The ids of the watches that some process has a lease on at this moment (Unix milliseconds)."""
    table = tables("work_")["work_item"]
    held = (table.c.stage == STAGE, table.c.state == WorkState.CLAIMED.value, table.c.lease_until_ms > now_ms)
    return set(connection.execute(select(table.c.key).where(*held)).scalars())


def _last_looks(connection: Connection, status: str = "") -> dict[str, Row[Any]]:
    """The last look of each watch, of those that ended so."""
    table, entry = tables("view_")["view_monitor_check"], tables("log_")["log_entry"]
    last = select(func.max(entry.c.position)).join(table, entry.c.event == table.c.event).group_by(table.c.monitor)
    if status:
        last = last.where(table.c.status == status)
    query = select(table).join(entry, entry.c.event == table.c.event).where(entry.c.position.in_(last))
    return {row.monitor: row for row in connection.execute(query)}


def _monitor(row: Row[Any], last: Row[Any] | None, good: Row[Any] | None) -> MonitorRecord:
    return MonitorRecord(
        id=row.monitor,
        name=row.name or "",
        kind=row.kind or "",
        target=row.target or "",
        interval_s=row.interval_s or 0,
        purpose=row.purpose or "",
        paused=bool(row.paused),
        why=row.why or "",
        stated_at=row.stated_at,
        stated_by=row.stated_by,
        checked_at=last.checked_at if last else "",
        succeeded_at=good.checked_at if good else "",
        status=last.status if last else "",
        cause=(last.cause or "") if last else "",
        detail=(last.detail or "") if last else "",
        identity=row.identity or "",
        owner=row.owner or "",
        operator=row.operator or "",
    )
