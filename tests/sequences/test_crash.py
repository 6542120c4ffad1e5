"""Kill -9 within whole sequences: nothing acknowledged is lost, nothing is half done, nothing sealed is fetched again.

The steps at which a sequence is killed come from a run of it that is not killed, so that no new step is left out.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import count
from pathlib import Path

import pytest
from sites.hostile import HostileSite

from .conftest import Places
from .workspaces import KILLED, Place, counted

PATHS = ("/page", "/a/photo.png", "/plain")
EVERY = 97
"""The default run kills at one of so many steps: a prime, so that it falls on other steps of each capture."""
ALWAYS = ("record",)
"""Steps that are killed in every run: here only the intent to seal is left of what is recorded already."""


CASES = count()


def wanted(site: HostileSite) -> list[str]:
    """Three locators that no other case asks for."""
    case = next(CASES)
    return [site.url(f"{path}?case={case}") for path in PATHS]


def steps_of(place: Place, sequence: str, **order: object) -> list[str]:
    """The steps of the sequence when nothing happens to it."""
    place.must(sequence, **order)
    return place.lines("steps")


def selected(steps: Sequence[str], offset: int) -> list[int]:
    """Numbers of steps, from 1: every EVERY-th, and the first of each that has to be tried."""
    named = [steps.index(name) + 1 for name in ALWAYS if name in steps]
    return sorted({*range(offset, len(steps) + 1, EVERY), *named})


def kill_a_collection(place: Place, site: HostileSite, number: int, **order: object) -> None:
    locators = wanted(site)
    code = place.run("collect", locators=locators, kill_at=number, **order)
    # The order of steps of several threads varies, and so does their number, by a few.
    assert code in (KILLED, 0), place.lines("error")
    kept = set(place.locators()) | place.lead_locators(place.declared_leads())
    place.must("collect", locators=locators, **order)
    assert {one["outcome"] for one in place.results()} <= {"captured", "already"}
    require_whole(place, locators)
    asked = counted([site.url(path) for path in site.paths()])
    assert {locator: asked[locator] for locator in kept} == dict.fromkeys(kept, 1), "fetched again"
    assert max(asked[locator] for locator in locators) <= 2


def require_whole(place: Place, locators: Sequence[str]) -> None:
    """Everything is there exactly once, and stays what it is when the database is rebuilt."""
    place.require_nothing_lost()
    assert place.locators() == sorted(locators)
    assert place.locators(of_items=True) == sorted(locators)
    place.require_sound()
    place.require_rebuilt_equal()


def test_a_collection_that_is_killed_is_finished_by_the_same_command(places: Places, site: HostileSite) -> None:
    steps = steps_of(places(), "collect", locators=wanted(site), level="weak")
    assert len(steps) > 150
    for number in selected(steps, 30):
        kill_a_collection(places(), site, number, level="weak")


def test_an_attempt_that_left_nothing_but_its_beginning_is_ended(places: Places) -> None:
    """What no method takes has no folder in staging: when it is killed, only the log knows of the attempt."""
    order = {"locators": ["gopher://nowhere/"]}
    begun = steps_of(places(), "collect", **order).index("capture-started") + 1
    place = places()
    assert place.run("collect", kill_at=begun, **order) == KILLED
    assert place.column("view_attempt", "status") == ["started"]
    place.must("collect", **order)
    attempts = sorted(place.column("view_attempt", "attempt", "status", "cause"))
    assert attempts == [(1, "failed", "interrupted"), (2, "refused", "unsupported")]
    place.require_nothing_lost()
    place.require_sound()
    place.require_rebuilt_equal()


FILES = {"a/one.txt": b"one", "a/two.txt": b"two", "b/three.txt": b"three"}
TWO_FILES_A_BATCH = {"files_of_a_batch": 2}


def handed_over(folder: Path) -> list[str]:
    """Files that make two batches."""
    for name, content in FILES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return [str(folder / "a"), str(folder / "b")]


def kill_an_import(place: Place, paths: list[str], number: int) -> None:
    """What an import had sealed stays; the same command admits everything, as a handing-over of its own."""
    assert place.run("import", paths=paths, kill_at=number, **TWO_FILES_A_BATCH) in (KILLED, 0), place.lines("error")
    promised = set(place.column("view_capture", "lead")) | place.declared_leads()
    place.must("import", paths=paths, **TWO_FILES_A_BATCH)
    place.require_nothing_lost()
    place.require_sound()
    captures = dict(place.column("view_capture", "lead", "outcome"))
    assert promised <= set(captures)
    assert len(captures) == len(promised) + 2
    assert set(captures.values()) == {"captured"}
    locators = place.column("view_item", "locator")
    newest = place.results()
    assert [len(one["items"]) for one in newest] == [2, 1]
    assert {locator.rpartition("/")[2] for locator in locators} == {"one.txt", "two.txt", "three.txt"}
    place.require_rebuilt_equal()


def test_an_import_that_is_killed_keeps_what_it_sealed(places: Places, tmp_path: Path) -> None:
    paths = handed_over(tmp_path / "handed")
    steps = steps_of(places(), "import", paths=paths, **TWO_FILES_A_BATCH)
    assert len(steps) > 100
    for number in selected(steps, 90):
        kill_an_import(places(), paths, number)


@pytest.mark.campaign
def test_an_import_that_is_killed_at_any_step(places: Places, tmp_path: Path) -> None:
    paths = handed_over(tmp_path / "handed")
    steps = steps_of(places(), "import", paths=paths, **TWO_FILES_A_BATCH)
    for number in range(1, len(steps) + 1):
        kill_an_import(places(), paths, number)


@pytest.mark.campaign
@pytest.mark.parametrize("part", range(4))
def test_a_collection_that_is_killed_at_any_step(places: Places, site: HostileSite, part: int) -> None:
    steps = steps_of(places(), "collect", locators=wanted(site), level="weak")
    for number in range(part + 1, len(steps) + 1, 4):
        kill_a_collection(places(), site, number, level="weak")


@pytest.mark.campaign
def test_a_collection_in_the_sandbox_that_is_killed_while_it_examines(places: Places, site: HostileSite) -> None:
    steps = steps_of(places(), "collect", locators=wanted(site), examine=True)
    for number in range(5, len(steps) + 1, 11):
        kill_a_collection(places(), site, number, examine=True)
