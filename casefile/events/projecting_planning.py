"""The effects of preparation, inquiries and preliminary assessment. Pure, like all of `projecting`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from casefile.events.effects import Effect, Insert, Update, actor, columns, from_body, text_of
from casefile.events.envelope import Envelope, Event, PartName
from casefile.events.types import DocumentVersioned, Erased, payload
from casefile.events.types_planning import (
    AssessmentWords,
    DocumentApproved,
    InquiryClosed,
    InquiryWords,
    KeywordsAdded,
    KeywordWords,
    LeadAssessed,
    Reason,
    SearchRecorded,
    SearchWords,
    StatementMade,
    StatementWords,
)

_ORIGINS = ("inquiry", "search", "person")


def document_versioned(event: Event) -> Sequence[Effect]:
    """A document in one more version."""
    envelope = event.envelope
    body = payload(event, PartName.BODY, DocumentVersioned)
    names = ("kind", "name", "number", "text", "review_by")
    row = {"event": envelope.id, **_stated(envelope), **columns(body, *names)}
    return [Insert("view_document", (row,), "event", from_body(*names))]


def document_approved(event: Event) -> Sequence[Effect]:
    """Somebody approved a version of a document."""
    envelope = event.envelope
    words = payload(event, PartName.PERSONAL, Reason)
    names = ("kind", "name", "number")
    row = {
        "event": envelope.id,
        "document": envelope.subject_of("document"),
        **_stated(envelope),
        **columns(payload(event, PartName.BODY, DocumentApproved), *names),
        "why": None if isinstance(words, Erased) else words.why,
    }
    return [Insert("view_approval", (row,), "event", {PartName.BODY: names, PartName.PERSONAL: ("why",)})]


def inquiry_opened(event: Event) -> Sequence[Effect]:
    """An inquiry, with the next short number."""
    envelope = event.envelope
    names = ("question", "why", "task")
    row = {
        "id": envelope.subject_of("inquiry"),
        **_stated(envelope),
        **columns(payload(event, PartName.PERSONAL, InquiryWords), *names),
    }
    return [Insert("view_inquiry", (row,), "id", {PartName.PERSONAL: names}, numbered=True)]


def inquiry_closed(event: Event) -> Sequence[Effect]:
    """The end of an inquiry."""
    envelope = event.envelope
    body = payload(event, PartName.BODY, InquiryClosed)
    words = payload(event, PartName.PERSONAL, Reason)
    values = {
        "closed_at": envelope.recorded_at,
        "closed_by": actor(envelope),
        "closing": None if isinstance(body, Erased) else body.outcome.value,
        "closed_why": None if isinstance(words, Erased) else words.why,
    }
    inquiry = envelope.subject_of("inquiry")
    parts = {PartName.BODY: ("closing",), PartName.PERSONAL: ("closed_why",)}
    return [Update("view_inquiry", "id", inquiry, values, parts)]


def statement_made(event: Event) -> Sequence[Effect]:
    """A statement, with the next short number."""
    envelope = event.envelope
    body = payload(event, PartName.BODY, StatementMade)
    row = {
        "event": envelope.id,
        "inquiry": envelope.subject_of("inquiry"),
        **_stated(envelope),
        **columns(body, "kind", "replaces"),
        "rests_on": None if isinstance(body, Erased) else text_of(body.rests_on),
        **columns(payload(event, PartName.PERSONAL, StatementWords), "text", "basis"),
    }
    parts = {PartName.BODY: ("kind", "replaces", "rests_on"), PartName.PERSONAL: ("text", "basis")}
    return [Insert("view_statement", (row,), "event", parts, numbered=True)]


def keyword_added(event: Event) -> Sequence[Effect]:
    """Terms in one language."""
    envelope = event.envelope
    words = payload(event, PartName.PERSONAL, KeywordWords)
    names = ("language", "script", "direction")
    row = {
        "event": envelope.id,
        "inquiry": envelope.subject_of("inquiry"),
        **_stated(envelope),
        **columns(payload(event, PartName.BODY, KeywordsAdded), *names),
        "terms": None if isinstance(words, Erased) else text_of(words.terms),
    }
    return [Insert("view_keyword", (row,), "event", {PartName.BODY: names, PartName.PERSONAL: ("terms",)})]


def search_recorded(event: Event) -> Sequence[Effect]:
    """A search, with the next short number."""
    envelope = event.envelope
    of_body = ("engine", "browser", "language", "result", "hits", "occurred_at")
    of_words = ("terms", "operators", "pathway")
    row = {
        "event": envelope.id,
        "inquiry": envelope.subject_of("inquiry"),
        **_stated(envelope),
        **columns(payload(event, PartName.BODY, SearchRecorded), *of_body),
        **columns(payload(event, PartName.PERSONAL, SearchWords), *of_words),
    }
    parts = {PartName.BODY: of_body, PartName.PERSONAL: of_words}
    return [Insert("view_search", (row,), "event", parts, numbered=True)]


def lead_linked(event: Event) -> Sequence[Effect]:
    """Where a lead came from, said afterwards."""
    words = payload(event, PartName.PERSONAL, Reason)
    return origin(event.envelope, None if isinstance(words, Erased) else words.why)


def origin(envelope: Envelope, why: str | None) -> Sequence[Effect]:
    """The inquiry, search or person that a lead is said to come from; nothing where the event names none."""
    named = {subject.kind: subject.id for subject in envelope.subject if subject.kind in _ORIGINS}
    if not named:
        return ()
    row = {
        "event": envelope.id,
        "lead": envelope.subject_of("lead"),
        **_stated(envelope),
        **{kind: named.get(kind) for kind in _ORIGINS},
        "why": why,
    }
    return [Insert("view_lead_origin", (row,), "event", {PartName.PERSONAL: ("why",)})]


def lead_assessed(event: Event) -> Sequence[Effect]:
    """A preliminary assessment."""
    envelope = event.envelope
    words = payload(event, PartName.PERSONAL, AssessmentWords)
    of_body = ("number", "form", "decision", "reliability", "removal", "better_version")
    prose = ("relevance", "reliability_basis", "removal_grounds", "safety", "duties", "precautions", "reason")
    row = {
        "event": envelope.id,
        "lead": envelope.subject_of("lead"),
        **_stated(envelope),
        **columns(payload(event, PartName.BODY, LeadAssessed), *of_body),
        **columns(words, *prose),
        "links": None if isinstance(words, Erased) else text_of(words.links),
    }
    parts = {PartName.BODY: of_body, PartName.PERSONAL: (*prose, "links")}
    return [Insert("view_assessment", (row,), "event", parts)]


def _stated(envelope: Envelope) -> dict[str, str]:
    return {"stated_at": envelope.recorded_at, "stated_by": actor(envelope)}


PROJECTORS: Mapping[str, Callable[[Event], Sequence[Effect]]] = {
    "document.versioned": document_versioned,
    "document.approved": document_approved,
    "inquiry.opened": inquiry_opened,
    "inquiry.closed": inquiry_closed,
    "statement.made": statement_made,
    "keyword.added": keyword_added,
    "search.recorded": search_recorded,
    "lead.linked": lead_linked,
    "lead.assessed": lead_assessed,
}
