"""`casefile holdings`."""

from __future__ import annotations

from typing import Annotated

import typer

from cli import output
from cli.invocation import Invocation


def holdings(
    context: typer.Context,
    items: Annotated[list[str], typer.Argument(metavar="ITEM...", help="Items, by id or number.")],
    archive: Annotated[
        list[str] | None, typer.Option(help="Ask this archive of the settings only; may be given more than once.")
    ] = None,
) -> int:
    """Ask the public archives that the settings name (archives.services; none by default) whether they hold what items
    were captured from. This tells each archive the address: a disclosure, and recorded as one before it leaves.
    """
    from casefile.holdings import Says
    from pipelines.holdings import ask_archives, holdings_lines
    from pipelines.protecting import require_sight
    from pipelines.services import open_services

    invocation: Invocation = context.obj
    with open_services(invocation.workspace, invocation.environment, person=invocation.person) as services:
        for one in items:
            require_sight(services, one, "its address told to public archives", output.note)
        told = [one.plain() for one in ask_archives(services, items, archive or ())]
    if invocation.json:
        output.document({"holdings": told})
    else:
        for line in holdings_lines(told):
            output.line(line)
    return int(any(one["says"] == Says.UNANSWERED for one in told))
