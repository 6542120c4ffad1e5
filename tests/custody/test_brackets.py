"""Between which moments an event lies, tried against every pair of tokens; and what of that is shown of an item."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.custody import checkpoint, event_of_item
from pipelines.describing import describe_item, description_lines
from pipelines.handed_over import ImportRequest, import_files
from pipelines.proving import prove
from preservation.brackets import TOLERANCE, Bracket, Brackets, TokenMark

from .time_cases import World, stamped

START = datetime(2026, 1, 1, tzinfo=UTC)


def mark(position: int, size: int, seconds: int, accuracy: int = 1) -> TokenMark:
    return TokenMark(
        f"event {position}", position, size, "sha256:0", "a", START + timedelta(seconds=seconds), timedelta(0, accuracy)
    )


MARKS = st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30), st.integers(-99, 99), st.integers(0, 3)), max_size=8)


@given(MARKS, st.integers(0, 32))
def test_the_bracket_is_the_tightest_that_any_token_gives(numbers: list[tuple[int, int, int, int]], at: int) -> None:
    marks = [mark(*one) for one in numbers]
    bracket = Brackets(marks).of(at)
    afters = [one.earliest for one in marks if one.position <= at]
    befores = [one.latest for one in marks if one.size > at]
    assert (bracket.after.earliest if bracket.after else None) == max(afters, default=None)
    assert (bracket.before.latest if bracket.before else None) == min(befores, default=None)


def test_wall_time_may_be_off_by_the_tolerance_and_no_more() -> None:
    bracket = Bracket(mark(1, 1, 0, 0), mark(2, 2, 100, 0))
    for off, holds in ((timedelta(), True), (TOLERANCE, True), (TOLERANCE + timedelta(seconds=1), False)):
        assert bracket.holds(START - off) is holds
        assert bracket.holds(START + timedelta(seconds=100) + off) is holds
    assert Bracket(None, None).holds(START)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return World(tmp_path_factory.mktemp("authorities"))


def test_an_item_shows_its_bracket_and_for_how_long_nothing_but_our_word_stood_for_it(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipelines.handed_over.examining", unexamined)
    case = stamped(world, tmp_path / "case")
    (tmp_path / "note.txt").write_text("handed over")
    with case.open() as services:
        import_files(services, ImportRequest((tmp_path / "note.txt",), "Bo"), told=lambda _result: None)
        before = describe_item(services, "I-0001")["time"]
        assert before["not_before"]["cited"]
        assert before["not_before"]["token"] == f"sha256:{digest(case.anchor(7).response)}"
        assert before["open"]
        assert before["not_after"] is None
        case.stamp(services)
        shown = describe_item(services, "I-0001")
        checkpoint(services, renew=True)
        written = prove(services, event_of_item(services, "I-0001"), tmp_path / "proof")
    after = shown["time"]
    assert not after["open"]
    assert not after["outside"]
    assert after["not_after"]["authority"] == "good"
    said = "\n".join(description_lines(shown))
    assert "not before: 20" in said
    assert "over " in said
    assert (after["not_before"], after["not_after"]) == (written.time["not_before"], written.time["not_after"])
    size = after["not_after"]["size"]
    names = {path.name for path in written.stamped}
    assert {f"{size}.head", f"{size}.good.tsq", f"{size}.good.tsr", f"{size}.good.pem"} < names


@contextmanager
def unexamined(*_asked: object) -> Iterator[Callable[[str], Future[None]]]:
    """Nothing here is about what a file holds."""
    done: Future[None] = Future()
    done.set_result(None)
    yield lambda _capture: done


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
