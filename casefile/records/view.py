"""view_*: projected from the log and from nothing else. Compared with a replay by `audit`, rebuilt by `reindex`.

Keys and relations come from envelopes. What comes from a part is nullable, because a part can be erased. Lists and
objects are canonical JSON in text columns.
"""

from sqlalchemy import BigInteger, Index
from sqlmodel import Field

from casefile.records.row import BY_HASH, Row

VIEW_VERSION = 11
"""Raised when the shape or meaning of a view table changes; opening a database of another version rebuilds them."""


def _by_hash(table: str, column: str) -> Index:
    """An index for equality over text of any length: PostgreSQL's usual one refuses what exceeds a third of a page."""
    # Its own option for this (`postgresql_using`) would load PostgreSQL's dialect in every command.
    return Index(f"ix_{table}_{column}", column, info={BY_HASH: True})


class ViewInvestigation(Row, table=True):
    """The investigation of this workspace."""

    __tablename__ = "view_investigation"

    id: str = Field(primary_key=True)
    title: str | None = None
    opened_at: str


class ViewPerson(Row, table=True):
    """Investigators, sources and services."""

    __tablename__ = "view_person"
    __table_args__ = (_by_hash("view_person", "name"),)

    id: str = Field(primary_key=True)
    kind: str | None = None
    name: str | None = None
    note: str | None = None
    recorded_at: str


class ViewKey(Row, table=True):
    """Public keys that were stated."""

    __tablename__ = "view_key"

    event: str = Field(primary_key=True)
    purpose: str | None = None
    algorithm: str | None = None
    public_key: str | None = None
    fingerprint: str | None = None
    stated_at: str


class ViewTool(Row, table=True):
    """The tool register."""

    __tablename__ = "view_tool"

    id: str = Field(primary_key=True)
    name: str | None = None
    version: str | None = None
    path: str | None = None
    sha256: str | None = None
    registered_at: str


class ViewToolUse(Row, table=True):
    """Which registered tools had part in which event; `subject` is the item, or the capture of the items."""

    __tablename__ = "view_tool_use"

    event: str = Field(primary_key=True)
    tool: str = Field(primary_key=True, index=True)
    subject: str


class ViewSetting(Row, table=True):
    """Settings that bear on evidence, each time that they changed."""

    __tablename__ = "view_setting"

    event: str = Field(primary_key=True)
    name: str | None = None
    value: str | None = None
    changed_at: str


class ViewLead(Row, table=True):
    """Candidates, whether captured or not. `spelling` is the key that all spellings of the locator share."""

    __tablename__ = "view_lead"
    __table_args__ = tuple(_by_hash("view_lead", column) for column in ("locator", "spelling", "job"))

    id: str = Field(primary_key=True)
    number: int = Field(unique=True, sa_type=BigInteger)
    locator: str | None = None
    spelling: str | None = None
    pathway: str | None = None
    job: str | None = None
    sheet: str | None = None
    row: int | None = Field(default=None, sa_type=BigInteger)
    occurrence: int | None = Field(default=None, sa_type=BigInteger)
    cells: str | None = None
    why: str | None = None
    added_at: str
    added_by: str
    monitor: str | None = Field(default=None, index=True)


class ViewAttempt(Row, table=True):
    """Every attempt at a lead. `status` is started until the attempt ends."""

    __tablename__ = "view_attempt"

    capture: str = Field(primary_key=True)
    lead: str = Field(index=True)
    attempt: int | None = Field(default=None, sa_type=BigInteger)
    method: str | None = None
    method_version: str | None = None
    method_reason: str | None = None
    purpose: str | None = None
    status: str = Field(index=True)
    cause: str | None = None
    detail: str | None = None
    advice: str | None = None
    retry_after_s: int | None = Field(default=None, sa_type=BigInteger)
    exchanges: str | None = None
    contacts: str | None = None
    started_at: str
    ended_at: str | None = None
    started_by: str
    run: str
    identity: str | None = Field(default=None, index=True)


class ViewCapture(Row, table=True):
    """Captures that hold items: one vault object each."""

    __tablename__ = "view_capture"

    id: str = Field(primary_key=True)
    lead: str = Field(index=True)
    outcome: str
    cause: str | None = None
    item_count: int = Field(sa_type=BigInteger)
    object_id: str | None = None
    inventory: str | None = None
    method: str | None = None
    method_version: str | None = None
    purpose: str | None = None
    acquisition: str | None = None
    source: str | None = None
    handed_over_how: str | None = None
    collector: str | None = None
    containment: str | None = None
    egress_enforced: bool | None = None
    allowances: str | None = None
    started_at: str | None = None
    ended_at: str | None = None
    circumstances: str | None = None
    exchanges: str | None = None
    tools: str | None = None
    files: str | None = None
    detail: str | None = None
    follow: str | None = None
    sealed_at: str


class ViewItem(Row, table=True):
    """What people assess. `number` is short and permanent; it counts items in the order of the log."""

    __tablename__ = "view_item"

    id: str = Field(primary_key=True)
    number: int = Field(unique=True, sa_type=BigInteger)
    capture: str = Field(index=True)
    position: int = Field(sa_type=BigInteger)
    locator: str | None = None
    role: str | None = None
    media_type: str | None = None
    declared_media_type: str | None = None
    name: str | None = None
    title: str | None = None
    author: str | None = None
    claimed_time: str | None = None
    content: str | None = None
    content_reason: str | None = None
    sha256: str | None = Field(default=None, index=True)
    bytes: int | None = Field(default=None, sa_type=BigInteger)
    wire_sha256: str | None = None
    wire_bytes: int | None = Field(default=None, sa_type=BigInteger)
    files: str | None = None
    sealed_at: str


