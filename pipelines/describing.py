"""Everything that the record holds about one item, as one value for a program and as lines for a person."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from casefile.legible import spoken
from casefile.model import Alteration
from casefile.records.archives import newest_archive
from casefile.records.engine import reading
from casefile.records.people import list_people
from casefile.records.posts import newest_reading
from casefile.records.queries import (
    ItemRecord,
    LeadRecord,
    capture_facts,
    find_items,
    find_lead,
    newest_examination,
)
from casefile.records.tombstones import Tombstone, list_tombstones
from pipelines.alterations import alteration_line
from pipelines.archive_lines import archive_lines, archive_plain
from pipelines.bracketing import bracket_lines, bracket_of
from pipelines.corroborating import corroboration_lines, corroborations_of
from pipelines.custody import event_of_item
from pipelines.examinable import made_of
from pipelines.holdings import holdings_lines, holdings_of
from pipelines.holds import Hold, hold_seen
from pipelines.neighbours import edges_of_item
from pipelines.person_signing import identities_of
from pipelines.post_lines import post_lines, reading_plain
from pipelines.revisits import attempts_at, visit_lines, visits_among, visits_plain, was_repeated, without_words
from pipelines.services import Services
from pipelines.sight import Seen, guard_seen, look, remarks_seen, tags_seen, viewer_of
from pipelines.verification_plain import step_plain

OF_CAPTURE = (
    "id", "outcome", "cause", "detail", "method", "method_version", "method_reason", "purpose", "acquisition",
    "containment", "egress_enforced", "allowances", "started_at", "ended_at", "sealed_at", "object_id", "inventory",
    "handed_over_how",
)  # fmt: skip
LABELS: Mapping[str, str] = {
    "number": "Item",
    "role": "Role",
    "title": "Title (as stated)",
    "author": "Author (as stated)",
    "claimed_time": "Time (as stated)",
    "locator": "Locator",
    "name": "Original name",
    "media_type": "Type by content",
    "declared_media_type": "Type as declared",
    "bytes": "Bytes",
    "sha256": "sha256",
    "wire_sha256": "sha256 as sent",
    "content": "Content",
    "content_reason": "Because",
    "acquisition": "Acquisition",
    "captured_at": "Captured",
}


def describe_item(services: Services, text: str) -> dict[str, Any]:
    """The item of that id or number with its capture, lead, findings, neighbours, remarks and tags."""
    with reading(services.engine) as connection:
        item = find_items(connection, [text])[0]
        tombstone = next(iter(list_tombstones(connection, item=item.id)), None)
        hold = hold_seen(connection, item, viewer_of(services))
        capture = capture_facts(connection, item.capture)
        people = {person.id: person.name or "(erased)" for person in list_people(connection)}
        lead = find_lead(connection, item.lead)
        examination = newest_examination(connection, item.id)
        remarks = remarks_seen(connection, item.id, viewer_of(services))
        assessed = look(connection, [item.id], viewer_of(services))[item.id]
        tags = tags_seen(connection, item.id, viewer_of(services))
        guard = guard_seen(connection, item.id, viewer_of(services))
        posts = newest_reading(connection, item.id)
        archive = newest_archive(connection, item.id)
    described: dict[str, Any] = {
        name: getattr(item, name)
        for name in (
            "id", "role", "title", "author", "claimed_time", "locator", "name", "media_type", "declared_media_type",
            "bytes", "sha256", "wire_bytes", "content", "content_reason", "acquisition", "captured_at",
        )
    }  # fmt: skip
    described |= {"number": item.label, "wire_sha256": item.wire_sha256 or None}
    described["files"] = [file for file in capture["files"] or [] if file["path"] in item.files]
    described["made"] = made_of(item.files, capture["files"] or [])
    described["capture"] = _capture(capture, people)
    cited = ((capture["circumstances"] or {}).get("not_before") or {}).get("token", "")
    said = capture["ended_at"] or capture["sealed_at"]
    described["time"] = bracket_of(services, event_of_item(services, item.id), said, cited)
    described["lead"] = _lead(lead)
    described["findings"] = list(examination.findings) if examination else []
    described["claims"] = list(examination.claims) if examination else []
    described["examined_at"] = examination.examined_at if examination else None
    described |= {"posts": reading_plain(posts), "archive": archive_plain(archive)}
    described["revisits"] = _revisits(services, item)
    described["corroboration"] = [one.plain() for one in corroborations_of(services, item)]
    described["holdings"] = [one.plain() for one in holdings_of(services, item)]
    described["duplicates"] = edges_of_item(services, item.id)
    proved = identities_of(services.engine, services.log.id, [one.event for one in remarks])
    described["remarks"] = [
        {
            "text": one.text if one.text is not None else "(erased)",
            "at": one.added_at,
            "by": people.get(one.added_by, one.added_by),
            **proved[one.event].plain(),
            "proof": proved[one.event].words,
        }
        for one in remarks
    ]
    described["tags"] = tags
    described["assessment"] = _assessment(assessed, people)
    described |= _exercised(hold, tombstone, people)
    described["guard"] = None if guard is None else {**asdict(guard), "words": list(guard.words)}
    return described


def _capture(facts: Mapping[str, Any], people: Mapping[str, str]) -> dict[str, Any]:
    circumstances = facts["circumstances"] or {}
    return {name: facts[name] for name in OF_CAPTURE} | {
        "collector": people.get(facts["collector"] or "", facts["collector"]),
        "source": people.get(facts["source"] or "", facts["source"]),
        "exchanges": facts["exchanges"],
        "tools": facts["tools"],
        "contacts": circumstances.get("contacts", []),
        "alterations": circumstances.get("alterations", []),
        "clock": circumstances.get("started_clock"),
        "environment": circumstances.get("environment"),
        "visitor": circumstances.get("visitor"),
    }


def _revisits(services: Services, item: ItemRecord) -> list[dict[str, Any]]:
    """The visits to the locator that an item came from, without their words; none where there was one only."""
    attempts = attempts_at(services, item.lead_locator or item.locator or "")
    return without_words(visits_plain(visits_among(services, attempts))) if was_repeated(attempts) else []


def _lead(lead: LeadRecord | None) -> dict[str, Any] | None:
    """The lead that an item came from."""
    return None if lead is None else {
        "id": lead.id,
        "locator": lead.locator,
        "pathway": lead.pathway,
        "job": lead.job or None,
        "sheet": lead.sheet or None,
        "row": lead.row or None,
        "cells": [list(cell) for cell in lead.cells],
        "why": lead.why,
        "added_at": lead.added_at,
    }  # fmt: skip


def _assessment(seen: Seen, people: Mapping[str, str]) -> dict[str, Any]:
    """How far its assessments are, and the steps that whoever looks may see."""
    return {
        "state": seen.state.name,
        "hidden": seen.hidden,
        "steps": [step_plain(step, people) for step in seen.steps],
    }


def _exercised(hold: Hold | None, tombstone: Tombstone | None, people: Mapping[str, str]) -> dict[str, Any]:
    """The hold that an item is under, and its tombstone; None for each that there is not."""
    return {
        "hold": hold and {"reason": hold.reason, "since": hold.since, "by": people.get(hold.by, hold.by)},
        "erased": tombstone
        and {
            "event": tombstone.event,
            "at": tombstone.erased_at,
            "by": people.get(tombstone.erased_by, tombstone.erased_by),
            "approved_by": people.get(tombstone.approved_by, tombstone.approved_by),
            "basis": tombstone.basis,
            "sha256": tombstone.sha256,
            "bytes": tombstone.bytes,
            "recipients": list(tombstone.recipients),
        },
    }


def description_lines(described: Mapping[str, Any]) -> Iterator[str]:
    """The same for a person: what matters first."""
    if described["guard"] and described["guard"]["words"]:
        yield f"Kept closely: {', '.join(described['guard']['words'])} ({described['guard']['why'] or '(erased)'})"
    for name, label in LABELS.items():
        value = described.get(name)
        if value not in (None, ""):
            yield f"{label}: {value}"
    yield from _custody_lines(described)
    capture = described["capture"]
    yield ""
    yield f"Captured by {capture['collector']} with method {capture['method']} {capture['method_version']}"
    if capture["method_reason"]:
        yield f"  by this method since: {capture['method_reason']}"
    yield f"  {capture['started_at']} to {capture['ended_at']}, outcome {capture['outcome']}"
    if capture["source"]:
        yield f"  handed over by {capture['source']}{_how(capture['handed_over_how'])}"
    enforced = "enforced" if capture["egress_enforced"] else "NOT enforced"
    yield f"  containment {capture['containment']}, egress {enforced}"
    if capture["environment"]:
        ran = capture["environment"]
        yield f"  by Casefile {ran['casefile']}, code {ran.get('code', 'as installed')}"
        yield f"  on {ran['python']}, {ran['system']}"
        yield f"  last selftest: {_selftest_words(ran.get('selftest', {}))}"
    if capture["visitor"]:
        yield from _visitor_lines(capture["visitor"])
    for allowance in capture["allowances"] or []:
        yield f"  over an explicit allowance: {allowance}"
    for way in sorted({one["upstream"] for one in capture["contacts"] if one.get("upstream")}):
        yield f"  through {way}, which looked names up and chose the addresses"
    for exchange in capture["exchanges"] or []:
        shown = f", certificate {exchange['certificate']}" if exchange.get("certificate") else ""
        place = f"{exchange['peer'] or 'unknown'}{shown}"
        yield f"  {exchange['method']} {exchange['locator']}: {exchange['status']} from {place}"
    yield from _request_lines(capture["contacts"])
    yield from _section("When, as far as it is proved", list(bracket_lines(described["time"])))
    altered = [alteration_line(Alteration.model_validate(one)) for one in capture["alterations"]]
    yield from _section("Altered by the instrument", altered)
    yield from _section(
        "Files", [f"{file['path']} {file['sha256']} ({file['fidelity']})" for file in described["files"]]
    )
    yield from _section("Made of them at the capture", [f"{one['path']} {one['sha256']}" for one in described["made"]])
    yield from _section("Findings", _finding_lines(described["findings"]))
    yield from _section("Claims that were found", _claim_lines(described["claims"]))
    yield from _section("Posts (as stated)", list(_post_lines(described["posts"])))
    yield from _section("Archive of others (claims of a third party)", list(archive_lines(described["archive"])))
    yield from _section("Visits to the locator", list(visit_lines(described["revisits"])))
    yield from _section("Second captures", list(corroboration_lines(described["corroboration"])))
    yield from _section("Public archives that were asked", list(holdings_lines(described["holdings"])))
    yield from _section(
        "Near-duplicates",
        [_likeness_line(one) for one in described["duplicates"]],
    )
    yield from _section(
        "Remarks", [f"{one['at'][:19]} {one['by']} ({one['proof']}): {one['text']}" for one in described["remarks"]]
    )
    yield from _section("Verification", list(_assessment_lines(described["assessment"])))
    if described["tags"]:
        yield f"Tags: {', '.join(described['tags'])}"


def _assessment_lines(assessment: Mapping[str, Any]) -> Iterator[str]:
    """What people found: each step that whoever looks may see, and whether others are not shown."""
    if assessment["state"] == "open":
        return
    yield f"state {assessment['state']}; `casefile step checklist` has all of it"
    replaced = {step["replaces"] for step in assessment["steps"]}
    for step in assessment["steps"]:
        corrected = ", corrected since" if step["event"] in replaced else ""
        if step["result"] is None:
            yield f"(erased) ({step['by']}, {step['at'][:19]}{corrected})"
            continue
        yield f"{step['strand']}, {step['check']}: {step['result']} ({step['by']}, {step['at'][:19]}{corrected})"
    if assessment["hidden"]:
        yield "assessments of others are not shown before both are in"


def _post_lines(reading: Mapping[str, Any] | None) -> Iterator[str]:
    if reading is None:
        return
    if reading["failed"]:
        yield f"could not be read: {reading['failed']}"
    yield from post_lines(reading["posts"])


def _custody_lines(described: Mapping[str, Any]) -> Iterator[str]:
    """The hold that the item is under, and its tombstone."""
    if hold := described["hold"]:
        yield f"Under hold: since {hold['since'][:19]}, by {hold['by']}: {hold['reason']}"
    if erased := described["erased"]:
        yield f"ERASED: {erased['at'][:19]} by {erased['by']}, approved by {erased['approved_by']}: {erased['basis']}"
        yield f"  it was {erased['bytes']} bytes, {erased['sha256']}; event {erased['event']}"
        for one in erased["recipients"]:
            yield f"  had it before: {one['at'][:19]} {one['act']}, {one['recipient']}"


def _visitor_lines(seen: Mapping[str, Any]) -> Iterator[str]:
    yield f"  as {seen['user_agent']}, language {seen['accept_language']}"
    if seen.get("identity"):
        yield f"  under virtual identity {seen['identity']} (access {seen['access']}), {seen['cookies']} cookies"
    for one in seen.get("withheld") or ():
        yield f"  withheld from the record: {one}"


def _selftest_words(cited: Mapping[str, Any]) -> str:
    if not cited.get("event"):
        return "none"
    return f"{cited['status']}, {cited.get('age_s', 0)} s before, event {cited['event']}"


def _request_lines(contacts: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """How far methods were seen at the way out, what was more than a reading, and what has no recorder in between."""
    seen = sorted({one["methods"] for one in contacts if one.get("methods")})
    if seen:
        yield f"  methods at the way out: {'; '.join(seen)}"
    for contact in contacts:
        for one in contact.get("requests") or ():
            yield f"  {one['method']} {contact['host']} {one['target']}: {one['bytes']} bytes, {one['sha256']}"
        if (contact.get("recording") or "").startswith("not recorded"):
            yield f"  {contact['host']}:{contact['port']} {contact['recording']}"


def _likeness_line(one: Mapping[str, Any]) -> str:
    judged = f"; a person called them {one['judgement']}" if one["judgement"] else ""
    return f"{one['number']} score {one['score']} {one['tier']} by {one['method']}{judged}"


def _how(how: str | None) -> str:
    return f", {how}" if how else ""


def _section(title: str, lines: Sequence[str]) -> Iterator[str]:
    if lines:
        yield ""
        yield title
        for line in lines:
            yield f"  {line}"


def _finding_lines(findings: Sequence[Mapping[str, Any]]) -> list[str]:
    lines = []
    for finding in findings:
        cause = f" ({finding['cause']})" if finding.get("cause") else ""
        lines.append(
            f"{finding['check']} {finding['version']}: {finding['result']}{cause} {finding['detail']}".rstrip()
        )
        lines += [f"  {name}: {spoken(value)}" for name, value in finding.get("facts", {}).items()]
        lines += [f"  notice {one['code']}: {one['text']}" for one in finding.get("notices", [])]
    return lines


def _claim_lines(groups: Sequence[Mapping[str, Any]]) -> list[str]:
    """Each claim once, also where several checks name it with the same value and origin."""
    lines: list[str] = []
    for group in groups:
        said = [f"{claim['field']}: {claim['value']}  [{claim['origin']}]" for claim in group.get("claims", [])]
        lines += [line for line in dict.fromkeys(said) if line not in lines]
        for conflict in group.get("conflicts", []):
            values = " / ".join(f"{claim['value']} [{claim['origin']}]" for claim in conflict["claims"])
            lines.append(f"CONFLICT in {conflict['field']} ({conflict['kind']}): {values}")
    return lines
