"""One attempt at one lead: claim, start, receive, seal or record the failure. Every way out leaves an event."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from pydantic import ValidationError

from casefile.clock import ClockReading, rfc3339
from casefile.events.types import CaptureFailed, CaptureStarted
from casefile.ids import CaptureId, LeadId
from casefile.leads import Lead
from casefile.model import (
    Alteration,
    Circumstances,
    ClockRecord,
    Contact,
    Received,
    ToolUse,
    Visitor,
    readable,
)
from casefile.records.engine import Connection, reading
from casefile.records.ledger import Claim, Ending, Settled, WorkState, finish
from casefile.records.progress import Progress, progress_of
from casefile.vocabulary import Acquisition, Cause, ContainmentLevel, Outcome, Purpose
from collectors.choosing import Choice, NoMethod, choose_method
from collectors.interface import MethodSpec
from collectors.outcomes import advice as advice_for
from collectors.withheld import secrets_of, withhold
from containment.worker import WorkerFailed, WorkerResult
from pipelines import sealing_events
from pipelines.alterations import alterations_of, told_by_method
from pipelines.by_hand import ASSISTED, REASON, ByHand
from pipelines.citing import last_selftest
from pipelines.environment import environment, ourselves
from pipelines.fetching import FetchWorkers, capture_request
from pipelines.following import follower, sent_instead, stand_in
from pipelines.identity_session import Halt, IdentitySession
from pipelines.installed_tools import as_used
from pipelines.page_methods import pages_for
from pipelines.recorded import explained, with_peers, with_record
from pipelines.sealing_events import FailedCapture
from pipelines.services import Services
from pipelines.tickets import claim_of, ticket_of
from pipelines.timestamps import newest_token
from pipelines.tool_register import register_tools
from preservation.intake import OutputRefused
from preservation.sealing import Finished, Sealed, seal
from preservation.staging import CaptureFolder

STAGE = "capture"

WITHOUT_IDENTITY = "asked for without the identity, which this method takes none of"
CAUSE_OF_WORKER: Mapping[str, Cause] = {"timeout": Cause.TIMEOUT, "output": Cause.TOO_LARGE}
"""What an abnormal end of a worker means for the capture; anything else is a tool that failed."""


@dataclass(frozen=True, slots=True)
class CaptureOptions:
    """How the captures of one request are to be made.

    `because` says why by that `method`, where no person named it: it follows an earlier attempt, or stands in for it.
    `by_hand` is there where a person takes part.
    """

    method: str | None = None
    purpose: Purpose = Purpose.WORK
    level: ContainmentLevel = ContainmentLevel.FULL
    again: bool = False
    session: IdentitySession | None = None
    because: str = ""
    by_hand: ByHand | None = None

    @property
    def chosen(self) -> bool:
        """Whether no person named the method."""
        return self.method is None or bool(self.because)

    def session_for(self, locator: str) -> IdentitySession | None:
        """The identity under which a locator is captured: none for what is not of its platform."""
        return self.session if self.session is not None and self.session.covers(locator) else None


@dataclass(frozen=True, slots=True)
class Attempt:
    """How one attempt ended. `capture` is the id under which its record is found.

    `follow` names the method that is to bring what this one left behind, `instead` the one that is to take its place,
    since it was chosen for what is not there. `method` was chosen for the `reason`.
    """

    lead: Lead
    capture: str
    outcome: Outcome
    cause: Cause | None = None
    detail: str = ""
    advice: str = ""
    follow: str = ""
    instead: str = ""
    method: str = ""
    reason: str = ""

    @property
    def kept(self) -> bool:
        """Whether there are items."""
        return self.outcome in (Outcome.CAPTURED, Outcome.PARTIAL)


@dataclass(frozen=True, slots=True)
class Begun:
    """An attempt that has its claim and its event. `source` is who handed the material over, and `how`."""

    lead: Lead
    claim: Claim
    capture: CaptureId
    method: MethodSpec
    options: CaptureOptions
    at: ClockReading
    source: str | None = None
    how: str = ""
    visitor: Visitor | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What was around a worker: its containment and every connection that it made or was refused."""

    containment: ContainmentLevel
    egress_enforced: bool
    contacts: tuple[Contact, ...] = ()
    alterations: tuple[Alteration, ...] = ()

    @classmethod
    def of(cls, result: WorkerResult) -> Surroundings:
        """Those of a worker that ended well."""
        return cls(result.containment, result.egress_enforced, result.contacts)


