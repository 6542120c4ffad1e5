"""Admitting what somebody handed over: files and folders become captures of up to 500 files or 1 GiB each.

The material is recorded as handed over, never as observed by us; who handed it over is a source in the record.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, replace
from pathlib import Path

from casefile.errors import UsageError
from casefile.leads import Lead
from casefile.records.ledger import Claim
from casefile.vocabulary import ContainmentLevel, Pathway, Purpose
from collectors.choosing import Choice
from collectors.handed_over.admission import Batch, plan, receive
from collectors.handed_over.spec import SPEC
from pipelines.capture import STAGE, Attempt, CaptureOptions, Surroundings, begin, conclude, open_folder
from pipelines.examine import examining
from pipelines.leads import Candidate, Origin, add_leads
from pipelines.leases import Leases
from pipelines.people import source_of
from pipelines.recovering import recover_workspace
from pipelines.results import Result, examination_detail, result_of
from pipelines.services import Services

OUTSIDE = Surroundings(ContainmentLevel.WEAK, egress_enforced=False)
"""The files are read by this process itself, which parses nothing of them: no sandbox was around it."""


@dataclass(frozen=True, slots=True)
class ImportRequest:
    """What was handed over, by whom and how."""

    paths: tuple[Path, ...]
    source: str
    how: str = ""
    why: str = ""
    purpose: Purpose = Purpose.WORK
    level: ContainmentLevel = ContainmentLevel.FULL


def import_files(services: Services, request: ImportRequest, told: Callable[[Result], None]) -> list[Result]:
    """Admit files and folders; one result for each capture. Raises UsageError for a path that does not exist."""
    for path in request.paths:
        if not path.exists() and not path.is_symlink():
            raise UsageError(f"there is no {path}")
    recovered = recover_workspace(services)
    source = source_of(services, request.source)
    leases = Leases(services)
    results: list[Result] = []
    admitted: deque[tuple[Attempt, list[Future[None]]]] = deque()

    def land(*, wait: bool) -> None:
        """Tell results in their order: of what has been examined, or of everything."""
        while admitted and (wait or all(one.done() for one in admitted[0][1])):
            attempt, examinations = admitted.popleft()
            results.append(result_of(services, [attempt], examinations))
            told(results[-1])

    with leases.renewing(), examining(services, request.level) as examine:
        for examination in [examine(capture) for capture in recovered.recorded]:
            examination_detail(examination)
        for batch in plan(request.paths, barred=(services.workspace.root,)):
            attempt = _admit(services, leases, request, source.id, batch)
            admitted.append((attempt, [examine(attempt.capture)] if attempt.kept else []))
            land(wait=False)
        land(wait=True)
    return results


def _admit(services: Services, leases: Leases, request: ImportRequest, source: str, batch: Batch) -> Attempt:
    origin = Origin(Pathway.HANDED_OVER, why=request.why)
    lead: Lead = add_leads(services, [Candidate(batch.locator)], origin)[0]
    claim = leases.ledger.claim(STAGE, lead.id, leases.now_ms())
    if not isinstance(claim, Claim):
        raise UsageError(f"{lead.id} was claimed by another process")
    options = CaptureOptions(SPEC.name, request.purpose, request.level)
    with leases.kept(claim):
        folder = open_folder(services, lead, claim)
        begun = begin(services, lead, claim, options, Choice(SPEC, "handed over"))
        begun = replace(begun, source=source, how=request.how)
        return conclude(services, begun, folder, receive(batch, folder.worker), OUTSIDE)
