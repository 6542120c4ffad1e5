"""The method report of an item: what was done at each stage, by whom, with which tools, what was not done and why.

Every statement names the events that it rests on and the item that it is about; one that could not would end the
report instead of standing in it (Berkeley Protocol, paragraphs 25, 208 to 217). What is hidden from whoever asks is
left out, and the report says that something may be.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from casefile.clock import rfc3339
from casefile.errors import RecordUnreadable
from casefile.ids import LogId, machine_event_id
from casefile.records.assessments import (
    ClaimRecord,
    ConclusionRecord,
    CorrectionRecord,
    ReviewRecord,
    list_claims,
    list_corrections,
    newest_examination_event,
)
from casefile.records.engine import Connection, reading
from casefile.records.leads import origins
from casefile.records.people import list_people
from casefile.records.queries import ItemRecord, capture_facts, find_lead, list_attempts, newest_examination
from casefile.records.reading import known_events
from casefile.vocabulary_verification import ReviewAct
from pipelines.examinable import made_of
from pipelines.inquiries_seen import Pursued, pursued
from pipelines.services import Services
from pipelines.sight import conclusions_seen, viewer_of
from pipelines.suggestions import CONFLICT
from pipelines.verification_plain import claim_plain, line_plain, step_text
from pipelines.verifying import Checklist, Line, read_checklist
from verification.checklists import KINDS
from verification.conformance import stands
from verification.item_facts import ItemFacts
from verification.obligations import Obligation, Stands, obligations
from verification.steps import DONE
from verification.wording import calls_it_original

INQUIRY, COLLECTION, VERIFICATION, CONCLUSIONS = "inquiry", "collection", "verification", "conclusions"


@dataclass(frozen=True, slots=True)
class Statement:
    """One sentence. `kind`: done, not_done, gap, suggestion, review, correction, due, conclusion or warning."""

    stage: str
    kind: str
    text: str
    events: tuple[str, ...]
    by: str = ""
    at: str = ""

    def plain(self, item: ItemRecord) -> dict[str, Any]:
        """As the report holds it."""
        return {
            "stage": self.stage,
            "kind": self.kind,
            "text": self.text,
            "by": self.by or None,
            "at": self.at or None,
            "item": item.id,
            "number": item.label,
            "events": list(self.events),
        }


@dataclass(frozen=True, slots=True)
class ItemRecordOfMethod:
    """Everything of one item that a report is made of, as whoever asks may see it."""

    checklist: Checklist
    sealed: str
    lead: str
    capture: Mapping[str, Any]
    why: str
    pathway: str
    claims: tuple[ClaimRecord, ...]
    conclusions: Mapping[str, tuple[ConclusionRecord, ...]]
    corrections: tuple[CorrectionRecord, ...]
    people: Mapping[str, str]
    examined: str | None
    raw_metadata: bool
    came_from: tuple[str, ...]
    pursued: tuple[Pursued, ...]

    @property
    def item(self) -> ItemRecord:
        return self.checklist.item


def gather(services: Services, rows: Connection, item: str) -> ItemRecordOfMethod:
    """The record of one item for a report. Raises UnknownItem."""
    checklist = read_checklist(services, rows, item)
    found = checklist.item
    capture = capture_facts(rows, found.capture)
    lead = find_lead(rows, found.lead)
    claims = list_claims(rows, item=found.id)
    conclusions = conclusions_seen(rows, claims, viewer_of(services))
    statements = [step.event for step in checklist.seen.steps]
    statements += [one.event for several in conclusions.values() for one in several]
    corrections = list_corrections(rows, statements)
    people = {person.id: person.name or "(erased)" for person in list_people(rows)}
    attempt = next((one.attempt for one in list_attempts(rows, lead=found.lead) if one.capture == found.capture), 1)
    examination = newest_examination(rows, found.id)
    return ItemRecordOfMethod(
        checklist=checklist,
        sealed=machine_event_id(LogId(services.log.id), found.capture, "sealed", attempt or 1),
        lead=machine_event_id(LogId(services.log.id), found.lead, "lead.added", 1),
        capture=capture,
        why=(lead.why or "") if lead else "",
        pathway=(lead.pathway or "") if lead else "",
        claims=tuple(claims),
        conclusions=conclusions,
        corrections=tuple(corrections),
        people=people,
        examined=newest_examination_event(rows, found.id) if examination else None,
        raw_metadata=bool(examination and examination.raw),
        came_from=tuple(one.event for one in origins(rows, [found.lead]).get(found.lead, ())),
        pursued=pursued(rows, found.id, viewer_of(services)) if _has_gap(checklist) else (),
    )


def item_report(services: Services, item: str) -> dict[str, Any]:
    """The method report of one item. Raises UnknownItem, and RecordUnreadable for a link that is broken."""
    with reading(services.engine) as rows:
        record = gather(services, rows, item)
        statements = list(statements_of(record))
        conformance = list(conformance_of(record))
        require_traced(rows, [*statements, *map(_as_statement, conformance)])
    return {
        "made_at": rfc3339(services.clock.read().wall),
        "made_by": services.person.name if services.person else None,
        **report_of(record, statements, conformance),
    }


def report_of(
    record: ItemRecordOfMethod, statements: Sequence[Statement], conformance: Sequence[tuple[Obligation, Stands]]
) -> dict[str, Any]:
    """The report on one item, without who made it when."""
    return {
        "item": {
            "id": record.item.id,
            "number": record.item.label,
            "locator": record.item.locator,
            "sha256": record.item.sha256,
            "role": record.item.role,
            "class": record.checklist.item_class,
            "captured_at": record.item.captured_at,
        },
        "state": record.checklist.seen.state.name,
        "hidden": record.checklist.seen.hidden,
        "checklist": [line_plain(line, record.people) for line in record.checklist.lines],
        "claims": [claim_plain(claim, record.conclusions[claim.claim], record.people) for claim in record.claims],
        "statements": [one.plain(record.item) for one in statements],
        "conformance": [
            {
                "row": obligation.row,
                "paragraph": obligation.paragraph,
                "obligation": obligation.text,
                "standing": found.standing,
                "why": found.why,
                "item": record.item.id,
                "number": record.item.label,
                "events": list(found.events),
            }
            for obligation, found in conformance
        ],
        "problems": list(problems_of(statements)),
    }


def conformance_of(record: ItemRecordOfMethod) -> Iterator[tuple[Obligation, Stands]]:
    """How the item's record stands against each obligation of items, in the order of the rows."""
    facts = facts_of(record)
    for obligation in obligations():
        if obligation.scope == "item":
            yield obligation, stands(obligation, facts)


