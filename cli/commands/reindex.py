"""`casefile reindex`."""

from __future__ import annotations

import typer

from cli import output
from cli.invocation import Invocation


def reindex(context: typer.Context) -> int:
    """Rebuild the database from the log and the vault. Nothing is fetched again."""
    from pipelines.reindex import reindex_workspace

    invocation: Invocation = context.obj
    rebuilt = reindex_workspace(invocation.workspace, invocation.environment)
    if invocation.json:
        output.document({"events": rebuilt.events, "items": rebuilt.items})
    else:
        output.line(f"Rebuilt from {rebuilt.events} events: {rebuilt.items} items.")
    return 0
