"""`casefile keys`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli import output
from cli.invocation import Invocation

if TYPE_CHECKING:  # `--help` does without what signs
    from pipelines.keys import OldKeys
    from pipelines.services import Services
    from preservation.key_history import KeyHistory

RootKey = Annotated[
    Path | None,
    typer.Option("--root-key", metavar="FILE", help="The private root key, when it lies elsewhere."),
]


def card(context: typer.Context) -> int:
    """Print the keys of log and root on a card to deposit outside, so that a replaced key or log is seen."""
    import base64

    from pipelines.anchoring import anchoring
    from pipelines.keys import history_of
    from pipelines.services import open_services
    from preservation.checkpoints import origin
    from preservation.keys import key_card
    from preservation.notes import ED25519, VerifierKey

    invocation: Invocation = context.obj
    with open_services(invocation.workspace, invocation.environment) as services:
        history = history_of(services.engine, services.log.id)
        anchored = anchoring(services)
    current = history.current
    verifier_key = str(VerifierKey(origin(history.log), ED25519, current.key.raw)) if current else ""
    if invocation.json:
        output.document(
            {
                "investigation": history.log,
                "public_key": base64.b64encode(current.key.raw).decode("ascii") if current else "",
                "verifier_key": verifier_key,
                "anchored": anchored.holds,
                "fingerprint": current.key.fingerprint() if current else "",
                "root_fingerprint": history.root.fingerprint() if history.root else "",
            }
        )
        return 0
    for line in key_card(current.key if current else None, history.root, history.log, verifier_key).splitlines():
        output.line(line)
    if anchored.text:
        output.line(anchored.text)
    return 0


def rotate(
    context: typer.Context,
    root_key: RootKey = None,
    destroy_old: Annotated[
        bool, typer.Option("--destroy-old", help="Overwrite and remove the earlier private keys of the log.")
    ] = False,
) -> int:
    """Put a new log key in the place of the old one, which may be lost or revoked; the root key confirms it."""
    from pipelines.keys import destroy_old as destroy
    from pipelines.keys import old_keys
    from pipelines.keys import rotate as rotate_key
    from pipelines.services import open_services

    invocation: Invocation = context.obj
    with open_services(invocation.workspace, invocation.environment, person=invocation.person) as services:
        history = rotate_key(services, root_key)
        old = destroy(services) if destroy_old else old_keys(services)
        return _say(invocation, services, history, old)


def revoke(
    context: typer.Context,
    last_trusted: Annotated[
        int, typer.Option(min=0, metavar="SIZE", help="The size of the last head that is still to be believed.")
    ],
    reason: Annotated[str, typer.Option(help="Why; it is recorded.")],
    root_key: RootKey = None,
    key: Annotated[str, typer.Option(metavar="FINGERPRINT", help="A person's key, instead of the log's.")] = "",
) -> int:
    """Say that what a key signed beyond SIZE events counts for nothing; the root key confirms it."""
    from pipelines.keys import old_keys
    from pipelines.keys import revoke as revoke_key
    from pipelines.services import open_services

    invocation: Invocation = context.obj
    with open_services(invocation.workspace, invocation.environment, person=invocation.person) as services:
        return _say(invocation, services, revoke_key(services, last_trusted, reason, root_key, key), old_keys(services))


def replace_root(
    context: typer.Context,
    reason: Annotated[str, typer.Option(help="What became of the root key; it is recorded.")],
    to: Annotated[
        Path | None, typer.Option("--root-key-to", metavar="FILE", help="Where the new private root key goes.")
    ] = None,
    old: Annotated[
        Path | None, typer.Option("--old-root-key", metavar="FILE", help="The root key so far, where it is not lost.")
    ] = None,
) -> int:
    """State a new root key. When the old one is lost nobody vouches for it, and every output says so from then on."""
    from pipelines.keys import old_keys
    from pipelines.keys import replace_root as replace
    from pipelines.services import open_services

    invocation: Invocation = context.obj
    with open_services(invocation.workspace, invocation.environment, person=invocation.person) as services:
        history = replace(services, reason, root_key_to=to, old_root_key=old)
        return _say(invocation, services, history, old_keys(services))


def _say(invocation: Invocation, services: Services, history: KeyHistory, old: OldKeys) -> int:
    from pipelines.anchoring import anchoring

    current = history.current.key.fingerprint() if history.current else ""
    anchored = anchoring(services)
    if invocation.json:
        output.document(
            {
                "fingerprint": current,
                "root_fingerprint": history.root.fingerprint() if history.root else "",
                "epochs": len(history.epochs),
                "anchored": anchored.holds,
                "old_keys": [str(path) for path in old.places],
                "destroyed": old.destroyed,
            }
        )
        return 0
    none = "The log has no key now; `casefile keys rotate` states one."
    output.line(f"The log's key is {current}" if current else none)
    for path in old.places:
        if old.destroyed:
            output.line(f"Destroyed {path}. Backups that were made before still hold it.")
        else:
            output.line(f"The earlier private key is still in {path}; `casefile keys rotate --destroy-old` removes it.")
    if anchored.text:
        output.line(anchored.text)
    output.line("Print `casefile keys card` again, deposit it, and tell every witness the new key.")
    return 0
