"""`casefile proof`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cli import output
from cli.invocation import Invocation


def proof(
    context: typer.Context,
    item: Annotated[str, typer.Argument(metavar="ITEM", help="An item's id or number, or with --event an event's id.")],
    to: Annotated[Path, typer.Option(metavar="DIR", help="The folder that two files are written to.")] = Path("."),
    event: Annotated[bool, typer.Option("--event", help="ITEM is the id of an event.")] = False,
) -> int:
    """Write the proof that an item's seal is in the log at its newest head: the event, and the path to the head."""
    from pipelines.anchoring import anchoring
    from pipelines.custody import event_of_item, proof_of
    from pipelines.services import open_services
    from preservation.durable import Disk

    invocation: Invocation = context.obj
    with open_services(invocation.workspace, invocation.environment, person=invocation.person) as services:
        proved = proof_of(services, item if event else event_of_item(services, item))
        anchored = anchoring(services)
    disk = Disk()
    disk.make_directories(to.absolute())
    leaf, path = to.absolute() / f"{proved.event}.json", to.absolute() / f"{proved.event}.tlog-proof"
    disk.replace(leaf, proved.envelope)
    disk.replace(path, proved.to_text().encode("utf-8"))
    if invocation.json:
        output.document(
            {
                "event": proved.event,
                "index": proved.index,
                "size": proved.checkpoint.head.size,
                "envelope": str(leaf),
                "proof": str(path),
                "anchored": anchored.holds and proved.index < anchored.size,
            }
        )
        return 0
    output.line(f"Event {proved.event} is number {proved.index} of {proved.checkpoint.head.size}: {path}, over {leaf}")
    if anchored.text:
        output.line(anchored.text)
    elif proved.index >= anchored.size:
        output.line(f"No witness has cosigned a head over this event yet: the largest has {anchored.size} events.")
    return 0
