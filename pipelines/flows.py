"""Prefect's view of the sequences: the only file that imports it.

Prefect schedules, retries and shows. What is finished is known from the log alone: a flow that runs twice, late, or in
two places does nothing twice. Flows of deployments find their workspaces in a local file; no flow parameter, task
name, error or result holds a locator, a name or a note.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import Any

from prefect import flow, task
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State
from prefect.states import Completed, Failed

from casefile.errors import CasefileError
from pipelines.served import complain, run_stage, served_workspaces
from pipelines.withholding import Withheld

RETRIES = 2
RETRY_DELAY_S = 30


class StageFailed(Exception):
    """What Prefect is told of a stage that raised: the kind of error, without its words."""


class StageDeferred(StageFailed):
    """The same, of an error after which trying again can help."""


class FlowFailed(Exception):
    """A flow that was to run some work did not end well."""


def run_in_flow(workspace: str, work: Callable[[], None]) -> None:
    """Run `work` as the one task of a flow; raises FlowFailed when it raises. Of its error Prefect stores nothing."""

    @task(name="batch", cache_policy=NO_CACHE, persist_result=False)
    def batch() -> None:
        work()

    @flow(name="collect-now", persist_result=False, validate_parameters=False)
    def run(workspace: str) -> State[Any]:
        del workspace
        return _of_tasks("batch", [batch(return_state=True)])

    if not run(workspace, return_state=True).is_completed():
        raise FlowFailed


@flow(name="monitor", persist_result=False)
def monitor() -> State[Any]:
    """Look at every watch that is due, in every workspace that is served."""
    return _in_each_workspace("look_at_due")


@flow(name="collect", persist_result=False)
def collect() -> State[Any]:
    """Take up the leads that were added and not brought to an end."""
    return _in_each_workspace("collect_waiting")


@flow(name="examine", persist_result=False)
def examine() -> State[Any]:
    """Examine what was captured and never examined."""
    return _in_each_workspace("examine_waiting")


@flow(name="anchor", persist_result=False)
def anchor() -> State[Any]:
    """Sign heads and have them stamped by the time authorities that are configured."""
    return _in_each_workspace("anchor_heads")


@flow(name="fixity", persist_result=False)
def fixity() -> State[Any]:
    """Read a slice of the vault again, so that in ninety days every byte was read."""
    return _in_each_workspace("fixity_slice")


@flow(name="merge", persist_result=False)
def merge() -> State[Any]:
    """Check the index of fingerprints, and make few files of many."""
    return _in_each_workspace("merge_fingerprints")


def _in_each_workspace(stage: str) -> State[Any]:
    """One task for each workspace; an error in one does not keep the others from being served."""
    of_stage = run_one.with_options(name=stage)
    return _of_tasks(stage, [of_stage(one, stage, return_state=True) for one in served_workspaces(os.environ)])


def _of_tasks(name: str, ended: Sequence[State[Any]]) -> State[Any]:
    """How a flow ends whose tasks ended so. Said, not raised: of what is raised Prefect keeps a file and its path."""
    failed = sum(not state.is_completed() for state in ended)
    message = f"{name}: {failed} of {len(ended)} failed" if failed else ""
    return Failed(message=message) if failed else Completed()


def _may_pass(_task: Any, _run: Any, state: Any) -> bool:
    return isinstance(state.result(raise_on_failure=False), StageDeferred)


@task(
    cache_policy=NO_CACHE,
    persist_result=False,
    retries=RETRIES,
    retry_delay_seconds=RETRY_DELAY_S,
    retry_condition_fn=_may_pass,
)
def run_one(investigation: str, stage: str) -> None:
    """Run a stage in one workspace; raises StageFailed in place of what the stage raises."""
    with Withheld() as kept:
        run_stage(investigation, stage, os.environ)
    if kept.error is None:
        return
    complain(stage, kept.error)
    told = StageDeferred if isinstance(kept.error, CasefileError) and kept.error.retryable else StageFailed
    raise told(f"{stage}: {type(kept.error).__name__}")
