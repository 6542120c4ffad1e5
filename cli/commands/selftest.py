"""`casefile selftest`."""

from __future__ import annotations

from typing import Annotated

import typer

from casefile.vocabulary import ContainmentLevel
from cli import output
from cli.invocation import Invocation


def selftest(
    context: typer.Context,
    containment: Annotated[
        ContainmentLevel, typer.Option(help="weak: go on where full containment is missing.")
    ] = ContainmentLevel.FULL,
) -> int:
    """Try Casefile on known answers, on this machine, and record the result in the log."""
    from pipelines.selftest import run_selftest
    from pipelines.services import open_services

    invocation: Invocation = context.obj
    with open_services(invocation.workspace, invocation.environment, person=invocation.person) as services:
        tried = run_selftest(services, containment)
    if invocation.json:
        output.document(
            {"ok": tried.ok, "event": tried.event, "passed": list(tried.passed), "failed": list(tried.failed)}
        )
    else:
        for name in tried.passed:
            output.line(f"ok      {name}")
        for name in tried.failed:
            output.line(f"FAILED  {name}")
    return 0 if tried.ok else 1
