"""A workspace that sequences run in, from outside: ordering them, and what has to be true of it afterwards."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import select

from casefile.events.files import LogFiles
from casefile.records.engine import reading, sqlite_engine, tables
from pipelines.audit import audit_workspace
from pipelines.opening import open_investigation
from pipelines.reindex import reindex_workspace
from preservation.staging import Run, Staging

DRIVER = Path(__file__).with_name("driver.py")
KILLED = -9
LONGEST_S = 120
ONE_THREAD = {"CASEFILE_CAPTURE__WORKERS": "1"}
NO_RESERVE = {"CASEFILE_RESERVE__BYTES": "0", "CASEFILE_RESERVE__INODES": "0"}
WHOLE_PICTURES = {"CASEFILE_EXAMINE__LOCAL_FEATURES": "false"}
"""Stills are compared by whole-picture hashes only: for tests that are about something else."""
Rows = dict[str, list[tuple[Any, ...]]]


@dataclass
class Driver:
    """The running driver."""

    process: subprocess.Popen[str]

    def start(self, order: Mapping[str, Any]) -> int:
        """Start one sequence; the process that runs it."""
        return int(self._ask(order))

    def wait(self, child: int) -> int:
        """The exit code of a process that was started, negative for a signal."""
        return int(self._ask({"wait": child}))

    def _ask(self, order: Mapping[str, Any]) -> str:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps(order) + "\n")
        self.process.stdin.flush()
        return self.process.stdout.readline()


@contextmanager
def running_driver(*prefix: str) -> Iterator[Driver]:
    """The driver, started by `prefix` where that is given."""
    command = [*prefix, sys.executable, str(DRIVER)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as one:
        yield Driver(one)
        assert one.stdin is not None
        one.stdin.close()


@dataclass
class Place:
    """One workspace in `folder`. Notes of what ran lie beside it."""

    folder: Path
    driver: Driver
    environment: dict[str, str] = field(default_factory=dict)
    runs: int = 0
    mounted: str = ""
    """Where the driver, in a mount namespace of its own, sees the workspace; it is reached from here through /proc."""

    @property
    def root(self) -> Path:
        if self.mounted:
            return Path(f"/proc/{self.driver.process.pid}/root{self.mounted}/case")
        return self.folder / "case"

    def open(self) -> Place:
        """Create the workspace."""
        open_investigation(self.root, "A case", "Ana", self.environment)
        return self

    def copy(self, folder: Path) -> Place:
        """The same workspace somewhere else."""
        folder.mkdir()
        shutil.copytree(self.root, folder / "case", symlinks=True)
        return Place(folder, self.driver, self.environment)

    def start(self, sequence: str, **order: Any) -> int:
        """Start a sequence in a process of its own."""
        self.runs += 1
        notes = str(self.folder / f"run-{self.runs}")
        root = f"{self.mounted}/case" if self.mounted else str(self.root)
        base = {"root": root, "environment": self.environment, "notes": notes, "sequence": sequence}
        return self.driver.start({**base, **order})

    def run(self, sequence: str, **order: Any) -> int:
        """Run a sequence to its end, however it ends; the exit code."""
        return self.driver.wait(self.start(sequence, **order))

    def must(self, sequence: str, **order: Any) -> None:
        """Run a sequence that has to end well."""
        code = self.run(sequence, **order)
        assert code == 0, f"{sequence} ended with {code}: {self.lines('error')}"

    def lines(self, name: str, run: int = 0) -> list[str]:
        """What the newest run, or the one of that number, left under that name."""
        path = self.folder / f"run-{run or self.runs}.{name}"
        return path.read_text().splitlines() if path.exists() else []

    def results(self, run: int = 0) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.lines("results", run)]

    def acknowledged(self) -> set[str]:
        """Every event that any run was told is durable."""
        return {line for run in range(1, self.runs + 1) for line in self.lines("acknowledged", run)}

    def rows(self, *families: str) -> Rows:
        """Every row of the families, by table."""
        engine = sqlite_engine(self.root / "casefile.db")
        try:
            with reading(engine) as connection:
                return {
                    name: sorted((tuple(row) for row in connection.execute(select(table))), key=repr)
                    for name, table in tables(*families).items()
                }
        finally:
            engine.dispose()

    def column(self, table: str, *names: str) -> list[Any]:
        """Those columns of a table; of one column its values."""
        engine = sqlite_engine(self.root / "casefile.db")
        try:
            with reading(engine) as connection:
                columns = [tables("log_", "view_", "work_")[table].c[name] for name in names]
                found = [tuple(row) for row in connection.execute(select(*columns))]
        finally:
            engine.dispose()
        return [row[0] for row in found] if len(names) == 1 else found

    def delete_database(self) -> None:
        """As somebody does who takes it for a cache."""
        for suffix in ("", "-wal", "-shm"):
            (self.root / f"casefile.db{suffix}").unlink(missing_ok=True)

    def declared_leads(self) -> set[str]:
        """Leads whose capture some run had promised to record when it died."""
        staging = Staging(self.root / "staging", self.root / "quarantine")
        runs = [Run(staging, path.name, -1) for path in staging.root.iterdir()]
        intents = [folder.intent() for run in runs for folder in run.captures()]
        return {str(intent.ticket["key"]) for intent in intents if intent is not None}

    def locators(self, *, of_items: bool = False) -> list[str]:
        """The locators of the leads that have a sealed capture, or of all items."""
        if of_items:
            return sorted(self.column("view_item", "locator"))
        leads = dict(self.column("view_lead", "id", "locator"))
        return sorted(leads[lead] for lead in self.column("view_capture", "lead"))

    def lead_locators(self, leads: set[str]) -> set[str]:
        return {locator for lead, locator in self.column("view_lead", "id", "locator") if lead in leads}

    def require_nothing_lost(self, told: set[str] | None = None) -> None:
        """Every acknowledged event is in the log's table and in the journal."""
        journal = LogFiles.at(self.root / "log", lambda _step: None).journal
        content = b"".join(record.content for record in journal.records())
        acknowledged = self.acknowledged() if told is None else told
        assert acknowledged <= set(self.column("log_entry", "event"))
        assert [event for event in acknowledged if event.encode() not in content] == []

    def require_sound(self) -> None:
        """Nothing is half way, and an audit finds nothing."""
        assert list((self.root / "staging").iterdir()) == []
        assert "started" not in self.column("view_attempt", "status"), "an attempt has no end"
        report = audit_workspace(self.root, self.environment)
        assert report.problems == (), str(report.problems)

    def require_rebuilt_equal(self) -> None:
        """Without the database a reindex makes every view table and every finished work what it was."""
        before, states = self.rows("view_"), self.finished()
        self.delete_database()
        reindex_workspace(self.root, self.environment)
        after = self.rows("view_")
        assert {name: rows for name, rows in after.items() if rows != before[name]} == {}
        assert self.finished() == states

    def finished(self) -> set[str]:
        """The leads that the ledger takes for done."""
        return {key for key, state in self.column("work_item", "key", "state") if state == "done"}


def await_stop(child: int) -> None:
    """Wait until a process is stopped."""
    deadline = time.monotonic() + LONGEST_S
    while not re.search(r"^State:\s+T", Path(f"/proc/{child}/status").read_text(), re.MULTILINE):
        assert time.monotonic() < deadline, "it did not stop"
        time.sleep(0.01)


def make_writable(folder: Path) -> None:
    """So that the test's folder can be removed."""
    for parent, names, _files in os.walk(folder):
        for name in names:
            path = Path(parent, name)
            if not path.is_symlink():
                path.chmod(0o755)


def counted(values: Sequence[str]) -> dict[str, int]:
    return {value: values.count(value) for value in set(values)}
