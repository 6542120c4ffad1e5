"""Collecting: leads in, captures and items out. Written once; the command line and Prefect call it alike.

Leads are worked through by a few threads, each with its own fetch worker. Whatever happens to one lead, every lead
has a result, and the results come in the order of the leads.
"""

from __future__ import annotations

import threading
from collections import Counter, deque
from collections.abc import Callable, Collection, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import replace

from casefile.errors import LeaseLost
from casefile.ids import LeadId
from casefile.leads import Lead
from casefile.records.engine import reading, writing
from casefile.records.leads import at_risk
from casefile.records.ledger import Busy, Claim, Claimed, settle
from casefile.records.progress import is_examined, progress_of
from pipelines.capture import STAGE, Attempt, CaptureOptions, attempt_lead, settled, unfollowed
from pipelines.fetching import FetchWorkers, host_of
from pipelines.following import may_follow
from pipelines.leases import Leases
from pipelines.recovering import recover_workspace, resolve_capture
from pipelines.results import Result, already, examination_detail, result_of
from pipelines.sealing_events import capture_id
from pipelines.services import Services

WAIT_S = 0.5
"""Between two looks at a lead that another process is working on."""


Told = Callable[[Result], None]
"""Called with each result as it lands, from the thread that made it, one at a time."""
Examine = Callable[[str], "Future[None]"]
"""Hands the capture that was sealed over to be examined; its result is told when that is done."""


def collect(
    services: Services, leads: Sequence[Lead], options: CaptureOptions, *, told: Told, examine: Examine
) -> list[Result]:
    """Capture every lead, those that are likely to be removed first; the results in the order of `leads`."""
    recovered = recover_workspace(services)
    for examination in [examine(capture) for capture in recovered.recorded]:
        examination_detail(examination)
    collection = _Collection(services, options, told, examine)
    return collection.run(leads)