def facts_of(record: ItemRecordOfMethod) -> ItemFacts:
    """What of the record bears on the obligations."""
    suggested = {id(one): one for line in record.checklist.lines for one in line.suggestions}.values()
    item = record.item
    pictures = made_of(item.files, record.capture["files"] or ())
    return ItemFacts(
        sealed=record.sealed,
        found=record.lead,
        pathway=record.pathway,
        came_from=record.came_from,
        examined=record.examined,
        raw_metadata=record.raw_metadata,
        conflicts=sum(1 for one in suggested if one["origin"] == CONFLICT),
        likenesses=len({one["edge"] for one in suggested if one.get("edge")}),
        suggestions=len(suggested),
        role=item.role or "",
        media_type=item.media_type or "",
        content=item.content or "",
        sha256=item.sha256 or "",
        item_class=record.checklist.item_class,
        capture=record.capture,
        pictures=tuple(one["path"] for one in pictures if (one["media_type"] or "").startswith("image/")),
        beside=record.capture["item_count"] - 1,
        state=record.checklist.seen.state,
        steps=record.checklist.seen.current,
        acts=record.checklist.seen.acts,
        claims=record.claims,
        conclusions=tuple(_standing(record.conclusions.values())),
        corrections=record.corrections,
        pursued=tuple(one.event for one in record.pursued),
    )


