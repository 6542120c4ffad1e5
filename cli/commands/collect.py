"""`casefile collect`."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from casefile.vocabulary import ContainmentLevel, Purpose
from cli import output
from cli.invocation import Invocation


class Engine(StrEnum):
    """What runs the sequence; both do the same."""

    DIRECT = "direct"
    PREFECT = "prefect"


def collect(
    context: typer.Context,
    locators: Annotated[
        list[str] | None, typer.Argument(help="Addresses, each a new capture; or leads such as L-0001.")
    ] = None,
    from_: Annotated[
        str, typer.Option("--from", help="A list of addresses: text, CSV or XLSX file, or - for standard input.")
    ] = "",
    job: Annotated[str, typer.Option(help="The job's name; the list's base name by default.")] = "",
    column: Annotated[str, typer.Option(help="The column that holds the addresses, when it is not found.")] = "",
    results: Annotated[Path | None, typer.Option(help="Give the list back here, with what became of each row.")] = None,
    why: Annotated[str, typer.Option(help="Why; recorded as each lead's compact preliminary assessment.")] = "",
    assessed: Annotated[bool, typer.Option("--assessed", help="Every lead that is still to be collected.")] = False,
    at_risk: Annotated[str, typer.Option(help="Why this may soon be gone: no gate then delays it.")] = "",
    override: Annotated[str, typer.Option(help="Why to go on although a gate refuses; recorded.")] = "",
    method: Annotated[str, typer.Option(help="The capture method, when it is not to be chosen.")] = "",
    identity: Annotated[str, typer.Option(help="The virtual identity to ask its platform under; see `identity`.")] = "",
    purpose: Annotated[Purpose, typer.Option(help="What the material is collected for.")] = Purpose.WORK,
    again: Annotated[bool, typer.Option("--again", help="Capture rows that are finished anew.")] = False,
    containment: Annotated[
        ContainmentLevel, typer.Option(help="weak: go on where full containment is missing.")
    ] = ContainmentLevel.FULL,
    engine: Annotated[Engine, typer.Option(help="prefect: run the same sequence as a flow.")] = Engine.DIRECT,
) -> int:
    """Capture addresses: receive, hash, preserve, examine. Every address has a record, whatever becomes of it."""
    from cli import collect_report
    from pipelines.requests import CollectRequest, run_collect
    from pipelines.services import open_services

    invocation: Invocation = context.obj
    request = CollectRequest(
        locators=tuple(locators or ()),
        list_file=from_,
        job=job,
        column=column,
        results=results,
        why=why,
        method=method or None,
        purpose=purpose,
        again=again,
        level=containment,
        engine=engine,
        identity=identity,
        assessed=assessed,
        override=override,
        at_risk=at_risk,
    )
    told = collect_report.silent if invocation.json else collect_report.print_result
    with open_services(invocation.workspace, invocation.environment, person=invocation.person) as services:
        finished = run_collect(services, request, told, output.note)
    if invocation.json:
        output.document({"results": [collect_report.result_json(result) for result in finished]})
    else:
        output.line(collect_report.summary(finished))
    return collect_report.exit_code(finished)
