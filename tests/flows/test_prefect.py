"""Prefect itself: one collection as a flow, schedules that really fire, and what is in its records afterwards.

Slow, because Prefect is: its server takes half a minute to come up on a busy machine.
"""

from __future__ import annotations

import os
import re
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from e2e.case import REPOSITORY, Case
from flows.processes import end, mark, marked, until
from monitors.papers import Newsroom, Watching, beside_gates, rss

pytestmark = pytest.mark.campaign

SEEDS = ("SEEDLOCATOR", "SEEDNAME", "SEEDNOTE", "SEEDTITLE", "SEEDFOLDER", "SEEDPERSON")
OURS = {"serve.log", "serve.lock", "workspaces.json"}
"""Files of `serve` itself beside Prefect's own."""
OUTSIDE = re.compile(r"connect\(\d+, \{sa_family=AF_INET6?, .*\}")
LOOPBACK = re.compile(r'inet_addr\("127\.|"::1"|"::ffff:127\.')


@pytest.fixture
def seeded(tmp_path: Path, newsroom: Newsroom) -> Iterator[Watching]:
    """A case whose every word can be found again."""
    watching = Watching(Case(tmp_path / "SEEDFOLDER", [newsroom.site.address], {**mark(tmp_path)}))
    root = str(watching.case.root)
    assert watching.run("init", root, "--title", "SEEDNAME", "--investigator", "SEEDPERSON")[0] == 0
    yield watching
    end(tmp_path)


def held_by_prefect(home: Path, folder: Path) -> list[tuple[str, str]]:
    """Every place in Prefect's home that holds a word or a folder of ours."""
    words = [*SEEDS, str(folder), str(REPOSITORY)]
    files = [path for path in home.rglob("*") if path.is_file() and path.name not in OURS]
    assert home / "prefect.db" in files
    found = [(path, word) for path in files for word in words if word.encode() in path.read_bytes()]
    return [(path.name, word) for path, word in found if "serve" not in path.relative_to(home).parts[:-1]]


def rows(home: Path, query: str) -> list[tuple[Any, ...]]:
    """What Prefect's database answers."""
    with closing(sqlite3.connect(home / "prefect.db")) as connection:
        return connection.execute(query).fetchall()


def traced(folder: Path) -> list[str]:
    """The start of a command line that notes every connection."""
    return ["strace", "-f", "-qq", "--seccomp-bpf", "-e", "trace=connect", "-o", str(folder / "connections")]


def outside(folder: Path) -> list[str]:
    """The connections that were tried to anywhere else than this machine."""
    lines = (folder / "connections").read_text().splitlines()
    assert any(OUTSIDE.search(line) for line in lines), "nothing was noted"
    return [line for line in lines if OUTSIDE.search(line) and not LOOPBACK.search(line)]


RAISING = """
import sys
from pathlib import Path
from pipelines.engine import run_as_flow
def sequence():
    raise ValueError("SEEDNAME at http://SEEDLOCATOR.example/")
try:
    run_as_flow(Path(sys.argv[1]), "id", sequence, print)
except ValueError as error:
    print(error)
"""


def test_a_collection_runs_as_one_flow_that_holds_none_of_it(
    newsroom: Newsroom, seeded: Watching, tmp_path: Path
) -> None:
    # A file that Prefect would read where it is started: what it says must not count.
    (tmp_path / "prefect.toml").write_text('[api]\nurl = "http://127.0.0.1:9/api"\n')
    locator = newsroom.site.url("/story/SEEDLOCATOR")
    asked = seeded.case.command("--json", "collect", locator, "--why", "SEEDNOTE", "--engine", "prefect")
    done = subprocess.run(
        [*traced(tmp_path), *asked],
        cwd=tmp_path,
        env=seeded.case.environment,
        capture_output=True,
        text=True,
        timeout=400,
        check=False,
    )
    assert (done.returncode, beside_gates(done.stderr)) == (0, [])
    assert newsroom.stories_asked() == ["/story/SEEDLOCATOR"]
    home = seeded.case.root / "work" / "prefect"
    with seeded.services() as services:
        investigation = services.log.id
    (run,) = rows(home, "SELECT state_type, parameters FROM flow_run")
    assert run == ("COMPLETED", f'{{"workspace": "{investigation}"}}')
    assert held_by_prefect(home, tmp_path) == []
    assert not list(home.glob("storage/*"))
    assert outside(tmp_path) == []
    assert until(lambda: marked(tmp_path) == {})


