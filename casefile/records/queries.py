"""Reads for people and programs: rows come out as frozen values. Nothing here writes."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import Connection, Row, Select, and_, exists, func, or_, select

from casefile.errors import UnknownItem
from casefile.ids import format_number, parse_number
from casefile.leads import Lead
from casefile.records.engine import tables
from casefile.records.progress import is_unfollowed
from casefile.vocabulary import Pathway


@dataclass(frozen=True, slots=True)
class ItemRecord:
    """An item with what its capture says of it. What was erased is None."""

    id: str
    number: int
    capture: str
    lead: str
    position: int
    locator: str | None
    lead_locator: str | None
    role: str | None
    media_type: str | None
    declared_media_type: str | None
    name: str | None
    title: str | None
    author: str | None
    claimed_time: str | None
    content: str | None
    content_reason: str | None
    sha256: str | None
    bytes: int | None
    wire_sha256: str | None
    wire_bytes: int | None
    files: tuple[str, ...]
    object_id: str | None
    outcome: str
    cause: str | None
    method: str | None
    method_version: str | None
    acquisition: str | None
    source: str | None
    containment: str | None
    egress_enforced: bool | None
    allowances: tuple[str, ...]
    captured_at: str | None
    job: str | None
    erased_at: str | None

    @property
    def label(self) -> str:
        """The short permanent number as people write it."""
        return format_number(self.number)


@dataclass(frozen=True, slots=True)
class ItemFilter:
    """Which items are meant; an empty field does not narrow.

    `tag`: those on which anybody ever put it. Whether it is still there for whoever looks, `pipelines.sight` says.
    """

    tag: str = ""
    content: str = ""
    job: str = ""
    lead: str = ""
    capture: str = ""
    ids: tuple[str, ...] = ()
    made_by: tuple[str, ...] | None = None
    """Register ids of tools, any of which had part in the item's capture or in one of its examinations."""


@dataclass(frozen=True, slots=True)
class AttemptRecord:
    """One attempt at a lead, ended or not."""

    capture: str
    lead: str
    locator: str | None
    job: str | None
    attempt: int | None
    method: str | None
    method_reason: str | None
    purpose: str | None
    status: str
    cause: str | None
    detail: str | None
    advice: str | None
    started_at: str
    ended_at: str | None
    started_by: str
    identity: str | None


@dataclass(frozen=True, slots=True)
class LeadRecord:
    """A lead with its row's other cells."""

    id: str
    locator: str | None
    pathway: str | None
    job: str | None
    sheet: str | None
    row: int | None
    occurrence: int | None
    cells: tuple[tuple[str, str], ...]
    why: str | None
    added_at: str


@dataclass(frozen=True, slots=True)
class RemarkRecord:
    """What somebody wrote about an item."""

    subject: str
    text: str | None
    added_at: str
    added_by: str
    event: str


@dataclass(frozen=True, slots=True)
class ExaminationRecord:
    """The newest findings on an item; parsed from the log's canonical JSON."""

    item: str
    findings: tuple[dict[str, Any], ...]
    fingerprints: tuple[dict[str, Any], ...]
    claims: tuple[dict[str, Any], ...]
    raw: str | None
    examined_at: str


def find_items(connection: Connection, texts: Sequence[str]) -> list[ItemRecord]:
    """The items that these ids or numbers name, in that order; raises UnknownItem for the first that names none."""
    found = []
    table = tables("view_")["view_item"]
    for text in texts:
        number = parse_number(text)
        named = table.c.number == number if number is not None else table.c.id == text
        rows = connection.execute(_items().where(named)).all()
        if len(rows) != 1:
            raise UnknownItem(text)
        found.append(_item(rows[0]))
    return found


def items_of_digest(connection: Connection, id_: str, digest: str) -> list[str]:
    """The item of that id, else those with that sha256, oldest first."""
    item = tables("view_")["view_item"]
    for named in (item.c.id == id_, item.c.sha256 == digest):
        found = list(connection.execute(select(item.c.id).where(named).order_by(item.c.number)).scalars())
        if found:
            return found
    return []


def list_items(connection: Connection, wanted: ItemFilter = ItemFilter()) -> list[ItemRecord]:
    """Items in the order of their numbers."""
    item, lead = tables("view_")["view_item"], tables("view_")["view_lead"]
    conditions = []
    if wanted.content:
        conditions.append(item.c.content == wanted.content)
    if wanted.job:
        conditions.append(lead.c.job == wanted.job)
    if wanted.lead:
        conditions.append(lead.c.id == wanted.lead)
    if wanted.capture:
        conditions.append(item.c.capture == wanted.capture)
    if wanted.ids:
        conditions.append(item.c.id.in_(wanted.ids))
    if wanted.made_by is not None:
        use = tables("view_")["view_tool_use"]
        about = or_(use.c.subject == item.c.id, use.c.subject == item.c.capture)
        conditions.append(exists().where(use.c.tool.in_(wanted.made_by), about))
    if wanted.tag:
        conditions.append(_was_tagged(wanted.tag))
    rows = connection.execute(_items().where(and_(True, *conditions)).order_by(item.c.number))
    return [_item(row) for row in rows]


