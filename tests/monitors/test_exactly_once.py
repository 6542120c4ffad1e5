"""What is new is captured once: by two processes, by one that is killed, after a night, when a lease is lost."""

from __future__ import annotations

import json
import signal
import subprocess
import time
from dataclasses import replace
from datetime import timedelta

import pytest
from monitors.papers import Newsroom, Watching, rss

from casefile.records.engine import reading
from casefile.records.ledger import Claim, Ledger
from casefile.records.monitors import STAGE, MonitorRecord, find_monitor, list_checks
from casefile.records.queries import list_attempts
from casefile.vocabulary import ContainmentLevel
from pipelines.monitor import UNHEARD, Listener, due_monitors, run_due, run_monitor, state_monitor
from pipelines.services import Services

FULL = ContainmentLevel.FULL
STORIES = [f"/story/{number}" for number in range(8)]


def monitor_of(services: Services) -> MonitorRecord:
    """The one watch."""
    with reading(services.engine) as connection:
        return find_monitor(connection, "News")


def statuses(watching: Watching) -> list[str]:
    """How each look ended."""
    return [one["status"] for one in watching.must("monitor", "history", "News")["checks"]]


@pytest.mark.campaign
def test_two_processes_look_once_and_capture_once(newsroom: Newsroom, watching: Watching) -> None:
    watching.watch(newsroom.publish("feed", rss(*((path, path) for path in STORIES))))
    both = [
        subprocess.Popen(
            watching.case.command("--json", "monitor", "run"),
            env=watching.case.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        for _process in range(2)
    ]
    outputs = [process.communicate(timeout=180) for process in both]
    assert [process.returncode for process in both] == [0, 0], outputs
    assert sorted(len(json.loads(out)["runs"]) for out, _err in outputs) == [0, 1]
    assert sorted(newsroom.stories_asked()) == STORIES
    assert newsroom.site.paths().count("/news/feed") == 1
    assert statuses(watching) == ["checked"]


@pytest.mark.campaign
def test_a_process_that_is_killed_leaves_the_rest_to_the_next_look(newsroom: Newsroom, watching: Watching) -> None:
    watching.watch(newsroom.publish("feed", rss(*((path, path) for path in STORIES))))
    running = watching.case.start("monitor", "run")
    deadline = time.monotonic() + 120
    while len(newsroom.stories_asked()) < 3 and time.monotonic() < deadline:
        time.sleep(0.02)
    running.send_signal(signal.SIGKILL)
    running.wait()
    sealed = {one["locator"] for one in watching.items()}
    asked = len(newsroom.stories_asked())
    began = time.monotonic()
    look = watching.look()
    assert time.monotonic() - began < 60, "the next look waited for the lease of the dead"
    assert look["status"] == "checked"
    assert look["new"] == len(look["results"])
    again = {newsroom.site.url(path) for path in newsroom.stories_asked()[asked:]}
    assert not again & sealed
    captured = [one["locator"] for one in watching.items() if "/story/" in one["locator"]]
    assert sorted(captured) == sorted(map(newsroom.site.url, STORIES))
    assert statuses(watching) == ["checked"]
    assert watching.look()["new"] == 0
    assert watching.must("audit")["ok"]


def test_what_was_missed_while_the_machine_slept_is_caught_up_by_one_look(
    newsroom: Newsroom, watching: Watching
) -> None:
    watching.watch(newsroom.publish("feed", rss(("One", "/story/1"))))
    watching.look()
    newsroom.publish("feed", rss(("Two", "/story/2"), ("Three", "/story/3"), ("One", "/story/1")))
    with watching.services() as services:
        assert run_due(services, FULL) == []
    with watching.services(later=timedelta(days=3, minutes=1)) as services:
        (run,) = run_due(services, FULL)
        assert (run.found, run.new) == (3, 2)
        assert run_due(services, FULL) == []


def test_a_look_of_a_clock_that_was_set_back_does_not_stop_the_watch(newsroom: Newsroom, watching: Watching) -> None:
    watching.watch(newsroom.publish("feed", rss()))
    with watching.services(later=timedelta(days=400)) as services:
        assert len(run_due(services, FULL)) == 1
    with watching.services() as services:
        assert len(run_due(services, FULL)) == 1
        assert run_due(services, FULL) == []
        stated = monitor_of(services)
        assert stated.checked_at == stated.succeeded_at
    with watching.services(later=timedelta(days=500)) as services:
        paused = replace(stated, paused=True)
        assert state_monitor(services, paused).paused
    with watching.services() as services:
        assert not state_monitor(services, stated).paused


def test_a_look_that_another_process_has_made_meanwhile_is_not_made_again(
    newsroom: Newsroom, watching: Watching, monkeypatch
) -> None:
    watching.watch(newsroom.publish("feed", rss(("One", "/story/1"))))

    def and_the_other_looks(monitors, now):
        due = due_monitors(monitors, now)
        with watching.services() as other:
            run_monitor(other, due[0], FULL)
        return due

    with watching.services() as services:
        monkeypatch.setattr("pipelines.monitor.due_monitors", and_the_other_looks)
        assert run_due(services, FULL) == []
    assert newsroom.site.paths().count("/news/feed") == 1
    assert statuses(watching) == ["checked"]


def test_a_look_that_is_overtaken_records_nothing(newsroom: Newsroom, watching: Watching) -> None:
    watching.watch(newsroom.publish("feed", rss(("One", "/story/1"))))
    with watching.services() as services:
        monitor = monitor_of(services)
        claims = []

        def overtake(_result: object) -> None:
            later = int(services.clock.read().wall.timestamp() * 1000) + 7_200_000
            claims.append(Ledger(services.engine, "another", 120_000).claim(STAGE, monitor.id, later, again=True))

        run = run_monitor(services, monitor, FULL, Listener(overtake, UNHEARD.run))
        assert isinstance(claims[0], Claim)
        assert run.status == "busy"
        with reading(services.engine) as connection:
            assert list_checks(connection, monitor.id) == []
            assert len(list_attempts(connection)) == 2
    assert newsroom.stories_asked() == ["/story/1"]


def test_a_watch_that_another_process_looks_at_is_left_to_it(newsroom: Newsroom, watching: Watching) -> None:
    watch = watching.watch(newsroom.publish("feed", rss(("One", "/story/1"))))
    with watching.services() as services:
        now = int(services.clock.read().wall.timestamp() * 1000)
        assert isinstance(Ledger(services.engine, services.run.id, 120_000).claim(STAGE, watch, now), Claim)
        assert watching.look()["status"] == "busy"
        assert watching.must("monitor", "run")["runs"] == []
    assert newsroom.site.paths() == []
    assert statuses(watching) == []
