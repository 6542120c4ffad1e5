"""Backup and restore: a second copy of what is evidence, checked byte by byte, and the drill that proves it useful.

The database is not copied: a restore rebuilds it, which is the proof that vault and log are enough. Files of the vault
never change, so one that the backup has already, with the same length, is not copied again; every byte is read back.
What was erased since leaves the backup as well.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from casefile.digests import digest_file
from casefile.errors import DigestMismatch, FolderInUse, StorageFailed, UsageError
from casefile.events.envelope import EventOutcome
from casefile.events.files import LogFiles
from casefile.events.port import draft
from casefile.events.types import CustodyChanged
from casefile.records.engine import reading
from casefile.settings import FILE_NAME
from casefile.workspace import ROOTS, Workspace
from pipelines.audit import AuditReport, audit_workspace
from pipelines.recovering import recover_workspace
from pipelines.reindex import reindex_workspace
from pipelines.removing import forget_in_copy
from pipelines.services import Services
from preservation.durable import READ_ONLY_DIRECTORY, Disk, unobserved
from preservation.jars import Jars
from preservation.vault import Vault

NEVER_CHANGING = ("keys", "quarantine", "received", "vault")
COPIED = ("log", ROOTS, *NEVER_CHANGING)
"""The log first: an object that is sealed meanwhile is then in the vault's copy without being in the log's, and not
the other way about. Its intent, which recovery would need, is a matter of the next backup."""


@dataclass(frozen=True, slots=True)
class Copied:
    """What a backup wrote: files and bytes that were not there before; and how many identities' jars it now holds."""

    target: Path
    files: int
    bytes: int
    jars: int = 0


def back_up(services: Services, target: Path) -> Copied:
    """Copy the workspace to `target` and compare every byte; raises DigestMismatch when the copy differs.

    What dead runs left is resolved first. The log is copied before the vault, so that every object that the copied
    log names is in the copied vault.
    """
    source = services.workspace
    target = target.absolute()
    if target == source.root or source.root in target.parents or target in source.root.parents:
        raise UsageError("a backup belongs outside the workspace, on another disk")
    recover_workspace(services)
    disk = Disk()
    disk.make_directories(target)
    disk.restrict(target, 0o700)
    with LogFiles.at(source.log, unobserved).locked():
        pairs = list(_pairs(source.root, target, ("log",)))
        written = [_copy(disk, one, other) for one, other in pairs if other.name != "lock"]
    with reading(services.engine) as connection:
        forget_in_copy(connection, target, disk)
    for one, other in _pairs(source.root, target, NEVER_CHANGING):
        if not (other.is_file() and other.stat().st_size == one.stat().st_size):
            written.append(_copy(disk, one, other))
    _forget_jars(source.keys, target / "keys", disk)
    files, size = len(written), sum(written)
    for one, other in _pairs(source.root, target, (ROOTS,)):
        disk.make_directories(other.parent)
        disk.replace(other, one.read_bytes(), 0o600)
    disk.replace(target / FILE_NAME, source.settings.read_bytes(), 0o600)
    _compare(source.root, target)
    services.append(
        draft(
            "custody.changed",
            body=CustodyChanged(act="backup", detail=f"{files} files, {size} bytes, compared"),
            outcome=EventOutcome(status="done"),
        )
    )
    return Copied(target, files, size, len(Jars(target / "keys", disk).paths()))


def restore_workspace(source: Path, directory: Path, environment: Mapping[str, str]) -> AuditReport:
    """Make a workspace of a backup in a new folder, rebuild its database and audit the whole.

    Raises UsageError when `source` is no backup, FolderInUse when there is something in `directory`.
    """
    source, directory = source.absolute(), directory.absolute()
    if not (source / FILE_NAME).is_file():
        raise UsageError(f"{source} is no backup of a workspace; `casefile backup TO` makes one")
    if directory.exists() and (not directory.is_dir() or any(directory.iterdir())):
        raise FolderInUse(str(directory))
    workspace = Workspace(directory)
    disk = Disk()
    disk.make_directories(directory)
    disk.restrict(directory, 0o700)
    for folder in (workspace.staging, workspace.quarantine, workspace.work):
        disk.make_directories(folder)
    for one, other in _pairs(source, directory, COPIED):
        _copy(disk, one, other)
    _compare(source, directory)
    _close_objects(workspace, disk)
    disk.replace(workspace.settings, (source / FILE_NAME).read_bytes(), 0o600)
    reindex_workspace(directory, environment)
    return audit_workspace(directory, environment)


def _forget_jars(source: Path, target: Path, disk: Disk) -> None:
    """Discard the jars in the copy that the workspace has discarded since."""
    kept = {path.name for path in Jars(source, disk).paths()}
    for path in Jars(target, disk).paths():
        if path.name not in kept:
            disk.remove_file(path)


def _pairs(source: Path, target: Path, folders: tuple[str, ...]) -> Iterator[tuple[Path, Path]]:
    """Every regular file below these folders, with its place in the copy. Links are no part of a workspace."""
    for folder in folders:
        for parent, _names, files in os.walk(source / folder):
            for name in sorted(files):
                path = Path(parent, name)
                if path.is_file() and not path.is_symlink():
                    yield path, target / path.relative_to(source)


def _copy(disk: Disk, source: Path, target: Path) -> int:
    """Copy one file durably, with its permissions and those of its folders; its length in bytes."""
    disk.make_directories(target.parent)
    part = target.with_name(f".{target.name}.part")
    try:
        part.unlink(missing_ok=True)
        shutil.copyfile(source, part, follow_symlinks=False)
        shutil.copymode(source, part, follow_symlinks=False)
        disk.sync_file(part)
        part.replace(target)
        disk.sync_directory(target.parent)
        return target.stat().st_size
    except OSError as error:
        raise StorageFailed("copy", str(target), error.strerror or str(error)) from error


def _close_objects(workspace: Workspace, disk: Disk) -> None:
    """Take the write permission from the folders of every object, the innermost first, as sealing does."""
    for place in Vault(workspace.vault, disk).walk():
        for parent, _folders, _files in os.walk(place, topdown=False):
            disk.restrict(Path(parent), READ_ONLY_DIRECTORY)


def _compare(source: Path, target: Path) -> None:
    """Read both sides of the vault again; raises DigestMismatch naming the file that differs."""
    for one, other in _pairs(source, target, ("vault",)):
        expected, found = digest_file(one), digest_file(other)
        if expected != found:
            raise DigestMismatch(str(other), "sha512", expected.sha512, found.sha512)
