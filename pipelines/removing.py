"""Taking away what was erased, wherever this workspace still holds it outside of its tables and its log.

What was decided is in the log. This follows from the log alone, so that it can be stopped anywhere and done again, also
after the database was lost: objects of the vault are rebuilt without what was erased; what was left of attempts, and
what was made for looking, goes; the database file is written anew.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from pathlib import Path

from casefile.digests import Digest, hex_of
from casefile.errors import RecordUnreadable
from casefile.events.envelope import PartName
from casefile.events.types import Erased, payload
from casefile.events.types_of_custody import CaptureKept
from casefile.events.upcasting import upcast
from casefile.records.engine import Connection, Engine, reading, writing
from casefile.records.erasures import rewrite_database
from casefile.records.reading import read_event
from casefile.records.tombstones import (
    captures_of_erased_leads,
    kept_digests,
    list_tombstones,
    note_removals,
    pending_removals,
    settle_removals,
)
from casefile.workspace import Workspace
from preservation.durable import Disk, is_there
from preservation.inventory import VersionNote
from preservation.layout import object_id
from preservation.rebuilding import Rebuilt, inventory_at, replace_erased
from preservation.vault import Vault
from verification.technical.index_lock import forget as forget_index

SCRATCH = re.compile(r"(?:tmp|.+-)[a-z0-9_]{8}(?:[0-9a-f]{8})?")
"""What processes make below `work/` for themselves, by a random name, and leave there when they die."""


def finish_removals(workspace: Workspace, engine: Engine, vault: Vault, disk: Disk) -> int:
    """Take away what erasures that were decided have left; the number of captures concerned.

    Raises WorkspaceBusy while another process reads the database, StorageFailed where the disk refuses; what is left
    then stays noted, and the next command goes on with it.
    """
    with reading(engine) as connection:
        pending = pending_removals(connection)
        if not pending:
            return 0
        objects = [kept for capture in pending if (kept := kept_of(connection, capture)) is not None]
        left = list(left_behind(connection, workspace))
    forget_index(workspace.fingerprints)
    for kept in objects:
        replace_erased(rebuilt_of(kept), vault, workspace.rebuilding, disk)
        disk.reached("object without it")
    for path in [*left, *_scratch(workspace)]:
        if path.is_dir() and not path.is_symlink():
            disk.remove_tree(path)
        elif is_there(path):
            disk.remove_file(path)
            disk.sync_directory(path.parent)
    disk.reached("nothing left")
    rewrite_database(engine)
    disk.reached("database rewritten")
    with writing(engine) as connection:
        settle_removals(connection, pending)
    return len(pending)


def note_all_removals(engine: Engine) -> None:
    """Note every erased capture: a database that was rebuilt cannot know how far its removal had come."""
    with writing(engine) as connection:
        note_removals(connection, {one.capture for one in list_tombstones(connection)})


def forget_in_copy(connection: Connection, copy: Path, disk: Disk) -> None:
    """Take out of a copy of the workspace what was erased since: whole objects, which are then copied anew.

    Nothing else that the copy has and the workspace lacks is touched: it may be the only one that is whole.
    """
    tombstones = list_tombstones(connection)
    for capture in dict.fromkeys(one.capture for one in tombstones):
        kept, place = kept_of(connection, capture), Vault(copy / "vault").object_path(object_id(capture))
        if kept is not None and is_there(place) and inventory_at(place) != kept.inventory:
            disk.remove_tree(place)
    gone = {one.capture for one in tombstones} | captures_of_erased_leads(connection)
    for path in list(_of_captures(copy / "quarantine", gone)):
        disk.remove_tree(path)


def left_behind(connection: Connection, workspace: Workspace) -> Iterator[Path]:
    """What of erased items lies beside the vault: quarantined attempts, damaged copies, pictures made for looking."""
    tombstones = list_tombstones(connection)
    if not tombstones:
        return
    gone = {one.capture for one in tombstones} | captures_of_erased_leads(connection)
    yield from _of_captures(workspace.quarantine, gone)
    kept = {hex_of(Digest(one)) for one in kept_digests(connection)}
    for path in sorted(workspace.previews.rglob("*.jpg")):
        if path.stem not in kept:
            yield path


def kept_of(connection: Connection, capture: str) -> CaptureKept | None:
    """What is left of a capture of which something was erased: what its newest tombstone says; None without one."""
    tombstones = [one for one in list_tombstones(connection) if one.capture == capture]
    if not tombstones:
        return None
    kept = payload(upcast(read_event(connection, tombstones[-1].event).event), PartName.PERSONAL, CaptureKept)
    if isinstance(kept, Erased):
        raise RecordUnreadable(f"event {tombstones[-1].event}", "does not say what was kept of the capture")
    return kept


def rebuilt_of(kept: CaptureKept) -> Rebuilt:
    """The object that a tombstone speaks of; its note says that it was rebuilt, and by no name."""
    collector = kept.record.circumstances.collector
    return Rebuilt(
        kept.record,
        VersionNote(
            created=kept.rebuilt_at,
            message="Rebuilt without what was erased; the log says when, by whom and on what basis",
            user_name=collector,
            user_address=f"urn:uuid:{collector}",
        ),
    )


def _of_captures(quarantine: Path, captures: Collection[str]) -> Iterator[Path]:
    """Folders of these captures in quarantine. A second one of a capture has a number behind its name."""
    for run in sorted(quarantine.iterdir()) if quarantine.is_dir() else ():
        for folder in sorted(run.iterdir()) if run.is_dir() else ():
            if any(folder.name == one or folder.name.startswith(f"{one}-") for one in captures):
                yield folder


def _scratch(workspace: Workspace) -> Iterator[Path]:
    for path in sorted(workspace.work.iterdir()) if workspace.work.is_dir() else ():
        if SCRATCH.fullmatch(path.name):
            yield path
