"""`casefile conclude`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated

import typer

from casefile.vocabulary_verification import ClaimKind, Confidence, Credibility, Reliability, Standard, Verdict
from cli import output
from cli.invocation import Invocation
from verification.refusing import refused

if TYPE_CHECKING:
    from pipelines.concluding import Concluded, NewConclusion

Claim = Annotated[str, typer.Argument(help="A claim's number, such as C-0003.")]
Several = list[str] | None


def claim(
    context: typer.Context,
    text: Annotated[str, typer.Argument(help="One assertion that can be checked.")],
    item: Annotated[list[str], typer.Option(help="An item that it is about; again for more.")],
    kind: Annotated[
        ClaimKind, typer.Option(help="statement: what somebody says in a recording, apart from the recording.")
    ] = ClaimKind.FACT,
    speaker: Annotated[str, typer.Option(help="Who makes the statement.")] = "",
) -> int:
    """State a claim about items; everybody sees it, for it is the question and not the answer."""
    from pipelines.concluding import state_claim
    from pipelines.services import open_services

    invocation: Invocation = context.obj
    with open_services(invocation.workspace, invocation.environment, person=invocation.person) as services:
        stated = state_claim(services, text, item, kind, speaker)
    if invocation.json:
        output.document({"claim": stated.claim, "number": stated.label, "event": stated.event})
    else:
        output.line(f"{stated.label} is stated.")
    return 0


def draw(
    context: typer.Context,
    claim: Claim,
    verdict: Annotated[Verdict | None, typer.Argument(help="established, not_established or refuted.")] = None,
    sheet: Annotated[
        str, typer.Option("--from", help="A sheet with every field (`records template conclusion`); TOML or JSON.")
    ] = "",
    standard: Annotated[Standard | None, typer.Option(help="The standard of proof.")] = None,
    confidence: Annotated[Confidence | None, typer.Option(help="Confidence in the judgement.")] = None,
    confidence_reason: Annotated[str, typer.Option(help="Why so much and no more.")] = "",
    reliability: Annotated[Reliability | None, typer.Option(help="Of the source, A to E; F: cannot be judged.")] = None,
    credibility: Annotated[
        Credibility | None, typer.Option(help="Of the information, 1 to 5; 6: cannot be judged.")
    ] = None,
    reasoning: Annotated[str, typer.Option(help="How it follows.")] = "",
    consistency: Annotated[str, typer.Option(help="Whether source, technical and content strands agree.")] = "",
    supporting: Annotated[Several, typer.Option(help="The event of a step; all that support it by default.")] = None,
    contrary: Annotated[Several, typer.Option(help="The event of a step; all that contradict it by default.")] = None,
    missing: Annotated[Several, typer.Option(help="What would be needed and is not there.")] = None,
    alternative: Annotated[Several, typer.Option(help="What else would explain it, and why not.")] = None,
    na: Annotated[Several, typer.Option(help="STRAND=REASON: why no step of a strand applies.")] = None,
    override: Annotated[str, typer.Option(help="Why it is drawn although a gate refuses it.")] = "",
    corrects: Annotated[str, typer.Option(help="The event of an earlier conclusion of yours.")] = "",
    reason: Annotated[str, typer.Option(help="Why the earlier one is corrected.")] = "",
) -> int:
    """Answer a claim under a named standard of proof, with what supports it, what is contrary and what is missing."""
    from pipelines.concluding import conclude
    from pipelines.services import open_services
    from pipelines.written import pairs

    invocation: Invocation = context.obj
    stated: dict[str, object] = {
        "verdict": verdict or "",
        "standard": standard or "",
        "confidence": confidence or "",
        "confidence_reason": confidence_reason,
        "reliability": reliability or "",
        "credibility": credibility or "",
        "reasoning": reasoning,
        "consistency": consistency,
        "supporting": tuple(supporting or ()),
        "contrary": tuple(contrary or ()),
        "missing": tuple(missing or ()),
        "alternatives": tuple(alternative or ()),
        "not_applicable": pairs("na", na or ()),
        "override": override,
    }
    new = _conclusion(sheet, stated)
    with open_services(invocation.workspace, invocation.environment, person=invocation.person) as services:
        drawn = conclude(services, claim, new, corrects=corrects, reason=reason)
    return _said(invocation, drawn, new)


def _conclusion(sheet: str, stated: Mapping[str, object]) -> NewConclusion:
    """What the sheet says, else what the command line does; raises FieldRefused where both say something."""
    from pipelines.concluding import NewConclusion
    from pipelines.filled_sheets import read_sheet_file
    from pipelines.written import checked

    if not sheet:
        return checked(stated, NewConclusion)
    for field, value in stated.items():
        if value:
            raise refused(field, "with a sheet, every field is in the sheet")
    return checked(read_sheet_file(sheet), NewConclusion)


def _said(invocation: Invocation, drawn: Concluded, new: NewConclusion) -> int:
    for warning in drawn.warnings:
        output.note(warning)
    if invocation.json:
        output.document(
            {
                "event": drawn.event,
                "claim": drawn.claim.claim,
                "number": drawn.claim.label,
                "origins": drawn.origins,
                "warnings": list(drawn.warnings),
            }
        )
    else:
        origins = output.counted(drawn.origins, "independent origin")
        output.line(f"{drawn.claim.label}: {new.verdict} under {new.standard}, {origins}")
    return 0


def list_(
    context: typer.Context,
    item: Annotated[str, typer.Option(help="Only claims about this item.")] = "",
    graded: Annotated[
        bool, typer.Option("--graded", help="Best grades first; F and 6, which say nothing, last.")
    ] = False,
) -> int:
    """List claims with their newest conclusions."""
    from casefile.records.engine import reading
    from casefile.records.people import list_people
    from pipelines.concluding import claims_of
    from pipelines.services import open_services
    from pipelines.sight import conclusions_seen, viewer_of
    from pipelines.verification_plain import claim_plain
    from verification.grading import graded_first

    invocation: Invocation = context.obj
    with open_services(invocation.workspace, invocation.environment, person=invocation.person) as services:
        claims = claims_of(services, item)
        with reading(services.engine) as rows:
            drawn = conclusions_seen(rows, claims, viewer_of(services))
            people = {person.id: person.name or "(erased)" for person in list_people(rows)}
    plain = [claim_plain(one, drawn[one.claim], people) for one in claims]
    found = graded_first(plain) if graded else plain
    if invocation.json:
        output.document({"claims": found})
    else:
        rows_ = [
            (one["number"], one["kind"], one["verdict"] or "open", one["grades"] or "", one["text"]) for one in found
        ]
        output.table(("claim", "kind", "verdict", "grades", "text"), rows_, none="No claim is stated.")
    return 0
