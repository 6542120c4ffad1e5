"""One realistic event of every published type, in an order in which they could happen. All values are made up."""

from __future__ import annotations

from casefile.archives import (
    ArchiveClaim,
    ArchiveEntry,
    ArchiveKind,
    ArchiveProblem,
    ArchiveSummary,
    Bearing,
    ClaimField,
    EntryKind,
)
from casefile.events.envelope import EventOutcome, PartName, Subject
from casefile.events.port import Draft, draft, made_with
from casefile.events.timestamping import HeadTimestamped
from casefile.events.types import (
    AccessLogged,
    CaptureFailed,
    CaptureStarted,
    ContentErased,
    CustodyChanged,
    DocumentVersioned,
    DuplicateDecided,
    GateOverridden,
    HeadAttested,
    IdentityChecked,
    IdentityStated,
    IdentityWords,
    InvestigationOpened,
    ItemClaims,
    ItemExamined,
    ItemTagged,
    ItemWords,
    KeyRevoked,
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
from casefile.events.types_of_custody import (
    CaptureKept,
    EarlierRecipient,
    EventSigned,
    FixityChecked,
    HeadWitnessed,
    HoldStated,
    ItemErased,
    ObjectRepaired,
    ReplicaChecked,
    ReplicaStated,
)
from casefile.events.types_packages import (
    CaptureRedacted,
    PackageAcknowledged,
    PackageReceipt,
    PackageReceived,
    PackageRecipient,
    PackageReleased,
    PackageSender,
    RedactedFile,
    RedactedPart,
    RedactedSpan,
)
from casefile.events.types_posts import PostsRead, PostsSaid
from casefile.events.types_verification import (
    ClaimStated,
    ClaimWords,
    ConclusionDrawn,
    ConclusionWords,
    HandSearch,
    ItemClassified,
    Place,
    Quote,
    Reconciled,
    Reference,
    Region,
    ReviewWords,
    StatementCorrected,
    StepRecorded,
    StepReviewed,
    StepWords,
    StrandReason,
    Translation,
)
from casefile.ids import CaptureId, derived, item_id
from casefile.model import (
    Alteration,
    CaptureRecord,
    Circumstances,
    ClockRecord,
    Contact,
    Environment,
    Exchange,
    SealedFile,
    SealedItem,
    SentRequest,
    ToolUse,
)
from casefile.posts import Post, PostClaim, PostField, PostMedia
from casefile.vocabulary import (
    Access,
    Acquisition,
    Cause,
    ContainmentLevel,
    Content,
    Fidelity,
    FileKind,
    Outcome,
    Pathway,
    PersonKind,
    Purpose,
    Role,
)

LOG = "01920000-0000-7000-8000-000000000001"
PERSON = "01920000-0000-7000-8000-000000000002"
LEAD, OTHER_LEAD = "01920000-0000-7000-8000-000000000003", "01920000-0000-7000-8000-000000000004"
MONITOR = "01920000-0000-7000-8000-000000000005"
IDENTITY = "01920000-0000-7000-8000-000000000008"
CAPTURE = CaptureId(derived(LOG, "capture", LEAD, "1"))
FAILED = CaptureId(derived(LOG, "capture", OTHER_LEAD, "1"))
FIRST, SECOND = item_id(CAPTURE, 0), item_id(CAPTURE, 1)
REMARK = "01920000-0000-7000-8000-000000000006"
CLAIM = "01920000-0000-7000-8000-00000000000c"
STEP = "01920000-0000-7000-8000-00000000000d"
TOOL = "01920000-0000-7000-8000-0000000000aa"
RUN = "01920000-0000-7000-8000-000000000007"
EARLIER, LATER = "2026-03-01T10:00:00.000000Z", "2026-03-01T10:00:04.500000Z"
LOCATOR = "http://example.test/озеро?page=1"
CLOCK = ClockRecord(boot="0f0f", monotonic_ns="9007199254740993", source="kernel", offset_ms=-3)


POST = Post(
    source="mastodon-api",
    claims=(
        PostClaim(field=PostField.AUTHOR, value="Ана", origin="mastodon-api:account.display_name"),
        PostClaim(field=PostField.TEXT, value="озеро", origin="mastodon-api:content"),
        PostClaim(field=PostField.POSTED, value=EARLIER, origin="platform-id:mastodon", as_written="1129"),
    ),
    media=(PostMedia(kind="video", origin="mastodon-api:media_attachments", withheld=True, why="not given"),),
    asked=True,
)


def sha256_of(letter: str) -> str:
    """A digest that is easy to see."""
    return "sha256:" + letter * 64


def altered(by: str, kind: str, what: str, why: str) -> Alteration:
    """Something that the instrument refused or changed of a request to the site, twice."""
    return Alteration.model_validate(
        {"by": by, "kind": kind, "what": what, "where": "example.test:80", "why": why, "count": 2}
    )


CLAIMED = ArchiveClaim(field=ClaimField.LOCATOR, value=LOCATOR, origin="WARC-Target-URI")
DIGEST = ArchiveClaim(field=ClaimField.DIGEST, value="sha1:AB", origin="WARC-Block-Digest", bears=Bearing.DIFFERS)
ENTRY = ArchiveEntry(kind=EntryKind.RECORD, where="byte 120", claims=(CLAIMED, DIGEST))
SUMMARY = ArchiveSummary(entries=2, listed=1, differs=1, problems=1)
HOP_RULE = "it is for one hop only (RFC 9110 section 7.6.1)"
WITHHELD = altered("broker", "withheld", "header Proxy-Connection", HOP_RULE)
REFUSED = altered("broker", "refused", "request", "method DELETE")


def record(*, items: int = 2) -> CaptureRecord:
    """A capture of that many items."""
    circumstances = Circumstances(
        capture=CAPTURE,
        lead=LEAD,
        locator=LOCATOR,
        attempt=1,
        method="http",
        method_version="1",
        purpose=Purpose.WORK,
        acquisition=Acquisition.OBSERVED,
        collector=PERSON,
        run=RUN,
        started_at=EARLIER,
        started_clock=CLOCK,
        ended_at=LATER,
        ended_clock=CLOCK,
        containment=ContainmentLevel.FULL,
        egress_enforced=True,
        contacts=(
            Contact(
                host="example.test",
                port=80,
                address="192.0.2.7",
                started_at=EARLIER,
                ended_at=LATER,
                recording="whole",
                methods="GET 2, POST 1",
                requests=(SentRequest(method="POST", target="/озеро", sha256=sha256_of("9"), bytes=2),),
                changed=("Proxy-Connection",),
            ),
        ),
        alterations=(WITHHELD, altered("method", "replaced", "header User-Agent", "a capture has one user agent")),
        environment=Environment(
            system="Linux 6.1.0 x86_64",
            python="CPython 3.11.2",
            casefile="0.1.0",
            code="a" * 40 + "-dirty",
            lock=sha256_of("e"),
            resolver=("9.9.9.9", "private"),
        ),
    )
    files = [
        SealedFile(
            path=f"files/{number:04d}",
            kind=FileKind.CONTENT,
            fidelity=Fidelity.WIRE,
            media_type="image/png",
            sha256=sha256_of("a"),
            sha512="sha512:" + "b" * 128,
            bytes=9_007_199_254_740_991,
        )
        for number in range(1, items + 1)
    ]
    sealed = [
        SealedItem(
            position=position,
            locator=LOCATOR,
            role=Role.PICTURE,
            files=(file.path,),
            media_type="image/png",
            content=Content.PRESENT,
            sha256=file.sha256,
            bytes=file.bytes,
        )
        for position, file in enumerate(files)
    ]
    return CaptureRecord(
        circumstances=circumstances,
        outcome=Outcome.PARTIAL,
        cause=Cause.TRUNCATED,
        detail="the last picture was cut off",
        exchanges=(Exchange(method="GET", locator=LOCATOR, status=200, started_at=EARLIER, ended_at=LATER),),
        tools=(ToolUse(name="python", version="3.11.2"),),
        files=tuple(files),
        items=tuple(sealed),
    )


def subject(kind: str, id: str, count: int | None = None) -> Subject:
    """What an event is about."""
    return Subject(kind=kind, id=id, count=count)


def status(word: str, cause: str | None = None) -> EventOutcome:
    """How it ended."""
    return EventOutcome(status=word, cause=cause)


def started(lead: str, capture: str) -> Draft:
    """The beginning of an attempt."""
    body = CaptureStarted(
        attempt=1, method="http", method_version="1", method_reason="takes http", purpose=Purpose.WORK
    )
    return draft(
        "capture.started", subject("capture", capture), subject("lead", lead), body=body, outcome=status("started")
    )


def lead(id: str, locator: str) -> Draft:
    """A lead from a sheet."""
    body = LeadAdded(locator=locator, pathway=Pathway.LIST, job="week 9", sheet="Sheet1", row=7)
    cells = LeadCells(cells=(("Zeuge", "Ана"), ("note", 'a "quoted" \\ cell\n')), why="named by two sources")
    return draft("lead.added", subject("lead", id), body=body, personal=cells)


BEFORE: tuple[Draft, ...] = (lead(OTHER_LEAD, "http://example.test/gone"), started(OTHER_LEAD, FAILED))
"""What must have happened before some of the specimens could."""

SPECIMENS: tuple[Draft, ...] = (
    draft("investigation.opened", body=InvestigationOpened(title="Озеро 🏞")),
    draft(
        "person.recorded",
        subject("person", PERSON),
        body=PersonRecorded(kind=PersonKind.INVESTIGATOR),
        personal=PersonalName(name="Ana Ñandú", note="on call"),
    ),
    draft(
        "key.stated",
        body=KeyStated(purpose="log", algorithm="ed25519", public_key="AAAA", fingerprint="AA BB"),
    ),
    draft(
        "key.revoked",
        body=KeyRevoked(fingerprint="AA BB", last_trusted=7, reason="a lost machine", statement="a note"),
        outcome=EventOutcome(status="revoked"),
    ),
    draft("head.attested", body=HeadAttested(size=7, root=sha256_of("d"), checkpoint=sha256_of("e"))),
    draft(
        "head.timestamped",
        body=HeadTimestamped(
            authority="one",
            locator="http://stamps.example.test/",
            size=7,
            head=sha256_of("e"),
            request=sha256_of("1"),
            response=sha256_of("2"),
            chain=sha256_of("3"),
            time=LATER,
            accuracy_us=1_500_000,
            policy="1.2.3.4.1",
            serial="4711",
            signer=sha256_of("4"),
            root=sha256_of("5"),
            valid_until="2036-03-01T10:00:00.000000Z",
        ),
        outcome=status("confirmed"),
    ),
    draft(
        "head.witnessed",
        body=HeadWitnessed(
            size=7,
            key="witness.example/p+c8ffc4c4+BBu1cZIQj0Goo0lkQnpeQ6nvf0NYgoUuLSvxH2dsj7Iq",
            cosignature=sha256_of("f"),
            cosigned_at_s=1_772_359_200,
        ),
        outcome=status("cosigned"),
    ),
    draft(
        "event.signed",
        subject("event", REMARK),
        body=EventSigned(key=sha256_of("a"), leaf=sha256_of("b"), signature="casefile event signature\n…"),
    ),
    draft(
        "tool.registered",
        subject("tool", TOOL),
        body=ToolRegistered(
            tool=ToolUse(name="ffprobe", version="5.1", path="/usr/bin/ffprobe", sha256=sha256_of("c"))
        ),
    ),
    draft("setting.changed", body=SettingChanged(name="egress.allow", value='["127.0.0.1:8080"]')),
    draft(
        "gate.overridden",
        subject("lead", LEAD),
        body=GateOverridden(gate="assessment", reason="it may vanish tonight"),
        outcome=status("overridden"),
    ),
    lead(LEAD, LOCATOR),
    started(LEAD, CAPTURE),
    made_with(
        draft(
            "capture.sealed",
            subject("item", CAPTURE, 2),
            subject("lead", LEAD),
            body=SealedBody(record=record(), object_id=f"urn:uuid:{CAPTURE}", inventory="sha512:" + "d" * 128),
            personal=SealedPersonal(
                items=(ItemWords(position=0, name="dscn1.png", title="Закат", author="@lake"), ItemWords(position=1)),
                handed_over_how="",
            ),
            outcome=status("partial", "truncated"),
        ),
        (TOOL,),
    ),
    draft(
        "capture.failed",
        subject("capture", FAILED),
        subject("lead", OTHER_LEAD),
        body=CaptureFailed(
            attempt=1,
            method="http",
            detail="410 Gone",
            advice="look for a copy",
            retry_after_s=0,
            started_at=EARLIER,
            alterations=(REFUSED,),
        ),
        outcome=status("failed", "http-status"),
    ),
    draft(
        "item.examined",
        subject("item", FIRST),
        body=ItemExamined(findings=({"check": "media", "width": 640},), fingerprints=({"pdq": "00ff", "quality": 88},)),
        personal=ItemClaims(claims=({"group": "EXIF", "name": "Artist", "text": "Ana"},), raw="[{}]"),
    ),
    draft(
        "posts.read",
        subject("item", FIRST),
        Subject(kind="post", id=FIRST, count=1),
        body=PostsRead(version="1", files=(sha256_of("a"),)),
        personal=PostsSaid(posts=(POST,)),
        outcome=status("read"),
    ),
    draft(
        "archive.read",
        subject("item", FIRST),
        body=ArchiveRead(version="1", sha256=sha256_of("a"), kind=ArchiveKind.WARC, summary=SUMMARY),
        personal=ArchiveSaid(entries=(ENTRY,), problems=(ArchiveProblem(code="record-damaged", text="cut"),)),
        outcome=status("read"),
    ),
    draft(
        "duplicate.decided",
        subject("item", FIRST),
        subject("item", SECOND),
        body=DuplicateDecided(edge="e" * 64, judgement="same", distance=12, bits=256, method="pdq", version="1"),
        personal=Words(text="the same picture, cropped"),
        outcome=status("decided"),
    ),
    draft("remark.added", subject("item", FIRST), personal=Words(text="Ana says: look at the shadow")),
    draft("item.tagged", subject("item", FIRST), body=ItemTagged(tag="lake"), outcome=status("added")),
    draft(
        "monitor.stated",
        subject("monitor", MONITOR),
        body=MonitorStated(kind="feed", interval_s=3600, identity=IDENTITY),
        personal=MonitorTarget(name="harbour", target="http://example.test/feed", why="weekly reports"),
    ),
    draft(
        "monitor.checked",
        subject("monitor", MONITOR),
        body=MonitorChecked(found=20, new=1, detail=""),
        outcome=status("done"),
    ),
    draft(
        "identity.stated",
        subject("identity", IDENTITY),
        body=IdentityStated(
            platform="example",
            hosts=("example.test",),
            access=Access.REGISTRATION,
            user_agent="Mozilla/5.0 (X11; Linux x86_64)",
            accept_language="uk",
            time_zone="Europe/Kyiv",
            viewport="1366x768",
            cookies=2,
        ),
        protected=IdentityWords(
            name="harbour reader",
            handle="@озеро",
            jar=sha256_of("f"),
            why="to read what members read",
            made_by="Ana",
            made_at="2026-02",
            canary="http://example.test/me",
            canary_text="Log out",
        ),
        outcome=status("registered"),
    ),
    draft(
        "identity.checked",
        subject("identity", IDENTITY),
        body=IdentityChecked(
            occasion="before the first",
            detail="the canary does not show its text, status 200",
            contacts=(Contact(host="example.test", port=80, address="192.0.2.7", started_at=EARLIER, ended_at=LATER),),
        ),
        outcome=status("paused", "session-expired"),
    ),
    draft(
        "fixity.checked",
        body=FixityChecked(objects=1, files=5, bytes=12_000, problems=0),
        outcome=status("done"),
    ),
    draft("custody.changed", body=CustodyChanged(act="backup", detail="5 files"), outcome=status("done")),
    draft("access.logged", subject("item", FIRST), body=AccessLogged(act="copied", detail="for Ana")),
    draft("tool.tested", body=ToolTested(passed=("digest", "root"), failed=()), outcome=status("passed")),
    draft(
        "document.versioned",
        body=DocumentVersioned(kind="vetting", name="exiftool", number=1, text='cost = "none"', review_by="2027-11-22"),
    ),
    draft(
        "package.released",
        subject("package", LEAD),
        body=PackageReleased(
            package=LEAD,
            size=8,
            signature=sha256_of("f"),
            items=(FIRST,),
            captures=(CAPTURE,),
            files=40,
            bytes=4096,
            left_out=2,
        ),
        personal=PackageRecipient(recipient="the court", agreement="of 3 May"),
        outcome=status("released"),
    ),
    draft(
        "capture.redacted",
        Subject(kind="item", id=CAPTURE, count=2),
        body=CaptureRedacted(
            files=(
                RedactedFile(
                    path="files/0001",
                    source="sha512:" + "5" * 128,
                    spans=(RedactedSpan(at=10, length=32, kind="an address that captures leave by"),),
                    sha256=sha256_of("d"),
                ),
            ),
            parts=(RedactedPart(event=FIRST, part="personal", kind="an address that captures leave by"),),
            why="it names the machine that we work from",
        ),
        outcome=status("redacted"),
    ),
    draft(
        "package.acknowledged",
        subject("package", LEAD),
        body=PackageAcknowledged(package=LEAD, signature=sha256_of("f")),
        personal=PackageReceipt(received_by="a clerk", received_at="2026-03-02", words="by telephone"),
    ),
    draft(
        "package.received",
        subject("package", LEAD),
        body=PackageReceived(
            package=LEAD, log=LOG, size=8, signature=sha256_of("f"), files=40, bytes=4096, verdict="OK"
        ),
        personal=PackageSender(sender="a partner", words="on a disk"),
    ),
    draft(
        "claim.stated",
        subject("claim", CLAIM),
        subject("item", FIRST),
        subject("item", SECOND),
        body=ClaimStated(kind="statement"),
        personal=ClaimWords(text="Лодка была на озере 4 мая", speaker="a man in a blue coat"),
        outcome=status("stated"),
    ),
    draft(
        "step.recorded",
        subject("item", FIRST),
        subject("statement", STEP),
        body=StepRecorded(
            strand="content",
            check="geolocation",
            result="supports",
            claim=CLAIM,
            regions=(Region(item=FIRST, fragment="xywh=percent:10,10,25,25"),),
            place=Place(latitude_e7=476_101_000, longitude_e7=-94_203_000, precision_m=25, form="dms"),
            when="2026-05-04T10:21+02:00",
            translation=Translation(by="machine", source_language="uk", target_language="en", tool="a tool 2"),
            cites=(SECOND,),
        ),
        personal=StepWords(
            method="compared the shore",
            finding="the tower and the jetty agree",
            alternatives=("the next bay: no tower",),
            quotes=(Quote(item=FIRST, exact="на озере", prefix="лодка "),),
            references=(Reference(provider="a map", imagery_date="2026-03", licence="CC BY", features=("tower",)),),
            searches=(HandSearch(engine="an engine", frame="t=12.5", found=False),),
            place_as_written="47°36'36.4\"N 9°25'13\"W",
            basis="the shadow",
        ),
        outcome=status("recorded"),
    ),
    draft(
        "statement.corrected",
        subject("statement", STEP),
        subject("correction", REMARK),
        body=StatementCorrected(kind="step"),
        personal=ReviewWords(reason="the wrong hemisphere"),
        outcome=status("corrected"),
    ),
    draft(
        "step.reviewed",
        subject("item", FIRST),
        subject("person", PERSON),
        body=StepReviewed(
            rule="fewest open reviews",
            blind=True,
            reconciled=(Reconciled(check="facts", first="supports", second="contradicts"),),
        ),
        personal=ReviewWords(reason="the angle differs"),
        outcome=status("reconciled"),
    ),
    draft(
        "conclusion.drawn",
        subject("claim", CLAIM),
        body=ConclusionDrawn(
            verdict="established",
            standard="reasonable-grounds",
            confidence="moderate",
            reliability="F",
            credibility="2",
            supporting=(STEP,),
            origins=1,
            items_counted=5,
            without=("technical",),
        ),
        personal=ConclusionWords(
            reasoning="place and time agree",
            confidence_reason="one angle only",
            consistency="the strands agree",
            missing=("a second angle",),
            not_applicable=(StrandReason(strand="technical", reason="a printed page"),),
            overrides=("the court sits tomorrow",),
        ),
        outcome=status("drawn"),
    ),
    draft(
        "item.classified",
        subject("item", FIRST),
        body=ItemClassified(item_class="satellite"),
        outcome=status("classified"),
    ),
    Draft(
        "content.erased",
        (subject("event", REMARK), subject("part", "personal")),
        {PartName.BODY: ContentErased(basis="asked for by the person", approved_by="custodian")},
        status("erased"),
    ),
    draft(
        "replica.stated",
        subject("replica", TOOL),
        body=ReplicaStated(name="second", place="/mnt/second/lake", medium="disk", site="Osh"),
        outcome=status("registered"),
    ),
    draft(
        "replica.checked",
        subject("replica", TOOL),
        body=ReplicaChecked(objects=1, files=5, bytes=12_000, problems=1, behind=1, failures=("P017 vault/x",)),
        outcome=status("failed"),
    ),
    draft(
        "object.repaired",
        subject("capture", CAPTURE),
        body=ObjectRepaired(replica="second", object_id=f"urn:uuid:{CAPTURE}", damage=("P017 x",), set_aside="q/x"),
        outcome=status("repaired"),
    ),
    draft("hold.stated", subject("item", FIRST), body=HoldStated(reason="order 7/26"), outcome=status("held")),
    Draft(
        "content.erased",
        (subject("item", FIRST), subject("capture", CAPTURE, 2), subject("person", PERSON)),
        {
            PartName.BODY: ItemErased(
                basis="asked for by the person",
                approved_by=PERSON,
                sha256=sha256_of("a"),
                bytes=7,
                replaced="sha512:" + "d" * 128,
                recipients=(EarlierRecipient(event=REMARK, act="copied", at=EARLIER, recipient="for Ana"),),
            ),
            PartName.PERSONAL: CaptureKept(
                record=record().model_copy(update={"files": record().files[1:], "items": record().items[1:]}),
                object_id=f"urn:uuid:{CAPTURE}",
                inventory="sha512:" + "e" * 128,
                rebuilt_at=LATER,
            ),
        },
        status("erased"),
        schema=2,
    ),
)