def _standing(drawn: Iterable[Sequence[ConclusionRecord]]) -> Iterator[ConclusionRecord]:
    for several in drawn:
        replaced = {one.replaces for one in several}
        yield from (one for one in several if one.event not in replaced)


def _as_statement(row: tuple[Obligation, Stands]) -> Statement:
    obligation, found = row
    return Statement(f"row {obligation.row}", "conformance", found.why, found.events)


def require_traced(rows: Connection, statements: Sequence[Statement]) -> None:
    """Raise RecordUnreadable where a statement names no event, or one that is not in the log."""
    named = {event for one in statements for event in one.events}
    known = known_events(rows, named)
    for one in statements:
        if not one.events or not set(one.events) <= known:
            raise RecordUnreadable(f"report, {one.stage}", "a statement has no path to an event of this log")


def problems_of(statements: Iterable[Statement]) -> Iterator[dict[str, Any]]:
    """What a reader should not let pass: words that claim more than was found."""
    for one in statements:
        said = calls_it_original(one.text)
        if said and one.kind != "suggestion" and "basis: " not in one.text:
            yield {"code": "called-original", "text": said, "events": list(one.events)}


def statements_of(record: ItemRecordOfMethod) -> Iterator[Statement]:
    """Every sentence, stage by stage."""
    yield from _collected(record)
    for line in record.checklist.lines:
        yield from _checked(record, line)
    for act in record.checklist.seen.acts:
        yield _reviewed(record, act)
    yield from _due(record)
    for claim in record.claims:
        yield from _concluded(record, claim)
    for one in record.corrections:
        text = f"corrected: {one.statement} is replaced by {one.correction}, because {one.reason or '(erased)'}"
        events = (one.event, one.statement, one.correction)
        yield Statement(VERIFICATION, "correction", text, events, _name(record, one.corrected_by), one.corrected_at)


def _collected(record: ItemRecordOfMethod) -> Iterator[Statement]:
    item, capture = record.item, record.capture
    why = f", because {record.why}" if record.why else ""
    found = f"found {record.pathway or 'in a way that was erased'}: {item.lead_locator or '(erased)'}{why}"
    yield Statement(INQUIRY, "done", found, (record.lead,))
    who = _name(record, capture["collector"] or "")
    tools = ", ".join(f"{one['name']} {one['version']}" for one in capture["tools"] or ())
    how = f"{capture['method'] or ''} {capture['method_version'] or ''}".strip()
    text = f"{item.acquisition or 'collected'} with method {how} ({tools or 'no tool'}), outcome {item.outcome}"
    yield Statement(COLLECTION, "done", text, (record.sealed,), who, capture["ended_at"] or "")
    text = f"sealed as {item.sha256 or '(erased)'}, {item.bytes or 0} bytes, content {item.content or '(erased)'}"
    yield Statement(COLLECTION, "done", text, (record.sealed,), who, capture["sealed_at"])
    if item.outcome == "partial":
        text = f"the capture is partial: {item.cause or ''} {capture['detail'] or ''}".strip()
        yield Statement(COLLECTION, "gap", text, (record.sealed,))


def _checked(record: ItemRecordOfMethod, line: Line) -> Iterator[Statement]:
    kind = KINDS[line.check]
    for step in line.steps:
        done = step.result in DONE
        yield Statement(
            VERIFICATION,
            "done" if done else "not_done",
            f"{kind.strand}, {line.check}: {step_text(step)}",
            (step.event,),
            _name(record, step.recorded_by),
            step.recorded_at,
        )
        words = step.words or {}
        if words.get("gap"):
            text = f"gap: {words['gap']}; effect on its weight: {words.get('effect', '')}{_gone_after(record)}"
            events = (step.event, *(one.event for one in record.pursued))
            yield Statement(VERIFICATION, "gap", text, events, _name(record, step.recorded_by), step.recorded_at)
    if not line.steps and line.asked_for:
        hidden = " that you may see" if record.checklist.seen.hidden else ""
        text = f"{kind.strand}, {line.check}: no step{hidden}, and no reason why not"
        yield Statement(VERIFICATION, "not_done", text, (record.sealed,))
    for one in line.suggestions:
        text = f"a machine suggests for {line.check}: {one['text']} [{one['origin']}]; not a result"
        yield Statement(VERIFICATION, "suggestion", text, (one["event"] or record.sealed,))


