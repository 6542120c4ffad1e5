"""The vault: an OCFL 1.1 storage root whose objects are renamed in whole, made read-only and never changed."""

from __future__ import annotations

import errno
import fcntl
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from casefile.canonical import NotCanonical, parse_canonical
from casefile.digests import Digest, DigestSet, algorithm_of, digest_stream
from casefile.errors import DigestMismatch, RecordUnreadable, StorageFailed, WorkspaceUnusable
from casefile.model import SAFE_PATH, CaptureRecord
from preservation import layout
from preservation.durable import READ_ONLY_DIRECTORY, WRITABLE_DIRECTORY, Disk, is_there, opened, storage_errors

_NOT_THERE = frozenset({errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.ENXIO})
_OPENED = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


@dataclass(frozen=True, slots=True)
class Holdings:
    """How much the vault holds. `bytes` are those of the files, not of the blocks under them."""

    objects: int
    files: int
    bytes: int


class Vault:
    """The objects below `root`. Several processes may admit at the same time."""

    def __init__(self, root: Path, disk: Disk | None = None) -> None:
        self.root = root
        self._disk = disk or Disk()

    def create(self) -> None:
        """Makes an empty storage root, durably and in one step; raises VaultConflict when `root` exists."""
        building = self.root.with_name(f"{self.root.name}.part")
        for name, content in layout.root_files().items():
            self._disk.make_directories((building / name).parent)
            self._disk.replace(building / name, content)
        self._disk.rename_exclusive(building, self.root)
        self._disk.sync_directory(self.root.parent)

    def require(self) -> None:
        """Raises WorkspaceUnusable unless `root` declares itself to be a storage root."""
        for name in layout.root_files():
            if not (self.root / name).is_file():
                raise WorkspaceUnusable(str(self.root), f"{name} is missing, so this is not a vault")

    def object_path(self, object_id: str) -> Path:
        """Where the object is, or would be."""
        return self.root / layout.object_path(object_id)

    def holds(self, object_id: str) -> bool:
        """Whether a folder for the object is in place; what is in it is the audit's question."""
        return is_there(self.object_path(object_id))

    def admit(self, object_id: str, built: Path) -> Path:
        """Renames a built and synced object into its place, durably, and closes it to writing.

        `built` is on the vault's file system. Raises VaultConflict, with both left as they are, when the vault already
        has an object of that id.
        """
        target = self.object_path(object_id)
        with locked(self.root, alone=False):
            self._disk.make_directories(target.parent)
            self._disk.rename_exclusive(built, target)
        self._disk.sync_directory(target.parent)
        self._disk.sync_directory(built.parent)
        self.close_to_writing(object_id)
        return target

    def close_to_writing(self, object_id: str) -> None:
        """Takes the write permission from the object's own folder; what is below lost it before admission.

        A folder that its owner may not write cannot be renamed, so this is the one step that follows the rename.
        """
        target = self.object_path(object_id)
        self._disk.restrict(target, READ_ONLY_DIRECTORY)
        self._disk.sync_directory(target)

    def withdraw(self, object_id: str, target: Path) -> None:
        """Moves out an object that no event may ever name, whole, and removes the empty folders above its place."""
        source = self.object_path(object_id)
        with locked(self.root, alone=True):
            self._disk.restrict(source, WRITABLE_DIRECTORY)
            self._disk.rename_exclusive(source, target)
            self._disk.sync_directory(target.parent)
            self._disk.sync_directory(source.parent)
            self._prune(source.parent)

    def prune(self, object_id: str) -> None:
        """Removes the folders that were made for an object and stayed empty: OCFL knows no empty folder."""
        with locked(self.root, alone=True):
            self._prune(self.object_path(object_id).parent)

    def _prune(self, folder: Path) -> None:
        for above in (folder, folder.parent):
            if not is_there(above):
                continue
            with storage_errors("list", above):
                if any(above.iterdir()):
                    return
            self._disk.remove_empty(above)
            self._disk.sync_directory(above.parent)

    @contextmanager
    def open_content(self, object_id: str, path: str, expected: Digest | None = None) -> Iterator[BinaryIO]:
        """A content file opened for reading, by its path below `content/`; no link is followed on the way.

        With `expected` every byte is read and compared first. Raises DigestMismatch, or RecordUnreadable when there is
        no such regular file.
        """
        if not SAFE_PATH.fullmatch(path):
            raise RecordUnreadable(object_id, "no content file has such a path")
        relative = PurePosixPath(layout.object_path(object_id), layout.CONTENT, path)
        with os.fdopen(_open_below(self.root, relative), "rb") as stream:
            if expected is not None:
                found = _digest(digest_stream(stream), algorithm_of(expected))
                if found != expected:
                    raise DigestMismatch(str(relative), algorithm_of(expected), expected, found)
                stream.seek(0)
            yield stream

    def read_record(self, object_id: str) -> CaptureRecord:
        """The capture's record; raises RecordUnreadable when it is not one."""
        with self.open_content(object_id, layout.CAPTURE_RECORD) as stream:
            content = stream.read()
        return parse_record(content, object_id)

    def inventory_of(self, object_id: str) -> bytes:
        """The bytes of an object's inventory; raises RecordUnreadable when there is no such regular file."""
        relative = PurePosixPath(layout.object_path(object_id), layout.INVENTORY)
        with os.fdopen(_open_below(self.root, relative), "rb") as stream:
            return stream.read()

    def walk(self) -> Iterator[Path]:
        """The folder of every object, in order of its path. Anything else that lies about is the audit's business."""
        for first in _folders(self.root):
            if layout.TUPLE.fullmatch(first.name):
                for second in _folders(first):
                    yield from _folders(second)

    def holdings(self) -> Holdings:
        """What the vault holds, counted by looking."""
        objects = files = size = 0
        for folder in self.walk():
            objects += 1
            for parent, _, names in os.walk(folder):
                files += len(names)
                size += sum(os.lstat(os.path.join(parent, name)).st_size for name in names)
        return Holdings(objects, files, size)


