"""Databases of another version: migrated, or left as they were; views rebuilt from the log."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, event, inspect, text, update

from casefile.errors import WorkspaceUnusable
from casefile.events.envelope import Subject
from casefile.events.port import draft
from casefile.events.types import Words
from casefile.records.edges import MATCHED, matched_position, note_matched
from casefile.records.engine import ALL_FAMILIES, create_tables, drop_tables, reading, table, writing
from casefile.records.features import COMPARED
from casefile.records.full_text import INDEX, is_indexed
from casefile.records.indexing import catch_up
from casefile.records.migrating import MIGRATIONS, ensure_current, upgrade_database
from casefile.records.search import search_text
from casefile.records.versions import DATABASE_VERSION, VIEWS, database_version, views_are_current

from .children import Tell, fork
from .conftest import Places
from .places import LOG, Place, assert_equals_replay, rows_of


def shape(engine: Engine) -> dict[str, Any]:
    """Every table of ours as the database describes it."""
    found = inspect(engine)
    return {
        name: {
            "columns": {
                one["name"]: (str(one["type"]), one["nullable"], str(one["default"] or ""), one.get("autoincrement"))
                for one in found.get_columns(name)
            },
            "key": found.get_pk_constraint(name)["constrained_columns"],
            "unique": sorted(one["column_names"] for one in found.get_unique_constraints(name)),
            "indexes": sorted((one["name"], one["column_names"]) for one in found.get_indexes(name)),
        }
        for name in found.get_table_names()
        if not name.startswith(f"{INDEX}_")
    }


def test_migrations_make_what_the_models_describe(new_place: Places) -> None:
    migrated, created = new_place(blank=True), new_place(blank=True)
    upgrade_database(migrated.engine)
    with writing(created.engine) as connection:
        create_tables(connection, "log_", "work_")
    assert shape(migrated.engine) == shape(created.engine)
    with reading(migrated.engine) as one, reading(created.engine) as other:
        assert is_indexed(one) == is_indexed(other)
        assert database_version(one) == DATABASE_VERSION
    upgrade_database(migrated.engine)


def test_the_newest_migration_is_the_version_that_is_asked_for() -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    assert ScriptDirectory.from_config(config).get_heads() == [DATABASE_VERSION]


def test_a_new_database_is_current_and_so_is_a_rebuilt_one(place: Place) -> None:
    assert not ensure_current(place.engine, LOG)
    place.lose_database()
    assert not ensure_current(place.engine, LOG)


def test_a_current_database_is_opened_without_alembic(sqlite_place: Place) -> None:
    sqlite_place.stop()
    program = (
        "import sys; from pathlib import Path; from casefile.records.engine import sqlite_engine;"
        "from casefile.records.migrating import ensure_current;"
        f"assert not ensure_current(sqlite_engine(Path({str(sqlite_place.database)!r})), {str(LOG)!r});"
        "assert 'alembic' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


def spoil_views(place: Place) -> None:
    with writing(place.engine) as connection:
        state = table("work_state")
        connection.execute(update(state).where(state.c.name == VIEWS).values(value="0"))
        connection.execute(text("DROP TABLE view_remark"))
        connection.execute(text("UPDATE view_investigation SET title = 'old'"))


def remark(words: str) -> Any:
    return draft("remark.added", Subject(kind="lead", id="l"), personal=Words(text=words))


def test_views_of_another_version_are_rebuilt_from_the_log(place: Place) -> None:
    place.append(*(remark(f"remark {number}") for number in range(600)))
    before = rows_of(place.engine)
    spoil_views(place)
    assert ensure_current(place.engine, LOG)
    assert rows_of(place.engine) == before
    assert not ensure_current(place.engine, LOG)
    place.append(remark("more"))
    assert_equals_replay(place)


def test_a_database_of_a_newer_program_is_left_alone(place: Place) -> None:
    with writing(place.engine) as connection:
        connection.execute(update(table("work_migration")).values(version_num="9999"))
    before = rows_of(place.engine)
    with pytest.raises(WorkspaceUnusable):
        ensure_current(place.engine, LOG)
    assert rows_of(place.engine) == before


def test_a_migrated_database_works(new_place: Places) -> None:
    """The log's rows are carried over from a database that the models made to one that the migrations made."""
    place = new_place().create()
    place.append(remark("found again"))
    place.log.close()
    rows = rows_of(place.engine)
    with writing(place.engine) as connection:
        drop_tables(connection, *ALL_FAMILIES)
    upgrade_database(place.engine)
    with writing(place.engine) as connection:
        for name in ("log_entry", "log_part", "log_head"):
            connection.execute(
                table(name).insert(), [dict(zip(table(name).c.keys(), row, strict=True)) for row in rows[name]]
            )
    assert ensure_current(place.engine, LOG)
    assert rows_of(place.engine) == rows
    catch_up(place.engine, LOG)
    with reading(place.engine) as connection:
        assert [hit.snippet for hit in search_text(connection, "again", 5)] == ["found again"]
    place.open()
    place.append(remark("more"))
    assert_equals_replay(place)


def killed_at(place: Place, number: int, act: Callable[[Place], object]) -> None:
    """Do it in a child that is killed before its n-th statement that changes the schema."""

    def body(fresh: Place, _tell: Tell) -> None:
        left = [number]

        def kill(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
            if statement.lstrip().startswith(("CREATE", "DROP", "DO")):
                left[0] -= 1
                if left[0] < 0:
                    os.kill(os.getpid(), signal.SIGKILL)

        event.listen(fresh.engine, "before_cursor_execute", kill)
        act(fresh)

    assert fork(place, body).end()[0] == -signal.SIGKILL


@pytest.mark.parametrize("number", [0, 4, 15])
def test_a_migration_that_is_killed_leaves_nothing_of_itself(new_place: Places, number: int) -> None:
    place = new_place(blank=True)
    killed_at(place, number, lambda fresh: upgrade_database(fresh.engine))
    assert shape(place.engine) == {}
    upgrade_database(place.engine)
    with reading(place.engine) as connection:
        assert database_version(connection) == DATABASE_VERSION


@pytest.mark.parametrize("number", [0, 9, 25])
def test_a_rebuilding_of_views_that_is_killed_leaves_them_as_they_were(place: Place, number: int) -> None:
    place.append(remark("kept"))
    before = rows_of(place.engine)
    spoil_views(place)
    spoiled = shape(place.engine)
    killed_at(place, number, lambda fresh: ensure_current(fresh.engine, LOG))
    assert shape(place.engine) == spoiled
    with reading(place.engine) as connection:
        assert not views_are_current(connection)
    assert ensure_current(place.engine, LOG)
    assert rows_of(place.engine) == before


def test_videos_from_before_are_compared_anew_after_a_migration(new_place: Places) -> None:
    place = new_place(blank=True)
    upgrade_database(place.engine)
    with writing(place.engine) as connection:
        connection.execute(update(table("work_migration")).values(version_num="0004"))
        for name in (MATCHED, COMPARED):
            note_matched(connection, 40, name)
    upgrade_database(place.engine)
    with reading(place.engine) as connection:
        assert [matched_position(connection, name) for name in (MATCHED, COMPARED)] == [-1, -1]
