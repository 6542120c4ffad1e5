"""`casefile person add|list`."""

from __future__ import annotations

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
