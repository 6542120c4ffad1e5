"""Start-up recovery: what dead runs left in staging is recorded where it was complete, else reported as lost."""

from __future__ import annotations

from casefile.events.types import CaptureFailed
from casefile.model import readable
from casefile.records.engine import reading
from casefile.records.ledger import finish_recovered
from casefile.records.queries import open_attempts
from casefile.vocabulary import Cause, Outcome
from collectors.outcomes import advice as advice_for
from pipelines import sealing_events
from pipelines.capture import append_seal
from pipelines.services import Services
from preservation.recovery import Lost, Recovered, recover, recover_capture
from preservation.sealing import Sealed


def recover_workspace(services: Services) -> Recovered:
    """Resolve every capture of every dead run. Called before anything is collected; repeating it changes nothing."""
    recovered = recover(
        services.staging,
        services.vault,
        lambda sealed: _record(services, sealed),
        lambda lost: _lose(services, lost),
    )
    for lost in _abandoned(services):
        _lose(services, lost)
    return recovered


def _abandoned(services: Services) -> list[Lost]:
    """Attempts of which nothing is left but the event of their beginning: those that had no folder, and those whose
    folder, never synced, a power cut took.

    A run that is alive has its folder, and one that has just ended has ended its attempts before the folder went.
    """
    with reading(services.engine) as connection:
        begun = open_attempts(connection)
    gone = [one for one in begun if not (services.staging.root / one.run).exists()]
    return [Lost(one.run, one.capture, "the run ended and left nothing of the capture", None) for one in gone]


def resolve_capture(services: Services, capture: str) -> None:
    """Set aside what this run made of a lead that has passed to another worker, and record that."""
    for folder in services.run.captures():
        if folder.capture == capture:
            recover_capture(
                folder,
                services.vault,
                lambda sealed: _record(services, sealed),
                lambda lost: _lose(services, lost),
            )


def _record(services: Services, sealed: Sealed) -> None:
    append_seal(services, sealed, finish_recovered)


def _lose(services: Services, lost: Lost) -> None:
    """Append the failure of a capture that was left half way; one that never began has nothing to end."""
    with reading(services.engine) as connection:
        begun = open_attempts(connection, lost.capture)
    cause = Cause.INTERRUPTED if lost.intent is None else Cause.SUPERSEDED
    for one in begun:
        failed = CaptureFailed(attempt=one.attempt, detail=readable(lost.reason), advice=advice_for(cause))
        failure = sealing_events.FailedCapture(outcome=Outcome.FAILED, cause=cause, failed=failed)
        services.append(sealing_events.failed(services.log.id, one.lead, one.capture, failure))
