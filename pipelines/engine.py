"""Running a sequence directly, or as a flow that Prefect shows. Prefect failing never loses the work.

Nothing of the sequence passes through Prefect but that it has ended: neither its value nor its error.
"""

from __future__ import annotations

import os
import secrets
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Generic, TypeVar

from pipelines.prefect_environment import prefect_environment, without_prefect
from pipelines.prefect_home import prepare_home
from pipelines.withholding import Withheld

T = TypeVar("T")
PATIENCE_S = 120.0
"""What Prefect gets to start in before the work is done without it: four times what it took on a busy machine."""


class SequenceFailed(Exception):
    """What Prefect is told of a sequence that raised: that it did."""


@dataclass(slots=True)
class Once(Generic[T]):
    """A sequence that runs at most once. `values` and `error` are what it gave, outside of anything Prefect keeps."""

    sequence: Callable[[], T]
    started: bool = False
    values: list[T] = field(default_factory=list)
    error: Exception | None = None

    def run(self) -> None:
        """Run the sequence, the first time; raises SequenceFailed in place of what it raises."""
        if self.started:
            return
        self.started = True
        with Withheld() as kept:
            self.values.append(self.sequence())
        self.error = kept.error
        if self.error is not None:
            raise SequenceFailed

    def result(self) -> T:
        """What the sequence gave or raised."""
        if self.error is not None:
            raise self.error
        return self.values[0]


class PrefectLate(Exception):
    """Prefect has not come up in the time that it is given."""


def run_as_flow(home: Path, workspace: str, sequence: Callable[[], T], note: Callable[[str], None]) -> T:
    """Run `sequence` inside a Prefect flow, or directly, saying so, when Prefect does not come up.

    The flow's only parameter is the workspace's id. What the sequence raises is raised; it never runs twice. When
    Prefect fails after the work is done, the work counts.
    """
    once = Once(sequence)
    with Withheld() as prefect:
        _through_prefect(home, workspace, once)
    failure = type(prefect.error).__name__
    if not once.started:
        note(f"Prefect did not start ({failure}); the same work is done without it. If that stays so, delete {home}.")
        with Withheld():
            once.run()
    elif prefect.error is not None and once.error is None:
        note(f"Prefect did not record how the flow ended ({failure}); the work is done.")
    return once.result()


def _through_prefect(home: Path, workspace: str, once: Once[T]) -> None:
    prepare_home(home)
    # Prefect reads its settings when it is imported.
    for name in os.environ.keys() - without_prefect(os.environ).keys():
        del os.environ[name]
    os.environ.update(prefect_environment(home, password=secrets.token_urlsafe(24)))
    with _patience(once):
        from pipelines.flows import run_in_flow

        run_in_flow(workspace, once.run)


@contextmanager
def _patience(once: Once[T]) -> Iterator[None]:
    """Raise PrefectLate in the block when `once` has not started in time. Only a main thread can be interrupted."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def expire(_number: int, _frame: FrameType | None) -> None:
        if not once.started:
            raise PrefectLate

    before = signal.signal(signal.SIGALRM, expire)
    # Again and again: Prefect may take the first for an error of its own server and try once more.
    signal.setitimer(signal.ITIMER_REAL, PATIENCE_S, PATIENCE_S / 10)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
