"""What is due: everything that is missing or past its day, each with the command that settles it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from shlex import quote

from casefile.ids import format_number
from casefile.preparation.policies import Task
from casefile.preparation.protection import in_force
from casefile.preparation.sheets import EXPECTED, NAMED
from casefile.records.documents import DocumentRecord, list_approvals, newest_documents
from casefile.records.engine import Connection, reading
from casefile.records.holdings import kept_before
from casefile.records.inquiries import list_inquiries
from casefile.records.people import list_people
from casefile.records.protection import find_pseudonym, newest_consents
from casefile.records.tools import list_tools
from casefile.vocabulary import PersonKind, Purpose
from casefile.vocabulary_planning import DocumentKind, TaskState
from pipelines.assessing import AssessedLead, assessed_leads, is_compact
from pipelines.documents import declaration_of, policy_of
from pipelines.inquiries import coverage_of
from pipelines.services import Services

VETTING = "vetting"
ASSESS = "casefile assess {lead} --template > assessment.toml; casefile assess --from assessment.toml"
LISTED = 20
"""Leads of one kind that are listed one by one; more are counted."""


@dataclass(frozen=True, slots=True)
class Due:
    """Something to be done. `since` is the day from which on it is late, empty for what has none."""

    code: str
    subject: str
    said: str
    command: str
    since: str = ""


def list_due(services: Services) -> list[Due]:
    """All that is due today by this workspace's clock: what has a day first, the longest overdue before the others."""
    today = services.clock.read().wall.date()
    with reading(services.engine) as connection:
        found = [
            *_documents(connection, today),
            *_people(connection),
            *_tools(connection),
            *_inquiries(connection),
            *_leads(connection),
            *_consents(connection, today),
            *_retention(connection, today),
        ]
    return sorted(found, key=lambda one: (not one.since, one.since))


def _documents(connection: Connection, today: date) -> Iterator[Due]:
    newest, approvals = newest_documents(connection), list_approvals(connection)
    for kind in EXPECTED:
        if (kind.value, "") not in newest:
            yield Due("missing", kind, f"there is no {kind}", _template(kind, ""))
    for (kind_text, name), document in newest.items():
        if kind_text == VETTING:
            yield from _late(document, today, f"casefile tools vet {quote(name)} --template")
            continue
        kind = DocumentKind(kind_text)
        if kind is DocumentKind.TASK:
            yield from _task(document, today)
            continue
        yield from _late(document, today, _template(kind, name))
        if kind in EXPECTED and document.event not in approvals:
            command = f"casefile plan approve {kind} --version {document.number}"
            yield Due("unapproved", kind, f"version {document.number} of {kind} is not approved", command)


def _late(document: DocumentRecord, today: date, command: str) -> Iterator[Due]:
    if document.review_by and date.fromisoformat(document.review_by) < today:
        subject = f"{document.kind} {document.name}".strip()
        yield Due(
            "review", subject, f"{subject} was to be reviewed by {document.review_by}", command, document.review_by
        )


def _task(document: DocumentRecord, today: date) -> Iterator[Due]:
    task = Task.model_validate_json(document.text) if document.text else None
    if task is not None and task.state is TaskState.OPEN and task.review_by < today:
        said = f"task {document.name} was to be done by {task.review_by}"
        since = task.review_by.isoformat()
        yield Due("task", document.name or "", said, _template(DocumentKind.TASK, document.name or ""), since)


def _template(kind: DocumentKind, name: str) -> str:
    named = f" --name {quote(name)}" if kind in NAMED else ""
    return f"casefile plan template {kind}{named} > {kind}.toml; casefile plan record {kind}{named} --from {kind}.toml"


def _people(connection: Connection) -> Iterator[Due]:
    for person in list_people(connection):
        if person.kind is PersonKind.INVESTIGATOR and declaration_of(connection, person.id) is None:
            said = f"{person.name or person.id} has not declared their interests"
            yield Due("undeclared", person.id, said, _template(DocumentKind.CONFLICTS, person.id))


