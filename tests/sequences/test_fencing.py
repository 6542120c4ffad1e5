"""Several processes at one job: every locator once, and nothing is sealed by one that was overtaken."""

from __future__ import annotations

import json
import os
import signal
import time
from pathlib import Path

import pytest
from sites.hostile import HostileSite

from pipelines.audit import audit_workspace

from .conftest import Places
from .workspaces import KILLED, LONGEST_S, Place, await_stop, counted

LEASE_MS = 1500
SHORT = {"lease_ms": LEASE_MS, "level": "weak"}
ATTEMPT = ("capture", "status", "cause")


def set_aside(place: Place) -> list[Path]:
    """The notes of what is in quarantine."""
    return sorted((place.root / "quarantine").glob("*/*/set-aside.json"))


@pytest.mark.parametrize("moment", [pytest.param("received", marks=pytest.mark.campaign), "chmod urn"])
def test_a_process_that_is_paused_past_its_lease_cannot_seal(place: Place, site: HostileSite, moment: str) -> None:
    """Neither before it began to seal, nor when its object is in the vault and only the event is missing."""
    locator = site.url(f"/page?paused={len(moment)}")
    paused = place.start("collect", locators=[locator], stop_at=moment, **SHORT)
    await_stop(paused)
    time.sleep(LEASE_MS / 1000)
    place.must("collect", locators=[locator], **SHORT)
    assert [one["outcome"] for one in place.results()] == ["captured"]
    assert audit_workspace(place.root, place.environment).problems == ()
    os.kill(paused, signal.SIGCONT)
    assert place.driver.wait(paused) == 0, place.lines("error", run=1)
    assert [one["outcome"] for one in place.results(run=1)] == ["already"]
    assert place.locators(of_items=True) == [locator]
    (sealed,) = place.column("view_capture", "id")
    attempts = {capture: (status, cause) for capture, status, cause in place.column("view_attempt", *ATTEMPT)}
    assert attempts.pop(sealed) == ("captured", None)
    ((overtaken, how),) = attempts.items()
    assert how == ("failed", "superseded")
    (note,) = set_aside(place)
    assert json.loads(note.read_bytes())["capture"] == overtaken
    assert next(note.parent.rglob("files/0001")).stat().st_size
    place.require_nothing_lost()
    place.require_sound()
    place.require_rebuilt_equal()


def test_one_that_was_overtaken_does_not_seal_while_the_other_is_still_at_it(place: Place, site: HostileSite) -> None:
    locator = site.url("/page?overtaken")
    paused = place.start("collect", locators=[locator], stop_at="received", **SHORT)
    await_stop(paused)
    time.sleep(LEASE_MS / 1000)
    other = place.start("collect", locators=[locator], stop_at="received", level="weak")
    await_stop(other)
    os.kill(paused, signal.SIGCONT)
    deadline = time.monotonic() + LONGEST_S
    while not set_aside(place) and not place.column("view_capture", "id"):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    os.kill(other, signal.SIGCONT)
    assert [place.driver.wait(one) for one in (paused, other)] == [0, 0]
    attempts = sorted(place.column("view_attempt", "attempt", "status", "cause"))
    assert attempts == [(1, "failed", "superseded"), (2, "captured", None)]
    place.require_sound()


def share(place: Place, site: HostileSite, count: int, repetition: int = 0) -> None:
    locators = [site.url(f"/plain?shared={repetition}-{number}") for number in range(count)]
    both = [place.start("collect", locators=locators, level="weak") for _process in range(2)]
    assert [place.driver.wait(one) for one in both] == [0, 0], place.lines("error", run=1) + place.lines("error", run=2)
    asked = counted([site.url(path) for path in site.paths()])
    assert {locator: asked[locator] for locator in locators} == dict.fromkeys(locators, 1)
    outcomes = [sorted((one["locator"], one["outcome"]) for one in place.results(run)) for run in (1, 2)]
    for pair in zip(*outcomes, strict=True):
        assert sorted(outcome for _locator, outcome in pair) == ["already", "captured"]
    assert place.locators() == sorted(locators)
    place.require_nothing_lost()
    place.require_sound()


def test_two_processes_do_every_locator_of_a_job_once(place: Place, site: HostileSite) -> None:
    share(place, site, 12)


@pytest.mark.campaign
def test_two_processes_do_every_locator_of_a_longer_job_once(places: Places, site: HostileSite) -> None:
    for repetition in range(1, 4):
        share(places(), site, 30, repetition)


def test_one_of_two_processes_is_killed_and_the_other_does_its_work(place: Place, site: HostileSite) -> None:
    locators = [site.url(f"/plain?left={number}") for number in range(8)]
    killed = place.start("collect", locators=locators, stop_at="received", **SHORT)
    await_stop(killed)
    other = place.start("collect", locators=locators, **SHORT)
    os.kill(killed, signal.SIGKILL)
    assert place.driver.wait(killed) == KILLED
    assert place.driver.wait(other) == 0, place.lines("error", run=2)
    assert place.locators(of_items=True) == sorted(locators)
    # What the dead one left is resolved by whoever comes next.
    place.must("collect", locators=locators, **SHORT)
    assert {one["outcome"] for one in place.results()} == {"already"}
    place.require_nothing_lost()
    place.require_sound()
    place.require_rebuilt_equal()
