"""Staging and quarantine: where captures are before they are sealed, and where those go that never will be.

    staging/<run>/outputs/<capture>/     what the worker may write: the only part that containment shows to it
    staging/<run>/captures/<capture>/    ours: the object while it is built
    staging/<run>/sealing/<capture>.json the intent to record an object that is built
    quarantine/<run>/<capture>/          set aside, with a note; nothing is deleted

A run holds a lock on its folder for as long as its process lives, so a folder whose lock is free belongs to a dead run.
The folder's own inode is the lock; the lock on `staging/` keeps a run from being taken for dead while it is opened.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from types import TracebackType
from typing import Self

from casefile.canonical import Json, NotCanonical, canonical_json, parse_canonical
from casefile.digests import Digest
from casefile.errors import RecordUnreadable, SpaceExhausted, StorageFailed, WorkspaceBusy, WorkspaceUnusable
from preservation.durable import WRITABLE_DIRECTORY, Disk, is_there, opened, storage_errors

OUTPUTS = "outputs"
CAPTURES = "captures"
INTENTS = "sealing"
INTENT = "sealing.json"
PARTS = (OUTPUTS, CAPTURES, INTENTS)
NOTE = "set-aside.json"


@dataclass(frozen=True, slots=True)
class Reserve:
    """What must be free before a capture starts, so that the log can always be written."""

    bytes: int = 0
    inodes: int = 0


@dataclass(frozen=True, slots=True)
class Intent:
    """The promise to record an object that is built and durable. `ticket` is the caller's and comes back unread."""

    object_id: str
    inventory: Digest
    ticket: Mapping[str, Json]


class CaptureFolder:
    """One capture's place in staging."""

    def __init__(self, run: Run, capture: str) -> None:
        self.run = run
        self.capture = capture
        self.disk = run.disk
        self.path = run.path / CAPTURES / capture
        self.worker = run.outputs / capture
        self.object = self.path / "object"
        self._intent = run.path / INTENTS / f"{capture}.json"

    def declare(self, intent: Intent) -> None:
        """Writes the intent durably; from here on a crash ends in the object recorded, or set aside as a whole."""
        draft = self.path / INTENT
        plain: Json = {"inventory": intent.inventory, "object": intent.object_id, "ticket": intent.ticket}
        self.disk.write_new(draft, canonical_json(plain))
        self.disk.sync_file(draft)
        self.disk.sync_directory(self.path.parent)
        self.disk.rename_exclusive(draft, self._intent)
        self.disk.sync_directory(self._intent.parent)

    def intent(self) -> Intent | None:
        """The intent that was declared, or None; raises RecordUnreadable when the file is not one."""
        with storage_errors("read", self._intent):
            try:
                content = self._intent.read_bytes()
            except FileNotFoundError:
                return None
        try:
            value = parse_canonical(content)
        except NotCanonical as error:
            raise RecordUnreadable(str(self._intent), str(error)) from error
        match value:
            case {"inventory": str(inventory), "object": str(object_id), "ticket": Mapping() as ticket}:
                return Intent(object_id, Digest(inventory), ticket)
            case _:
                raise RecordUnreadable(str(self._intent), "it is not an intent to seal")

    def has_object(self) -> bool:
        """Whether the object is here, and not in the vault or not yet begun."""
        with storage_errors("look", self.object):
            return self.object.is_dir()

    def finish(self) -> None:
        """Removes the folder and then the intent, once the event is acknowledged.

        In this order: a folder without an intent is a capture that was lost.
        """
        if is_there(self.path):
            self.disk.remove_empty(self.path)
        self.disk.remove_file(self._intent)

    def take_over(self, source: Path, target: Path) -> None:
        """Renames what a worker had in its hands, whatever permissions it gave it."""
        if _is_folder(source):
            self.disk.restrict(source, WRITABLE_DIRECTORY)
        self.disk.rename_exclusive(source, target)

    def set_aside(self, reason: str, *, resolved: bool = False) -> Path | None:
        """Moves all there is of the capture into quarantine, with a note of the reason; None when there is nothing.

        Repeatable after a crash. Raises StorageFailed when the object has gone to the vault, unless recovery says that
        it has `resolved` what this means.
        """
        if is_there(self._intent) and not self.has_object() and not resolved:
            raise StorageFailed("set aside", str(self.path), "its object has gone to the vault")
        if _is_bare(self.worker) and _is_bare(self.path):
            self._remove_folders()
            return None
        self._gather(reason)
        return self._quarantine()

    def _remove_folders(self) -> None:
        for folder in (self.worker, self.path):
            if is_there(folder):
                self.disk.remove_empty(folder)

    def _gather(self, reason: str) -> None:
        self.disk.make_directories(self.path)
        for source, name in ((self.worker, "worker"), (self._intent, INTENT)):
            if is_there(source):
                self.take_over(source, self.path / name)
        note: Json = {"capture": self.capture, "reason": reason, "run": self.run.id}
        self.disk.replace(self.path / NOTE, canonical_json(note))

    def _quarantine(self) -> Path:
        shelf = self.run.quarantine
        self.disk.make_directories(shelf)
        place = next(one for one in self._places(shelf) if not is_there(one))
        self.disk.rename_exclusive(self.path, place)
        self.disk.sync_directory(shelf)
        self.disk.sync_directory(self.path.parent)
        return place

    def _places(self, shelf: Path) -> Iterator[Path]:
        yield shelf / self.capture
        for number in count(2):
            yield shelf / f"{self.capture}-{number}"


