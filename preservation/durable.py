"""The only place that writes durably: what returns from here survives a power cut.

Every step that a crash could part from the next one is announced to `reached`, so that a test can stop the process
there without knowing the steps in advance. A failed fsync is final: the kernel may have dropped the pages, so a second
fsync that succeeds would prove nothing.
"""

from __future__ import annotations

import ctypes
import errno
import os
import secrets
import stat
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from itertools import islice
from pathlib import Path

from casefile.errors import StorageFailed, VaultConflict
from casefile.space import OUT_OF_SPACE, space_exhausted

Reached = Callable[[str], None]
"""Told the name of each step right after it took effect."""

READ_ONLY_FILE = 0o444
READ_ONLY_DIRECTORY = 0o555
WRITABLE_DIRECTORY = 0o755

AT_FDCWD = -100
RENAME_NOREPLACE = 1
"""renameat2(2)."""
RENAME_EXCHANGE = 2
"""renameat2(2) too."""
ASIDE = ".aside"
SYNC_FILE_RANGE_WRITE = 2
"""sync_file_range(2)."""
NO_SUCH_CALL = frozenset({errno.ENOSYS, errno.EINVAL, errno.EOPNOTSUPP})
"""What a kernel or a file system without the call answers."""
OPENED_AT_ONCE = 64
"""Files kept open between starting their write-out and their fsync: enough to share one journal commit."""

_libc = ctypes.CDLL(None, use_errno=True)


def unobserved(step: str) -> None:
    """The `reached` of every day: nobody watches."""


