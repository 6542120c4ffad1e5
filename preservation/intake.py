"""Taking over what a worker left: nothing is believed but the bytes that are read here, once, by their only reader.

The worker's folder is moved out of its reach before anything is looked at. Every file that is there must have been
named and every file that was named must be there; links, hard links, devices and files that somebody still writes are
refused.
"""

from __future__ import annotations

import errno
import fcntl
import os
import signal
import stat
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from itertools import islice
from pathlib import Path, PurePosixPath

from casefile.digests import DigestSet, digest_stream
from casefile.errors import ContainmentError
from preservation.durable import OPENED_AT_ONCE, READ_ONLY_FILE, Disk, start_write_out, storage_errors

_OPENED = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
"""O_NONBLOCK: opening a named pipe must not wait for its writer."""
_NOT_A_FILE = frozenset({errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.ENXIO, errno.EACCES})
"""What opening answers for something that a worker should not have made; any other error is the disk's."""
_SHOWN = 200


class OutputRefused(ContainmentError):
    """A worker left something else than it said. Nothing was sealed; its folder is set aside as it is."""

    def __init__(self, path: str, problem: str) -> None:
        # The name may be a hostile worker's own.
        self.path = ascii(path)[:_SHOWN]
        self.problem = problem
        super().__init__(f"worker output {self.path}: {problem}")

    def advice(self) -> str:
        return "The files are in quarantine. Report the capture method; a repeated attempt starts afresh."


def check_names(content: Path, named: Sequence[str]) -> None:
    """Raises OutputRefused unless the files below `content` are exactly those named; empty folders are removed."""
    with storage_errors("list", content):
        if content.is_symlink() or not content.is_dir():
            raise OutputRefused(".", "it is not a folder")
    wanted = set(named)
    folders = {str(parent) for path in wanted for parent in PurePosixPath(path).parents}
    with storage_errors("list", content):
        found = set(_files(content, ".", wanted, folders))
    for path in sorted(wanted - found):
        raise OutputRefused(path, "it was named and is not there")


def take_digests(content: Path, named: Sequence[str], disk: Disk) -> dict[str, DigestSet]:
    """Both digests of every named file, by path, each read once; the files are then read-only and durable.

    Raises OutputRefused for anything but a regular file that nobody else holds.
    """
    digests: dict[str, DigestSet] = {}
    remaining = iter(named)
    while batch := list(islice(remaining, OPENED_AT_ONCE)):
        with storage_errors("read", content), ExitStack() as opened:
            descriptors = []
            for path in batch:
                descriptor = _open(content, path)
                opened.callback(os.close, descriptor)
                descriptors.append(descriptor)
                digests[path] = _digest(descriptor, path)
            for path, descriptor in zip(batch, descriptors, strict=True):
                disk.sync_file(descriptor, path)
    return digests


def _files(content: Path, folder: str, wanted: set[str], folders: set[str]) -> Iterator[str]:
    try:
        entries = os.scandir(content / folder)
    except PermissionError as error:
        raise OutputRefused(folder, "the folder may not be listed") from error
    # One by one: a worker may have made a million.
    with entries:
        for entry in entries:
            path = str(PurePosixPath(folder, entry.name))
            if entry.is_dir(follow_symlinks=False):
                if path in folders:
                    yield from _files(content, path, wanted, folders)
                else:
                    _remove_empty(content / path, path)
            elif path in wanted:
                yield path
            else:
                raise OutputRefused(path, "it was not named")


def _remove_empty(folder: Path, path: str) -> None:
    try:
        folder.rmdir()
    except OSError as error:
        if error.errno not in (errno.ENOTEMPTY, errno.EEXIST):
            raise
        raise OutputRefused(path, "a folder with something in it that was not named") from error


def _open(content: Path, path: str) -> int:
    try:
        return os.open(content / path, _OPENED)
    except OSError as error:
        if error.errno not in _NOT_A_FILE:
            raise
        raise OutputRefused(path, f"it cannot be opened: {error.strerror}") from error


def _digest(descriptor: int, path: str) -> DigestSet:
    before = os.fstat(descriptor)
    if not stat.S_ISREG(before.st_mode):
        raise OutputRefused(path, "it is not a regular file")
    if before.st_nlink != 1:
        raise OutputRefused(path, "it has a second name")
    if _has_writer(descriptor):
        raise OutputRefused(path, "a process still has it open for writing")
    start_write_out(descriptor)
    with open(descriptor, "rb", buffering=0, closefd=False) as stream:
        digests = digest_stream(stream)
    after = os.fstat(descriptor)
    if _identity(after) != _identity(before) or digests.size != after.st_size:
        raise OutputRefused(path, "it changed while it was read")
    os.fchmod(descriptor, READ_ONLY_FILE)
    return digests


def _identity(found: os.stat_result) -> tuple[int, ...]:
    return (found.st_ino, found.st_dev, found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_nlink)


def _has_writer(descriptor: int) -> bool:
    """Whether any process has the file open for writing: then the kernel grants no read lease (fcntl(2)).

    A file system without leases is taken at its word; the worker's processes have ended before.
    """
    try:
        # A lease that is broken signals its holder; the default signal would end this process.
        fcntl.fcntl(descriptor, fcntl.F_SETSIG, signal.SIGURG)
        fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_RDLCK)
    except OSError as error:
        return error.errno == errno.EAGAIN
    fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_UNLCK)
    return False