def attempt_lead(
    services: Services, workers: FetchWorkers, lead: Lead, claim: Claim, options: CaptureOptions
) -> Attempt:
    """Capture one claimed lead with the method that takes it.

    Raises LeaseLost when another worker has taken the lead over: then nothing is sealed.
    """
    pages = pages_for(services.settings.capture, options.purpose, options.level)
    methods = services.methods if options.by_hand is None else (ASSISTED,)
    choice = choose_method(lead.locator, methods, options.method, pages)
    if not isinstance(choice, Choice):
        return _refuse(services, lead, claim, options, choice)
    choice = replace(choice, reason=REASON if options.by_hand else options.because or choice.reason)
    session = options.session_for(lead.locator)
    if session is not None and choice.spec.anonymous:
        if session.halt is not None:
            return _hold(services, lead, claim, options, session.halt)
        session, options = None, replace(options, session=None)
        choice = replace(choice, reason=f"{choice.reason}; {WITHOUT_IDENTITY}")
    if session is None:
        return _capture(services, workers, lead, claim, options, choice)
    with session.turn() as halt:
        if halt is not None:
            return _hold(services, lead, claim, options, halt)
        return _capture(services, workers, lead, claim, options, choice)


def _capture(  # noqa: PLR0913
    services: Services, workers: FetchWorkers, lead: Lead, claim: Claim, options: CaptureOptions, choice: Choice
) -> Attempt:
    settings, session = services.settings.capture, options.session_for(lead.locator)
    asked = session.request(lead.locator, settings) if session else capture_request(lead.locator, settings)
    folder = open_folder(services, lead, claim)
    begun = begin(services, lead, claim, options, choice)
    try:
        fetched = workers.fetch(begun.method, asked, folder.worker, session.identity.id if session else "")
        received = with_record(fetched.received, fetched.recorded, fetched.remark)
        if begun.method.always_recorded:
            received = with_peers(explained(received, fetched.result.contacts), fetched.result.contacts)
    except WorkerFailed as error:
        cause = CAUSE_OF_WORKER.get(error.kind, Cause.TOOL_FAILED)
        said = withhold(str(error), secrets_of(asked.cookies))
        failed = _give_up(services, begun, folder, _failure(begun, Outcome.FAILED, cause, said, error.contacts))
        return replace(failed, instead="" if options.method else sent_instead(services, begun.method.name))
    except OutputRefused as error:
        return _give_up(services, begun, folder, _failure(begun, Outcome.FAILED, Cause.TOOL_FAILED, str(error)))
    except ValidationError as error:
        problem = f"the worker's answer is not one: {error.errors(include_url=False, include_input=False)[0]['msg']}"
        return _give_up(services, begun, folder, _failure(begun, Outcome.FAILED, Cause.TOOL_FAILED, problem))
    services.reached("received")
    if session is not None:
        received = session.judge(received)
    return conclude(services, begun, folder, received, Surroundings.of(fetched.result))


def open_folder(services: Services, lead: Lead, claim: Claim) -> CaptureFolder:
    """The attempt's place in staging, made before anything says that it began.

    Raises SpaceExhausted when the reserve is not free: then the attempt never begins, and leaves nothing to end.
    """
    return services.run.capture_folder(sealing_events.capture_id(services.log.id, LeadId(lead.id), claim.attempt))


def begin(services: Services, lead: Lead, claim: Claim, options: CaptureOptions, choice: Choice) -> Begun:
    """Record that an attempt begins."""
    at = services.clock.read()
    started = CaptureStarted(
        attempt=claim.attempt,
        method=choice.spec.name,
        method_version=choice.spec.version,
        method_reason=choice.reason,
        purpose=options.purpose,
    )
    session = options.session_for(lead.locator)
    capture = _start(services, lead, claim, started, session.identity.id if session else "")
    visitor = _visitor(services, choice.spec, session)
    return Begun(lead, claim, capture, choice.spec, options, at, visitor=visitor, reason=choice.reason)


