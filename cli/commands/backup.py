"""`casefile backup` and `casefile restore`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cli import output
from cli.invocation import Invocation


def backup(
    context: typer.Context,
    to: Annotated[Path, typer.Argument(help="A folder elsewhere; what it has already is not copied again.")],
) -> int:
    """Copy vault, log, keys and settings, check the copy byte by byte, and record that it was made."""
    from pipelines.copying import back_up
    from pipelines.services import open_services

    invocation: Invocation = context.obj
    with open_services(invocation.workspace, invocation.environment, person=invocation.person) as services:
        copied = back_up(services, to)
    if invocation.json:
        output.document(
            {"backup": str(copied.target), "files": copied.files, "bytes": copied.bytes, "jars": copied.jars}
        )
    else:
        output.line(f"{copied.files} files copied, {copied.bytes} bytes, and checked, in {copied.target}")
        if copied.jars:
            output.note(
                f"It holds the log's key, and jars of virtual identities: {copied.jars}. Whoever has it can use those "
                "accounts."
            )
    return 0


def restore(
    context: typer.Context,
    source: Annotated[Path, typer.Argument(metavar="FROM", help="A folder that `backup` made.")],
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="A new folder for the workspace.")],
) -> int:
    """Make a workspace from a backup: copy, rebuild the database, audit."""
    from pipelines.audit import report_json
    from pipelines.copying import restore_workspace
    from pipelines.installed_tools import REMEDY, lacking_tools
    from pipelines.services import open_services

    invocation: Invocation = context.obj
    report = restore_workspace(source, directory, invocation.environment)
    lacks = []
    if report.ok:
        with open_services(directory, invocation.environment) as services:
            lacks = lacking_tools(services)
    if invocation.json:
        output.document({"workspace": str(directory), "audit": report_json(report), "lacks": lacks})
    else:
        for tool in lacks:
            output.line(f"{tool} was used there and is not in a backup: {REMEDY}")
        for found in report.problems:
            output.line(f"{found.code} {found.path}: {found.text}")
        output.line(f"Restored {directory}; the audit found {output.counted(len(report.problems), 'problem')}.")
    return 0 if report.ok else 5