def _tools(connection: Connection) -> Iterator[Due]:
    vetted = {name for kind, name in newest_documents(connection) if kind == VETTING}
    used = {tool.name for tool in list_tools(connection) if tool.name and tool.uses}
    for name in sorted(used - vetted):
        command = (
            f"casefile tools vet {name} --template > vetting.toml; casefile tools vet {name} --answers vetting.toml"
        )
        yield Due("unvetted", name, f"{name} had part in this investigation, and nobody has vetted it", command)


def _inquiries(connection: Connection) -> Iterator[Due]:
    tasks = {name for kind, name in newest_documents(connection) if kind == DocumentKind.TASK}
    for inquiry in list_inquiries(connection, open_only=True):
        for gap in coverage_of(connection, inquiry.id).gaps:
            yield Due("coverage", inquiry.label, gap, f"casefile inquiry add {inquiry.label} --from FILE")
        if inquiry.task and inquiry.task not in tasks:
            said = f"{inquiry.label} belongs to the task {inquiry.task!r}, which nobody has taken on"
            yield Due("orphan", inquiry.label, said, _template(DocumentKind.TASK, inquiry.task))


def _leads(connection: Connection) -> Iterator[Due]:
    leads = assessed_leads(connection)
    kinds: tuple[tuple[str, Callable[[AssessedLead], bool], str, str, str], ...] = (
        ("unassessed", lambda one: one.is_unassessed, "is not assessed", ASSESS, "--unassessed"),
        (
            "compact",
            lambda one: is_compact(one.newest),
            "has a compact assessment only",
            ASSESS,
            "--compact",
        ),
        (
            "origin",
            lambda one: one.is_orphan,
            "names no inquiry, search or person that it came from",
            "casefile lead link {lead} --inquiry INQUIRY",
            "--orphan",
        ),
        (
            "better",
            lambda one: one.seeks_better,
            "is likely to be removed: a better or earlier version is still sought",
            ASSESS,
            "--better",
        ),
        ("collect", lambda one: one.is_waiting, "is to be collected", "casefile collect {lead}", "--waiting"),
    )
    for code, concerns, said, command, option in kinds:
        yield from _each(code, [one for one in leads if concerns(one)], said, command, option)


def _each(code: str, found: list[AssessedLead], said: str, command: str, option: str) -> Iterator[Due]:
    for one in found[:LISTED]:
        lead = one.lead.label
        yield Due(code, lead, f"{lead} {said}", command.format(lead=lead))
    for job, count in Counter(one.lead.job or "" for one in found[LISTED:]).most_common():
        named = f" --job {quote(job)}" if job else ""
        command = f"casefile lead list {option}{named}"
        if job and code == "unassessed":
            command = f"casefile assess{named} --decision DECISION --relevance TEXT --link KIND=VALUE"
        of = f"of job {job}" if job else "of no job"
        yield Due(code, job or "leads", f"{count} more leads {of}: each {said}", command)


def _consents(connection: Connection, today: date) -> Iterator[Due]:
    for one in newest_consents(connection):
        if one.given and not in_force(True, one.until, today):
            label = find_pseudonym(connection, one.pseudonym).label
            said = f"the consent of {label} to {one.use} by {one.recipient} ended on {one.until}"
            command = (
                f"casefile protect consent {label} --use {one.use} --recipient {quote(one.recipient or '')} "
                f"--until DAY --how HOW --revises {one.number}"
            )
            yield Due("consent", label, said, command, one.until or "")


def _retention(connection: Connection, today: date) -> Iterator[Due]:
    policy = policy_of(connection)
    if policy is None:
        return
    for purpose in Purpose:
        days = (policy.retention.until(today, purpose) - today).days
        before = (today - timedelta(days=days)).isoformat()
        for number in kept_before(connection, purpose, before):
            label = format_number(number)
            said = f"{label} was kept for {purpose}, {days} days by the policy, which are over"
            yield Due("retention", label, said, f"casefile erase {label} --basis retention --approved-by PERSON")