class Run:
    """One process's part of staging, locked until `close` or death."""

    def __init__(self, staging: Staging, run_id: str, descriptor: int) -> None:
        self.id = run_id
        self.disk = staging.disk
        self.path = staging.root / run_id
        self.outputs = self.path / OUTPUTS
        self.quarantine = staging.quarantine / run_id
        self._staging = staging
        self._descriptor = descriptor

    def capture_folder(self, capture: str) -> CaptureFolder:
        """An empty place for a new capture; raises SpaceExhausted when the reserve is not free."""
        self._staging.require_space()
        folder = CaptureFolder(self, capture)
        self.disk.make_unsynced(folder.path)
        self.disk.make_unsynced(folder.worker)
        return folder

    def captures(self) -> list[CaptureFolder]:
        """Every capture that is still here, by id."""
        names: set[str] = set()
        for parent in (self.path / CAPTURES, self.outputs):
            names.update(path.name for path in _listed(parent))
        names.update(path.stem for path in _listed(self.path / INTENTS))
        return [CaptureFolder(self, name) for name in sorted(names)]

    def close(self) -> None:
        """Gives the lock back; the folder goes when nothing is left in it."""
        with self._staging.locked():
            if not self.captures():
                for folder in (*(self.path / name for name in PARTS), self.path):
                    if is_there(folder):
                        self.disk.remove_empty(folder)
            with storage_errors("close", self.path):
                os.close(self._descriptor)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class Staging:
    """All runs of all processes below `root`, and the quarantine beside it, on the vault's file system."""

    def __init__(
        self, root: Path, quarantine: Path, *, disk: Disk | None = None, reserve: Reserve | None = None
    ) -> None:
        self.root = root
        self.quarantine = quarantine
        self.disk = disk or Disk()
        self._reserve = reserve or Reserve()

    def create(self) -> None:
        """Makes both folders, durably; those that exist stay as they are."""
        self.disk.make_directories(self.root)
        self.disk.make_directories(self.quarantine)

    def open_run(self, run_id: str) -> Run:
        """A new run, locked by this process; raises WorkspaceBusy when the id is in use."""
        with self.locked():
            path = self.root / run_id
            if is_there(path):
                raise WorkspaceBusy(str(path), "a run of this id has its folder here")
            for part in PARTS:
                self.disk.make_directories(path / part)
            descriptor = _try_lock(path)
            if descriptor is None:
                raise WorkspaceBusy(str(path), "another process holds the run")
            return Run(self, run_id, descriptor)

    def claim_dead_runs(self) -> list[Run]:
        """The runs whose process is gone, now locked by this one. Those that are alive are left alone."""
        claimed: list[Run] = []
        with self.locked():
            for path in _listed(self.root):
                descriptor = _try_lock(path) if _is_folder(path) else None
                if descriptor is not None:
                    claimed.append(Run(self, path.name, descriptor))
        return claimed

    def declared(self) -> Mapping[str, Digest]:
        """The objects that some run intends to record, with the digests of their inventories: objects on their way.

        What is no intent promises nothing; `is_intent` tells, and recovery sets it aside.
        """
        found: dict[str, Digest] = {}
        for run in (Run(self, path.name, -1) for path in _listed(self.root) if _is_folder(path)):
            for path in _listed(run.path / INTENTS):
                with suppress(RecordUnreadable):
                    intent = CaptureFolder(run, path.stem).intent()
                    if intent is not None:
                        found[intent.object_id] = intent.inventory
        return found

    def is_intent(self, path: Path) -> bool:
        """Whether a file in a run's `sealing/` is an intent to record an object, or has just served as one."""
        try:
            CaptureFolder(Run(self, path.parents[1].name, -1), path.stem).intent()
        except RecordUnreadable:
            return False
        return True

    def require_space(self) -> None:
        """Raises SpaceExhausted unless the reserve of bytes and of inodes is free to this user."""
        try:
            free = os.statvfs(self.root)
        except OSError as error:
            raise WorkspaceUnusable(str(self.root), error.strerror or str(error)) from error
        if free.f_bavail * free.f_frsize < self._reserve.bytes:
            raise SpaceExhausted("bytes", free.f_bavail * free.f_frsize, self._reserve.bytes)
        # A file system that makes inodes as they are needed reports none at all.
        if free.f_files and free.f_favail < self._reserve.inodes:
            raise SpaceExhausted("inodes", free.f_favail, self._reserve.inodes)

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keeps opening, claiming and closing of runs apart."""
        with opened(self.root, os.O_RDONLY | os.O_DIRECTORY) as descriptor:
            with storage_errors("lock", self.root):
                fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield


def _listed(folder: Path) -> list[Path]:
    """What is in a folder, by name; nothing when there is no such folder."""
    with storage_errors("list", folder):
        try:
            return sorted(folder.iterdir())
        except FileNotFoundError:
            return []


def _is_folder(path: Path) -> bool:
    with storage_errors("look at", path):
        return path.is_dir() and not path.is_symlink()


def _is_bare(path: Path) -> bool:
    """Whether there is nothing of that name, or an empty folder. A link is something."""
    return not is_there(path) or (_is_folder(path) and not _listed(path))


def _try_lock(path: Path) -> int | None:
    """A descriptor that holds the lock on a folder, or None while somebody else has it."""
    with storage_errors("lock", path):
        descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            return None
        except OSError:
            os.close(descriptor)
            raise
        return descriptor
