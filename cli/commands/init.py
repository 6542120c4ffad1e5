"""`casefile init`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cli import output
from cli.invocation import Invocation


def init(
    context: typer.Context,
    directory: Annotated[Path, typer.Argument(help="A new folder; one workspace holds one investigation.")],
    title: Annotated[str, typer.Option(help="What the investigation is called.")],
    investigator: Annotated[str, typer.Option(help="Who opens it, and acts unless --as names somebody else.")],
    root_key_to: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Where the private root key goes, such as a removable disk.")
    ] = None,
) -> int:
    """Create a workspace: database, vault, log and keys of one investigation."""
    from pipelines.anchoring import anchor_beginning
    from pipelines.opening import open_investigation

    invocation: Invocation = context.obj
    opened = open_investigation(directory, title, investigator, invocation.environment, root_key=root_key_to)
    unanchored = anchor_beginning(opened.root, invocation.environment)
    if invocation.json:
        output.document(
            {
                "workspace": str(opened.root),
                "investigation": opened.investigation,
                "person": opened.person,
                "key": opened.fingerprint,
                "root_key": opened.root_fingerprint,
                "root_key_file": str(opened.root_key),
                "anchored": not unanchored,
                "unanchored": list(unanchored),
            }
        )
        return 0
    output.line(f"Opened {opened.root}")
    output.line(f"The log's key is {opened.fingerprint}")
    output.line(f"The root key is {opened.root_fingerprint}")
    if opened.root_key.is_relative_to(opened.root):
        output.line(f"Move {opened.root_key} to a disk that you keep elsewhere: it confirms every later key.")
    for said in unanchored:
        output.line(said)
    return 0