class _Collection:
    """One request being worked through by several threads."""

    def __init__(self, services: Services, options: CaptureOptions, told: Told, examine: Examine) -> None:
        self._services = services
        self._options = options
        self._told = told
        self._examine = examine
        self._leases = Leases(services)
        self._queue: deque[int] = deque()
        self._results: dict[int, Result] = {}
        self._examining: deque[tuple[int, list[Attempt], list[Future[None]]]] = deque()
        self._lock = threading.Lock()
        self._stopped = threading.Event()

    def run(self, leads: Sequence[Lead]) -> list[Result]:
        with reading(self._services.engine) as connection:
            urgent = at_risk(connection, [lead.id for lead in leads])
        order = sorted(range(len(leads)), key=_by_urgency(leads, urgent))
        self._queue.extend(order)
        threads = min(self._services.settings.capture.workers, len(leads)) or 1
        expected = Counter(host_of(lead.locator) for lead in leads)
        workers = FetchWorkers(self._services, self._options.level, threads, expected, self._options.by_hand)
        with self._leases.renewing(), ThreadPoolExecutor(threads, thread_name_prefix="collect") as pool:
            running = [pool.submit(self._work, leads, workers) for _thread in range(threads)]
            try:
                for one in running:
                    one.result()
            except BaseException:
                self._stopped.set()
                raise
            finally:
                # Before the threads end, and after the captures that they are making have.
                wait(running)
                workers.close()
        self._land_examined(wait=True)
        return [self._results[index] for index in range(len(leads))]

    def _work(self, leads: Sequence[Lead], workers: FetchWorkers) -> None:
        while not self._stopped.is_set() and (index := self._next()) is not None:
            if not self._take(index, leads[index], workers):
                # Another process has it. What this one can do comes first; then it waits for the other's result.
                with self._lock:
                    self._queue.append(index)
                self._stopped.wait(WAIT_S)

    def _next(self) -> int | None:
        with self._lock:
            return self._queue.popleft() if self._queue else None

    def _take(self, index: int, lead: Lead, workers: FetchWorkers) -> bool:
        """Bring one lead to a result, or to its examination; False while another process has it."""
        self._settle(lead)
        claimed = self._claim(lead)
        if isinstance(claimed, Busy):
            return False
        if not isinstance(claimed, Claim):
            self._land(index, already(self._services, lead))
            return True
        attempts = self._attempts(lead, claimed, workers)
        if not attempts:
            return False
        examined = [self._examine(one.capture) for one in attempts if one.kept and not self._is_examined(one)]
        self._examining.append((index, attempts, examined))
        self._land_examined()
        return True

    def _attempts(self, lead: Lead, claim: Claim, workers: FetchWorkers) -> list[Attempt]:
        """An attempt at the lead, one in its place where its method was chosen for what is not there, and one that
        brings what it leaves behind.

        A capture that an earlier run made is not made again: what was to follow it follows now. Empty when another
        worker has the lead.
        """
        earlier = unfollowed(self._services, lead, self._options)
        if earlier is not None and not may_follow(self._services, earlier.follow):
            self._leases.ledger.release(claim)
            return [earlier]
        first = earlier or self._attempt(lead, claim, workers, self._options)
        if first is None:
            return []
        made = [first]
        while further := _further(made[-1]):
            again = claim if earlier and len(made) == 1 else self._claim(lead)
            attempt = self._attempt(lead, again, workers, further(self._options)) if isinstance(again, Claim) else None
            if attempt is None:
                break
            made.append(attempt)
        return made

    def _is_examined(self, attempt: Attempt) -> bool:
        with reading(self._services.engine) as connection:
            return is_examined(connection, attempt.capture)

    def _claim(self, lead: Lead) -> Claimed:
        return self._leases.ledger.claim(STAGE, lead.id, self._leases.now_ms(), again=self._options.again)

    def _attempt(self, lead: Lead, claim: Claim, workers: FetchWorkers, options: CaptureOptions) -> Attempt | None:
        """One attempt under its lease; None when another worker has the lead."""
        with self._leases.kept(claim):
            try:
                return attempt_lead(self._services, workers, lead, claim, options)
            except LeaseLost:
                resolve_capture(self._services, capture_id(self._services.log.id, LeadId(lead.id), claim.attempt))
                return None

    def _land_examined(self, *, wait: bool = False) -> None:
        """Tell the results whose examinations are done; with `wait`, of all that are being examined."""
        while self._examining:
            index, attempts, examinations = self._examining.popleft()
            if not wait and not all(one.done() for one in examinations):
                self._examining.appendleft((index, attempts, examinations))
                return
            self._land(index, result_of(self._services, attempts, examinations))

    def _land(self, index: int, result: Result) -> None:
        with self._lock:
            self._results[index] = result
            self._told(result)

    def _settle(self, lead: Lead) -> None:
        """Tell the ledger what the log knows of the lead, as it may have been rebuilt since."""
        with reading(self._services.engine) as connection:
            progress = progress_of(connection, lead.id)
        if progress is not None:
            with writing(self._services.engine) as connection:
                settle(connection, STAGE, [settled(progress)])


def _further(attempt: Attempt) -> Callable[[CaptureOptions], CaptureOptions] | None:
    """How what comes after an attempt is to be made; None where nothing does."""
    if attempt.instead:
        because = f"in place of {attempt.method}, which was chosen as {attempt.reason}, and says: {attempt.detail}"
        return lambda options: replace(options, method=attempt.instead, because=because)
    if attempt.follow:
        because = f"after {attempt.method or 'the page'}: brings what that left behind"
        return lambda options: replace(options, method=attempt.follow, because=because)
    return None


def _by_urgency(leads: Sequence[Lead], urgent: Collection[str]) -> Callable[[int], tuple[bool, int, int]]:
    """Orders leads: the urgent first; then those of one host together, hosts in the order of their first lead."""
    first: dict[str, int] = {}
    for index, lead in enumerate(leads):
        first.setdefault(host_of(lead.locator), index)
    return lambda index: (leads[index].id not in urgent, first[host_of(leads[index].locator)], index)
