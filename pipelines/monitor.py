"""Standing watches: stated by a person, looked at when they are due, and what is new captured exactly once.

A lead of a watch has an id that follows from the watch and the locator, so that the same entry at the next look, or in
another process, is the same lead. What was missed while the machine slept is caught up by one look. A failed look is
recorded like any other, and the watch goes on.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from casefile.clock import parse_rfc3339
from casefile.errors import (
    ContainmentMissing,
    DigestMismatch,
    GateRefused,
    JarUnusable,
    LeaseLost,
    ToolMissing,
    UnknownIdentity,
    UsageError,
)
from casefile.events.envelope import EventOutcome, Subject
from casefile.events.port import draft
from casefile.events.types import MonitorChecked, MonitorStated, MonitorTarget
from casefile.leads import Lead
from casefile.model import readable
from casefile.records.engine import reading
from casefile.records.ledger import Claim, WorkState, finish
from casefile.records.monitors import (
    STAGE,
    MonitorRecord,
    find_monitor,
    known_leads,
    list_monitors,
    retryable_leads,
)
from casefile.records.people import find_person
from casefile.records.queries import waiting_leads
from casefile.vocabulary import Cause, ContainmentLevel, Pathway, Purpose
from collectors.outcomes import retryable
from pipelines.capture import CaptureOptions
from pipelines.collect import Told, collect
from pipelines.examine import examining
from pipelines.identities import Note, judge_mixing, known_identity
from pipelines.identity_session import open_session
from pipelines.leads import Origin, add_leads, lead_id
from pipelines.leases import Leases
from pipelines.recovering import recover_workspace
from pipelines.results import Result, examination_detail
from pipelines.services import Services
from pipelines.watching import Look, LookFailed, look, usable_target

SHORTEST_INTERVAL_S = 60
UNITS_S = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
MOST_ATTEMPTS = 4
"""How often an entry is tried, at as many looks, when it fails for a cause that may pass."""
IDENTITY_UNUSABLE = "identity-unusable"
"""A cause that no capture has: the identity of a watch is retired, its jar is gone, or a gate refuses it."""
PASSING = frozenset(cause for cause in Cause if retryable(cause))
HELD = frozenset((Cause.SESSION_EXPIRED, Cause.CHALLENGE))
"""Passing too for a watch under an identity: it does not look again before a person has renewed the session."""


@dataclass(frozen=True, slots=True)
class MonitorRun:
    """One look: how it ended (`checked`, `failed`, or `busy` when another process is looking), what the target named,
    how much of it no earlier look had brought to an end, and what became of that."""

    monitor: MonitorRecord
    status: str
    cause: str = ""
    detail: str = ""
    found: int = 0
    new: int = 0
    results: tuple[Result, ...] = ()


@dataclass(frozen=True, slots=True)
class Listener:
    """Who is told of each result as it lands, and of each look as it ends."""

    result: Told
    run: Callable[[MonitorRun], None]


UNHEARD = Listener(lambda _result: None, lambda _run: None)
"""Nobody: the log has it."""


def parse_interval(text: str) -> int:
    """Seconds of a duration such as 90s, 15m, 6h or 1d; raises UsageError."""
    number, unit = text[:-1], text[-1:]
    if unit not in UNITS_S or not number.isascii() or not number.isdigit():
        raise UsageError(f"{text!r} is not a duration; write 15m, 6h or 1d")
    seconds = int(number) * UNITS_S[unit]
    if seconds < SHORTEST_INTERVAL_S:
        raise UsageError("a watch looks at most once a minute")
    return seconds


def add_monitor(services: Services, monitor: MonitorRecord, note: Note) -> MonitorRecord:
    """Begin a watch, under the identity of that name or id if one is named.

    Raises UsageError when its target cannot be watched or its name belongs to another one, or when a reason, an owner
    or an operator is missing; UnknownPerson, UnknownIdentity, and
    GateRefused as `judge_mixing` does.
    """
    if not monitor.name.strip():
        raise UsageError("a watch needs a name")
    if not monitor.why.strip():
        raise UsageError("a watch needs a reason; it is kept with everything that the watch finds")
    if not monitor.owner or not monitor.operator:
        raise UsageError("a watch needs somebody who answers for it, and somebody who sees to it (paragraph 143)")
    with reading(services.engine) as connection:
        owner, operator = find_person(connection, monitor.owner), find_person(connection, monitor.operator)
    monitor = replace(monitor, owner=owner.id, operator=operator.id)
    monitor = replace(monitor, target=usable_target(monitor.kind, monitor.target))
    if monitor.identity:
        identity = known_identity(services, monitor.identity)
        judge_mixing(services, identity, Purpose(monitor.purpose), note)
        monitor = replace(monitor, identity=identity.id)
    with reading(services.engine) as connection:
        known = list_monitors(connection)
    if any(one.name == readable(monitor.name) for one in known):
        raise UsageError(f"another watch is called {monitor.name!r}")
    return state_monitor(services, monitor)


def state_monitor(services: Services, monitor: MonitorRecord) -> MonitorRecord:
    """Record a watch as it stands from now on, also one whose target has gone."""
    services.append(
        draft(
            "monitor.stated",
            Subject(kind="monitor", id=monitor.id),
            body=MonitorStated(
                kind=monitor.kind,
                interval_s=monitor.interval_s,
                purpose=Purpose(monitor.purpose),
                paused=monitor.paused,
                identity=monitor.identity or None,
                owner=monitor.owner or None,
                operator=monitor.operator or None,
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


def is_due(monitor: MonitorRecord, now: datetime) -> bool:
    """Whether the time of a watch has come.

    A last look that lies in the future was dated by a clock that has been set back since: then too.
    """
    at = next_look(monitor)
    return at is not None and (at <= now or at > now + timedelta(seconds=monitor.interval_s))


def due_monitors(monitors: Sequence[MonitorRecord], now: datetime) -> list[MonitorRecord]:
    """The watches whose time has come, the longest overdue first."""
    due = [(at, monitor.id, monitor) for monitor in monitors if is_due(monitor, now) and (at := next_look(monitor))]
    return [monitor for _at, _id, monitor in sorted(due, key=lambda one: one[:2])]


def run_due(services: Services, level: ContainmentLevel, listener: Listener = UNHEARD) -> list[MonitorRun]:
    """Look once at every watch that is due, however long it has been; those that another process looks at are left."""
    with reading(services.engine) as connection:
        monitors = list_monitors(connection)
    due = due_monitors(monitors, services.clock.read().wall)
    if due:
        take_up_dead_runs(services, level)
    runs = [run for monitor in due if (run := _claim_and_run(services, monitor, level, listener, due=True)) is not None]
    return [run for run in runs if run.status != "busy"]


def run_monitor(
    services: Services, monitor: MonitorRecord, level: ContainmentLevel, listener: Listener = UNHEARD
) -> MonitorRun:
    """Look at one watch now, due or not, also a paused one, and capture what is new.

    Leads of earlier looks that were never brought to an end are taken up again, and those that failed for a cause
    that may have passed.
    """
    take_up_dead_runs(services, level)
    run = _claim_and_run(services, monitor, level, listener)
    if run is None or run.status == "busy":
        run = MonitorRun(monitor, "busy", detail="another process is looking at this watch")
        listener.run(run)
    return run


def take_up_dead_runs(services: Services, level: ContainmentLevel) -> None:
    """Free what processes that died had claimed, and examine what they had captured. Repeating it changes nothing."""
    recovered = recover_workspace(services)
    if recovered.recorded:
        with examining(services, level) as examine:
            for capture in recovered.recorded:
                examination_detail(examine(capture))


def _claim_and_run(
    services: Services, monitor: MonitorRecord, level: ContainmentLevel, listener: Listener, *, due: bool = False
) -> MonitorRun | None:
    """A look under a lease; None when with `due` another process has meanwhile made it, or the lease was lost."""
    leases = Leases(services)
    claim = leases.ledger.claim(STAGE, monitor.id, leases.now_ms(), again=True)
    if not isinstance(claim, Claim):
        return MonitorRun(monitor, "busy")
    with reading(services.engine) as connection:
        monitor = find_monitor(connection, monitor.id)
    if due and not is_due(monitor, services.clock.read().wall):
        leases.ledger.release(claim)
        return None
    with leases.renewing(), leases.kept(claim):
        try:
            run = _run(services, monitor, level, listener)
        except (ContainmentMissing, ToolMissing) as error:
            _record(services, MonitorRun(monitor, "failed", Cause.TOOL_MISSING, str(error)), claim)
            raise
    try:
        _record(services, run, claim)
    except LeaseLost:
        # This process was paused for so long that another one has looked and recorded that.
        return None
    listener.run(run)
    return run


def _run(services: Services, monitor: MonitorRecord, level: ContainmentLevel, listener: Listener) -> MonitorRun:
    session, notes = None, list[str]()
    if monitor.identity:
        try:
            session = open_session(services, monitor.identity, Purpose(monitor.purpose), level, notes.append)
        except (UnknownIdentity, JarUnusable, DigestMismatch, GateRefused) as error:
            return MonitorRun(monitor, "failed", IDENTITY_UNUSABLE, str(error))
        if session.halt is not None:
            # Nothing is asked for: an entry that was held would count as tried.
            return MonitorRun(monitor, "failed", session.halt.cause, session.halt.detail)
    with examining(services, level) as examine:
        try:
            seen = look(services, monitor, level, examine, session)
        except LookFailed as failed:
            return MonitorRun(monitor, "failed", failed.cause, failed.detail)
        leads, new = _to_take_up(services, monitor, seen)
        options = CaptureOptions(None, Purpose(monitor.purpose), level, session=session)
        results = collect(services, leads, options, told=listener.result, examine=examine)
    said = "; ".join(one for one in (seen.remark, *notes) if one)
    return MonitorRun(monitor, "checked", "", said, len(seen.candidates), new, tuple(results))


def _to_take_up(services: Services, monitor: MonitorRecord, seen: Look) -> tuple[list[Lead], int]:
    """The leads of this look, and how many of them no earlier look has brought to an end."""
    origin = Origin(Pathway.MONITOR, monitor=monitor.id, why=monitor.why)
    with reading(services.engine) as connection:
        waiting = waiting_leads(connection, monitor.id)
        again = retryable_leads(connection, monitor.id, PASSING | HELD if monitor.identity else PASSING, MOST_ATTEMPTS)
        known = known_leads(connection, monitor.id)
    fresh = [one for one in seen.candidates if lead_id(services.log.id, one, origin) not in known]
    begun = {lead.id for lead in waiting}
    leads: list[Lead] = [*waiting, *add_leads(services, fresh, origin), *(one for one in again if one.id not in begun)]
    return leads, len(waiting) + len(fresh)


def _record(services: Services, run: MonitorRun, claim: Claim) -> None:
    """Append the look and give the watch free, in one transaction; raises LeaseLost when another process has it."""
    services.append(
        draft(
            "monitor.checked",
            Subject(kind="monitor", id=run.monitor.id),
            body=MonitorChecked(found=run.found, new=run.new, detail=readable(run.detail)),
            outcome=EventOutcome(status=run.status, cause=run.cause or None),
        ),
        within=lambda connection: finish(connection, claim, WorkState.OPEN),
    )
