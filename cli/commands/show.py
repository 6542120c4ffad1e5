"""`casefile show`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from casefile.vocabulary import ContainmentLevel
from cli import output
from cli.invocation import Invocation

if TYPE_CHECKING:
    from pipelines.services import Services


def show(
    context: typer.Context,
    item: Annotated[str, typer.Argument(help="An item's id or number, such as I-0042.")],
    keyframes: Annotated[
        Path | None,
        typer.Option(help="Put keyframes of a video, or the picture, encoded anew into this new folder, to search by."),
    ] = None,
    containment: Annotated[
        ContainmentLevel, typer.Option(help="weak: go on where full containment is missing.")
    ] = ContainmentLevel.FULL,
) -> int:
    """Show everything that the record holds about one item."""
    from pipelines.anchoring import anchoring
    from pipelines.describing import describe_item, description_lines
    from pipelines.protecting import require_sight
    from pipelines.services import open_services

    invocation: Invocation = context.obj
    with open_services(invocation.workspace, invocation.environment, person=invocation.person) as services:
        require_sight(services, item, "shown", output.note)
        if keyframes is not None:
            return _keyframes(services, item, keyframes, containment, as_json=invocation.json)
        description = describe_item(services, item)
        description["unanchored"] = anchoring(services).text
    if invocation.json:
        output.document(description)
    else:
        for line in description_lines(description):
            output.line(line)
        if description["unanchored"]:
            output.line(description["unanchored"])
    return 0


def _keyframes(services: Services, item: str, folder: Path, level: ContainmentLevel, *, as_json: bool) -> int:
    from pipelines.frames import write_frames

    written = write_frames(services, item, folder, level)
    if as_json:
        output.document({"folder": str(folder), "frames": [path.name for path in written]})
    else:
        output.line(f"{output.counted(len(written), 'picture')} in {folder}; a search by one tells the engine of it.")
    return 0
