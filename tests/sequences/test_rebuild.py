"""Rebuild: whatever happened, log and vault alone make the database again, and what was erased stays erased."""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from .driver import not_examining
from .history import MOVES, History, begin_history
from .workspaces import Place

QUICK = sorted(set(MOVES) - {"examine"})
patient = settings(
    max_examples=3,
    deadline=None,
    derandomize=True,
    phases=(Phase.generate,),
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
"""Without shrinking: a history takes seconds, and its list of moves is short enough to read."""
Begin = Callable[[Callable[[int], int]], History]


@pytest.fixture
def begin(opened: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Begin:
    """Begins a history. Examination is a move of its own: within each handing-over it would cost seconds."""
    monkeypatch.setattr("pipelines.handed_over.examining", not_examining)
    numbers = itertools.count()
    return lambda choose: begin_history(tmp_path / f"history-{next(numbers)}", opened, choose)


@given(st.data())
@patient
def test_tables_and_finished_work_come_back_after_any_history(begin: Begin, data: st.DataObject) -> None:
    history = begin(lambda count: data.draw(st.integers(0, count - 1)))
    history.hand_over()
    for move in data.draw(st.lists(st.sampled_from(QUICK), min_size=3, max_size=8)):
        MOVES[move](history)
    history.lose_database()
    history.place.require_sound()


def long_history(begin: Begin, seed: int, length: int, moves: list[str]) -> History:
    chance = random.Random(seed)
    history = begin(chance.randrange)
    for name in ["hand over", "hand over", "examine", "judge", *chance.choices(moves, k=length)]:
        MOVES[name](history)
    history.lose_database()
    history.place.require_nothing_lost()
    history.place.require_sound()
    return history


def test_examined_and_judged_items_come_back_and_erased_words_do_not(begin: Begin) -> None:
    history = long_history(begin, 1, 12, [*QUICK, "erase", "erase"])
    assert history.erased
    assert history.place.column("view_decision", "event")


@pytest.mark.campaign
@pytest.mark.parametrize("seed", range(12))
def test_long_histories_come_back(begin: Begin, seed: int) -> None:
    long_history(begin, 100 + seed, 120, sorted(MOVES))
