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
    witness: Annotated[
        list[str] | None,
        typer.Option(metavar="KEY", help="A witness's key, from its card: without, casefile.toml is believed."),
    ] = None,
    ask: Annotated[bool, typer.Option("--ask", help="Ask the witnesses of the settings what they hold.")] = False,
    root: Annotated[
        str, typer.Option(metavar="FINGERPRINT", help="The root key's fingerprint, from the card that was deposited.")
    ] = "",
    evidence: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Where two heads that contradict each other go, to prove it to others."),
    ] = None,
) -> int:
    """Check every byte of the vault, every record of the log and every row of the database against each other."""
    from pipelines.audit import audit_workspace, report_json
    from pipelines.outside import Outside

    invocation: Invocation = context.obj
    outside = Outside(head, tuple(witness or ()), ask, root)
    report = audit_workspace(path or invocation.workspace, invocation.environment, sample, outside)
    if evidence is not None and report.outside.contradiction is not None:
        from preservation.durable import Disk

        Disk().replace(evidence.absolute(), report.outside.contradiction.to_bytes())
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
    if report.outside.contradiction is not None:
        kept = f"; {evidence} proves it" if evidence else "; --evidence FILE writes what proves it"
        output.line(f"Two signed heads contradict each other ({report.outside.contradiction.kind}){kept}.")
    for limit in report.not_seen:
        output.line(limit)
    return 0 if report.ok else INTEGRITY
