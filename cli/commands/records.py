"""`casefile records`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cli import output
from cli.invocation import Invocation

Kind = Annotated[
    str,
    typer.Argument(
        help="plan, risk, landscape, policy, roles, conflicts, bulk, task, agreement, inquiry, lead, assessment, "
        "claim, conclusion, or step:CHECK such as step:geolocation."
    ),
]


def export(
    context: typer.Context,
    to: Annotated[Path, typer.Option(help="A new file: TOML where its name ends so, else JSON.")],
) -> int:
    """Write all that people recorded, as far as you may see it, as sheets that record it again."""
    from pipelines.book_writing import write_book
    from pipelines.services import open_services

    invocation: Invocation = context.obj
    with open_services(invocation.workspace, invocation.environment, person=invocation.person) as services:
        written = write_book(services, to)
    if invocation.json:
        output.document({"file": str(to), "entries": dict(written.entries), "erased": written.erased})
        return 0
    for name, count in written.entries.items():
        output.line(f"{name}: {count}")
    if written.erased:
        output.note(f"{output.counted(written.erased, 'entry')} left out: the words were erased")
    return 0


def import_(context: typer.Context, file: Annotated[Path, typer.Argument(help="What `records export` wrote.")]) -> int:
    """Record everything of such a file as your own, all of it or nothing; items are found again by their digests."""
    from pipelines.book_taking import take_book
    from pipelines.services import open_services

    invocation: Invocation = context.obj
    with open_services(invocation.workspace, invocation.environment, person=invocation.person) as services:
        taken = take_book(services, file)
    if invocation.json:
        output.document({"recorded": dict(taken.recorded), "left": dict(taken.left)})
        return 0
    for name, count in taken.recorded.items():
        output.line(f"{name}: {count} recorded")
    for name, count in taken.left.items():
        output.note(f"{name}: {count} left; here already, or an act that nobody repeats for others")
    return 0


def template(context: typer.Context, kind: Kind) -> int:
    """Print a blank sheet for anything that is recorded."""
    from pipelines.blank_sheets import blank_sheet

    invocation: Invocation = context.obj
    output.sheet(blank_sheet(kind), as_json=invocation.json)
    return 0


def form(
    context: typer.Context,
    kind: Kind,
    to: Annotated[Path, typer.Option(help="A new file for the filled-in sheet.")],
) -> int:
    """Ask for each field of a sheet on the terminal and write the sheet; the usual command records it."""
    import sys

    from casefile.errors import UsageError
    from cli.forms import fill_in
    from pipelines.blank_sheets import blank_sheet
    from pipelines.report_files import new_file

    invocation: Invocation = context.obj

    def ask(question: str) -> str:
        output.note(question)
        answered = sys.stdin.readline()
        if not answered:
            raise UsageError("the form was left before its end; nothing was written")
        return answered.rstrip("\n")

    filled = fill_in(blank_sheet(kind), ask, output.note)
    with new_file(to) as stream:
        stream.write(filled)
    if invocation.json:
        output.document({"file": str(to)})
    else:
        output.line(f"The sheet is in {to}.")
    return 0
