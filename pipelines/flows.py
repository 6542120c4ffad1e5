"""Prefect's view of the sequences: the only file that imports it.

Prefect schedules, retries and shows. What is finished is known from the log alone: a flow that runs twice, late, or in
two places does nothing twice. Flows of deployments find their workspaces in a local file; no flow parameter, task
name, error or result holds a locator, a name or a note.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

from prefect import flow, task
from prefect.cache_policies import NO_CACHE

from casefile.errors import CasefileError
from pipelines.served import complain, run_stage, served_workspaces
from pipelines.withholding import Withheld

RETRIES = 2
RETRY_DELAY_S = 30


class StageFailed(Exception):
    """What Prefect is told of a stage that raised: the kind of error, without its words."""


class StageDeferred(StageFailed):
    """The same, of an error after which trying again can help."""


def run_in_flow(workspace: str, work: Callable[[], None]) -> None:
    """Run `work` as the one task of a flow. What it raises must be fit to be stored."""

    @task(name="batch", cache_policy=NO_CACHE, persist_result=False)
    def batch() -> None:
        work()

    @flow(name="collect-now", persist_result=False, validate_parameters=False)
    def run(workspace: str) -> None:
        del workspace
        batch()

    run(workspace)


@flow(name="monitor", persist_result=False)
def monitor() -> None:
    """Look at every watch that is due, in every workspace that is served."""
    _in_each_workspace("look_at_due")


@flow(name="collect", persist_result=False)
def collect() -> None:
    """Take up the leads that were added and not brought to an end."""
    _in_each_workspace("collect_waiting")


@flow(name="examine", persist_result=False)
def examine() -> None:
    """Examine what was captured and never examined."""
    _in_each_workspace("examine_waiting")


@flow(name="fixity", persist_result=False)
def fixity() -> None:
    """Read a slice of the vault again, so that in ninety days every byte was read."""
    _in_each_workspace("fixity_slice")


def _in_each_workspace(stage: str) -> None:
    """One task for each workspace; an error in one does not keep the others from being served."""
    of_stage = run_one.with_options(name=stage)
    ended = [of_stage(investigation, stage, return_state=True) for investigation in served_workspaces(os.environ)]
    failed = sum(not state.is_completed() for state in ended)
    if failed:
        raise StageFailed(f"{stage} failed in {failed} of {len(ended)} workspaces")


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
