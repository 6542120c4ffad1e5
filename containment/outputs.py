"""What a worker has written: checked before anybody opens it, then taken out of the worker's reach."""

from __future__ import annotations

import itertools
import os
import stat
from collections.abc import Iterator
from pathlib import Path

from casefile.model import SAFE_PATH

ENTRIES_LIMIT = 20_000
"""Files and folders of one call. A hand-over is split before it gets there."""
DEPTH_LIMIT = 4
"""Segments of a path, as SAFE_PATH has them."""
FILE_MODE = 0o644
FOLDER_MODE = 0o755


class OutputRefused(ValueError):
    """Something is not what a worker may leave behind; `too_much` tells too many bytes or entries from the rest."""

    def __init__(self, problem: str, *, too_much: bool = False) -> None:
        super().__init__(problem)
        self.problem = problem
        self.too_much = too_much


def measure(folder: Path) -> int:
    """Bytes written below `folder` so far, while the worker still runs; raises OutputRefused at too many entries.

    What vanishes or cannot be read while it looks is not counted: `check` has the last word.
    """
    total = count = 0
    waiting = [folder]
    while waiting:
        try:
            with os.scandir(waiting.pop()) as entries:
                found_here = list(entries)
        except OSError:
            continue
        for entry in found_here:
            count += 1
            if count > ENTRIES_LIMIT:
                raise OutputRefused(f"more than {ENTRIES_LIMIT} files and folders", too_much=True)
            try:
                found = entry.stat(follow_symlinks=False)
            except OSError:
                continue
            if stat.S_ISDIR(found.st_mode):
                waiting.append(Path(entry.path))
            total += _bytes(found)
    return total


def check(folder: Path, output_bytes: int) -> None:
    """Accept what lies below `folder`: regular files with one name each, in folders, under names that we make.

    Modes are set so that the parent can read them, and nothing is executable or set-uid. Raises OutputRefused.
    Nothing may be running that can still write there.
    """
    total = 0
    for path, found in _walk(folder):
        if not SAFE_PATH.fullmatch(path):
            raise OutputRefused("a name that we do not make")
        if stat.S_ISDIR(found.st_mode):
            continue
        if not stat.S_ISREG(found.st_mode):
            raise OutputRefused(f"{path} is neither a file nor a folder")
        # A second name could lie where a later call reaches it, and change the bytes after they were hashed.
        if found.st_nlink != 1:
            raise OutputRefused(f"{path} has {found.st_nlink} names")
        os.chmod(folder / path, FILE_MODE)
        total += _bytes(found)
    if total > output_bytes:
        raise OutputRefused(f"{total} bytes written, {output_bytes} allowed", too_much=True)


def _bytes(found: os.stat_result) -> int:
    return max(found.st_size, found.st_blocks * 512) if stat.S_ISREG(found.st_mode) else 0


def _walk(folder: Path) -> Iterator[tuple[str, os.stat_result]]:
    """Every entry below `folder` by its path from there, each folder opened up before it is entered."""
    count = 0
    # The call may have put something else in the folder's place: a link would lead us out of it.
    if not stat.S_ISDIR(os.lstat(folder).st_mode):
        raise OutputRefused("the output folder is none any more")
    os.chmod(folder, FOLDER_MODE)
    waiting = [("", folder)]
    while waiting:
        prefix, place = waiting.pop()
        with os.scandir(place) as entries:
            found_here = list(itertools.islice(entries, ENTRIES_LIMIT + 1))
        count += len(found_here)
        if count > ENTRIES_LIMIT:
            raise OutputRefused(f"more than {ENTRIES_LIMIT} files and folders", too_much=True)
        for entry in found_here:
            path = prefix + entry.name
            found = entry.stat(follow_symlinks=False)
            if stat.S_ISDIR(found.st_mode):
                if path.count("/") + 1 >= DEPTH_LIMIT:
                    raise OutputRefused("folders too deep")
                os.chmod(entry.path, FOLDER_MODE)
                waiting.append((path + "/", Path(entry.path)))
            yield path, found
