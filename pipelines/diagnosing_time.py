"""What `doctor` says of time authorities: who is configured, who has stamped the newest head, what to renew."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from casefile.clock import SystemClock
from casefile.errors import CasefileError, SettingsError, WorkspaceUnusable
from casefile.records.engine import open_engine, reading
from casefile.records.timestamps import TimestampRecord, list_timestamps
from casefile.settings import Settings, load_settings, merge_settings
from casefile.workspace import Workspace
from pipelines.services import require_database
from pipelines.stamping import read_authority
from pipelines.timestamps import ending, standings_towards
from preservation.checkpoints import newest
from preservation.notes import NoteMalformed


def diagnose_time(root: Path, environment: Mapping[str, str]) -> dict[str, Any]:
    """The authorities and how they stand, without asking them and without writing. `problem` is what keeps it."""
    workspace = Workspace(root.absolute())
    found: dict[str, Any] = {"authorities": [], "renew": [], "problem": ""}
    size, records = 0, list[TimestampRecord]()
    try:
        settings = load_settings(workspace.root, environment)
        size, records = _stamped(workspace, settings)
    except WorkspaceUnusable:
        settings = merge_settings({}, environment)
    try:
        for one in settings.time.authorities:
            read_authority(workspace.root, one)
    except SettingsError as error:
        found["problem"] = str(error)
    found["authorities"] = [one.plain() | {"line": one.line} for one in standings_towards(size, settings.time, records)]
    found["renew"] = [
        {"authority": one.body.authority, "size": one.body.size, "until": one.body.valid_until}
        for one in ending(records, SystemClock().read().wall)
    ]
    return found


def time_lines(found: Mapping[str, Any]) -> Iterator[str]:
    """The same for a person."""
    if found["problem"]:
        yield f"time: FAILS: {found['problem']}"
    if not found["authorities"]:
        yield "time: no authority is configured (time.authorities): times rest on this machine's clock alone"
    yield from (one["line"] for one in found["authorities"])
    for one in found["renew"]:
        yield (
            f"RENEW  the certificates of {one['authority']}'s time stamp over {one['size']} events end at "
            f"{one['until'][:10]}: `casefile checkpoint --renew`"
        )


def _stamped(workspace: Workspace, settings: Settings) -> tuple[int, list[TimestampRecord]]:
    """The size of the newest head, and what time authorities were asked; nothing where that cannot be read."""
    try:
        require_database(workspace, settings)
        engine = open_engine(settings.database.url, workspace.database)
        try:
            signed = newest(workspace.log)
            with reading(engine) as connection:
                return signed.head.size if signed else 0, list_timestamps(connection)
        finally:
            engine.dispose()
    except (CasefileError, NoteMalformed):
        # What is wrong with the log is what `audit` says.
        return 0, []
