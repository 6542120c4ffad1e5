"""`casefile tag`."""

from __future__ import annotations

from typing import Annotated

import typer

from cli import output
from cli.invocation import Invocation


def tag(
    context: typer.Context,
    item: Annotated[str, typer.Argument(help="An item's id or number.")],
    tags: Annotated[list[str], typer.Argument(help="Words to find it by.")],
    remove: Annotated[bool, typer.Option("--remove", help="Take these off instead.")] = False,
) -> int:
    """Put tags on an item, or take them off; each change is an event."""
    from pipelines.remarks import change_tags
    from pipelines.services import open_services

    invocation: Invocation = context.obj
    with open_services(invocation.workspace, invocation.environment, person=invocation.person) as services:
        present = change_tags(services, item, tags, remove=remove)
    if invocation.json:
        output.document({"tags": present})
    else:
        output.line("Tags: " + (", ".join(present) or "none"))
    return 0
