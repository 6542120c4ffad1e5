"""The effects of steps, reviews, claims, conclusions and corrections. Pure, like all of `projecting`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from casefile.events.effects import Effect, Insert, Row, actor, columns, ending, text_of
from casefile.events.envelope import Envelope, Event, PartName
from casefile.events.types import Erased, payload
from casefile.events.types_verification import (
    ClaimStated,
    ClaimWords,
    ConclusionDrawn,
    ConclusionWords,
    ItemClassified,
    ReviewWords,
    StatementCorrected,
    StepRecorded,
    StepReviewed,
    StepWords,
)
from casefile.model import Value

_STEP = ("strand", "check", "result", "claim")
_CONCLUSION = ("verdict", "standard", "confidence", "reliability", "credibility", "origins")


def _text(value: Value | Erased) -> str | None:
    return None if isinstance(value, Erased) else text_of(value.plain())


def _named(envelope: Envelope, kind: str) -> str | None:
    return next((one.id for one in envelope.subject if one.kind == kind), None)


def _inserted(table: str, row: Row, body: Sequence[str], personal: Sequence[str] = (), **more: bool) -> Insert:
    parts = {PartName.BODY: tuple(body), PartName.PERSONAL: tuple(personal)}
    return Insert(table, (row,), "event", {name: held for name, held in parts.items() if held}, **more)


def step_recorded(event: Event) -> Sequence[Effect]:
    """A step; with a further subject, the step that it takes the place of."""
    envelope = event.envelope
    body = payload(event, PartName.BODY, StepRecorded)
    row = {
        "event": envelope.id,
        "item": envelope.subject_of("item"),
        "replaces": _named(envelope, "statement"),
        "body": _text(body),
        "words": _text(payload(event, PartName.PERSONAL, StepWords)),
        "recorded_at": envelope.recorded_at,
        "recorded_by": actor(envelope),
        **columns(body, *_STEP),
    }
    return [_inserted("view_step", row, (*_STEP, "body"), ("words",))]


def step_reviewed(event: Event) -> Sequence[Effect]:
    """Something that happened to the assessments of an item."""
    envelope = event.envelope
    row = {
        "event": envelope.id,
        "item": envelope.subject_of("item"),
        "act": ending(envelope)["status"],
        "person": _named(envelope, "person"),
        "body": _text(payload(event, PartName.BODY, StepReviewed)),
        **columns(payload(event, PartName.PERSONAL, ReviewWords), "reason"),
        "done_at": envelope.recorded_at,
        "done_by": actor(envelope),
    }
    return [_inserted("view_review", row, ("body",), ("reason",))]


def claim_stated(event: Event) -> Sequence[Effect]:
    """A claim, and the items that it is about."""
    envelope = event.envelope
    claim = envelope.subject_of("claim")
    row = {
        "event": envelope.id,
        "claim": claim,
        **columns(payload(event, PartName.BODY, ClaimStated), "kind"),
        **columns(payload(event, PartName.PERSONAL, ClaimWords), "text", "speaker"),
        "stated_at": envelope.recorded_at,
        "stated_by": actor(envelope),
    }
    items = dict.fromkeys(one.id for one in envelope.subject if one.kind == "item")
    about = tuple({"claim": claim, "item": item} for item in items)
    return [
        _inserted("view_claim", row, ("kind",), ("text", "speaker"), numbered=True),
        Insert("view_claim_item", about, "claim"),
    ]


def conclusion_drawn(event: Event) -> Sequence[Effect]:
    """A conclusion on a claim; with a further subject, the conclusion that it takes the place of."""
    envelope = event.envelope
    body = payload(event, PartName.BODY, ConclusionDrawn)
    row = {
        "event": envelope.id,
        "claim": envelope.subject_of("claim"),
        "replaces": _named(envelope, "statement"),
        "body": _text(body),
        "words": _text(payload(event, PartName.PERSONAL, ConclusionWords)),
        "drawn_at": envelope.recorded_at,
        "drawn_by": actor(envelope),
        **columns(body, *_CONCLUSION),
    }
    return [_inserted("view_conclusion", row, (*_CONCLUSION, "body"), ("words",))]


def statement_corrected(event: Event) -> Sequence[Effect]:
    """The link between a statement and the one that corrects it."""
    envelope = event.envelope
    row = {
        "event": envelope.id,
        "statement": envelope.subject_of("statement"),
        "correction": envelope.subject_of("correction"),
        **columns(payload(event, PartName.BODY, StatementCorrected), "kind"),
        **columns(payload(event, PartName.PERSONAL, ReviewWords), "reason"),
        "corrected_at": envelope.recorded_at,
        "corrected_by": actor(envelope),
    }
    return [_inserted("view_correction", row, ("kind",), ("reason",))]


def item_classified(event: Event) -> Sequence[Effect]:
    """What class an item is said to be."""
    envelope = event.envelope
    row = {
        "event": envelope.id,
        "item": envelope.subject_of("item"),
        **columns(payload(event, PartName.BODY, ItemClassified), "item_class"),
        "classified_at": envelope.recorded_at,
        "classified_by": actor(envelope),
    }
    return [_inserted("view_item_class", row, ("item_class",))]


PROJECTORS: Mapping[str, Callable[[Event], Sequence[Effect]]] = {
    "step.recorded": step_recorded,
    "step.reviewed": step_reviewed,
    "claim.stated": claim_stated,
    "conclusion.drawn": conclusion_drawn,
    "statement.corrected": statement_corrected,
    "item.classified": item_classified,
}
"""By event type."""
