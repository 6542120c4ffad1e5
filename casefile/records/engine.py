"""Opening the database: SQLite in the workspace, or PostgreSQL by its address; and transactions on both."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any

from sqlalchemy import Connection as Connection
from sqlalchemy import Dialect, Index, Table, create_engine, event
from sqlalchemy import Engine as Engine
from sqlalchemy.dialects import sqlite
from sqlalchemy.exc import DBAPIError
from sqlalchemy.schema import CreateIndex, CreateTable
from sqlmodel import SQLModel

from casefile.errors import (
    CasefileError,
    RecordUnreadable,
    SpaceExhausted,
    StorageFailed,
    WorkspaceBusy,
    WorkspaceUnusable,
)
from casefile.records import (  # noqa: F401  (tables register themselves)
    full_text,
    log,
    view,
    view_archives,
    view_planning,
    view_posts,
    view_verification,
    work,
)
from casefile.records.dialect import COMPILED, DRIVER
from casefile.records.row import BY_HASH

BUSY_TIMEOUT_MS = 10_000
IMMEDIATE = "casefile_immediate"
WHOLE = "casefile_whole"
"""The option of an engine all of whose work is within one transaction: the connection that has it open."""
DISK_FULL = "53100"
"""PostgreSQL, Appendix A: disk_full."""


def tables(*families: str) -> dict[str, Table]:
    """The tables of the named families (`log_`, `view_`, `work_`), by name, in a fixed order."""
    return {name: table for name, table in sorted(SQLModel.metadata.tables.items()) if name.startswith(tuple(families))}


def table(name: str) -> Table:
    """One table by its name."""
    return SQLModel.metadata.tables[name]


def insert_absent(connection: Connection, into: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows; those whose key is there already stay as they are. Both databases say it in their own words."""
    if connection.dialect.name == "postgresql":
        from sqlalchemy.dialects import postgresql

        connection.execute(postgresql.insert(into).on_conflict_do_nothing(), rows)
    else:
        connection.execute(sqlite.insert(into).on_conflict_do_nothing(), rows)


ALL_FAMILIES = ("log_", "view_", "work_")


def sqlite_engine(path: Path | None) -> Engine:
    """An engine on a SQLite file, or in memory for None. Every commit is durable (`synchronous=FULL`)."""
    address = f"{DRIVER}:///{path}" if path else f"{DRIVER}://"
    engine = create_engine(address, execution_options={"compiled_cache": COMPILED})

    @event.listens_for(engine, "connect")
    def _prepare(connection: sqlite3.Connection, _record: Any) -> None:
        # Transactions are begun by the listener below; the driver must not begin its own.
        connection.isolation_level = None
        cursor = connection.cursor()
        for pragma in (
            f"busy_timeout={BUSY_TIMEOUT_MS}",
            "journal_mode=WAL",
            "synchronous=FULL",
            "foreign_keys=ON",
            "secure_delete=ON",
            # What SQLite would otherwise put into files of its own in the system's temporary folder.
            "temp_store=MEMORY",
        ):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        immediate = connection.get_execution_options().get(IMMEDIATE, False)
        cursor = connection.connection.cursor()
        cursor.execute("BEGIN IMMEDIATE" if immediate else "BEGIN")
        cursor.close()

    return engine


def open_engine(url: str, path: Path) -> Engine:
    """The engine of a workspace: PostgreSQL when `url` names one, else the SQLite file at `path`."""
    if not url:
        return sqlite_engine(path)
    if not url.startswith(("postgresql://", "postgresql+psycopg://")):
        raise WorkspaceUnusable("database.url", "only postgresql:// addresses are supported")
    waiting = {} if "options=" in url else {"options": f"-c lock_timeout={BUSY_TIMEOUT_MS}"}
    return create_engine(url.replace("postgresql://", "postgresql+psycopg://", 1), connect_args=waiting)


def create_tables(connection: Connection, *families: str) -> None:
    """Create the tables of these families where they are missing."""
    for definition in _definitions(connection.dialect, families):
        connection.exec_driver_sql(definition)
    if "work_text" in tables(*families):
        full_text.create_index(connection)


@lru_cache(16)
def _definitions(dialect: Dialect, families: tuple[str, ...]) -> tuple[str, ...]:
    """Tables, each with its indexes, as this database has them defined."""
    named = tables(*families)
    found: list[CreateTable | CreateIndex] = []
    for one in SQLModel.metadata.sorted_tables:
        if one.name in named:
            found.append(CreateTable(one, if_not_exists=True))
            found += (_creating(index, dialect) for index in sorted(one.indexes, key=_name_of))
    return tuple(str(definition.compile(dialect=dialect)) for definition in found)


def _creating(index: Index, dialect: Dialect) -> CreateIndex:
    if BY_HASH in index.info and dialect.name == "postgresql":
        index.dialect_options["postgresql"]["using"] = "hash"
    return CreateIndex(index, if_not_exists=True)


def _name_of(index: Index) -> str:
    return str(index.name)


def drop_tables(connection: Connection, *families: str) -> None:
    """Drop the tables of these families."""
    SQLModel.metadata.drop_all(connection, tables=list(tables(*families).values()))


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """A transaction that reads one state of the database, whatever others commit meanwhile.

    With an engine of `inside`, the state that its transaction has come to.
    """
    whole = _open_in(engine)
    if whole is not None:
        yield whole
        return
    with _translated(engine), engine.connect() as connection:
        if engine.dialect.name == "postgresql":
            # By default each statement would see another state.
            connection.execution_options(isolation_level="REPEATABLE READ")
        with connection.begin():
            yield connection


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """A transaction that holds the write lock from its first moment; commits at the end, rolls back on an error.

    With an engine of `inside`, a part of its transaction, which alone is rolled back where its error is caught.
    Raises WorkspaceBusy when another process holds the lock for longer than the busy timeout.
    """
    whole = _open_in(engine)
    if whole is not None:
        with whole.begin_nested():
            yield whole
        return
    with _translated(engine), engine.connect().execution_options(**{IMMEDIATE: True}) as connection, connection.begin():
        yield connection


@contextmanager
def inside(engine: Engine) -> Iterator[Engine]:
    """A transaction as `writing` opens it, as an engine: what reads and writes by that one does so within it."""
    with writing(engine) as connection:
        yield engine.execution_options(**{WHOLE: connection})


def _open_in(engine: Engine) -> Connection | None:
    whole: Connection | None = engine.get_execution_options().get(WHOLE)
    return whole


@contextmanager
def _translated(engine: Engine) -> Iterator[None]:
    """Errors of the database within, SQLAlchemy's and the driver's own, as ours."""
    driver = engine.dialect.loaded_dbapi
    try:
        yield
    except DBAPIError as error:
        raise _as_ours(engine, error.orig) from error
    except driver.Error as error:
        raise _as_ours(engine, error) from error


def _as_ours(engine: Engine, error: BaseException | None) -> CasefileError:
    name, said = Path(engine.url.database or "database").name, str(error)
    if not isinstance(error, engine.dialect.loaded_dbapi.OperationalError):
        return RecordUnreadable(name, said)
    if any(words in said for words in ("locked", "busy", "lock timeout")):
        return WorkspaceBusy(name, "another process is writing to it")
    # The low byte is the primary result code (sqlite3_extended_errcode); PostgreSQL gives an SQLSTATE.
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code == sqlite3.SQLITE_FULL or getattr(error, "sqlstate", "") == DISK_FULL:
        return SpaceExhausted("bytes", 0, 1)
    if code == sqlite3.SQLITE_IOERR:
        return StorageFailed("transaction", name, said)
    return WorkspaceUnusable(name, said)
