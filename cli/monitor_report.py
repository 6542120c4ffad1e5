"""What `monitor` and `serve` print of watches and their looks."""

from __future__ import annotations

from collections.abc import Sequence

from casefile.clock import rfc3339
from casefile.records.monitors import MonitorRecord
from cli import output
from cli.collect_report import exit_code, result_json
from pipelines.monitor import MonitorRun, next_look

FAILED = 1


def monitor_json(monitor: MonitorRecord) -> dict[str, object]:
    """A watch as `--json` gives it."""
    due = next_look(monitor)
    return {
        "id": monitor.id,
        "name": monitor.name,
        "kind": monitor.kind,
        "target": monitor.target,
        "interval_s": monitor.interval_s,
        "purpose": monitor.purpose,
        "paused": monitor.paused,
        "identity": monitor.identity or None,
        "why": monitor.why,
        "owner": monitor.owner or None,
        "operator": monitor.operator or None,
        "next_look": rfc3339(due) if due else None,
        "last_look": monitor.checked_at or None,
        "last_status": monitor.status or None,
        "last_cause": monitor.cause or None,
        "last_success": monitor.succeeded_at or None,
    }


def monitor_row(monitor: MonitorRecord) -> tuple[str, ...]:
    """A watch as a row of a table."""
    due = next_look(monitor)
    return (
        monitor.name,
        monitor.kind,
        rfc3339(due)[:19] if due else "paused",
        f"{monitor.checked_at[:19]} {monitor.cause}".strip() or "never",
        monitor.succeeded_at[:19] or "never",
        monitor.target,
    )


def run_json(run: MonitorRun) -> dict[str, object]:
    """A look as `--json` gives it."""
    return {
        "monitor": run.monitor.id,
        "name": run.monitor.name,
        "status": run.status,
        "cause": run.cause or None,
        "detail": run.detail,
        "found": run.found,
        "new": run.new,
        "results": [result_json(result) for result in run.results],
    }


def print_run(run: MonitorRun) -> None:
    """A look for a person, as it ends; what came of its results was said before."""
    if run.status == "checked":
        said = f"{run.found} named, {run.new} new"
    else:
        said = f"{run.status} ({run.cause})" if run.cause else run.status
    output.line(f"{run.monitor.name}: {said}")
    if run.detail:
        output.line(f"    {run.detail}")


def runs_exit_code(runs: Sequence[MonitorRun]) -> int:
    """1 when a look failed, or something that it found could not be captured whole."""
    good = all(run.status != "failed" and (not run.results or exit_code(run.results) == 0) for run in runs)
    return 0 if good else FAILED
