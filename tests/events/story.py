"""A made-up investigation that goes on as it is told: every kind of event, about things that exist by then.

Words that name people carry a mark that is in no other text, so that what is left of them after an erasure is seen.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from casefile.archives import ArchiveClaim, ArchiveEntry, ArchiveKind, ArchiveSummary, ClaimField, EntryKind
from casefile.events.envelope import EventOutcome, PartName, Subject
from casefile.events.port import Draft, draft, made_with
from casefile.events.types import (
    AccessLogged,
    CaptureFailed,
    CaptureStarted,
    ContentErased,
    CustodyChanged,
    DocumentVersioned,
    DuplicateDecided,
    GateOverridden,
    IdentityChecked,
    IdentityStated,
    IdentityWords,
    ItemClaims,
    ItemExamined,
    ItemTagged,
    ItemWords,
    KeyStated,
    LeadAdded,
    LeadCells,
    MonitorChecked,
    MonitorStated,
    MonitorTarget,
    PersonalName,
    PersonRecorded,
    SealedBody,
    SealedPersonal,
    SettingChanged,
    ToolRegistered,
    ToolTested,
    Words,
)
from casefile.events.types_archives import ArchiveRead, ArchiveSaid
from casefile.events.types_of_custody import FixityChecked
from casefile.events.types_planning import (
    AssessmentWords,
    DocumentApproved,
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
from casefile.events.types_posts import PostsRead, PostsSaid
from casefile.events.types_protection import (
    ConsentStated,
    ConsentWords,
    ItemGuarded,
    PseudonymStated,
    PseudonymWords,
    RealName,
)
from casefile.ids import CaptureId, EventId, derived, item_id, machine_event_id
from casefile.model import ToolUse
from casefile.posts import Post, PostClaim, PostField
from casefile.vocabulary import Access, Cause
from casefile.vocabulary_planning import (
    AssessmentForm,
    BetterVersion,
    ConsentUse,
    Decision,
    Direction,
    ProtectedRole,
    Reliability,
    SearchResult,
    Sensitivity,
    StatementKind,
)

from .places import ACTOR, LOG, Place
from .specimens import TOOL, record

GROUNDS = ContentErased(basis="asked for", approved_by="custodian")
Choose = Callable[[Sequence[str]], str]
Say = Callable[[], str]


@dataclass
class Story:
    """What exists so far. `choose` picks one of several; `say` makes up a text."""

    place: Place
    choose: Choose
    say: Say
    leads: list[str] = field(default_factory=list)
    captures: list[tuple[str, str]] = field(default_factory=list)
    items: list[str] = field(default_factory=list)
    monitors: list[str] = field(default_factory=list)
    parts: list[str] = field(default_factory=list)
    marks: dict[str, str] = field(default_factory=dict)
    erased: set[str] = field(default_factory=set)
    numbers: itertools.count[int] = field(default_factory=itertools.count)

    def new(self, kind: str) -> str:
        return derived(LOG, kind, str(next(self.numbers)))

    def mark(self) -> str:
        """A text with a mark in it."""
        return f"{self.say()}~{next(self.numbers):06d}secret~"

    def append(self, *drafts: Draft) -> None:
        """Append, and remember which parts there are and by what their bytes would be known."""
        for one, event in zip(drafts, self.place.append(*drafts), strict=True):
            for name, value in one.parts.items():
                self.parts.append(f"{event} {name}")
                text = value.canonical().decode()
                if "secret~" in text:
                    at = text.index("secret~")
                    self.marks[f"{event} {name}"] = text[at - 7 : at + 7]

    def person(self) -> None:
        personal = PersonalName(name=self.mark(), note=self.say())
        self.append(
            draft(
                "person.recorded",
                about("person", self.new("person")),
                body=PersonRecorded(kind="source"),
                personal=personal,
            )
        )

    def lead(self) -> None:
        lead = self.new("lead")
        about_it = [about("lead", lead)]
        if self.monitors:
            about_it.append(about("monitor", self.choose(self.monitors)))
        body = LeadAdded(locator=self.say(), pathway="list", job=self.say(), row=next(self.numbers))
        personal = LeadCells(cells=((self.say(), self.say()),), why=self.mark())
        self.append(draft("lead.added", *about_it, body=body, personal=personal))
        self.leads.append(lead)

    def start(self) -> None:
        if not self.leads:
            return
        lead, capture = self.choose(self.leads), self.new("capture")
        body = CaptureStarted(attempt=1, method="http", method_version="1", method_reason=self.say(), purpose="work")
        outcome = EventOutcome(status="started")
        self.append(
            draft("capture.started", about("capture", capture), about("lead", lead), body=body, outcome=outcome)
        )
        self.captures.append((capture, lead))

    def seal(self) -> None:
        if not self.captures:
            return
        capture, lead = self.captures.pop()
        count = 1 + next(self.numbers) % 3
        words = tuple(
            ItemWords(position=position, name=self.mark() if not position else "", title=self.say())
            for position in range(count)
        )
        sealed = draft(
            "capture.sealed",
            Subject(kind="item", id=capture, count=count),
            about("lead", lead),
            body=SealedBody(record=record(items=count), object_id=f"urn:uuid:{capture}", inventory="sha512:00"),
            personal=SealedPersonal(items=words, handed_over_how=self.say()),
            outcome=EventOutcome(status="captured"),
            id=machine_event_id(LOG, capture, "sealed", 1),
        )
        self.append(made_with(sealed, (TOOL, self.new("tool"))))
        self.items += [item_id(CaptureId(capture), position) for position in range(count)]

    def fail(self) -> None:
        if not self.captures:
            return
        capture, lead = self.captures.pop()
        body = CaptureFailed(attempt=1, method="http", detail=self.say(), retry_after_s=2**53 - 1)
        outcome = EventOutcome(status="failed", cause=Cause.TIMEOUT)
        self.append(draft("capture.failed", about("capture", capture), about("lead", lead), body=body, outcome=outcome))

    def examine(self) -> None:
        if self.items:
            body = ItemExamined(findings=({"check": self.say(), "width": 2**53 - 1},), fingerprints=({"pdq": "00"},))
            personal = ItemClaims(claims=({"name": "Artist", "text": self.mark()},), raw=self.say())
            item = self.choose(self.items)
            self.append(draft("item.examined", about("item", item), body=body, personal=personal))
            said = PostClaim(field=PostField.TEXT, value=self.mark(), origin="mastodon-api:content")
            self.append(
                draft(
                    "posts.read",
                    about("item", item),
                    Subject(kind="post", id=item, count=1),
                    body=PostsRead(version="1"),
                    personal=PostsSaid(posts=(Post(source="mastodon-api", claims=(said,)),)),
                    outcome=EventOutcome(status="read"),
                )
            )

    def read(self) -> None:
        """An item is read as an archive of others."""
        if self.items:
            summary = ArchiveSummary(entries=2**53 - 1, listed=1)
            body = ArchiveRead(version="1", sha256=self.say(), kind=ArchiveKind.TELEGRAM, summary=summary)
            claim = ArchiveClaim(field=ClaimField.TEXT, value=self.mark(), origin=self.say())
            entry = ArchiveEntry(kind=EntryKind.POST, where="messages[0]", claims=(claim,))
            subject = about("item", self.choose(self.items))
            self.append(draft("archive.read", subject, body=body, personal=ArchiveSaid(entries=(entry,))))

    def decide(self) -> None:
        if len(self.items) > 1:
            body = DuplicateDecided(edge=self.say(), judgement="same", distance=2**53 - 1, bits=256)
            pair = [about("item", item) for item in (self.items[0], self.items[-1])]
            outcome = EventOutcome(status="decided")
            self.append(draft("duplicate.decided", *pair, body=body, personal=Words(text=self.mark()), outcome=outcome))

    def remark(self) -> None:
        subject = about("item", self.choose(self.items)) if self.items else about("lead", self.new("lead"))
        self.append(draft("remark.added", subject, personal=Words(text=self.mark())))

    def tag(self) -> None:
        if self.items:
            outcome = EventOutcome(status=self.choose(["added", "removed"]))
            subject = about("item", self.choose(self.items))
            self.append(draft("item.tagged", subject, body=ItemTagged(tag=self.say()), outcome=outcome))

    def watch(self) -> None:
        monitor = self.new("monitor")
        body = MonitorStated(kind="feed", interval_s=60)
        personal = MonitorTarget(name=self.mark(), target=self.say())
        self.append(draft("monitor.stated", about("monitor", monitor), body=body, personal=personal))
        self.monitors.append(monitor)

    def check(self) -> None:
        if self.monitors:
            body = MonitorChecked(found=2**53 - 1, new=0, detail=self.say())
            outcome = EventOutcome(status="done")
            self.append(
                draft("monitor.checked", about("monitor", self.choose(self.monitors)), body=body, outcome=outcome)
            )

    def identify(self) -> None:
        """An identity is stated, and its session looked at."""
        subject = about("identity", self.new("identity"))
        body = IdentityStated(
            platform="example",
            hosts=("example.test",),
            access=Access.PUBLIC,
            user_agent=self.say(),
            accept_language="en",
        )
        self.append(draft("identity.stated", subject, body=body, protected=IdentityWords(name=self.mark())))
        checked = IdentityChecked(occasion="first", detail=self.say())
        self.append(draft("identity.checked", subject, body=checked, outcome=EventOutcome(status="good")))

    def inquire(self) -> None:
        """An inquiry from its question to its end, and the assessment of a lead that it brought."""
        inquiry, lead = about("inquiry", self.new("inquiry")), about("lead", self.new("lead"))
        made = StatementMade(kind=StatementKind.FACT, rests_on=(self.say(),))
        searched = SearchRecorded(engine=self.say(), result=SearchResult.FOUND, hits=2**53 - 1, occurred_at=self.say())
        keywords = KeywordsAdded(language="uk", script="Cyrl", direction=Direction.NEUTRAL)
        assessed = LeadAssessed(
            number=1,
            form=AssessmentForm.COMPACT,
            decision=Decision.COLLECT,
            reliability=Reliability.UNKNOWN,
            better_version=BetterVersion.NOT_SOUGHT,
        )
        ended = EventOutcome(status="answered")
        self.append(
            draft("inquiry.opened", inquiry, personal=InquiryWords(question=self.mark())),
            draft("statement.made", inquiry, body=made, personal=StatementWords(text=self.mark())),
            draft("keyword.added", inquiry, body=keywords, personal=KeywordWords(terms=(self.mark(),))),
            draft("search.recorded", inquiry, body=searched, personal=SearchWords(terms=self.mark())),
            draft("lead.linked", lead, inquiry, personal=Reason(why=self.mark())),
            draft("lead.assessed", lead, body=assessed, personal=AssessmentWords(relevance=self.mark())),
            draft("inquiry.closed", inquiry, personal=Reason(why=self.mark()), outcome=ended),
            draft(
                "document.approved",
                about("document", self.new("document")),
                body=DocumentApproved(kind="plan", name=self.say(), number=1),
                personal=Reason(why=self.mark()),
            ),
        )

    def protect(self) -> None:
        """Somebody under a pseudonym, who consents, and an item that shows them."""
        somebody, item = about("pseudonym", self.new("pseudonym")), about("item", self.new("item"))
        named = RealName(real_name=self.mark())
        stated = PseudonymStated(role=ProtectedRole.WITNESS, named=True)
        consent = ConsentStated(number=1, use=ConsentUse.COURT, given=True, until=self.say())
        guard = ItemGuarded(number=1, sensitivity=Sensitivity.RESTRICTED, graphic=True, sexual_violence=False)
        words = PseudonymWords(pseudonym=self.mark())
        self.append(
            draft("pseudonym.stated", somebody, body=stated, personal=words, protected=named),
            draft("pseudonym.linked", somebody, item, personal=Reason(why=self.mark())),
            draft("consent.stated", somebody, body=consent, personal=ConsentWords(recipient=self.mark(), how="")),
            draft("item.guarded", item, body=guard, personal=Reason(why=self.mark())),
        )

    def acts(self) -> None:
        """Several events of the quieter kinds, in one transaction."""
        tool = ToolUse(name=self.say(), version=self.say())
        done = EventOutcome(status="done")
        self.append(
            draft("key.stated", body=KeyStated(purpose="log", algorithm="a", public_key=self.say(), fingerprint="f")),
            draft("tool.registered", about("tool", self.new("tool")), body=ToolRegistered(tool=tool)),
            draft("setting.changed", body=SettingChanged(name=self.say(), value="1")),
            draft("gate.overridden", body=GateOverridden(gate="g", reason=self.mark()), outcome=done),
            draft("fixity.checked", body=FixityChecked(objects=1, files=1, bytes=2**53 - 1, problems=0), outcome=done),
            draft("custody.changed", body=CustodyChanged(act="backup", detail=self.say()), outcome=done),
            draft("access.logged", body=AccessLogged(act="copied", detail=self.mark())),
            draft("tool.tested", body=ToolTested(passed=(self.say(),)), outcome=done),
            draft("document.versioned", body=DocumentVersioned(kind="k", name="n", number=1, text=self.say())),
        )

    def repeat(self) -> None:
        """A machine's event once more: nothing changes."""
        if self.items:
            before = self.place.head().size
            capture = self.new("never")
            again = draft("tool.tested", body=ToolTested(passed=()), id=machine_event_id(LOG, capture, "tested", 1))
            self.place.append(again, again)
            self.place.append(again)
            assert self.place.head().size == before + 1

    def erase(self) -> None:
        if self.parts:
            chosen = self.choose(self.parts)
            event, name = chosen.split()
            erasure = self.place.log.erase(EventId(event), PartName(name), GROUNDS, ACTOR)
            self.parts.append(f"{erasure} body")
            self.erased.add(chosen)

    def left_of_what_was_erased(self) -> list[str]:
        """Marks of erased parts that a file of the log or of the database still holds."""
        everything = b"".join(path.read_bytes() for path in self.place.folder.rglob("*") if path.is_file())
        return [mark for part, mark in self.marks.items() if part in self.erased and mark.encode() in everything]


MOVES: Mapping[str, Callable[[Story], None]] = {
    name: getattr(Story, name)
    for name in (
        "person", "lead", "start", "seal", "fail", "examine", "read", "decide", "remark", "tag", "watch", "check",
        "identify", "inquire", "protect", "acts", "repeat", "erase",
    )
}  # fmt: skip


def about(kind: str, id: str) -> Subject:
    """What an event is about."""
    return Subject(kind=kind, id=id)
