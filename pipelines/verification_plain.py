"""Steps, claims and conclusions for programs: one object each, with stable keys; a step as a sentence. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from casefile.records.assessments import ClaimRecord, ConclusionRecord, StepRecord
from pipelines.verifying import Line
from verification.checklists import KINDS
from verification.places import decimal_degrees


def line_plain(line: Line, people: Mapping[str, str]) -> dict[str, Any]:
    """A line of a checklist for programs."""
    kind = KINDS[line.check]
    return {
        "check": line.check,
        "strand": kind.strand,
        "paragraph": kind.paragraph,
        "question": kind.question,
        "asked_for": line.asked_for,
        "status": line.status,
        "steps": [step_plain(step, people) for step in line.steps],
        "suggestions": [dict(one) for one in line.suggestions],
    }


def step_plain(step: StepRecord, people: Mapping[str, str]) -> dict[str, Any]:
    """A step for programs: both parts in one object, None where they were erased."""
    return {
        "event": step.event,
        "item": step.item,
        "check": step.check,
        "strand": step.strand,
        "result": step.result,
        "replaces": step.replaces,
        "by": people.get(step.recorded_by, step.recorded_by),
        "at": step.recorded_at,
        "body": step.body,
        "words": step.words,
    }


def claim_plain(
    claim: ClaimRecord, conclusions: Sequence[ConclusionRecord], people: Mapping[str, str]
) -> dict[str, Any]:
    """A claim with its visible conclusions for programs; `verdict` is of the newest that nothing corrects."""
    replaced = {one.replaces for one in conclusions}
    standing = [one for one in conclusions if one.event not in replaced]
    answer: Mapping[str, Any] = (standing[-1].body or {}) if standing else {}
    return {
        "claim": claim.claim,
        "number": claim.label,
        "kind": claim.kind,
        "text": claim.text,
        "speaker": claim.speaker or None,
        "items": list(claim.items),
        "event": claim.event,
        **{name: answer.get(name) for name in ("verdict", "standard", "confidence", "reliability", "credibility")},
        "grades": f"{answer['reliability']}{answer['credibility']}" if answer else None,
        "conclusions": [
            {
                "event": one.event,
                "replaces": one.replaces,
                "corrected": one.event in replaced,
                "by": people.get(one.drawn_by, one.drawn_by),
                "at": one.drawn_at,
                "body": one.body,
                "words": one.words,
            }
            for one in conclusions
        ],
    }


def step_text(step: StepRecord) -> str:
    """A step in one sentence; what was erased says so."""
    body, words = step.body, step.words
    if body is None or words is None:
        return f"{step.result or '(erased)'} (words erased)"
    said = [f"{step.result}"]
    for field, name in (("finding", ""), ("reason", "because "), ("method", "method: "), ("basis", "basis: ")):
        if words.get(field):
            said.append(f"{name}{words[field]}")
    if place := body.get("place"):
        where = f"{decimal_degrees(place['latitude_e7'])}, {decimal_degrees(place['longitude_e7'])}"
        said.append(f"place {where} within {place['precision_m']} m (written {words.get('place_as_written', '')})")
    if body.get("when"):
        said.append(f"time {body['when']}")
    for one in words.get("references", ()):
        known = ", ".join(one[name] for name in ("title", "imagery_date", "licence") if one.get(name))
        agreeing = ", ".join(one.get("features", ())) or "no feature marked"
        said.append(f"compared with {one['provider']}{f' ({known})' if known else ''}: {agreeing}")
    for one in words.get("searches", ()):
        found = ", ".join(one.get("locators", ())) if one["found"] else "none found"
        said.append(f"searched {one['engine']} with {one['frame']}: {found}")
    for field, name in (("limits", "limits"), ("expertise", "expertise"), ("override", "recorded all the same")):
        if words.get(field):
            said.append(f"{name}: {words[field]}")
    said += [f"alternative: {one}" for one in words.get("alternatives", ())]
    return "; ".join(said)
