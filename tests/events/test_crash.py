"""kill -9, at every named step and at random moments: nothing acknowledged is lost, nothing is there twice."""

from __future__ import annotations

import random
import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from casefile.events.envelope import PartName, Subject
from casefile.events.journal import SEGMENT_EVENTS
from casefile.events.port import Draft, draft
from casefile.events.types import ToolTested, Words
from casefile.ids import EventId, machine_event_id

from .children import Tell, fork, killing_at
from .places import ACTOR, LOG, Place, assert_equals_replay, independent_check, rows_of
from .servers import quick_folder
from .story import GROUNDS

KILLED = -9


def numbered(number: int) -> Draft:
    """The n-th event of a machine, with a part of each kind that it may have."""
    return draft(
        "remark.added",
        Subject(kind="lead", id=str(number)),
        personal=Words(text=f"remark {number}"),
        id=id_of(number),
    )


def id_of(number: int) -> EventId:
    return machine_event_id(LOG, "crash", "remark", number)


def journalled(place: Place) -> list[str]:
    """The ids in the journal, in order; read by the checker's way of reading, and by ours."""
    report = independent_check(place.folder / "log")
    assert report["problems"] == []
    ids = [record.content.partition(b'"id":"')[2][:36].decode() for record in place.files.journal.records()]
    assert report["events"] == len(ids) == len(set(ids))
    return ids


def assert_sound(place: Place, acknowledged: Sequence[int]) -> None:
    """After a recovery: what was acknowledged is in the journal in its order, and the tables are a replay's."""
    ids = journalled(place)
    places = [ids.index(id_of(number)) for number in acknowledged]
    assert places == sorted(places)
    assert_equals_replay(place)
    assert place.head().size == len(ids)


def steps_of(place: Place, act: Callable[[Place], object]) -> list[str]:
    """The names of the steps of one act, as the code reports them."""
    steps: list[str] = []
    place.open(steps.append).recover()
    steps.clear()
    act(place)
    place.open()
    return steps


def without_its_database(place: Place, copies: Iterator[Path]) -> Place:
    """A copy of the log's files alone, with a database built from them."""
    copy = Place(next(copies), "")
    shutil.copytree(place.folder / "log", copy.folder / "log", dirs_exist_ok=True)
    copy.lose_database()
    return copy


@pytest.fixture
def copies(tmp_path: Path) -> Iterator[Path]:
    def make() -> Iterator[Path]:
        for number in range(1000):
            folder = tmp_path / f"copy{number}"
            folder.mkdir()
            yield folder

    return make()


def test_an_append_that_is_killed_at_any_step(place: Place, copies: Iterator[Path]) -> None:
    steps = steps_of(place, lambda one: one.append(numbered(0)))
    assert steps == [
        "placed", "committed", "private-written", "private-synced", "journal-written", "journal-synced", "acknowledged",
    ]  # fmt: skip
    for number, step in enumerate(steps, start=1):

        def body(fresh: Place, _tell: Tell, number: int = number) -> None:
            fresh.open().recover()
            fresh.open(killing_at(number - 1)).append([numbered(number)], ACTOR)

        assert fork(place, body).end()[0] == KILLED
        rebuilt = without_its_database(place, copies)
        rebuilt.log.recover()
        known = [id_of(one) for one in range(number + 1)]
        assert [one for one in journalled(rebuilt) if one in known] == known[: number + (step in JOURNALLED)]
        rebuilt.stop()

        assert place.open().recover() == (step in COMMITTED and step not in NOTED)
        assert_sound(place, range(number + (step != "placed")))
        place.append(numbered(number))
        assert_sound(place, range(number + 1))


COMMITTED = ("committed", "private-written", "private-synced", "journal-written", "journal-synced")
JOURNALLED = ("journal-written", "journal-synced", "acknowledged")
"""A process that is killed leaves what it wrote, synced or not."""
NOTED = ("acknowledged",)


def test_an_erasure_that_is_killed_at_any_step(place: Place, copies: Iterator[Path]) -> None:
    place.append(*(numbered(number) for number in range(12)))
    steps = steps_of(place, lambda one: one.log.erase(id_of(0), PartName.PERSONAL, GROUNDS, ACTOR))
    assert [step for step in steps if step not in (*COMMITTED, "placed")] == [
        "private-rewritten", "private-replaced", "acknowledged",
    ]  # fmt: skip
    for number, step in enumerate(steps, start=1):

        def body(fresh: Place, _tell: Tell, number: int = number) -> None:
            fresh.open().recover()
            fresh.open(killing_at(number - 1)).erase(id_of(number), PartName.PERSONAL, GROUNDS, ACTOR)

        assert fork(place, body).end()[0] == KILLED
        rebuilt = without_its_database(place, copies)
        place.open().recover()
        for one, decided in ((place, step != "placed"), (rebuilt, step not in ("placed", *BEFORE_THE_JOURNAL))):
            one.open().recover()
            parts = {stored.part.event for stored in one.files.private.parts(0)}
            assert (id_of(number) not in parts) == decided, step
            assert_sound(one, range(12))
            assert not list(one.files.private.folder.glob("*.new"))
        rebuilt.stop()


