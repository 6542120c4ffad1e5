"""`casefile checkpoint`."""

from __future__ import annotations

from typing import Annotated

import typer

from cli import output
from cli.invocation import Invocation


def checkpoint(
    context: typer.Context,
    renew: Annotated[
        bool, typer.Option("--renew", help="Sign, and have stamped, a further head where only earlier stamps are new.")
    ] = False,
) -> int:
    """Sign the head of the log over everything that was recorded so far, and have the time authorities stamp it."""
    from pipelines.custody import checkpoint as sign
    from pipelines.keys import history_of
    from pipelines.services import open_services
    from pipelines.stamping import anchor, authorities_of
    from pipelines.timestamps import is_anchored
    from preservation.checkpoints import NEWEST, UNSTAMPED, UNWITNESSED

    invocation: Invocation = context.obj
    with open_services(invocation.workspace, invocation.environment, person=invocation.person) as services:
        # A misspelt authority is told of before anything is signed.
        authorities_of(services)
        signed, is_new = sign(services, renew=renew)
        time = anchor(services)
        stamped = is_anchored(services, signed.head.size)
        epoch = history_of(services.engine, services.log.id).epoch_of(signed.head.size)
        file = services.workspace.log / NEWEST
    key = epoch.key.fingerprint() if epoch else ""
    if invocation.json:
        output.document(
            {
                "size": signed.head.size,
                "root": f"sha256:{signed.head.root.hex()}",
                "key": key,
                "file": str(file),
                "new": is_new,
                "anchored": stamped,
                "time": [one.plain() for one in time],
            }
        )
        return 0
    output.line(f"{'Signed' if is_new else 'Nothing was recorded since'}: a head of {signed.head.size} events")
    output.line(f"Root {signed.head.root.hex()}")
    output.line(f"Key  {key}")
    output.line(f"File {file}")
    for one in time:
        output.line(one.line)
    if not stamped:
        output.line(UNSTAMPED)
    output.line(UNWITNESSED)
    return 0
