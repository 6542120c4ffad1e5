"""`casefile lead`."""

from __future__ import annotations

from typing import Annotated

import typer

from casefile.vocabulary import Access
from casefile.vocabulary_planning import Decision
from cli import output
from cli.invocation import Invocation

Which = Annotated[str, typer.Argument(help="The lead's number, such as L-0001, or its id.")]
OfInquiry = Annotated[str, typer.Option("--inquiry", help="The inquiry that it came from.")]
OfSearch = Annotated[str, typer.Option("--search", help="The search that it came from, such as R-0001.")]
OfPerson = Annotated[str, typer.Option("--person", help="Who referred it, by id or unique name.")]
Why = Annotated[str, typer.Option(help="What else is worth keeping about how it was found.")]


def add(
    context: typer.Context,
    locators: Annotated[list[str], typer.Argument(help="Addresses.")],
    inquiry: OfInquiry = "",
    search: OfSearch = "",
    person: OfPerson = "",
    why: Why = "",
    access: Annotated[Access, typer.Option(help="What one needs to see it; restricted is refused.")] = Access.PUBLIC,
) -> int:
    """Record candidates with where they came from; nothing is fetched."""
    from cli.planning_report import known_lead_row
    from pipelines.assessing import Source, find_leads
    from pipelines.services import open_services

    invocation: Invocation = context.obj
    source = Source(inquiry, search, person, why)
    with open_services(invocation.workspace, invocation.environment, person=invocation.person) as services:
        added = find_leads(services, locators, source, access)
    if invocation.json:
        listed = [{"id": one.id, "number": one.label, "locator": one.locator} for one in added]
        output.document({"leads": listed})
    else:
        output.table(("lead", "locator"), map(known_lead_row, added))
    return 0


def link(
    context: typer.Context,
    lead: Which,
    inquiry: OfInquiry = "",
    search: OfSearch = "",
    person: OfPerson = "",
    why: Why = "",
) -> int:
    """Say afterwards where a lead came from; both times are kept."""
    from cli.planning_report import lead_lines
    from pipelines.assessing import Source, link_lead, plain
    from pipelines.services import open_services

    invocation: Invocation = context.obj
    with open_services(invocation.workspace, invocation.environment, person=invocation.person) as services:
        linked = link_lead(services, lead, Source(inquiry, search, person, why))
    if invocation.json:
        output.document(plain(linked))
    else:
        for line in lead_lines(linked):
            output.line(line)
    return 0


def list_(
    context: typer.Context,
    job: Annotated[str, typer.Option(help="Only leads of this job.")] = "",
    decision: Annotated[Decision | None, typer.Option(help="Only leads that were decided so.")] = None,
    unassessed: Annotated[bool, typer.Option("--unassessed", help="Only leads that nobody has assessed.")] = False,
    compact: Annotated[bool, typer.Option("--compact", help="Only leads with a compact assessment.")] = False,
    orphan: Annotated[bool, typer.Option("--orphan", help="Only leads by hand that name no origin.")] = False,
    better: Annotated[bool, typer.Option("--better", help="Only leads of which a better version is sought.")] = False,
    waiting: Annotated[bool, typer.Option("--waiting", help="Only leads that are still to be collected.")] = False,
    late: Annotated[bool, typer.Option("--late", help="Only leads captured before they were assessed.")] = False,
) -> int:
    """List leads, also those that were decided against."""
    from cli.planning_report import lead_row
    from pipelines.assessing import LeadFilter, plain, wanted_leads
    from pipelines.services import open_services

    invocation: Invocation = context.obj
    wanted = LeadFilter(job, decision, unassessed, compact, orphan, better, waiting, late)
    with open_services(invocation.workspace, invocation.environment, person=invocation.person) as services:
        found = wanted_leads(services, wanted)
    if invocation.json:
        output.document({"leads": [plain(one) for one in found]})
    else:
        columns = ("lead", "decision", "form", "removal", "origin", "captured", "locator")
        output.table(columns, map(lead_row, found), none="There is no such lead.")
    return 0


def show(context: typer.Context, lead: Which) -> int:
    """Show a lead in full: where it came from, every assessment, whether it was captured before it was assessed."""
    from cli.planning_report import lead_lines
    from pipelines.assessing import describe_lead, plain
    from pipelines.services import open_services

    invocation: Invocation = context.obj
    with open_services(invocation.workspace, invocation.environment, person=invocation.person) as services:
        found = describe_lead(services, lead)
    if invocation.json:
        output.document(plain(found))
    else:
        for line in lead_lines(found):
            output.line(line)
    return 0
