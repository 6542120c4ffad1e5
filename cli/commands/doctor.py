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
    ask_upstream: Annotated[
        bool, typer.Option("--ask-upstream", help="Contact the upstream proxy that is set, and say whether it answers.")
    ] = False,
    containment: Annotated[
        ContainmentLevel | None, typer.Option(help="Look at tools at this level; full where it can be had.")
    ] = None,
) -> int:
    """Say what is here, what is missing, what for, and what still works without it."""
    from pipelines.diagnosing import diagnose_locator
    from pipelines.diagnosing_time import diagnose_time, time_lines
    from pipelines.doctor import best_level, doctor_lines, examine_machine, examine_register, examine_upstream
    from pipelines.keeping import examine_keeping, keeping_lines

    invocation: Invocation = context.obj
    level = containment or best_level()
    found = examine_machine(invocation.workspace, level)
    found["upstream"] = examine_upstream(invocation.workspace, invocation.environment, ask=ask_upstream)
    found |= examine_register(invocation.workspace, invocation.environment)
    found["time"] = diagnose_time(invocation.workspace, invocation.environment)
    found["keeping"] = examine_keeping(invocation.workspace, invocation.environment)
    if for_:
        found["locator"] = diagnose_locator(invocation.workspace, invocation.environment, for_, level)
    if invocation.json:
        output.document(found)
    else:
        for line in (*doctor_lines(found), *time_lines(found["time"]), *keeping_lines(found["keeping"])):
            output.line(line)
    if found["missing"]:
        return 3
    return 1 if found["upstream"].get("problem") or found["time"]["problem"] else 0
