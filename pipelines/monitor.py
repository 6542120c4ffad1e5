"""Standing watches: stated by a person, looked at when they are due, and what is new captured exactly once.

A lead of a watch has an id that follows from the watch and the locator, so that the same entry at the next look, or in
another process, is the same lead. What was missed while the machine slept is caught up by one look.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from casefile.clock import parse_rfc3339
from casefile.errors import SheetUnusable, UsageError
from casefile.events.envelope import EventOutcome, Subject
from casefile.events.port import draft
from casefile.events.types import MonitorChecked, MonitorStated, MonitorTarget
from casefile.model import Lead, readable
from casefile.records.engine import reading
from casefile.records.ledger import Claim
from casefile.records.monitors import MonitorRecord, find_monitor, list_monitors
from casefile.records.queries import list_leads, waiting_leads
from casefile.vocabulary import ContainmentLevel, Pathway, Purpose
from pipelines.capture import CaptureOptions
from pipelines.collect import collect
from pipelines.examine import examining
from pipelines.leads import Origin, add_leads, lead_id
from pipelines.leases import Leases
from pipelines.results import Result
from pipelines.services import Services
from pipelines.watching import LookFailed, MonitorKind, look

STAGE = "monitor"
SHORTEST_INTERVAL_S = 60
UNITS_S = {"s": 1, "m": 60, "h": 3600, "d": 86_400}


@dataclass(frozen=True, slots=True)
class MonitorRun:
    """One look: how it ended, what was named, what was new, and what became of that."""

    monitor: MonitorRecord
    status: str
    cause: str = ""
    detail: str = ""
    found: int = 0
    new: int = 0
    results: tuple[Result, ...] = ()


def parse_interval(text: str) -> int:
    """Seconds of a duration such as 90s, 15m, 6h or 1d; raises UsageError."""
    number, unit = text[:-1], text[-1:]
    if unit not in UNITS_S or not number.isascii() or not number.isdigit():
        raise UsageError(f"{text!r} is not a duration; write 15m, 6h or 1d")
    seconds = int(number) * UNITS_S[unit]
    if seconds < SHORTEST_INTERVAL_S:
        raise UsageError("a watch looks at most once a minute")
    return seconds


def state_monitor(services: Services, monitor: MonitorRecord) -> MonitorRecord:
    """Record a watch as it stands from now on; raises UsageError when its name belongs to another one."""
    if not monitor.name.strip() or not monitor.target.strip():
        raise UsageError("a watch needs a name and a target")
    if MonitorKind(monitor.kind) is MonitorKind.LIST and not Path(monitor.target).is_file():
        raise UsageError(f"there is no list {monitor.target}")
    with reading(services.engine) as connection:
        known = list_monitors(connection)
    if any(one.name == monitor.name and one.id != monitor.id for one in known):
        raise UsageError(f"another watch is called {monitor.name!r}")
    services.append(
        draft(
            "monitor.stated",
            Subject(kind="monitor", id=monitor.id),
            body=MonitorStated(
                kind=monitor.kind,
                interval_s=monitor.interval_s,
                purpose=Purpose(monitor.purpose),
                paused=monitor.paused,
            ),
            personal=MonitorTarget(
                name=readable(monitor.name), target=readable(monitor.target, 65_536), why=readable(monitor.why)
            ),
            outcome=EventOutcome(status="paused" if monitor.paused else "watching"),
        )
    )
    with reading(services.engine) as connection:
        return find_monitor(connection, monitor.id)


def next_look(monitor: MonitorRecord) -> datetime | None:
    """When a watch is due: an interval after its last look, at once before the first; None while it is paused."""
    if monitor.paused:
        return None
    if not monitor.checked_at:
        return parse_rfc3339(monitor.stated_at)
    return parse_rfc3339(monitor.checked_at) + timedelta(seconds=monitor.interval_s)


def due_monitors(monitors: Sequence[MonitorRecord], now: datetime) -> list[MonitorRecord]:
    """The watches whose time has come, the longest overdue first."""
    due = [(at, monitor) for monitor in monitors if (at := next_look(monitor)) is not None and at <= now]
    return [monitor for _at, monitor in sorted(due, key=lambda one: (one[0], one[1].id))]


def run_due(services: Services, level: ContainmentLevel, told: Callable[[MonitorRun], None]) -> list[MonitorRun]:
    """Look at every watch that is due."""
    with reading(services.engine) as connection:
        monitors = list_monitors(connection)
    return [
        run
        for monitor in due_monitors(monitors, services.clock.read().wall)
        if (run := run_monitor(services, monitor, level, told)) is not None
    ]


def run_monitor(
    services: Services, monitor: MonitorRecord, level: ContainmentLevel, told: Callable[[MonitorRun], None]
) -> MonitorRun | None:
    """Look at one watch and capture what is new; None while another process is looking at it.

    Leads of earlier looks that were never brought to an end are taken up again.
    """
    leases = Leases(services)
    claim = leases.ledger.claim(STAGE, monitor.id, leases.now_ms(), again=True)
    if not isinstance(claim, Claim):
        return None
    with leases.renewing(), leases.kept(claim):
        run = _run(services, monitor, level)
    _record(services, run)
    leases.ledger.release(claim)
    told(run)
    return run


def _run(services: Services, monitor: MonitorRecord, level: ContainmentLevel) -> MonitorRun:
    try:
        seen = look(services, monitor, level)
    except LookFailed as failed:
        return MonitorRun(monitor, "failed", failed.cause, failed.detail)
    except SheetUnusable as failed:
        return MonitorRun(monitor, "failed", "list-unreadable", str(failed))
    origin = Origin(Pathway.MONITOR, monitor=monitor.id, why=monitor.why)
    with reading(services.engine) as connection:
        waiting = waiting_leads(connection, monitor.id)
        known = {lead.id for lead in list_leads(connection, monitor=monitor.id)}
    fresh = [one for one in seen.candidates if lead_id(services.log.id, one, origin) not in known]
    leads: list[Lead] = [*waiting, *add_leads(services, fresh, origin)]
    options = CaptureOptions(None, Purpose(monitor.purpose), level)
    with examining(services, level) as examine:
        results = collect(services, leads, options, told=lambda _result: None, examine=examine)
    return MonitorRun(monitor, "checked", "", "", len(seen.candidates), len(fresh), tuple(results))


def _record(services: Services, run: MonitorRun) -> None:
    services.append(
        draft(
            "monitor.checked",
            Subject(kind="monitor", id=run.monitor.id),
            body=MonitorChecked(found=run.found, new=run.new, detail=readable(run.detail)),
            outcome=EventOutcome(status=run.status, cause=run.cause or None),
        )
    )
