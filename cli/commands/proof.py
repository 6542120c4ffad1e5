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
    to: Annotated[Path, typer.Option(metavar="DIR", help="The folder that the files are written to.")] = Path("."),
    event: Annotated[bool, typer.Option("--event", help="ITEM is the id of an event.")] = False,
) -> int:
    """Write the proof that an item's seal is in the log at its newest head: the event, and the path to the head.

    Where a time authority has stamped a head over it, the path to the first such head and its stamps come with it.
    """
    from pipelines.anchoring import anchoring
    from pipelines.bracketing import bracket_lines
    from pipelines.custody import event_of_item
    from pipelines.proving import prove
    from pipelines.services import open_services
    from preservation.checkpoints import UNSTAMPED

    invocation: Invocation = context.obj
    with open_services(invocation.workspace, invocation.environment, person=invocation.person) as services:
        written = prove(services, item if event else event_of_item(services, item), to.absolute())
        anchored = anchoring(services)
    proved, leaf, path = written.proof, written.envelope, written.path
    if invocation.json:
        output.document(
            {
                "event": proved.event,
                "index": proved.index,
                "size": proved.checkpoint.head.size,
                "envelope": str(leaf),
                "proof": str(path),
                "anchored": bool(written.stamped) or (anchored.holds and proved.index < anchored.size),
                "time": written.time,
                "stamped": [str(one) for one in written.stamped],
            }
        )
        return 0
    output.line(f"Event {proved.event} is number {proved.index} of {proved.checkpoint.head.size}: {path}, over {leaf}")
    for line in bracket_lines(written.time):
        output.line(line)
    for one in written.stamped:
        output.line(f"Stamped: {one}")
    if not written.stamped:
        output.line(UNSTAMPED)
    if anchored.text:
        output.line(anchored.text)
    elif proved.index >= anchored.size:
        output.line(f"No witness has cosigned a head over this event yet: the largest has {anchored.size} events.")
    return 0
