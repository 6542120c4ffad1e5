"""One identity at work in one request: a capture at a time, and halted for good once its session does not hold.

A session is looked at with its canary before the first capture, after so many, and after an answer that looks like a
login or a challenge. When it does not hold, its platform is paused in the log, and what is left of the list is not
asked for: an account that goes on asking is an account that is lost.
"""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import ValidationError

from casefile.model import Contact, Received, Visitor
from casefile.records.identities import PAUSED, IdentityRecord
from casefile.settings import CaptureSettings
from casefile.vocabulary import Cause, ContainmentLevel, Outcome, Purpose
from collectors.http.canary_answer import CanaryAnswer, CanaryRequest, Session
from collectors.interface import CaptureRequest
from collectors.jars import Cookie, within
from collectors.locators import Locator, parse_locator
from collectors.outcomes import advice
from collectors.withheld import WITHHELD, secrets_of, withhold
from containment.limits import Limits
from containment.worker import WorkerFailed, run_worker
from pipelines.egress_policy import egress_policy
from pipelines.fetching import capture_request
from pipelines.identities import Note, checked_now, cookies_of, judge_mixing, known_identity, note_check
from pipelines.services import Services

MODULE = "collectors.http.canary"
CANARY_BYTES = 8 << 20
CANARY_DEADLINE_S = 120
LIMITS = Limits(
    wall_s=CANARY_DEADLINE_S + 15, cpu_s=60, memory_bytes=1 << 30, file_bytes=4 * CANARY_BYTES, output_bytes=64 << 20
)
LOGIN_STATUS = frozenset({401, 403})
TOO_MANY_REQUESTS = 429
CAUSES = {Session.EXPIRED: Cause.SESSION_EXPIRED, Session.CHALLENGED: Cause.CHALLENGE}


@dataclass(frozen=True, slots=True)
class Halt:
    """Why nothing more is asked for under the identity in this request."""

    cause: Cause
    detail: str


@dataclass(frozen=True, slots=True)
class Suspicion:
    """What an answer looks like. Only one that is `sure` halts where there is no canary to ask."""

    cause: Cause
    sure: bool


