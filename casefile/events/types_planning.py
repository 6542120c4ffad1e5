"""Event types of preparation, inquiries and preliminary assessment: what their parts hold."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import Field

from casefile.events.event_type import EventType
from casefile.model import Text, Value
from casefile.vocabulary_planning import (
    AssessmentForm,
    BetterVersion,
    Closing,
    Decision,
    Direction,
    Level,
    Reliability,
    SearchResult,
    StatementKind,
)


class InquiryWords(Value):
    """What an inquiry is to answer, what for, and the task that it belongs to."""

    question: Text
    why: Text = ""
    task: Text = ""


class StatementMade(Value):
    """Something held about an inquiry's question. `rests_on` and `replaces` are ids of statements and items."""

    kind: StatementKind
    rests_on: tuple[Text, ...] = ()
    replaces: Text | None = None


class StatementWords(Value):
    """What is stated, and how it is known."""

    text: Text
    basis: Text = ""


class KeywordsAdded(Value):
    """Terms in one language and script."""

    language: Text
    script: Text
    direction: Direction


class KeywordWords(Value):
    """The terms: they can name people."""

    terms: tuple[Text, ...]


class SearchRecorded(Value):
    """One search: `occurred_at` is when it was made (RFC 3339), which can be long before it was recorded."""

    engine: Text
    browser: Text = ""
    language: Text = ""
    result: SearchResult
    hits: int | None = Field(default=None, ge=0)
    occurred_at: Text


class SearchWords(Value):
    """What was asked for, and how what is relevant was reached."""

    terms: Text
    operators: Text = ""
    pathway: Text = ""


class InquiryClosed(Value):
    """How an inquiry ended."""

    outcome: Closing


class LeadAssessed(Value):
    """A preliminary assessment of a lead; `number` counts those of one lead from 1."""

    number: int = Field(ge=1)
    form: AssessmentForm
    decision: Decision
    reliability: Reliability
    removal: Level | None = None
    better_version: BetterVersion


class AssessmentWords(Value):
    """The grounds of an assessment; `links` are pairs of kind and value."""

    relevance: Text
    links: tuple[tuple[Text, Text], ...] = ()
    reliability_basis: Text = ""
    removal_grounds: Text = ""
    safety: Text = ""
    duties: Text = ""
    precautions: Text = ""
    reason: Text = ""


class DocumentApproved(Value):
    """A version of a document was approved: which one."""

    kind: Text
    name: Text
    number: int = Field(ge=1)


class Reason(Value):
    """Why something was done, in words of a person."""

    why: Text = ""


PLANNING: Mapping[tuple[str, int], EventType] = {
    ("document.approved", 1): EventType(DocumentApproved, Reason),
    ("inquiry.opened", 1): EventType(personal=InquiryWords),
    ("inquiry.closed", 1): EventType(InquiryClosed, Reason),
    ("statement.made", 1): EventType(StatementMade, StatementWords),
    ("keyword.added", 1): EventType(KeywordsAdded, KeywordWords),
    ("search.recorded", 1): EventType(SearchRecorded, SearchWords),
    ("lead.linked", 1): EventType(personal=Reason),
    ("lead.assessed", 1): EventType(LeadAssessed, AssessmentWords),
}
