"""`casefile note`."""

from __future__ import annotations

from typing import Annotated

import typer

from cli import output
from cli.invocation import Invocation


def note(
    context: typer.Context,
    item: Annotated[str, typer.Argument(help="An item's id or number.")],
    text: Annotated[str, typer.Argument(help="What is to be remembered about it.")],
) -> int:
    """Add a remark to an item; it is dated, signed with your name and never overwritten."""
    from pipelines.remarks import add_remark
    from pipelines.services import open_services

    invocation: Invocation = context.obj
    with open_services(invocation.workspace, invocation.environment, person=invocation.person) as services:
        event = add_remark(services, item, text)
    if invocation.json:
        output.document({"event": event})
    else:
        output.line("Noted.")
    return 0
