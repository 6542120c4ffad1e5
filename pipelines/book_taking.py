"""Taking a record book over: every entry is judged before the first is recorded, then recorded in the book's order.

What is taken over is recorded by the person of this run, with the rules and gates that hold for anybody. Approvals and
reviews are acts that nobody can repeat for others: they are counted and left.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path
from typing import Any

from casefile.errors import GateRefused, UnknownItem, UsageError
from casefile.events.envelope import EventOutcome
from casefile.events.port import draft
from casefile.events.types import CustodyChanged
from casefile.preparation.assessment import assessment
from casefile.preparation.fields import filled_in
from casefile.preparation.inquiries import Ending, Keywords, Question, Search, Statement
from casefile.preparation.policies import Roles, Task
from casefile.preparation.sheets import BASED_ON, read_document, text_of
from casefile.records.acts import list_acts
from casefile.records.documents import list_documents
from casefile.records.engine import reading
from casefile.records.inquiries import list_searches, list_statements
from casefile.records.leads import known_leads
from casefile.records.people import find_person
from casefile.records.queries import find_items, items_of_digest
from casefile.refusals import FieldRefused
from casefile.vocabulary import GateMode, Pathway, Strand
from casefile.vocabulary_planning import DocumentKind
from casefile.vocabulary_verification import Check, ItemClass
from pipelines.assessing import Source, find_leads, link_lead, record_assessments
from pipelines.book import FOR_READING, SECTIONS, Book, BookClaim, BookConclusion, BookInquiry, BookLead, BookStep
from pipelines.book_of_items import (
    items_named,
    judge_element,
    judge_guard,
    take_class,
    take_element,
    take_guard,
)
from pipelines.book_reading import counts, items_of, read_book, supports_of, where, without
from pipelines.concluding import conclude, state_claim
from pipelines.documents import record_document, with_ids
from pipelines.inquiries import add_to_inquiry, close_inquiry, open_inquiry
from pipelines.leads import Candidate, Origin, add_leads
from pipelines.services import Services
from pipelines.sight import states_of
from pipelines.verifying import Judged, correct_step, judged_step, record_judged, require_person
from verification.checklists import KINDS
from verification.steps import NewStep, chosen
from verification.wording import text_field

TAKEN_OVER = "records taken over"
BY_HAND = Pathway.BY_HAND
TOGETHER = 500
"""Entries that are recorded in one append."""


@dataclass(frozen=True, slots=True)
class Taken:
    """What was recorded, by section; what was left because it can only be read, or was here already."""

    recorded: Mapping[str, int]
    left: Mapping[str, int]


def take_book(services: Services, path: Path) -> Taken:
    """Record everything of a book, or nothing where an entry breaks a rule, names what is not here, or meets a gate,
    or where the disk fails before the end. A book that is recorded already, as it may be although the disk failed at
    the very end, is refused: nothing is recorded twice.

    Everything is judged before the write lock is taken, which others wait for while the book is recorded.

    Raises FieldRefused naming the entry, UnknownItem, UnknownPerson, GateRefused, UsageError.
    """
    require_person(services)
    book, digest = read_book(path)
    taking = _Taking(services, book)
    _require_new(services, digest)
    taking.judge()
    # What takes long is done by now: nobody else records anything until this block ends.
    with services.together() as whole:
        _require_new(whole, digest)
        taking.services = whole
        return _take(taking, digest)


def _require_new(services: Services, digest: str) -> None:
    """Raise UsageError where a book of this digest was taken over before."""
    with reading(services.engine) as rows:
        for act in list_acts(rows, "custody.changed"):
            said = json.loads(act.body or "{}")
            if said.get("act") == TAKEN_OVER and f"from {digest} of " in said.get("detail", ""):
                raise UsageError(f"this book was taken over already, at {act.done_at[:19]}: {said['detail']}")


def _take(taking: _Taking, digest: str) -> Taken:
    book = taking.book
    taking.record()
    left = {name: len(getattr(book, name)) for name in FOR_READING} | {"document": taking.known}
    counts = {name: count for name, count in taking.counts.items() if count}
    said = ", ".join(f"{count} {name}" for name, count in counts.items()) or "nothing new"
    body = CustodyChanged(act=TAKEN_OVER, detail=f"{said}, from {digest} of {book.investigation or 'a draft'}")
    taking.services.append(draft("custody.changed", body=body, outcome=EventOutcome(status="done")))
    return Taken(counts, {name: count for name, count in left.items() if count})


@dataclass(slots=True)
class _Taking:
    """The book's names and what they are here: items, inquiries, statements, searches, claims, steps; `judged` has the
    parts of each step by its place, and `judged_steps` their names.
    """

    services: Services
    book: Book
    names: dict[str, str] = field(default_factory=dict)
    judged: list[Judged] = field(default_factory=list)
    judged_steps: set[str] = field(default_factory=set)
    counts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(SECTIONS, 0))
    known: int = 0

    def judge(self) -> None:
        """Hold every entry to its rules; nothing is recorded."""
        self._find_items()
        declared: set[str] = set()
        for place, one in enumerate(self.book.document):
            with where(f"document.{place}"):
                document, _based_on = read_document(one.kind, one.sheet)
                self._require_person(one.name if one.kind is DocumentKind.CONFLICTS else "")
                for assigned in document.assignment if isinstance(document, Roles) else ():
                    self._require_person(assigned.person)
                self._require_person(document.person if isinstance(document, Task) else "")
        for place, inquiry in enumerate(self.book.inquiry):
            with where(f"inquiry.{place}"):
                declared |= self._judge_inquiry(inquiry, declared)
        for place, lead in enumerate(self.book.lead):
            with where(f"lead.{place}"):
                self._judge_lead(lead, declared)
        for place, item in enumerate(self.book.items):
            with where(f"items.{place}"):
                if item.item_class:
                    chosen("item_class", ItemClass, item.item_class)
        for place, guard in enumerate(self.book.guard):
            with where(f"guard.{place}"):
                judge_guard(guard, self.names)
        for place, element in enumerate(self.book.element):
            with where(f"element.{place}"):
                judge_element(element, self.names)
        for place, claim in enumerate(self.book.claim):
            with where(f"claim.{place}"):
                self._judge_claim(claim)
        claims = {one.number: one for one in self.book.claim}
        for place, step in enumerate(self.book.step):
            with where(f"step.{place}"):
                self._judge_step(step, claims)
                self.judged_steps.add(step.event)
        for place, drawn in enumerate(self.book.conclusion):
            with where(f"conclusion.{place}"):
                self._judge_conclusion(drawn, claims)

    def record(self) -> None:
        """Record what was judged, in the book's order."""
        for document in self.book.document:
            self._document(document.kind, document.name, document.sheet)
        for inquiry in self.book.inquiry:
            self._inquiry(inquiry)
        self._leads()
        for item in self.book.items:
            if item.item_class:
                take_class(self.services, self.names[item.number], item.item_class)
        for guard in self.book.guard:
            self.counts["guard"] += take_guard(self.services, guard, self.names[guard.item])
        for element in self.book.element:
            take_element(self.services, element, self.names)
            self.counts["element"] += 1
        for claim in self.book.claim:
            items = [self.names[item] for item in claim.items]
            made = state_claim(self.services, claim.text, items, claim.kind, claim.speaker)
            self.names[claim.number] = made.claim
            self.counts["claim"] += 1
        self._steps()
        for drawn in self.book.conclusion:
            self._conclusion(drawn)

    def _find_items(self) -> None:
        """Every item that an entry names, found by its id, else by its digest; raises UnknownItem."""
        listed = {one.number: one for one in self.book.items}
        named = {item for claim in self.book.claim for item in claim.items}
        named |= {item for step in self.book.step for item in (step.item, *items_of(step.sheet))}
        named |= {text for one in self.book.inquiry for said in one.statement for text in supports_of(said)}
        named |= items_named(self.book.guard, self.book.element, self.book.items)
        with reading(self.services.engine) as rows:
            for name in sorted(named):
                if name in listed:
                    found = items_of_digest(rows, listed[name].id, listed[name].sha256)
                    if len(found) != 1:
                        raise UnknownItem(f"{name} ({listed[name].sha256 or listed[name].id})")
                    self.names[name] = find_items(rows, found)[0].label
                elif name.upper().startswith("I-"):
                    self.names[name] = find_items(rows, [name])[0].label

    def _require_person(self, name: str) -> None:
        if name:
            with reading(self.services.engine) as rows:
                find_person(rows, name)

    def _judge_inquiry(self, one: BookInquiry, before: set[str]) -> set[str]:
        filled_in(Question, one.sheet, "sheet")
        declared: set[str] = {one.number}
        for said in one.statement:
            stated = filled_in(Statement, without(said, "number"), "statement")
            for name in (*stated.rests_on, *filter(None, (stated.replaces,))):
                if name not in before | declared and name not in self.names:
                    raise FieldRefused("statement", (("rests_on", f"{name} is not in this book before it"),))
            declared.add(str(said.get("number", "")))
        for said in one.keywords:
            filled_in(Keywords, said, "keywords")
        for said in one.search:
            filled_in(Search, without(said, "number"), "search")
            declared.add(str(said.get("number", "")))
        if one.ending is not None:
            filled_in(Ending, one.ending, "ending")
        return declared

    def _judge_lead(self, one: BookLead, declared: set[str]) -> None:
        for place, sheet in enumerate(one.assessment):
            if assessment(sheet).revises != place:
                raise FieldRefused("assessment", (("revises", "counts the assessments of a lead, from 0"),))
        for origin in one.origin:
            self._require_person(origin.person)
            for name in filter(None, (origin.inquiry, origin.search)):
                if name not in declared:
                    raise FieldRefused("origin", (("inquiry", f"{name} is not in this book"),))

    def _judge_claim(self, one: BookClaim) -> None:
        text_field("text", one.text, limit=4_000, required="a claim is one assertion that can be checked")
        for item in one.items:
            if item not in self.names:
                raise UnknownItem(item)

    def _judge_step(self, one: BookStep, claims: Mapping[str, BookClaim]) -> None:
        if one.sheet.claim and one.sheet.claim not in claims:
            raise FieldRefused("sheet", (("claim", f"{one.sheet.claim} is not in this book"),))
        item = self.names.get(one.item)
        if item is None:
            raise UnknownItem(one.item)
        judged = judged_step(self.services, item, self._sheet(one.sheet).model_copy(update={"claim": ""}))
        self.judged.append(judged)
        if one.replaces and (one.replaces not in self.judged_steps or not one.reason.strip()):
            raise FieldRefused("step", (("replaces", "names an earlier step of this book, with a reason"),))
        with reading(self.services.engine) as rows:
            state = states_of(rows, [judged[0].id])[judged[0].id]
        if state.locked or state.handed_in(self.services.person_id):
            raise GateRefused("handed-in", f"{one.item} takes no step of yours now")

    def _judge_conclusion(self, one: BookConclusion, claims: Mapping[str, BookClaim]) -> None:
        about = claims.get(one.claim)
        if about is None:
            raise FieldRefused("conclusion", (("claim", f"{one.claim} is not in this book"),))
        for name in (*one.sheet.supporting, *one.sheet.contrary):
            if name not in self.judged_steps:
                raise FieldRefused("sheet", (("supporting", f"step {name} is not in this book"),))
        done = {KINDS[Check(step.sheet.check)].strand for step in self.book.step if counts(step, about)}
        without = [strand for strand in Strand if strand not in done and strand not in one.sheet.not_applicable]
        if without and not one.sheet.override:
            raise GateRefused("three-strands", f"no step of this book is in: {', '.join(without)} (paragraph 176)")
        enforced = self.services.settings.gates.mode is GateMode.ENFORCE
        if enforced and not one.sheet.override:
            raise GateRefused("second-assessment", "what is taken over was not assessed a second time here")

    def _document(self, kind: DocumentKind, name: str, sheet: Mapping[str, Any]) -> None:
        document, _based_on = read_document(kind, sheet)
        with reading(self.services.engine) as rows:
            stored = find_person(rows, name).id if kind is DocumentKind.CONFLICTS else name
            versions = list_documents(rows, kind, stored)
            text = text_of(kind, with_ids(rows, document))
        if text in [one.text for one in versions]:
            self.known += 1
            return
        record_document(self.services, kind, name, {**sheet, BASED_ON: len(versions)})
        self.counts["document"] += 1

    def _inquiry(self, one: BookInquiry) -> None:
        made = open_inquiry(self.services, one.sheet)
        self.names[one.number] = made.id
        for said in one.statement:
            rests_on = [self.names.get(name, name) for name in said.get("rests_on", ())]
            replaces = self.names.get(str(said.get("replaces", "")), "")
            sheet = {**without(said, "number"), "rests_on": rests_on, "replaces": replaces}
            add_to_inquiry(self.services, made.id, {"statement": [sheet]})
            with reading(self.services.engine) as rows:
                self.names[str(said.get("number", ""))] = list_statements(rows, made.id)[-1].event
        if one.keywords:
            add_to_inquiry(self.services, made.id, {"keywords": one.keywords})
        for said in one.search:
            add_to_inquiry(self.services, made.id, {"search": [without(said, "number")]})
            with reading(self.services.engine) as rows:
                self.names[str(said.get("number", ""))] = list_searches(rows, made.id)[-1].event
        if one.ending is not None:
            close_inquiry(self.services, made.id, one.ending)
        self.counts["inquiry"] += 1

    def _leads(self) -> None:
        """Leads that stand together in the book and came from the same place are added in one go."""
        for (sources, why), several in groupby(self.book.lead, self._came_from):
            leads = list(several)
            for start in range(0, len(leads), TOGETHER):
                self._lead(leads[start : start + TOGETHER], sources, why)

    def _came_from(self, one: BookLead) -> tuple[tuple[Source, ...], str]:
        """Where a lead came from; why it was named stands there too where it came from nowhere."""
        sources = tuple(
            Source(self.names.get(came.inquiry, ""), self.names.get(came.search, ""), came.person, came.why)
            for came in one.origin
        )
        return sources, "" if sources else one.why

    def _lead(self, leads: Sequence[BookLead], sources: Sequence[Source], why: str) -> None:
        locators = [one.locator for one in leads]
        if sources:
            ids = [one.id for one in find_leads(self.services, locators, sources[0])]
        else:
            ids = [str(one.id) for one in add_leads(self.services, map(Candidate, locators), Origin(BY_HAND, why=why))]
        for source in sources[1:]:
            for lead in ids:
                link_lead(self.services, lead, source)
        with reading(self.services.engine) as rows:
            known = {one.id: one for one in known_leads(rows, ids=ids)}
        for turn in range(max(len(one.assessment) for one in leads)):
            stated = [
                (known[lead], assessment(one.assessment[turn]))
                for lead, one in zip(ids, leads, strict=True)
                if turn < len(one.assessment)
            ]
            record_assessments(self.services, stated)
        self.counts["lead"] += len(leads)

    def _steps(self) -> None:
        """Steps that correct nothing are recorded together, as far as they stand together in the book."""
        places = enumerate(self.book.step)
        for corrects, several in groupby(places, lambda one: bool(one[1].replaces)):
            steps = list(several)
            for start in range(0, len(steps), TOGETHER):
                some = steps[start : start + TOGETHER]
                made = [self._corrected(one) for _place, one in some] if corrects else self._recorded(some)
                self.names |= {one.event: event for (_place, one), event in zip(some, made, strict=True)}
        self.counts["step"] += len(self.book.step)

    def _corrected(self, one: BookStep) -> str:
        made = correct_step(self.services, self.names[one.replaces], self._sheet(one.sheet), one.reason)
        self.names[one.event] = made.event
        return made.event

    def _recorded(self, steps: Sequence[tuple[int, BookStep]]) -> Sequence[str]:
        """The events of these steps, which were judged before the claims that they name were stated here."""
        judged = []
        for place, one in steps:
            item, body, words = self.judged[place]
            claim = self.names[one.sheet.claim] if one.sheet.claim else None
            judged.append((item, body.model_copy(update={"claim": claim}), words))
        return record_judged(self.services, judged)

    def _conclusion(self, one: BookConclusion) -> None:
        named = {
            name: tuple(self.names[step] for step in getattr(one.sheet, name)) for name in ("supporting", "contrary")
        }
        corrects = self.names.get(one.replaces, "")
        drawn = conclude(
            self.services,
            self.names[one.claim],
            one.sheet.model_copy(update=named),
            corrects=corrects,
            reason=one.reason if corrects else "",
        )
        self.names[one.event] = drawn.event
        self.counts["conclusion"] += 1

    def _sheet(self, sheet: NewStep) -> NewStep:
        """The same sheet with the items and the claim as they are called here."""
        regions = [
            f"{self.names[name]}{hash_}{rest}" if hash_ else name
            for name, hash_, rest in (one.partition("#") for one in sheet.regions)
        ]
        quotes = [one.model_copy(update={"item": self.names[one.item]}) if one.item else one for one in sheet.quotes]
        return sheet.model_copy(
            update={
                "regions": tuple(regions),
                "quotes": tuple(quotes),
                "cites": tuple(self.names[one] for one in sheet.cites),
                "claim": self.names.get(sheet.claim, sheet.claim),
            }
        )
