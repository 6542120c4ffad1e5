"""`casefile reindex`."""

from __future__ import annotations

from typing import Annotated

import typer

from casefile.vocabulary import ContainmentLevel
from cli import output
from cli.invocation import Invocation


def reindex(
    context: typer.Context,
    containment: Annotated[
        ContainmentLevel, typer.Option(help="weak: go on where full containment is missing.")
    ] = ContainmentLevel.FULL,
) -> int:
    """Rebuild the database from the log and the vault. Nothing is fetched again."""
    from dataclasses import asdict

    from pipelines.pair_report import stills_line, waiting_line
    from pipelines.reindex import reindex_workspace

    invocation: Invocation = context.obj
    rebuilt = reindex_workspace(invocation.workspace, invocation.environment, containment)
    if invocation.json:
        output.document(asdict(rebuilt))
    else:
        output.line(f"Rebuilt from {rebuilt.events} events: {rebuilt.items} items.")
    if rebuilt.cut_bytes:
        output.note(f"{rebuilt.cut_bytes} bytes behind the last whole event, of a writer that died, are gone")
    if rebuilt.pixels_waiting:
        output.note(waiting_line(rebuilt.pixels_waiting))
    if rebuilt.stills_waiting:
        output.note(stills_line(rebuilt.stills_waiting))
    return 0
