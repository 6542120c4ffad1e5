"""Killed at a step of an export or of taking a package in: there is a whole package that is recorded, or none."""

from __future__ import annotations

import json
import os
import shutil
import traceback
from collections.abc import Callable
from pathlib import Path

import pytest

from casefile.records.acts import list_acts
from casefile.records.engine import reading
from disclosure.check_package import check
from pipelines.audit import audit_workspace
from pipelines.exporting import Exported, ExportRequest, export_items
from pipelines.opening import open_investigation
from pipelines.received import receive, signed_by
from pipelines.services import open_services

from .workspaces import ENVIRONMENT, RECIPIENT, WEAK

DONE, KILLED, CRASHED = 0, 70, 71
Reached = Callable[[str], None]
Act = Callable[[Reached], None]


def kill(act: Act, stop: int | str) -> None:
    """Run the act in a fork that ends at the step of this number or name, as a killed process does."""
    pid = os.fork()
    if pid == 0:
        seen = 0

        def reached(step: str) -> None:
            nonlocal seen
            seen += 1
            if stop in (seen, step):
                os._exit(KILLED)

        try:
            act(reached)
        except BaseException:
            traceback.print_exc()
            os._exit(CRASHED)
        os._exit(DONE)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == KILLED


def steps_of(act: Act) -> int:
    """How many steps an act that nobody kills has; told by its fork, which leaves this process without threads."""
    reading_end, writing_end = os.pipe()
    pid = os.fork()
    if pid == 0:
        act(lambda _step: (os.write(writing_end, b"."), None)[1])
        os._exit(DONE)
    os.close(writing_end)
    with os.fdopen(reading_end, "rb") as told:
        steps = len(told.read())
    assert os.waitpid(pid, 0)[1] == DONE
    return steps


def points(steps: int, number: int) -> range:
    """So many of these steps, spread over the whole."""
    return range(1, steps, max(steps // number, 1))


def signatures(root: Path, kind: str) -> set[str]:
    with open_services(root, ENVIRONMENT) as services, reading(services.engine) as connection:
        return {json.loads(act.body or "{}")["signature"] for act in list_acts(connection, kind)}


def exporting(root: Path, to: Path) -> Act:
    def act(reached: Reached) -> None:
        with open_services(root, ENVIRONMENT, reached=reached) as services:
            export_items(services, ExportRequest(("I-0001",), to, RECIPIENT, level=WEAK), lambda _said: None)

    return act


@pytest.mark.parametrize("number", [1, pytest.param(5, marks=pytest.mark.campaign)])
@pytest.mark.parametrize("ending", ["", ".zip"])
def test_an_export_that_is_killed_leaves_a_recorded_package_or_none(
    own: Path, tmp_path: Path, ending: str, number: int
) -> None:
    exporting(own, tmp_path / f"first{ending}")(lambda _step: None)
    # From then on each has to sign a head over the export before it.
    steps = steps_of(exporting(own, tmp_path / f"whole{ending}"))
    states = set()
    appears = f"rename appears{ending}"
    # An export that follows a killed one may have less to sign.
    for stop in (*points(steps * 2 // 3, number), appears):
        target = tmp_path / (f"at-{stop}{ending}" if stop != appears else f"appears{ending}")
        kill(exporting(own, target), stop)
        states.add(target.exists())
        if target.exists():
            assert check(str(target)).failures == [], stop
            assert signed_by(target)[0] in signatures(own, "package.released"), stop
    assert states == {False, True}
    left = [path for path in tmp_path.iterdir() if path.name.endswith((".part", f".part{ending}"))]
    assert all(path.name.startswith(".") for path in left)
    assert audit_workspace(own, ENVIRONMENT).ok
    again = tmp_path / f"again{ending}"
    exporting(own, again)(lambda _step: None)
    assert check(str(again)).failures == []


@pytest.mark.parametrize("number", [1, pytest.param(5, marks=pytest.mark.campaign)])
def test_a_package_that_is_taken_in_when_killed_is_there_whole_or_not_at_all(
    made: Exported, tmp_path: Path, number: int
) -> None:
    empty = open_investigation(tmp_path / "empty", "River", "Edo", ENVIRONMENT).root

    def taking_in(root: Path) -> Act:
        def act(reached: Reached) -> None:
            with open_services(root, ENVIRONMENT, reached=reached) as services:
                receive(services, made.path, "a partner")

        return act

    def copied(name: str) -> Path:
        return Path(shutil.copytree(empty, tmp_path / name, symlinks=True))

    states = set()
    appears = f"rename {made.contents.package}"
    for stop in (*points(steps_of(taking_in(copied("whole"))), number), appears):
        root = copied(f"at-{stop}")
        kill(taking_in(root), stop)
        kept = root / "received" / made.contents.package
        states.add(kept.exists())
        assert audit_workspace(root, ENVIRONMENT).ok, stop
        if not signatures(root, "package.received"):
            taking_in(root)(lambda _step: None)
        assert signatures(root, "package.received") == {made.signature}, stop
        assert sorted(path.name for path in kept.parent.iterdir()) == [kept.name], stop
        assert check(str(kept)).failures == [], stop
    assert states == {False, True}
