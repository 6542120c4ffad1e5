"""`casefile import`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from casefile.vocabulary import ContainmentLevel, Purpose
from cli import output
from cli.invocation import Invocation


def import_(
    context: typer.Context,
    paths: Annotated[list[Path], typer.Argument(help="Files and folders that somebody handed over.")],
    from_person: Annotated[str, typer.Option(help="Who handed them over; recorded as a source.")],
    how: Annotated[str, typer.Option(help="How they were handed over: by hand, by post, by which service.")] = "",
    why: Annotated[str, typer.Option(help="Why they are admitted; kept with the leads.")] = "",
    purpose: Annotated[Purpose, typer.Option(help="What the material is admitted for.")] = Purpose.WORK,
    containment: Annotated[
        ContainmentLevel, typer.Option(help="weak: go on where full containment is missing.")
    ] = ContainmentLevel.FULL,
) -> int:
    """Admit files that were handed over; they are listed as such, never as observed by us."""
    from cli import collect_report
    from pipelines.handed_over import ImportRequest, import_files
    from pipelines.services import open_services

    invocation: Invocation = context.obj
    request = ImportRequest(tuple(paths), from_person, how, why, purpose, containment)
    told = collect_report.silent if invocation.json else collect_report.print_result
    with open_services(invocation.workspace, invocation.environment, person=invocation.person) as services:
        finished = import_files(services, request, told)
    if invocation.json:
        output.document({"results": [collect_report.result_json(result) for result in finished]})
    else:
        output.line(collect_report.summary(finished))
    return collect_report.exit_code(finished)
