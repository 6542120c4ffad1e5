"""`casefile corroborate`."""

from __future__ import annotations

from typing import Annotated

import typer

from casefile.events.types_corroboration import Origin
from cli import output
from cli.invocation import Invocation


def corroborate(
    context: typer.Context,
    item: Annotated[str, typer.Argument(help="The item's id or number.")],
    other: Annotated[str, typer.Argument(help="The item that the second capture is: collected here, or imported.")],
    origin: Annotated[Origin, typer.Option("--from", help="Where the second capture was made.")],
    how: Annotated[str, typer.Option(help="How it came about, and who made it.")],
) -> int:
    """Put a second capture of the same beside an item, compare the two by content and record it."""
    from pipelines.corroborating import corroborate as corroborate_
    from pipelines.corroborating import corroboration_lines
    from pipelines.protecting import require_sight
    from pipelines.services import open_services

    invocation: Invocation = context.obj
    with open_services(invocation.workspace, invocation.environment, person=invocation.person) as services:
        for one in (item, other):
            require_sight(services, one, "compared with a second capture", output.note)
        recorded = corroborate_(services, item, other, origin, how).plain()
    if invocation.json:
        output.document(recorded)
    else:
        for line in corroboration_lines([recorded]):
            output.line(line)
    return 0