def unexamined_items(connection: Connection) -> list[ItemRecord]:
    """Items that no examination is recorded of and that are not erased, in the order of their numbers."""
    item, examination = tables("view_")["view_item"], tables("view_")["view_examination"]
    tombstone = tables("view_")["view_tombstone"]
    never = and_(~exists().where(examination.c.item == item.c.id), tombstone.c.item.is_(None))
    return [_item(row) for row in connection.execute(_items().where(never).order_by(item.c.number))]


def list_attempts(
    connection: Connection, *, failed: bool = False, lead: str = "", identity: str = "", spellings: Collection[str] = ()
) -> list[AttemptRecord]:
    """Attempts in the order of their beginning; with `failed`, those that kept no whole item.

    `identity` is the id of a virtual identity under which they were made, `spellings` keys of the locators asked for.
    """
    attempt, of_lead = tables("view_")["view_attempt"], tables("view_")["view_lead"]
    capture = tables("view_")["view_capture"]
    elsewhere = ("locator", "job", "detail")
    columns = [attempt.c[name] for name in AttemptRecord.__dataclass_fields__ if name not in elsewhere]
    detail = func.coalesce(attempt.c.detail, capture.c.detail).label("detail")
    query = (
        select(*columns, detail, of_lead.c.locator, of_lead.c.job)
        .join(of_lead, of_lead.c.id == attempt.c.lead, isouter=True)
        .join(capture, capture.c.id == attempt.c.capture, isouter=True)
    )
    if failed:
        query = query.where(or_(attempt.c.status != "captured", attempt.c.cause.is_not(None)))
    if lead:
        query = query.where(attempt.c.lead == lead)
    if identity:
        query = query.where(attempt.c.identity == identity)
    if spellings:
        # As a query of its own: with the outer join alone SQLite reads every attempt.
        query = query.where(attempt.c.lead.in_(select(of_lead.c.id).where(of_lead.c.spelling.in_(spellings))))
    rows = connection.execute(query.order_by(attempt.c.started_at, attempt.c.capture))
    return [AttemptRecord(**row._mapping) for row in rows]


@dataclass(frozen=True, slots=True)
class OpenAttempt:
    """An attempt that has begun and not ended. `run` is the run that began it."""

    capture: str
    lead: str
    attempt: int
    run: str


def open_attempts(connection: Connection, capture: str = "") -> list[OpenAttempt]:
    """Attempts that have begun and not ended, or the one of that capture, if it is one."""
    table = tables("view_")["view_attempt"]
    query = select(table.c.capture, table.c.lead, table.c.attempt, table.c.run).where(table.c.status == "started")
    if capture:
        query = query.where(table.c.capture == capture)
    rows = connection.execute(query.order_by(table.c.capture))
    return [OpenAttempt(row.capture, row.lead, row.attempt or 1, row.run) for row in rows]


def last_success(connection: Connection, method: str, host: str) -> str | None:
    """When that method last made a whole capture of a locator of that host."""
    capture, lead = tables("view_")["view_capture"], tables("view_")["view_lead"]
    rows = connection.execute(
        select(capture.c.sealed_at, lead.c.locator)
        .join(lead, lead.c.id == capture.c.lead)
        .where(capture.c.method == method, capture.c.outcome == "captured", capture.c.cause.is_(None))
        .where(lead.c.locator.contains(host, autoescape=True))
        .order_by(capture.c.sealed_at.desc())
    )
    return next((row.sealed_at for row in rows if urlsplit(row.locator or "").hostname == host), None)


def investigation_title(connection: Connection) -> str | None:
    """What the investigation is called; None when that was erased."""
    table = tables("view_")["view_investigation"]
    return connection.execute(select(table.c.title)).scalar_one_or_none()


def find_lead(connection: Connection, lead: str) -> LeadRecord | None:
    """The lead of that id."""
    table = tables("view_")["view_lead"]
    row = connection.execute(select(table).where(table.c.id == lead)).one_or_none()
    return _lead(row) if row is not None else None


