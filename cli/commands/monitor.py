"""`casefile monitor`."""

from __future__ import annotations

from typing import Annotated

import typer

from casefile.vocabulary import ContainmentLevel, Purpose
from cli import output
from cli.invocation import Invocation

Level = Annotated[ContainmentLevel, typer.Option("--containment", help="weak: go on where full is missing.")]
Name = Annotated[str, typer.Argument(help="The watch's name or id.")]


def add(
    context: typer.Context,
    target: Annotated[str, typer.Argument(help="A list file, the address of a feed, or of a channel or playlist.")],
    kind: Annotated[str, typer.Option(help="list, feed (RSS or Atom), or channel (through yt-dlp).")],
    name: Annotated[str, typer.Option(help="What the watch is called.")],
    why: Annotated[str, typer.Option(help="Why this is watched; kept with the watch.")],
    every: Annotated[str, typer.Option(help="How often to look: 15m, 6h, 1d.")] = "1h",
    purpose: Annotated[Purpose, typer.Option(help="What the material is collected for.")] = Purpose.WORK,
    identity: Annotated[str, typer.Option(help="Look and collect under this virtual identity.")] = "",
    owner: Annotated[str, typer.Option(help="Who answers for it; whoever adds it by default.")] = "",
    operator: Annotated[str, typer.Option(help="Who sees to it; whoever adds it by default.")] = "",
) -> int:
    """Watch a target: what is new there becomes leads and captures, each exactly once."""
    from dataclasses import replace

    from casefile.records.monitors import MonitorRecord
    from cli.monitor_report import monitor_json
    from pipelines.monitor import add_monitor, parse_interval
    from pipelines.services import open_services

    invocation: Invocation = context.obj
    stated = MonitorRecord(
        id="",
        name=name,
        kind=kind,
        target=target,
        interval_s=parse_interval(every),
        purpose=purpose,
        paused=False,
        why=why,
        stated_at="",
        stated_by="",
        identity=identity,
    )
    with open_services(invocation.workspace, invocation.environment, person=invocation.person) as services:
        me = services.person_id
        stated = replace(stated, id=services.clock.mint(), owner=owner or me, operator=operator or me)
        monitor = add_monitor(services, stated, output.note)
    if invocation.json:
        output.document(monitor_json(monitor))
    else:
        output.line(f"Watching {monitor.name} every {monitor.interval_s} s. Run `casefile serve`, or `monitor run`.")
    return 0


def list_(context: typer.Context) -> int:
    """List the watches with their next and their last look."""
    from casefile.records.engine import reading
    from casefile.records.monitors import list_monitors
    from cli.monitor_report import monitor_json, monitor_row
    from pipelines.services import open_services

    invocation: Invocation = context.obj
    with open_services(invocation.workspace, invocation.environment) as services, reading(services.engine) as rows:
        monitors = list_monitors(rows)
    if invocation.json:
        output.document({"monitors": [monitor_json(monitor) for monitor in monitors]})
    else:
        output.table(("name", "kind", "next look", "last look", "last success", "target"), map(monitor_row, monitors))
    return 0


def run(
    context: typer.Context,
    names: Annotated[list[str] | None, typer.Argument(help="Watches to look at now; without any, those due.")] = None,
    containment: Level = ContainmentLevel.FULL,
) -> int:
    """Look now, and capture what is new."""
    from casefile.records.engine import reading
    from casefile.records.monitors import find_monitor
    from cli import collect_report
    from cli.monitor_report import print_run, run_json, runs_exit_code
    from pipelines.monitor import UNHEARD, Listener, run_due, run_monitor
    from pipelines.services import open_services

    invocation: Invocation = context.obj
    listener = UNHEARD if invocation.json else Listener(collect_report.print_result, print_run)
    with open_services(invocation.workspace, invocation.environment, person=invocation.person) as services:
        if names:
            with reading(services.engine) as connection:
                monitors = [find_monitor(connection, name) for name in names]
            runs = [run_monitor(services, monitor, containment, listener) for monitor in monitors]
        else:
            runs = run_due(services, containment, listener)
    if invocation.json:
        output.document({"runs": [run_json(one) for one in runs]})
    elif not runs:
        output.line("Nothing is due.")
    return runs_exit_code(runs)


def pause(
    context: typer.Context,
    name: Name,
    resume: Annotated[bool, typer.Option("--resume", help="Go on watching.")] = False,
) -> int:
    """Pause a watch, or go on with it."""
    from dataclasses import replace

    from casefile.records.engine import reading
    from casefile.records.monitors import find_monitor
    from cli.monitor_report import monitor_json
    from pipelines.monitor import state_monitor
    from pipelines.services import open_services

    invocation: Invocation = context.obj
    with open_services(invocation.workspace, invocation.environment, person=invocation.person) as services:
        with reading(services.engine) as connection:
            monitor = find_monitor(connection, name)
        stated = state_monitor(services, replace(monitor, paused=not resume))
    if invocation.json:
        output.document(monitor_json(stated))
    else:
        output.line(f"{stated.name} is {'paused' if stated.paused else 'being watched'}.")
    return 0


def history(context: typer.Context, name: Name) -> int:
    """List every look of a watch."""
    from dataclasses import asdict

    from casefile.records.engine import reading
    from casefile.records.monitors import find_monitor, list_checks
    from pipelines.services import open_services

    invocation: Invocation = context.obj
    with open_services(invocation.workspace, invocation.environment) as services, reading(services.engine) as rows:
        checks = list_checks(rows, find_monitor(rows, name).id)
    if invocation.json:
        output.document({"checks": [asdict(one) for one in checks]})
    else:
        shown = [
            (one.checked_at[:19], one.status, one.cause or "", str(one.found or 0), str(one.new or 0), one.detail or "")
            for one in checks
        ]
        output.table(("at", "status", "cause", "named", "new", "detail"), shown)
    return 0
