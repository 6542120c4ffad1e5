"""How the record of one item stands against those obligations that are about items: a rule for each. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from casefile.records.assessments import StepRecord
from casefile.vocabulary import StepResult
from casefile.vocabulary_verification import Check, ClaimKind, ReviewAct
from verification.checklists import CHECKLISTS, SOURCE
from verification.conformance_of_captures import CAPTURE_RULES
from verification.item_facts import ItemFacts
from verification.obligations import Obligation, Standing, Stands, met, not_applicable, not_met
from verification.steps import DECIDING, DONE
from verification.wording import calls_it_original


def stands(obligation: Obligation, facts: ItemFacts) -> Stands:
    """How an item's record stands against an obligation of items."""
    return RULES[obligation.rule](facts)


def _events(steps: Sequence[StepRecord]) -> tuple[str, ...]:
    return tuple(step.event for step in steps)


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
    answered = {step.check for step in steps if step.result != StepResult.NOT_DONE}
    missing = [check for check in asked if check not in answered]
    if missing:
        return not_met(f"not done: {', '.join(missing)}", facts.sealed, *_events(steps))
    decided = [step for step in steps if step.result in DECIDING]
    if decided:
        return met("with method, references, precision and alternatives", *_events(decided))
    if any(step.result == StepResult.INCONCLUSIVE for step in steps):
        return met("looked for and not established; the steps say how", *_events(steps))
    return not_applicable("reasons are given", *(_events(steps) or (facts.sealed,)))


def _completeness(facts: ItemFacts) -> Stands:
    steps = facts.on(Check.COMPLETENESS)
    done = [step for step in steps if step.result in DONE]
    if done:
        return met("assessed", *_events(done))
    if any(step.result == StepResult.NOT_APPLICABLE for step in steps):
        return not_applicable("a reason is given", *_events(steps))
    return not_met("not assessed", facts.sealed, *_events(steps))


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
    waived = next((act for act in facts.acts if act.act is ReviewAct.WAIVED), None)
    if facts.state.first_in and facts.state.second_in:
        acts = tuple(act.event for act in facts.acts if act.act is ReviewAct.SUBMITTED)
        if waived is None:
            return met("two assessments, blind until both were in", *acts)
        return met("two assessments, of which the second was not blind: it had been waived before", waived.event, *acts)
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
    if facts.pursued:
        return met("an inquiry goes after what is missing", *_events(gaps), *facts.pursued)
    return not_met("no inquiry names the item that leaves a gap", *_events(gaps))


def _corrections(facts: ItemFacts) -> Stands:
    if not facts.corrections:
        return not_applicable("nothing was corrected", facts.sealed)
    return met("linked, both versions kept", *(one.event for one in facts.corrections))


RULES: Mapping[str, Callable[[ItemFacts], Stands]] = {
    **CAPTURE_RULES,
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
    "standard": _of_conclusions(lambda body: str(body.get("standard"))),
}
"""By the name that the table of obligations gives."""