def waiting_leads(connection: Connection, monitor: str = "") -> list[Lead]:
    """Leads that no attempt has brought to an end, as a crash or a pause leaves them; of one watch when it is named.

    So are those whose capture is to be followed by another one of which there is no attempt yet.

    What was handed over cannot be had again by its locator and is left out.
    """
    lead, attempt = tables("view_")["view_lead"], tables("view_")["view_attempt"]
    ended = exists().where(
        attempt.c.lead == lead.c.id,
        attempt.c.status != "started",
        attempt.c.cause.is_distinct_from("interrupted"),
    )
    unfollowed = is_unfollowed(lead)
    query = select(lead).where(or_(~ended, unfollowed), lead.c.pathway != "handed-over")
    query = query.order_by(lead.c.added_at, lead.c.id)
    if monitor:
        query = query.where(lead.c.monitor == monitor)
    return [
        Lead(
            id=row.id,
            locator=row.locator,
            pathway=Pathway(row.pathway),
            job=row.job or "",
            sheet=row.sheet or "",
            row=row.row or 0,
            occurrence=row.occurrence or 1,
            why=row.why or "",
        )
        for row in connection.execute(query)
        if row.locator is not None
    ]


def list_remarks(connection: Connection, subject: str) -> list[RemarkRecord]:
    """Remarks on one subject, oldest first."""
    table = tables("view_")["view_remark"]
    rows = connection.execute(select(table).where(table.c.subject == subject).order_by(table.c.added_at, table.c.event))
    return [RemarkRecord(row.subject, row.text, row.added_at, row.added_by, row.event) for row in rows]


def list_tags(connection: Connection, item: str, without: Collection[str] = ()) -> list[str]:
    """The tags that an item has now, sorted; `without` names people of whose tags nothing is counted."""
    table = tables("view_")["view_tag"]
    state: dict[str, bool] = {}
    for row in connection.execute(select(table).where(table.c.item == item).order_by(table.c.tagged_at, table.c.event)):
        if row.tag is not None and row.tagged_by not in without:
            state[row.tag] = not row.removed
    return sorted(tag for tag, present in state.items() if present)


def newest_examination(connection: Connection, item: str) -> ExaminationRecord | None:
    """The newest examination of an item."""
    table = tables("view_")["view_examination"]
    row = connection.execute(
        select(table).where(table.c.item == item).order_by(table.c.examined_at.desc(), table.c.event.desc()).limit(1)
    ).one_or_none()
    if row is None:
        return None
    return ExaminationRecord(
        row.item,
        tuple(json.loads(row.findings or "[]")),
        tuple(json.loads(row.fingerprints or "[]")),
        tuple(json.loads(row.claims or "[]")),
        row.raw,
        row.examined_at,
    )


def capture_facts(connection: Connection, capture: str) -> dict[str, Any]:
    """What the record says of a capture and of why by its method, with lists and objects parsed."""
    table, attempt = tables("view_")["view_capture"], tables("view_")["view_attempt"]
    query = select(table, attempt.c.method_reason).join(attempt, attempt.c.capture == table.c.id, isouter=True)
    row = connection.execute(query.where(table.c.id == capture)).one()
    parsed = ("circumstances", "exchanges", "tools", "files", "allowances")
    return {
        name: json.loads(value) if name in parsed and value is not None else value
        for name, value in row._mapping.items()
    }


def _items() -> Select[Any]:
    item, capture = tables("view_")["view_item"], tables("view_")["view_capture"]
    lead, tombstone = tables("view_")["view_lead"], tables("view_")["view_tombstone"]
    of_item = (
        "id", "number", "capture", "position", "locator", "role", "media_type", "declared_media_type", "name",
        "title", "author", "claimed_time", "content", "content_reason", "sha256", "bytes", "wire_sha256",
        "wire_bytes", "files",
    )  # fmt: skip
    of_capture = (
        "lead", "object_id", "outcome", "cause", "method", "method_version", "acquisition", "source", "containment",
        "egress_enforced", "allowances",
    )  # fmt: skip
    return (
        select(
            *(item.c[name] for name in of_item),
            *(capture.c[name] for name in of_capture),
            capture.c.ended_at.label("captured_at"),
            lead.c.locator.label("lead_locator"),
            lead.c.job,
            tombstone.c.erased_at,
        )
        .join(capture, capture.c.id == item.c.capture)
        .join(lead, lead.c.id == capture.c.lead, isouter=True)
        .join(tombstone, tombstone.c.item == item.c.id, isouter=True)
    )


def _was_tagged(tag: str) -> Any:
    item, table = tables("view_")["view_item"], tables("view_")["view_tag"]
    return exists().where(table.c.item == item.c.id, table.c.tag == tag, table.c.removed.is_(False))


def _item(row: Row[Any]) -> ItemRecord:
    values = dict(row._mapping)
    values["files"] = tuple(json.loads(values["files"] or "[]"))
    values["allowances"] = tuple(json.loads(values["allowances"] or "[]"))
    return ItemRecord(**values)


def _lead(row: Row[Any]) -> LeadRecord:
    cells = tuple((str(name), str(text)) for name, text in json.loads(row.cells or "[]"))
    return LeadRecord(
        row.id, row.locator, row.pathway, row.job, row.sheet, row.row, row.occurrence, cells, row.why, row.added_at
    )
