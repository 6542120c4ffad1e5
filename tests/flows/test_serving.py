"""`serve` without waiting for Prefect: what is due is looked at, what is late is not left to it, nothing is left."""

from __future__ import annotations

import json
import signal
import subprocess
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path

import pytest
from flows.processes import end, mark, marked, until
from monitors.papers import Newsroom, Watching, rss

from casefile.errors import WorkspaceUnusable
from casefile.records.monitors import MonitorRecord
from casefile.vocabulary import ContainmentLevel
from pipelines.serving import LATE_S, Serving, Supervisor, Watch, serving_of

FULL = ContainmentLevel.FULL


@pytest.fixture
def serve(watching: Watching, tmp_path: Path) -> Iterator[Callable[[], subprocess.Popen[bytes]]]:
    """Start `serve`; what it says goes to the file `said`."""
    started: list[subprocess.Popen[bytes]] = []

    def start() -> subprocess.Popen[bytes]:
        environment = {**watching.case.environment, **mark(tmp_path)}
        with (tmp_path / "said").open("ab") as said:
            command = watching.case.command("serve")
            started.append(subprocess.Popen(command, env=environment, stdout=said, stderr=said))
        return started[-1]

    yield start
    end(tmp_path)
    for one in started:
        one.wait()


@pytest.mark.campaign
def test_what_is_due_is_looked_at_at_once_and_nothing_runs_on_when_it_is_ended(
    serve, newsroom: Newsroom, watching: Watching, tmp_path: Path
) -> None:
    watching.watch(newsroom.publish("feed", rss(("One", "/story/1"))))
    process = serve()
    assert until(newsroom.stories_asked, 60), (tmp_path / "said").read_text()
    assert until(lambda: "last success 2" in (tmp_path / "said").read_text(), 60)
    assert "Prefect is not up; 1 watches that are due" in (tmp_path / "said").read_text()
    assert watching.case.run("serve", timeout=60).code == 6
    process.send_signal(signal.SIGINT)
    assert process.wait(60) == 0
    assert marked(tmp_path) == {}
    assert (tmp_path / "said").read_text().splitlines()[-1] == "Ended."
    assert watching.must("audit")["ok"]


def test_what_is_served_are_workspaces_each_once(watching: Watching, tmp_path: Path) -> None:
    root = watching.case.root
    served = serving_of([root], FULL, {}, print)
    assert list(served.workspaces.values()) == [root]
    assert served.home.is_relative_to(root / "work")
    for wrong in ([root, root], [tmp_path]):
        with pytest.raises(WorkspaceUnusable):
            serving_of(wrong, FULL, {}, print)


def supervisor(folder: Path) -> tuple[Supervisor, list[str]]:
    """A supervisor whose direct looks do nothing, and what it says."""
    notes: list[str] = []
    made = Supervisor(Serving({}, folder, FULL, {}, notes.append), 9, "password", BytesIO())
    made.direct.arguments = ("-c", "")
    made.direct.printed = subprocess.DEVNULL  # type: ignore[assignment]
    return made, notes


def watch(late_s: float | None) -> Watch:
    """A watch that has been due for so long."""
    return Watch(
        "case", MonitorRecord("id", "News", "feed", "t", 60, "work", False, "", "2026-01-01T00:00:00Z", ""), late_s
    )


@pytest.mark.parametrize(
    ("up", "late_s", "looks"),
    [
        (False, None, False),
        (False, 0.0, True),
        (True, 1.0, False),
        (True, LATE_S - 1, False),
        (True, LATE_S + 1, True),
    ],
)
def test_a_watch_is_left_to_prefect_for_a_while_and_no_longer(
    up: bool, late_s: float | None, looks: bool, tmp_path: Path
) -> None:
    made, notes = supervisor(tmp_path)
    made._look_directly([watch(late_s)], up=up)
    assert (made.direct.process is not None, bool(notes)) == (looks, looks)
    if made.direct.process is not None:
        assert made.direct.process.wait(30) == 0


def test_prefect_is_told_nothing_of_what_is_served(tmp_path: Path) -> None:
    made, _notes = supervisor(tmp_path)
    for child in made.children:
        given = {name: text for name, text in child.environment.items() if name.startswith("PREFECT_")}
        assert given["PREFECT_SERVER_API_AUTH_STRING"] == "casefile:password"
        assert given["DO_NOT_TRACK"] if "DO_NOT_TRACK" in given else child.environment["DO_NOT_TRACK"] == "1"
        assert (child is made.worker) == ("CASEFILE_SERVE__CODE" in child.environment)
    assert json.dumps(list(made.server.arguments)).count("127.0.0.1") == 1
