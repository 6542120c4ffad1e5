"""`casefile attempts`."""

from __future__ import annotations

from typing import Annotated

import typer

from cli import output
from cli.invocation import Invocation


def attempts(
    context: typer.Context,
    failed: Annotated[bool, typer.Option("--failed", help="Only those that kept no whole item.")] = False,
) -> int:
    """List every attempt to capture something, with its cause and what can be done."""
    from dataclasses import asdict

    from casefile.records.engine import reading
    from casefile.records.queries import list_attempts
    from pipelines.services import open_services
    from pipelines.trying import with_advice

    invocation: Invocation = context.obj
    with open_services(invocation.workspace, invocation.environment) as services, reading(services.engine) as rows:
        found = [with_advice(one) for one in list_attempts(rows, failed=failed)]
    if invocation.json:
        output.document({"attempts": [asdict(one) | {"job": one.job or None} for one in found]})
    else:
        output.table(
            ("started", "status", "cause", "method", "locator", "detail", "advice"),
            [
                (
                    one.started_at[:19],
                    one.status,
                    one.cause or "",
                    one.method or "",
                    "(erased)" if one.locator is None else one.locator or "(empty)",
                    one.detail or "",
                    one.advice or "",
                )
                for one in found
            ],
        )
    return 0
