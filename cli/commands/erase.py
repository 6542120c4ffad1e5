"""`casefile erase`."""

from __future__ import annotations

from typing import Annotated

import typer

from cli import output
from cli.invocation import Invocation


def erase(
    context: typer.Context,
    items: Annotated[list[str], typer.Argument(help="Ids or numbers of the items.")],
    basis: Annotated[str, typer.Option(help="On what basis, such as an order or a request; it is recorded.")],
    approved_by: Annotated[str, typer.Option(metavar="PERSON", help="Somebody else, who has approved it.")],
) -> int:
    """Erase items for good, bytes and words, and leave a tombstone. Run it while nothing else uses the workspace."""
    from casefile.records.engine import reading
    from pipelines.erasing import erase_items
    from pipelines.replicas import pending_in
    from pipelines.services import open_services

    invocation: Invocation = context.obj
    with open_services(invocation.workspace, invocation.environment, person=invocation.person) as services:
        gone = erase_items(services, items, basis, approved_by)
        with reading(services.engine) as connection:
            pending = pending_in(connection, max(one.tombstone.erased_at for one in gone))
    if invocation.json:
        output.document(
            {
                "erased": [
                    {
                        "item": one.tombstone.item,
                        "number": one.tombstone.label,
                        "event": one.tombstone.event,
                        "sha256": one.tombstone.sha256,
                        "already": one.already,
                        "same_bytes": list(one.same_bytes),
                        "received": list(one.received),
                    }
                    for one in gone
                ],
                "pending": pending,
            }
        )
        return 0
    for one in gone:
        output.line(
            f"{one.tombstone.label} was erased before, {one.tombstone.erased_at[:19]}."
            if one.already
            else f"{one.tombstone.label} is erased: event {one.tombstone.event}."
        )
        if one.same_bytes:
            output.line(f"  The same bytes are still held as {', '.join(one.same_bytes)}.")
        for place in one.received:
            output.line(f"  Pending, in a package that was received and stays as it came: {place}")
        for recipient in one.tombstone.recipients:
            output.line(f"  Had it before: {recipient['at'][:19]} {recipient['act']}, {recipient['recipient']}")
    for name in pending:
        output.line(f"Still to be erased in the copy {name}: back up to it, then `casefile replicas check {name}`.")
    output.line("Not reached: what was exported or written elsewhere, and what a disk keeps of freed blocks.")
    return 0
