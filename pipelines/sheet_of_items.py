"""The contact sheet of a workspace: what the record says of each item, filled into the sheet's values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from casefile.clock import rfc3339
from casefile.digests import hex_of
from casefile.errors import RecordUnreadable
from casefile.model import Alteration, Contact, Exchange, SealedFile, ToolUse
from casefile.posts import Post, PostMedia
from casefile.records.engine import reading
from casefile.records.people import list_people
from casefile.records.posts import Reading, newest_reading
from casefile.records.protection import guard_of
from casefile.records.queries import (
    AttemptRecord,
    ExaminationRecord,
    ItemFilter,
    ItemRecord,
    capture_facts,
    find_lead,
    investigation_title,
    list_attempts,
    list_items,
    newest_examination,
)
from casefile.vocabulary import Acquisition, Cause, ContainmentLevel, Content, Outcome, Role, Tier
from casefile.zawgyi import unicode_form
from pipelines.contact_sheet.values import (
    SheetAttempt,
    SheetCapture,
    SheetClaim,
    SheetConflict,
    SheetDuplicate,
    SheetFinding,
    SheetHeading,
    SheetItem,
    SheetPost,
    SheetPreview,
    SheetRemark,
    SheetVisit,
)
from pipelines.contact_sheet.writing import ContactSheet, check_directory, write_contact_sheet
from pipelines.examinable import standing_file
from pipelines.neighbours import Pair, list_pairs
from pipelines.revisits import Visit, by_locator, same_locator, visits_among, was_repeated
from pipelines.services import Services
from pipelines.sight import items_seen, remarks_seen, tags_seen, viewer_of
from pipelines.trying import with_advice
from verification.revisits import Change

SHOWN_POSTS = 50
"""Of one item; the record has the others."""


@dataclass(slots=True)
class _Filling:
    """What all items of one sheet share."""

    services: Services
    people: Mapping[str, str]
    pairs: Mapping[str, list[Pair]]
    shown: frozenset[str]
    attempts: Mapping[str, Sequence[AttemptRecord]]

    def item(self, item: ItemRecord) -> SheetItem:
        with reading(self.services.engine) as connection:
            facts = capture_facts(connection, item.capture)
            lead = find_lead(connection, item.lead)
            examination = newest_examination(connection, item.id)
            remarks = remarks_seen(connection, item.id, viewer_of(self.services))
            tags = tags_seen(connection, item.id, viewer_of(self.services))
            guard = guard_of(connection, item.id)
            read = newest_reading(connection, item.id)
        files = facts["files"] or []
        visits, text = self._visits(item), self._text(item)
        capture = self._capture(facts, item)
        if lead is not None:
            capture = replace(capture, job=lead.job or "", sheet=lead.sheet or "", row=lead.row or 0, cells=lead.cells)
        return SheetItem(
            id=item.id,
            number=item.label,
            role=Role(item.role or Role.OTHER),
            capture=capture,
            locator=item.locator,
            content=Content(item.content or Content.DOUBTFUL),
            sha256=item.sha256 or "",
            bytes=item.bytes or 0,
            captured_at=item.captured_at or "",
            name=item.name,
            title=item.title,
            author=item.author,
            claimed_time=item.claimed_time,
            media_type=item.media_type or "",
            declared_media_type=item.declared_media_type or "",
            content_reason=item.content_reason or "",
            text=text,
            text_in_unicode=unicode_form(text),
            wire_sha256=item.wire_sha256 or "",
            wire_bytes=item.wire_bytes or 0,
            files=tuple(SealedFile.model_validate(file) for file in files if file["path"] in item.files),
            previews=(*self._previews(item, files), *self._preview_before(visits, item)),
            posts=_posts(read),
            visits=tuple(map(_visit, visits)),
            findings=_findings(examination),
            conflicts=_conflicts(examination),
            duplicates=tuple(self._duplicate(item, pair) for pair in self.pairs.get(item.id, [])),
            remarks=tuple(
                SheetRemark(one.added_at, self.people.get(one.added_by, one.added_by), one.text) for one in remarks
            ),
            tags=(*(guard.words if guard else ()), *tags),
        )

    def _visits(self, item: ItemRecord) -> Sequence[Visit]:
        attempts = self.attempts.get(same_locator(item.lead_locator or item.locator), ())
        return visits_among(self.services, attempts) if was_repeated(attempts) else ()

    def _preview_before(self, visits: Sequence[Visit], item: ItemRecord) -> Iterator[SheetPreview]:
        """The picture of the visit before, where it changed since."""
        earlier = {each.label: each for visit in visits for each in visit.items}
        for one in (one for visit in visits for one in visit.differences):
            if one.after == item.label and one.change is Change.CHANGED and one.before in earlier:
                before = earlier[one.before]
                with reading(self.services.engine) as connection:
                    files = capture_facts(connection, before.capture)["files"] or []
                for preview in self._previews(before, files):
                    yield replace(preview, caption=f"at the visit before: {one.before}")

    def _capture(self, facts: Mapping[str, Any], item: ItemRecord) -> SheetCapture:
        circumstances = facts["circumstances"] or {}
        clock = circumstances.get("started_clock") or {}
        offset = clock.get("offset_ms")
        return SheetCapture(
            id=item.capture,
            outcome=Outcome(item.outcome),
            acquisition=Acquisition(item.acquisition or Acquisition.OBSERVED),
            collector=self.people.get(facts["collector"] or "", ""),
            method=f"{item.method or ''} {item.method_version or ''}".strip(),
            started_at=facts["started_at"] or "",
            ended_at=facts["ended_at"] or "",
            clock=f"{clock.get('source', '')}" + (f", offset {offset} ms" if offset is not None else ""),
            containment=ContainmentLevel(item.containment or ContainmentLevel.WEAK),
            egress_enforced=bool(item.egress_enforced),
            cause=Cause(item.cause) if item.cause else None,
            detail=facts["detail"] or "",
            source=self.people.get(facts["source"] or "", "") if facts["source"] else "",
            handed_over_how=facts["handed_over_how"] or "",
            purpose=facts["purpose"] or "",
            allowances=item.allowances,
            exchanges=tuple(Exchange.model_validate(one) for one in facts["exchanges"] or []),
            alterations=tuple(Alteration.model_validate(one) for one in circumstances.get("alterations", [])),
            contacts=tuple(Contact.model_validate(one) for one in circumstances.get("contacts", [])),
            tools=tuple(ToolUse.model_validate(one) for one in facts["tools"] or []),
        )

    def _text(self, item: ItemRecord) -> str:
        """What the item says, which lies in the vault only."""
        if item.object_id is None:
            return ""
        try:
            record = self.services.vault.read_record(item.object_id)
            return next((one.text for one in record.items if one.position == item.position), "")
        except RecordUnreadable:
            # The sheet shows what is there; it is the audit that names a damaged object.
            return ""

    def _previews(self, item: ItemRecord, files: Sequence[dict[str, Any]]) -> tuple[SheetPreview, ...]:
        standing = standing_file(item, files)
        if standing is None:
            return ()
        path = self.services.workspace.previews / f"{hex_of(standing['sha256'])}.jpg"
        return (SheetPreview(path),) if path.is_file() else ()

    def _duplicate(self, item: ItemRecord, pair: Pair) -> SheetDuplicate:
        other = pair.item_b if pair.item_a.id == item.id else pair.item_a
        return SheetDuplicate(
            number=other.label,
            name=other.title or other.name or other.locator,
            score=pair.score,
            tier=Tier(pair.tier),
            method=pair.edge.method,
            edge=pair.edge.edge,
            judgement=pair.edge.judgement,
            same_capture=pair.edge.same_capture,
            in_sheet=other.id in self.shown,
        )


def write_sheet_of_items(services: Services, wanted: ItemFilter, directory: Path) -> ContactSheet:
    """Write the contact sheet of the items that are wanted, with every attempt, into `directory`.

    Raises SheetUnusable for a folder with anything else in it.
    """
    check_directory(directory)
    pairs = list_pairs(services, inside_captures=True, rejected=True)
    with reading(services.engine) as connection:
        items = items_seen(connection, wanted, viewer_of(services))
        people = {person.id: person.name or "(erased)" for person in list_people(connection)}
        title = investigation_title(connection)
        attempts = list_attempts(connection)
        labels: dict[str, list[ItemRecord]] = {}
        for item in list_items(connection):
            labels.setdefault(item.capture, []).append(item)
    shown_items = frozenset(item.id for item in items)
    filling = _Filling(services, people, _by_item(pairs), shown_items, by_locator(attempts))
    heading = SheetHeading(
        title=title or "Investigation",
        investigation=services.log.id,
        made_at=rfc3339(services.clock.read().wall),
        made_by=(services.person.name or "") if services.person else "",
        selection=_selection(wanted),
    )
    shown: Iterator[SheetItem] = (filling.item(item) for item in items)
    tried = [_attempt(with_advice(one), labels.get(one.capture, [])) for one in attempts]
    return write_contact_sheet(shown, tried, directory, heading=heading)


def _by_item(pairs: Sequence[Pair]) -> dict[str, list[Pair]]:
    found: dict[str, list[Pair]] = {}
    for pair in pairs:
        for end in (pair.item_a.id, pair.item_b.id):
            found.setdefault(end, []).append(pair)
    return found


def _attempt(one: AttemptRecord, items: Sequence[ItemRecord]) -> SheetAttempt:
    return SheetAttempt(
        locator=one.locator,
        outcome=Outcome(one.status) if one.status != "started" else None,
        started_at=one.started_at,
        attempt=one.attempt or 1,
        cause=Cause(one.cause) if one.cause else None,
        detail=one.detail or "",
        advice=one.advice or "",
        method=one.method or "",
        job=one.job or "",
        items=tuple(item.label for item in items),
        content=_content(items),
    )


def _content(items: Sequence[ItemRecord]) -> Content | None:
    """The content of the first item, which is the page or file that was asked for."""
    return Content(items[0].content) if items and items[0].content else None


def _selection(wanted: ItemFilter) -> str:
    parts = [
        f"{name} {value}"
        for name, value in (("tag", wanted.tag), ("content", wanted.content), ("job", wanted.job))
        if value
    ]
    return ", ".join(parts) or "all items"


def _claims(claims: Sequence[Mapping[str, Any]]) -> tuple[SheetClaim, ...]:
    return tuple(SheetClaim(one["field"], one["value"], one["origin"]) for one in claims)


def _findings(examination: ExaminationRecord | None) -> tuple[SheetFinding, ...]:
    if examination is None:
        return ()
    claims = {group["check"]: group for group in examination.claims}
    return tuple(
        SheetFinding(
            check=finding["check"],
            method=f"version {finding['version']}",
            summary=_summary(finding),
            claims=_claims(claims.get(finding["check"], {}).get("claims", [])),
        )
        for finding in examination.findings
    )


def _visit(visit: Visit) -> SheetVisit:
    lines = tuple((line.sign, line.text) for one in visit.differences for line in one.lines)
    numbers = tuple(item.label for item in visit.items)
    return SheetVisit(visit.attempt.started_at, numbers, visit.change.value, visit.why, lines)


def _posts(read: Reading | None) -> tuple[SheetPost, ...]:
    return tuple(map(_post, read.posts[:SHOWN_POSTS])) if read is not None else ()


def _post(post: Post | None) -> SheetPost:
    if post is None:
        return SheetPost("", asked=False, claims=None)
    claims = tuple(SheetClaim(one.field, one.value, one.origin) for one in post.claims)
    return SheetPost(post.source, post.asked, claims, tuple(map(_medium, post.media)))


def _medium(one: PostMedia) -> SheetClaim:
    words = (one.locator, one.description, f"withheld: {one.why}" if one.withheld else "")
    return SheetClaim(one.kind, " ".join(word for word in words if word), one.origin)


def _summary(finding: Mapping[str, Any]) -> str:
    cause = f" ({finding['cause']})" if finding.get("cause") else ""
    facts = "; ".join(f"{name} {_shown(value)}" for name, value in finding.get("facts", {}).items())
    notices = "; ".join(f"{one['code']}: {one['text']}" for one in finding.get("notices", []))
    parts = (f"{finding['result']}{cause}", finding.get("detail", ""), facts, notices)
    return ". ".join(part for part in parts if part)


def _shown(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(_shown(one) for one in value)
    if isinstance(value, dict):
        return " ".join(f"{name}={one}" for name, one in value.items())
    return str(value)


def _conflicts(examination: ExaminationRecord | None) -> tuple[SheetConflict, ...]:
    groups = examination.claims if examination else ()
    return tuple(
        SheetConflict(conflict["field"], _claims(conflict["claims"]))
        for group in groups
        for conflict in group.get("conflicts", [])
    )
