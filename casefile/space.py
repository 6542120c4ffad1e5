"""Room on a file system, as the operating system tells it."""

from __future__ import annotations

import errno
import os
from pathlib import Path

from casefile.errors import SpaceExhausted

OUT_OF_SPACE = frozenset({errno.ENOSPC, errno.EDQUOT})
"""What a write, a new name or a sync answers where no room is left."""


def space_exhausted(path: Path, size: int) -> SpaceExhausted:
    """The error of `size` bytes, or of an inode, that found no room at `path`."""
    try:
        free = os.statvfs(path.parent)
    except OSError:
        return SpaceExhausted("bytes", 0, size)
    if free.f_files and not free.f_favail:
        return SpaceExhausted("inodes", 0, 1)
    return SpaceExhausted("bytes", free.f_bavail * free.f_frsize, size)
