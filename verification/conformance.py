"""How the record of one item stands against those obligations that are about items: a rule for each. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from casefile.records.assessments import ClaimRecord, ConclusionRecord, CorrectionRecord, ReviewRecord, StepRecord
from casefile.vocabulary import Acquisition, Content, Purpose, Role, StepResult
from casefile.vocabulary_verification import Check, ClaimKind, ItemClass, ReviewAct
from verification.blindness import ItemState
from verification.checklists import CHECKLISTS, SOURCE
from verification.obligations import Obligation, Standing, Stands, met, not_applicable, not_met
from verification.steps import DONE
from verification.wording import calls_it_original


@dataclass(frozen=True, slots=True)
class ItemFacts:
    """What of an item's record bears on the obligations, as whoever asks may see it.

    `sealed`, `found` and `examined` are events; `capture` is the capture as the record has it.
    """

    sealed: str
    found: str
    pathway: str
    examined: str | None
    raw_metadata: bool
    conflicts: int
    likenesses: int
    suggestions: int
    role: str
    media_type: str
    content: str
    sha256: str
    item_class: ItemClass
    capture: Mapping[str, Any]
    state: ItemState
    steps: tuple[StepRecord, ...]
    acts: tuple[ReviewRecord, ...]
    claims: tuple[ClaimRecord, ...]
    conclusions: tuple[ConclusionRecord, ...]
    corrections: tuple[CorrectionRecord, ...]

    @property
    def handed_over(self) -> bool:
        return bool(self.capture["acquisition"] == Acquisition.HANDED_OVER)

    @property
    def is_page(self) -> bool:
        return self.role in (Role.PAGE, Role.POST)

    def on(self, *checks: Check) -> tuple[StepRecord, ...]:
        """The current steps on these checks."""
        return tuple(step for step in self.steps if step.check in checks)


def stands(obligation: Obligation, facts: ItemFacts) -> Stands:
    """How an item's record stands against an obligation of items."""
    return RULES[obligation.rule](facts)


def _events(steps: Sequence[StepRecord]) -> tuple[str, ...]:
    return tuple(step.event for step in steps)


def _tools(facts: ItemFacts) -> Stands:
    tools = facts.capture["tools"] or ()
    said = ", ".join(f"{one['name']} {one['version']}" for one in tools)
    return met(said, facts.sealed) if tools else not_met("no tool is named", facts.sealed)


def _access(facts: ItemFacts) -> Stands:
    visitor = (facts.capture["circumstances"] or {}).get("visitor") or {}
    access = visitor.get("access", "public")
    if facts.handed_over:
        return not_applicable("it was handed over", facts.sealed)
    return met(f"access {access}", facts.sealed)


def _pathway(facts: ItemFacts) -> Stands:
    return met(facts.pathway, facts.found) if facts.pathway else not_met("the pathway was erased", facts.found)


def _contemporaneous(facts: ItemFacts) -> Stands:
    return met("the capture was recorded as it ended; steps bear the time of recording", facts.sealed)


def _contained(facts: ItemFacts) -> Stands:
    level = facts.capture["containment"]
    if level == "full":
        return met("containment full", facts.sealed)
    return not_met(f"containment {level or 'unknown'}", facts.sealed)


def _address(facts: ItemFacts) -> Stands:
    if facts.handed_over:
        return not_applicable("it was handed over", facts.sealed)
    count = len(facts.capture["exchanges"] or ())
    return (
        met(f"{count} exchanges in order", facts.sealed) if count else not_met("no exchange is recorded", facts.sealed)
    )


def _source(facts: ItemFacts) -> Stands:
    if "html" not in facts.media_type:
        return not_applicable("it is no page of HTML", facts.sealed)
    kinds = {file["fidelity"] for file in facts.capture["files"] or () if file["kind"] == "content"}
    if kinds & {"wire", "received"}:
        return met("kept as it was received", facts.sealed)
    return not_met("it was reconstructed", facts.sealed)


def _page_picture(facts: ItemFacts) -> Stands:
    if not facts.is_page:
        return not_applicable("it is no page", facts.sealed)
    return not_met("no picture of the page was taken", facts.sealed)


def _embedded(facts: ItemFacts) -> Stands:
    if not facts.is_page:
        return not_applicable("it is no page", facts.sealed)
    return not_met("pictures in the page are not extracted", facts.sealed)


def _metadata(facts: ItemFacts) -> Stands:
    if facts.examined and facts.raw_metadata:
        return met("raw and normalised", facts.examined)
    return not_met("it was not examined, or its metadata were not read", facts.sealed)


def _context(facts: ItemFacts) -> Stands:
    if not facts.is_page:
        return not_applicable("it is no page", facts.sealed)
    return not_met("nobody recorded whether context was to be kept", facts.sealed)


