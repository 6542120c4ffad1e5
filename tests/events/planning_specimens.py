"""One realistic event of every type of preparation, inquiries and preliminary assessment. All values are made up."""

from __future__ import annotations

from casefile.events.envelope import EventOutcome, Subject
from casefile.events.port import Draft, draft
from casefile.events.types_corroboration import ItemCorroborated, Origin
from casefile.events.types_elements import ElementLinked, ElementStated
from casefile.events.types_holdings import ArchiveAsked
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
from casefile.events.types_protection import (
    ConsentStated,
    ConsentWords,
    ItemGuarded,
    PseudonymStated,
    PseudonymWords,
    RealName,
)
from casefile.events.types_reviews import ReviewReceived, ReviewSent
from casefile.holdings import Form, Holdings, Says
from casefile.vocabulary_elements import ElementKind, Function
from casefile.vocabulary_planning import (
    AssessmentForm,
    BetterVersion,
    Closing,
    ConsentUse,
    Decision,
    Direction,
    Level,
    ProtectedRole,
    Reliability,
    SearchResult,
    Sensitivity,
    StatementKind,
)

LEAD = Subject(kind="lead", id="01920000-0000-7000-8000-000000000003")
INQUIRY = Subject(kind="inquiry", id="01920000-0000-7000-8000-000000000101")
SEARCH = Subject(kind="search", id="01920000-0000-7000-8000-000000000102")
FACT = "01920000-0000-7000-8000-000000000103"
DOCUMENT = Subject(kind="document", id="01920000-0000-7000-8000-000000000104")
ELEMENT = Subject(kind="element", id="01920000-0000-7000-8000-00000000e1e1")
SECOND_ITEM = Subject(kind="item", id="01920000-0000-5000-8000-00000000ab02")
PERSON = Subject(kind="person", id="01920000-0000-7000-8000-000000000b0b")
WITNESS = Subject(kind="pseudonym", id="01920000-0000-7000-8000-000000000105")
ITEM = Subject(kind="item", id="01920000-0000-7000-8000-000000000106")

PLANNING_SPECIMENS: tuple[Draft, ...] = (
    draft(
        "document.approved",
        DOCUMENT,
        body=DocumentApproved(kind="plan", name="", number=2),
        personal=Reason(why="read together with Ana"),
    ),
    draft(
        "inquiry.opened",
        INQUIRY,
        personal=InquiryWords(question="Who shelled the pier (пірс)?", why="to find witnesses", task="pier"),
    ),
    draft(
        "statement.made",
        INQUIRY,
        body=StatementMade(kind=StatementKind.FINDING, rests_on=(FACT,), replaces=FACT),
        personal=StatementWords(text="The pier was hit", basis="two pictures"),
    ),
    draft(
        "keyword.added",
        INQUIRY,
        body=KeywordsAdded(language="uk", script="Cyrl", direction=Direction.EXONERATING),
        personal=KeywordWords(terms=("навчання", "вибух газу")),
    ),
    draft(
        "search.recorded",
        INQUIRY,
        body=SearchRecorded(
            engine="example",
            browser="Firefox",
            language="uk",
            result=SearchResult.FOUND,
            hits=12,
            occurred_at="2026-02-28T09:00:00.000000Z",
        ),
        personal=SearchWords(terms="пірс вибух", operators="after:2026-02-01", pathway="third hit, then its author"),
    ),
    draft("lead.linked", LEAD, INQUIRY, SEARCH, personal=Reason(why="found beside it")),
    draft(
        "lead.assessed",
        LEAD,
        body=LeadAssessed(
            number=1,
            form=AssessmentForm.FULL,
            decision=Decision.WITH_PRECAUTIONS,
            reliability=Reliability.MODERATE,
            removal=Level.HIGH,
            better_version=BetterVersion.SOUGHT,
        ),
        personal=AssessmentWords(
            relevance="shows the pier after the blast",
            links=(("place", "the pier"), ("date", "2026-02-27")),
            reliability_basis="posted the same day",
            removal_grounds="the account deletes its posts",
            safety="faces of bystanders",
            duties="none beyond the policy",
            precautions="blur faces in working copies",
        ),
        outcome=EventOutcome(status="collect-with-precautions"),
    ),
    draft(
        "inquiry.closed",
        INQUIRY,
        body=InquiryClosed(outcome=Closing.BROADENED),
        personal=Reason(why="asked again for the whole harbour"),
        outcome=EventOutcome(status="broadened"),
    ),
    draft(
        "pseudonym.stated",
        WITNESS,
        body=PseudonymStated(role=ProtectedRole.WITNESS, named=True),
        personal=PseudonymWords(pseudonym="Heron", note="saw it from the north shore"),
        protected=RealName(real_name="Дана К."),
    ),
    draft("pseudonym.linked", WITNESS, ITEM, personal=Reason(why="from 0:12, on the left")),
    draft(
        "consent.stated",
        WITNESS,
        body=ConsentStated(number=1, use=ConsentUse.COURT, given=True, until="2027-03-01"),
        personal=ConsentWords(recipient="the prosecutor", how="signed in front of Ana"),
        outcome=EventOutcome(status="given"),
    ),
    draft(
        "item.guarded",
        ITEM,
        body=ItemGuarded(number=1, sensitivity=Sensitivity.RESTRICTED, graphic=True, sexual_violence=False),
        personal=Reason(why="injuries"),
    ),
    draft(
        "review.sent",
        PERSON,
        ITEM,
        body=ReviewSent(packet="sha256:" + "a" * 64, files=2, bytes=4096),
        outcome=EventOutcome(status="sent"),
    ),
    draft(
        "review.received",
        PERSON,
        ITEM,
        body=ReviewReceived(packet="sha256:" + "a" * 64, answer="sha256:" + "b" * 64, key="SHA256:abc"),
        outcome=EventOutcome(status="received"),
    ),
    draft(
        "element.stated",
        ELEMENT,
        body=ElementStated(crime="attacks on civilians", kind=ElementKind.MATERIAL, text="The object was civilian"),
    ),
    draft(
        "element.linked",
        ELEMENT,
        ITEM,
        body=ElementLinked(function=Function.CRIME_BASE),
        personal=Reason(why="it shows"),
    ),
    draft(
        "item.corroborated",
        ITEM,
        SECOND_ITEM,
        body=ItemCorroborated(origin=Origin.PARTNER, change="same-bytes"),
        personal=Reason(why="the partner made it the same evening"),
    ),
    draft(
        "archive.asked",
        ITEM,
        body=ArchiveAsked(
            archive="web-archive",
            form=Form.CDX,
            address="https://archive.example/cdx?url=https%3A%2F%2Fsite.example%2Fstory",
            locator="https://site.example/story",
            holdings=Holdings(
                says=Says.HELD, status=200, entries=2, first="2022-03-04T05:06:07Z", last="2023-03-04T05:06:07Z"
            ),
        ),
        outcome=EventOutcome(status="held"),
    ),
)
