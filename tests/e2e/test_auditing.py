"""What an audit sees: every flipped byte, every changed row, every missing or extra file, each by its name."""

from __future__ import annotations

import os
import random
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import TypeVar

import pytest
from e2e.case import Case
from sites.hostile import HostileSite

from containment.worker import RECORDS_PREFIX, WORKBENCH_PREFIX
from pipelines.audit import AuditReport, audit_workspace
from pipelines.reindex import reindex_workspace
from pipelines.services import open_services

FAMILIES = ("log_", "view_")
T = TypeVar("T")


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A workspace in which something of everything was done."""
    folder = tmp_path_factory.mktemp("sound")
    with HostileSite() as site:
        case = Case(folder / "case", [site.address]).open()
        case.must("collect", site.url("/page"), site.url("/a/photo.png"), site.url("/reset"), code=1)
        (folder / "photo.png").write_bytes((folder / "case" / "casefile.toml").read_bytes())
        case.must("import", str(folder / "photo.png"), "--from-person", "Bora")
        case.must("note", "I-0001", "seen on the square")
        case.must("tag", "I-0001", "square")
    assert audit_workspace(case.root, {}).ok
    yield case.root
    make_writable(folder)


@pytest.fixture
def copy(sound: Path, tmp_path: Path) -> Iterator[Path]:
    """A copy of it to do harm to."""
    target = tmp_path / "case"
    shutil.copytree(sound, target, symlinks=True)
    yield target
    make_writable(target)


def make_writable(folder: Path) -> None:
    """So that pytest can remove it, also where root is nobody special."""
    for parent, _folders, _files in os.walk(folder):
        os.chmod(parent, 0o700)


def audit(root: Path) -> AuditReport:
    return audit_workspace(root, {})


def evidence(root: Path) -> list[Path]:
    """Every file that an audit answers for, relative to the workspace."""
    files = [path for folder in ("vault", "log") for path in (root / folder).rglob("*") if path.is_file()]
    return sorted(path.relative_to(root) for path in files if path.name != "lock")


def overwrite(path: Path, content: bytes) -> None:
    """Write as somebody would who has taken the machine over."""
    parent = path.parent
    mode = parent.stat().st_mode
    parent.chmod(0o700)
    kept = path.stat().st_mode
    path.chmod(0o600)
    path.write_bytes(content)
    path.chmod(kept)
    parent.chmod(mode)


@pytest.mark.campaign
@pytest.mark.parametrize("flips", [1, 3])
def test_flipped_bits_are_seen_in_every_file_of_the_evidence(sound: Path, copy: Path, flips: int) -> None:
    chosen = random.Random(20261125)
    for relative in evidence(sound):
        content = (sound / relative).read_bytes()
        for place in sorted(chosen.sample(range(len(content)), min(flips, len(content)))):
            changed = bytearray(content)
            changed[place] ^= 1 << chosen.randrange(8)
            overwrite(copy / relative, bytes(changed))
            report = audit(copy)
            assert not report.ok, f"byte {place} of {relative}"
            named = any(str(relative) in f"{one.path} {one.text}" for one in report.problems)
            in_log = relative.parts[0] == "log" and any("log" in one.path for one in report.problems)
            assert named or in_log, (relative, place, report.problems)
        overwrite(copy / relative, content)
    assert audit(copy).ok


@pytest.mark.parametrize("every", [3, pytest.param(1, marks=pytest.mark.campaign)])
def test_a_missing_file_is_named(sound: Path, copy: Path, every: int) -> None:
    for relative in evidence(sound)[::every]:
        parent = (copy / relative).parent
        mode = parent.stat().st_mode
        parent.chmod(0o700)
        (copy / relative).unlink()
        parent.chmod(mode)
        assert not audit(copy).ok, relative
        parent.chmod(0o700)
        shutil.copy2(sound / relative, copy / relative)
        parent.chmod(mode)
    assert audit(copy).ok


@pytest.mark.parametrize("folder", ["vault", "log", "log/journal", "log/private", "object"])
def test_an_extra_file_is_named(copy: Path, folder: str) -> None:
    place = next((copy / "vault").glob("*/*/urn*")) / "v1" / "content" if folder == "object" else copy / folder
    place.chmod(0o700)
    (place / "extra").write_bytes(b"put here")
    report = audit(copy)
    assert any(one.path.endswith("extra") for one in report.problems), report.problems


RUN, CAPTURE = "01920000-0000-7000-8000-0000000000aa", "01920000-0000-7000-8000-0000000000bb"
BESIDE = {
    "keys/evil.key": "P105",
    "keys/log-8.key": "P105",
    "keys/log-9.pub": "P106",
    "keys/identities/evil": "P105",
    f"keys/identities/{'0' * 32}.jar": "P106",
    "root-key/evil": "P105",
    "staging/evil": "P105",
    f"staging/{RUN}/evil": "P105",
    f"staging/{RUN}/outputs/evil": "P105",
    f"staging/{RUN}/sealing/evil.json": "P105",
    f"staging/{RUN}/sealing/{CAPTURE}.json": "P105",
    "quarantine/evil": "P105",
    f"quarantine/{RUN}/evil": "P105",
    f"quarantine/{RUN}/{CAPTURE}": "P106",
    "received/evil.zip": "P105",
    f"received/{CAPTURE}.zip": "P106",
}
"""What somebody puts beside the vault, and what an audit says of it."""


def test_whatever_lies_beside_the_vault_and_belongs_to_nothing_is_named(copy: Path) -> None:
    for name in BESIDE:
        (copy / name).parent.mkdir(parents=True, exist_ok=True)
        if name.endswith(CAPTURE):
            (copy / name).mkdir()
        else:
            (copy / name).write_bytes(b"put here")
    assert {one.path: one.code for one in audit(copy).problems} == BESIDE


def test_what_people_keep_in_the_workspaces_folder_is_said_and_nothing_wrong(copy: Path) -> None:
    (copy / "results.csv").write_bytes(b"a list")
    (copy / "sheet").mkdir()
    report = audit(copy)
    assert report.ok, report.problems
    assert any("no part of it" in one and "results.csv, sheet" in one for one in report.not_seen)


def test_what_a_living_run_makes_is_no_stray(copy: Path) -> None:
    with open_services(copy, {"CASEFILE_RESERVE__BYTES": "0", "CASEFILE_RESERVE__INODES": "0"}) as services:
        folder = services.run.capture_folder(CAPTURE)
        made = [services.run.outputs / f"{prefix}0" for prefix in (RECORDS_PREFIX, WORKBENCH_PREFIX)]
        for path in made:
            path.mkdir()
        (copy / ".casefile.toml.part").write_bytes(b"")
        (copy / "casefile.db.rebuilding").write_bytes(b"")
        assert (copy / "casefile.db-wal").exists()
        assert audit(copy).problems == ()
        for path in (*made, folder.worker, folder.path):
            path.rmdir()


def rows_of(root: Path) -> list[tuple[str, str, list[str]]]:
    """Every row of the tables that an audit compares: table, rowid, columns."""
    with sqlite3.connect(root / "casefile.db") as database:
        names = [
            name
            for (name,) in database.execute("select name from sqlite_master where type = 'table'")
            if name.startswith(FAMILIES)
        ]
        found = []
        for name in names:
            columns = [column[1] for column in database.execute(f"pragma table_info({name})")]
            found += [(name, rowid, columns) for (rowid,) in database.execute(f"select rowid from {name}")]
    database.close()
    return found


def contents(root: Path) -> dict[str, list[tuple[object, ...]]]:
    """Every view table, whole."""
    database = sqlite3.connect(root / "casefile.db")
    names = {table for table, _rowid, _columns in rows_of(root) if table.startswith("view_")}
    found = {name: sorted(database.execute(f"select * from {name}"), key=repr) for name in names}
    database.close()
    return found


def change(root: Path, statement: str, *values: object) -> None:
    database = sqlite3.connect(root / "casefile.db")
    with database:
        database.execute(statement, values)
    database.close()


def some(found: list[T], every: int) -> list[T]:
    """Each n-th, the first and the last always."""
    return found if every == 1 else [*found[::every], found[-1]]


EXTENTS = [13, pytest.param(1, marks=pytest.mark.campaign)]
"""Every thirteenth by default, every single one in a campaign."""


@pytest.mark.parametrize("every", EXTENTS)
def test_a_deleted_row_is_seen(sound: Path, copy: Path, every: int) -> None:
    for table, rowid, _columns in some(rows_of(sound), every):
        change(copy, f"delete from {table} where rowid = ?", rowid)
        report = audit(copy)
        assert not report.ok, (table, rowid)
        assert any(table in f"{one.path} {one.text}" for one in report.problems), (table, report.problems)
        shutil.copy2(sound / "casefile.db", copy / "casefile.db")


@pytest.mark.parametrize("every", EXTENTS)
def test_an_edited_cell_is_seen(sound: Path, copy: Path, every: int) -> None:
    cells = {(table, column): rowid for table, rowid, columns in rows_of(sound) for column in columns}
    for (table, column), rowid in some(list(cells.items()), every):
        forged = 999_999 if (table, column) == ("log_entry", "position") else "forged"
        change(copy, f"update {table} set {column} = ? where rowid = ?", forged, rowid)
        assert not audit(copy).ok, (table, column)
        shutil.copy2(sound / "casefile.db", copy / "casefile.db")


def test_an_added_row_is_seen_and_named(copy: Path) -> None:
    change(
        copy,
        "insert into view_remark (event, subject_kind, subject, text, added_at, added_by) values (?,?,?,?,?,?)",
        "0" * 36, "item", "x", "never said", "2026-01-01T00:00:00.000000Z", "nobody",
    )  # fmt: skip
    report = audit(copy)
    assert [one.code for one in report.problems] == ["P056"]
    assert "0" * 36 in report.problems[0].text


def test_a_trigger_that_was_planted_is_named(copy: Path) -> None:
    change(copy, "create trigger forgetful after insert on log_entry begin delete from view_remark; end")
    (found,) = audit(copy).problems
    assert (found.code, found.path) == ("P066", "forgetful")


def test_what_was_added_to_the_database_beside_its_tables_is_named(copy: Path) -> None:
    change(copy, "create table evil (a)")
    change(copy, "create table view_evil (a)")
    change(copy, "create index slow on view_remark (text)")
    change(copy, "create trigger quiet after insert on work_state begin delete from work_state; end")
    change(copy, "alter table view_item add column verdict")
    expected = {("P067", name) for name in ("evil", "view_evil", "slow", "quiet")} | {("P068", "view_item")}
    assert {(one.code, one.path) for one in audit(copy).problems} == expected


def test_events_in_another_order_are_seen(copy: Path) -> None:
    change(copy, "update log_entry set position = -1 where position = 3")
    change(copy, "update log_entry set position = 3 where position = 4")
    change(copy, "update log_entry set position = 4 where position = -1")
    assert not audit(copy).ok


def test_a_cut_journal_and_a_restored_database_are_seen(sound: Path, copy: Path) -> None:
    journal = copy / "log" / "journal" / "0000"
    content = journal.read_bytes()
    last = content.rfind(b"\x00\x00\x02", 0, len(content))
    journal.write_bytes(content[: last if last > 0 else len(content) - 300])
    assert any(one.code == "P050" for one in audit(copy).problems)
    journal.write_bytes(content)
    assert audit(sound).ok


@pytest.mark.parametrize("folder", ["journal", "private"])
def test_what_was_added_behind_the_last_event_is_named_and_left_as_it_is(copy: Path, folder: str) -> None:
    path = copy / "log" / folder / "0000"
    longer = path.read_bytes() + b"x"
    path.write_bytes(longer)
    for _time in range(2):
        found = {(one.code, one.path) for one in audit(copy).problems}
        assert ("P064", f"log/{folder}/0000") in found
        assert path.read_bytes() == longer


def test_a_database_of_an_earlier_version_is_brought_up_on_opening_and_not_by_an_audit(copy: Path) -> None:
    with closing(sqlite3.connect(copy / "casefile.db")) as database, database:
        database.execute("DROP TABLE view_tool_use")
        database.execute("UPDATE view_item SET title = 'forged'")
        database.execute("UPDATE work_state SET value = '1' WHERE name = 'view_version'")
    for _time in range(2):
        (found,) = [one for one in audit(copy).problems if one.code == "P060"]
        assert "another version" in found.text
    assert "forged" not in Case(copy).run("items").out
    assert audit(copy).ok


def test_without_its_database_a_workspace_is_found_wanting_and_is_rebuilt_the_same(sound: Path, copy: Path) -> None:
    del sound
    before = contents(copy)
    (copy / "casefile.db").unlink()
    assert any(one.code == "P055" for one in audit(copy).problems)
    reindex_workspace(copy, {})
    assert audit(copy).ok
    assert contents(copy) == before


def test_an_audit_says_what_it_cannot_see(copy: Path) -> None:
    assert any("outside" in one for one in audit(copy).not_seen)
