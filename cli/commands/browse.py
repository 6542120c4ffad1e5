"""`casefile browse`."""

from __future__ import annotations

from typing import Annotated

import typer

from casefile.vocabulary import Purpose
from cli import output
from cli.invocation import Invocation


def browse(
    context: typer.Context,
    locator: Annotated[str, typer.Argument(help="The address to begin at, or a lead such as L-0001.")],
    why: Annotated[str, typer.Option(help="Why; recorded as the lead's compact preliminary assessment.")] = "",
    purpose: Annotated[Purpose, typer.Option(help="What the material is collected for.")] = Purpose.WORK,
    minutes: Annotated[int, typer.Option(min=1, max=240, help="After so long the page is taken as it stands.")] = 30,
    at_risk: Annotated[str, typer.Option(help="Why this may soon be gone: no gate then delays it.")] = "",
    override: Annotated[str, typer.Option(help="Why to go on although a gate refuses; recorded.")] = "",
) -> int:
    """Drive a contained, recorded browser by hand, and capture the page that it then shows. For captchas, requests for
    consent and endless feeds. What you do is kept with the capture, which is marked as assisted.
    """
    from cli import collect_report
    from pipelines.by_hand import ASSISTED, ByHand
    from pipelines.desk import open_desk
    from pipelines.requests import CollectRequest, run_collect
    from pipelines.services import open_services

    invocation: Invocation = context.obj
    told = collect_report.silent if invocation.json else collect_report.print_result
    with (
        open_services(invocation.workspace, invocation.environment, person=invocation.person) as services,
        open_desk() as desk,
    ):
        output.note(f"Open this in your own browser, within {minutes} minutes; it opens once: {desk.address}")
        by_hand = ByHand(desk.folder, minutes * 60)
        request = CollectRequest(
            locators=(locator,),
            why=why,
            method=ASSISTED.name,
            purpose=purpose,
            # What a person does is a capture of its own, whatever was captured before.
            again=True,
            override=override,
            at_risk=at_risk,
            by_hand=by_hand,
        )
        finished = run_collect(services, request, told, output.note)
    if invocation.json:
        output.document({"results": [collect_report.result_json(result) for result in finished]})
    else:
        output.line(collect_report.summary(finished))
    return collect_report.exit_code(finished)
