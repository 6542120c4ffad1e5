"""The lock of whoever writes the index of fingerprints, and taking the index away under it."""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from casefile.events.durable import FILE_MODE, sync_folder, translated
from casefile.events.lock import holding

LOCK = "lock"


def forget(folder: Path) -> None:
    """Take the whole index away, off the disk too: it is made anew from the tables.

    Nothing that a link leads to is touched. Raises WorkspaceBusy, StorageFailed.
    """
    if folder.is_symlink():
        with translated("remove", folder):
            folder.unlink()
            sync_folder(folder.parent)
    elif folder.is_dir():
        with holding(folder / LOCK), translated("remove", folder):
            for path in folder.iterdir():
                if path.is_dir() and not path.is_symlink():
                    shutil.rmtree(path)
                elif path.name != LOCK:
                    path.unlink()
            sync_folder(folder)


@contextmanager
def trying(folder: Path) -> Iterator[bool]:
    """Whether the lock of the writer could be had, without waiting; the kernel releases it when a process dies."""
    with translated("lock", folder):
        handle = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, FILE_MODE)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
            return
        yield True
    finally:
        os.close(handle)
