"""`casefile person`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from casefile.vocabulary import PersonKind
from cli import output
from cli.invocation import Invocation


def add(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="A name that nobody else in this investigation has.")],
    source: Annotated[bool, typer.Option("--source", help="Somebody whom material comes from, not who acts.")] = False,
    note: Annotated[str, typer.Option(help="What else is worth keeping about this person.")] = "",
) -> int:
    """Record a person, who can then be named with --as or --from-person."""
    from pipelines.people import record_person
    from pipelines.services import open_services

    invocation: Invocation = context.obj
    kind = PersonKind.SOURCE if source else PersonKind.INVESTIGATOR
    with open_services(invocation.workspace, invocation.environment, person=invocation.person) as services:
        person = record_person(services, name, kind, note)
    if invocation.json:
        output.document(person.plain())
    else:
        output.line(f"{person.name} is recorded as {person.kind} {person.id}")
    return 0


def list_(context: typer.Context) -> int:
    """List everybody who is recorded."""
    from casefile.records.engine import reading
    from casefile.records.people import list_people
    from pipelines.services import open_services

    invocation: Invocation = context.obj
    with open_services(invocation.workspace, invocation.environment) as services, reading(services.engine) as rows:
        people = list_people(rows)
    if invocation.json:
        output.document({"people": [person.plain() for person in people]})
    else:
        output.table(("id", "kind", "name"), [(one.id, one.kind, one.name or "(erased)") for one in people])
    return 0


def key(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="Whose key it is.")],
    to: Annotated[Path, typer.Option(metavar="FILE", help="Where the key goes: outside the workspace.")],
    replacing: Annotated[Path | None, typer.Option(metavar="FILE", help="The key that the person has so far.")] = None,
    root_key: Annotated[
        Path | None, typer.Option("--root-key", metavar="FILE", help="The private root key: it vouches for the person.")
    ] = None,
) -> int:
    """Make a person's own key, protected by a passphrase, and state it in the log: `--sign-with` then signs with it."""
    from cli.passphrases import asked, new_passphrase
    from pipelines.person_signing import make_person_key
    from pipelines.services import open_services

    invocation: Invocation = context.obj
    passphrase = new_passphrase(invocation.environment)
    old = None
    if replacing is not None:
        old = replacing, invocation.environment.get("CASEFILE_OLD_PASSPHRASE") or asked("Passphrase of the old key: ")
    with open_services(invocation.workspace, invocation.environment, person=invocation.person) as services:
        made = make_person_key(services, name, to, passphrase, old=old, root_key=root_key)
    if invocation.json:
        stated = {"person": made.person, "key": made.key.fingerprint(), "confirmed": made.confirmed, "file": str(to)}
        output.document(stated)
        return 0
    output.line(f"{name} signs with {made.key.fingerprint()}, kept in {to}")
    if not made.confirmed:
        output.line("No root key vouches for whose key it is: deposit its fingerprint, or state it with --root-key.")
    return 0


def keys(context: typer.Context) -> int:
    """List the keys that people sign with, and whether the root key vouches for them."""
    from casefile.records.engine import reading
    from casefile.records.people import list_people
    from pipelines.keys import person_keys_of
    from pipelines.services import open_services

    invocation: Invocation = context.obj
    with open_services(invocation.workspace, invocation.environment) as services:
        found = person_keys_of(services.engine, services.log.id).keys
        with reading(services.engine) as rows:
            names = {person.id: person.name or "(erased)" for person in list_people(rows)}
    stated = [
        {
            "person": one.person,
            "name": names.get(one.person, one.person),
            "key": one.key.fingerprint(),
            "since": one.since,
            "until": one.until,
            "confirmed": one.confirmed,
        }
        for one in found
    ]
    if invocation.json:
        output.document({"keys": stated})
    else:
        columns = ("name", "key", "since", "until", "confirmed")
        output.table(
            columns, [tuple("" if one[name] is None else str(one[name]) for name in columns) for one in stated]
        )
    return 0