@contextmanager
def locked(root: Path, *, alone: bool) -> Iterator[None]:
    """Keeps those who look at empty folders of the vault, `alone`, away from admissions, which share the lock.

    The root's own inode is the lock, so that it adds no file.
    """
    with opened(root, os.O_RDONLY | os.O_DIRECTORY) as descriptor:
        with storage_errors("lock", root):
            fcntl.flock(descriptor, fcntl.LOCK_EX if alone else fcntl.LOCK_SH)
        yield


def parse_record(content: bytes, where: str) -> CaptureRecord:
    """The CaptureRecord in canonical bytes; raises RecordUnreadable, saying `where`, when they are none."""
    try:
        return CaptureRecord.model_validate(parse_canonical(content))
    except (NotCanonical, ValueError) as error:
        raise RecordUnreadable(f"{where} {layout.CAPTURE_RECORD}", str(error)) from error


def _digest(found: DigestSet, algorithm: str) -> Digest:
    if algorithm not in ("sha256", "sha512"):
        raise ValueError(f"no digest of the vault is a {algorithm}")
    return found.sha256 if algorithm == "sha256" else found.sha512


def _open_below(root: Path, relative: PurePosixPath) -> int:
    """A descriptor of a regular file below `root`, reached without following any link."""
    at = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        for part in relative.parts:
            below = os.open(part, _OPENED, dir_fd=at)
            os.close(at)
            at = below
        if not stat.S_ISREG(os.fstat(at).st_mode):
            raise RecordUnreadable(str(relative), "it is not a regular file")
    except OSError as error:
        os.close(at)
        if error.errno in _NOT_THERE:
            raise RecordUnreadable(str(relative), error.strerror or str(error)) from error
        raise StorageFailed("open", str(relative), error.strerror or str(error)) from error
    except RecordUnreadable:
        os.close(at)
        raise
    return at


def _folders(path: Path) -> list[Path]:
    with os.scandir(path) as entries:
        return sorted(Path(entry.path) for entry in entries if entry.is_dir(follow_symlinks=False))
