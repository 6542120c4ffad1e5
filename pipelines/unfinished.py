"""What an export that dies leaves beside the place of its package: noted before it is made, taken away afterwards.

The note is locked by whoever works, so that one without a lock is of a run that died. A medium that is not there now
keeps its note, which names what is on it until somebody opens the workspace with the medium at hand.
"""

from __future__ import annotations

import fcntl
import json
import os
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from casefile.errors import StorageFailed
from casefile.workspace import Workspace
from preservation.durable import Disk, is_there, storage_errors

NOTES = "exports"
PART = re.compile(r"\.[^/]+\.[0-9a-f]{16}\.part|export-[0-9a-f]{16}")
"""The names that such folders have, and nothing else that is ever removed here."""
OWN = 0o600


@contextmanager
def building(workspace: Workspace, target: Path, disk: Disk) -> Iterator[tuple[Path, Path]]:
    """Two folders, neither of which exists yet: one beside `target`, one in the workspace for what must not lie there.

    Whatever is in them goes when the block ends, or when the workspace is opened after a run that died in it.
    """
    mark = secrets.token_hex(8)
    places = (target.with_name(f".{target.name}.{mark}.part"), workspace.work / f"export-{mark}")
    notes = workspace.work / NOTES
    disk.make_directories(notes)
    said = {str(place): os.stat(place.parent).st_dev for place in places}
    with _noted(notes / mark, json.dumps(said).encode("utf-8"), disk):
        try:
            yield places
        finally:
            for place in places:
                if is_there(place):
                    disk.remove_tree(place)
            disk.remove_file(notes / mark)


@contextmanager
def _noted(note: Path, content: bytes, disk: Disk) -> Iterator[None]:
    """A note that is locked before it says anything; whoever clears meanwhile takes it for that of a run that died."""
    while True:
        with storage_errors("write", note):
            descriptor = os.open(note, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, OWN)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            if not is_there(note):
                continue
            with storage_errors("write", note):
                os.write(descriptor, content)
            disk.sync_file(descriptor, note.name)
            disk.sync_directory(note.parent)
            yield
            return
        finally:
            os.close(descriptor)


def clear_unfinished(workspace: Workspace, disk: Disk) -> None:
    """Take away what exports of runs that died have left, as far as it can be reached; `unfinished` names the rest."""
    for note, places in _of_the_dead(workspace):
        gone = [_is_cleared(place, device, disk) for place, device in places.items()]
        if all(gone):
            disk.remove_file(note)


def unfinished(workspace: Workspace) -> list[str]:
    """Where exports of runs that died may still have left something, on a medium that was not there."""
    return [
        place
        for _note, places in _of_the_dead(workspace)
        for place, device in places.items()
        if PART.fullmatch(Path(place).name) and not _is_gone(Path(place), device)
    ]


def _is_cleared(place: str, device: int, disk: Disk) -> bool:
    path = Path(place)
    if not PART.fullmatch(path.name):
        return True
    if path.is_dir() and not path.is_symlink():
        try:
            disk.remove_tree(path)
        except StorageFailed:
            # A medium that may not be written to stops nobody from working.
            return False
        return True  # whatever number the medium has now: those change when it is put in again
    return _is_gone(path, device)


def _is_gone(path: Path, device: int) -> bool:
    """Whether nothing is there: on the file system that it was on, and not on another one below the same path."""
    return not path.exists() and path.parent.is_dir() and path.parent.stat().st_dev == device


def _of_the_dead(workspace: Workspace) -> Iterator[tuple[Path, dict[str, int]]]:
    notes = workspace.work / NOTES
    for note in sorted(notes.iterdir()) if notes.is_dir() else ():
        with storage_errors("read", note):
            try:
                descriptor = os.open(note, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
            except FileNotFoundError:
                continue
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            yield note, _places(note.read_bytes())
        except (BlockingIOError, FileNotFoundError):
            continue
        finally:
            os.close(descriptor)


def _places(content: bytes) -> dict[str, int]:
    """What a note says; nothing where its run died before it had said it."""
    try:
        return {str(place): int(device) for place, device in json.loads(content).items()}
    except (ValueError, AttributeError):
        return {}
