"""The same work through Prefect and without it: done once, and lost never. Here Prefect is missing or broken."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest
from e2e.case import REPOSITORY
from monitors.papers import Newsroom, Watching, beside_gates

from pipelines import engine


def broken_prefect(folder: Path, failure: str) -> str:
    """A Prefect that cannot be imported, in front of the real one; what PYTHONPATH has to be."""
    (folder / "prefect").mkdir(parents=True)
    (folder / "prefect" / "__init__.py").write_text(f"raise {failure}\n")
    return f"{folder}:{REPOSITORY}"


def test_a_collection_is_made_directly_when_prefect_cannot_be_loaded(
    newsroom: Newsroom, watching: Watching, tmp_path: Path
) -> None:
    failure = "TypeError('Body() got an unexpected keyword argument')"  # what Prefect 3.8.8 did under FastAPI 0.155
    watching.case.extra = {"PYTHONPATH": broken_prefect(tmp_path / "broken", failure)}
    said = watching.case.run_anew("--json", "collect", newsroom.site.url("/story/1"), "--engine", "prefect")
    assert said.code == 0, said.err
    assert [one["outcome"] for one in said.json["results"]] == ["captured"]
    assert [line for line in said.err.splitlines() if "Prefect did not start" in line] == beside_gates(said.err)
    assert newsroom.stories_asked() == ["/story/1"]


def test_a_collection_is_made_directly_when_prefect_has_no_home(newsroom: Newsroom, watching: Watching) -> None:
    (watching.case.root / "work" / "prefect").write_text("in the way")
    said = watching.case.run("--json", "collect", newsroom.site.url("/story/1"), "--engine", "prefect")
    assert (said.code, said.json["results"][0]["outcome"]) == (0, "captured")
    assert len(beside_gates(said.err)) == 1
    assert watching.run("collect", newsroom.site.url("/story/1"), "--engine", "celery")[0] == 2


class Sequence:
    """Work that counts its runs."""

    def __init__(self, failure: Exception | None = None) -> None:
        self.runs = 0
        self.failure = failure

    def __call__(self) -> str:
        self.runs += 1
        if self.failure is not None:
            raise self.failure
        return "done"


@pytest.fixture
def through(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., object]:
    """Run a sequence through a Prefect that behaves as it is told; with it, what was noted."""
    monkeypatch.setattr("os.environ", {})
    notes: list[str] = []

    def run(sequence: Sequence, behaviour: Callable[[Callable[[], None]], None]) -> tuple[object, list[str]]:
        double = SimpleNamespace(run_in_flow=lambda _workspace, work: behaviour(work))
        monkeypatch.setitem(sys.modules, "pipelines.flows", double)
        return engine.run_as_flow(tmp_path / "home", "id", sequence, notes.append), notes

    return run


def test_work_that_is_done_counts_when_prefect_fails_behind_it(through) -> None:
    def fails_behind(work: Callable[[], None]) -> None:
        work()
        raise RuntimeError("the server went away")

    sequence = Sequence()
    value, notes = through(sequence, fails_behind)
    assert (value, sequence.runs, len(notes)) == ("done", 1, 1)


def test_work_that_prefect_asks_for_twice_is_done_once(through) -> None:
    def asks_twice(work: Callable[[], None]) -> None:
        work()
        work()

    sequence = Sequence()
    assert through(sequence, asks_twice) == ("done", [])
    assert sequence.runs == 1


def test_what_the_work_raises_comes_out_and_prefect_sees_nothing_of_it(through) -> None:
    seen: list[BaseException] = []

    def looks(work: Callable[[], None]) -> None:
        try:
            work()
        except engine.SequenceFailed as error:
            seen.append(error)
            raise

    sequence = Sequence(ValueError("http://secret.example/ seen by B."))
    with pytest.raises(ValueError, match="secret"):
        through(sequence, looks)
    assert sequence.runs == 1
    assert [str(error) for error in seen] == [""]
    assert seen[0].__context__ is None


def test_work_that_fails_directly_is_not_run_again(through) -> None:
    def fails_before(_work: Callable[[], None]) -> None:
        raise RuntimeError

    sequence = Sequence(ValueError("no"))
    with pytest.raises(ValueError, match="no"):
        through(sequence, fails_before)
    assert sequence.runs == 1


def test_a_prefect_that_hangs_is_not_waited_for_and_cannot_begin_later(
    through, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "PATIENCE_S", 0.2)
    late: list[Callable[[], None]] = []

    def hangs(work: Callable[[], None]) -> None:
        late.append(work)
        threading.Event().wait(60)

    sequence = Sequence()
    began = time.monotonic()
    value, notes = through(sequence, hangs)
    assert time.monotonic() - began < 20
    assert (value, len(notes)) == ("done", 1)
    late[0]()
    assert sequence.runs == 1


def test_an_interrupt_stops_the_waiting_and_nothing_is_run(through) -> None:
    def interrupted(_work: Callable[[], None]) -> None:
        raise KeyboardInterrupt

    sequence = Sequence()
    with pytest.raises(KeyboardInterrupt):
        through(sequence, interrupted)
    assert sequence.runs == 0


def test_another_prefect_of_the_user_is_left_alone(through, monkeypatch: pytest.MonkeyPatch) -> None:
    import os

    os.environ.update({"PREFECT_API_URL": "https://cloud.example/api", "PREFECT_API_KEY": "key", "HOME": "/home/ana"})
    found: dict[str, str] = {}

    def looks(work: Callable[[], None]) -> None:
        found.update(os.environ)
        work()

    through(Sequence(), looks)
    assert (found["PREFECT_API_URL"], found["HOME"]) == ("", "/home/ana")
    assert "PREFECT_API_KEY" not in found
    assert found["DO_NOT_TRACK"] == "1"
    assert found["PREFECT_SERVER_ANALYTICS_ENABLED"] == found["PREFECT_RESULTS_PERSIST_BY_DEFAULT"] == "false"


def test_a_database_that_cannot_be_read_is_cleared_away_and_another_is_kept(tmp_path: Path) -> None:
    import sqlite3

    from pipelines.prefect_home import prepare_home

    prepare_home(tmp_path)
    database = tmp_path / "prefect.db"
    database.write_bytes(b"not a database, and long enough to be seen as none" * 100)
    prepare_home(tmp_path)
    assert not database.exists()
    with sqlite3.connect(database) as connection:
        connection.execute("CREATE TABLE kept (x)")
    connection.close()
    prepare_home(tmp_path)
    assert database.exists()
