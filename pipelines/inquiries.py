"""Online inquiries: opened, added to and closed. Nothing is overwritten, so two people can add at the same time."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from casefile.clock import parse_rfc3339, rfc3339
from casefile.errors import UsageError
from casefile.events.envelope import EventOutcome, Subject
from casefile.events.port import Draft, draft
from casefile.events.types_planning import (
    InquiryClosed,
    InquiryWords,
    KeywordsAdded,
    KeywordWords,
    Reason,
    SearchRecorded,
    SearchWords,
    StatementMade,
    StatementWords,
)
from casefile.ids import machine_event_id, parse_number
from casefile.preparation.fields import filled_in
from casefile.preparation.inquiries import (
    Coverage,
    Ending,
    InquirySheet,
    Keywords,
    Question,
    Search,
    Statement,
    coverage,
    left_out,
    one_sided,
)
from casefile.records.engine import Connection, reading
from casefile.records.inquiries import (
    InquiryRecord,
    KeywordRecord,
    SearchRecord,
    StatementRecord,
    find_inquiry,
    find_statements,
    list_inquiries,
    list_keywords,
    list_searches,
    list_statements,
)
from casefile.records.leads import KnownLead, known_leads, leads_of
from casefile.records.queries import find_items
from casefile.refusals import FieldRefused, UnknownRecord
from casefile.vocabulary_planning import StatementKind
from pipelines.documents import landscape_languages
from pipelines.inquiries_seen import inquiries_seen, statements_seen
from pipelines.services import Services
from pipelines.sight import viewer_of

HOLDS = frozenset({StatementKind.FACT, StatementKind.FINDING})
"""What a finding may rest on."""


@dataclass(frozen=True, slots=True)
class Inquiry:
    """An inquiry with all that was added to it."""

    inquiry: InquiryRecord
    statements: tuple[StatementRecord, ...]
    keywords: tuple[KeywordRecord, ...]
    searches: tuple[SearchRecord, ...]
    leads: tuple[KnownLead, ...]
    coverage: Coverage


def open_inquiry(services: Services, given: object) -> InquiryRecord:
    """Open an inquiry; `given` are the fields of a Question. Raises FieldRefused, such as without a question."""
    question = filled_in(Question, given, "inquiry")
    inquiry = services.clock.mint()
    services.append(_opening(inquiry, question))
    return _read(services, inquiry)


def add_to_inquiry(services: Services, text: str, given: object) -> InquiryRecord:
    """Add statements, keywords and searches, all of them or none. `text` names the inquiry; empty opens a new one.

    Raises FieldRefused, UnknownRecord, and UsageError for an inquiry that is closed.
    """
    sheet = filled_in(InquirySheet, given, "inquiry")
    drafts: list[Draft] = []
    if text:
        known = _still_open(services, text)
        if sheet.question and sheet.question != known.question:
            raise FieldRefused("inquiry", (("question", f"is not the question of {known.label}"),))
        inquiry = known.id
    else:
        opening = {"question": sheet.question, "why": sheet.why, "task": sheet.task}
        inquiry = services.clock.mint()
        drafts.append(_opening(inquiry, filled_in(Question, opening, "inquiry")))
    drafts += [_stating(services, inquiry, one) for one in sheet.statement]
    drafts += [_adding(inquiry, one) for one in sheet.keywords]
    drafts += [_searching(services, inquiry, one) for one in sheet.search]
    services.append(*drafts, within=lambda connection: _require_open(connection, inquiry))
    return _read(services, inquiry)


def close_inquiry(services: Services, text: str, given: object) -> InquiryRecord:
    """End an inquiry with an outcome and a reason; raises as `add_to_inquiry`."""
    ending = filled_in(Ending, given, "inquiry")
    known = _still_open(services, text)
    closing = draft(
        "inquiry.closed",
        Subject(kind="inquiry", id=known.id),
        body=InquiryClosed(outcome=ending.outcome),
        personal=Reason(why=ending.reason),
        # The outcome is the same however it ended: an envelope is seen by everybody.
        outcome=EventOutcome(status="closed"),
        id=machine_event_id(services.log.id, known.id, "inquiry.closed", 1),
    )
    services.append(closing)
    found = _read(services, known.id)
    if (found.closed_by, found.closed_why) != (services.person_id, ending.reason):
        raise UsageError(f"inquiry {found.label} was closed by somebody else at this moment")
    return found


def describe_inquiry(services: Services, text: str) -> Inquiry:
    """An inquiry in full, with what its keywords and searches leave out."""
    viewer = viewer_of(services)
    with reading(services.engine) as connection:
        (inquiry,) = inquiries_seen(connection, [find_inquiry(connection, text)], viewer)
        keywords, searches = list_keywords(connection, inquiry.id), list_searches(connection, inquiry.id)
        return Inquiry(
            inquiry,
            tuple(statements_seen(connection, list_statements(connection, inquiry.id), viewer)),
            tuple(keywords),
            tuple(searches),
            tuple(known_leads(connection, ids=leads_of(connection, inquiry=inquiry.id))),
            _covered(keywords, searches, landscape_languages(connection)),
        )


def coverage_of(connection: Connection, inquiry: str = "") -> Coverage:
    """What the keywords and searches of one inquiry, or of all, leave out."""
    keywords, searches = list_keywords(connection, inquiry), list_searches(connection, inquiry)
    return _covered(keywords, searches, landscape_languages(connection))


def keywords_lack(connection: Connection) -> list[str]:
    """What the keywords of all inquiries leave out, in words."""
    return list(left_out(coverage_of(connection).languages, landscape_languages(connection)))


def searches_lack(connection: Connection) -> list[str]:
    """How the searches of all inquiries are one-sided, in words."""
    return list(one_sided(_made(list_searches(connection))))


def lag_s(search: SearchRecord) -> int:
    """Seconds between a search and its record; 0 for one that was recorded as it was made."""
    if search.occurred_at is None:
        return 0
    return max(0, round((parse_rfc3339(search.stated_at) - parse_rfc3339(search.occurred_at)).total_seconds()))


def plain(found: Inquiry) -> dict[str, Any]:
    """An inquiry as JSON gives it."""
    return {
        **asdict(found.inquiry),
        "number": found.inquiry.label,
        "statement": [{**asdict(one), "number": one.label} for one in found.statements],
        "keywords": [asdict(one) for one in found.keywords],
        "search": [{**asdict(one), "number": one.label, "lag_s": lag_s(one)} for one in found.searches],
        "leads": [{"id": one.id, "number": one.label, "locator": one.locator} for one in found.leads],
        "coverage": asdict(found.coverage),
    }


def require_support(connection: Connection, rests_on: Iterable[str], viewer: str) -> tuple[str, ...]:
    """The ids of what a finding rests on: statements by id or number, items by theirs.

    Raises FieldRefused for an assumption or an unknown, which cannot support a finding (Berkeley Protocol, ¶142b), and
    UnknownRecord for what `viewer` may not see.
    """
    ids = []
    for text in rests_on:
        if parse_number(text) is not None:
            ids.append(find_items(connection, [text])[0].id)
            continue
        statement = _seen_statement(connection, text, viewer)
        if statement.kind not in HOLDS:
            rule = f"{statement.label} is an {statement.kind or 'erased statement'}, on which no finding can rest"
            raise FieldRefused("statement", (("rests_on", rule),))
        ids.append(statement.event)
    return tuple(ids)


def _seen_statement(connection: Connection, text: str, viewer: str) -> StatementRecord:
    found = find_statements(connection, [text])
    if not statements_seen(connection, found, viewer):
        raise UnknownRecord("statement", text, "inquiry show INQUIRY")
    return found[0]


def _covered(keywords: Sequence[KeywordRecord], searches: Sequence[SearchRecord], languages: Sequence[str]) -> Coverage:
    terms = [
        Keywords.model_construct(language=one.language, script=one.script, direction=one.direction, terms=one.terms)
        for one in keywords
        if one.language
    ]
    return coverage(terms, _made(searches), languages)


def _made(searches: Sequence[SearchRecord]) -> list[Search]:
    return [
        Search.model_construct(engine=one.engine, browser=one.browser or "", terms="", result=one.result)
        for one in searches
        if one.engine
    ]


def _opening(inquiry: str, question: Question) -> Draft:
    words = InquiryWords(question=question.question, why=question.why, task=question.task)
    return draft("inquiry.opened", Subject(kind="inquiry", id=inquiry), personal=words)


def _stating(services: Services, inquiry: str, statement: Statement) -> Draft:
    with reading(services.engine) as connection:
        viewer = viewer_of(services)
        rests_on = require_support(connection, statement.rests_on, viewer)
        replaced = _seen_statement(connection, statement.replaces, viewer) if statement.replaces else None
    if replaced is not None and replaced.inquiry != inquiry:
        raise FieldRefused("statement", (("replaces", f"{replaced.label} belongs to another inquiry"),))
    body = StatementMade(kind=statement.kind, rests_on=rests_on, replaces=replaced.event if replaced else None)
    words = StatementWords(text=statement.text, basis=statement.basis)
    return draft("statement.made", Subject(kind="inquiry", id=inquiry), body=body, personal=words)


def _adding(inquiry: str, keywords: Keywords) -> Draft:
    body = KeywordsAdded(language=keywords.language, script=keywords.script, direction=keywords.direction)
    subject = Subject(kind="inquiry", id=inquiry)
    return draft("keyword.added", subject, body=body, personal=KeywordWords(terms=keywords.terms))


def _searching(services: Services, inquiry: str, search: Search) -> Draft:
    now = services.clock.read().wall
    made = parse_rfc3339(search.at) if search.at else now
    if made > now:
        raise FieldRefused("search", (("at", f"{search.at} is still to come"),))
    body = SearchRecorded(
        engine=search.engine,
        browser=search.browser,
        language=search.language or "",
        result=search.result,
        hits=search.hits,
        occurred_at=rfc3339(made),
    )
    words = SearchWords(terms=search.terms, operators=search.operators, pathway=search.pathway)
    return draft("search.recorded", Subject(kind="inquiry", id=inquiry), body=body, personal=words)


def _still_open(services: Services, text: str) -> InquiryRecord:
    with reading(services.engine) as connection:
        known = find_inquiry(connection, text)
        _require_open(connection, known.id)
    return known


def _require_open(connection: Connection, inquiry: str) -> None:
    known = find_inquiry(connection, inquiry)
    if known.closed_at:
        raise UsageError(f"inquiry {known.label} was closed; open another with `inquiry open`")


def _read(services: Services, inquiry: str) -> InquiryRecord:
    with reading(services.engine) as connection:
        return find_inquiry(connection, inquiry)


def list_all(services: Services) -> list[InquiryRecord]:
    """Every inquiry, as the person of this run may see it."""
    with reading(services.engine) as connection:
        return inquiries_seen(connection, list_inquiries(connection), viewer_of(services))
