"""Fetch workers of one thread: one sandbox per method and host, kept while captures go to that host."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from casefile.settings import CaptureSettings
from casefile.vocabulary import ContainmentLevel
from collectors.interface import CaptureLimits, CaptureRequest, MethodSpec
from containment.worker import EgressPolicy, Limits, Worker, WorkerResult, open_worker
from pipelines.services import Services

MEMORY_BYTES = 2 << 30
"""Address space of one capture; yt-dlp and its extractors need about 300 MB."""
GRACE_S = 15
"""What a worker gets beyond its own deadline to say how far it came, before it is killed."""


MANY = 4
"""Captures of one host from which a method's worker for many, which takes longer to start, costs less."""
MODULE_FOR_MANY = "module_for_many"


@dataclass(slots=True)
class FetchWorkers:
    """The open worker of this thread; a capture that needs another one ends it first.

    `expected` says how many captures of each host the request has.
    """

    services: Services
    level: ContainmentLevel
    expected: Mapping[str, int] = field(default_factory=dict)
    _open: tuple[str, str, Worker, ExitStack] | None = None

    def fetch(self, spec: MethodSpec, locator: str, target: Path) -> WorkerResult:
        """Capture `locator` into `target`; raises WorkerFailed when the worker ends abnormally."""
        worker = self._worker(spec, host_of(locator))
        settings = self.services.settings.capture
        return worker.call_into(capture_request(locator, settings).plain(), target, worker_limits(settings))

    def close(self) -> None:
        """End the worker."""
        if self._open is not None:
            self._open[3].close()
            self._open = None

    def _worker(self, spec: MethodSpec, host: str) -> Worker:
        many = self.expected.get(host, 1) >= MANY
        module = spec.options.get(MODULE_FOR_MANY, spec.module) if many else spec.module
        if self._open is not None and self._open[:2] == (module, host):
            return self._open[2]
        self.close()
        egress = self.services.settings.egress
        policy = EgressPolicy(egress.allow, egress.ports) if spec.touches_network else None
        stack = ExitStack()
        worker = stack.enter_context(
            open_worker(module, inputs=None, out=self.services.run.outputs, egress=policy, level=self.level)
        )
        self._open = (module, host, worker, stack)
        return worker


@contextmanager
def fetch_workers(services: Services, level: ContainmentLevel, expected: Mapping[str, int]) -> Iterator[FetchWorkers]:
    """The fetch workers of the calling thread, ended with the block."""
    workers = FetchWorkers(services, level, expected)
    try:
        yield workers
    finally:
        workers.close()


def capture_request(locator: str, settings: CaptureSettings) -> CaptureRequest:
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
    )


def worker_limits(settings: CaptureSettings) -> Limits:
    """The bounds of the process: those of the capture, with room to write wire bytes, body and record."""
    output = settings.max_bytes * 2 + settings.max_decoded_bytes
    return Limits(
        wall_s=settings.deadline_s + GRACE_S,
        cpu_s=settings.deadline_s + GRACE_S,
        memory_bytes=MEMORY_BYTES,
        file_bytes=output,
        output_bytes=output,
    )


def host_of(locator: str) -> str:
    """The host and port that a locator names, as the key of a sandbox; empty for what is not understood."""
    try:
        return urlsplit(locator).netloc.rpartition("@")[2].lower()
    except ValueError:
        return ""
