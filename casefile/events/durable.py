"""Writing the log's files so that what was written is on the disk when a call returns, or an error says it is not."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from casefile.errors import RecordUnreadable, StorageFailed
from casefile.space import OUT_OF_SPACE, space_exhausted

DIRECTORY_MODE = 0o700
FILE_MODE = 0o600

Reached = Callable[[str], None]
"""Called with the name of each step that has just been completed."""


@dataclass(frozen=True, slots=True)
class FileState:
    """What tells whether a file is still the one that was looked at, and how long it is; 0, 0 when it is not there."""

    inode: int
    size: int


ABSENT = FileState(0, 0)


def state_of(path: Path) -> FileState:
    """The file's state; ABSENT when there is none. Raises StorageFailed."""
    try:
        status = os.stat(path, follow_symlinks=False)
    except FileNotFoundError:
        return ABSENT
    except OSError as error:
        raise StorageFailed("look at", path.name, error.strerror or str(error)) from error
    return FileState(status.st_ino, status.st_size)


def put(path: Path, offset: int, content: bytes, reached: Reached, name: str) -> FileState:
    """Make `path` end with `content` at `offset`, on the disk; its new state.

    What was at and behind `offset` is written over or dropped, and never believed. The handle is opened anew and
    closed: after a failed sync nothing of it is used again. Raises StorageFailed or SpaceExhausted.
    """
    with translated(f"write {name}", path):
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, FILE_MODE)
        try:
            _write_all(handle, content, offset)
            end = offset + len(content)
            status = os.fstat(handle)
            if status.st_size > end:
                os.ftruncate(handle, end)
            reached(f"{name}-written")
            os.fsync(handle)
            reached(f"{name}-synced")
        finally:
            os.close(handle)
        if not offset:
            # The file is new, or its name may never have been synced.
            sync_folder(path.parent)
            reached(f"{name}-folder-synced")
    return FileState(status.st_ino, end)


def make_folder(folder: Path) -> None:
    """Make a folder and those above it, with their names on the disk; raises StorageFailed."""
    with translated("make folder", folder):
        missing = [one for one in (folder, *folder.parents) if not one.is_dir()]
        folder.mkdir(mode=DIRECTORY_MODE, parents=True, exist_ok=True)
        for one in (*missing, folder):
            sync_folder(one.parent)


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def translated(operation: str, path: Path) -> Iterator[None]:
    """Operating system errors within, as ours: SpaceExhausted where no room is left, else StorageFailed.

    A link where a file of the log belongs is RecordUnreadable.
    """
    try:
        yield
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise RecordUnreadable(path.name, "it is a link, where only files may be") from error
        if error.errno in OUT_OF_SPACE:
            raise space_exhausted(path, 1) from error
        raise StorageFailed(operation, path.name, error.strerror or str(error)) from error


def _write_all(handle: int, content: bytes, offset: int) -> None:
    """Write every byte, however many calls that takes."""
    view = memoryview(content)
    while view:
        written = os.pwrite(handle, view, offset)
        view = view[written:]
        offset += written
