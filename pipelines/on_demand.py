"""A worker for what is not always needed: its sandbox is opened by the first use of it, and given working copies."""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from casefile.vocabulary import ContainmentLevel
from containment.worker import Worker, open_worker
from pipelines.services import Services
from verification.working_copies import Preserved, copies_in


@dataclass(slots=True)
class OnDemandWorker:
    """It belongs to the thread that opened it, as its worker does."""

    module: str
    folder: Path
    level: ContainmentLevel
    _opened: ExitStack = field(default_factory=ExitStack)
    _worker: Worker | None = None
    _count: int = 0

    @property
    def out(self) -> Path:
        """The folder that the worker writes into."""
        return self.folder / "out"

    @contextmanager
    def copies(self, originals: Sequence[Preserved]) -> Iterator[tuple[Worker, str]]:
        """The worker with working copies of these files before it, and a name for what it puts out.

        Copies and output are gone at the end. Raises DigestMismatch and StorageFailed where an original is damaged.
        """
        worker = self._open()
        with copies_in(self.folder / "inputs", originals):
            self._count += 1
            name = f"{self._count:06d}"
            try:
                yield worker, name
            finally:
                for folder in self.out.glob(f"{name}*"):
                    shutil.rmtree(folder)

    def close(self) -> None:
        """End the sandbox, if one was opened, and remove its folders."""
        self._opened.close()

    def _open(self) -> Worker:
        if self._worker is None:
            inputs = self.folder / "inputs"
            for one in (inputs, self.out):
                one.mkdir(parents=True, mode=0o700)
            self._opened.callback(shutil.rmtree, self.folder)
            opened = open_worker(self.module, inputs=inputs, out=self.out, egress=None, level=self.level)
            self._worker = self._opened.enter_context(opened)
        return self._worker


@contextmanager
def on_demand(services: Services, module: str, level: ContainmentLevel) -> Iterator[OnDemandWorker]:
    """A worker for the calling thread; it costs nothing until it is used."""
    name = f"{module.rpartition('.')[2]}-{secrets.token_hex(8)}"
    worker = OnDemandWorker(module, services.workspace.work / name, level)
    try:
        yield worker
    finally:
        worker.close()
