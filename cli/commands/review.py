"""`casefile review`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli import output
from cli.invocation import Invocation

if TYPE_CHECKING:
    from pipelines.services import Services

Item = Annotated[str, typer.Argument(help="An item's id or number, such as I-0042.")]
Reason = Annotated[str, typer.Option(help="Why.")]


def assign(
    context: typer.Context,
    item: Item,
    to: Annotated[str, typer.Option(help="Who; by rule when nobody is named.")] = "",
) -> int:
    """Assign a second assessor who took no part in the first assessment, by rule unless one is named."""
    from pipelines.reviewing import assign as assign_
    from pipelines.services import open_services

    invocation: Invocation = context.obj
    with open_services(invocation.workspace, invocation.environment, person=invocation.person) as services:
        done = assign_(services, item, to)
    if invocation.json:
        output.document(
            {
                "event": done.event,
                "item": done.item.id,
                "person": done.person.id,
                "name": done.person.name,
                "rule": done.rule,
                "blind": done.blind,
            }
        )
    else:
        output.line(f"{done.item.label}: {done.person.name} assesses it a second time ({done.rule})")
    return 0


def submit(context: typer.Context, item: Item) -> int:
    """Hand in your assessment of an item; nothing is added to it until both are in."""
    from pipelines.reviewing import submit as submit_
    from pipelines.services import open_services

    invocation: Invocation = context.obj
    with open_services(invocation.workspace, invocation.environment, person=invocation.person) as services:
        event, state = submit_(services, item)
    if invocation.json:
        output.document({"event": event, "state": state.name, "revealed": state.revealed})
    else:
        output.line("Handed in." + (" Both are in now, and open to everybody." if state.revealed else ""))
    return 0


def release(context: typer.Context, item: Item, reason: Reason) -> int:
    """Let go of the second assessor who is assigned, so that another one can be."""
    from pipelines.reviewing import release as release_

    return _reasoned(context, release_, item, reason)


def waive(context: typer.Context, item: Item, reason: Reason) -> int:
    """Let an item go without a second assessment, with a reason; the first one is open to everybody from then on."""
    from pipelines.reviewing import waive as waive_

    return _reasoned(context, waive_, item, reason)


def unlock(context: typer.Context, item: Item, reason: Reason) -> int:
    """Open a locked item again."""
    from pipelines.reviewing import unlock as unlock_

    return _reasoned(context, unlock_, item, reason)


def lock(context: typer.Context, item: Item) -> int:
    """Close the assessments of a reconciled item; whoever made the first one cannot."""
    from pipelines.reviewing import lock as lock_
    from pipelines.services import open_services

    invocation: Invocation = context.obj
    with open_services(invocation.workspace, invocation.environment, person=invocation.person) as services:
        event = lock_(services, item)
    return _said(invocation, event)


def compare(context: typer.Context, item: Item) -> int:
    """Show both assessments side by side, once both are in."""
    from pipelines.reviewing import compare as compare_
    from pipelines.services import open_services

    invocation: Invocation = context.obj
    with open_services(invocation.workspace, invocation.environment, person=invocation.person) as services:
        compared = compare_(services, item)
    if invocation.json:
        output.document(
            {
                "checks": [
                    {"check": one.check, "first": one.first, "second": one.second, "agrees": one.agrees}
                    for one in compared
                ]
            }
        )
    else:
        rows = [(one.check, one.first or "", one.second or "", "" if one.agrees else "differs") for one in compared]
        output.table(("check", "first", "second", ""), rows)
    return 0


def reconcile(
    context: typer.Context,
    item: Item,
    reason: Reason,
    agree: Annotated[
        list[str] | None, typer.Option(help="CHECK=RESULT that was agreed on; what is not named stays a disagreement.")
    ] = None,
) -> int:
    """Record what became of the differences of two assessments; a disagreement that stays is kept as one."""
    from pipelines.reviewing import reconcile as reconcile_
    from pipelines.services import open_services
    from pipelines.written import pairs

    invocation: Invocation = context.obj
    agreed = pairs("agree", agree or ())
    with open_services(invocation.workspace, invocation.environment, person=invocation.person) as services:
        event, reconciled = reconcile_(services, item, agreed, reason)
    if invocation.json:
        output.document({"event": event, "checks": [one.plain() for one in reconciled]})
    else:
        kept = [one.check for one in reconciled if one.agreed is None]
        output.line("Reconciled." + (f" Disagreement kept: {', '.join(kept)}." if kept else ""))
    return 0


def send(
    context: typer.Context,
    items: Annotated[list[str], typer.Argument(help="Items, by id or number.", metavar="ITEM…")],
    to: Annotated[Path, typer.Option(help="A new folder.")],
    for_: Annotated[
        str, typer.Option("--for", metavar="PERSON", help="Who is to assess them; assigned where nobody is.")
    ] = "",
) -> int:
    """Make a folder for a second assessor on another machine: the material, and nothing of the first assessment."""
    from pipelines.review_sending import send as send_
    from pipelines.services import open_services

    invocation: Invocation = context.obj
    with open_services(invocation.workspace, invocation.environment, person=invocation.person) as services:
        sent = send_(services, items, to, for_, output.note)
    if invocation.json:
        output.document(
            {
                "path": str(sent.path),
                "packet": sent.digest,
                "person": sent.packet.person,
                "items": [one.id for one in sent.packet.items],
                "files": sent.files,
                "bytes": sent.bytes,
                "encrypted": False,
            }
        )
    else:
        output.line(f"{output.counted(len(sent.packet.items), 'item')} for {sent.packet.name} in {sent.path}")
        output.note(
            "NOT ENCRYPTED: whoever gets hold of this folder has the material as it was collected. "
            "Carry it on an encrypted disk."
        )
    return 0


def answer(
    context: typer.Context,
    packet: Annotated[Path, typer.Argument(help="The folder that was sent, with its sheets filled in.")],
    to: Annotated[Path, typer.Option(help="A new file, for whoever sent it.")],
) -> int:
    """Sign the sheets of a packet as events of its log; needs --sign-with, and no workspace."""
    from casefile.clock import SystemClock
    from casefile.errors import UsageError
    from casefile.settings import key_to_sign_with
    from pipelines.review_answering import answer as answer_

    invocation: Invocation = context.obj
    key = key_to_sign_with(invocation.environment)
    if key is None:
        raise UsageError("an answer is signed: name your key with --sign-with FILE")
    made = answer_(packet, to, key, SystemClock())
    if invocation.json:
        output.document(
            {
                "path": str(made.path),
                "answer": made.digest,
                "steps": dict(made.steps),
                "unanswered": {item: list(checks) for item, checks in made.unanswered.items()},
            }
        )
        return 0
    for item, checks in made.unanswered.items():
        left = f"; no sheet for {', '.join(checks)}" if checks else ""
        output.line(f"{item}: {output.counted(made.steps[item], 'step')}{left}")
    output.line(f"Signed in {made.path}. Give it to whoever sent the packet, and to nobody else.")
    output.note("NOT ENCRYPTED: whoever gets hold of it reads your assessment.")
    return 0


def receive(
    context: typer.Context,
    answer: Annotated[Path, typer.Argument(help="The file that came back.")],
) -> int:
    """Place the signed events of an answer in the log, once each of them holds; the second time changes nothing."""
    from pipelines.review_receiving import receive_answer
    from pipelines.services import open_services

    invocation: Invocation = context.obj
    with open_services(invocation.workspace, invocation.environment, person=invocation.person) as services:
        received = receive_answer(services, answer)
    if invocation.json:
        output.document(
            {
                "person": received.person,
                "already": received.already,
                "items": {
                    item: {"state": state.name, "revealed": state.revealed} for item, state in received.states.items()
                },
            }
        )
    else:
        said = "was here already" if received.already else "is in the log, handed in"
        output.line(f"The second assessment of {output.counted(len(received.states), 'item')} {said}.")
    return 0


def agreement(context: typer.Context) -> int:
    """Say how far first and second assessments agree: equal results of a hundred, and Cohen's kappa."""
    from pipelines.reviewing import agreement_of
    from pipelines.services import open_services
    from verification.agreement import decimal

    invocation: Invocation = context.obj
    with open_services(invocation.workspace, invocation.environment, person=invocation.person) as services:
        items, found = agreement_of(services)
    kappa = decimal(found.kappa) if found.kappa is not None else None
    if invocation.json:
        output.document(
            {
                "items": items,
                "pairs": found.pairs,
                "equal": found.equal,
                "percentage": found.percentage,
                "kappa": kappa,
            }
        )
    else:
        output.line(f"{output.counted(items, 'item')} with both assessments, {found.pairs} checks compared")
        equal = f"{found.percentage} %" if found.percentage else "nothing to compare"
        output.line(f"equal: {equal}; Cohen's kappa: {kappa or 'not defined'}")
    return 0


