"""How documents, inquiries, leads and assessments are printed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from casefile.legible import spoken
from casefile.preparation.inquiries import Coverage
from casefile.records.inquiries import InquiryRecord
from casefile.records.leads import AssessmentRecord, KnownLead
from casefile.refusals import FieldRefused
from cli import output
from pipelines.assessing import AssessedLead
from pipelines.assessing import plain as plain_lead
from pipelines.blank_sheets import ASSESSMENT_TEMPLATE
from pipelines.documents import Version
from pipelines.inquiries import Inquiry, describe_inquiry, lag_s, plain
from pipelines.services import Services

DOCUMENT_COLUMNS = ("document", "name", "version", "review by", "recorded", "approved", "by")
A_MINUTE = 60


def assessment_sheet(leads: Sequence[AssessedLead]) -> str:
    """A sheet to assess these leads with, one table for each."""
    numbers = [(one.lead.label, one.newest.number or 0 if one.newest else 0) for one in leads]
    return "\n".join(ASSESSMENT_TEMPLATE.format(lead=lead, revises=number) for lead, number in numbers)


def document_row(version: Version) -> tuple[object, ...]:
    """A version as a row of a table."""
    one = version.document
    approved = ", ".join(known.stated_at[:10] for known in version.approvals) or "no"
    named, by = version.named(one.name or ""), version.named(one.stated_by)
    return one.kind, named, one.number, one.review_by, one.stated_at[:19], approved, by


def document_lines(version: Version) -> Iterator[str]:
    """A version in full."""
    one = version.document
    what = f"{one.kind} {version.named(one.name or '')}".strip()
    yield f"{what}, version {one.number}, recorded {one.stated_at} by {version.named(one.stated_by)}"
    for approval in version.approvals:
        why = f": {approval.why}" if approval.why else ""
        yield f"approved {approval.stated_at} by {version.named(approval.stated_by)}{why}"
    if one.text is None:
        yield "(erased)"
    yield from _fields(version.fields, "", version.named)


def _fields(fields: Mapping[str, object], indent: str, named: Callable[[str], str]) -> Iterator[str]:
    for name, value in fields.items():
        shown = name.replace("_", " ")
        if isinstance(value, Mapping) and "not_applicable" not in value:
            yield f"{indent}{shown}:"
            yield from _fields(value, f"{indent}    ", named)
        elif isinstance(value, list) and value and isinstance(value[0], Mapping):
            for entry in value:
                yield f"{indent}{shown}:"
                yield from _fields(entry, f"{indent}    ", named)
        else:
            yield f"{indent}{shown}: {named(spoken(value))}"


def say_inquiry(services: Services, inquiry: InquiryRecord, said: str, *, as_json: bool) -> None:
    """What became of an inquiry."""
    if as_json:
        output.document(plain(describe_inquiry(services, inquiry.id)))
    else:
        output.line(f"{inquiry.label} {said}: {inquiry.question or '(erased)'}")


def inquiry_row(one: InquiryRecord) -> tuple[object, ...]:
    """An inquiry as a row of a table."""
    return one.label, one.stated_at[:19], one.closing or "open", one.question or "(erased)"


def inquiry_lines(found: Inquiry) -> Iterator[str]:
    """An inquiry in full: what is known, supposed and unknown apart."""
    one = found.inquiry
    yield f"{one.label} ({one.closing or 'open'}): {one.question or '(erased)'}"
    if one.why:
        yield f"    for: {one.why}"
    for kind in ("fact", "assumption", "unknown", "finding"):
        for statement in found.statements:
            if statement.kind == kind:
                basis = f" [{statement.basis}]" if statement.basis else ""
                yield f"{kind} {statement.label}: {statement.text or '(erased)'}{basis}"
    for keyword in found.keywords:
        place = f"{keyword.language} {keyword.script} {keyword.direction}"
        yield f"keywords ({place}): {', '.join(keyword.terms) or '(erased)'}"
    for search in found.searches:
        late = f", recorded {lag_s(search)} s later" if lag_s(search) > A_MINUTE else ""
        yield f"search {search.label} {search.engine} {search.occurred_at}{late}: {search.terms or '(erased)'}"
        yield f"    {search.result}" + (f", by way of {search.pathway}" if search.pathway else "")
    for lead in found.leads:
        yield f"lead {lead.label}: {lead.locator}"
    yield from coverage_lines(found.coverage)


def coverage_lines(found: Coverage) -> Iterator[str]:
    """What keywords and searches cover, and every gap."""
    for language, directions in found.languages.items():
        yield f"keywords in {language}: {', '.join(directions)}"
    for engine, count in found.engines.items():
        yield f"searches with {engine}: {count}"
    for gap in found.gaps:
        yield f"gap: {gap}"


def known_lead_row(one: KnownLead) -> tuple[object, ...]:
    """A lead that was just added."""
    return one.label, one.locator


def lead_row(one: AssessedLead) -> tuple[object, ...]:
    """A lead as a row of a table."""
    newest = one.newest
    origin = one.origins[-1] if one.origins else None
    came = "inquiry" if origin and origin.inquiry else "person" if origin and origin.person else one.lead.pathway
    return (
        one.lead.label,
        newest.decision if newest else "not assessed",
        newest.form if newest else "",
        newest.removal if newest else "",
        came,
        "yes" if one.lead.captured else "no",
        one.lead.locator,
    )


def lead_lines(one: AssessedLead) -> Iterator[str]:
    """A lead in full."""
    lead = one.lead
    yield f"{lead.label} {lead.locator or '(erased)'}, added {lead.added_at} by {lead.added_by} ({lead.pathway})"
    for origin in one.origins:
        named = (("inquiry", origin.inquiry), ("search", origin.search), ("person", origin.person))
        place = ", ".join(f"{kind} {text}" for kind, text in named if text)
        yield f"    came from {place}, said {origin.stated_at}" + (f": {origin.why}" if origin.why else "")
    for assessment in one.assessments:
        yield from _assessment_lines(assessment)
    if one.captured_first:
        yield "    exception: captured before it was assessed"


def say_leads(leads: Sequence[AssessedLead], *, as_json: bool) -> None:
    """Leads in full."""
    if as_json:
        output.document({"leads": [plain_lead(one) for one in leads]})
        return
    for one in leads:
        for line in lead_lines(one):
            output.line(line)


def _assessment_lines(one: AssessmentRecord) -> Iterator[str]:
    yield f"    assessment {one.number} ({one.form}): {one.decision}, {one.stated_at} by {one.stated_by}"
    links = ", ".join(f"{kind} {value}" for kind, value in one.links)
    rows = (
        ("relevance", one.relevance),
        ("links", links),
        ("reliability", f"{one.reliability} {one.reliability_basis or ''}".strip()),
        ("removal", f"{one.removal or 'not assessed'} {one.removal_grounds or ''}".strip()),
        ("safety", one.safety),
        ("duties", one.duties),
        ("precautions", one.precautions),
        ("reason", one.reason),
        ("better version", one.better_version),
    )
    for name, value in rows:
        if value:
            yield f"        {name}: {value}"


def links_of(texts: Sequence[str]) -> list[dict[str, str]]:
    """Links as `--link KIND=VALUE` gives them; raises FieldRefused for one without `=`."""
    found = []
    for text in texts:
        kind, equals, value = text.partition("=")
        if not equals:
            raise FieldRefused("assessment", (("link", "is written KIND=VALUE, such as place=Kharkiv"),))
        found.append({"kind": kind, "value": value})
    return found
