"""The sheets that would record again what is recorded: from the parts of events back to what a person wrote. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from casefile.canonical import Json
from casefile.records.assessments import ConclusionRecord, StepRecord
from casefile.records.leads import AssessmentRecord
from pipelines.concluding import NewConclusion
from pipelines.documents import Version
from verification.steps import NewStep


def sheet_of_step(step: StepRecord, items: Mapping[str, str], claims: Mapping[str, str]) -> NewStep:
    """The sheet that records a step again; `items` and `claims` are numbers by their ids."""
    body, words = dict(step.body or {}), dict(step.words or {})
    place = body.pop("place", None)
    regions = [
        one["fragment"] if one["item"] == step.item else f"{items[one['item']]}#{one['fragment']}"
        for one in body.pop("regions", ())
    ]
    quotes = [
        {**one, "item": "" if one["item"] == step.item else items[one["item"]]} for one in words.pop("quotes", ())
    ]
    written = words.pop("place_as_written", "")
    return NewStep.model_validate(
        {
            "check": body["check"],
            "result": body["result"],
            "claim": claims.get(body.get("claim", ""), ""),
            "regions": regions,
            "quotes": quotes,
            "place": written if place else "",
            "precision": f"{place['precision_m']} m" if place else "",
            "when": body.get("when", ""),
            "translation": body.get("translation"),
            "cites": [items[one] for one in body.get("cites", ())],
            "suggestions": body.get("suggestions", ()),
            **words,
        }
    )


def sheet_of_conclusion(one: ConclusionRecord) -> NewConclusion:
    """The sheet that draws a conclusion again."""
    body, words = one.body or {}, dict(one.words or {})
    words.pop("gaps", None)
    return NewConclusion.model_validate(
        {
            **{name: body[name] for name in ("verdict", "standard", "confidence", "reliability", "credibility")},
            "supporting": body.get("supporting", ()),
            "contrary": body.get("contrary", ()),
            "not_applicable": {said["strand"]: said["reason"] for said in words.pop("not_applicable", ())},
            "override": "; ".join(words.pop("overrides", ())),
            **words,
        }
    )


def sheet_of_assessment(place: int, one: AssessmentRecord) -> dict[str, Json]:
    """The sheet of the assessment that revises the one at that place."""
    names = (
        "form", "decision", "relevance", "reliability", "reliability_basis", "removal", "removal_grounds", "safety",
        "duties", "precautions", "reason", "better_version",
    )  # fmt: skip
    links: list[Json] = [{"kind": kind, "value": value} for kind, value in one.links]
    return {"revises": place, "links": links, **{name: said for name in names if (said := getattr(one, name))}}


def with_names(value: Any, version: Version) -> Any:
    """The same fields with people by their names, as a sheet has them."""
    if isinstance(value, Mapping):
        return {name: with_names(one, version) for name, one in value.items()}
    if isinstance(value, list):
        return [with_names(one, version) for one in value]
    return version.named(value) if isinstance(value, str) else value
