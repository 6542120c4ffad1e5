"""`casefile items`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from casefile.vocabulary import Content
from cli import output
from cli.invocation import Invocation


def items(
    context: typer.Context,
    html: Annotated[Path | None, typer.Option(help="Write an offline contact sheet into this new folder.")] = None,
    tag: Annotated[str, typer.Option(help="Only items with this tag.")] = "",
    content: Annotated[Content | None, typer.Option(help="Only items whose content is present, absent, …")] = None,
    job: Annotated[str, typer.Option(help="Only items of this job.")] = "",
    made_by: Annotated[
        str, typer.Option(metavar="TOOL", help="Only items that TOOL, or TOOL<VERSION, captured or examined.")
    ] = "",
) -> int:
    """List items, or write them as an offline contact sheet with a page for each."""
    from casefile.records.archives import archives_summed
    from casefile.records.engine import reading
    from casefile.records.posts import posts_summed
    from casefile.records.protection import newest_guards
    from casefile.records.queries import ItemFilter
    from cli.item_report import item_json, item_row
    from pipelines.errata import errata_of
    from pipelines.services import open_services
    from pipelines.sight import items_seen, viewer_of
    from pipelines.tool_register import tools_meant

    invocation: Invocation = context.obj
    with open_services(invocation.workspace, invocation.environment, person=invocation.person) as services:
        tools = tools_meant(services, made_by) if made_by else None
        meant = None if tools is None else tuple(tool.id for tool in tools)
        known = errata_of(tools or ())
        wanted = ItemFilter(tag=tag, content=content or "", job=job, made_by=meant)
        for erratum in known:
            output.note(f"{erratum.id} {erratum.tool} {' '.join(erratum.affected)}: {erratum.effect}")
        if html is not None:
            from pipelines.protecting import require_sight_of_all
            from pipelines.sheet_of_items import write_sheet_of_items

            with reading(services.engine) as connection:
                shown = items_seen(connection, wanted, viewer_of(services))
            require_sight_of_all(services, shown, "written to a contact sheet", output.note)
            sheet = write_sheet_of_items(services, wanted, html)
            if invocation.json:
                output.document({"index": str(sheet.index), "items": sheet.items, "problems": sheet.problems})
            else:
                attempts = output.counted(sheet.problems, "unsuccessful attempt")
                output.line(f"{output.counted(sheet.items, 'item')}, {attempts}. Open {sheet.index}")
            return 0
        with reading(services.engine) as connection:
            found, guards = items_seen(connection, wanted, viewer_of(services)), newest_guards(connection)
            posts = posts_summed(connection, [item.id for item in found]) if invocation.json else {}
            read = archives_summed(connection) if invocation.json else {}
    if invocation.json:
        known_of = ((item, guards.get(item.id), posts.get(item.id), read.get(item.id)) for item in found)
        listed = {"items": [item_json(*one) for one in known_of]}
        output.document(listed | {"errata": [one.id for one in known]} if made_by else listed)
    else:
        columns = ("item", "role", "content", "type", "bytes", "captured", "title or locator")
        output.table(columns, [item_row(item, guards.get(item.id)) for item in found])
    return 0