class ViewExamination(Row, table=True):
    """Each run of the checks on an item, the newest last."""

    __tablename__ = "view_examination"

    event: str = Field(primary_key=True)
    item: str = Field(index=True)
    findings: str | None = None
    fingerprints: str | None = None
    claims: str | None = None
    raw: str | None = None
    examined_at: str


class ViewDecision(Row, table=True):
    """What people decided about near-duplicate edges. Decisions are kept, the newest counts."""

    __tablename__ = "view_decision"
    __table_args__ = (_by_hash("view_decision", "edge"),)

    event: str = Field(primary_key=True)
    item_a: str = Field(index=True)
    item_b: str = Field(index=True)
    edge: str | None = None
    judgement: str | None = None
    distance: int | None = Field(default=None, sa_type=BigInteger)
    bits: int | None = Field(default=None, sa_type=BigInteger)
    method: str | None = None
    version: str | None = None
    reason: str | None = None
    decided_at: str
    decided_by: str


class ViewRemark(Row, table=True):
    """What people wrote about an item, a capture or a lead."""

    __tablename__ = "view_remark"

    event: str = Field(primary_key=True)
    subject_kind: str
    subject: str = Field(index=True)
    text: str | None = None
    added_at: str
    added_by: str


class ViewTag(Row, table=True):
    """Each putting on and taking off of a tag; the newest for an item and a tag counts."""

    __tablename__ = "view_tag"
    __table_args__ = (_by_hash("view_tag", "tag"),)

    event: str = Field(primary_key=True)
    item: str = Field(index=True)
    tag: str | None = None
    removed: bool
    tagged_at: str
    tagged_by: str


class ViewMonitor(Row, table=True):
    """Each statement of a standing watch; the newest for a monitor counts."""

    __tablename__ = "view_monitor"

    event: str = Field(primary_key=True)
    monitor: str = Field(index=True)
    kind: str | None = None
    interval_s: int | None = Field(default=None, sa_type=BigInteger)
    purpose: str | None = None
    paused: bool | None = None
    identity: str | None = None
    owner: str | None = None
    operator: str | None = None
    name: str | None = None
    target: str | None = None
    why: str | None = None
    stated_at: str
    stated_by: str


class ViewMonitorCheck(Row, table=True):
    """Each look at a watched target."""

    __tablename__ = "view_monitor_check"

    event: str = Field(primary_key=True)
    monitor: str = Field(index=True)
    status: str
    cause: str | None = None
    found: int | None = Field(default=None, sa_type=BigInteger)
    new: int | None = Field(default=None, sa_type=BigInteger)
    detail: str | None = None
    checked_at: str


class ViewIdentity(Row, table=True):
    """Each statement of a virtual identity; the newest for an identity counts."""

    __tablename__ = "view_identity"

    event: str = Field(primary_key=True)
    identity: str = Field(index=True)
    platform: str | None = None
    hosts: str | None = None
    access: str | None = None
    user_agent: str | None = None
    accept_language: str | None = None
    time_zone: str | None = None
    viewport: str | None = None
    cookies: int | None = Field(default=None, sa_type=BigInteger)
    retired: bool | None = None
    name: str | None = None
    handle: str | None = None
    jar: str | None = None
    why: str | None = None
    note: str | None = None
    made_by: str | None = None
    made_at: str | None = None
    canary: str | None = None
    canary_text: str | None = None
    stated_at: str
    stated_by: str


class ViewIdentityCheck(Row, table=True):
    """Each look at an identity's session, and each word of a person that it may be used again."""

    __tablename__ = "view_identity_check"

    event: str = Field(primary_key=True)
    identity: str = Field(index=True)
    status: str
    cause: str | None = None
    occasion: str | None = None
    detail: str | None = None
    contacts: str | None = None
    checked_at: str
    checked_by: str


class ViewAct(Row, table=True):
    """Acts on the holdings as a whole: fixity passes, backups, overrides, accesses, tests of the tool."""

    __tablename__ = "view_act"

    event: str = Field(primary_key=True)
    type: str = Field(index=True)
    status: str | None = None
    subject: str | None = None
    body: str | None = None
    done_at: str
    done_by: str


class ViewErasure(Row, table=True):
    """The tombstones: which part of which event was erased, when, by whom, on what basis."""

    __tablename__ = "view_erasure"

    event: str = Field(primary_key=True)
    target: str = Field(index=True)
    part: str
    basis: str | None = None
    approved_by: str | None = None
    erased_at: str
    erased_by: str


class ViewSignature(Row, table=True):
    """Signatures that people put under their own events, as they are claimed."""

    __tablename__ = "view_signature"

    event: str = Field(primary_key=True)
    signed: str = Field(index=True)
    signed_by: str
    key: str | None = None
    leaf: str | None = None
    signature: str | None = None
    signed_at: str


class ViewTombstone(Row, table=True):
    """Items that were erased: when, by whom, approved by whom, on what basis, and what they were by their digest."""

    __tablename__ = "view_tombstone"

    event: str = Field(primary_key=True)
    item: str = Field(index=True)
    capture: str = Field(index=True)
    erased_at: str
    erased_by: str
    approved_by: str
    basis: str | None = None
    sha256: str | None = None
    bytes: int | None = Field(default=None, sa_type=BigInteger)
    replaced: str | None = None
    recipients: str | None = None
