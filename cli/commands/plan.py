"""`casefile plan`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from casefile.vocabulary_planning import DocumentKind
from cli import output
from cli.invocation import Invocation

Kind = Annotated[DocumentKind, typer.Argument(help="Which document.")]
Name = Annotated[str, typer.Option(help="Which one, of conflicts (the person), bulk (the job) and task.")]


def template(context: typer.Context, kind: Kind, name: Name = "") -> int:
    """Print a sheet to fill in: blank, or with the newest version's answers to be changed."""
    from pipelines.documents import sheet_of
    from pipelines.services import open_services

    invocation: Invocation = context.obj
    with open_services(invocation.workspace, invocation.environment, person=invocation.person) as services:
        sheet = sheet_of(services, kind, name)
    output.sheet(sheet, as_json=invocation.json)
    return 0


def record(
    context: typer.Context,
    kind: Kind,
    from_: Annotated[str, typer.Option("--from", help="A filled-in sheet: TOML, or JSON; - for standard input.")],
    name: Name = "",
) -> int:
    """Record a filled-in sheet as the document's next version; one that is not based on the newest is refused."""
    from pipelines import documents
    from pipelines.filled_sheets import read_sheet_file
    from pipelines.services import open_services

    invocation: Invocation = context.obj
    given = read_sheet_file(from_)
    with open_services(invocation.workspace, invocation.environment, person=invocation.person) as services:
        version = documents.record_document(services, kind, name, given)
    if invocation.json:
        output.document(documents.plain(version))
    else:
        one = version.document
        named = f"{kind} {one.name}".rstrip()
        output.line(f"Version {one.number} of {named} is recorded; it is to be reviewed by {one.review_by}.")
    return 0


def approve(
    context: typer.Context,
    kind: Kind,
    version: Annotated[int, typer.Option(help="The version that you have read; it has to be the newest.")],
    name: Name = "",
    reason: Annotated[str, typer.Option(help="Needed from who wrote it: why nobody else approves it.")] = "",
) -> int:
    """Approve the newest version of a document."""
    from pipelines import documents
    from pipelines.services import open_services

    invocation: Invocation = context.obj
    with open_services(invocation.workspace, invocation.environment, person=invocation.person) as services:
        approved = documents.approve_document(services, kind, name, version, reason)
    if invocation.json:
        output.document(documents.plain(approved))
    else:
        output.line(f"Version {version} of {kind} is approved.")
    return 0


def show(
    context: typer.Context,
    kind: Kind,
    name: Name = "",
    version: Annotated[int, typer.Option(help="An earlier version; the newest by default.")] = 0,
) -> int:
    """Show a document as it is, or as it was in an earlier version."""
    from casefile.refusals import UnknownRecord
    from cli.planning_report import document_lines
    from pipelines import documents
    from pipelines.services import open_services

    invocation: Invocation = context.obj
    with open_services(invocation.workspace, invocation.environment) as services:
        versions = documents.history(services, kind, name)
    found = [one for one in versions if one.document.number == version] if version else [versions[-1]]
    if not found:
        raise UnknownRecord("version", str(version), f"plan history {kind}")
    if invocation.json:
        output.document(documents.plain(found[-1]))
    else:
        for line in document_lines(found[-1]):
            output.line(line)
    return 0


def history(context: typer.Context, kind: Kind, name: Name = "") -> int:
    """List every version of a document, with who wrote and who approved it."""
    from cli.planning_report import DOCUMENT_COLUMNS, document_row
    from pipelines import documents
    from pipelines.services import open_services

    invocation: Invocation = context.obj
    with open_services(invocation.workspace, invocation.environment) as services:
        versions = documents.history(services, kind, name)
    if invocation.json:
        output.document({"versions": [documents.plain(one) for one in versions]})
    else:
        output.table(DOCUMENT_COLUMNS, map(document_row, versions))
    return 0


def list_(context: typer.Context) -> int:
    """List the documents in their newest versions."""
    from cli.planning_report import DOCUMENT_COLUMNS, document_row
    from pipelines import documents
    from pipelines.services import open_services

    invocation: Invocation = context.obj
    with open_services(invocation.workspace, invocation.environment) as services:
        found = documents.all_documents(services)
    if invocation.json:
        output.document({"documents": [documents.plain(one) for one in found]})
    else:
        output.table(DOCUMENT_COLUMNS, map(document_row, found), none="Nothing is prepared; see `casefile due`.")
    return 0


def export(
    context: typer.Context, to: Annotated[Path, typer.Option(help="A new JSON file for every version of everything.")]
) -> int:
    """Write every version of every document into a file."""
    from pipelines.planning_export import export_documents
    from pipelines.services import open_services

    invocation: Invocation = context.obj
    with open_services(invocation.workspace, invocation.environment, person=invocation.person) as services:
        count = export_documents(services, to)
    if invocation.json:
        output.document({"file": str(to), "versions": count})
    else:
        output.line(f"{output.counted(count, 'version')} written to {to}")
    return 0
