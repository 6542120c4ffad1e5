"""Rebuilding the database from the log's files and the vault. Nothing is fetched, and no event of the log is changed.

What a writer that died left behind the last whole event is cut off, as by every command that opens a workspace: with
the database it belonged to, nothing can be made of it any more.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from casefile.clock import SystemClock
from casefile.errors import ContainmentMissing, WorkspaceUnusable
from casefile.events.append import Log
from casefile.events.catching_up import behind_the_head
from casefile.events.files import LogFiles
from casefile.events.lock import holding, last_mark
from casefile.events.replay import Replayed, rebuild
from casefile.ids import LogId
from casefile.records.engine import ALL_FAMILIES, Engine, drop_tables, open_engine, reading, sqlite_engine, writing
from casefile.settings import Settings, load_settings
from casefile.vocabulary import ContainmentLevel
from casefile.workspace import Workspace
from pipelines.custody import LOCK as CHECKPOINT_LOCK
from pipelines.features import feature_index, stills_waiting
from pipelines.indexing import index_everything
from pipelines.neighbours import pixels_waiting
from pipelines.pixels import compare_pixels, pixel_reader
from pipelines.removing import finish_removals, note_all_removals
from pipelines.services import open_services
from preservation.checkpoints import newest
from preservation.durable import Disk, unobserved
from preservation.notes import NoteMalformed
from preservation.tiles import NO_EVENTS, fold
from preservation.vault import Vault


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """How much the database holds again; `pixels_waiting` pairs could not be compared pixel by pixel here, and
    `stills_waiting` stills not by key points.

    `cut_bytes` of the log belonged to no whole event.
    """

    events: int
    items: int
    pixels_waiting: int = 0
    stills_waiting: int = 0
    cut_bytes: int = 0


def reindex_workspace(
    root: Path, environment: Mapping[str, str], level: ContainmentLevel = ContainmentLevel.FULL
) -> Rebuilt:
    """Rebuild the database of the workspace at `root`.

    A SQLite file is built beside the old one and renamed over it, so that a crash leaves the old one or the new one.
    Pictures that may be equal are decoded again after that, at `level`; where that cannot be had they wait for the
    next examination. Raises WorkspaceUnusable, or IntegrityError where the log's files cannot be replayed.
    """
    workspace = Workspace(root.absolute())
    settings = load_settings(workspace.root, environment)
    rebuilt = _rebuild_server(workspace, settings) if settings.database.url else _rebuild_file(workspace, settings)
    rebuilt = replace(rebuilt, cut_bytes=_cut_what_is_left(workspace, settings))
    refold(workspace)
    if not rebuilt.pixels_waiting and not rebuilt.stills_waiting:
        return rebuilt
    with open_services(workspace.root, environment) as services, suppress(ContainmentMissing):
        with pixel_reader(services, level) as reader:
            compare_pixels(services, reader)
        with feature_index(services, level) as features:
            features.catch_up()
    with open_services(workspace.root, environment) as services:
        return replace(
            rebuilt,
            pixels_waiting=pixels_waiting(services.engine),
            stills_waiting=stills_waiting(services.engine, settings.examine),
        )


def refold(workspace: Workspace) -> None:
    """Make the tiles of the newest head anew from the journal. Heads are evidence and stay as they are.

    Where head and journal do not belong together nothing is folded: an audit names that.
    """
    with holding(workspace.work / CHECKPOINT_LOCK):
        try:
            head = newest(workspace.log)
        except NoteMalformed:
            return
        files = LogFiles.at(workspace.log, unobserved)
        mark = last_mark(files.lock)
        if head is not None and mark is not None and head.head.size <= mark.size:
            fold(files, workspace.log, NO_EVENTS, head.head.size, Disk())


def _cut_what_is_left(workspace: Workspace, settings: Settings) -> int:
    """Bytes behind the last whole event, which are gone then."""
    engine = open_engine(settings.database.url, workspace.database)
    log_id = LogId(settings.investigation.id)
    try:
        with reading(engine) as connection:
            left = behind_the_head(connection, LogFiles.at(workspace.log, unobserved), log_id)
        log = Log(engine, workspace.log, log_id, SystemClock())
        log.recover()
        log.close()
    finally:
        engine.dispose()
    return sum(one.bytes for one in left)


def _rebuild_file(workspace: Workspace, settings: Settings) -> Rebuilt:
    fresh = workspace.fresh_database
    _remove_database(fresh)
    # The lock keeps every writer of the log away from the moment of the last record read to the renaming.
    with LogFiles.at(workspace.log, unobserved).locked():
        engine = sqlite_engine(fresh)
        try:
            rebuilt = _fill(workspace, settings, engine)
        finally:
            engine.dispose()
        _remove_database(workspace.database)
        disk = Disk()
        disk.sync_file(fresh)
        fresh.replace(workspace.database)
        disk.sync_directory(workspace.root)
    return rebuilt


def _rebuild_server(workspace: Workspace, settings: Settings) -> Rebuilt:
    engine = open_engine(settings.database.url, workspace.database)
    try:
        with writing(engine) as connection:
            drop_tables(connection, *ALL_FAMILIES)
        return _fill(workspace, settings, engine)
    finally:
        engine.dispose()


def _fill(workspace: Workspace, settings: Settings, engine: Engine) -> Rebuilt:
    replayed: Replayed = rebuild(workspace.log, engine)
    log, vault = LogId(settings.investigation.id), Vault(workspace.vault)
    # Before the vault is read: it may still hold what was erased.
    note_all_removals(engine)
    finish_removals(workspace, engine, vault, Disk())
    items = index_everything(workspace, engine, log, vault, settings.examine)
    waiting = pixels_waiting(engine), stills_waiting(engine, settings.examine)
    return Rebuilt(replayed.events, items, *waiting)


def _remove_database(path: Path) -> None:
    """Remove a SQLite file with what belongs to it."""
    for suffix in ("", "-wal", "-shm", "-journal"):
        try:
            path.with_name(path.name + suffix).unlink(missing_ok=True)
        except OSError as error:
            raise WorkspaceUnusable(path.name, error.strerror or str(error)) from error
