"""`casefile keys`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli import output
from cli.invocation import Invocation

if TYPE_CHECKING:  # `--help` does without what signs
    from preservation.key_history import KeyHistory

RootKey = Annotated[
    Path | None,
    typer.Option("--root-key", metavar="FILE", help="The private root key, when it lies elsewhere."),
]


def card(context: typer.Context) -> int:
    """Print the keys of log and root on a card to deposit outside, so that a replaced key or log is seen."""
    import base64

    from pipelines.keys import history_of
    from pipelines.services import open_services
    from preservation.checkpoints import origin
    from preservation.keys import key_card
    from preservation.notes import ED25519, VerifierKey

    invocation: Invocation = context.obj
    with open_services(invocation.workspace, invocation.environment) as services:
        history = history_of(services.engine, services.log.id)
    current = history.current
    if invocation.json:
        output.document(
            {
                "investigation": history.log,
                "public_key": base64.b64encode(current.key.raw).decode("ascii") if current else "",
                "verifier_key": str(VerifierKey(origin(history.log), ED25519, current.key.raw)) if current else "",
                "fingerprint": current.key.fingerprint() if current else "",
                "root_fingerprint": history.root.fingerprint() if history.root else "",
            }
        )
        return 0
    for line in key_card(current.key if current else None, history.root, history.log).splitlines():
        output.line(line)
    return 0


def rotate(context: typer.Context, root_key: RootKey = None) -> int:
    """Put a new log key in the place of the old one, which may be lost or revoked; the root key confirms it."""
    from pipelines.keys import rotate as rotate_key
    from pipelines.services import open_services

    invocation: Invocation = context.obj
    with open_services(invocation.workspace, invocation.environment, person=invocation.person) as services:
        return _say(invocation, rotate_key(services, root_key))


def revoke(
    context: typer.Context,
    last_trusted: Annotated[
        int, typer.Option(min=0, metavar="SIZE", help="The size of the last head that is still to be believed.")
    ],
    reason: Annotated[str, typer.Option(help="Why; it is recorded.")],
    root_key: RootKey = None,
) -> int:
    """Say that heads beyond SIZE that the log's key signed count for nothing; the root key confirms it."""
    from pipelines.keys import revoke as revoke_key
    from pipelines.services import open_services

    invocation: Invocation = context.obj
    with open_services(invocation.workspace, invocation.environment, person=invocation.person) as services:
        return _say(invocation, revoke_key(services, last_trusted, reason, root_key))


def _say(invocation: Invocation, history: KeyHistory) -> int:
    from preservation.checkpoints import UNANCHORED

    current = history.current.key.fingerprint() if history.current else ""
    if invocation.json:
        output.document({"fingerprint": current, "epochs": len(history.epochs), "anchored": False})
        return 0
    none = "The log has no key now; `casefile keys rotate` states one."
    output.line(f"The log's key is {current}" if current else none)
    output.line(f"{UNANCHORED} Print `casefile keys card` again.")
    return 0
