"""Examining captured items on working copies: one thread, one sandbox, whatever waits is taken as one batch."""

from __future__ import annotations

import secrets
import shutil
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from casefile.errors import CasefileError
from casefile.records.engine import reading
from casefile.records.holdings import captured_items
from casefile.records.queries import ItemFilter, ItemRecord, find_items, list_items, unexamined_items
from casefile.vocabulary import ContainmentLevel
from containment.tools import find_program
from containment.worker import Worker, open_worker
from pipelines.archives import ArchiveReader, archive_reader
from pipelines.edge_index import EdgeIndex, edge_index
from pipelines.environment import ourselves
from pipelines.examinable import Examinable, examinable
from pipelines.examination_events import examined
from pipelines.features import FeatureIndex, feature_index
from pipelines.indexing import index_captured_text
from pipelines.installed_tools import as_used, exiftool_for
from pipelines.pixels import PixelReader, compare_pixels, pixel_reader
from pipelines.posts import PostReader, post_reader
from pipelines.services import Services
from pipelines.tool_register import id_of, register_tools
from verification.interface import MAX_BATCH, CheckResult, ExamineRequest, FileExamination
from verification.running import MODULE, examine_batch
from verification.working_copies import copies_in

GATHERED = 25
"""Captures that are enough for a batch."""
GATHER_S = 3.0
"""For which a batch waits for more of them."""


@dataclass(frozen=True, slots=True)
class ExaminedItem:
    """How the checks of one item ended."""

    item: str
    label: str
    results: tuple[tuple[str, str], ...]

    @property
    def whole(self) -> bool:
        """Whether every check came to an end."""
        return all(result != CheckResult.INCONCLUSIVE for _check, result in self.results)


@dataclass(slots=True)
class Examiner:
    """An open examining worker with its folders. It belongs to the thread that opened it."""

    services: Services
    worker: Worker
    inputs: Path
    out: Path
    edges: EdgeIndex
    pixels: PixelReader
    features: FeatureIndex
    posts: PostReader
    archives: ArchiveReader
    exiftool: str
    _count: int = 0

    def examine(self, items: Sequence[Examinable]) -> list[ExaminedItem]:
        """Examine items in batches, record the findings of each and compare them with everything before."""
        done: list[ExaminedItem] = []
        for start in range(0, len(items), MAX_BATCH):
            done += self._examine_batch(items[start : start + MAX_BATCH])
        self.edges.catch_up()
        compare_pixels(self.services, self.pixels)
        self.features.catch_up()
        return done

    def _examine_batch(self, items: Sequence[Examinable]) -> list[ExaminedItem]:
        self._count += 1
        name = f"b{self._count:06d}"
        asked = ExamineRequest(
            files=tuple(one.specimen for one in items),
            exiftool=self.exiftool,
            ffprobe=program_path("ffprobe"),
        )
        with copies_in(self.inputs, [one.original for one in items]):
            found = examine_batch(self.worker, asked, name)
        pairs = list(zip(items, found.files, strict=True))
        used = (ourselves(), *(as_used(self.services, tool) for tool in found.tools))
        register_tools(self.services, used)
        tools = [id_of(self.services.log.id, tool) for tool in used]
        self.services.append(
            *(examined(one.item.id, file, self._read(file.raw_metadata), tools) for one, file in pairs),
            *self.posts.read(items),
            *self.archives.read(items),
        )
        for _one, file in pairs:
            self._keep_preview(file)
        for folder in self.out.glob(f"{name}*"):
            shutil.rmtree(folder)
        return [_result(one, file) for one, file in pairs]

    def _read(self, path: str) -> bytes | None:
        return (self.out / path).read_bytes() if path else None

    def _keep_preview(self, file: FileExamination) -> None:
        if file.preview:
            previews = self.services.workspace.previews
            previews.mkdir(exist_ok=True)
            (self.out / file.preview).replace(previews / f"{file.file}.jpg")


@contextmanager
def open_examiner(services: Services, level: ContainmentLevel) -> Iterator[Examiner]:
    """An examiner for the calling thread; its folders go with it."""
    given = exiftool_for(services)
    folder = services.workspace.work / f"examine-{secrets.token_hex(8)}"
    inputs, out = folder / "inputs", folder / "out"
    for one in (inputs, out):
        one.mkdir(parents=True, mode=0o700)
    try:
        with (
            open_worker(MODULE, inputs=inputs, out=out, egress=None, level=level, code=given.code) as worker,
            pixel_reader(services, level) as pixels,
            feature_index(services, level) as features,
            post_reader(services, level) as posts,
            archive_reader(services, level) as archives,
        ):
            worker.start()
            edges = edge_index(services)
            yield Examiner(services, worker, inputs, out, edges, pixels, features, posts, archives, given.path)
    finally:
        shutil.rmtree(folder)


