"""`casefile tools`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from casefile.vocabulary import ContainmentLevel
from cli import output
from cli.invocation import Invocation


def list_(context: typer.Context) -> int:
    """List every tool that had part in a capture or an examination, with its version and how often it was used."""
    from dataclasses import asdict

    from casefile.records.engine import reading
    from casefile.records.tools import list_tools
    from pipelines.services import open_services

    invocation: Invocation = context.obj
    with open_services(invocation.workspace, invocation.environment) as services, reading(services.engine) as rows:
        found = list_tools(rows)
    if invocation.json:
        output.document({"tools": [asdict(one) for one in found]})
    else:
        output.table(
            ("tool", "version", "registered", "events", "path", "sha256"),
            [
                (
                    "(erased)" if one.name is None else one.name,
                    one.version or "",
                    one.registered_at[:19],
                    str(one.uses),
                    one.path or "",
                    one.sha256 or "",
                )
                for one in found
            ],
        )
    return 0


def show(
    context: typer.Context, name: Annotated[str, typer.Argument(help="A registered tool, such as exiftool.")]
) -> int:
    """Show a tool's versions, the answers of its vetting, tests, errata, and how many items it touched."""
    from pipelines.services import open_services
    from pipelines.tool_report import describe_tool, tool_lines

    invocation: Invocation = context.obj
    with open_services(invocation.workspace, invocation.environment) as services:
        described = describe_tool(services, name)
    if invocation.json:
        output.document(described)
    else:
        for line in tool_lines(described):
            output.line(line)
    return 0


def vet(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="A tool's name in the register.")],
    answers: Annotated[
        Path | None, typer.Option(help="A filled-in sheet (TOML) to record as the next version.")
    ] = None,
    template: Annotated[bool, typer.Option("--template", help="Print a sheet to fill in.")] = False,
) -> int:
    """Answer the Protocol's questions about a tool (Annex V): print the sheet, or record it filled in."""
    from dataclasses import asdict

    from casefile.errors import UsageError
    from pipelines import vetting
    from pipelines.services import open_services

    invocation: Invocation = context.obj
    if (answers is None) is not template:
        raise UsageError("say either --template or --answers FILE")
    with open_services(invocation.workspace, invocation.environment, person=invocation.person) as services:
        if answers is None:
            earlier = vetting.vettings(services, name)
            sheet = vetting.template(name, earlier[-1] if earlier else vetting.suggested(name))
            if invocation.json:
                output.document({"template": sheet})
            else:
                for line in sheet.splitlines():
                    output.line(line)
            return 0
        try:
            given = answers.read_text("utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise UsageError(f"the sheet cannot be read: {type(error).__name__}") from error
        event, recorded = vetting.vet(services, name, given)
    if invocation.json:
        output.document({"event": event} | asdict(recorded))
    else:
        open_questions = output.counted(len(recorded.unanswered), "question")
        output.line(
            f"Version {recorded.number} of the answers about {name} is recorded; {open_questions} not answered."
        )
    return 0


def errata(context: typer.Context) -> int:
    """List known defects of tools, and which of them touch a registered version."""
    from casefile.records.engine import reading
    from casefile.records.tools import list_tools
    from pipelines import errata as known
    from pipelines.services import open_services

    invocation: Invocation = context.obj
    with open_services(invocation.workspace, invocation.environment) as services, reading(services.engine) as rows:
        touching = {one.id for one in known.errata_of(list_tools(rows))}
    if invocation.json:
        output.document({"errata": [one.plain() | {"touches": one.id in touching} for one in known.errata()]})
    else:
        output.table(
            ("erratum", "touches", "tool", "versions", "published", "effect", "remedy"),
            [
                (
                    one.id,
                    "YES" if one.id in touching else "no",
                    one.tool,
                    " ".join(one.affected),
                    one.published,
                    one.effect,
                    one.remedy,
                )
                for one in known.errata()
            ],
        )
    return 0


def upgrade(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="The tool: yt-dlp or exiftool.")],
    from_: Annotated[
        Path,
        typer.Option("--from", help="Its wheel, or ExifTool's .tar.gz: a file that you have; nothing is fetched."),
    ],
    containment: Annotated[
        ContainmentLevel, typer.Option(help="weak: go on where full containment is missing.")
    ] = ContainmentLevel.FULL,
) -> int:
    """Use another version of a tool in this workspace: tried on known answers first, recorded, with a way back."""
    from pipelines.services import open_services
    from pipelines.upgrading import upgrade as upgraded

    invocation: Invocation = context.obj
    with open_services(invocation.workspace, invocation.environment, person=invocation.person) as services:
        done = upgraded(services, name, from_, containment)
    ok = not done.failed
    if invocation.json:
        output.document(
            {
                "ok": ok,
                "version": done.version,
                "sha256": done.sha256,
                "passed": list(done.passed),
                "failed": list(done.failed),
            }
        )
    elif ok:
        output.line(f"{name} {done.version} ({done.sha256}) is used from now on; `tools rollback {name}` goes back.")
    else:
        output.line(f"{name} {done.version} failed, which is recorded; nothing has changed: {'; '.join(done.failed)}")
    return 0 if ok else 1


def rollback(context: typer.Context, name: Annotated[str, typer.Argument(help="The tool: yt-dlp or exiftool.")]) -> int:
    """Use again the version that the last upgrade replaced."""
    from pipelines.services import open_services
    from pipelines.upgrading import rollback as rolled_back

    invocation: Invocation = context.obj
    with open_services(invocation.workspace, invocation.environment, person=invocation.person) as services:
        done = rolled_back(services, name)
    if invocation.json:
        output.document({"version": done.version or "installed", "sha256": done.sha256})
    else:
        output.line(f"{name}: {done.version or 'the installed version'} is used from now on.")
    return 0