def queue(
    context: typer.Context,
    mine: Annotated[bool, typer.Option("--mine", help="Only what you are assigned to.")] = False,
    after: Annotated[str, typer.Option(help="Begin behind this item number.")] = "",
    limit: Annotated[int, typer.Option(min=1, max=1_000, help="At most so many.")] = 50,
) -> int:
    """List items that are not finished: how far each is, and what of its checklist you still see missing."""
    from pipelines.services import open_services
    from pipelines.work_queue import page_of

    invocation: Invocation = context.obj
    with open_services(invocation.workspace, invocation.environment, person=invocation.person) as services:
        page = page_of(services, after=after, limit=limit, mine=mine)
    if invocation.json:
        output.document({"items": [one.plain() for one in page]})
    else:
        rows = [
            (one.number, one.item_class, one.state, f"{one.done}/{one.asked_for}", one.role, one.title) for one in page
        ]
        output.table(("item", "class", "state", "checks", "yours", "title"), rows, none="Nothing is left to do.")
    return 0


def _reasoned(context: typer.Context, act: Callable[[Services, str, str], str], item: str, reason: str) -> int:
    from pipelines.services import open_services

    invocation: Invocation = context.obj
    with open_services(invocation.workspace, invocation.environment, person=invocation.person) as services:
        event = act(services, item, reason)
    return _said(invocation, event)


def _said(invocation: Invocation, event: str) -> int:
    if invocation.json:
        output.document({"event": event})
    else:
        output.line("Recorded.")
    return 0
