"""`casefile receipt`."""

from __future__ import annotations

from typing import Annotated

import typer

from cli import output
from cli.invocation import Invocation


def receipt(
    context: typer.Context,
    package: Annotated[str, typer.Argument(help="A package's id, or the package as its recipient has it.")],
    by: Annotated[str, typer.Option(metavar="NAME", help="Who received it.")],
    at: Annotated[str, typer.Option(metavar="TIME", help="When, by their word.")] = "",
    words: Annotated[str, typer.Option(metavar="TEXT", help="How that became known, and what they said.")] = "",
) -> int:
    """Record that a package arrived with whom it was made for."""
    from pipelines.handing_on import Receipt, acknowledge
    from pipelines.services import open_services

    invocation: Invocation = context.obj
    with open_services(invocation.workspace, invocation.environment, person=invocation.person) as services:
        event = acknowledge(services, package, Receipt(by, at, words))
    if invocation.json:
        output.document({"event": event})
    else:
        output.line("Recorded.")
    return 0
