"""`casefile inquiry`."""

from __future__ import annotations

from typing import Annotated

import typer

from casefile.vocabulary_planning import Closing, Direction, SearchResult, StatementKind
from cli import output
from cli.invocation import Invocation

Which = Annotated[str, typer.Argument(help="The inquiry's number, such as Q-0001, or its id.")]


def open_(
    context: typer.Context,
    question: Annotated[str, typer.Argument(help="The research question.")],
    why: Annotated[str, typer.Option(help="What the answer is for.")] = "",
    task: Annotated[str, typer.Option(help="The task that it belongs to.")] = "",
) -> int:
    """Open an inquiry with its research question."""
    from cli.planning_report import say_inquiry
    from pipelines.inquiries import open_inquiry
    from pipelines.services import open_services

    invocation: Invocation = context.obj
    with open_services(invocation.workspace, invocation.environment, person=invocation.person) as services:
        inquiry = open_inquiry(services, {"question": question, "why": why, "task": task})
        say_inquiry(services, inquiry, "is open", as_json=invocation.json)
    return 0


def add(
    context: typer.Context,
    inquiry: Annotated[str, typer.Argument(help="The inquiry; without it the sheet opens a new one.")] = "",
    from_: Annotated[str, typer.Option("--from", help="A sheet: TOML, or JSON; - for standard input.")] = "",
    template: Annotated[bool, typer.Option("--template", help="Print a sheet to fill in.")] = False,
) -> int:
    """Add what a sheet says, all of it or nothing: statements, keywords, searches."""
    from casefile.errors import UsageError
    from cli.planning_report import say_inquiry
    from pipelines.blank_sheets import INQUIRY_TEMPLATE
    from pipelines.filled_sheets import read_sheet_file
    from pipelines.inquiries import add_to_inquiry
    from pipelines.services import open_services

    invocation: Invocation = context.obj
    if bool(from_) == template:
        raise UsageError("say either --template or --from FILE")
    if template:
        output.sheet(INQUIRY_TEMPLATE, as_json=invocation.json)
        return 0
    given = read_sheet_file(from_)
    with open_services(invocation.workspace, invocation.environment, person=invocation.person) as services:
        found = add_to_inquiry(services, inquiry, given)
        say_inquiry(services, found, "has all of the sheet", as_json=invocation.json)
    return 0


def state(
    context: typer.Context,
    inquiry: Which,
    kind: Annotated[StatementKind, typer.Argument(help="fact, assumption, unknown or finding.")],
    text: Annotated[str, typer.Argument(help="What is stated.")],
    basis: Annotated[str, typer.Option(help="How it is known.")] = "",
    rests_on: Annotated[list[str] | None, typer.Option(help="A statement or item that it rests on; again.")] = None,
    replaces: Annotated[str, typer.Option(help="The statement that it takes the place of; that one stays.")] = "",
) -> int:
    """State what is known, supposed, unknown or found; a finding rests on no assumption."""
    from cli.planning_report import say_inquiry
    from pipelines.inquiries import add_to_inquiry
    from pipelines.services import open_services

    invocation: Invocation = context.obj
    statement = {"kind": kind, "text": text, "basis": basis, "rests_on": rests_on or [], "replaces": replaces}
    with open_services(invocation.workspace, invocation.environment, person=invocation.person) as services:
        found = add_to_inquiry(services, inquiry, {"statement": [statement]})
        say_inquiry(services, found, f"has one {kind} more", as_json=invocation.json)
    return 0


def keyword(
    context: typer.Context,
    inquiry: Which,
    terms: Annotated[list[str], typer.Argument(help="The terms.")],
    language: Annotated[str, typer.Option(help="Their language, such as ar or uk.")],
    script: Annotated[str, typer.Option(help="Their script, such as Arab or Cyrl.")],
    direction: Annotated[Direction, typer.Option(help="What they may bring to light.")],
) -> int:
    """Add keywords in one language and script, and what they may bring to light."""
    from cli.planning_report import say_inquiry
    from pipelines.inquiries import add_to_inquiry
    from pipelines.services import open_services

    invocation: Invocation = context.obj
    keywords = {"language": language, "script": script, "direction": direction, "terms": terms}
    with open_services(invocation.workspace, invocation.environment, person=invocation.person) as services:
        found = add_to_inquiry(services, inquiry, {"keywords": [keywords]})
        say_inquiry(services, found, f"has {output.counted(len(terms), 'term')} more", as_json=invocation.json)
    return 0


