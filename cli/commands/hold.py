"""`casefile hold`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from cli import output
from cli.invocation import Invocation

if TYPE_CHECKING:  # `--help` does without the sequences
    from pipelines.holds import Hold

Item = Annotated[str, typer.Argument(help="An item's id or number.")]
Reason = Annotated[str, typer.Option(help="Why, such as the order of a court; it is recorded.")]


def set_(context: typer.Context, item: Item, reason: Reason) -> int:
    """Put an item under legal hold: until that is lifted it cannot be erased."""
    return _state(context, item, reason, lift=False)


def lift(context: typer.Context, item: Item, reason: Reason) -> int:
    """Lift the hold of an item."""
    return _state(context, item, reason, lift=True)


def list_(context: typer.Context) -> int:
    """List the items that are under hold, with the reasons."""
    from casefile.records.engine import reading
    from pipelines.holds import list_holds
    from pipelines.services import open_services
    from pipelines.sight import viewer_of

    invocation: Invocation = context.obj
    with (
        open_services(invocation.workspace, invocation.environment, person=invocation.person) as services,
        reading(services.engine) as connection,
    ):
        holds = list_holds(connection, viewer_of(services))
    if invocation.json:
        output.document({"holds": [_json(one) for one in holds]})
    else:
        output.table(("item", "since", "reason"), [(one.item.label, one.since[:19], one.reason) for one in holds])
    return 0


def _state(context: typer.Context, item: str, reason: str, *, lift: bool) -> int:
    from pipelines.holds import state_hold
    from pipelines.services import open_services

    invocation: Invocation = context.obj
    with open_services(invocation.workspace, invocation.environment, person=invocation.person) as services:
        found = state_hold(services, item, reason, lift=lift)
    if invocation.json:
        output.document({"item": found.id, "number": found.label, "held": not lift})
    else:
        output.line(f"{found.label} is {'no longer' if lift else 'now'} under hold.")
    return 0


def _json(hold: Hold) -> dict[str, str]:
    return {
        "item": hold.item.id,
        "number": hold.item.label,
        "reason": hold.reason,
        "since": hold.since,
        "by": hold.by,
    }
