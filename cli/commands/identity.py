"""`casefile identity`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from casefile.vocabulary import Access
from cli import output
from cli.invocation import Invocation

Name = Annotated[str, typer.Argument(help="The identity's name or id.")]


def add(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="What the identity is called here; better not its handle.")],
    platform: Annotated[str, typer.Option(help="youtube, x, vk …, or a host such as example.org.")],
    jar: Annotated[Path | None, typer.Option(help="Its cookies: cookies.txt, or the JSON of an extension.")] = None,
    host: Annotated[list[str] | None, typer.Option(help="A host of the platform; again for each further one.")] = None,
    access: Annotated[
        Access, typer.Option(help="What it opens: public, registration or paid; restricted is refused.")
    ] = Access.REGISTRATION,
    handle: Annotated[str, typer.Option(help="Its handle there; - reads it from standard input.")] = "",
    user_agent: Annotated[str, typer.Option(help="Its user agent; that of the settings by default.")] = "",
    language: Annotated[str, typer.Option(help="Its Accept-Language; that of the settings by default.")] = "",
    time_zone: Annotated[str, typer.Option(help="Its time zone, such as Europe/Sarajevo.")] = "",
    viewport: Annotated[str, typer.Option(help="Its window, such as 1366x768.")] = "",
    canary: Annotated[str, typer.Option(help="A page of the platform that tells whether it is logged in.")] = "",
    canary_text: Annotated[str, typer.Option(help="What that page shows only then.")] = "",
    why: Annotated[str, typer.Option(help="What the identity is for.")] = "",
    note: Annotated[str, typer.Option(help="What else is worth keeping; never who really holds the account.")] = "",
    made_by: Annotated[str, typer.Option(help="Who opened the account.")] = "",
    made_at: Annotated[str, typer.Option(help="When it was opened.")] = "",
) -> int:
    """Register a virtual identity, to be named with `collect --identity`."""
    import sys

    from cli.identity_report import print_identity, registered_json, say_left_out
    from pipelines.identities import NewIdentity, add_identity
    from pipelines.services import open_services

    invocation: Invocation = context.obj
    new = NewIdentity(
        name=name,
        platform=platform,
        hosts=tuple(host or ()),
        jar=jar,
        access=access,
        handle=sys.stdin.readline().strip() if handle == "-" else handle,
        user_agent=user_agent,
        accept_language=language,
        time_zone=time_zone,
        viewport=viewport,
        canary=canary,
        canary_text=canary_text,
        why=why,
        note=note,
        made_by=made_by,
        made_at=made_at,
    )
    with open_services(invocation.workspace, invocation.environment, person=invocation.person) as services:
        registered = add_identity(services, new, output.note)
    if invocation.json:
        output.document(registered_json(registered))
    else:
        print_identity(registered.identity)
        say_left_out(registered)
    return 0


def list_(context: typer.Context) -> int:
    """List the virtual identities and whether they may be used."""
    from casefile.records.engine import reading
    from casefile.records.identities import list_identities
    from cli.identity_report import identity_json, identity_row
    from pipelines.services import open_services

    invocation: Invocation = context.obj
    with open_services(invocation.workspace, invocation.environment) as services, reading(services.engine) as rows:
        identities = list_identities(rows)
    if invocation.json:
        output.document({"identities": [identity_json(one) for one in identities]})
    else:
        columns = ("name", "platform", "state", "access", "cookies", "canary", "id")
        output.table(columns, map(identity_row, identities), none="No virtual identity is registered.")
    return 0


def show(context: typer.Context, name: Name) -> int:
    """Show an identity in full: what sites see of it, how its session was found, every attempt that used it."""
    from casefile.records.engine import reading
    from casefile.records.identities import find_identity, list_identity_checks
    from casefile.records.queries import list_attempts
    from cli.identity_report import print_identity, print_uses, uses_json
    from pipelines.services import open_services

    invocation: Invocation = context.obj
    with open_services(invocation.workspace, invocation.environment) as services, reading(services.engine) as rows:
        identity = find_identity(rows, name)
        checks = list_identity_checks(rows, identity.id)
        attempts = list_attempts(rows, identity=identity.id)
    if invocation.json:
        output.document(uses_json(identity, checks, attempts))
    else:
        print_identity(identity, telling=True)
        print_uses(checks, attempts)
    return 0


def resume(
    context: typer.Context,
    name: Name,
    jar: Annotated[Path | None, typer.Option(help="Its cookies, exported anew.")] = None,
) -> int:
    """Let a paused identity's platform be asked again, after somebody has logged in or answered the challenge."""
    from cli.identity_report import print_identity, registered_json, say_left_out
    from pipelines.identities import resume_identity
    from pipelines.services import open_services

    invocation: Invocation = context.obj
    with open_services(invocation.workspace, invocation.environment, person=invocation.person) as services:
        registered = resume_identity(services, name, jar, output.note)
    if invocation.json:
        output.document(registered_json(registered))
    else:
        print_identity(registered.identity)
        say_left_out(registered)
    return 0


def allow(
    context: typer.Context,
    name: Name,
    reason: Annotated[str, typer.Option(help="Why it is used here although another investigation uses it too.")],
) -> int:
    """Record why an identity may be used in this investigation as well as in another."""
    from cli.identity_report import identity_json
    from pipelines.identities import allow_mixing
    from pipelines.services import open_services

    invocation: Invocation = context.obj
    with open_services(invocation.workspace, invocation.environment, person=invocation.person) as services:
        identity = allow_mixing(services, name, reason)
    if invocation.json:
        output.document(identity_json(identity))
    else:
        output.line(f"The reason is recorded with identity {identity.id}.")
    return 0


def retire(context: typer.Context, name: Name) -> int:
    """Use an identity no more: its jar is discarded, its record and its uses stay."""
    from cli.identity_report import identity_json
    from pipelines.identities import retire_identity
    from pipelines.services import open_services

    invocation: Invocation = context.obj
    with open_services(invocation.workspace, invocation.environment, person=invocation.person) as services:
        identity = retire_identity(services, name)
    if invocation.json:
        output.document(identity_json(identity))
    else:
        output.line(f"Identity {identity.id} is retired, and its jar discarded; backups that were made have it still.")
    return 0
