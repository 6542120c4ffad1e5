"""Prefect's view of the sequences: the only file that imports it.

Prefect schedules, retries and shows. What is finished is known from the log alone: a flow that runs twice, late, or in
two places does nothing twice. Flows of deployments find their workspaces in a local file; no flow parameter, task
name or result holds a locator, a name or a note.
"""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
from prefect import flow, task
from prefect.cache_policies import NO_CACHE
from prefect.exceptions import PrefectException

from casefile.errors import CasefileError
from casefile.vocabulary import ContainmentLevel
from pipelines.scheduled import collect_waiting, examine_waiting, fixity_slice, look_at_due
from pipelines.services import Services, open_services

WORKSPACES = "CASEFILE_SERVE__WORKSPACES"
CONTAINMENT = "CASEFILE_SERVE__CONTAINMENT"
"""Set by `serve` for the worker's processes: the file that maps ids to folders, and the level that was asked for."""
PREFECT_FAILURES = (PrefectException, RuntimeError, OSError, httpx.HTTPError, asyncio.TimeoutError)
"""What Prefect has been seen to raise when its server does not come up."""
RETRIES = 2
RETRY_DELAY_S = 30


def run_in_flow(workspace: str, sequence: Callable[[], None]) -> None:
    """Run a sequence as the one task of a flow; what it raises comes out as it is."""

    @task(name="batch", cache_policy=NO_CACHE, persist_result=False)
    def batch() -> None:
        sequence()

    @flow(name="collect-now", persist_result=False, validate_parameters=False)
    def run(workspace: str) -> None:
        del workspace
        batch()

    run(workspace)


@flow(name="monitor", persist_result=False)
def monitor() -> None:
    """Look at every watch that is due, in every workspace that is served."""
    _in_each_workspace(look_at_due)


@flow(name="collect", persist_result=False)
def collect() -> None:
    """Take up the leads that were added and not brought to an end."""
    _in_each_workspace(collect_waiting)


@flow(name="examine", persist_result=False)
def examine() -> None:
    """Examine what was captured and never examined."""
    _in_each_workspace(examine_waiting)


@flow(name="fixity", persist_result=False)
def fixity() -> None:
    """Read a slice of the vault again, so that in ninety days every byte was read."""
    _in_each_workspace(fixity_slice)


def _in_each_workspace(stage: Callable[[Services, ContainmentLevel], None]) -> None:
    """One task per workspace; an error in one does not keep the others from being served."""
    failed = 0
    for investigation in _served():
        future = _stage.with_options(name=stage.__name__).submit(investigation, stage.__name__)
        failed += future.wait() is None and future.state.is_failed()
    if failed:
        raise RuntimeError(f"{failed} workspaces had errors; see the log of each")


STAGES: dict[str, Callable[[Services, ContainmentLevel], None]] = {
    stage.__name__: stage for stage in (look_at_due, collect_waiting, examine_waiting, fixity_slice)
}


def _retryable(_task: object, _run: object, state: object) -> bool:
    """Whether an error of ours says that trying again can help."""
    error = getattr(state, "data", None)
    return isinstance(error, CasefileError) and error.retryable


@task(
    cache_policy=NO_CACHE,
    persist_result=False,
    retries=RETRIES,
    retry_delay_seconds=RETRY_DELAY_S,
    retry_condition_fn=_retryable,
)
def _stage(investigation: str, name: str) -> None:
    with _opened(investigation) as services:
        STAGES[name](services, ContainmentLevel(os.environ.get(CONTAINMENT, ContainmentLevel.FULL)))


def _served() -> list[str]:
    return sorted(_folders())


def _folders() -> dict[str, str]:
    folders: dict[str, str] = json.loads(Path(os.environ[WORKSPACES]).read_text("utf-8"))
    return folders


@contextmanager
def _opened(investigation: str) -> Iterator[Services]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("CASEFILE_SERVE__")}
    with open_services(Path(_folders()[investigation]), environment) as services:
        yield services
