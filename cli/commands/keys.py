"""`casefile keys card`."""

from __future__ import annotations

import typer

from cli import output
from cli.invocation import Invocation


def card(context: typer.Context) -> int:
    """Print the log's key on a card to deposit outside, so that a replaced key or log is seen."""
    import base64

    from casefile.settings import load_settings
    from casefile.workspace import Workspace
    from preservation.keys import key_card, read_public_key

    invocation: Invocation = context.obj
    workspace = Workspace(invocation.workspace.absolute())
    settings = load_settings(workspace.root, invocation.environment)
    public = read_public_key(workspace.keys)
    if invocation.json:
        output.document(
            {
                "investigation": settings.investigation.id,
                "public_key": base64.b64encode(public.raw).decode("ascii"),
                "fingerprint": public.fingerprint(),
            }
        )
    else:
        for line in key_card(public, settings.investigation.id).splitlines():
            output.line(line)
    return 0
