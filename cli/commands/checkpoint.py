"""`casefile checkpoint`."""

from __future__ import annotations

import typer

from cli import output
from cli.invocation import Invocation


def checkpoint(context: typer.Context) -> int:
    """Sign the head of the log over everything that was recorded so far, and say who outside holds it."""
    from pipelines.custody import checkpoint as sign
    from pipelines.keys import history_of
    from pipelines.services import open_services
    from preservation.checkpoints import NEWEST, UNANCHORED

    invocation: Invocation = context.obj
    with open_services(invocation.workspace, invocation.environment, person=invocation.person) as services:
        signed, is_new = sign(services)
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
                "anchored": False,
            }
        )
        return 0
    output.line(f"{'Signed' if is_new else 'Nothing was recorded since'}: a head of {signed.head.size} events")
    output.line(f"Root {signed.head.root.hex()}")
    output.line(f"Key  {key}")
    output.line(f"File {file}")
    output.line(UNANCHORED)
    return 0
