"""`casefile replicas`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli import output
from cli.invocation import Invocation

if TYPE_CHECKING:  # `--help` does without the sequences
    from pipelines.replicas import Replica, ReplicaRun

INTEGRITY = 5
Name = Annotated[str, typer.Argument(help="The copy's name.")]


def add(
    context: typer.Context,
    name: Name,
    place: Annotated[Path, typer.Argument(metavar="PATH", help="Its folder, as `backup` wrote it.")],
    medium: Annotated[str, typer.Option(help="What it is on: disk, tape, optical disc, object store.")],
    site: Annotated[str, typer.Option(help="Where that is kept.")],
) -> int:
    """Register a copy of the workspace: what it is on, and where that is kept."""
    from pipelines.replicas import add_replica
    from pipelines.services import open_services

    invocation: Invocation = context.obj
    with open_services(invocation.workspace, invocation.environment, person=invocation.person) as services:
        replica = add_replica(services, name, place, medium, site)
    if invocation.json:
        output.document({"replica": _json(replica)})
    else:
        output.line(f"{replica.name} is registered. It counts once `casefile replicas check {replica.name}` passes.")
    return 0


def list_(context: typer.Context) -> int:
    """List the copies, how their last check ended, and what is lacking of what the settings ask for."""
    from casefile.records.engine import reading
    from pipelines.replicas import lacking, list_replicas
    from pipelines.services import open_services

    invocation: Invocation = context.obj
    with open_services(invocation.workspace, invocation.environment) as services:
        with reading(services.engine) as connection:
            found = list_replicas(connection)
        lacks = lacking(found, services.settings.replicas, services.clock.read().wall)
    if invocation.json:
        output.document({"replicas": [_json(one) for one in found], "lacking": lacks})
        return 0
    rows = [
        (one.name, one.medium, one.site, one.status or "unchecked", one.checked_at[:19], one.place) for one in found
    ]
    output.table(("copy", "medium", "site", "last check", "at", "path"), rows)
    for one in lacks:
        output.line(f"Lacking: {one}")
    return 0


def remove(
    context: typer.Context, name: Name, reason: Annotated[str, typer.Option(help="Why; it is recorded.")]
) -> int:
    """Take a copy out of the register; its bytes are not touched."""
    from pipelines.replicas import remove_replica
    from pipelines.services import open_services

    invocation: Invocation = context.obj
    with open_services(invocation.workspace, invocation.environment, person=invocation.person) as services:
        replica = remove_replica(services, name, reason)
    if invocation.json:
        output.document({"replica": _json(replica)})
    else:
        output.line(f"{replica.name} is no longer registered. Its folder {replica.place} is as it was.")
    return 0


def check(
    context: typer.Context,
    names: Annotated[list[str] | None, typer.Argument(help="Only these copies.")] = None,
) -> int:
    """Read every byte of the copies against the log's digests; each check is an event."""
    from pipelines.replicas import UNREACHABLE, check_replicas
    from pipelines.services import open_services

    invocation: Invocation = context.obj
    with open_services(invocation.workspace, invocation.environment, person=invocation.person) as services:
        runs = check_replicas(services, names or [])
    if invocation.json:
        output.document({"checks": [_run_json(one) for one in runs]})
    else:
        for run in runs:
            for one in run.problems:
                output.line(f"{one.code} {run.replica.name} {one.path}: {one.text}")
            output.line(_run_line(run))
    if any(run.problems for run in runs):
        return INTEGRITY
    return 1 if any(run.status == UNREACHABLE for run in runs) else 0


def repair(
    context: typer.Context,
    name: Name,
    items: Annotated[list[str] | None, typer.Argument(help="Only the objects of these items.")] = None,
) -> int:
    """Put whole objects of a copy in the place of damaged ones, which go to quarantine. Each is an event."""
    from pipelines.repairing import repair as repair_from
    from pipelines.services import open_services

    invocation: Invocation = context.obj
    with open_services(invocation.workspace, invocation.environment, person=invocation.person) as services:
        done, unproven = repair_from(services, name, items or [])
    if invocation.json:
        repaired = [{"object": one.object_id, "damage": list(one.damage), "set_aside": one.set_aside} for one in done]
        output.document({"repaired": repaired, "unproven": unproven})
        return INTEGRITY if unproven else 0
    for one in done:
        output.line(
            f"{one.object_id} is whole again; the damaged one lies in {one.set_aside or 'no place: it was gone'}."
        )
    for name_of in unproven:
        output.line(f"{name_of} is damaged, and {name} has it not whole either.")
    if not done and not unproven:
        output.line("Nothing is damaged.")
    return INTEGRITY if unproven else 0


def _json(one: Replica) -> dict[str, object]:
    return {
        "id": one.id,
        "name": one.name,
        "place": one.place,
        "medium": one.medium,
        "site": one.site,
        "status": one.status or None,
        "checked_at": one.checked_at or None,
        "erased_left": one.erased_left,
    }


def _run_json(run: ReplicaRun) -> dict[str, object]:
    return {
        "name": run.replica.name,
        "status": run.status,
        "objects": run.checked.objects,
        "bytes": run.checked.bytes,
        "behind": run.behind,
        "erased_left": run.erased_left,
        "problems": [{"code": one.code, "text": one.text, "path": one.path} for one in run.problems],
    }


def _run_line(run: ReplicaRun) -> str:
    told = f"{run.replica.name}: {run.status}"
    if run.checked.objects:
        told += f", {output.counted(run.checked.objects, 'object')}, {run.checked.bytes} bytes read"
    if run.behind:
        told += f"; {output.counted(run.behind, 'object')} not copied yet: run `casefile backup {run.replica.place}`"
    if run.erased_left:
        told += f"; it still holds what was erased: run `casefile backup {run.replica.place}`, then check again"
    return told
