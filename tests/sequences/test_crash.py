"""Kill -9 within whole sequences: nothing acknowledged is lost, nothing is half done, nothing sealed is fetched again.

The steps at which a sequence is killed come from a run of it that is not killed, so that no new step is left out.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from sites.hostile import HostileSite

from .conftest import Places
from .workspaces import KILLED, Place, counted

PATHS = ("/page", "/a/photo.png", "/plain")
EVERY = 41
"""The default run kills at one of so many steps: a prime, so that it falls on other steps of each capture."""
NEVER_ENDED = ("capture-started",)
"""Steps that are killed in every run, whatever their number: after them nothing but the log knows of an attempt."""


def wanted(site: HostileSite, case: str) -> list[str]:
    """Three locators that no other case asks for."""
    return [site.url(f"{path}?{case}") for path in PATHS]


def steps_of(place: Place, sequence: str, **order: object) -> list[str]:
    """The steps of the sequence when nothing happens to it."""
    place.must(sequence, **order)
    return place.lines("steps")


def selected(steps: Sequence[str], offset: int) -> list[int]:
    """Numbers of steps, from 1: every EVERY-th, and the first of each that has to be tried."""
    named = [steps.index(name) + 1 for name in NEVER_ENDED if name in steps]
    return sorted({*range(offset, len(steps) + 1, EVERY), *named})


def kill_a_collection(place: Place, site: HostileSite, number: int, **order: object) -> None:
    locators = wanted(site, f"killed={number}")
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
    steps = steps_of(places(), "collect", locators=wanted(site, "recorded"), level="weak")
    assert len(steps) > 150
    for number in selected(steps, 30):
        kill_a_collection(places(), site, number, level="weak")


@pytest.mark.campaign
@pytest.mark.parametrize("part", range(8))
def test_a_collection_that_is_killed_at_any_step(places: Places, site: HostileSite, part: int) -> None:
    """With examination, and the sandbox as it is in use."""
    steps = steps_of(places(), "collect", locators=wanted(site, f"recorded={part}"), examine=True)
    for number in range(part + 1, len(steps) + 1, 8):
        kill_a_collection(places(), site, number, examine=True)
