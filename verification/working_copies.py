"""Working copies: what checks read instead of the vault (Berkeley Protocol, paragraph 171: never work on originals).

A copy is named by its sha256 and nothing else, so that no collected name reaches a tool. It shares no inode with the
vault: a reflink where the file system has them, a plain copy elsewhere, never a hard link. Copies are rebuildable and
deleted when their examination is over.
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from casefile.digests import Digest, blocks, hex_of
from casefile.errors import DigestMismatch, StorageFailed, UsageError
from verification.interface import DIGEST_NAME

FICLONE = 0x40049409
"""ioctl_ficlone(2): share the extents of another file, copied on write."""
NO_REFLINK = frozenset({errno.EOPNOTSUPP, errno.ENOTTY, errno.EXDEV, errno.EINVAL, errno.ENOSYS, errno.EPERM})


@dataclass(frozen=True, slots=True)
class WorkingCopy:
    """A read-only copy at `path`; `parent` is the digest of the preserved file that it was made from."""

    path: Path
    parent: Digest


@dataclass(frozen=True, slots=True)
class Preserved:
    """A file in the vault and the sha256 that was recorded for it."""

    path: Path
    sha256: Digest


@contextmanager
def working_copies(folder: Path, originals: Iterable[Preserved]) -> Iterator[tuple[WorkingCopy, ...]]:
    """A new folder of working copies, one per distinct digest, deleted on leaving whatever happens.

    Raises DigestMismatch when a preserved file no longer has its recorded digest: a damaged file is never examined
    as if it were the original. Raises StorageFailed when a copy cannot be written, UsageError when `folder` exists.
    """
    try:
        folder.mkdir(mode=0o700, parents=True)
    except FileExistsError as error:
        raise UsageError(f"{folder} already exists") from error
    try:
        yield _copy_all(folder, originals)
    finally:
        remove_copies(folder)


@contextmanager
def copies_in(folder: Path, originals: Iterable[Preserved]) -> Iterator[tuple[WorkingCopy, ...]]:
    """Working copies in a folder that exists and is seen by an open worker; deleted on leaving, the folder stays.

    Raises as `working_copies` does.
    """
    folder.chmod(0o700)
    try:
        yield _copy_all(folder, originals)
    finally:
        folder.chmod(0o700)
        for path in folder.iterdir():
            path.unlink()


def remove_copies(folder: Path) -> None:
    """Deletes a folder of working copies; also what start-up calls for folders that a crash left behind."""
    if folder.exists():
        folder.chmod(0o700)
        shutil.rmtree(folder)


def _copy_all(folder: Path, originals: Iterable[Preserved]) -> tuple[WorkingCopy, ...]:
    copies: dict[Digest, WorkingCopy] = {}
    for original in originals:
        if original.sha256 not in copies:
            copies[original.sha256] = _copy(folder, original)
    folder.chmod(0o500)
    return tuple(copies.values())


def _copy(folder: Path, original: Preserved) -> WorkingCopy:
    name = hex_of(original.sha256)
    if not DIGEST_NAME.fullmatch(name):
        raise UsageError(f"{original.sha256!r} is not a sha256 digest")
    path = folder / name
    try:
        with original.path.open("rb") as source, path.open("xb") as target:
            found = _clone(source, target) or _stream(source, target)
            os.fchmod(target.fileno(), 0o400)
    except OSError as error:
        raise StorageFailed("copy", str(path), error.strerror or str(error)) from error
    if found != original.sha256:
        raise DigestMismatch(str(original.path), "sha256", original.sha256, found)
    return WorkingCopy(path, original.sha256)


def _clone(source: BinaryIO, target: BinaryIO) -> Digest | None:
    """The digest of a reflink, or None where the file system has none."""
    try:
        fcntl.ioctl(target.fileno(), FICLONE, source.fileno())
    except OSError as error:
        if error.errno in NO_REFLINK:
            return None
        raise
    return _digest(source)


def _digest(source: BinaryIO) -> Digest:
    digest = hashlib.sha256()
    for block in blocks(source):
        digest.update(block)
    return Digest("sha256:" + digest.hexdigest())


def _stream(source: BinaryIO, target: BinaryIO) -> Digest:
    digest = hashlib.sha256()
    for block in blocks(source):
        digest.update(block)
        target.write(block)
    return Digest("sha256:" + digest.hexdigest())
