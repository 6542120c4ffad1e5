"""Taking a record book over: every entry is judged before the first is recorded, then recorded in the book's order.

What is taken over is recorded by the person of this run, with the rules and gates that hold for anybody. Approvals and
reviews are acts that nobody can repeat for others: they are counted and left.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from casefile.digests import sha256
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
from casefile.records.people import find_person
from casefile.records.queries import find_items, items_of_digest
from casefile.refusals import FieldRefused
from casefile.vocabulary import GateMode, Pathway, Strand
from casefile.vocabulary_planning import DocumentKind
from casefile.vocabulary_verification import Check
from pipelines.assessing import Source, assess_leads, find_leads, link_lead
from pipelines.book import FOR_READING, SECTIONS, Book, BookClaim, BookConclusion, BookInquiry, BookLead, BookStep
from pipelines.concluding import conclude, state_claim
from pipelines.documents import record_document, with_ids
from pipelines.filled_sheets import parse_sheet
from pipelines.inquiries import add_to_inquiry, close_inquiry, open_inquiry
from pipelines.leads import Candidate, Origin, add_leads
from pipelines.services import Services
from pipelines.sight import states_of
from pipelines.verifying import correct_step, judged_step, record_step, require_person
from pipelines.written import checked
from verification.checklists import KINDS
from verification.steps import DONE, NewStep
from verification.wording import text_field

MAX_BYTES = 64 << 20
TAKEN_OVER = "records taken over"


@dataclass(frozen=True, slots=True)
class Taken:
    """What was recorded, by section; what was left because it can only be read, or was here already."""

    recorded: Mapping[str, int]
    left: Mapping[str, int]


def read_book(path: Path) -> tuple[Book, str]:
    """The book in a file, TOML where its name ends so, else JSON; and the sha256 of the file.

    Raises UsageError for a file that cannot be read, FieldRefused for one that is no book.
    """
    try:
        with path.open("rb") as stream:
            content = stream.read(MAX_BYTES + 1)
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}") from error
    given = parse_sheet(content, path.name, as_json=path.suffix != ".toml", limit=MAX_BYTES)
    return checked(given, Book), str(sha256(content))


def take_book(services: Services, path: Path) -> Taken:
    """Record everything of a book, or nothing where an entry breaks a rule, names what is not here, or meets a gate,
    or where the disk fails before the end. A book that is recorded already, as it may be although the disk failed at
    the very end, is refused: nothing is recorded twice.

    Raises FieldRefused naming the entry, UnknownItem, UnknownPerson, GateRefused, UsageError.
    """
    require_person(services)
    book, digest = read_book(path)
    with services.together() as whole:
        return _take(whole, book, digest)


def _require_new(services: Services, digest: str) -> None:
    """Raise UsageError where a book of this digest was taken over before."""
    with reading(services.engine) as rows:
        for act in list_acts(rows, "custody.changed"):
            said = json.loads(act.body or "{}")
            if said.get("act") == TAKEN_OVER and f"from {digest} of " in said.get("detail", ""):
                raise UsageError(f"this book was taken over already, at {act.done_at[:19]}: {said['detail']}")


def _take(services: Services, book: Book, digest: str) -> Taken:
    _require_new(services, digest)
    taking = _Taking(services, book)
    taking.judge()
    taking.record()
    left = {name: len(getattr(book, name)) for name in FOR_READING} | {"document": taking.known}
    counts = {name: count for name, count in taking.counts.items() if count}
    said = ", ".join(f"{count} {name}" for name, count in counts.items()) or "nothing new"
    body = CustodyChanged(act=TAKEN_OVER, detail=f"{said}, from {digest} of {book.investigation or 'a draft'}")
    services.append(draft("custody.changed", body=body, outcome=EventOutcome(status="done")))
    return Taken(counts, {name: count for name, count in left.items() if count})


@dataclass(slots=True)
class _Taking:
    """The book's names and what they are here: items, inquiries, statements, searches, claims, steps."""

    services: Services
    book: Book
    names: dict[str, str] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(SECTIONS, 0))
    known: int = 0

    def judge(self) -> None:
        """Hold every entry to its rules; nothing is recorded."""
        self._find_items()
        declared: set[str] = set()
        for place, one in enumerate(self.book.document):
            with _where(f"document.{place}"):
                document, _based_on = read_document(one.kind, one.sheet)
                self._require_person(one.name if one.kind is DocumentKind.CONFLICTS else "")
                for assigned in document.assignment if isinstance(document, Roles) else ():
                    self._require_person(assigned.person)
                self._require_person(document.person if isinstance(document, Task) else "")
        for place, inquiry in enumerate(self.book.inquiry):
            with _where(f"inquiry.{place}"):
                declared |= self._judge_inquiry(inquiry, declared)
        for place, lead in enumerate(self.book.lead):
            with _where(f"lead.{place}"):
                self._judge_lead(lead, declared)
        for place, claim in enumerate(self.book.claim):
            with _where(f"claim.{place}"):
                self._judge_claim(claim)
        claims = {one.number: one for one in self.book.claim}
        for place, step in enumerate(self.book.step):
            with _where(f"step.{place}"):
                self._judge_step(step, claims)
        for place, drawn in enumerate(self.book.conclusion):
            with _where(f"conclusion.{place}"):
                self._judge_conclusion(drawn, claims)

    def record(self) -> None:
        """Record what was judged, in the book's order."""
        for document in self.book.document:
            self._document(document.kind, document.name, document.sheet)
        for inquiry in self.book.inquiry:
            self._inquiry(inquiry)
        for lead in self.book.lead:
            self._lead(lead)
        for claim in self.book.claim:
            items = [self.names[item] for item in claim.items]
            made = state_claim(self.services, claim.text, items, claim.kind, claim.speaker)
            self.names[claim.number] = made.claim
            self.counts["claim"] += 1
        for step in self.book.step:
            self._step(step)
        for drawn in self.book.conclusion:
            self._conclusion(drawn)

    def _find_items(self) -> None:
        """Every item that an entry names, found by its id, else by its digest; raises UnknownItem."""
        listed = {one.number: one for one in self.book.items}
        named = {item for claim in self.book.claim for item in claim.items}
        named |= {item for step in self.book.step for item in (step.item, *_items_of(step.sheet))}
        named |= {text for one in self.book.inquiry for said in one.statement for text in said.get("rests_on", ())}
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
            stated = filled_in(Statement, _without(said, "number"), "statement")
            for name in (*stated.rests_on, *filter(None, (stated.replaces,))):
                if name not in before | declared and name not in self.names:
                    raise FieldRefused("statement", (("rests_on", f"{name} is not in this book before it"),))
            declared.add(str(said.get("number", "")))
        for said in one.keywords:
            filled_in(Keywords, said, "keywords")
        for said in one.search:
            filled_in(Search, _without(said, "number"), "search")
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
        found, _body, _words = judged_step(self.services, item, self._sheet(one.sheet).model_copy(update={"claim": ""}))
        earlier = {other.event for other in self.book.step}
        if one.replaces and (one.replaces not in earlier or not one.reason.strip()):
            raise FieldRefused("step", (("replaces", "names an earlier step of this book, with a reason"),))
        with reading(self.services.engine) as rows:
            state = states_of(rows, [found.id])[found.id]
        if state.locked or state.handed_in(self.services.person_id):
            raise GateRefused("handed-in", f"{one.item} takes no step of yours now")

    def _judge_conclusion(self, one: BookConclusion, claims: Mapping[str, BookClaim]) -> None:
        about = claims.get(one.claim)
        if about is None:
            raise FieldRefused("conclusion", (("claim", f"{one.claim} is not in this book"),))
        events = {other.event for other in self.book.step}
        for name in (*one.sheet.supporting, *one.sheet.contrary):
            if name not in events:
                raise FieldRefused("sheet", (("supporting", f"step {name} is not in this book"),))
        done = {KINDS[Check(step.sheet.check)].strand for step in self.book.step if _counts(step, about)}
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
            sheet = {**_without(said, "number"), "rests_on": rests_on, "replaces": replaces}
            add_to_inquiry(self.services, made.id, {"statement": [sheet]})
            with reading(self.services.engine) as rows:
                self.names[str(said.get("number", ""))] = list_statements(rows, made.id)[-1].event
        if one.keywords:
            add_to_inquiry(self.services, made.id, {"keywords": one.keywords})
        for said in one.search:
            add_to_inquiry(self.services, made.id, {"search": [_without(said, "number")]})
            with reading(self.services.engine) as rows:
                self.names[str(said.get("number", ""))] = list_searches(rows, made.id)[-1].event
        if one.ending is not None:
            close_inquiry(self.services, made.id, one.ending)
        self.counts["inquiry"] += 1

    def _lead(self, one: BookLead) -> None:
        sources = [
            Source(self.names.get(came.inquiry, ""), self.names.get(came.search, ""), came.person, came.why)
            for came in one.origin
        ]
        if sources:
            lead = find_leads(self.services, [one.locator], sources[0])[0].id
        else:
            lead = add_leads(self.services, [Candidate(one.locator)], Origin(Pathway.BY_HAND, why=one.why))[0].id
        for source in sources[1:]:
            link_lead(self.services, lead, source)
        for sheet in one.assessment:
            assess_leads(self.services, [lead], sheet)
        self.counts["lead"] += 1

    def _step(self, one: BookStep) -> None:
        sheet = self._sheet(one.sheet)
        if one.replaces:
            made = correct_step(self.services, self.names[one.replaces], sheet, one.reason)
        else:
            made = record_step(self.services, self.names[one.item], sheet)
        self.names[one.event] = made.event
        self.counts["step"] += 1

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


@contextmanager
def _where(entry: str) -> Iterator[None]:
    """A block whose refusal says which entry it is about."""
    try:
        yield
    except FieldRefused as error:
        raise FieldRefused(entry, error.problems) from error


def _items_of(sheet: NewStep) -> list[str]:
    named = [*sheet.cites, *(one.item for one in sheet.quotes if one.item)]
    return [*named, *(one.partition("#")[0] for one in sheet.regions if "#" in one)]


def _without(given: Mapping[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in given.items() if key != name}


def _counts(step: BookStep, about: BookClaim) -> bool:
    return step.item in about.items and step.sheet.result in DONE
