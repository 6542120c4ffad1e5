"""The fetch workers of one request: sandboxes, one per method and host, lent to its threads for a capture at a time.

A worker that serves many captures prepares what every page needs, which takes longer than most pages do. So threads
share one for as long as that is quicker, and another is opened once waiting has cost more than its start would.
"""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlsplit

from casefile.canonical import Json
from casefile.model import Received
from casefile.settings import CaptureSettings
from casefile.vocabulary import ContainmentLevel
from collectors.interface import CaptureLimits, CaptureRequest, MethodSpec
from collectors.posts.endpoints import Endpoints
from collectors.withheld import secrets_of, withhold_all
from containment.methods import PASSIVE
from containment.spool import Recording
from containment.worker import (
    RECORDS_PREFIX,
    EgressPolicy,
    Limits,
    Worker,
    WorkerFailed,
    WorkerResult,
    open_worker,
)
from pipelines.by_hand import ByHand
from pipelines.egress_policy import policy_of
from pipelines.installed_tools import code_for
from pipelines.recording import MODULE, Recorded, Wishes, add_record, keep_spool, pages_in
from pipelines.services import Services

MEMORY_BYTES = 2 << 30
"""Address space of one capture; yt-dlp and its extractors need about 300 MB."""
GRACE_S = 15
"""What a worker gets beyond its own deadline to say how far it came, before it is killed."""
MANY = 4
"""Captures of one host from which a method's worker for many, which takes longer to start, costs less."""
MODULE_FOR_MANY = "module_for_many"
WORTH_WAITING = 2
"""How long threads wait in all for the workers for many of one host before one more is opened, in starts of one."""
OPEN_PER_THREAD = 3
"""A page and the video in it are captured by two methods in turn, and what passed is recorded: all stay open."""


UNRECORDED = "no record could be made of what passed, and that is not kept, since it holds an identity's cookies"


