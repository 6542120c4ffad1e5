"""Whatever happened, the database is what a replay of the files makes of it, and what was erased is nowhere."""

from __future__ import annotations

import random
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from casefile.events.replay import rebuild_views
from casefile.records.engine import writing

from .conftest import Places
from .places import LOG, Place, assert_equals_replay, independent_report, rows_of
from .story import MOVES, Story

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=30) | st.just("x" * 3000) | st.just("\0")
moves = st.lists(st.sampled_from(sorted(MOVES)) | st.sampled_from(["reopen", "lose", "views", "erase"]), max_size=14)
"""Erasing is tried more often than the rest."""

patient = settings(
    deadline=None,
    max_examples=12,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)


def go_on(story: Story, move: str) -> None:
    """One move; the last three are what happens to a database."""
    place = story.place
    match move:
        case "reopen":
            place.log.close()
            place.open()
        case "lose":
            place.lose_database()
        case "views":
            before = rows_of(place.engine)
            with writing(place.engine) as connection:
                rebuild_views(connection, LOG)
            assert rows_of(place.engine) == before
        case _:
            MOVES[move](story)


@given(st.data())
@patient
def test_the_tables_equal_a_replay_after_any_history(new_place: Places, data: st.DataObject) -> None:
    place = new_place().create()
    story = Story(place, lambda options: data.draw(st.sampled_from(options)), lambda: data.draw(texts))
    try:
        for move in data.draw(moves):
            go_on(story, move)
        assert_equals_replay(place)
        if not place.url:
            assert story.left_of_what_was_erased() == []
    finally:
        # An example that failed is tried again many times, and a server has only so many connections.
        place.stop()


def long_story(place: Place, seed: int, length: int) -> Iterator[Story]:
    """A history from a seed, move by move."""
    chance = random.Random(seed)
    story = Story(place, chance.choice, lambda: "".join(chance.choices("abc äж\U0001f3de\n", k=chance.randrange(12))))
    for _move in range(length):
        MOVES[chance.choice(sorted(MOVES))](story)
        yield story


@pytest.mark.parametrize("seed", range(2))
def test_a_long_history_survives_the_loss_of_its_database(place: Place, seed: int) -> None:
    for number, _story in enumerate(long_story(place, seed, 120)):
        if number % 40 == 20:
            before = rows_of(place.engine)
            place.log.close()
            place.lose_database()
            assert {name: rows for name, rows in rows_of(place.engine).items() if name != "log_head"} == {
                name: rows for name, rows in before.items() if name != "log_head"
            }
    assert_equals_replay(place)


@pytest.mark.parametrize("seed", [0, pytest.param(1, marks=pytest.mark.campaign)])
def test_nothing_is_left_of_what_was_erased(sqlite_place: Place, seed: int) -> None:
    """Every second part of a long history is erased; its words are in no file afterwards: database, its log, parts."""
    *_before, story = long_story(sqlite_place, seed, 150)
    kept = {part: mark for part, mark in story.marks.items() if part not in story.erased}
    everything = b"".join(path.read_bytes() for path in sqlite_place.folder.rglob("*") if path.is_file())
    assert [mark for mark in kept.values() if mark.encode() not in everything] == []
    chance = random.Random(seed)
    for part in chance.sample(sorted(kept), len(kept) // 2):
        story.choose = lambda _options, chosen=part: chosen
        story.erase()
        assert story.left_of_what_was_erased() == []
    assert_equals_replay(sqlite_place)
    report = independent_report(sqlite_place.folder / "log")
    assert report["problems"] == []
    assert report["events"] == sqlite_place.head().size
