"""`casefile show`."""

from __future__ import annotations

from typing import Annotated

import typer

from cli import output
from cli.invocation import Invocation


def show(
    context: typer.Context,
    item: Annotated[str, typer.Argument(help="An item's id or number, such as I-0042.")],
) -> int:
    """Show everything that the record holds about one item."""
    from pipelines.describing import describe_item, description_lines
    from pipelines.protecting import require_sight
    from pipelines.services import open_services

    invocation: Invocation = context.obj
    with open_services(invocation.workspace, invocation.environment, person=invocation.person) as services:
        require_sight(services, item, "shown", output.note)
        description = describe_item(services, item)
    if invocation.json:
        output.document(description)
    else:
        for line in description_lines(description):
            output.line(line)
    return 0
