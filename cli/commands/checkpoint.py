"""`casefile checkpoint`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli import output
from cli.invocation import Invocation

if TYPE_CHECKING:  # `--help` does without what signs
    from pipelines.services import Services
    from pipelines.witnesses import Standing


def checkpoint(
    context: typer.Context,
    request_for: Annotated[
        str, typer.Option("--for", metavar="WITNESS", help="Write the file that a witness is asked with by hand.")
    ] = "",
    to: Annotated[Path | None, typer.Option("--to", metavar="FILE", help="Where that file goes.")] = None,
    cosigned: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Take in the file that a witness gave back by hand.")
    ] = None,
    renew: Annotated[
        bool, typer.Option("--renew", help="Sign, and have stamped, a further head where only earlier stamps are new.")
    ] = False,
) -> int:
    """Sign the head of the log over all that was recorded so far; have witnesses cosign and authorities stamp it."""
    from pipelines.anchoring import anchoring
    from pipelines.custody import checkpoint as sign
    from pipelines.keys import history_of
    from pipelines.services import open_services
    from pipelines.stamping import anchor, authorities_of
    from pipelines.timestamps import is_anchored
    from pipelines.witnesses import ask_witnesses
    from preservation.checkpoints import NEWEST, UNSTAMPED

    invocation: Invocation = context.obj
    with open_services(invocation.workspace, invocation.environment, person=invocation.person) as services:
        if cosigned is not None or request_for:
            return _by_hand(invocation, services, request_for, to, cosigned)
        # A misspelt authority is told of before anything is signed.
        authorities_of(services)
        signed, is_new = sign(services, renew=renew)
        found = ask_witnesses(services)
        time = anchor(services)
        stamped = is_anchored(services, signed.head.size)
        epoch = history_of(services.engine, services.log.id).epoch_of(signed.head.size)
        file = services.workspace.log / NEWEST
        anchored = anchoring(services)
    key = epoch.key.fingerprint() if epoch else ""
    if invocation.json:
        output.document(
            {
                "size": signed.head.size,
                "root": f"sha256:{signed.head.root.hex()}",
                "key": key,
                "file": str(file),
                "new": is_new,
                "anchored": anchored.holds or stamped,
                "witnesses": [one.plain() for one in found],
                "time": [one.plain() for one in time],
            }
        )
        return 0
    output.line(f"{'Signed' if is_new else 'Nothing was recorded since'}: a head of {signed.head.size} events")
    for name, value in ("Root", signed.head.root.hex()), ("Key ", key), ("File", file):
        output.line(f"{name} {value}")
    for line in (*(stamp.line for stamp in time), *(() if stamped else (UNSTAMPED,))):
        output.line(line)
    _say(found, anchored.text)
    return 0


def _by_hand(invocation: Invocation, services: Services, name: str, to: Path | None, cosigned: Path | None) -> int:
    from casefile.errors import UsageError
    from pipelines.witnesses import request_for, standings, take_cosigned
    from preservation.durable import Disk

    if cosigned is not None:
        try:
            content = cosigned.read_bytes()
        except OSError as error:
            raise UsageError(f"{cosigned} cannot be read: {error.strerror}") from error
        found = take_cosigned(services, content)
    elif to is None:
        raise UsageError("--for needs --to FILE")
    else:
        Disk().replace(to.absolute(), request_for(services, name))
        found = standings(services)
    if invocation.json:
        output.document({"file": str(to or cosigned), "witnesses": [one.plain() for one in found]})
        return 0
    if cosigned is None:
        output.line(f"Take {to} to {name}, and give what comes back to `casefile checkpoint --cosigned FILE`.")
    _say(found, "")
    return 0


def _say(found: tuple[Standing, ...], unanchored: str) -> None:
    """Who outside holds the head."""
    for one in found:
        output.line(_standing(one))
    if unanchored:
        output.line(unanchored)


def _standing(one: Standing) -> str:
    reached = f"cosigned {one.size} events at {one.cosigned_at}" if one.cosigned_at else "has cosigned nothing"
    if not one.pending:
        return f"Witness {one.name} {reached}"
    by = one.problem or ("asked by hand: `--for NAME --to FILE`" if not one.url else "not asked yet")
    return f"PENDING  {one.name} {reached}; {by}"
