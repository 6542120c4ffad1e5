"""Room on a file system, as the operating system tells it."""

from __future__ import annotations

import errno
import os
import re
from pathlib import Path

from casefile.errors import SpaceExhausted, UsageError

OUT_OF_SPACE = frozenset({errno.ENOSPC, errno.EDQUOT})
"""What a write, a new name or a sync answers where no room is left."""
SIZE = re.compile(r"([0-9]{1,15}) ?((?:[KMGT]i?)?B|[KMGT]|)", re.IGNORECASE)


def space_exhausted(path: Path, size: int) -> SpaceExhausted:
    """The error of `size` bytes, or of an inode, that found no room at `path`."""
    try:
        free = os.statvfs(path.parent)
    except OSError:
        return SpaceExhausted("bytes", 0, size)
    if free.f_files and not free.f_favail:
        return SpaceExhausted("inodes", 0, 1)
    return SpaceExhausted("bytes", free.f_bavail * free.f_frsize, size)


def parse_size(text: str) -> int:
    """The bytes that a size such as `4GB`, `700 MB` or `2GiB` stands for; raises UsageError."""
    found = SIZE.fullmatch(text.strip())
    if found is None or not int(found[1]):
        raise UsageError(f"{text!r} is no size; write it as 700MB or 4GB")
    unit = found[2].upper()
    base = 1024 if unit.endswith("IB") else 1000
    power = "KMGT".index(unit[0]) + 1 if unit and unit != "B" else 0
    return int(found[1]) * int(base**power)
