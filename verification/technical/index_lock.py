"""The lock of whoever writes the index of fingerprints, and taking the index away under it."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from casefile.events.durable import FILE_MODE, translated
from casefile.events.lock import holding

LOCK = "lock"


def forget(folder: Path) -> None:
    """Take the whole index away: it is made anew from the tables. Raises WorkspaceBusy, StorageFailed."""
    if not folder.is_dir():
        return
    with holding(folder / LOCK), translated("remove", folder):
        for path in folder.iterdir():
            if path.name != LOCK:
                path.unlink()


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