def _collection(facts: ItemFacts) -> Stands:
    clock = (facts.capture["circumstances"] or {}).get("started_clock") or {}
    if not (facts.capture["collector"] and facts.capture["started_at"] and facts.capture["ended_at"]):
        return not_met("collector, start or end is missing", facts.sealed)
    if clock.get("source") == "unverified":
        return not_met("the clock was not verified", facts.sealed)
    return met(f"clock {clock.get('source', 'unknown')}", facts.sealed)


def _digest(facts: ItemFacts) -> Stands:
    return met(facts.sha256, facts.sealed) if facts.sha256 else not_met("the digest was erased", facts.sealed)


def _inventory(facts: ItemFacts) -> Stands:
    inventory = facts.capture["inventory"]
    return met(str(inventory), facts.sealed) if inventory else not_met("the inventory was erased", facts.sealed)


def _native(facts: ItemFacts) -> Stands:
    derived = [file for file in facts.capture["files"] or () if file["kind"] == "derivative"]
    if all(file.get("command") for file in derived):
        return met(f"{len(derived)} derivatives, each with its command", facts.sealed)
    return not_met("a derivative has no command", facts.sealed)


def _technical_report(facts: ItemFacts) -> Stands:
    return met("the record of the capture, and this report", facts.sealed)


def _tier(facts: ItemFacts) -> Stands:
    if facts.capture["purpose"] != Purpose.COURT:
        return not_applicable(f"collected for {facts.capture['purpose']}", facts.sealed)
    return not_met("no picture of the page was taken", facts.sealed) if facts.is_page else _address(facts)


def _content(facts: ItemFacts) -> Stands:
    if facts.content in (Content.PRESENT, Content.ABSENT, Content.DOUBTFUL):
        return met(f"content {facts.content}", facts.sealed)
    return not_met("nobody judged whether the content is there", facts.sealed)


def _observed(facts: ItemFacts) -> Stands:
    return met("outcomes and causes say what was observed", facts.sealed)


def _identity(facts: ItemFacts) -> Stands:
    return met("a capture of its own with ids of its own", facts.sealed)


def _renderable(facts: ItemFacts) -> Stands:
    return met("identified by content", facts.examined) if facts.examined else not_met("not examined", facts.sealed)


def _custody(facts: ItemFacts) -> Stands:
    return met("every act on it is an event of one log", facts.sealed)


def _examined(facts: ItemFacts) -> Stands:
    if facts.examined:
        return met("examined on a working copy", facts.examined)
    return not_applicable("nothing was processed", facts.sealed)


def _strands(facts: ItemFacts) -> Stands:
    if not facts.conclusions:
        return not_applicable("no conclusion is drawn", facts.sealed)
    for one in facts.conclusions:
        if without := (one.body or {}).get("without", ()):
            reason = "; ".join((one.words or {}).get("overrides", ()))
            return Stands(Standing.OVERRIDDEN, f"without {', '.join(without)}: {reason}", (one.event,))
    return met("each strand has a step or a reason", *(one.event for one in facts.conclusions))


def _source_checks(facts: ItemFacts) -> Stands:
    answered = {step.check for step in facts.on(*SOURCE) if step.result != StepResult.NOT_DONE}
    missing = [check for check in SOURCE if check not in answered]
    if missing:
        return not_met(f"not done: {', '.join(missing)}", facts.sealed, *_events(facts.on(*SOURCE)))
    return met("six of six done or reasoned", *_events(facts.on(*SOURCE)))


def _wording(facts: ItemFacts) -> Stands:
    steps = facts.on(Check.PROVENANCE)
    if not steps:
        return not_applicable("no provenance is recorded", facts.sealed)
    for step in steps:
        words = step.words or {}
        if calls_it_original(words.get("finding", "")) and not words.get("basis"):
            return not_met("called the original without a basis", step.event)
    return met("first copy found, or the basis is given", *_events(steps))


def _conflicts(facts: ItemFacts) -> Stands:
    if not facts.examined:
        return not_applicable("not examined", facts.sealed)
    return met(f"{facts.conflicts} conflicts listed, none resolved by a machine", facts.examined)


def _person(facts: ItemFacts) -> Stands:
    done = [step for step in facts.on(Check.PERSON) if step.result in DONE]
    if not done:
        return not_applicable("nobody is identified", facts.sealed)
    for step in done:
        words = step.words or {}
        if not words.get("expertise"):
            return Stands(Standing.OVERRIDDEN, words.get("override", "(erased)"), (step.event,))
    return met("by an expert who is named", *_events(done))


def _place_and_time(facts: ItemFacts) -> Stands:
    asked = [one for one in (Check.GEOLOCATION, Check.CHRONOLOCATION) if one in CHECKLISTS[facts.item_class]]
    steps = facts.on(*asked)
    missing = [check for check in asked if check not in {step.check for step in steps}]
    if missing:
        return not_met(f"not done: {', '.join(missing)}", facts.sealed, *_events(steps))
    if not asked or all(step.result == StepResult.NOT_APPLICABLE for step in steps):
        return not_applicable("reasons are given", *(_events(steps) or (facts.sealed,)))
    return met("with method, references, precision and alternatives", *_events(steps))


