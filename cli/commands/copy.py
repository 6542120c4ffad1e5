"""`casefile copy`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cli import output
from cli.invocation import Invocation


def copy(
    context: typer.Context,
    item: Annotated[str, typer.Argument(help="An item's id or number.")],
    to: Annotated[Path, typer.Option(metavar="DIR", help="The folder that the copy is put into.")],
    for_: Annotated[str, typer.Option("--for", metavar="PERSON", help="Whom of the team it is for.")],
) -> int:
    """Copy an item out of the vault for work inside the team; who got it is recorded."""
    from pipelines.handing_on import copy_item
    from pipelines.protecting import require_sight
    from pipelines.services import open_services

    invocation: Invocation = context.obj
    with open_services(invocation.workspace, invocation.environment, person=invocation.person) as services:
        require_sight(services, item, "copied", output.note)
        copied = copy_item(services, item, to, for_)
    if invocation.json:
        output.document(
            {"item": copied.item.id, "files": [str(path) for path in copied.files], "for": copied.person.id}
        )
        return 0
    for path in copied.files:
        output.line(f"{copied.item.label} for {copied.person.name}: {path}")
    output.note("A working copy, as it was collected: it can be harmful. The original stays in the vault.")
    return 0