class Disk:
    """Durable writes. Raises SpaceExhausted, StorageFailed or VaultConflict, never a bare OSError."""

    def __init__(self, reached: Reached = unobserved) -> None:
        self.reached = reached
        self._known: set[Path] = set()

    def create_exclusive(self, path: Path, content: bytes, mode: int = 0o644) -> None:
        """Writes a file that must not exist yet: after any crash it is there whole, or not at all.

        Raises VaultConflict when `path` exists.
        """
        part = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
        self.write_new(part, content, mode)
        self.sync_file(part)
        self.rename_exclusive(part, path)
        self.sync_directory(path.parent)

    def replace(self, path: Path, content: bytes, mode: int = 0o644) -> None:
        """Writes a file in place of whatever was there: after any crash it is the old one or the new one.

        The caller keeps a second writer of the same path away.
        """
        part = path.with_name(f".{path.name}.part")
        with storage_errors("unlink", part):
            part.unlink(missing_ok=True)
        self.write_new(part, content, mode)
        self.sync_file(part)
        with storage_errors("rename", path):
            part.rename(path)
        self.reached(f"rename {path.name}")
        self.sync_directory(path.parent)

    def replace_all(self, contents: Mapping[Path, bytes], mode: int = 0o644) -> None:
        """The same for many files, which wait for the disk together: each is the old one or the new one.

        Missing folders are made.
        """
        parts = {path: path.with_name(f".{path.name}.part") for path in contents}
        for path, part in parts.items():
            self.make_directories(path.parent)
            with storage_errors("unlink", part):
                part.unlink(missing_ok=True)
            self.write_new(part, contents[path], mode)
        self.sync_files(parts.values())
        for path, part in parts.items():
            with storage_errors("rename", path):
                part.rename(path)
            self.reached(f"rename {path.name}")
        for folder in dict.fromkeys(path.parent for path in parts):
            self.sync_directory(folder)

    def write_new(self, path: Path, content: bytes, mode: int = READ_ONLY_FILE) -> None:
        """Writes a file that must not exist, without syncing it: for folders that are synced as a whole."""
        with storage_errors("write", path, len(content)):
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
            try:
                rest = memoryview(content)
                while rest:
                    rest = rest[os.write(descriptor, rest) :]
                os.fchmod(descriptor, mode)
            finally:
                os.close(descriptor)
        self.reached(f"write {path.name}")

    def sync_file(self, file: Path | int, name: str = "") -> None:
        """Waits until the bytes and the length of a file, by path or open descriptor, are on the disk."""
        if isinstance(file, Path):
            with opened(file, os.O_RDONLY) as descriptor:
                self.sync_file(descriptor, file.name)
            return
        with storage_errors("fsync", Path(name or f"descriptor {file}")):
            os.fsync(file)
        self.reached(f"fsync {name}")

    def sync_files(self, paths: Iterable[Path]) -> None:
        """The same for many files: all write-outs are started before the first one is waited for."""
        for batch in _batches(paths, OPENED_AT_ONCE):
            with ExitStack() as stack:
                descriptors = [stack.enter_context(opened(path, os.O_RDONLY)) for path in batch]
                for descriptor in descriptors:
                    start_write_out(descriptor)
                for path, descriptor in zip(batch, descriptors, strict=True):
                    self.sync_file(descriptor, path.name)

    def sync_directory(self, path: Path) -> None:
        """Waits until the names in a directory are on the disk."""
        with opened(path, os.O_RDONLY | os.O_DIRECTORY) as descriptor:
            self.sync_file(descriptor, f"{path.name}/")

    def rename_exclusive(self, source: Path, target: Path) -> None:
        """Renames a file or a directory to a name that must be free; neither directory is synced yet.

        Raises VaultConflict when `target` exists.
        """
        with storage_errors("rename", target):
            try:
                _rename_without_replacing(source, target)
            except FileExistsError as error:
                raise VaultConflict(str(target)) from error
        self.reached(f"rename {target.name}")

    def exchange(self, one: Path, other: Path) -> None:
        """Swaps two directories of one file system in one step; neither parent is synced yet.

        Where the file system knows no such step it takes three, and a crash may leave `other` beside `one`, named
        `one` with ASIDE behind it: `resolve_exchange` puts it back.
        """
        with storage_errors("exchange", other):
            if not _exchange(one, other):
                other.rename(one.with_name(one.name + ASIDE))
                self.reached(f"aside {other.name}")
                one.rename(other)
                self.reached(f"rename {other.name}")
                one.with_name(one.name + ASIDE).rename(one)
        self.reached(f"exchange {other.name}")

    def resolve_exchange(self, one: Path, other: Path) -> None:
        """Undoes, or finishes, an exchange that took three steps and was stopped between them."""
        aside = one.with_name(one.name + ASIDE)
        if is_there(aside):
            self.rename_exclusive(aside, one if is_there(other) else other)

    def remove_tree(self, path: Path) -> None:
        """Removes a directory with all that is in it, whatever its permissions; links are removed, not followed."""
        for parent, folders, files in os.walk(path):
            self.restrict(Path(parent), WRITABLE_DIRECTORY)
            for name in (*files, *(one for one in folders if Path(parent, one).is_symlink())):
                self.remove_file(Path(parent, name))
        for parent, folders, _files in os.walk(path, topdown=False):
            for name in folders:
                self.remove_empty(Path(parent, name))
        self.remove_empty(path)
        self.sync_directory(path.parent)

    def link(self, source: Path, target: Path) -> None:
        """Gives a file a second name, whose directory is synced later; nothing is read or copied."""
        with storage_errors("link", target):
            os.link(source, target, follow_symlinks=False)
        self.reached(f"link {target.name}")

    def make_directories(self, path: Path) -> None:
        """Makes a directory and its missing parents, each of them durable before the next one is made.

        One that exists already may be another process's of a moment ago, so its parent is synced once as well.
        """
        exists = is_there(path)
        if exists and path in self._known:
            return
        if not exists:
            self.make_directories(path.parent)
        with storage_errors("mkdir", path):
            path.mkdir(exist_ok=True)
        self.reached(f"mkdir {path.name}/")
        self.sync_directory(path.parent)
        self._known.add(path)

    def make_unsynced(self, path: Path) -> None:
        """Makes a directory, and its missing parents, that is synced later or never has to be."""
        with storage_errors("mkdir", path):
            path.mkdir(parents=True)
        self.reached(f"mkdir {path.name}/")

    def restrict(self, path: Path, mode: int) -> None:
        """Sets the permission bits of a file or directory, whatever they were; never those behind a link."""
        with storage_errors("chmod", path), opened(path, os.O_PATH) as descriptor:
            if stat.S_ISLNK(os.fstat(descriptor).st_mode):
                raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), str(path))
            # fchmod(2) refuses an O_PATH descriptor, and any other needs a permission that may be missing.
            os.chmod(f"/proc/self/fd/{descriptor}", mode)
        self.reached(f"chmod {path.name}")

    def remove_file(self, path: Path) -> None:
        """Removes a note of our own that has served; not synced, since finding it again does no harm."""
        with storage_errors("unlink", path):
            path.unlink()
        self.reached(f"unlink {path.name}")

    def remove_empty(self, path: Path) -> None:
        """Removes a directory that is empty; one that is not makes StorageFailed."""
        with storage_errors("rmdir", path):
            path.rmdir()
        self.reached(f"rmdir {path.name}/")