BEFORE_THE_JOURNAL = ("committed", "private-written", "private-synced")


OVER_THE_END = [
    "placed", "committed",
    "private-written", "private-synced", "journal-written", "journal-synced",
    "private-written", "private-synced", "private-folder-synced",
    "journal-written", "journal-synced", "journal-folder-synced",
    "acknowledged",
]  # fmt: skip


@pytest.fixture(scope="module")
def nearly_full_model() -> Iterator[Path]:
    """The folder of a log whose first segment has room for two more events, to be copied: filling it takes seconds."""
    folder = quick_folder("casefile-nearly-full-")
    model = Place(folder, "").create()
    model.append(*(cheap(number) for number in range(SEGMENT_EVENTS - 2 - model.head().size)))
    model.stop()
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def nearly_full(nearly_full_model: Path, tmp_path: Path) -> Iterator[Place]:
    """A log whose first segment has room for two more events."""
    copied = Place(shutil.copytree(nearly_full_model, tmp_path / "nearly-full"), "")
    yield copied
    copied.stop()


@pytest.mark.parametrize("number", [7])
def test_an_append_over_the_end_of_a_segment_that_is_killed(nearly_full: Place, number: int) -> None:
    kill_over_the_end(nearly_full, number)


@pytest.mark.campaign
@pytest.mark.parametrize("number", range(len(OVER_THE_END)))
def test_an_append_over_the_end_of_a_segment_that_is_killed_at_any_step(nearly_full: Place, number: int) -> None:
    kill_over_the_end(nearly_full, number)


def kill_over_the_end(place: Place, number: int) -> None:
    batch = [numbered(one) for one in range(5)]

    def body(fresh: Place, tell: Tell) -> None:
        fresh.open().recover()

        def reached(step: str) -> None:
            tell(step)
            kill(step)

        kill = killing_at(number)
        fresh.open(reached).append(batch, ACTOR)

    assert fork(place, body).end() == (KILLED, OVER_THE_END[: number + 1])
    place.open().recover()
    place.append(*batch, numbered(5))
    assert_sound(place, range(6))
    assert place.files.journal.segments() == [0, 1]


def cheap(number: int) -> Draft:
    return draft("tool.tested", body=ToolTested(passed=()), id=machine_event_id(LOG, "cheap", "tested", number))


def append_forever(first: int) -> Callable[[Place, Tell], None]:
    def body(fresh: Place, tell: Tell) -> None:
        fresh.open().recover()
        number = first
        while True:
            fresh.append(numbered(number))
            tell(str(number))
            number += 1

    return body


def test_kills_at_random_moments(place: Place) -> None:
    kill_at_random(place, 12)


@pytest.mark.campaign
def test_hundreds_of_kills_at_random_moments(place: Place) -> None:
    kill_at_random(place, 300)


def kill_at_random(place: Place, times: int) -> None:
    chance = random.Random(times)
    acknowledged: list[int] = []
    for _round in range(times):
        child = fork(place, append_forever(len(acknowledged)))
        acknowledged.append(int(child.next_line()))
        time.sleep(chance.uniform(0, 0.06))
        child.kill()
        code, told = child.end()
        assert code == KILLED
        acknowledged += map(int, told)
        place.open().recover()
        assert acknowledged == list(range(len(acknowledged)))
        # The one that was under way may have been committed; it is then not appended a second time.
        ids = journalled(place)
        assert ids[1:] in ([id_of(one) for one in range(len(acknowledged) + more)] for more in (0, 1))
    assert_sound(place, acknowledged)


def test_a_recovery_that_is_killed_is_made_again(place: Place) -> None:
    def half(fresh: Place, _tell: Tell) -> None:
        fresh.open().recover()
        fresh.open(killing_at(1)).append([numbered(0), numbered(1)], ACTOR)

    assert fork(place, half).end()[0] == KILLED
    for number in range(4):

        def again(fresh: Place, _tell: Tell, number: int = number) -> None:
            fresh.open(killing_at(number)).recover()

        assert fork(place, again).end()[0] == KILLED
    before = rows_of(place.engine)
    assert place.open().recover() == 2
    assert place.open().recover() == 0
    assert {name: rows for name, rows in rows_of(place.engine).items() if name != "log_head"} == {
        name: rows for name, rows in before.items() if name != "log_head"
    }
    assert_sound(place, range(2))