def test_an_error_of_a_collection_comes_out_and_prefect_holds_none_of_it(tmp_path: Path) -> None:
    home = tmp_path / "home"
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
    command = [*traced(tmp_path), sys.executable, "-c", RAISING, str(home)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=400, check=False)
    assert done.stdout.strip() == "SEEDNAME at http://SEEDLOCATOR.example/", done.stderr
    assert rows(home, "SELECT state_type FROM flow_run") == [("FAILED",)]
    assert held_by_prefect(home, tmp_path) == []


class Served:
    """A `serve` that runs, and what it has said."""

    def __init__(self, seeded: Watching, folder: Path) -> None:
        self.folder = folder
        self.home = seeded.case.root / "work" / "prefect" / "serve"
        self.said = folder / "said"
        with self.said.open("wb") as said:
            command = [*traced(folder), *seeded.case.command("serve")]
            self.process = subprocess.Popen(command, env=seeded.case.environment, stdout=said, stderr=said)

    def lines(self, words: str) -> list[str]:
        return [line for line in self.said.read_text().splitlines() if words in line]

    def runs(self, flow: str) -> list[tuple[Any, ...]]:
        """How the flow runs that a schedule made have ended."""
        query = "SELECT flow_run.state_type FROM flow_run JOIN flow ON flow.id = flow_run.flow_id WHERE auto_scheduled"
        return rows(self.home, f"{query} AND flow.name = '{flow}' AND flow_run.state_type != 'SCHEDULED'")

    def one(self, words: str) -> int:
        """The process whose command line holds these words."""
        found = [pid for pid, line in marked(self.folder).items() if words in line and "strace" not in line]
        return found[0] if found else 0


def test_schedules_fire_and_outlive_a_worker_that_is_killed(
    newsroom: Newsroom, seeded: Watching, tmp_path: Path
) -> None:
    def publish(*numbers: int) -> str:
        return newsroom.publish("SEEDLOCATOR", rss(*((f"SEEDTITLE {n}", f"/story/{n}") for n in numbers)))

    feed = publish(1)
    added = ("monitor", "add", feed, "--kind", "feed", "--name", "SEEDNAME", "--why", "SEEDNOTE", "--every", "60s")
    assert seeded.run(*added)[0] == 0
    served = Served(seeded, tmp_path)
    assert until(lambda: served.lines("schedules are deployed"), 400), served.said.read_text()
    schedules = "deployment_schedule JOIN deployment ON deployment.id = deployment_schedule.deployment_id"
    deployed = rows(served.home, f"SELECT deployment.name FROM {schedules} WHERE active ORDER BY 1")
    assert [name for (name,) in deployed] == ["anchor", "collect", "examine", "fixity", "merge", "monitor"]
    direct = len(served.lines("looked at without it"))
    publish(2, 1)
    assert until(lambda: "/story/2" in newsroom.stories_asked(), 300), served.said.read_text()
    assert until(lambda: ("COMPLETED",) in served.runs("monitor"), 60)
    assert len(served.lines("looked at without it")) == direct, "it was no schedule that looked"
    assert until(lambda: len(served.lines("last success 2")) >= 2)

    worker = served.one("worker start")
    os.kill(worker, signal.SIGKILL)
    assert until(lambda: served.one("worker start") not in (0, worker), 60)
    publish(3, 2, 1)
    assert until(lambda: "/story/3" in newsroom.stories_asked(), 400), served.said.read_text()
    history = ("monitor", "history", "SEEDNAME")
    assert until(lambda: sum(one["new"] for one in seeded.must(*history)["checks"]) == 3)

    os.kill(served.one("cli.main"), signal.SIGTERM)
    assert served.process.wait(90) == 0
    assert marked(tmp_path) == {}
    assert sorted(newsroom.stories_asked()) == ["/story/1", "/story/2", "/story/3"]
    assert {one["status"] for one in seeded.must(*history)["checks"]} == {"checked"}
    assert held_by_prefect(served.home, tmp_path) == []
    assert outside(tmp_path) == []
    assert seeded.must("audit")["ok"]


def test_a_service_that_is_killed_takes_its_processes_with_it(seeded: Watching, tmp_path: Path) -> None:
    served = Served(seeded, tmp_path)
    assert until(lambda: served.one("worker start"), 400), served.said.read_text()
    os.kill(served.one("cli.main"), signal.SIGKILL)
    served.process.wait(60)
    assert until(lambda: marked(tmp_path) == {}, 60), marked(tmp_path)