Examine = Callable[[str], "Future[None]"]
"""Hands a capture over to be examined; done when its findings and edges are recorded."""


@contextmanager
def examining(services: Services, level: ContainmentLevel) -> Iterator[Examine]:
    """Examines captures while others are being made; everything handed over is done at the end of the block."""
    with ThreadPoolExecutor(1, thread_name_prefix="examine") as pool:
        examination = _Examination(services, level)
        try:
            yield lambda capture: examination.submit(pool, capture)
        finally:
            examination.wanted.set()
            pool.submit(examination.opened.close).result()


class _Awaited(Future[None]):
    """The examination of one capture. Whoever waits for it ends the gathering of a batch."""

    def __init__(self, wanted: threading.Event) -> None:
        super().__init__()
        self._wanted = wanted

    def result(self, timeout: float | None = None) -> None:
        if not self.done():
            self._wanted.set()
        return super().result(timeout)

    def follow(self, task: Future[None]) -> None:
        """End as the task did."""
        failure = task.exception()
        if failure is None:
            self.set_result(None)
        else:
            self.set_exception(failure)


@dataclass(slots=True)
class _Examination:
    """Captures that wait for the one examining thread, which takes all that wait as one batch.

    Each batch starts its tools anew, which costs as much as ten files: so it gathers for a while, unless somebody
    waits for what is in it. A capture's own task runs after the one that examined it with others, and tells how that
    ended.
    """

    services: Services
    level: ContainmentLevel
    opened: ExitStack = field(default_factory=ExitStack)
    wanted: threading.Event = field(default_factory=threading.Event)
    _examiner: Examiner | None = None
    _waiting: deque[str] = field(default_factory=deque)
    _failed: dict[str, CasefileError] = field(default_factory=dict)

    def submit(self, pool: ThreadPoolExecutor, capture: str) -> Future[None]:
        awaited = _Awaited(self.wanted)
        self._waiting.append(capture)
        if len(self._waiting) >= GATHERED:
            self.wanted.set()
        pool.submit(self._run, capture).add_done_callback(awaited.follow)
        return awaited

    def _run(self, capture: str) -> None:
        if self._waiting:
            self._examine_waiting()
        if (failure := self._failed.pop(capture, None)) is not None:
            raise failure

    def _examine_waiting(self) -> None:
        batch: list[str] = []
        try:
            # Opened before the batch is taken: what is captured while the sandbox starts is examined with the first.
            examiner = self._open()
            self.wanted.wait(GATHER_S)
            # Before the batch is taken: whoever waits from now on waits for a later one, or finds this one done.
            self.wanted.clear()
            batch = self._take_waiting()
            _examine_captures(examiner, batch)
        except CasefileError as error:
            self._failed |= dict.fromkeys(batch or self._take_waiting(), error)

    def _take_waiting(self) -> list[str]:
        return [self._waiting.popleft() for _one in range(len(self._waiting))]

    def _open(self) -> Examiner:
        """Opened with the first capture, in the thread that uses it: what fails to be captured needs none."""
        if self._examiner is None:
            self._examiner = self.opened.enter_context(open_examiner(self.services, self.level))
        return self._examiner


def _examine_captures(examiner: Examiner, captures: Sequence[str]) -> None:
    services = examiner.services
    items: list[ItemRecord] = []
    with reading(services.engine) as connection:
        held = [one for capture in captures for one in captured_items(connection, capture)]
        for capture in captures:
            items += list_items(connection, ItemFilter(capture=capture))
    examiner.examine(examinable(services, items))
    index_captured_text(services.engine, services.vault, held)


def program_path(name: str) -> str:
    """Where a program is, as a worker meets it; empty when there is none."""
    found = find_program(name)
    return str(found) if found else ""


def _result(one: Examinable, file: FileExamination) -> ExaminedItem:
    results = tuple((finding.check.value, finding.result.value) for finding in file.findings)
    return ExaminedItem(one.item.id, one.item.label, results)


def examine_items(services: Services, texts: Sequence[str], level: ContainmentLevel) -> list[ExaminedItem]:
    """Examine the items of these ids or numbers; without any, those that were never examined."""
    with reading(services.engine) as connection:
        items = find_items(connection, texts) if texts else unexamined_items(connection)
    with open_examiner(services, level) as examiner:
        return examiner.examine(examinable(services, items))