def _visitor(services: Services, spec: MethodSpec, session: IdentitySession | None) -> Visitor | None:
    """What the sites see of a method that goes to any."""
    if session is not None or not spec.touches_network:
        return session.visitor() if session else None
    settings = services.settings.capture
    return Visitor(user_agent=settings.user_agent, accept_language=settings.accept_language)


def conclude(
    services: Services, begun: Begun, folder: CaptureFolder, received: Received, around: Surroundings
) -> Attempt:
    """Seal what was received, or record why there is no item. Raises LeaseLost when the claim has passed on."""
    options = begun.options
    if not received.items:
        attempt = _give_up(services, begun, folder, _without_item(services, begun, received, around.contacts))
        # What only follows has nothing to stand in for: the capture before it is there.
        return replace(attempt, instead="" if options.method else stand_in(services, received, begun.method.name))
    received = received.model_copy(update={"tools": _tools_of(services, received)})
    pages = "" if options.method else pages_for(services.settings.capture, options.purpose, options.level).method
    follow = follower(services, received, begun.method.name, pages) if options.chosen else ""
    ticket = ticket_of(begun.claim) | {"follow": follow}
    around = replace(around, alterations=told_by_method(received.alterations))
    finished = Finished(circumstances(services, begun, around), received, ticket)
    try:
        sealed = seal(finished, folder, services.vault, lambda one: append_seal(services, one, finish))
    except OutputRefused as error:
        return _give_up(services, begun, folder, _failure(begun, Outcome.FAILED, Cause.TOOL_FAILED, str(error)))
    record = sealed.record
    attempt = Attempt(begun.lead, begun.capture, record.outcome, record.cause, record.detail, record.advice, follow)
    return replace(attempt, method=begun.method.name, reason=begun.reason)


def settled(progress: Progress) -> Settled:
    """What the ledger is told of a lead that it does not know."""
    return Settled(progress.lead, progress.attempts, WorkState.DONE if progress.done else WorkState.OPEN)


def unfollowed(services: Services, lead: Lead, options: CaptureOptions) -> Attempt | None:
    """An earlier capture that another method is still to follow; None where everything is to be made anew."""
    if options.method is not None or options.again:
        return None
    with reading(services.engine) as connection:
        progress = progress_of(connection, lead.id)
    if progress is None or not progress.follow:
        return None
    return Attempt(lead, progress.capture, Outcome.CAPTURED, follow=progress.follow)


def circumstances(services: Services, begun: Begun, around: Surroundings) -> Circumstances:
    """What the parent knows of the capture; nothing here comes from the worker."""
    ended = services.clock.read()
    return Circumstances(
        capture=begun.capture,
        lead=begun.lead.id,
        locator=begun.lead.locator,
        attempt=begun.claim.attempt,
        method=begun.method.name,
        method_version=begun.method.version,
        purpose=begun.options.purpose,
        acquisition=Acquisition.HANDED_OVER if begun.source else Acquisition.OBSERVED,
        collector=services.person_id,
        source=begun.source,
        handed_over_how=begun.how,
        run=services.run_id,
        started_at=rfc3339(begun.at.wall),
        started_clock=ClockRecord.of(begun.at),
        ended_at=rfc3339(ended.wall),
        ended_clock=ClockRecord.of(ended),
        containment=around.containment,
        egress_enforced=around.egress_enforced,
        contacts=around.contacts,
        allowances=tuple(sorted({contact.allowance for contact in around.contacts if contact.allowance})),
        environment=environment().model_copy(update={"selftest": last_selftest(services, ended.wall)}),
        visitor=begun.visitor,
        alterations=(*alterations_of(around.contacts), *around.alterations) or None,
        not_before=newest_token(services),
    )


def append_seal(services: Services, sealed: Sealed, ending: Ending) -> None:
    """Append the seal and end its claim in one transaction; raises LeaseLost when the claim has passed on."""
    claim = claim_of(sealed.ticket)
    lead = sealed.record.circumstances.lead
    follow = str(sealed.ticket.get("follow", ""))
    register_tools(services, sealed.record.tools)
    event = sealing_events.sealed(services.log.id, sealed.record, sealed.object_id, sealed.inventory, follow=follow)
    services.append(event, within=lambda connection: ending(connection, claim, _state_of(connection, lead)))


