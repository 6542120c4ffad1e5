"""`casefile assess`."""

from __future__ import annotations

from typing import Annotated

import typer

from casefile.vocabulary_planning import BetterVersion, Decision, Level, Reliability
from cli import output
from cli.invocation import Invocation


def assess(
    context: typer.Context,
    leads: Annotated[list[str] | None, typer.Argument(help="Leads such as L-0001; one assessment for all.")] = None,
    job: Annotated[str, typer.Option(help="Every lead of this job that nobody has assessed.")] = "",
    decision: Annotated[Decision | None, typer.Option(help="What is to be done.")] = None,
    relevance: Annotated[str, typer.Option(help="1. Why it matters.")] = "",
    link: Annotated[
        list[str] | None,
        typer.Option(metavar="KIND=VALUE", help="place, date, incident, person or violation; at least one."),
    ] = None,
    reliability: Annotated[Reliability, typer.Option(help="2. What it looks worth.")] = Reliability.UNKNOWN,
    reliability_basis: Annotated[str, typer.Option(help="By what: metadata, links, source.")] = "",
    removal: Annotated[Level | None, typer.Option(help="3. How likely it is to be removed; high goes first.")] = None,
    removal_grounds: Annotated[str, typer.Option(help="Why.")] = "",
    safety: Annotated[str, typer.Option(help="4. Whom collecting it could harm, and how.")] = "",
    duties: Annotated[str, typer.Option(help="5. What having it obliges to.")] = "",
    precautions: Annotated[str, typer.Option(help="Which, where the decision is to take some.")] = "",
    reason: Annotated[str, typer.Option(help="Why not, where the decision is not to collect.")] = "",
    better_version: Annotated[
        BetterVersion, typer.Option(help="Whether a better or earlier version is looked for.")
    ] = BetterVersion.NOT_SOUGHT,
    revises: Annotated[int, typer.Option(help="The number of the assessment that this one takes the place of.")] = 0,
    from_: Annotated[str, typer.Option("--from", help="A sheet with a table [[assessment]] for each lead.")] = "",
    template: Annotated[bool, typer.Option("--template", help="Print such a sheet for the leads.")] = False,
) -> int:
    """Assess leads before they are collected: five factors and a decision (Berkeley Protocol, 147 to 152)."""
    from casefile.errors import UsageError
    from cli.planning_report import assessment_sheet, links_of, say_leads
    from pipelines.assessing import assess_by_sheet, assess_leads, leads_to_assess
    from pipelines.filled_sheets import read_sheet_file
    from pipelines.services import open_services

    invocation: Invocation = context.obj
    if sum(map(bool, (leads, job, from_))) != 1:
        raise UsageError("name leads, or a job with --job, or a sheet with --from")
    if template:
        with open_services(invocation.workspace, invocation.environment) as services:
            output.sheet(assessment_sheet(leads_to_assess(services, leads or [], job)), as_json=invocation.json)
        return 0
    given = {
        "decision": decision, "relevance": relevance, "links": links_of(link or []), "reliability": reliability,
        "reliability_basis": reliability_basis, "removal": removal, "removal_grounds": removal_grounds,
        "safety": safety, "duties": duties, "precautions": precautions, "reason": reason,
        "better_version": better_version, "revises": revises,
    }  # fmt: skip
    filled = read_sheet_file(from_) if from_ else None
    with open_services(invocation.workspace, invocation.environment, person=invocation.person) as services:
        if filled is not None:
            found = assess_by_sheet(services, filled)
        else:
            meant = leads_to_assess(services, leads or [], job)
            found = assess_leads(services, [one.lead.id for one in meant], given)
    say_leads(found, as_json=invocation.json)
    return 0
