"""One request to collect: a list or addresses in, results out, the list given back. Called by people and by flows."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from casefile.errors import UsageError
from casefile.leads import Lead
from casefile.vocabulary import Cause, ContainmentLevel, Content, Outcome, Pathway, Purpose
from pipelines.admitting import Admitted, Asked, admit, leads_meant
from pipelines.assessing import assess_compactly
from pipelines.by_hand import ByHand
from pipelines.capture import CaptureOptions
from pipelines.collect import Told, collect
from pipelines.examine import examining
from pipelines.gates import Going
from pipelines.identity_session import IdentitySession, open_session
from pipelines.leads import Candidate, Origin, add_leads, lead_id
from pipelines.results import Result
from pipelines.services import Services
from pipelines.sheet_results import RowResult, check_target, write_results
from pipelines.sheets import SheetJob, SheetRow, read_sheets

STANDARD_INPUT = "-"


@dataclass(frozen=True, slots=True)
class CollectRequest:
    """What was asked for. `list_file` is a path or `-`; `results` is where the list is given back.

    `locators` are addresses and numbers of leads; `assessed` adds every lead that somebody decided to collect.
    `override` is the reason for going on against a gate, `at_risk` are the grounds for thinking it may soon be gone.
    `by_hand` is how a person takes part in the capture, where one does.
    """

    locators: tuple[str, ...] = ()
    list_file: str = ""
    job: str = ""
    column: str = ""
    results: Path | None = None
    why: str = ""
    method: str | None = None
    purpose: Purpose = Purpose.WORK
    again: bool = False
    level: ContainmentLevel = ContainmentLevel.FULL
    engine: str = "direct"
    identity: str = ""
    assessed: bool = False
    override: str = ""
    at_risk: str = ""
    by_hand: ByHand | None = None


def run_collect(services: Services, request: CollectRequest, told: Told, note: Callable[[str], None]) -> list[Result]:
    """Collect what was asked for and give the list back where that was asked; `note` gets remarks in words.

    Raises UsageError when there is nothing to collect, SheetUnusable for a list that cannot be read or given back.
    """
    if not request.locators and not request.list_file and not request.assessed:
        raise UsageError("name an address or a lead, a list with --from, or --assessed")
    known = sorted(spec.name for spec in services.methods if spec.touches_network)
    if request.method is not None and request.method not in known and request.by_hand is None:
        raise UsageError(f"{request.method!r} is no capture method; there are {', '.join(known)}")
    if request.results is not None and not request.list_file:
        raise UsageError("--results gives a list back; there is none without --from")
    session = _session(services, request, note)
    meant, locators = leads_meant(services, request.locators, assessed=request.assessed)
    job = _read_list(services, request, note)
    asked = Asked(meant, tuple(locators), _row_leads(services, request, job), _job_name(request, job), request.why)
    going = Going(request.purpose, request.override, bool(request.at_risk))
    admitted = admit(services, asked, going, note)
    leads = [one.to_collect() for one in meant]
    leads += add_leads(services, [Candidate(one) for one in locators], _by_hand(request))
    listed = add_leads(services, [_candidate(row) for row in job.rows], _from_list(request, job)) if job else []
    if request.why or request.at_risk:
        going_on = [lead for lead in (*leads, *listed) if admitted.against(lead) is None]
        assess_compactly(services, going_on, request.why or request.at_risk, request.at_risk)
    if session is not None:
        _say_what_is_beside(session, [*leads, *listed], note)
    results = _run_admitted(services, [*leads, *listed], admitted, request, (session, told, note))
    if job is not None and request.results is not None:
        of_rows = results[len(leads) :]
        rows = {row.key: row_result(services, result) for row, result in zip(job.rows, of_rows, strict=True)}
        for remark in write_results(job, rows, request.results):
            note(remark)
    return results


def _run_admitted(
    services: Services,
    leads: Sequence[Lead],
    admitted: Admitted,
    request: CollectRequest,
    rest: tuple[IdentitySession | None, Told, Callable[[str], None]],
) -> list[Result]:
    """The results of all leads in their order: of those that may not be captured, why."""
    refused = {
        lead.id: Result(lead, Outcome.REFUSED, Cause.BLOCKED_BY_POLICY, said, "`casefile lead show` says who decided.")
        for lead in leads
        if (said := admitted.against(lead))
    }
    for result in refused.values():
        rest[1](result)
    captured = iter(_run_engine(services, [lead for lead in leads if lead.id not in refused], request, *rest))
    return [refused.get(lead.id) or next(captured) for lead in leads]


def _row_leads(services: Services, request: CollectRequest, job: SheetJob | None) -> dict[str, str]:
    if job is None:
        return {}
    origin = _from_list(request, job)
    return {lead_id(services.log.id, _candidate(row), origin): row.locator for row in job.rows}


def _job_name(request: CollectRequest, job: SheetJob | None) -> str:
    return "" if job is None else request.job or job.name


def _session(services: Services, request: CollectRequest, note: Callable[[str], None]) -> IdentitySession | None:
    if not request.identity:
        return None
    return open_session(services, request.identity, request.purpose, request.level, note)


def _say_what_is_beside(session: IdentitySession, leads: Sequence[Lead], note: Callable[[str], None]) -> None:
    beside = sum(1 for lead in leads if not session.covers(lead.locator))
    if beside:
        note(f"{beside} of {len(leads)} addresses are not of the identity's platform; they are asked for without it")


def _collect(
    services: Services, leads: Sequence[Lead], request: CollectRequest, session: IdentitySession | None, told: Told
) -> list[Result]:
    options = CaptureOptions(
        request.method, request.purpose, request.level, request.again, session, by_hand=request.by_hand
    )
    with examining(services, request.level) as examine:
        return collect(services, leads, options, told=told, examine=examine)


def _run_engine(  # noqa: PLR0913
    services: Services,
    leads: Sequence[Lead],
    request: CollectRequest,
    session: IdentitySession | None,
    told: Told,
    note: Callable[[str], None],
) -> list[Result]:
    if request.engine == "direct":
        return _collect(services, leads, request, session, told)
    if request.engine != "prefect":
        raise UsageError(f"{request.engine!r} is no engine; direct and prefect are")
    from pipelines.engine import run_as_flow

    home = services.workspace.work / "prefect"
    return run_as_flow(home, services.log.id, lambda: _collect(services, leads, request, session, told), note)


def _read_list(services: Services, request: CollectRequest, note: Callable[[str], None]) -> SheetJob | None:
    if not request.list_file:
        return None
    source = None if request.list_file == STANDARD_INPUT else Path(request.list_file)
    if request.results is not None:
        check_target(request.results, source)
    scratch = services.workspace.work
    if source is None:
        job = read_sheets(sys.stdin.buffer, STANDARD_INPUT, scratch=scratch, level=request.level, column=request.column)
    else:
        try:
            stream = source.open("rb")
        except OSError as error:
            raise UsageError(f"{source}: {error.strerror}") from error
        with stream:
            job = read_sheets(stream, source.name, scratch=scratch, level=request.level, column=request.column)
    for remark in job.notes:
        note(remark)
    return job


def _candidate(row: SheetRow) -> Candidate:
    return Candidate(row.locator, row.sheet, row.row, row.occurrence, row.cells)


def _by_hand(request: CollectRequest) -> Origin:
    return Origin(Pathway.BY_HAND, why=request.why)


def _from_list(request: CollectRequest, job: SheetJob) -> Origin:
    return Origin(Pathway.LIST, job=_job_name(request, job), why=request.why)


def row_result(services: Services, result: Result) -> RowResult:
    """What the list gets back for one row."""
    first = result.items[0] if result.items else None
    contents = {Content(item.content) for item in result.items if item.content}
    return RowResult(
        outcome=result.outcome,
        cause=result.cause or "",
        detail=result.detail,
        advice=result.advice,
        items=tuple(item.label for item in result.items),
        title=next((item.title for item in result.items if item.title), ""),
        captured_at=(first.captured_at or "") if first else "",
        sha256=tuple(item.sha256 for item in result.items if item.sha256),
        duplicates=result.duplicates,
        content=next((one for one in (Content.PRESENT, Content.DOUBTFUL, Content.ABSENT) if one in contents), None),
        claimed_time=next((item.claimed_time for item in result.items if item.claimed_time), ""),
    )
