"""A database that is gone, or older than the journal: no command builds upon it, and `reindex` mends it."""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Sequence

import pytest
from sites.hostile import HostileSite

from cli.main import main

from .workspaces import Place

INTEGRITY = 5
COMMANDS = (
    ("items",),
    ("attempts",),
    ("search", "words"),
    ("note", "I-0001", "later words"),
    ("tag", "I-0001", "later"),
    ("person", "list"),
    ("monitor", "list"),
    ("duplicates",),
    ("collect", "gopher://nowhere/"),
    ("audit",),
)


def run(place: Place, command: Sequence[str]) -> int:
    """One command line in this process; its exit code."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("CASEFILE_")}
    return main(["--workspace", str(place.root), *command], {**kept, **place.environment})


@pytest.fixture
def noted(place: Place, site: HostileSite) -> Place:
    """A workspace with an item and a remark."""
    place.must("collect", locators=[site.url("/plain?noted")], level="weak")
    assert run(place, ("note", "I-0001", "first words")) == 0
    return place


def every_command_refuses(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    journal = {path: path.read_bytes() for path in (place.root / "log").rglob("0*")}
    for command in COMMANDS:
        capsys.readouterr()
        assert run(place, command) == INTEGRITY, command
        said = capsys.readouterr()
        # An audit lists what it found, and gives no advice but to keep everything.
        assert "reindex" in said.err or command == ("audit",), command
    assert {path: path.read_bytes() for path in (place.root / "log").rglob("0*")} == journal


def test_without_a_database_every_command_says_what_to_do(
    noted: Place, capsys: pytest.CaptureFixture[str], site: HostileSite
) -> None:
    before, asked = noted.rows("view_"), site.paths()
    noted.delete_database()
    every_command_refuses(noted, capsys)
    assert not (noted.root / "casefile.db").exists()
    assert run(noted, ("reindex",)) == 0
    assert noted.rows("view_") == before
    assert site.paths() == asked
    assert run(noted, ("audit",)) == 0


@pytest.mark.parametrize("torn", [False, True])
def test_what_a_writer_that_died_left_is_no_finding_once_the_database_is_rebuilt(
    noted: Place, capsys: pytest.CaptureFixture[str], torn: bool
) -> None:
    """Killed between the parts of an event and its journal record, and then the database is lost too."""
    before, log = noted.rows("view_"), noted.root / "log"
    shutil.copytree(log, noted.folder / "log")
    (segment,) = (log / "private").iterdir()
    whole = segment.stat().st_size
    assert run(noted, ("note", "I-0001", "never acknowledged")) == 0
    content = segment.read_bytes()
    noted.delete_database()
    shutil.rmtree(log)
    shutil.copytree(noted.folder / "log", log)
    segment.write_bytes(content[: whole + 10] if torn else content)
    capsys.readouterr()
    assert run(noted, ("reindex",)) == 0
    assert "bytes behind the last whole event" in capsys.readouterr().err
    assert segment.stat().st_size == whole
    assert noted.rows("view_") == before
    assert run(noted, ("audit",)) == 0


def test_an_older_database_is_not_built_upon(noted: Place, capsys: pytest.CaptureFixture[str]) -> None:
    older = noted.folder / "older.db"
    shutil.copyfile(noted.root / "casefile.db", older)
    assert run(noted, ("note", "I-0001", "second words")) == 0
    before = noted.rows("view_")
    noted.delete_database()
    shutil.copyfile(older, noted.root / "casefile.db")
    every_command_refuses(noted, capsys)
    assert run(noted, ("reindex",)) == 0
    assert noted.rows("view_") == before
    assert run(noted, ("search", "second")) == 0
    assert "I-0001" in capsys.readouterr().out
    assert run(noted, ("audit",)) == 0


@pytest.mark.parametrize(
    "forgery",
    [
        "update log_part set content = x'00' where length(content) > 20",
        "update log_part set content = 'words' where length(content) > 20",
        "update log_part set content = null, salt = null, erased_by = event",
        "delete from log_part",
        "update log_entry set envelope = 999999999999",
        "update log_entry set envelope = 'words'",
    ],
)
def test_a_forged_database_takes_nothing_from_the_log(
    noted: Place, capsys: pytest.CaptureFixture[str], forgery: str
) -> None:
    """Whatever the database says, the log's files are the record: neither an opening nor an audit cuts them."""
    kept = {path: path.read_bytes() for path in (noted.root / "log").rglob("0*")}
    before = noted.rows("view_")
    database = sqlite3.connect(noted.root / "casefile.db")
    with database:
        database.execute(forgery)
    database.close()
    for command in (("audit",), ("note", "I-0001", "more"), ("audit",)):
        assert run(noted, command) == INTEGRITY
        assert {path: path.read_bytes() for path in (noted.root / "log").rglob("0*")} == kept
    assert "log_" in capsys.readouterr().out
    assert run(noted, ("reindex",)) == 0
    assert noted.rows("view_") == before
    assert run(noted, ("audit",)) == 0