def _has_gap(checklist: Checklist) -> bool:
    return any((step.words or {}).get("gap") for step in checklist.seen.steps)


def _gone_after(record: ItemRecordOfMethod) -> str:
    """By which inquiries somebody goes after what an item leaves open (paragraph 140)."""
    named = ", ".join(dict.fromkeys(one.inquiry for one in record.pursued))
    return f"; gone after in {named}" if named else ""


def _reviewed(record: ItemRecordOfMethod, act: ReviewRecord) -> Statement:
    about = f" {_name(record, act.person)}" if act.person else ""
    body = act.body or {}
    more = f", because {act.reason}" if act.reason else ""
    if act.act is ReviewAct.ASSIGNED:
        more = f" ({body.get('rule', '')}; {'blind' if body.get('blind') else 'not blind'}){more}"
    for one in body.get("reconciled", ()):
        kept = f"agreed {one['agreed']}" if one.get("agreed") else "disagreement kept"
        more += f"; {one['check']}: {one.get('first', 'none')} and {one.get('second', 'none')}, {kept}"
    text = f"second assessment {act.act}{about}{more}"
    return Statement(VERIFICATION, "review", text, (act.event,), _name(record, act.done_by), act.done_at)


def _due(record: ItemRecordOfMethod) -> Iterator[Statement]:
    """The review that is still to come; it says how far the assessments are and nothing of what is in them."""
    state, acts = record.checklist.seen.state, record.checklist.seen.acts
    if state.current is not None:
        given = [act for act in acts if act.act is ReviewAct.ASSIGNED and act.person == state.current][-1]
        text = f"due: the second assessment by {_name(record, state.current)}, assigned {given.done_at[:10]}"
        yield Statement(VERIFICATION, "due", text, (given.event,))
    elif state.begun and not state.revealed:
        yield Statement(VERIFICATION, "due", "due: nobody is assigned to a second assessment", (record.sealed,))


def _concluded(record: ItemRecordOfMethod, claim: ClaimRecord) -> Iterator[Statement]:
    drawn = record.conclusions[claim.claim]
    if not drawn:
        text = f"{claim.label} {claim.text or '(erased)'}: no conclusion"
        yield Statement(CONCLUSIONS, "not_done", text, (claim.event,))
    replaced = {one.replaces for one in drawn}
    for one in drawn:
        body, words = one.body or {}, one.words or {}
        corrected = " (corrected since)" if one.event in replaced else ""
        text = (
            f"{claim.label} {claim.text or '(erased)'}: {body.get('verdict', '(erased)')} under {body.get('standard')}"
            f"{corrected}; confidence {body.get('confidence')}, because {words.get('confidence_reason', '(erased)')}; "
            f"source {body.get('reliability')}, information {body.get('credibility')}; {body.get('origins', 0)} "
            f"independent origins of {body.get('items_counted', 0)} items; {words.get('reasoning', '(erased)')}"
        )
        events = (one.event, claim.event, *body.get("supporting", ()), *body.get("contrary", ()))
        who = _name(record, one.drawn_by)
        yield Statement(CONCLUSIONS, "conclusion", text, events, who, one.drawn_at)
        if words.get("gaps"):
            yield Statement(CONCLUSIONS, "gap", f"{claim.label}: {words['gaps']}", (one.event,), who, one.drawn_at)
        if not words.get("alternatives") and not body.get("contrary"):
            text = f"{claim.label}: neither an alternative nor anything contrary is recorded"
            yield Statement(CONCLUSIONS, "warning", text, (one.event,), who, one.drawn_at)
        for override in words.get("overrides", ()):
            text = f"{claim.label}: gate overridden, because {override}"
            yield Statement(CONCLUSIONS, "warning", text, (one.event,), who, one.drawn_at)


def _name(record: ItemRecordOfMethod, person: str) -> str:
    return record.people.get(person, person)
