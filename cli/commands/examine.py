"""`casefile examine`."""

from __future__ import annotations

from typing import Annotated

import typer

from casefile.vocabulary import ContainmentLevel
from cli import output
from cli.invocation import Invocation


def examine(
    context: typer.Context,
    items: Annotated[list[str] | None, typer.Argument(help="Ids or numbers; else what was never examined.")] = None,
    containment: Annotated[
        ContainmentLevel, typer.Option(help="weak: go on where full containment is missing.")
    ] = ContainmentLevel.FULL,
) -> int:
    """Run the checks on working copies: metadata, media facts, fingerprints, near-duplicates."""
    from pipelines.examine import examine_items
    from pipelines.services import open_services

    invocation: Invocation = context.obj
    with open_services(invocation.workspace, invocation.environment, person=invocation.person) as services:
        examined = examine_items(services, tuple(items or ()), containment)
    if invocation.json:
        output.document({"examined": [{"item": one.item, "results": dict(one.results)} for one in examined]})
    else:
        rows = [(one.label, ", ".join(f"{check} {result}" for check, result in one.results)) for one in examined]
        output.table(("item", "results"), rows, none="Every item has been examined; name one to examine it again.")
    return 0 if all(one.whole for one in examined) else 1
