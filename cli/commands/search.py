"""`casefile search`."""

from __future__ import annotations

from typing import Annotated

import typer

from cli import output
from cli.invocation import Invocation


def search(
    context: typer.Context,
    words: Annotated[list[str], typer.Argument(help="Words or parts of words, in any script; all must occur.")],
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="At most so many hits.")] = 50,
) -> int:
    """Search captured text, names, titles, metadata and everything that people wrote."""
    from pipelines.searching import search_workspace
    from pipelines.services import open_services

    invocation: Invocation = context.obj
    with open_services(invocation.workspace, invocation.environment, person=invocation.person) as services:
        hits = search_workspace(services, " ".join(words), limit)
    if invocation.json:
        output.document({"hits": [hit.plain() for hit in hits]})
    else:
        rows = [(hit.label, f"{hit.field} ({hit.form})" if hit.form else hit.field, hit.snippet) for hit in hits]
        output.table(("where", "in", "text"), rows)
    return 0
