"""`casefile redact`."""

from __future__ import annotations

from typing import Annotated

import typer

from casefile.vocabulary import ContainmentLevel
from cli import output
from cli.invocation import Invocation


def redact(
    context: typer.Context,
    item: Annotated[str, typer.Argument(help="An item's id or number; its capture is redacted as a whole.")],
    why: Annotated[str, typer.Option(metavar="TEXT", help="Why; whoever gets the package is told.")],
    mask_guessable: Annotated[
        bool,
        typer.Option(
            "--mask-guessable",
            help="Let files leave, too, in which names, addresses and short values are written over: the digest of the "
            "original tells whoever tries them out.",
        ),
    ] = False,
    containment: Annotated[
        ContainmentLevel, typer.Option(help="weak: go on where full containment is missing.")
    ] = ContainmentLevel.FULL,
) -> int:
    """Record what a package carries in the place of files that would expose whoever collected.

    Looks for what the scan of `casefile export` looks for; what was redacted before stays so. The original stays as it
    was sealed.
    """
    from pipelines.redacting import Redaction
    from pipelines.redacting import redact as record
    from pipelines.services import open_services

    invocation: Invocation = context.obj
    asked = Redaction(item, why, mask_guessable, containment)
    with open_services(invocation.workspace, invocation.environment, person=invocation.person) as services:
        made = record(services, asked, output.note)
    if invocation.json:
        output.document({"event": made.event, "item": made.item.id, "redacted": made.said.plain()})
        return 0
    for file in made.said.files:
        kinds = "; ".join(dict.fromkeys(span.kind for span in file.spans))
        places = output.counted(len(file.spans), "place")
        output.line(f"{file.path}: {f'{places} written over' if file.sha256 else 'does not leave'} ({kinds})")
    for part in made.said.parts:
        output.line(f"{part.part} of event {part.event}: does not leave ({part.kind})")
    output.line(f"Recorded as event {made.event}. The original is as it was; `casefile export` carries this instead.")
    return 0
