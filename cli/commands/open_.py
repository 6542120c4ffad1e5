"""`casefile open`."""

from __future__ import annotations

from typing import Annotated

import typer

from casefile.vocabulary import ContainmentLevel
from cli import output
from cli.invocation import Invocation


def open_(
    context: typer.Context,
    item: Annotated[str, typer.Argument(help="An item's id or number.")],
    show: Annotated[bool, typer.Option("--show/--no-show", help="Hand the preview to the desktop's viewer.")] = True,
    graphic: Annotated[bool, typer.Option("--graphic", help="Open it although it is hard to look at.")] = False,
    containment: Annotated[
        ContainmentLevel, typer.Option(help="weak: go on where full containment is missing.")
    ] = ContainmentLevel.FULL,
) -> int:
    """Open a re-encoded preview of an item; the collected file itself is never handed to a viewer."""
    from casefile.errors import GateRefused
    from pipelines.previewing import open_preview, show_preview
    from pipelines.protecting import require_sight
    from pipelines.services import open_services

    invocation: Invocation = context.obj
    with open_services(invocation.workspace, invocation.environment, person=invocation.person) as services:
        guard = require_sight(services, item, "opened", output.note)
        if guard is not None and (guard.graphic or guard.sexual_violence) and not graphic:
            said = f"this shows what is hard to look at: {', '.join(guard.words)}"
            raise GateRefused("exposure", said, "Say --graphic to open it all the same; better not alone.")
        preview = open_preview(services, item, containment)
        shown = show and show_preview(preview, invocation.environment)
    if invocation.json:
        output.document({"preview": str(preview), "shown": shown})
    else:
        output.line(f"Preview: {preview}" if shown else f"Open {preview}")
    return 0
