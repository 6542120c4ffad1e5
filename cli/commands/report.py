"""`casefile report`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli import output
from cli.invocation import Invocation

if TYPE_CHECKING:
    from pipelines.services import Services

PROBLEMS = 1


COLUMNS = ("row", "paragraph", "obligation", "stands", "why")


def report(
    context: typer.Context,
    item: Annotated[
        str, typer.Argument(help="An item's id or number, such as I-0042; without it, the whole investigation.")
    ] = "",
    html: Annotated[Path | None, typer.Option(help="Write it as a page to this new file.")] = None,
    pdf: Annotated[Path | None, typer.Option(help="Write it as PDF to this new file.")] = None,
    to: Annotated[Path | None, typer.Option(help="Write it as JSON to this new file.")] = None,
) -> int:
    """Write the method report: what was done, by whom, with which tools, what was not done and why.

    Each row of the Protocol stands as met, overridden, not met or not applicable. Every statement names its events.
    """
    from pipelines.services import open_services

    invocation: Invocation = context.obj
    with open_services(invocation.workspace, invocation.environment, person=invocation.person) as services:
        if not item:
            return _investigation(services, Targets(html, pdf, to), as_json=invocation.json)
        return _item(services, item, Targets(html, pdf, to), as_json=invocation.json)


@dataclass(frozen=True, slots=True)
class Targets:
    """The new files that a report is written to."""

    html: Path | None
    pdf: Path | None
    json: Path | None

    @property
    def none(self) -> bool:
        """Whether it is shown instead."""
        return self.html is None and self.pdf is None and self.json is None

    def plain(self) -> dict[str, str | None]:
        """For `--json`."""
        named = {"html": self.html, "pdf": self.pdf, "to": self.json}
        return {name: str(path) if path else None for name, path in named.items()}


def _item(services: Services, item: str, targets: Targets, *, as_json: bool) -> int:
    import json

    from pipelines.method_report import item_report
    from pipelines.protecting import require_sight
    from pipelines.report_files import new_file, put_file
    from pipelines.report_pages import html_foot, html_head, html_item

    require_sight(services, item, "reported on", output.note)
    made = item_report(services, item)
    heading = {"title": made["item"]["number"], "investigation": services.log.id, **made}
    if targets.html is not None:
        with new_file(targets.html) as stream:
            stream.write(html_head(heading) + html_item(made) + html_foot([]))
    if targets.pdf is not None:
        from pipelines.report_pdf import pdf_of

        put_file(targets.pdf, pdf_of(heading, [made], []))
    if targets.json is not None:
        with new_file(targets.json) as stream:
            json.dump(made, stream, allow_nan=False)
    if as_json:
        output.document(made)
    elif targets.none:
        for one in made["statements"]:
            by = f" ({one['by']}, {one['at'][:19]})" if one["by"] and one["at"] else ""
            output.line(f"{one['stage']}: {one['text']}{by}")
        output.line("")
        output.table(COLUMNS, map(_row, made["conformance"]))
    for target in (targets.html, targets.pdf, targets.json):
        if target is not None:
            output.note(f"{target.name}: {made['item']['number']}")
    for problem in made["problems"]:
        output.note(f"{problem['code']}: {problem['text']}")
    return PROBLEMS if made["problems"] else 0


def _investigation(services: Services, targets: Targets, *, as_json: bool) -> int:
    from pipelines.investigation_report import table_of, write_html, write_json, write_pdf
    from pipelines.report_files import new_file

    for target, write in ((targets.html, write_html), (targets.json, write_json)):
        if target is not None:
            with new_file(target) as stream:
                count = write(services, stream)
            output.note(f"{target.name}: {output.counted(count, 'item')}")
    if targets.pdf is not None:
        count = write_pdf(services, targets.pdf)
        output.note(f"{targets.pdf.name}: {output.counted(count, 'item')}")
    if targets.none:
        table = table_of(services)
        if as_json:
            output.document({"conformance": table})
        else:
            output.table(COLUMNS, map(_row, table))
    elif as_json:
        output.document(targets.plain())
    return 0


def _row(one: Mapping[str, Any]) -> tuple[str, ...]:
    return str(one["row"]), one["paragraph"], one["obligation"], one["standing"], one["why"]