@dataclass(frozen=True, slots=True)
class Fetched:
    """A capture as its worker left it; `recorded` is what was added to it, where what passed was recorded.

    `remark` says what the record lacks, where it lacks something.
    """

    result: WorkerResult
    received: Received
    recorded: Recorded = field(default_factory=lambda: Recorded(None))
    remark: str = ""


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What a sandbox is opened for. `reads` is the folder of its inputs; each identity has sandboxes of its own."""

    module: str
    host: str = ""
    egress: EgressPolicy | None = None
    reads: Path | None = None
    identity: str = ""


@dataclass(slots=True)
class _Sandbox:
    """An open worker; `start_s` is how long it took to start, None until it has."""

    key: _Wanted
    worker: Worker
    opened: ExitStack
    start_s: float | None = None
    lent: bool = True


@dataclass(slots=True)
class FetchWorkers:
    """The open workers of a request that runs in `threads` threads. They end with the thread that called them first.

    `expected` says how many captures of each host the request has, `by_hand` how a person reaches theirs.
    """

    services: Services
    level: ContainmentLevel
    threads: int
    expected: Mapping[str, int] = field(default_factory=dict)
    by_hand: ByHand | None = None
    _sandboxes: list[_Sandbox] = field(default_factory=list)
    _waited_s: dict[_Wanted, float] = field(default_factory=dict)
    _changed: threading.Condition = field(default_factory=threading.Condition)
    _records: TemporaryDirectory[str] | None = None

    def fetch(self, spec: MethodSpec, asked: CaptureRequest, target: Path, identity: str = "") -> Fetched:
        """Do what is `asked`, under the virtual identity of that id if any, into `target`.

        The values of its cookies are in nothing that is answered. Raises WorkerFailed when the worker ends abnormally,
        ValidationError when its answer is none, OutputRefused when it is in the way of the record.
        """
        settings = self.services.settings.capture
        host = host_of(asked.locator)
        many = MODULE_FOR_MANY in spec.options and self.expected.get(host, 1) >= MANY
        egress = policy_of(spec, self.services.settings, identity=bool(identity))
        module = spec.options[MODULE_FOR_MANY] if many else spec.module
        driven_s, reads = (self.by_hand.most_s, self.by_hand.folder) if self.by_hand else (0, None)
        wanted = _Wanted(module, host, egress, reads, identity)
        asked = asked.model_copy(update={"methods": egress.methods if egress else PASSIVE, "driven_s": driven_s})
        limits = worker_limits(settings, spec.processes, driven_s)
        with self._lent(wanted, worth_waiting=WORTH_WAITING if many else 0) as worker:
            try:
                result = worker.call_into(asked.plain(), target, limits)
            except WorkerFailed as failed:
                if not asked.cookies:
                    keep_spool(failed, target)
                raise
            if asked.cookies:
                answer: dict[str, Json] = withhold_all(result.answer, secrets_of(asked.cookies))
                result = replace(result, answer=answer)
            # The worker's next call would end it.
            recording = None if result.recording is None else self._take(result.recording)
        received = Received.model_validate(result.answer)
        if recording is None:
            return Fetched(result, received)
        wishes = Wishes(received.wanted, settings.max_decoded_bytes, asked.cookies, pages_in(received))
        recorded = add_record(recording, target, self._make_warc, wishes)
        return Fetched(result, received, recorded, "" if recorded.file else UNRECORDED)

    def close(self) -> None:
        """End all workers. None is lent any more."""
        while self._sandboxes:
            self._sandboxes.pop().opened.close()
        if self._records is not None:
            self._records.cleanup()

    def _take(self, recording: Recording) -> Recording:
        with self._changed:
            if self._records is None:
                self._records = TemporaryDirectory(prefix=RECORDS_PREFIX, dir=self.services.run.outputs)
        return replace(recording, path=recording.path.rename(Path(self._records.name, uuid.uuid4().hex)))

    def _make_warc(self, request: Mapping[str, Json], out: Path, limits: Limits) -> Mapping[str, Json]:
        with self._lent(_Wanted(MODULE, reads=out.parent)) as worker:
            return worker.call_into(request, out, limits).answer

    @contextmanager
    def _lent(self, key: _Wanted, *, worth_waiting: int = 0) -> Iterator[Worker]:
        with self._changed:
            sandbox = self._idle(key, worth_waiting=worth_waiting) or self._open(key)
        try:
            self._start(sandbox)
            yield sandbox.worker
        finally:
            with self._changed:
                sandbox.lent = False
                # The one that was used last stands last: what has to make room is taken from the front.
                self._sandboxes.remove(sandbox)
                self._sandboxes.append(sandbox)
                self._changed.notify_all()

    def _start(self, sandbox: _Sandbox) -> None:
        if sandbox.start_s is None:
            begun = time.monotonic()
            sandbox.worker.start()
            with self._changed:
                sandbox.start_s = time.monotonic() - begun
                self._changed.notify_all()

    def _idle(self, key: _Wanted, *, worth_waiting: int) -> _Sandbox | None:
        """An open worker that nobody uses, waited for as long as that pays; None when one more is to be opened."""
        while alike := [one for one in self._sandboxes if one.key == key]:
            for one in alike:
                if not one.lent:
                    one.lent = True
                    return one
            starts_s = [one.start_s for one in alike if one.start_s is not None]
            starting = len(starts_s) < len(alike)
            left_s = worth_waiting * max(starts_s, default=0.0) - self._waited_s.get(key, 0.0)
            if not worth_waiting or (left_s <= 0 and not starting):
                return None
            begun = time.monotonic()
            self._changed.wait(None if starting else left_s)
            if not starting:
                self._waited_s[key] = self._waited_s.get(key, 0.0) + time.monotonic() - begun
        return None

    def _open(self, key: _Wanted) -> _Sandbox:
        self._make_room()
        opened = ExitStack()
        out = self.services.run.outputs
        worker = opened.enter_context(
            open_worker(
                key.module,
                inputs=key.reads,
                out=out,
                egress=key.egress,
                level=self.level,
                code=code_for(self.services, key.module),
            )
        )
        sandbox = _Sandbox(key, worker, opened)
        self._sandboxes.append(sandbox)
        return sandbox

    def _make_room(self) -> None:
        idle = [one for one in self._sandboxes if not one.lent]
        surplus = len(self._sandboxes) - OPEN_PER_THREAD * self.threads + 1
        for one in idle[: max(surplus, 0)]:
            self._sandboxes.remove(one)
            one.opened.close()


def capture_request(locator: str, settings: CaptureSettings, methods: tuple[str, ...] = PASSIVE) -> CaptureRequest:
    """What a capture worker is asked for."""
    return CaptureRequest(
        locator=locator,
        limits=CaptureLimits(
            max_bytes=settings.max_bytes,
            max_decoded_bytes=settings.max_decoded_bytes,
            deadline_s=settings.deadline_s,
            connect_timeout_s=settings.connect_timeout_s,
            minimum_rate_bytes_s=settings.minimum_rate_bytes_s,
            minimum_rate_window_s=settings.minimum_rate_window_s,
            max_redirects=settings.max_redirects,
        ),
        user_agent=settings.user_agent,
        accept_language=settings.accept_language,
        comments=settings.comments,
        post_endpoints=Endpoints(settings.post_endpoints),
        mhtml=settings.mhtml,
        consent=settings.consent,
        methods=methods,
    )


def worker_limits(settings: CaptureSettings, processes: int = 256, driven_s: int = 0) -> Limits:
    """The bounds of the process: those of the capture, with room to write wire bytes, body and record."""
    output = settings.max_bytes * 2 + settings.max_decoded_bytes
    seconds = settings.deadline_s + GRACE_S + driven_s
    return Limits(
        wall_s=seconds,
        cpu_s=seconds,
        memory_bytes=MEMORY_BYTES,
        file_bytes=output,
        output_bytes=output,
        processes=processes,
    )


def host_of(locator: str) -> str:
    """The host and port that a locator names, as the key of a sandbox; empty for what is not understood."""
    try:
        return urlsplit(locator).netloc.rpartition("@")[2].lower()
    except ValueError:
        return ""
