"""`casefile report`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli import output
from cli.invocation import Invocation

if TYPE_CHECKING:
    from pipelines.services import Services

PROBLEMS = 1


def report(
    context: typer.Context,
    item: Annotated[
        str, typer.Argument(help="An item's id or number, such as I-0042; without it, the whole investigation.")
    ] = "",
    html: Annotated[Path | None, typer.Option(help="Write it as a page to this new file.")] = None,
    to: Annotated[Path | None, typer.Option(help="Write it as JSON to this new file.")] = None,
) -> int:
    """Write the method report: what was done, by whom, with which tools, what was not done and why.

    Each row of the Protocol stands as met, overridden, not met or not applicable. Every statement names its events.
    """
    from pipelines.services import open_services

    invocation: Invocation = context.obj
    with open_services(invocation.workspace, invocation.environment, person=invocation.person) as services:
        if not item:
            return _investigation(services, html, to, as_json=invocation.json)
        return _item(services, item, html, to, as_json=invocation.json)


def _item(services: Services, item: str, html: Path | None, to: Path | None, *, as_json: bool) -> int:
    import json

    from pipelines.method_report import item_report
    from pipelines.protecting import require_sight
    from pipelines.report_files import new_file
    from pipelines.report_pages import html_foot, html_head, html_item

    require_sight(services, item, "reported on", output.note)
    made = item_report(services, item)
    if html is not None:
        heading = {"title": made["item"]["number"], "investigation": services.log.id, **made}
        with new_file(html) as stream:
            stream.write(html_head(heading) + html_item(made) + html_foot([]))
    if to is not None:
        with new_file(to) as stream:
            json.dump(made, stream, allow_nan=False)
    if as_json:
        output.document(made)
    elif html is None and to is None:
        for one in made["statements"]:
            by = f" ({one['by']}, {one['at'][:19]})" if one["by"] and one["at"] else ""
            output.line(f"{one['stage']}: {one['text']}{by}")
    for problem in made["problems"]:
        output.note(f"{problem['code']}: {problem['text']}")
    return PROBLEMS if made["problems"] else 0


def _investigation(services: Services, html: Path | None, to: Path | None, *, as_json: bool) -> int:
    from pipelines.investigation_report import table_of, write_html, write_json
    from pipelines.report_files import new_file

    for target, write in ((html, write_html), (to, write_json)):
        if target is not None:
            with new_file(target) as stream:
                count = write(services, stream)
            output.note(f"{target.name}: {output.counted(count, 'item')}")
    if html is None and to is None:
        table = table_of(services)
        if as_json:
            output.document({"conformance": table})
        else:
            output.table(("row", "paragraph", "obligation", "stands", "why"), map(_row, table))
    elif as_json:
        output.document({"html": str(html) if html else None, "to": str(to) if to else None})
    return 0


def _row(one: Mapping[str, Any]) -> tuple[str, ...]:
    return str(one["row"]), one["paragraph"], one["obligation"], one["standing"], one["why"]