def _completeness(facts: ItemFacts) -> Stands:
    steps = facts.on(Check.COMPLETENESS)
    return met("assessed", *_events(steps)) if steps else not_met("not assessed", facts.sealed)


def _of_conclusions(said: Callable[[Mapping[str, Any]], str]) -> Callable[[ItemFacts], Stands]:
    def rule(facts: ItemFacts) -> Stands:
        if not facts.conclusions:
            return not_applicable("no conclusion is drawn", facts.sealed)
        words = "; ".join(said(one.body or {}) for one in facts.conclusions)
        return met(words, *(one.event for one in facts.conclusions))

    return rule


def _duplicates(facts: ItemFacts) -> Stands:
    if not facts.examined:
        return not_met("not examined", facts.sealed)
    return met(f"{facts.likenesses} items look alike, nothing was removed", facts.examined)


def _alternatives(facts: ItemFacts) -> Stands:
    if not facts.conclusions:
        return not_applicable("no conclusion is drawn", facts.sealed)
    without = [
        one.event
        for one in facts.conclusions
        if not (one.words or {}).get("alternatives") and not (one.body or {}).get("contrary")
    ]
    if without:
        return not_met("neither an alternative nor anything contrary is recorded", *without)
    return met("recorded with each conclusion", *(one.event for one in facts.conclusions))


def _statement(facts: ItemFacts) -> Stands:
    claims = [claim for claim in facts.claims if claim.kind == ClaimKind.STATEMENT]
    if not claims:
        return not_applicable("no recorded statement is claimed", facts.sealed)
    return met("claimed and concluded apart from the recording", *(claim.event for claim in claims))


def _review(facts: ItemFacts) -> Stands:
    if facts.state.first_in and facts.state.second_in:
        acts = tuple(act.event for act in facts.acts if act.act is ReviewAct.SUBMITTED)
        return met("two assessments, blind until both were in", *acts)
    waived = next((act for act in facts.acts if act.act is ReviewAct.WAIVED), None)
    if waived is not None:
        return Stands(Standing.OVERRIDDEN, waived.reason or "(erased)", (waived.event,))
    return not_met("no second assessment is in", facts.sealed, *(act.event for act in facts.acts))


def _translation(facts: ItemFacts) -> Stands:
    steps = [step for step in facts.on(Check.TRANSLATION) if step.result in DONE]
    if not steps:
        return not_applicable("nothing was translated", facts.sealed)
    return met("labelled by who made it", *_events(steps))


def _suggestions(facts: ItemFacts) -> Stands:
    if not facts.examined:
        return not_applicable("no machine examined it", facts.sealed)
    return met(f"{facts.suggestions} suggestions, none of them a result", facts.examined)


def _gap_inquiry(facts: ItemFacts) -> Stands:
    gaps = [step for step in facts.on(Check.COMPLETENESS) if (step.words or {}).get("gap")]
    if not gaps:
        return not_applicable("no gap is recorded", facts.sealed)
    return not_met("a gap is not linked to an inquiry", *_events(gaps))


def _corrections(facts: ItemFacts) -> Stands:
    if not facts.corrections:
        return not_applicable("nothing was corrected", facts.sealed)
    return met("linked, both versions kept", *(one.event for one in facts.corrections))


def _traced(facts: ItemFacts) -> Stands:
    return met("every statement of this report names its events", facts.sealed, facts.found)


RULES: Mapping[str, Callable[[ItemFacts], Stands]] = {
    "tools": _tools,
    "access": _access,
    "pathway": _pathway,
    "contemporaneous": _contemporaneous,
    "contained": _contained,
    "address": _address,
    "source": _source,
    "page_picture": _page_picture,
    "embedded": _embedded,
    "metadata": _metadata,
    "context": _context,
    "collection": _collection,
    "digest": _digest,
    "inventory": _inventory,
    "native": _native,
    "technical_report": _technical_report,
    "tier": _tier,
    "content": _content,
    "observed": _observed,
    "identity": _identity,
    "renderable": _renderable,
    "custody": _custody,
    "examined": _examined,
    "strands": _strands,
    "source_checks": _source_checks,
    "wording": _wording,
    "conflicts": _conflicts,
    "person": _person,
    "place_and_time": _place_and_time,
    "completeness": _completeness,
    "origins": _of_conclusions(lambda body: f"{body.get('origins')} origins of {body.get('items_counted')} items"),
    "duplicates": _duplicates,
    "alternatives": _alternatives,
    "statement": _statement,
    "grades": _of_conclusions(lambda body: f"source {body.get('reliability')}, information {body.get('credibility')}"),
    "review": _review,
    "translation": _translation,
    "suggestions": _suggestions,
    "gap_inquiry": _gap_inquiry,
    "corrections": _corrections,
    "traced": _traced,
    "standard": _of_conclusions(lambda body: str(body.get("standard"))),
}
"""By the name that the table of obligations gives."""