@dataclass(slots=True)
class IdentitySession:
    """An identity in use. Made by `open_session`."""

    services: Services
    identity: IdentityRecord
    cookies: tuple[Cookie, ...]
    level: ContainmentLevel
    halt: Halt | None = None
    _asked: bool = False
    _since: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def covers(self, locator: str) -> bool:
        """Whether a locator is of the identity's platform; others are captured as if there were no identity."""
        place = parse_locator(locator)
        return isinstance(place, Locator) and within(place.host, self.identity.hosts)

    @contextmanager
    def turn(self) -> Iterator[Halt | None]:
        """One capture's turn, alone; why there is to be none, where the session does not hold."""
        with self._lock:
            every = self.services.settings.identity.canary_every
            if self.halt is None and (not self._asked or (every and self._since >= every)):
                self._look("after captures" if self._asked else "before the first")
            yield self.halt

    def judge(self, received: Received) -> Received:
        """What was received, marked when it shows that the session does not hold. Within a turn."""
        self._since += 1
        suspicion = suspicion_of(received)
        if suspicion is None:
            return received
        if self.identity.canary:
            self._look("after a suspicious answer")
        elif suspicion.sure:
            self._pause(suspicion.cause, "an answer looks like it, and there is no canary to ask", "from an answer")
        if self.halt is None or self.halt.cause not in CAUSES.values():
            return received
        marked = {"cause": self.halt.cause, "advice": advice(self.halt.cause), "suggests": ""}
        return received.model_copy(update=marked) if received.outcome is not Outcome.PARTIAL else received

    def request(self, locator: str, settings: CaptureSettings) -> CaptureRequest:
        """What a worker is asked for under this identity."""
        identity = self.identity
        names = ("user_agent", "accept_language", "time_zone", "viewport")
        seen = {name: getattr(identity, name) for name in names}
        account = tuple(one for one in (identity.handle, identity.name) if one)
        carried = {"cookies": self.cookies, "hosts": identity.hosts, "account": account}
        return capture_request(locator, settings).model_copy(update={**seen, **carried})

    def visitor(self) -> Visitor:
        """What the sites of a capture see."""
        identity = self.identity
        return Visitor(
            user_agent=identity.user_agent,
            accept_language=identity.accept_language,
            access=identity.access,
            identity=identity.id,
            time_zone=identity.time_zone or None,
            viewport=identity.viewport or None,
            cookies=len(self.cookies),
            withheld=(WITHHELD,) if self.cookies else None,
        )

    @property
    def secrets(self) -> tuple[str, ...]:
        """The values that may stand in nothing that is kept."""
        return secrets_of(self.cookies)

    def _look(self, occasion: str) -> None:
        """Ask the canary, record how the session stands, and halt when it does not hold."""
        self._asked, self._since = True, 0
        if not self.identity.canary:
            return
        answer, contacts = self._ask_canary()
        if answer.session in CAUSES:
            self._pause(CAUSES[answer.session], answer.detail, occasion, contacts)
            return
        if answer.session is Session.UNANSWERED:
            self.halt = Halt(answer.cause or Cause.TOOL_FAILED, f"{answer.detail}; nothing was asked for")
        note_check(
            self.services, self.identity, answer.session, checked_now(occasion, answer.detail, contacts), answer.cause
        )

    def _ask_canary(self) -> tuple[CanaryAnswer, tuple[Contact, ...]]:
        settings = self.services.settings
        asked = self.request(self.identity.canary, settings.capture)
        bounds = {
            "max_bytes": CANARY_BYTES,
            "max_decoded_bytes": CANARY_BYTES,
            "deadline_s": min(asked.limits.deadline_s, CANARY_DEADLINE_S),
        }
        asked = asked.model_copy(update={"limits": asked.limits.model_copy(update=bounds)})
        request = CanaryRequest(capture=asked, text=self.identity.canary_text.strip())
        egress = egress_policy(settings.egress)
        with tempfile.TemporaryDirectory(dir=self.services.workspace.work, prefix="canary-") as folder:
            out = Path(folder, "out")
            try:
                result = run_worker(MODULE, request.plain(), None, out, limits=LIMITS, egress=egress, level=self.level)
                return CanaryAnswer.model_validate(result.answer), result.contacts
            except WorkerFailed as error:
                said = f"the canary could not be asked: {withhold(str(error), self.secrets)}"
                return _unanswered(said), error.contacts
            except ValidationError:
                return _unanswered("the canary's worker gave no answer"), ()

    def _pause(self, cause: Cause, detail: str, occasion: str, contacts: tuple[Contact, ...] = ()) -> None:
        self.halt = Halt(cause, f"{detail}; the platform is paused")
        note_check(self.services, self.identity, PAUSED, checked_now(occasion, detail, contacts), cause)


def open_session(
    services: Services, text: str, purpose: Purpose, level: ContainmentLevel, note: Note
) -> IdentitySession:
    """The identity of that name or id, to be used in one request.

    Raises UnknownIdentity, JarUnusable, DigestMismatch, and GateRefused as `judge_mixing` does.
    """
    identity = known_identity(services, text)
    judge_mixing(services, identity, purpose, note)
    halt = None
    if identity.paused_by:
        halt = Halt(Cause(identity.paused_by), "the platform is paused, since the session did not hold")
        note(f"the identity's platform is paused ({identity.paused_by}); nothing of it will be asked for")
    return IdentitySession(services, identity, cookies_of(services, identity), level, halt)


def suspicion_of(received: Received) -> Suspicion | None:
    """Whether an answer looks like one to somebody who is not logged in, or no longer welcome."""
    if received.cause is Cause.LOGIN_NEEDED:
        return Suspicion(Cause.SESSION_EXPIRED, sure=True)
    for item in received.items:
        if item.content_reason.startswith("challenge"):
            return Suspicion(Cause.CHALLENGE, sure=True)
        if item.content_reason.startswith("login-wall"):
            return Suspicion(Cause.SESSION_EXPIRED, sure=True)
    statuses = {one.status for one in received.exchanges}
    if TOO_MANY_REQUESTS in statuses:
        return Suspicion(Cause.CHALLENGE, sure=True)
    if statuses & LOGIN_STATUS:
        return Suspicion(Cause.SESSION_EXPIRED, sure=False)
    return None


def _unanswered(detail: str) -> CanaryAnswer:
    return CanaryAnswer(session=Session.UNANSWERED, cause=Cause.TOOL_FAILED, detail=detail)
