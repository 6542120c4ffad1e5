"""Claims and conclusions: one claim, one standard of proof, what supports it and what speaks against it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from pydantic import Field

from casefile.errors import GateRefused
from casefile.errors_verification import StatementChanged, UnknownStatement
from casefile.events.envelope import EventOutcome, Subject
from casefile.events.port import draft
from casefile.events.types_verification import (
    ClaimStated,
    ClaimWords,
    ConclusionDrawn,
    ConclusionWords,
    StrandReason,
)
from casefile.ids import EventId
from casefile.model import Value
from casefile.records.assessments import (
    ClaimRecord,
    StepRecord,
    find_claim,
    list_claims,
    list_corrections,
)
from casefile.records.edges import StoredEdge
from casefile.records.engine import Connection, reading
from casefile.records.queries import ItemFilter, find_items, list_items
from casefile.vocabulary import GateMode, StepResult, Strand, Tier
from casefile.vocabulary_verification import (
    Check,
    ClaimKind,
    Confidence,
    Credibility,
    Reliability,
    Standard,
    StatementKind,
    Verdict,
)
from pipelines.documents import declaration_of
from pipelines.neighbours import joined, joins
from pipelines.services import Services
from pipelines.sight import Seen, conclusions_seen, edges_seen, look, viewer_of
from pipelines.verifying import correction, require_person
from verification.origins import count_origins
from verification.refusing import refused
from verification.steps import DONE, chosen
from verification.wording import calls_it_original, text_field, text_fields

UNDECLARED = "conflicts of interest"
MOST_ITEMS = 50
"""Items of one claim; the envelope names them."""


class NewConclusion(Value):
    """A conclusion as a person writes it. `supporting` and `contrary` are events of steps; an empty `supporting` takes
    every current step on the claim's items that supports it, and likewise what contradicts it.
    """

    verdict: str
    standard: str
    confidence: str
    confidence_reason: str
    reliability: str
    credibility: str
    reasoning: str
    consistency: str = ""
    supporting: tuple[str, ...] = ()
    contrary: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    alternatives: tuple[str, ...] = ()
    not_applicable: Mapping[str, str] = Field(default_factory=dict)
    override: str = ""


@dataclass(frozen=True, slots=True)
class Concluded:
    """A conclusion that was recorded, its claim, and what is to be said of it to whoever drew it."""

    event: EventId
    claim: ClaimRecord
    origins: int
    warnings: tuple[str, ...]


def state_claim(services: Services, text: str, items: Sequence[str], kind: ClaimKind, speaker: str = "") -> ClaimRecord:
    """State one checkable assertion about items. What somebody says in a recording is a claim of its own.

    A claim is seen by everybody: it is the question, not an answer. Raises FieldRefused, UnknownItem.
    """
    require_person(services)
    said = text_field("claim", text, limit=4_000, required="a claim is one assertion that can be checked")
    who = text_field("speaker", speaker, limit=1_000)
    if kind is ClaimKind.STATEMENT and not who:
        raise refused("speaker", "a recorded statement names who makes it, or that it is not known")
    if not 1 <= len(items) <= MOST_ITEMS:
        raise refused("items", f"a claim is about 1 to {MOST_ITEMS} items")
    with reading(services.engine) as rows:
        found = list(dict.fromkeys(one.id for one in find_items(rows, items)))
    claim = services.clock.mint()
    services.append(
        draft(
            "claim.stated",
            Subject(kind="claim", id=claim),
            *(Subject(kind="item", id=one) for one in found),
            body=ClaimStated(kind=kind),
            personal=ClaimWords(text=said, speaker=who),
            outcome=EventOutcome(status="stated"),
        )
    )
    with reading(services.engine) as rows:
        return find_claim(rows, claim)


def conclude(services: Services, claim: str, new: NewConclusion, *, corrects: str = "", reason: str = "") -> Concluded:
    """Answer a claim; with `corrects`, in the place of an earlier conclusion of the same person.

    Raises FieldRefused for a rule that is broken and GateRefused where a strand has neither a step nor a reason, or,
    where gates are enforced, where the second assessment is not in. Nothing is recorded then.
    """
    require_person(services)
    viewer = viewer_of(services)
    with reading(services.engine) as rows:
        about = find_claim(rows, claim)
        seen = look(rows, about.items, viewer)
        steps = {step.event: step for one in seen.values() for step in one.current}
        supporting = _named("supporting", new.supporting, steps, StepResult.SUPPORTS)
        contrary = _named("contrary", new.contrary, steps, StepResult.CONTRADICTS)
        counted = _origins(rows, supporting, viewer)
    words, without = _words(new, seen)
    override = text_field("override", new.override)
    warnings = list(_gates(services, seen, without, override))
    verdict = chosen("verdict", Verdict, new.verdict)
    if verdict is Verdict.ESTABLISHED and not supporting:
        raise refused("supporting", "a claim that is established has a step that supports it")
    if not words.alternatives and not contrary:
        warnings.append("neither an alternative nor anything contrary is recorded; the report will say so")
    if counted.undecided:
        warnings.append(f"{counted.undecided} pairs of these items look alike and nobody has decided on them")
    body = ConclusionDrawn(
        verdict=verdict,
        standard=chosen("standard", Standard, new.standard),
        confidence=chosen("confidence", Confidence, new.confidence),
        reliability=chosen("reliability", Reliability, new.reliability.upper()),
        credibility=chosen("credibility", Credibility, new.credibility),
        supporting=tuple(one.event for one in supporting),
        contrary=tuple(one.event for one in contrary),
        origins=counted.origins,
        items_counted=counted.items,
        undecided_pairs=counted.undecided,
        without=without,
    )
    if override:
        words = words.model_copy(update={"overrides": (override,)})
    event = _append(services, about, body, words, corrects, reason)
    return Concluded(event, about, counted.origins, tuple(warnings))


@dataclass(frozen=True, slots=True)
class Counted:
    """Items that support a claim, their independent origins, and pairs among them that nobody has decided on."""

    items: int
    origins: int
    undecided: int


def _origins(rows: Connection, supporting: Sequence[StepRecord], viewer: str) -> Counted:
    """What corroborates: the items of the steps and those that they cite, copies counted once as `viewer` sees them."""
    items = {item for step in supporting for item in (step.item, *_cited(step))}
    edges = _reachable(rows, items, viewer)
    captures: dict[str, list[str]] = {}
    for one in list_items(rows, ItemFilter(ids=tuple(sorted(items)))) if items else ():
        captures.setdefault(one.capture, []).append(one.id)
    found = joined(edges)
    held_back = {(link.item_a, link.item_b) for link in found.held_back}
    open_pairs = {
        (edge.item_a, edge.item_b)
        for edge in edges
        if not edge.judgement and (edge.tier == Tier.CANDIDATE or (edge.item_a, edge.item_b) in held_back)
    }
    return Counted(
        len(items),
        count_origins(items, [*found.groups, *captures.values()]),
        sum(set(pair) <= items for pair in open_pairs),
    )


def _reachable(rows: Connection, items: Iterable[str], viewer: str) -> list[StoredEdge]:
    """The edges of these items and of what they are joined to, as far as that leads."""
    found: dict[str, StoredEdge] = {}
    waiting, known = sorted(items), set(items)
    while waiting:
        for edge in edges_seen(rows, viewer, item=waiting.pop()):
            found[edge.edge] = edge
            for end in (edge.item_a, edge.item_b):
                if joins(edge) and end not in known:
                    known.add(end)
                    waiting.append(end)
    return list(found.values())


def _cited(step: StepRecord) -> Sequence[str]:
    return tuple((step.body or {}).get("cites", ()))


def _named(
    field: str, events: Sequence[str], steps: Mapping[str, StepRecord], result: StepResult
) -> tuple[StepRecord, ...]:
    """The steps that are named, else all with that result. Raises UnknownStatement for one that is not to be seen."""
    if not events:
        return tuple(step for step in steps.values() if step.result == result)
    for event in events:
        if event not in steps:
            raise UnknownStatement(f"step of this claim's items ({field})", event)
    return tuple(steps[event] for event in dict.fromkeys(events))


def _words(new: NewConclusion, seen: Mapping[str, Seen]) -> tuple[ConclusionWords, tuple[Strand, ...]]:
    """The words, and the strands that have neither a step nor a reason."""
    done = {step.strand for one in seen.values() for step in one.current if step.result in DONE}
    reasons = {
        chosen("not_applicable", Strand, strand): text_field(f"not_applicable.{strand}", reason)
        for strand, reason in new.not_applicable.items()
    }
    reasoning = text_field("reasoning", new.reasoning, required="a conclusion says how it follows")
    if said := calls_it_original(reasoning):
        rule = f"{said!r} needs a provenance step with its basis; else say `first copy found` (paragraph 178)"
        if not any(words.get("basis") for words in _words_on(Check.PROVENANCE, seen)):
            raise refused("reasoning", rule)
    gaps = [
        f"{words['gap']} ({words.get('effect', '')})"
        for words in _words_on(Check.COMPLETENESS, seen)
        if words.get("gap")
    ]
    words = ConclusionWords(
        reasoning=reasoning,
        confidence_reason=text_field("confidence_reason", new.confidence_reason, required="confidence has a reason"),
        consistency=text_field("consistency", new.consistency, required="say whether the strands are consistent"),
        missing=text_fields("missing", new.missing),
        alternatives=text_fields("alternatives", new.alternatives),
        not_applicable=tuple(StrandReason(strand=one, reason=reason) for one, reason in reasons.items() if reason),
        gaps="; ".join(gaps),
    )
    return words, tuple(strand for strand in Strand if strand not in done and not reasons.get(strand))


def _words_on(check: Check, seen: Mapping[str, Seen]) -> Iterable[Mapping[str, str]]:
    return (step.words or {} for one in seen.values() for step in one.current if step.check == check)


def _gates(services: Services, seen: Mapping[str, Seen], without: Sequence[Strand], override: str) -> Iterable[str]:
    if without and not override:
        raise GateRefused(
            "three-strands",
            f"neither a step nor a reason for none in: {', '.join(without)} (paragraph 176)",
            f"Record a step, or say with --na {without[0]}=REASON why none applies, or --override R.",
        )
    asked = []
    if any(not one.state.revealed for one in seen.values()):
        said = "the second assessment of at least one item is not in"
        asked.append(("second-assessment", said, "`casefile review assign ITEM`, or --override R."))
    with reading(services.engine) as rows:
        declared = declaration_of(rows, services.person_id)
    if declared is None:
        said = "whoever concludes has declared no interests, nor that there are none (paragraph 37)"
        asked.append((UNDECLARED, said, "Fill in `casefile plan template conflicts`, or --override R."))
    mode = services.settings.gates.mode
    for gate, said, remedy in asked:
        if mode is GateMode.ENFORCE and not override:
            raise GateRefused(gate, said, remedy)
        if mode is not GateMode.RECORD:
            yield said


def _append(  # noqa: PLR0913  (what one event holds)
    services: Services,
    claim: ClaimRecord,
    body: ConclusionDrawn,
    words: ConclusionWords,
    corrects: str,
    reason: str,
) -> EventId:
    event = EventId(services.clock.mint())
    subject = [Subject(kind="claim", id=claim.claim)]
    drafts = []
    if corrects:
        why = text_field("reason", reason, required="a correction says why")
        _require_own(services, claim, corrects)
        subject.append(Subject(kind="statement", id=corrects))
        drafts.append(correction(StatementKind.CONCLUSION, corrects, event, why))
    outcome = EventOutcome(status="drawn")
    drawn = draft("conclusion.drawn", *subject, body=body, personal=words, outcome=outcome, id=event)

    def within(rows: Connection) -> None:
        if corrects and len(list_corrections(rows, [corrects])) != 1:
            raise StatementChanged("this conclusion", "was corrected already")

    services.append(drawn, *drafts, within=within)
    return event


def _require_own(services: Services, claim: ClaimRecord, event: str) -> None:
    with reading(services.engine) as rows:
        seen = conclusions_seen(rows, [claim], viewer_of(services))[claim.claim]
    earlier = next((one for one in seen if one.event == event), None)
    if earlier is None:
        raise UnknownStatement("conclusion", event)
    if earlier.drawn_by != services.person_id:
        raise GateRefused("authorship", "a conclusion is corrected by its author", "Draw one of your own instead.")


def claims_of(services: Services, item: str = "") -> list[ClaimRecord]:
    """Every claim, or those about one item. Raises UnknownItem."""
    with reading(services.engine) as rows:
        return list_claims(rows, item=find_items(rows, [item])[0].id if item else "")
