"""`casefile due`."""

from __future__ import annotations

import typer

from cli import output
from cli.invocation import Invocation


def due(context: typer.Context) -> int:
    """List everything that is missing or past its day, with the command that settles it."""
    from dataclasses import asdict

    from pipelines.due import list_due
    from pipelines.services import open_services

    invocation: Invocation = context.obj
    with open_services(invocation.workspace, invocation.environment, person=invocation.person) as services:
        found = list_due(services)
    if invocation.json:
        output.document({"due": [asdict(one) for one in found]})
    else:
        rows = [(one.code, one.since, one.said, one.command) for one in found]
        output.table(("due", "since", "what", "command"), rows, none="Nothing is due.")
    return 0