def _state_of(connection: Connection, lead: str) -> WorkState:
    """How an attempt leaves its lead: what a rebuild would make of it, so that both say the same."""
    progress = progress_of(connection, lead)
    return WorkState.DONE if progress is not None and progress.done else WorkState.FAILED


def _start(services: Services, lead: Lead, claim: Claim, started: CaptureStarted, identity: str = "") -> CaptureId:
    capture = sealing_events.capture_id(services.log.id, LeadId(lead.id), claim.attempt)
    services.append(sealing_events.started(services.log.id, lead.id, capture, started, identity))
    services.reached("capture-started")
    return capture


def _refuse(services: Services, lead: Lead, claim: Claim, options: CaptureOptions, refused: NoMethod) -> Attempt:
    started = CaptureStarted(
        attempt=claim.attempt, method="", method_version="", method_reason=refused.reason, purpose=options.purpose
    )
    capture = _start(services, lead, claim, started)
    failed = CaptureFailed(attempt=claim.attempt, detail=refused.reason, advice=advice_for(refused.cause))
    refusal = FailedCapture(outcome=Outcome.REFUSED, cause=refused.cause, failed=failed)
    return _fail(services, lead, claim, capture, refusal)


def _hold(services: Services, lead: Lead, claim: Claim, options: CaptureOptions, halt: Halt) -> Attempt:
    """Record that a locator was not asked for, since the identity's session does not hold."""
    started = CaptureStarted(
        attempt=claim.attempt, method="", method_version="", method_reason=halt.detail, purpose=options.purpose
    )
    capture = _start(services, lead, claim, started)
    failed = CaptureFailed(attempt=claim.attempt, detail=f"not asked for: {halt.detail}", advice=advice_for(halt.cause))
    return _fail(services, lead, claim, capture, FailedCapture(outcome=Outcome.FAILED, cause=halt.cause, failed=failed))


def _tools_of(services: Services, received: Received) -> tuple[ToolUse, ...]:
    return (ourselves(), *(as_used(services, tool) for tool in received.tools))


def _without_item(services: Services, begun: Begun, received: Received, contacts: tuple[Contact, ...]) -> FailedCapture:
    cause = received.cause or Cause.TOOL_FAILED
    failure = _failure(begun, received.outcome, cause, received.detail, contacts)
    told = {
        "advice": received.advice or failure.failed.advice,
        "retry_after_s": received.retry_after_s,
        "exchanges": received.exchanges,
        "alterations": (*alterations_of(contacts), *told_by_method(received.alterations)) or None,
    }
    failed = failure.failed.model_copy(update=told)
    return failure.model_copy(update={"failed": failed, "tools": _tools_of(services, received)})


def _failure(
    begun: Begun, outcome: Outcome, cause: Cause, detail: str, contacts: tuple[Contact, ...] = ()
) -> FailedCapture:
    failed = CaptureFailed(
        attempt=begun.claim.attempt,
        method=begun.method.name,
        detail=readable(detail),
        advice=advice_for(cause),
        started_at=rfc3339(begun.at.wall),
        contacts=contacts,
        alterations=alterations_of(contacts) or None,
    )
    return FailedCapture(outcome=outcome, cause=cause, failed=failed)


def _give_up(services: Services, begun: Begun, folder: CaptureFolder, failure: FailedCapture) -> Attempt:
    attempt = _fail(services, begun.lead, begun.claim, begun.capture, failure)
    folder.set_aside(f"{failure.outcome}: {failure.cause}")
    return replace(attempt, method=begun.method.name, reason=begun.reason)


def _fail(services: Services, lead: Lead, claim: Claim, capture: CaptureId, failure: FailedCapture) -> Attempt:
    register_tools(services, failure.tools)
    services.append(
        sealing_events.failed(services.log.id, lead.id, capture, failure),
        within=lambda connection: finish(connection, claim, _state_of(connection, lead.id)),
    )
    told = failure.failed
    return Attempt(lead, capture, failure.outcome, failure.cause, told.detail, told.advice)
