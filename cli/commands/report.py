"""`casefile report`."""

from __future__ import annotations

from typing import Annotated

import typer

from cli import output
from cli.invocation import Invocation

PROBLEMS = 1


def report(
    context: typer.Context,
    item: Annotated[str, typer.Argument(help="An item's id or number, such as I-0042.")],
) -> int:
    """Write the method report of an item: what was done, by whom, with which tools, what was not done and why."""
    from pipelines.method_report import item_report
    from pipelines.services import open_services

    invocation: Invocation = context.obj
    with open_services(invocation.workspace, invocation.environment, person=invocation.person) as services:
        made = item_report(services, item)
    if invocation.json:
        output.document(made)
    else:
        for one in made["statements"]:
            by = f" ({one['by']}, {one['at'][:19]})" if one["by"] and one["at"] else ""
            output.line(f"{one['stage']}: {one['text']}{by}")
    for problem in made["problems"]:
        output.note(f"{problem['code']}: {problem['text']}")
    return PROBLEMS if made["problems"] else 0
