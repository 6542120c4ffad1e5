"""Writing a record book: what the person of this run may see, entry by entry, so that its length costs no memory."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from casefile.ids import CLAIM, format_number
from casefile.model import Value
from casefile.records.assessments import (
    ClaimRecord,
    StepRecord,
    items_after,
    list_claims,
    list_corrections,
)
from casefile.records.engine import reading
from casefile.records.inquiries import (
    InquiryRecord,
    list_inquiries,
    list_keywords,
    list_searches,
    list_statements,
)
from casefile.records.leads import known_leads, list_assessments, origins
from casefile.records.people import names_of
from casefile.records.queries import ItemFilter, investigation_title, list_items
from casefile.vocabulary import Pathway
from casefile.vocabulary_planning import DocumentKind
from casefile.vocabulary_verification import ClaimKind
from pipelines.book import (
    SECTIONS,
    BookApproval,
    BookClaim,
    BookConclusion,
    BookDocument,
    BookInquiry,
    BookItem,
    BookLead,
    BookOrigin,
    BookReview,
    BookStep,
    write_json,
    write_toml,
)
from pipelines.book_of_items import classes_of, elements_of, guards_of
from pipelines.book_sheets import sheet_of_assessment, sheet_of_conclusion, sheet_of_step, with_names
from pipelines.documents import Version, all_documents
from pipelines.inquiries_seen import ENDED, inquiries_seen, statements_seen
from pipelines.report_files import new_file
from pipelines.services import Services
from pipelines.sight import conclusions_seen, look, viewer_of

PAGE = 200
PRIVATE = 0o600


@dataclass(frozen=True, slots=True)
class Written:
    """A book that was written: entries by section, and how many entries were left out because they were erased."""

    path: Path
    entries: Mapping[str, int]
    erased: int


def write_book(services: Services, to: Path) -> Written:
    """Write everything that this person may see into a new file: TOML where its name ends so, else JSON.

    Raises UsageError when there is something at that place already.
    """
    with reading(services.engine) as rows:
        heading = {"investigation": services.log.id, "title": investigation_title(rows) or ""}
    writing = _Writing(services)
    write = write_toml if to.suffix == ".toml" else write_json
    with new_file(to) as stream:
        os.fchmod(stream.fileno(), PRIVATE)
        write(heading, writing.entries(), stream)
    return Written(to, dict(writing.counts), writing.erased)


@dataclass(slots=True)
class _Writing:
    """The entries in the order of SECTIONS. Items that nothing names are left out."""

    services: Services
    counts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(SECTIONS, 0))
    erased: int = 0

    def entries(self) -> Iterator[tuple[str, Value]]:
        with reading(self.services.engine) as rows:
            people = names_of(rows)
        parts: Mapping[str, Iterable[Value]] = {
            "items": self._items(),
            "document": self._documents(),
            "approval": self._approvals(),
            "inquiry": self._inquiries(people),
            "lead": self._leads(people),
            "guard": guards_of(self.services, people),
            "element": elements_of(self.services),
            "claim": self._claims(people),
            "step": self._steps(people),
            "review": self._reviews(people),
            "conclusion": self._conclusions(people),
        }
        for section in SECTIONS:
            for entry in parts[section]:
                self.counts[section] += 1
                yield section, entry

    def _pages(self) -> Iterator[list[str]]:
        """The ids of all items, page by page."""
        after = 0
        while True:
            with reading(self.services.engine) as rows:
                page = items_after(rows, after, PAGE)
            if not page:
                return
            after = page[-1].number
            yield [one.id for one in page]

    def _items(self) -> Iterator[BookItem]:
        for page in self._pages():
            with reading(self.services.engine) as rows:
                found = list_items(rows, ItemFilter(ids=tuple(page)))
            classes = classes_of(self.services, page)
            for one in found:
                yield BookItem(
                    number=one.label,
                    id=one.id,
                    sha256=one.sha256 or "",
                    locator=one.locator or "",
                    item_class=classes.get(one.id, ""),
                )

    def _versions(self) -> Iterator[Version]:
        for version in all_documents(self.services, every_version=True):
            if version.document.text is None:
                self.erased += 1
            else:
                yield version

    def _documents(self) -> Iterator[BookDocument]:
        for version in self._versions():
            one = version.document
            yield BookDocument(
                kind=DocumentKind(one.kind or ""),
                name=version.named(one.name or ""),
                number=one.number or 1,
                by=version.named(one.stated_by),
                at=one.stated_at,
                sheet=with_names(version.fields, version),
            )

    def _approvals(self) -> Iterator[BookApproval]:
        for version in all_documents(self.services, every_version=True):
            one = version.document
            for act in version.approvals:
                yield BookApproval(
                    kind=one.kind or "",
                    name=version.named(one.name or ""),
                    number=one.number or 1,
                    by=version.named(act.stated_by),
                    at=act.stated_at,
                    reason=act.why or "",
                )

    def _inquiries(self, people: Mapping[str, str]) -> Iterator[BookInquiry]:
        with reading(self.services.engine) as rows:
            inquiries = inquiries_seen(rows, list_inquiries(rows), viewer_of(self.services))
            statements = list_statements(rows)
            seen = statements_seen(rows, statements, viewer_of(self.services))
        asked = {one.id for one in inquiries if one.question is not None}
        # What is hidden or erased is in no book, and a book that names it could not be taken in.
        labels = dict.fromkeys((one.event for one in statements), "")
        labels |= {one.event: one.label for one in seen if one.text is not None and one.inquiry in asked}
        for one in inquiries:
            if one.question is None:
                self.erased += 1
            else:
                yield self._inquiry(one, labels, people)

    def _inquiry(self, one: InquiryRecord, labels: Mapping[str, str], people: Mapping[str, str]) -> BookInquiry:
        """`labels` are the numbers of all statements, empty of those that are in no book."""
        with reading(self.services.engine) as rows:
            statements = statements_seen(rows, list_statements(rows, one.id), viewer_of(self.services))
            keywords, searches = list_keywords(rows, one.id), list_searches(rows, one.id)
            rests = [text for said in statements for text in said.rests_on if text not in labels]
            items = {item.id: item.label for item in list_items(rows, ItemFilter(ids=tuple(rests)))} if rests else {}
        known = {**labels, **items}
        self.erased += sum(said.text is None for said in statements) + sum(said.terms is None for said in searches)
        return BookInquiry(
            number=one.label,
            by=people.get(one.stated_by, one.stated_by),
            at=one.stated_at,
            sheet={"question": one.question, "why": one.why or "", "task": one.task or ""},
            statement=tuple(
                {
                    "number": said.label,
                    "kind": said.kind,
                    "text": said.text,
                    "basis": said.basis or "",
                    "rests_on": [name for text in said.rests_on if (name := known.get(text, text))],
                    "replaces": labels.get(said.replaces or "", ""),
                }
                for said in statements
                if said.text is not None
            ),
            keywords=tuple(
                {"language": said.language, "script": said.script, "direction": said.direction, "terms": said.terms}
                for said in keywords
                if said.terms
            ),
            search=tuple(
                {
                    "number": said.label,
                    "engine": said.engine,
                    "terms": said.terms,
                    "operators": said.operators or "",
                    "pathway": said.pathway or "",
                    "browser": said.browser or "",
                    "result": said.result,
                    "at": said.occurred_at,
                    **({"language": said.language} if said.language else {}),
                    **({"hits": said.hits} if said.hits is not None else {}),
                }
                for said in searches
                if said.terms is not None
            ),
            ending=_ending(one),
        )

    def _leads(self, people: Mapping[str, str]) -> Iterator[BookLead]:
        with reading(self.services.engine) as rows:
            inquiries = {one.id: one.label for one in list_inquiries(rows)}
            searches = {one.event: one.label for one in list_searches(rows)}
            leads, came = known_leads(rows), origins(rows)
        for lead in leads:
            if lead.pathway == Pathway.HANDED_OVER or not lead.locator:
                continue
            with reading(self.services.engine) as rows:
                assessed = list_assessments(rows, lead.id)
            yield BookLead(
                number=lead.label,
                by=people.get(lead.added_by, lead.added_by),
                at=lead.added_at,
                locator=lead.locator,
                why=lead.why or "",
                origin=tuple(
                    BookOrigin(
                        inquiry=inquiries.get(one.inquiry or "", ""),
                        search=searches.get(one.search or "", ""),
                        person=people.get(one.person or "", ""),
                        why=one.why or "",
                    )
                    for one in came.get(lead.id, ())
                ),
                assessment=tuple(
                    sheet_of_assessment(place, one) for place, one in enumerate(assessed) if one.relevance
                ),
            )

    def _all_claims(self) -> list[ClaimRecord]:
        with reading(self.services.engine) as rows:
            return list_claims(rows)

    def _claims(self, people: Mapping[str, str]) -> Iterator[BookClaim]:
        for one in self._all_claims():
            if one.text is None:
                self.erased += 1
                continue
            with reading(self.services.engine) as rows:
                items = list_items(rows, ItemFilter(ids=one.items))
            yield BookClaim(
                number=one.label,
                by=people.get(one.stated_by, one.stated_by),
                at=one.stated_at,
                kind=ClaimKind(one.kind or ClaimKind.FACT),
                text=one.text,
                speaker=one.speaker or "",
                items=tuple(item.label for item in items),
            )

    def _steps(self, people: Mapping[str, str]) -> Iterator[BookStep]:
        claims = {one.claim: format_number(one.number, CLAIM) for one in self._all_claims()}
        viewer = viewer_of(self.services)
        for page in self._pages():
            with reading(self.services.engine) as rows:
                seen = look(rows, page, viewer)
                steps = [step for item in page for step in seen[item].steps]
                reasons = {one.correction: one.reason or "" for one in list_corrections(rows, [s.event for s in steps])}
                named = {item for step in steps for item in (step.item, *_named(step))}
                labels = {one.id: one.label for one in list_items(rows, ItemFilter(ids=tuple(named)))} if named else {}
            for step in steps:
                if step.body is None or step.words is None:
                    self.erased += 1
                    continue
                yield BookStep(
                    event=step.event,
                    item=labels[step.item],
                    by=people.get(step.recorded_by, step.recorded_by),
                    at=step.recorded_at,
                    replaces=step.replaces or "",
                    reason=reasons.get(step.event, ""),
                    sheet=sheet_of_step(step, labels, claims),
                )

    def _reviews(self, people: Mapping[str, str]) -> Iterator[BookReview]:
        viewer = viewer_of(self.services)
        for page in self._pages():
            with reading(self.services.engine) as rows:
                seen = look(rows, page, viewer)
                labels = {one.id: one.label for one in list_items(rows, ItemFilter(ids=tuple(page)))}
            for act in (act for item in page for act in seen[item].acts):
                yield BookReview(
                    item=labels[act.item],
                    act=act.act,
                    person=people.get(act.person or "", ""),
                    by=people.get(act.done_by, act.done_by),
                    at=act.done_at,
                    reason=act.reason or "",
                )

    def _conclusions(self, people: Mapping[str, str]) -> Iterator[BookConclusion]:
        for claim in self._all_claims():
            with reading(self.services.engine) as rows:
                drawn = conclusions_seen(rows, [claim], viewer_of(self.services))[claim.claim]
                reasons = {one.correction: one.reason or "" for one in list_corrections(rows, [d.event for d in drawn])}
            for one in drawn:
                if one.body is None or one.words is None:
                    self.erased += 1
                    continue
                yield BookConclusion(
                    event=one.event,
                    claim=claim.label,
                    by=people.get(one.drawn_by, one.drawn_by),
                    at=one.drawn_at,
                    replaces=one.replaces or "",
                    reason=reasons.get(one.event, ""),
                    sheet=sheet_of_conclusion(one),
                )


def _ending(one: InquiryRecord) -> Mapping[str, str] | None:
    """How an inquiry ended; None for one that is open, or whose ending waits."""
    if not one.closed_at or one.closing in (None, ENDED):
        return None
    return {"outcome": one.closing, "reason": one.closed_why or ""}


def _named(step: StepRecord) -> tuple[str, ...]:
    body, words = step.body or {}, step.words or {}
    listed = (*body.get("regions", ()), *words.get("quotes", ()))
    return (*(one["item"] for one in listed), *body.get("cites", ()))
