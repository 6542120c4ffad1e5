"""Killed at a step of an export or of taking a package in: there is a whole package that is recorded, or none."""

from __future__ import annotations

import json
import os
import shutil
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyrage
import pytest

from casefile.records.acts import list_acts
from casefile.records.engine import reading
from disclosure.check_package import check
from pipelines.audit import audit_workspace
from pipelines.exporting import Exported, ExportRequest, export_items
from pipelines.opening import open_investigation
from pipelines.received import receive, signed_by
from pipelines.services import open_services
from pipelines.unfinished import unfinished

from .workspaces import ENVIRONMENT, RECIPIENT, WEAK

DONE, KILLED, CRASHED = 0, 70, 71
KEY = str(pyrage.x25519.Identity.generate().to_public())
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


def exporting(root: Path, to: Path, **options: Any) -> Act:
    def act(reached: Reached) -> None:
        with open_services(root, ENVIRONMENT, reached=reached) as services:
            request = ExportRequest(("I-0001",), to, RECIPIENT, level=WEAK, **options)
            export_items(services, request, lambda _said: None)

    return act


def left_by_exports(root: Path, beside: Path) -> list[str]:
    """What is left of exports that died, once somebody has opened the workspace again."""
    with open_services(root, ENVIRONMENT) as services:
        assert unfinished(services.workspace) == []
    found = [*beside.glob(".*.part*"), *(root / "work").glob("export-*"), *(root / "work/exports").iterdir()]
    return [path.name for path in found]


def test_what_is_left_on_a_medium_that_is_away_is_named_until_it_is_back(own: Path, tmp_path: Path) -> None:
    stick = tmp_path / "stick"
    stick.mkdir()
    kill(exporting(own, stick / "package", encrypt_to=(KEY,)), "unlink package.whole.zip")
    (part,) = stick.iterdir()
    stick.rename(tmp_path / "away")
    with open_services(own, ENVIRONMENT) as services:
        assert unfinished(services.workspace) == [str(part)]
        assert not list((own / "work").glob("export-*")), "what lay here is gone"
    (tmp_path / "away").rename(stick)
    assert left_by_exports(own, stick) == []


@pytest.mark.campaign
def test_an_encrypted_export_in_volumes_that_is_killed_is_whole_or_nothing(own: Path, tmp_path: Path) -> None:
    options = {"encrypt_to": (KEY,)}
    steps = steps_of(exporting(own, tmp_path / "whole", **options))
    for stop in (*points(steps * 2 // 3, 6), "rename appears.zip.age"):
        target = tmp_path / f"at-{stop}.zip.age" if stop != "rename appears.zip.age" else tmp_path / "appears.zip.age"
        kill(exporting(own, target, **options), stop)
        assert target.exists() is (stop == "rename appears.zip.age"), stop
        assert left_by_exports(own, tmp_path) == [], stop
    assert audit_workspace(own, ENVIRONMENT).ok


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
    assert left_by_exports(own, tmp_path) == []
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
