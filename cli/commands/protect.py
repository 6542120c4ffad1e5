"""`casefile protect`."""

from __future__ import annotations

from typing import Annotated

import typer

from casefile.vocabulary_planning import ConsentUse, ProtectedRole, Sensitivity
from cli import output
from cli.invocation import Invocation

Who = Annotated[str, typer.Argument(help="The person's number, such as W-0001, or pseudonym.")]
Use = Annotated[ConsentUse, typer.Option(help="What for.")]
Recipient = Annotated[str, typer.Option(help="By whom.")]


def add(
    context: typer.Context,
    pseudonym: Annotated[str, typer.Argument(help="What this person is called here; nothing that tells who it is.")],
    role: Annotated[ProtectedRole, typer.Option(help="Why this person is protected.")],
    note: Annotated[str, typer.Option(help="What else is worth keeping; never who it is.")] = "",
    name: Annotated[bool, typer.Option("--name", help="Read the real name from standard input, to be sealed.")] = False,
) -> int:
    """Record a witness, a victim or another person under a pseudonym."""
    import sys

    from pipelines.protecting import state_pseudonym
    from pipelines.services import open_services

    invocation: Invocation = context.obj
    real = sys.stdin.readline().strip() if name else ""
    given = {"pseudonym": pseudonym, "role": role, "note": note, "real_name": real}
    with open_services(invocation.workspace, invocation.environment, person=invocation.person) as services:
        known = state_pseudonym(services, given)
    if invocation.json:
        output.document({"id": known.id, "number": known.label, "named": known.named})
    else:
        sealed = "; the name is sealed" if known.named else "; no name is kept"
        output.line(f"{known.pseudonym} is {known.label}{sealed}")
    return 0


def list_(context: typer.Context) -> int:
    """List everybody under a pseudonym."""
    from dataclasses import asdict

    from pipelines.protecting import list_protected
    from pipelines.services import open_services

    invocation: Invocation = context.obj
    with open_services(invocation.workspace, invocation.environment) as services:
        found = list_protected(services)
    if invocation.json:
        output.document({"people": [{**asdict(one), "number": one.label} for one in found]})
    else:
        rows = [(one.label, one.role, one.pseudonym or "(erased)", "sealed" if one.named else "no") for one in found]
        output.table(("person", "role", "pseudonym", "name kept"), rows, none="Nobody is recorded under a pseudonym.")
    return 0


def show(context: typer.Context, who: Who) -> int:
    """Show somebody under a pseudonym: every statement of consent, and the items that show them; never the name."""
    from cli.protection_report import pseudonym_lines
    from pipelines.protecting import describe_pseudonym
    from pipelines.services import open_services

    invocation: Invocation = context.obj
    with open_services(invocation.workspace, invocation.environment) as services:
        described = describe_pseudonym(services, who)
    if invocation.json:
        output.document(described)
    else:
        for line in pseudonym_lines(described):
            output.line(line)
    return 0


def reveal(
    context: typer.Context,
    who: Who,
    reason: Annotated[str, typer.Option(help="Why the name is needed; recorded before it is shown.")],
    approved_by: Annotated[str, typer.Option(help="Another investigator, who agrees.")],
) -> int:
    """Show the real name behind a pseudonym; who did so, when, why and who agreed is recorded."""
    from pipelines.protecting import reveal_name
    from pipelines.services import open_services

    invocation: Invocation = context.obj
    with open_services(invocation.workspace, invocation.environment, person=invocation.person) as services:
        name = reveal_name(services, who, reason, approved_by)
    if invocation.json:
        output.document({"name": name})
    else:
        output.line(name or "No name is kept.")
    return 0


def link(
    context: typer.Context,
    who: Who,
    items: Annotated[list[str], typer.Argument(help="Items that show or name this person.")],
    why: Annotated[str, typer.Option(help="Where in them.")] = "",
) -> int:
    """Say which items show or name somebody."""
    from pipelines.protecting import link_items
    from pipelines.services import open_services

    invocation: Invocation = context.obj
    with open_services(invocation.workspace, invocation.environment, person=invocation.person) as services:
        known = link_items(services, who, items, why)
    if invocation.json:
        output.document({"id": known.id, "number": known.label})
    else:
        output.line(f"{output.counted(len(items), 'item')} linked to {known.label}")
    return 0


def consent(
    context: typer.Context,
    who: Who,
    use: Use,
    recipient: Recipient,
    until: Annotated[str, typer.Option(help="The last day on which it holds.")],
    how: Annotated[str, typer.Option(help="How it was given, and who asked.")],
    revises: Annotated[int, typer.Option(help="The number of the statement before it, where there is one.")] = 0,
) -> int:
    """Record somebody's consent to one use by one recipient, until a day."""
    from cli.protection_report import say_consents
    from pipelines.protecting import give_consent
    from pipelines.services import open_services

    invocation: Invocation = context.obj
    given = {"use": use, "recipient": recipient, "until": until, "how": how, "revises": revises}
    with open_services(invocation.workspace, invocation.environment, person=invocation.person) as services:
        consents = give_consent(services, who, given)
    say_consents(consents, as_json=invocation.json)
    return 0


def withdraw(
    context: typer.Context,
    who: Who,
    use: Use,
    recipient: Recipient,
    how: Annotated[str, typer.Option(help="How it was withdrawn.")],
    revises: Annotated[int, typer.Option(help="The number of the consent that is withdrawn.")],
) -> int:
    """Record that a consent is withdrawn."""
    from cli.protection_report import say_consents
    from pipelines.protecting import withdraw_consent
    from pipelines.services import open_services

    invocation: Invocation = context.obj
    given = {"use": use, "recipient": recipient, "how": how, "revises": revises}
    with open_services(invocation.workspace, invocation.environment, person=invocation.person) as services:
        consents = withdraw_consent(services, who, given)
    say_consents(consents, as_json=invocation.json)
    return 0


def item(
    context: typer.Context,
    items: Annotated[list[str], typer.Argument(help="Items.")],
    reason: Annotated[str, typer.Option(help="Why.")],
    sensitivity: Annotated[Sensitivity, typer.Option(help="How closely they are kept.")] = Sensitivity.ORDINARY,
    graphic: Annotated[bool, typer.Option("--graphic", help="They are hard to look at.")] = False,
    sexual_violence: Annotated[bool, typer.Option("--sexual-violence", help="They show sexual violence.")] = False,
    revises: Annotated[int, typer.Option(help="The number of the statement before it, where there is one.")] = 0,
) -> int:
    """Say how closely items are kept, and what they show; lists, sheets and `open` hold to it."""
    from dataclasses import asdict

    from pipelines.protecting import guard_items
    from pipelines.services import open_services

    invocation: Invocation = context.obj
    given = {
        "sensitivity": sensitivity,
        "graphic": graphic,
        "sexual_violence": sexual_violence,
        "reason": reason,
        "revises": revises,
    }
    with open_services(invocation.workspace, invocation.environment, person=invocation.person) as services:
        guards = guard_items(services, items, given)
    if invocation.json:
        output.document({"items": [asdict(one) for one in guards]})
    else:
        words = ", ".join(guards[0].words) or "ordinary"
        output.line(f"{output.counted(len(guards), 'item')}: {words} (statement {guards[0].number})")
    return 0
