"""`casefile witness`: keeping heads of other people's logs. It needs no workspace."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cli import output
from cli.invocation import Invocation

Folder = Annotated[Path, typer.Argument(metavar="DIR", help="The witness's folder.")]
INTEGRITY, REFUSED = 5, 4


def init(
    context: typer.Context,
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="A new folder for the witness.")],
    name: Annotated[str, typer.Option(help="What it is called: one word, such as witness.example/partner.")],
    mark: Annotated[
        Path,
        typer.Option(metavar="FILE", help="A file in a second place, best on another disk, that shows a lost state."),
    ],
) -> int:
    """Begin a witness, with a key of its own. It is done once: a witness whose state is lost does not begin anew."""
    from preservation.witness_state import WitnessState

    witness = WitnessState.begin(directory, name, mark).witness
    return _say_key(context.obj, witness.name, witness.verifier_key, witness.key.fingerprint())


def trust(
    context: typer.Context,
    directory: Folder,
    key: Annotated[str, typer.Argument(metavar="KEY", help="The log's verifier key, from `casefile keys card`.")],
) -> int:
    """Watch the log of that key, or let a further key of a log count, such as after a rotation."""
    from casefile.errors import UsageError
    from preservation.notes import VerifierKey
    from preservation.witness_state import WitnessState

    try:
        known = VerifierKey.parse(key)
    except ValueError as error:
        raise UsageError(str(error)) from error
    state = WitnessState(directory)
    state.trust(known)
    return list_(context, directory)


def list_(context: typer.Context, directory: Folder) -> int:
    """Print the witness's key, the logs that it watches, and the signed heads that contradicted what it cosigned."""
    from preservation.witness_state import WitnessState

    invocation: Invocation = context.obj
    state = WitnessState(directory)
    witness, logs, refused = state.witness, state.read().logs, state.refused()
    if invocation.json:
        output.document(
            {
                "name": witness.name,
                "verifier_key": witness.verifier_key,
                "logs": [
                    {"origin": origin, "keys": [str(key) for key in one.keys], "size": one.size}
                    for origin, one in logs.items()
                ],
                "contradictions": [str(path) for path in refused],
            }
        )
        return 0
    _say_key(invocation, witness.name, witness.verifier_key, witness.key.fingerprint())
    output.table(("log", "keys", "events"), [(origin, len(one.keys), one.size) for origin, one in logs.items()])
    for path in refused:
        output.line(f"CONTRADICTION  {path}: the log's key signed it, and it does not follow from what was cosigned")
    return 0


def cosign(
    context: typer.Context,
    directory: Folder,
    file: Annotated[Path, typer.Argument(help="What `casefile checkpoint --for` wrote.")],
    to: Annotated[Path, typer.Option(metavar="FILE", help="Where the cosigned head goes, to be carried back.")],
) -> int:
    """Cosign a head that was brought as a file, if it follows from the one that was cosigned last."""
    import time

    from casefile.errors import GateRefused, UsageError
    from preservation.witness_state import WitnessState
    from preservation.witnessing import MAX_SUBMISSION_BYTES, Refusal, Submission

    state = WitnessState(directory)
    try:
        with file.open("rb") as stream:
            content = stream.read(MAX_SUBMISSION_BYTES + 1)
    except OSError as error:
        raise UsageError(f"{file} cannot be read: {error.strerror}") from error
    answer = state.cosign(content, lambda: int(time.time()))
    if isinstance(answer, Refusal):
        shown = f"it cosigned {answer.reason} events last" if answer.reason.isdigit() else answer.reason
        if not answer.is_contradiction:
            raise GateRefused("the witness", shown)
        output.line(f"CONTRADICTION  {shown}. It is kept: `casefile witness list DIR` names it.")
        return INTEGRITY
    origin = Submission.parse(content).checkpoint.head.origin
    return head(context, directory, origin, to)


def head(
    context: typer.Context,
    directory: Folder,
    log: Annotated[str, typer.Argument(help="The log, as `witness list` names it.")],
    to: Annotated[Path, typer.Option(metavar="FILE", help="The file that the head goes to.")],
) -> int:
    """Write the newest head of a log that this witness cosigned: what `casefile audit --head` compares with."""
    from casefile.errors import UsageError
    from preservation.durable import Disk
    from preservation.witness_state import WitnessState

    invocation: Invocation = context.obj
    newest = WitnessState(directory).newest(log)
    if newest is None:
        raise UsageError(f"no head of {log} was cosigned here")
    Disk().replace(to.absolute(), newest.note.to_bytes())
    if invocation.json:
        output.document({"file": str(to), "size": newest.head.size, "root": f"sha256:{newest.head.root.hex()}"})
    else:
        output.line(f"{to}: a cosigned head of {newest.head.size} events")
    return 0


def serve(
    context: typer.Context,
    directory: Folder,
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="The port; 0 takes a free one.")] = 8460,
) -> int:
    """Serve a witness over HTTP until it is stopped. To others only behind a server that speaks TLS."""
    from casefile.errors import UsageError
    from pipelines.witness_service import WitnessServer

    invocation: Invocation = context.obj
    try:
        server = WitnessServer(directory, host, port, output.note)
    except OSError as error:
        raise UsageError(f"cannot listen on {host}:{port}: {error.strerror}") from error
    witness = server.witness
    if invocation.json:
        output.document({"address": server.address, "name": witness.name, "verifier_key": witness.verifier_key})
    else:
        _say_key(invocation, witness.name, witness.verifier_key, witness.key.fingerprint())
        output.line(f"Listening on {server.address}")
    with server:
        server.serve_forever()
    return 0


def _say_key(invocation: Invocation, name: str, verifier_key: str, fingerprint: str) -> int:
    if invocation.json:
        output.document({"name": name, "verifier_key": verifier_key, "fingerprint": fingerprint})
        return 0
    output.line(f"Witness {name}")
    output.line(f"Key {verifier_key}")
    output.line(f"Fingerprint {fingerprint}")
    return 0
