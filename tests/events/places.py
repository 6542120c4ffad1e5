"""A log of its own for a test, on one of the two engines, and the ways to look at it from outside."""

from __future__ import annotations

import json
import runpy
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, inspect, select

from casefile.clock import SystemClock
from casefile.events.append import Actor, Log
from casefile.events.files import LogFiles
from casefile.events.port import Draft, draft
from casefile.events.replay import Replayed, empty_database, rebuild
from casefile.events.types import InvestigationOpened
from casefile.ids import EventId, LogId, RunId
from casefile.records.engine import ALL_FAMILIES, drop_tables, open_engine, reading, sqlite_engine, tables, writing
from casefile.records.reading import Head, read_head

ROOT = Path(__file__).resolve().parents[2]
CHECKER = ROOT / "tests" / "independent" / "check_leaf.py"
LOG = LogId("01920000-0000-7000-8000-0000000000f0")
ACTOR = Actor.person("01920000-0000-7000-8000-0000000000f1", RunId("01920000-0000-7000-8000-0000000000f2"))

Rows = Mapping[str, Sequence[tuple[Any, ...]]]


@dataclass
class Place:
    """A folder with a log and its database; `url` is empty for SQLite."""

    folder: Path
    url: str
    engine: Engine = field(init=False)
    log: Log = field(init=False)

    def __post_init__(self) -> None:
        self.engine = open_engine(self.url, self.database)

    @property
    def database(self) -> Path:
        return self.folder / "casefile.db"

    @property
    def files(self) -> LogFiles:
        return LogFiles.at(self.folder / "log", lambda _step: None)

    def create(self) -> Place:
        """An empty log, opened by its first event."""
        self.files.create()
        if not inspect(self.engine).has_table("log_head"):
            empty_database(self.engine, LOG)
        self.open()
        self.append(draft("investigation.opened", body=InvestigationOpened(title="first")))
        return self

    def open(self, reached: Callable[[str], None] | None = None) -> Log:
        """Open the log as a fresh process would; the old one is forgotten."""
        self.log = Log(self.engine, self.folder / "log", LOG, SystemClock(), reached=reached)
        return self.log

    def append(self, *drafts: Draft) -> tuple[EventId, ...]:
        return self.log.append(drafts, ACTOR)

    def head(self) -> Head:
        with reading(self.engine) as connection:
            return read_head(connection, LOG)

    def lose_database(self) -> Replayed:
        """Lose the database with all that it holds, and build a new one from the log's files."""
        if self.url:
            with writing(self.engine) as connection:
                drop_tables(connection, *ALL_FAMILIES)
        else:
            self.engine.dispose()
            for suffix in ("", "-wal", "-shm"):
                self.database.with_name(self.database.name + suffix).unlink(missing_ok=True)
        replayed = rebuild(self.folder / "log", self.engine)
        self.open()
        return replayed

    def stop(self) -> None:
        self.engine.dispose()


def rows_of(engine: Engine) -> Rows:
    """Every row of log_* and view_*, in an order that does not depend on the engine."""
    with reading(engine) as connection:
        return {
            name: sorted((tuple(row) for row in connection.execute(select(table))), key=repr)
            for name, table in tables("log_", "view_").items()
        }


def assert_equals_replay(place: Place) -> None:
    """The live tables are exactly what a replay of the files makes, the head with them."""
    place.log.close()
    engine = sqlite_engine(None)
    try:
        rebuild(place.folder / "log", engine)
        live, replayed = rows_of(place.engine), rows_of(engine)
    finally:
        engine.dispose()
    for name, rows in replayed.items():
        assert live[name] == rows, name


@cache
def _checker() -> dict[str, Any]:
    return runpy.run_path(str(CHECKER))


def independent_check(folder: Path) -> dict[str, Any]:
    """The same checker, without the cost of a process: for loops."""
    try:
        report: dict[str, Any] = _checker()["check"](folder)
    except (ValueError, KeyError, OSError) as error:
        return {"problems": [str(error)]}
    return report


def independent_report(folder: Path) -> dict[str, Any]:
    """What the checker that shares no code with Casefile says of the log in `folder`."""
    command = [sys.executable, "-I", "-S", str(CHECKER), str(folder)]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    report: dict[str, Any] = json.loads(result.stdout)
    assert result.returncode == (5 if report["problems"] else 0)
    return report
