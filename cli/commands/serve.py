"""`casefile serve`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from casefile.vocabulary import ContainmentLevel
from cli import output
from cli.invocation import Invocation


def serve(
    context: typer.Context,
    workspaces: Annotated[list[Path] | None, typer.Argument(help="Workspaces; the current one by default.")] = None,
    containment: Annotated[
        ContainmentLevel, typer.Option(help="weak: go on where full containment is missing.")
    ] = ContainmentLevel.FULL,
) -> int:
    """Keep schedules running in the foreground: Prefect's server, its worker, and the watches. End it with Ctrl-C."""
    import signal
    import threading

    from pipelines.serving import serve_workspaces, serving_of

    invocation: Invocation = context.obj
    serving = serving_of(workspaces or [invocation.workspace], containment, invocation.environment, output.note)
    ended = threading.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, lambda _number, _frame: ended.set())
    serve_workspaces(serving, ended.wait)
    output.note("Ended.")
    return 0
