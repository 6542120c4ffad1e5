"""`casefile audit`."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Annotated

import typer

from cli import output
from cli.invocation import Invocation

INTEGRITY = 5
SHOWN_OF_A_KIND = 20
"""So that one lost file is not buried under a thousand changed permissions."""


def audit(
    context: typer.Context,
    path: Annotated[Path | None, typer.Argument(help="The workspace to audit, when it is not the current one.")] = None,
    sample: Annotated[int, typer.Option(min=0, help="Read the bytes of only so many objects, chosen at random.")] = 0,
    head: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="A signed head held outside; the log must begin with it."),
    ] = None,
) -> int:
    """Check every byte of the vault, every record of the log and every row of the database against each other."""
    from pipelines.audit import audit_workspace, report_json

    invocation: Invocation = context.obj
    report = audit_workspace(path or invocation.workspace, invocation.environment, sample, head=head)
    if invocation.json:
        output.document(report_json(report))
        return 0 if report.ok else INTEGRITY
    told = Counter[str]()
    for found in report.problems:
        told[found.code] += 1
        if told[found.code] <= SHOWN_OF_A_KIND:
            named = f" {found.item}" if found.item else ""
            output.line(f"{found.code} {found.path}{named}: {found.text}")
    for code, number in told.items():
        if number > SHOWN_OF_A_KIND:
            output.line(f"{code}: {number - SHOWN_OF_A_KIND} more; --json names them all")
    counted = ", ".join(f"{count} {what}" for what, count in report.checked.items())
    output.line(f"Checked {counted}.")
    output.line(
        "Nothing was found."
        if report.ok
        else f"{output.counted(len(report.problems), 'problem')}. Keep the workspace as it is."
    )
    for limit in report.not_seen:
        output.line(limit)
    return 0 if report.ok else INTEGRITY
