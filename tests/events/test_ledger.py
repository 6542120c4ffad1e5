"""The ledger: one holder at a time, nothing finished by a holder that was overtaken, on both engines."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections import Counter
from functools import partial
from pathlib import Path

import pytest

from casefile.errors import LeaseLost
from casefile.events.envelope import Subject
from casefile.events.port import draft
from casefile.events.types import Words
from casefile.records.engine import writing
from casefile.records.ledger import (
    MAX_LEASE_MS,
    Busy,
    Claim,
    Claimed,
    Finished,
    Ledger,
    Settled,
    WorkState,
    finish,
    finish_recovered,
    settle,
)

from .places import ACTOR, Place

PROGRAM = Path(__file__).parent / "programs" / "share_work.py"
LEASE_MS = 1000


def ledger(place: Place, holder: str) -> Ledger:
    return Ledger(place.engine, holder, LEASE_MS)


def claimed(place: Place, holder: str, now_ms: int, key: str = "k") -> Claim:
    claim = ledger(place, holder).claim("stage", key, now_ms)
    assert isinstance(claim, Claim)
    return claim


def end(place: Place, claim: Claim, state: WorkState = WorkState.DONE) -> None:
    with writing(place.engine) as connection:
        finish(connection, claim, state)


def test_claimed_work_is_busy_for_everybody(place: Place) -> None:
    claim = claimed(place, "a", 0)
    for holder in ("b", "a"):
        assert ledger(place, holder).claim("stage", "k", LEASE_MS - 1) == Busy("stage", "k", "a", LEASE_MS)
    assert isinstance(ledger(place, "b").claim("other stage", "k", 0), Claim)
    assert (claim.token, claim.attempt) == (1, 1)


def test_finished_work_is_done_once(place: Place) -> None:
    end(place, claimed(place, "a", 0))
    assert ledger(place, "b").claim("stage", "k", 9) == Finished("stage", "k", 1)
    again = ledger(place, "b").claim("stage", "k", 9, again=True)
    assert isinstance(again, Claim)
    assert again.attempt == 2


def test_failed_and_released_work_is_claimed_as_a_further_attempt(place: Place) -> None:
    end(place, claimed(place, "a", 0), WorkState.FAILED)
    second = claimed(place, "b", 1)
    ledger(place, "b").release(second)
    third = claimed(place, "c", 2)
    assert (second.attempt, third.attempt) == (2, 3)
    assert ledger(place, "a").states("stage") == {"k": WorkState.CLAIMED}


def test_a_worker_paused_past_its_lease_cannot_finish(place: Place) -> None:
    paused = claimed(place, "a", 0)
    other = claimed(place, "b", LEASE_MS)
    for act in (partial(end, place, paused), partial(ledger(place, "a").renew, paused, LEASE_MS)):
        with pytest.raises(LeaseLost):
            act()
    end(place, other)
    with pytest.raises(LeaseLost):
        end(place, paused)
    with pytest.raises(LeaseLost):
        end(place, other)


def test_its_event_is_not_recorded_either(place: Place) -> None:
    paused = claimed(place, "a", 0)
    other = claimed(place, "b", LEASE_MS)
    remark = draft("remark.added", Subject(kind="item", id="i"), personal=Words(text="seen"))
    before = place.head()
    with pytest.raises(LeaseLost):
        place.log.append([remark], ACTOR, within=lambda connection: finish(connection, paused))
    assert place.head() == before
    place.log.append([remark], ACTOR, within=lambda connection: finish(connection, other))
    assert place.head().size == before.size + 1


def test_a_lapsed_lease_that_nobody_took_over_is_still_good(place: Place) -> None:
    end(place, claimed(place, "a", 0))


def test_a_renewed_lease_lasts(place: Place) -> None:
    claim = claimed(place, "a", 0)
    ledger(place, "a").renew(claim, LEASE_MS - 1)
    assert isinstance(ledger(place, "b").claim("stage", "k", 2 * LEASE_MS - 2), Busy)
    assert isinstance(ledger(place, "b").claim("stage", "k", 2 * LEASE_MS - 1), Claim)


def test_a_holder_that_is_known_to_be_gone_is_not_waited_for(place: Place) -> None:
    claimed(place, "dead", 0)
    assert isinstance(
        Ledger(place.engine, "b", LEASE_MS, ended=lambda holder: holder == "dead").claim("stage", "k", 1), Claim
    )


def test_a_clock_that_is_set_back_does_not_extend_a_lease(place: Place) -> None:
    day = 86_400_000
    claimed(place, "a", day)
    assert isinstance(ledger(place, "b").claim("stage", "k", 0), Claim)


@pytest.mark.parametrize("lease_ms", [0, -1, MAX_LEASE_MS + 1])
def test_a_lease_has_bounds(sqlite_place: Place, lease_ms: int) -> None:
    with pytest.raises(ValueError, match="a lease lasts"):
        Ledger(sqlite_place.engine, "a", lease_ms)


def test_what_the_log_says_is_settled_without_undoing_what_is_known(place: Place) -> None:
    claimed(place, "a", 0, "claimed")
    with writing(place.engine) as connection:
        settle(connection, "stage", [Settled("done", 2, WorkState.DONE), Settled("claimed", 7, WorkState.DONE)])
    assert ledger(place, "b").claim("stage", "done", 0) == Finished("stage", "done", 2)
    assert isinstance(ledger(place, "b").claim("stage", "claimed", 0), Busy)


def test_a_recovered_result_ends_the_claim_unless_the_work_went_on(place: Place) -> None:
    lost = claimed(place, "a", 0)
    claimed(place, "b", LEASE_MS)
    with pytest.raises(LeaseLost), writing(place.engine) as connection:
        finish_recovered(connection, lost)
    unknown = Claim("stage", "emptied", 3, 3, "a")
    with writing(place.engine) as connection:
        finish_recovered(connection, unknown)
    assert ledger(place, "b").claim("stage", "emptied", 0) == Finished("stage", "emptied", 3)


def test_of_two_that_take_over_in_the_same_moment_one_comes_too_late(place: Place) -> None:
    """The second begins while the first has looked and not yet claimed; it is made to wait and finds the work taken."""
    claimed(place, "dead", 0)
    came: list[Claimed] = []
    second = Ledger(place.engine, "b", LEASE_MS, ended=lambda holder: holder == "dead")
    thread = threading.Thread(target=lambda: came.append(second.claim("stage", "k", 1)))

    def meanwhile(_holder: str) -> bool:
        thread.start()
        thread.join(0.5)
        return True

    first = Ledger(place.engine, "a", LEASE_MS, ended=meanwhile).claim("stage", "k", 1)
    thread.join()
    assert isinstance(first, Claim)
    assert came == [Busy("stage", "k", "a", LEASE_MS + 1)]


def test_two_processes_with_the_same_work_do_each_piece_once(place: Place) -> None:
    keys = 150
    commands = [[sys.executable, str(PROGRAM), str(place.folder), place.url, holder, str(keys)] for holder in "ab"]
    processes = [subprocess.Popen(command) for command in commands]
    assert [process.wait(120) for process in processes] == [0, 0]
    done = Counter((place.folder / "done").read_text().split())
    assert done == {str(number): 1 for number in range(keys)}
    assert set(ledger(place, "c").states("stage").values()) == {WorkState.DONE}
