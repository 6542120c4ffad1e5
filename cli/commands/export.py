"""`casefile export`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from casefile.vocabulary import ContainmentLevel
from cli import output
from cli.invocation import Invocation

if TYPE_CHECKING:  # `--help` does without it
    from pipelines.exporting import Exported


def export(
    context: typer.Context,
    items: Annotated[list[str], typer.Argument(metavar="ITEM...", help="Ids or numbers of items.")],
    to: Annotated[
        Path, typer.Option(metavar="PATH", help="The package: a new folder, a new .zip, or a folder to put it into.")
    ],
    recipient: Annotated[str, typer.Option(metavar="NAME", help="Whom it is for.")],
    agreement: Annotated[str, typer.Option(metavar="TEXT", help="Under which agreement it goes.")] = "",
    pseudonymous: Annotated[
        bool, typer.Option("--pseudonymous", help="Keep back the names of those who acted.")
    ] = False,
    only: Annotated[
        bool, typer.Option("--only", help="Keep back the files of other items of the same captures.")
    ] = False,
    since: Annotated[
        Path | None,
        typer.Option(metavar="PACKAGE", help="An earlier package for them: what it has whole is cited, not repeated."),
    ] = None,
    volume_size: Annotated[
        str,
        typer.Option(
            metavar="SIZE", help="No file is longer, such as 4GB: then it goes as numbered volumes, each complete."
        ),
    ] = "",
    encrypt_to: Annotated[
        list[str] | None,
        typer.Option(metavar="KEY", help="A public key of age (age1…, ssh-…), or a file of them; again for more."),
    ] = None,
    override: Annotated[
        str, typer.Option(metavar="REASON", help="Why it goes although somebody's consent is missing.")
    ] = "",
    containment: Annotated[
        ContainmentLevel, typer.Option(help="weak: go on where full containment is missing.")
    ] = ContainmentLevel.FULL,
) -> int:
    """Make a package of items for somebody outside, which proves itself and says what it leaves out."""
    from casefile.space import parse_size
    from pipelines.exporting import ExportRequest, export_items
    from pipelines.services import open_services

    invocation: Invocation = context.obj
    request = ExportRequest(
        tuple(items),
        to,
        recipient,
        agreement,
        pseudonymous,
        only,
        containment,
        override,
        since,
        parse_size(volume_size) if volume_size else 0,
        tuple(encrypt_to or ()),
    )
    with open_services(invocation.workspace, invocation.environment, person=invocation.person) as services:
        made = export_items(services, request, output.note)
    _say(made, as_json=invocation.json)
    return 0


def _say(made: Exported, *, as_json: bool) -> None:
    if as_json:
        output.document(_plain(made))
        return
    held = made.contents
    output.line(f"{made.path}: {output.counted(len(held.items), 'item')}, {made.files} files, {made.bytes} bytes")
    if held.since is not None:
        count = sum(one.is_earlier for one in held.captures)
        output.line(f"Adds to package {held.since.package}, which has {output.counted(count, 'object')} of it.")
    for capture in held.captures:
        if capture.accompanying:
            numbers = " ".join(number for _item, number in capture.accompanying)
            output.line(f"Of the same captures came along: {numbers}; --only keeps them back")
    for one in held.omitted:
        output.line(f"Left out: {one.number or one.kind + ' ' + one.id}, {one.reason}")
    output.line(f"{output.counted(len(held.withheld), 'part')} of events withheld; data/package.json lists them.")
    for volume in made.packed if len(made.packed) > 1 else ():
        counts = f"{volume.files} files, {volume.bytes} bytes"
        output.line(f"{volume.name}{made.ending}: package {volume.contents.package}, {counts}")
    for said in made.unanchored:
        output.line(said)
    for said in _next(made):
        output.line(said)


def _next(made: Exported) -> Iterator[str]:
    """What to do with it."""
    from disclosure.encryption import ENDING, decryption_line

    if made.ending.endswith(ENDING):
        name = f"{made.packed[0].name}{made.ending}" if len(made.packed) > 1 else made.path.name
        yield f"Only those keys open it: {decryption_line(name)}"
        yield "Only who has opened it can check it: casefile audit, on what comes out."
        return
    is_checkable = made.path.is_dir() and len(made.packed) == 1
    yield (
        f"Check it: python3 {made.path / 'check_package.py'}"
        if is_checkable
        else f"Check it: casefile audit {made.path}"
    )


def _plain(made: Exported) -> dict[str, object]:
    """The package as `--json` gives it."""
    held = made.contents
    return {
        "package": str(made.path),
        "id": held.package,
        "items": [one.id for one in held.items],
        "accompanying": [
            {"item": item, "number": number} for one in held.captures for item, number in one.accompanying
        ],
        "omitted": [
            {"item": one.id, "kind": one.kind, "number": one.number or None, "reason": one.reason}
            for one in held.omitted
        ],
        "withheld": [{"event": one.event, "part": one.part, "reason": one.reason} for one in held.withheld],
        "signature": made.signature,
        "since": held.since.package if held.since is not None else None,
        "files": made.files,
        "bytes": made.bytes,
        "volumes": [
            {
                "name": f"{one.name}{made.ending}",
                "id": one.contents.package,
                "signature": one.signature,
                "captures": [capture.id for capture in one.contents.captures if one.contents.holds(capture)],
                "files": one.files,
                "bytes": one.bytes,
            }
            for one in made.packed
            if len(made.packed) > 1
        ],
        "encrypted": made.ending.endswith(".age"),
        "anchored": not made.unanchored,
        "unanchored": list(made.unanchored),
    }
