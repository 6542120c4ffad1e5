"""Copies: they count when they prove themselves, forget what was erased, and make damaged objects whole again."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from casefile.errors import GateRefused, UsageError, WorkspaceUnusable
from casefile.records.acts import list_acts
from casefile.records.engine import reading
from casefile.settings import ReplicaSettings
from pipelines.audit import audit_workspace
from pipelines.copying import back_up
from pipelines.erasing import erase_items
from pipelines.keeping import examine_keeping, keeping_lines
from pipelines.repairing import repair
from pipelines.replicas import (
    Replica,
    ReplicaRun,
    add_replica,
    check_replicas,
    lacking,
    list_replicas,
    pending_in,
    remove_replica,
)
from pipelines.services import open_services
from preservation.problems import KINDS

from .erasures import (
    ALONE,
    BASIS,
    ENVIRONMENT,
    EXAMPLES,
    FIRST,
    OF_COPIES,
    begun,
    copied,
    damage,
    items_of,
    object_of,
    with_copy,
)


@pytest.fixture(scope="module")
def untouched(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace and, beside it, a registered copy of it."""
    return with_copy(begun(tmp_path_factory.mktemp("begun")))


@pytest.fixture
def case(untouched: Path, tmp_path: Path) -> Path:
    """Both, copied; the register of the workspace then names the copy where it is."""
    root = copied(untouched, tmp_path / "case")
    copied(untouched.with_name("copy"), tmp_path / "copy")
    with open_services(root, ENVIRONMENT) as services:
        remove_replica(services, "first", "moved")
        add_replica(services, "second", tmp_path / "copy", "tape", "Osh")
    return root


def check(root: Path) -> ReplicaRun:
    with open_services(root, ENVIRONMENT) as services:
        (run,) = check_replicas(services, [])
    return run


def codes(root: Path) -> set[str]:
    return {one.code for one in audit_workspace(root, ENVIRONMENT).problems}


def test_a_copy_counts_when_it_was_checked_and_for_ninety_days() -> None:
    settings = ReplicaSettings(copies=2, media=2, sites=2)
    with_disk = Replica("1", "n", "/p", "tape", "Osh", "passed", "2026-11-30T00:00:00.000000Z")
    with_disk_here = Replica("2", "m", "/q", "disk", "here", "passed", with_disk.checked_at)
    now = datetime(2026, 12, 1, tzinfo=UTC)
    assert lacking([with_disk], settings, now) == []
    assert lacking([], settings, now) == [f"1 {what} where 2 are asked for" for what in ("copies", "media", "sites")]
    assert lacking([with_disk_here], settings, now) == [
        f"1 {what} where 2 are asked for" for what in ("media", "sites")
    ]
    assert len(lacking([with_disk], settings, now + timedelta(days=91))) == 3


def test_doctor_says_what_is_lacking_until_a_copy_has_proved_itself(case: Path) -> None:
    environment = {**ENVIRONMENT, "CASEFILE_REPLICAS__COPIES": "2"}
    assert any("1 copies where 2" in line for line in keeping_lines(examine_keeping(case, environment)))
    assert check(case).status == "passed"
    assert examine_keeping(case, environment)["lacking"] == []
    shutil.rmtree(case.with_name("copy"))
    assert check(case).status == "unreachable"
    assert len(examine_keeping(case, environment)["lacking"]) == 3


def test_only_a_copy_is_registered_once_and_elsewhere(case: Path, tmp_path: Path) -> None:
    with open_services(case, ENVIRONMENT) as services:
        for place, error in ((case, UsageError), (tmp_path / "none", WorkspaceUnusable)):
            with pytest.raises(error):
                add_replica(services, "third", place, "disk", "Osh")
        with pytest.raises(UsageError, match="already"):
            add_replica(services, "second", tmp_path / "copy", "disk", "Osh")
        with reading(services.engine) as connection:
            assert [one.name for one in list_replicas(connection)] == ["second"]


def test_an_object_that_is_not_copied_yet_is_no_damage_and_a_lost_one_is(case: Path) -> None:
    place = object_of(case.with_name("copy"), items_of(case)[ALONE])
    place.chmod(0o755)
    shutil.move(place, place.parents[3] / "away")
    shutil.rmtree(place.parents[1])
    run = check(case)
    assert (run.status, run.behind) == ("behind", 1)
    with open_services(case, ENVIRONMENT) as services:
        back_up(services, case.with_name("copy"))
    assert check(case).status == "passed"


@pytest.mark.parametrize("code", OF_COPIES)
def test_each_kind_of_damage_to_a_copy_has_its_code(case: Path, code: str) -> None:
    assert check(case).status == "passed"
    OF_COPIES[code](case)
    run = check(case)
    assert run.status == "failed"
    assert code in {one.code for one in run.problems}


@pytest.mark.parametrize("code", EXAMPLES)
def test_each_trace_of_an_erasure_or_a_repair_has_its_code(case: Path, code: str) -> None:
    EXAMPLES[code](case)
    assert code in codes(case)


