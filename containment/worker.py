"""Worker processes: JSON in, JSON and files out, bounded, and nothing that one of them does can end the caller.

A worker module has one function, `work(request: dict, inputs: Path, out: Path) -> dict`. `open_worker` imports it
once and forks for each call; `run_worker` is its one-call form. What a call wrote is checked and taken out of the
sandbox's reach before it is handed over.

A `Worker` serves one call at a time and belongs to the thread that opened it: the kernel ends a sandbox together
with the thread that started it. Several Workers in several threads do not disturb each other.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from casefile.canonical import Json
from casefile.errors import ContainmentError, ContainmentMissing, StorageFailed, UsageError
from casefile.model import SAFE_PATH, Contact
from casefile.vocabulary import ContainmentLevel
from containment.answers import plain_line
from containment.broker import Broker, EgressPolicy
from containment.crossings import RecordingPolicy
from containment.emptying import empty
from containment.limits import Ended, Kind, Limits
from containment.outputs import OutputRefused, check
from containment.running import Running
from containment.sandbox import Places, available, code_of
from containment.starting import start

if TYPE_CHECKING:
    from containment.recorder import Recorder
    from containment.spool import Recording

__all__ = [
    "EgressPolicy",
    "Kind",
    "Limits",
    "RecordingPolicy",
    "Worker",
    "WorkerFailed",
    "WorkerResult",
    "open_worker",
    "run_worker",
]

WORKBENCH_PREFIX = ".worker-"
"""Of the hidden folder beside the output that a sandbox writes to. What a crash leaves there is not a capture."""
RECORDS_PREFIX = ".recorded-"
DECLARATIONS = ("0=ocfl_1.1", "0=ocfl_object_1.1")
"""What a folder of preserved objects holds, and the folder of each."""
"""Of the hidden folder that the recorder writes to, which no sandbox sees but for the certificates in it."""


@dataclass(frozen=True, slots=True)
class WorkerResult:
    """How one call ended well. `contacts` is every connection that it made or was refused.

    `recording` is what passed, where the policy asked for it: a file that the caller may take, and that is gone with
    the next call.
    """

    answer: Mapping[str, Json]
    contacts: tuple[Contact, ...]
    containment: ContainmentLevel
    egress_enforced: bool
    cpu_s: float
    peak_memory_bytes: int
    recording: Recording | None = None


class WorkerFailed(ContainmentError):
    """A call ended abnormally. The Worker can be called again.

    `detail` and `printed` (the last bytes that the call printed) hold text from inside, as one printable line each.
    `recording` is as in a WorkerResult.
    """

    def __init__(self, kind: Kind, detail: str, *, contacts: tuple[Contact, ...] = (), printed: str = "") -> None:
        super().__init__(f"worker {kind}: {detail}")
        self.kind = kind
        self.detail = detail
        self.contacts = contacts
        self.printed = printed
        self.recording: Recording | None = None


@dataclass(slots=True)
class Worker:
    """Calls into one sandbox. Made by `open_worker`."""

    module: str
    places: Places
    target: Path
    egress: EgressPolicy | None
    level: ContainmentLevel
    recorder: Recorder | None = None
    _running: Running | None = field(default=None, init=False)
    _recording: Recording | None = field(default=None, init=False)

    def call(self, request: Mapping[str, Json], out_name: str, limits: Limits) -> WorkerResult:
        """Let the module work on `request`; what it writes is in `<out>/<out_name>` afterwards.

        That folder is made, with those above it; it may exist when it is empty. Raises WorkerFailed with all contacts;
        what a failed call wrote is discarded.
        """
        if not SAFE_PATH.fullmatch(out_name):
            raise UsageError("a worker's output folder needs a name that we make")
        return self.call_into(request, self.target / out_name, limits)

    def call_into(self, request: Mapping[str, Json], target: Path, limits: Limits) -> WorkerResult:
        """As `call`, into any folder on the file system of `out`. Raises StorageFailed when the disk refuses."""
        if target.exists() and (not target.is_dir() or os.listdir(target)):
            raise UsageError("a worker's output folder is not empty")
        with ExitStack() as interrupted:
            interrupted.callback(self.close)
            result = self._attempt(request, target, limits)
            interrupted.pop_all()
        if isinstance(result, WorkerFailed):
            raise result
        return result

    def start(self) -> None:
        """Start the sandbox before a call needs it. What goes wrong is left to the first call, which meets it again."""
        with suppress(Ended, OSError):
            self._running = self._running or self._start()

    def close(self) -> None:
        """End the sandbox."""
        running, self._running = self._running, None
        if running is not None:
            running.stop()
            if running.broker is not None:
                running.broker.close()

    def _attempt(self, request: Mapping[str, Json], target: Path, limits: Limits) -> WorkerResult | WorkerFailed:
        self._discard_recording()
        try:
            running = self._running = self._running or self._start()
            self.places.call.mkdir(mode=0o700)
            answer, spent = running.ask(request, limits)
            self._accept(target, limits)
        except Ended as ended:
            return self._fail(ended)
        except OSError as error:
            raise StorageFailed("taking a worker's output", str(target), error.strerror or str(error)) from error
        contacts = running.broker.settle() if running.broker else ()
        enforced = self.level is ContainmentLevel.FULL
        recording = self._take_recording()
        return WorkerResult(answer, contacts, self.level, enforced, spent.cpu_s, spent.peak_memory_bytes, recording)

    def _start(self) -> Running:
        broker = None if self.egress is None else Broker(self.egress, self.recorder)
        return start(self.module, self.places, level=self.level, broker=broker)

    def _take_recording(self) -> Recording | None:
        self._recording = None if self.recorder is None else self.recorder.take()
        return self._recording

    def _discard_recording(self) -> None:
        if self._recording is not None:
            self._recording.path.unlink(missing_ok=True)
            self._recording = None

    def _accept(self, target: Path, limits: Limits) -> None:
        """Check what was written and move it away: a later call in the same sandbox must not reach it."""
        # Inside, the folder that holds the output belongs to the call, which may have closed it to us.
        os.chmod(self.places.out, 0o700)
        try:
            if os.listdir(self.places.out) != [self.places.call.name]:
                raise OutputRefused("something was written beside the output folder")
            check(self.places.call, limits.output_bytes)
        except OutputRefused as refusal:
            raise Ended("output" if refusal.too_much else "malformed", refusal.problem) from refusal
        target.parent.mkdir(parents=True, exist_ok=True)
        self.places.call.rename(target)

    def _fail(self, ended: Ended) -> WorkerFailed:
        running = self._running
        contacts: tuple[Contact, ...] = ()
        printed = ""
        if running is not None:
            printed = plain_line(running.printed.decode("utf-8", "replace"))
            if not ended.usable:
                running.stop()
                self._running = None
            if running.broker is not None:
                contacts = running.broker.settle() if ended.usable else running.broker.close()
        try:
            empty(self.places.out)
        except OSError as error:
            reason = error.strerror or str(error)
            raise StorageFailed("discarding a worker's output", str(self.places.out), reason) from error
        failed = WorkerFailed(ended.kind, ended.detail, contacts=contacts, printed=printed)
        failed.recording = self._take_recording()
        return failed


@contextmanager
def open_worker(  # noqa: PLR0913
    module: str,
    *,
    inputs: Path | None,
    out: Path,
    egress: EgressPolicy | None,
    level: ContainmentLevel,
    code: tuple[Path, ...] = (),
) -> Iterator[Worker]:
    """A Worker for many calls of one module, in one sandbox that ends with the context.

    `inputs` is read-only inside (None: an empty folder); `out` exists, and finished outputs appear in it. Without
    `egress` there is no network. `code` are further packages or modules to import, such as a plug-in's. The first
    call starts the sandbox. Raises ContainmentMissing when `level` is full and that cannot be had here, UsageError
    for a module that is not to be found, and for `inputs` among what is preserved: copies are processed, never that
    (Berkeley Protocol, paragraph 197).
    """
    if level is ContainmentLevel.FULL and not available().full:
        raise ContainmentMissing(available().reason)
    if inputs is not None:
        _require_copies(inputs)
    folders = tuple(one.resolve() for one in code)
    if module.partition(".")[0] not in {one.stem for one in folders}:
        folders = (code_of(module), *folders)
    workbench = Path(tempfile.mkdtemp(prefix=WORKBENCH_PREFIX, dir=out))
    worker = Worker(module, Places(inputs, workbench, folders), out, egress, level)
    recording = egress.recording if egress is not None and level is ContainmentLevel.FULL else None
    try:
        with ExitStack() as opened:
            if recording is not None:
                _record(worker, recording, out, opened)
            yield worker
    finally:
        worker.close()
        # At the weak level a process that got away may still write here; what is left then is no capture.
        with suppress(OSError):
            empty(workbench)
            workbench.rmdir()


def _require_copies(inputs: Path) -> None:
    """Raise UsageError for a folder of an OCFL storage root, by the declarations of OCFL 1.1, sections 3.3 and 4.2."""
    place = inputs.resolve()
    if any((folder / name).exists() for folder in (place, *place.parents) for name in DECLARATIONS):
        raise UsageError("what is preserved is not processed, only working copies of it")


def _record(worker: Worker, policy: RecordingPolicy, out: Path, opened: ExitStack) -> None:
    """Give `worker` a recorder, and its sandbox the certificates that go with it."""
    from containment.recorder import Recorder

    records = Path(opened.enter_context(tempfile.TemporaryDirectory(prefix=RECORDS_PREFIX, dir=out)))
    opened.callback(worker.close)
    trust = records / "trust"
    trust.mkdir()
    worker.recorder = Recorder(policy, records)
    worker.recorder.write_trust(trust)
    worker.places = replace(worker.places, trust=trust)


def run_worker(  # noqa: PLR0913
    module: str,
    request: Mapping[str, Json],
    inputs: Path | None,
    out: Path,
    *,
    limits: Limits,
    egress: EgressPolicy | None,
    level: ContainmentLevel,
    code: tuple[Path, ...] = (),
) -> WorkerResult:
    """One call in a sandbox of its own; what it writes is in `out`, which is made or exists and is empty."""
    out.parent.mkdir(parents=True, exist_ok=True)
    with open_worker(module, inputs=inputs, out=out.parent, egress=egress, level=level, code=code) as worker:
        return worker.call_into(request, out, limits)