def search(
    context: typer.Context,
    inquiry: Which,
    engine: Annotated[str, typer.Option(help="The search engine, or the platform's own search.")],
    terms: Annotated[str, typer.Option(help="What was typed.")],
    result: Annotated[SearchResult, typer.Option(help="found or none-found.")],
    operators: Annotated[str, typer.Option(help="Operators and filters.")] = "",
    pathway: Annotated[str, typer.Option(help="How what is relevant was reached from there.")] = "",
    browser: Annotated[str, typer.Option(help="Browser, and with which account.")] = "",
    language: Annotated[str, typer.Option(help="The language of the terms.")] = "",
    hits: Annotated[int | None, typer.Option(help="How many the engine claimed.")] = None,
    at: Annotated[str, typer.Option(help="When, with its offset; now by default.")] = "",
) -> int:
    """Record a search, also one that found nothing, also afterwards: both times are kept."""
    from cli.planning_report import say_inquiry
    from pipelines.inquiries import add_to_inquiry
    from pipelines.services import open_services

    invocation: Invocation = context.obj
    made = {
        "engine": engine,
        "terms": terms,
        "operators": operators,
        "pathway": pathway,
        "browser": browser,
        "language": language or None,
        "result": result,
        "hits": hits,
        "at": at or None,
    }
    with open_services(invocation.workspace, invocation.environment, person=invocation.person) as services:
        found = add_to_inquiry(services, inquiry, {"search": [made]})
        say_inquiry(services, found, "has one search more", as_json=invocation.json)
    return 0


def close(
    context: typer.Context,
    inquiry: Which,
    outcome: Annotated[Closing, typer.Argument(help="answered, broadened or abandoned.")],
    reason: Annotated[str, typer.Option(help="Why, and what follows.")],
) -> int:
    """End an inquiry."""
    from cli.planning_report import say_inquiry
    from pipelines.inquiries import close_inquiry
    from pipelines.services import open_services

    invocation: Invocation = context.obj
    with open_services(invocation.workspace, invocation.environment, person=invocation.person) as services:
        found = close_inquiry(services, inquiry, {"outcome": outcome, "reason": reason})
        say_inquiry(services, found, f"is {outcome}", as_json=invocation.json)
    return 0


def list_(context: typer.Context) -> int:
    """List the inquiries."""
    from cli.planning_report import inquiry_row
    from pipelines.inquiries import list_all
    from pipelines.services import open_services

    invocation: Invocation = context.obj
    with open_services(invocation.workspace, invocation.environment, person=invocation.person) as services:
        found = list_all(services)
    if invocation.json:
        from dataclasses import asdict

        output.document({"inquiries": [{**asdict(one), "number": one.label} for one in found]})
    else:
        output.table(("inquiry", "opened", "state", "question"), map(inquiry_row, found), none="There is no inquiry.")
    return 0


def show(context: typer.Context, inquiry: Which) -> int:
    """Show an inquiry in full, with what its keywords and searches leave out."""
    from cli.planning_report import inquiry_lines
    from pipelines.inquiries import describe_inquiry, plain
    from pipelines.services import open_services

    invocation: Invocation = context.obj
    with open_services(invocation.workspace, invocation.environment, person=invocation.person) as services:
        found = describe_inquiry(services, inquiry)
    if invocation.json:
        output.document(plain(found))
    else:
        for line in inquiry_lines(found):
            output.line(line)
    return 0


def coverage(context: typer.Context) -> int:
    """Say what the keywords and searches of all inquiries cover, and what they leave out."""
    from dataclasses import asdict

    from casefile.records.engine import reading
    from cli.planning_report import coverage_lines
    from pipelines.inquiries import coverage_of
    from pipelines.services import open_services

    invocation: Invocation = context.obj
    with (
        open_services(invocation.workspace, invocation.environment, person=invocation.person) as services,
        reading(services.engine) as rows,
    ):
        found = coverage_of(rows)
    if invocation.json:
        output.document(asdict(found))
    else:
        for line in coverage_lines(found):
            output.line(line)
    return 0
