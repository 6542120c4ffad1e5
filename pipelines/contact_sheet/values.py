"""What a contact sheet shows, as frozen values. Texts come from outside and may hold anything; None means erased.

Times are RFC 3339. Everything that content says of itself is a claim and is shown as one.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from casefile.model import Alteration, Contact, Exchange, SealedFile, ToolUse
from casefile.vocabulary import Acquisition, Cause, ContainmentLevel, Content, Outcome, Role, Tier


@dataclass(frozen=True, slots=True)
class SheetPreview:
    """A picture that was decoded and encoded anew from the content; `caption` says what it shows, in our words."""

    path: Path
    caption: str = ""


@dataclass(frozen=True, slots=True)
class SheetClaim:
    """A value that something says, and what says it: `EXIF`, `XMP`, `platform id`."""

    name: str
    value: str
    origin: str


@dataclass(frozen=True, slots=True)
class SheetFinding:
    """The result of one check: its tool and version, what it found in words, and the claims that it read."""

    check: str
    method: str
    summary: str = ""
    claims: tuple[SheetClaim, ...] = ()


@dataclass(frozen=True, slots=True)
class SheetPost:
    """A post that was read out of an item: its claims, and what it holds in words; None where they were erased."""

    source: str
    asked: bool
    claims: tuple[SheetClaim, ...] | None
    media: tuple[SheetClaim, ...] = ()


@dataclass(frozen=True, slots=True)
class SheetVisit:
    """One visit to the locator of an item: what it found against the visit before, and the lines that differ.

    `lines` are (sign, text), signs as in `verification.revisits.DiffLine`.
    """

    at: str
    numbers: tuple[str, ...]
    change: str
    why: str = ""
    lines: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class SheetConflict:
    """Claims about one thing that cannot all be true."""

    about: str
    claims: tuple[SheetClaim, ...]


@dataclass(frozen=True, slots=True)
class SheetDuplicate:
    """A near-duplicate edge as seen from one item. `score` is the printed number, such as 0.97.

    `in_sheet` says whether the other item has a page here; `judgement` is empty while nobody decided.
    """

    number: str
    name: str | None
    score: str
    tier: Tier
    method: str
    edge: str
    judgement: str = ""
    same_capture: bool = False
    in_sheet: bool = True


@dataclass(frozen=True, slots=True)
class SheetRemark:
    """What a person wrote about an item, and when."""

    at: str
    person: str
    text: str | None


@dataclass(frozen=True, slots=True)
class SheetCapture:
    """The circumstances of the capture that an item comes from."""

    id: str
    outcome: Outcome
    acquisition: Acquisition
    collector: str
    method: str
    started_at: str
    ended_at: str
    clock: str
    containment: ContainmentLevel
    egress_enforced: bool
    cause: Cause | None = None
    detail: str = ""
    advice: str = ""
    source: str | None = ""
    handed_over_how: str = ""
    purpose: str = ""
    allowances: tuple[str, ...] = ()
    exchanges: tuple[Exchange, ...] = ()
    contacts: tuple[Contact, ...] = ()
    alterations: tuple[Alteration, ...] = ()
    tools: tuple[ToolUse, ...] = ()
    job: str = ""
    sheet: str = ""
    row: int = 0
    cells: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class SheetItem:
    """An item with all that is known of it. `number` is its short permanent number, such as I-0042; sizes in bytes."""

    id: str
    number: str
    role: Role
    capture: SheetCapture
    locator: str | None
    content: Content
    sha256: str
    bytes: int
    captured_at: str
    name: str | None = ""
    title: str | None = ""
    author: str | None = ""
    claimed_time: str | None = ""
    claimed_time_origin: str = ""
    media_type: str = ""
    declared_media_type: str = ""
    content_reason: str = ""
    text: str | None = ""
    text_in_unicode: str = ""
    wire_sha256: str = ""
    wire_bytes: int = 0
    files: tuple[SealedFile, ...] = ()
    previews: tuple[SheetPreview, ...] = ()
    posts: tuple[SheetPost, ...] = ()
    visits: tuple[SheetVisit, ...] = ()
    findings: tuple[SheetFinding, ...] = ()
    conflicts: tuple[SheetConflict, ...] = ()
    duplicates: tuple[SheetDuplicate, ...] = ()
    remarks: tuple[SheetRemark, ...] = ()
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SheetAttempt:
    """One attempt at one locator, whatever became of it."""

    locator: str | None
    outcome: Outcome | None
    started_at: str
    attempt: int = 1
    cause: Cause | None = None
    detail: str = ""
    advice: str = ""
    method: str = ""
    job: str = ""
    items: tuple[str, ...] = ()
    content: Content | None = None


@dataclass(frozen=True, slots=True)
class SheetHeading:
    """What a contact sheet is of: shown on every page. `selection` says in words which items were asked for."""

    title: str
    investigation: str
    made_at: str
    made_by: str
    selection: str = "all items"
