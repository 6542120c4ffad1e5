"""Running a sequence directly, or as a flow that Prefect shows. Prefect failing to start never loses the work."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Generic, TypeVar

from pipelines.prefect_environment import prefect_environment

T = TypeVar("T")


@dataclass(slots=True)
class Once(Generic[T]):
    """A sequence that runs at most once. `values` holds what it gave, outside of anything that Prefect keeps."""

    sequence: Callable[[], T]
    started: bool = False
    values: list[T] = field(default_factory=list)

    def run(self) -> None:
        """Run the sequence and keep its value."""
        self.started = True
        self.values.append(self.sequence())


def run_as_flow(home: Path, workspace: str, sequence: Callable[[], T], note: Callable[[str], None]) -> T:
    """Run `sequence` inside a Prefect flow, or directly, saying so, when Prefect does not come up.

    The flow's only parameter is the workspace's id. What the sequence raises is raised; it never runs twice.
    """
    home.mkdir(parents=True, exist_ok=True, mode=0o700)
    # Prefect reads its settings when it is imported.
    os.environ.update(prefect_environment(home))
    once = Once(sequence)
    from pipelines.flows import PREFECT_FAILURES, run_in_flow

    try:
        run_in_flow(workspace, once.run)
    except PREFECT_FAILURES as error:
        if once.started:
            raise
        note(f"Prefect did not start ({type(error).__name__}); the same work is done without it.")
        once.run()
    return once.values[0]
