"""`casefile doctor`."""

from __future__ import annotations

from typing import Annotated

import typer

from casefile.vocabulary import ContainmentLevel
from cli import output
from cli.invocation import Invocation


def doctor(
    context: typer.Context,
    for_: Annotated[str, typer.Option("--for", help="An address: which method takes it, what it needs.")] = "",
    containment: Annotated[
        ContainmentLevel | None, typer.Option(help="Look at tools at this level; full where it can be had.")
    ] = None,
) -> int:
    """Say what is here, what is missing, what for, and what still works without it."""
    from pipelines.diagnosing import diagnose_locator
    from pipelines.doctor import best_level, doctor_lines, examine_machine

    invocation: Invocation = context.obj
    level = containment or best_level()
    found = examine_machine(invocation.workspace, level)
    if for_:
        found["locator"] = diagnose_locator(invocation.workspace, invocation.environment, for_, level)
    if invocation.json:
        output.document(found)
    else:
        for line in doctor_lines(found):
            output.line(line)
    return 3 if found["missing"] else 0
