"""`casefile receive`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cli import output
from cli.invocation import Invocation


def receive(
    context: typer.Context,
    package: Annotated[Path, typer.Argument(help="A package of another investigation, a folder or a .zip.")],
    from_: Annotated[str, typer.Option("--from", metavar="NAME", help="Who handed it over.")],
    words: Annotated[str, typer.Option(metavar="TEXT", help="How it came.")] = "",
    log_key: Annotated[
        str, typer.Option(metavar="FINGERPRINT", help="The fingerprint of its log's key, from outside.")
    ] = "",
) -> int:
    """Take in a package from elsewhere: checked, kept as it came, and cited in the log."""
    from pipelines.received import receive as take_in
    from pipelines.services import open_services

    invocation: Invocation = context.obj
    with open_services(invocation.workspace, invocation.environment, person=invocation.person) as services:
        received = take_in(services, package, from_, words, log_key=log_key)
    if invocation.json:
        output.document(
            {
                "package": received.package,
                "log": received.log,
                "size": received.size,
                "signature": received.signature,
                "path": str(received.path),
                "verdict": received.verdict,
            }
        )
        return 0
    output.line(f"Package {received.package} of log {received.log} is kept in {received.path}")
    output.line(received.verdict)
    return 0
