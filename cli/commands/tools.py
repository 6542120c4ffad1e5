"""`casefile tools`."""

from __future__ import annotations

import typer

from cli import output
from cli.invocation import Invocation


def list_(context: typer.Context) -> int:
    """List every tool that had part in a capture or an examination, with its version and how often it was used."""
    from dataclasses import asdict

    from casefile.records.engine import reading
    from casefile.records.tools import list_tools
    from pipelines.services import open_services

    invocation: Invocation = context.obj
    with open_services(invocation.workspace, invocation.environment) as services, reading(services.engine) as rows:
        found = list_tools(rows)
    if invocation.json:
        output.document({"tools": [asdict(one) for one in found]})
    else:
        output.table(
            ("tool", "version", "registered", "events", "path", "sha256"),
            [
                (
                    "(erased)" if one.name is None else one.name,
                    one.version or "",
                    one.registered_at[:19],
                    str(one.uses),
                    one.path or "",
                    one.sha256 or "",
                )
                for one in found
            ],
        )
    return 0
