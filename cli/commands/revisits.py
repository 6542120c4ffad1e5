"""`casefile revisits`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from casefile.errors import UsageError
from casefile.vocabulary import ContainmentLevel
from cli import output
from cli.invocation import Invocation


def revisits(
    context: typer.Context,
    what: Annotated[
        str | None, typer.Argument(metavar="[ITEM|LOCATOR]", help="An item's id or number, or a locator.")
    ] = None,
    pictures: Annotated[
        Path | None,
        typer.Option(help="Put pictures that changed, and where they differ, encoded anew into this new folder."),
    ] = None,
    containment: Annotated[
        ContainmentLevel, typer.Option(help="weak: go on where full containment is missing.")
    ] = ContainmentLevel.FULL,
) -> int:
    """List locators that were captured more than once, or compare the visits to one of them."""
    from pipelines.picture_differences import write_differences
    from pipelines.protecting import require_sight
    from pipelines.revisits import revisited, visit_lines, visits_plain, visits_to
    from pipelines.services import open_services

    invocation: Invocation = context.obj
    if pictures is not None and what is None:
        raise UsageError("name the item or the locator whose pictures are to be compared")
    with open_services(invocation.workspace, invocation.environment, person=invocation.person) as services:
        if what is not None:
            compared = visits_to(services, what)
            for item in dict.fromkeys(item.label for visit in compared for item in visit.items):
                require_sight(services, item, "compared with another visit", output.note)
            visits = visits_plain(compared)
            written = [] if pictures is None else write_differences(services, compared, pictures, containment)
            if invocation.json:
                output.document({"visits": visits, "pictures": [one.plain() for one in written]})
                return 0
            for line in visit_lines(visits):
                output.line(line)
            for one in written:
                told = one.failed or f"{one.changed} of {one.pixels} pixels differ"
                output.line(f"{one.before} to {one.after}: {told}; {output.counted(len(one.files), 'picture')} written")
            return 0
        found = revisited(services)
    if invocation.json:
        listed = [
            {
                "locator": one.locator,
                "visits": one.visits,
                "first": one.first,
                "last": one.last,
                "newest": visits_plain([one.newest])[0],
            }
            for one in found
        ]
        output.document({"locators": listed})
    else:
        rows = [(one.last[:19], str(one.visits), one.newest.change.value, one.locator, one.newest.why) for one in found]
        output.table(("last visit", "visits", "newest", "locator", "because"), rows)
    return 0