@pytest.mark.parametrize("place", ["quarantine", "keys", "received", "staging", "log/private", "log/journal"])
def test_a_folder_that_cannot_be_read_is_named_and_the_audit_goes_on(
    case: Path, place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    (case / "root-key/stranger").write_text("x")
    listed = Path.iterdir

    def iterdir(path: Path) -> Iterator[Path]:
        if path == case / place:
            raise PermissionError(13, "Permission denied", str(path))
        return listed(path)

    monkeypatch.setattr(Path, "iterdir", iterdir)
    found = {(one.code, one.path) for one in audit_workspace(case, ENVIRONMENT).problems}
    assert ("P008", place) in found
    # Without a journal nothing says what may be there.
    assert ("P105", "root-key/stranger") in found or place == "log/journal"


def test_a_workspace_folder_that_cannot_be_listed_is_said_and_ends_no_audit(
    case: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    listed = Path.iterdir

    def iterdir(path: Path) -> Iterator[Path]:
        if path == case:
            raise PermissionError(13, "Permission denied", str(path))
        return listed(path)

    monkeypatch.setattr(Path, "iterdir", iterdir)
    report = audit_workspace(case, ENVIRONMENT)
    assert report.ok
    assert any("could not be listed" in one for one in report.not_seen)


def test_the_first_half_of_a_pair_that_was_being_made_is_no_stray(case: Path) -> None:
    whole = (case / "keys/log.key").read_bytes()
    (case / "keys/log-2.key").write_bytes(whole)
    (case / "root-key/.root.key.12345678.part").write_bytes(b"")
    assert codes(case) == set()
    (case / "keys/log-2.key").write_bytes(b"no key")
    assert codes(case) == {"P105"}


def test_a_file_that_cannot_be_looked_at_is_named_and_the_audit_goes_on(
    case: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (case / "root-key/stranger").write_text("x")
    looked = Path.lstat

    def lstat(path: Path) -> os.stat_result:
        if path.parent == case / "keys":
            raise PermissionError(13, "Permission denied", str(path))
        return looked(path)

    monkeypatch.setattr(Path, "lstat", lstat)
    codes_found = codes(case)
    assert {"P008", "P105"} <= codes_found


def test_every_code_of_erasures_and_copies_has_its_broken_example() -> None:
    assert {*EXAMPLES, *OF_COPIES} == {code for code in KINDS if "P100" <= code < "P120"} | {"P017", "P054"}


def test_a_copy_is_told_to_hold_what_was_erased_until_it_proves_that_it_does_not(case: Path) -> None:
    assert check(case).status == "passed"
    with open_services(case, ENVIRONMENT) as services:
        stone = erase_items(services, [FIRST], BASIS, "Bob")[0].tombstone

        def pending() -> list[str]:
            with reading(services.engine) as connection:
                return pending_in(connection, stone.erased_at)

        assert pending() == ["second"]
        (run,) = check_replicas(services, ["second"])
        assert {one.code for one in run.problems} == {"P100", "P054"}
        assert run.erased_left > 1
        assert pending() == ["second"]
        back_up(services, case.with_name("copy"))
        assert pending() == ["second"]
        (run,) = check_replicas(services, ["second"])
        assert (run.status, pending()) == ("passed", [])


def test_a_damaged_object_is_replaced_by_a_proven_one_and_set_aside(case: Path) -> None:
    item = items_of(case)[ALONE]
    damage(case, item)
    damaged = (object_of(case, item) / "v1/content" / item.files[0]).read_bytes()
    assert codes(case) == {"P017"}
    with open_services(case, ENVIRONMENT) as services:
        ((done,), unproven) = repair(services, "second", [])
        with reading(services.engine) as connection:
            (act,) = list_acts(connection, "object.repaired")
    assert unproven == []
    assert codes(case) == set()
    assert (case / done.set_aside / "object/v1/content" / item.files[0]).read_bytes() == damaged
    assert json.loads(act.body or "")["damage"][0].startswith("P017 ")
    assert not (case / "rebuilding").exists()


def test_a_missing_object_comes_back_from_a_copy(case: Path) -> None:
    place = object_of(case, items_of(case)[ALONE])
    place.chmod(0o755)
    shutil.rmtree(place)
    with open_services(case, ENVIRONMENT) as services:
        ((done,), _unproven) = repair(services, "second", [ALONE])
    assert done.set_aside == ""
    assert codes(case) == set()


def test_nothing_is_repaired_from_a_copy_that_does_not_prove_itself(case: Path) -> None:
    item = items_of(case)[ALONE]
    damage(case, item)
    damage(case.with_name("copy"), item)
    with open_services(case, ENVIRONMENT) as services:
        assert repair(services, "second", []) == ([], [f"urn:uuid:{item.capture}"])
        shutil.rmtree(case.with_name("copy"))
        with pytest.raises(GateRefused):
            repair(services, "second", [])
    assert codes(case) == {"P017"}


class Killed(BaseException):
    """Stands for the end of the process."""


@pytest.mark.parametrize("every", [29, pytest.param(5, marks=pytest.mark.campaign)])
def test_stopped_at_every_step_the_object_is_the_damaged_one_or_the_whole_one(
    case: Path, tmp_path: Path, every: int
) -> None:
    item = items_of(case)[ALONE]
    damage(case, item)
    number, is_stopped = 1 - every, True
    while is_stopped:
        number += every
        is_stopped = False
        root = copied(case, tmp_path / str(number))
        seen = 0

        def reached(_step: str, stop: int = number) -> None:
            nonlocal seen
            seen += 1
            if seen == stop:
                raise Killed

        try:
            with open_services(root, ENVIRONMENT, reached=reached) as services:
                repair(services, "second", [])
        except Killed:
            is_stopped = True
        assert codes(root) <= {"P017", "P104", "P007"}, number
        with open_services(root, ENVIRONMENT) as services:
            repair(services, "second", [])
            with reading(services.engine) as connection:
                assert len(list_acts(connection, "object.repaired")) == 1, number
        assert codes(root) == set(), number
        assert len(list((root / "quarantine").glob("*/*/object"))) == 1, number
        shutil.rmtree(root)
    assert number > 30
