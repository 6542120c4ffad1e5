"""Fixity: every byte is read within ninety days, whatever was missed; one event a run; when each was read last."""

from __future__ import annotations

import json
from datetime import date, timedelta
from pathlib import Path

import pytest

from casefile.records.acts import list_acts
from casefile.records.engine import reading
from pipelines.fixity import DAYS, check_fixity, due_numbers, due_slice, random_sample, when_read
from pipelines.services import open_services

from .erasures import ENVIRONMENT, FIRST, begun, copied, items_of, object_of

DAY = date(2026, 11, 30)


@pytest.fixture(scope="module")
def untouched(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return begun(tmp_path_factory.mktemp("begun"))


@pytest.fixture
def case(untouched: Path, tmp_path: Path) -> Path:
    return copied(untouched, tmp_path / "case")


def shares(missed: set[int], length: int) -> list[tuple[int, ...]]:
    """The shares that are read each day of so many from DAY on, when nothing runs on some of them."""
    read: dict[int, str] = {}
    days = []
    for number in range(length):
        today = DAY + timedelta(days=number)
        if number in missed:
            days.append(())
            continue
        days.append(due_numbers(today, DAY, read))
        read |= dict.fromkeys(days[-1], today.isoformat())
    return days


def test_in_a_round_every_share_has_its_day() -> None:
    round_of_days = shares(set(), DAYS)
    assert [len(one) for one in round_of_days] == [1] * DAYS
    assert {one for numbers in round_of_days for one in numbers} == set(range(DAYS))


def test_what_was_missed_is_read_as_soon_as_anything_runs_again() -> None:
    days = shares({5, 6, 7}, 3 * DAYS)
    assert len(days[8]) == 4
    assert all(len(one) == 1 for one in days[9:])
    last: dict[int, int] = dict.fromkeys(range(DAYS), 0)
    for number, numbers in enumerate(days):
        for one in numbers:
            assert number - last[one] <= DAYS + 3
            last[one] = number


def test_a_run_is_one_event_with_what_was_read_and_what_was_found(case: Path) -> None:
    item = items_of(case)[FIRST]
    with open_services(case, ENVIRONMENT) as services:
        assert check_fixity(services, None).problems == ()
        first = check_fixity(services, random_sample(1, None))
        assert check_fixity(services, first.chosen).checked.bytes == first.checked.bytes
        assert check_fixity(services, due_slice(services)).scope == "slice"
        path = object_of(case, item) / "v1/content" / item.files[0]
        path.chmod(0o644)
        path.write_bytes(path.read_bytes()[::-1])
        path.chmod(0o444)
        found = check_fixity(services, None).problems
        with reading(services.engine) as connection:
            acts = list_acts(connection, "fixity.checked")
    assert [one.code for one in found] == ["P017"]
    bodies = [json.loads(act.body or "") for act in acts]
    assert [body["scope"] for body in bodies] == ["full", "sample", "sample", "slice", "full"]
    assert bodies[1]["seed"] == bodies[2]["seed"]
    assert [act.status for act in acts] == ["passed"] * 4 + ["failed"]
    assert bodies[-1]["failures"] == [f"P017 {found[0].path}"]


def test_the_object_that_was_read_longest_ago_is_known(case: Path) -> None:
    with open_services(case, ENVIRONMENT) as services:
        now = services.clock.read().wall
        with reading(services.engine) as connection:
            before = when_read(connection, now)
            later = when_read(connection, now + timedelta(days=DAYS + 2))
        check_fixity(services, None)
        with reading(services.engine) as connection:
            after = when_read(connection, now)
    assert (before.objects, before.overdue, later.overdue) == (2, 0, 2)
    assert after.oldest_read_at > before.oldest_read_at