@contextmanager
def opened(path: Path, flags: int) -> Iterator[int]:
    """A descriptor of `path` itself, never of what a link there points to."""
    with storage_errors("open", path):
        descriptor = os.open(path, flags | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        yield descriptor
    finally:
        with storage_errors("close", path):
            os.close(descriptor)


def is_there(path: Path) -> bool:
    """Whether the name exists, link or not. Unlike os.path.lexists it never says no because it could not look."""
    with storage_errors("look at", path):
        try:
            path.lstat()
        except (FileNotFoundError, NotADirectoryError):
            return False
        return True


def start_write_out(descriptor: int) -> None:
    """Asks the kernel to begin writing a file's pages and waits for nothing; only a following fsync proves anything."""
    call = getattr(_libc, "sync_file_range", None)
    if call is not None:
        call(descriptor, ctypes.c_int64(0), ctypes.c_int64(0), SYNC_FILE_RANGE_WRITE)


def _rename_without_replacing(source: Path, target: Path) -> None:
    call = getattr(_libc, "renameat2", None)
    if call is not None:
        if call(AT_FDCWD, os.fsencode(source), AT_FDCWD, os.fsencode(target), RENAME_NOREPLACE) == 0:
            return
        number = ctypes.get_errno()
        if number not in NO_SUCH_CALL:
            raise OSError(number, os.strerror(number), str(target))
    if source.is_dir():
        # rename(2) itself refuses a directory that is not empty.
        if is_there(target):
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(target))
        source.rename(target)
        return
    os.link(source, target, follow_symlinks=False)
    source.unlink()


def _exchange(one: Path, other: Path) -> bool:
    """Whether the file system swapped the two; raises OSError for anything but that it knows no such step."""
    call = getattr(_libc, "renameat2", None)
    if call is None:
        return False
    if call(AT_FDCWD, os.fsencode(one), AT_FDCWD, os.fsencode(other), RENAME_EXCHANGE) == 0:
        return True
    number = ctypes.get_errno()
    if number in NO_SUCH_CALL:
        return False
    raise OSError(number, os.strerror(number), str(other))


@contextmanager
def storage_errors(operation: str, path: Path, size: int = 1) -> Iterator[None]:
    """Turns an OSError into StorageFailed, or into SpaceExhausted where `size` bytes or an inode found no room."""
    try:
        yield
    except OSError as error:
        if error.errno in OUT_OF_SPACE:
            raise space_exhausted(path, size) from error
        raise StorageFailed(operation, str(path), error.strerror or str(error)) from error


def _batches(paths: Iterable[Path], size: int) -> Iterator[list[Path]]:
    remaining = iter(paths)
    while batch := list(islice(remaining, size)):
        yield batch
