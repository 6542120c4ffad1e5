"""Auditing one object: every file and folder of it accounted for, every content byte read once against its sha512."""

from __future__ import annotations

import hashlib
import json
import os
import stat
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from casefile.digests import BLOCK_BYTES, Digest, hex_of, sha512
from preservation import layout
from preservation.durable import READ_ONLY_DIRECTORY, READ_ONLY_FILE
from preservation.inventory import (
    Inventory,
    NotAnInventory,
    build_sidecar,
    inventory_digest,
    parse_inventory,
    read_inventory,
)
from preservation.problems import Problem, problem

PERMISSIONS = "P007"
READ_BYTES = 1 << 18
"""Small enough to stay in the processor's cache between reading and hashing."""
LONGEST_DESCRIPTION_BYTES = 256 << 20
"""Far beyond any inventory or record: what is longer was not written by sealing and is not read into memory."""
_CONTENT = f"{layout.CONTENT}/"
FIXED = frozenset(
    {
        layout.OBJECT_DECLARATION,
        layout.INVENTORY,
        layout.SIDECAR,
        f"{layout.VERSION}/{layout.INVENTORY}",
        f"{layout.VERSION}/{layout.SIDECAR}",
    }
)
"""The files of every object that are not content."""
_KINDS = {stat.S_IFLNK: "link", stat.S_IFIFO: "pipe", stat.S_IFSOCK: "socket"}


@dataclass(slots=True)
class Checked:
    """How much was looked at: objects, files of them, and bytes that were hashed."""

    objects: int = 0
    files: int = 0
    bytes: int = 0
    buffer: bytearray = field(default_factory=lambda: bytearray(READ_BYTES), repr=False, compare=False)


class _Unreadable(Exception):
    """A file or folder could not be read; its problem says why."""

    def __init__(self, found: Problem) -> None:
        super().__init__(found.text)
        self.found = found


@dataclass(slots=True)
class ObjectAudit:
    """One object in `folder`, which findings call `shown`; `recorded` is its inventory's digest in the log, if any.

    `replaced` are the digests of inventories that it had before something was erased from it.

    Every content byte is read once. A file that is missing and one that cannot be read are findings like any other.
    """

    folder: Path
    object_id: str
    shown: str
    recorded: Digest | None = None
    replaced: Collection[Digest] = ()
    checked: Checked = field(default_factory=Checked)

    def problems(self) -> Iterator[Problem]:
        """Everything that is wrong with the object, in order of what was looked at; nothing when it is whole."""
        self.checked.objects += 1
        files: dict[str, int] = {}
        yield from self._walk("", files)
        self.checked.files += len(files)
        parsed, found = self._read_inventory()
        yield from found
        if parsed is not None:
            yield from self._compare_names(files.keys(), parsed)
            yield from self._compare_contents(parsed)

    def _walk(self, relative: str, files: dict[str, int]) -> Iterator[Problem]:
        """Fills `files` with the length of every regular file; finds what should not be there whatever it is."""
        place = self._place(relative)
        try:
            own = os.lstat(place)
            with os.scandir(place) as entries:
                listed = sorted(entries, key=lambda entry: entry.name)
        except OSError as error:
            yield self._problem("P008", relative, reason=error.strerror or str(error))
            return
        yield from self._permissions(relative, own, READ_ONLY_DIRECTORY)
        if not listed:
            yield self._problem("P004", relative)
        for entry in listed:
            path = f"{relative}/{entry.name}" if relative else entry.name
            if entry.is_dir(follow_symlinks=False):
                yield from self._walk(path, files)
                continue
            found = entry.stat(follow_symlinks=False)
            if stat.S_ISREG(found.st_mode):
                files[path] = found.st_size
                yield from self._permissions(path, found, READ_ONLY_FILE)
            else:
                yield self._problem("P005", path, kind=kind_of(found))

    def _permissions(self, path: str, found: os.stat_result, expected: int) -> Iterator[Problem]:
        mode = stat.S_IMODE(found.st_mode)
        if mode != expected:
            yield self._problem(PERMISSIONS, path, found=f"{mode:04o}", expected=f"{expected:04o}")

    def _read_inventory(self) -> tuple[Inventory | None, list[Problem]]:
        try:
            content = self._read(layout.INVENTORY)
            digest = inventory_digest(content)
            # What the log names was written by sealing; only other bytes have to prove that they are of its form.
            parsed = read_inventory(content) if digest == self.recorded else parse_inventory(content)
        except _Unreadable as error:
            return None, [error.found]
        except NotAnInventory as error:
            return None, [self._problem("P011", layout.INVENTORY, reason=str(error))]
        found: list[Problem] = []
        if self.recorded != digest and digest in self.replaced:
            found.append(self._problem("P100", ""))
        elif self.recorded not in (None, digest):
            expected = hex_of(self.recorded)
            found.append(self._problem("P022", layout.INVENTORY, found=hex_of(digest), expected=expected))
        if parsed.object_id != self.object_id:
            found.append(self._problem("P012", layout.INVENTORY, found=parsed.object_id))
        return parsed, found + self._compare_fixed(content, digest)

    def _compare_fixed(self, inventory: bytes, digest: Digest) -> list[Problem]:
        """Compares the files whose bytes follow from the inventory alone."""
        fixed = {
            layout.OBJECT_DECLARATION: ("P010", layout.OBJECT_DECLARATION_CONTENT),
            layout.SIDECAR: ("P013", build_sidecar(digest)),
            f"{layout.VERSION}/{layout.INVENTORY}": ("P014", inventory),
            f"{layout.VERSION}/{layout.SIDECAR}": ("P013", build_sidecar(digest)),
        }
        found: list[Problem] = []
        for path, (code, expected) in fixed.items():
            try:
                if self._read(path) != expected:
                    found.append(self._problem(code, path))
            except _Unreadable as error:
                found.append(error.found)
        return found

    def _compare_names(self, files: Collection[str], parsed: Inventory) -> Iterator[Problem]:
        for path in files:
            if path not in FIXED and path.removeprefix(_CONTENT) not in parsed.sha512:
                yield self._problem("P016", path)

    def _compare_contents(self, parsed: Inventory) -> Iterator[Problem]:
        for path, expected in sorted(parsed.sha512.items()):
            try:
                if path == layout.CAPTURE_RECORD:
                    content = self._read(_CONTENT + path)
                    self.checked.bytes += len(content)
                    found = sha512(content)
                    if found == expected and not _names_same_files(content, parsed):
                        yield self._problem("P018", _CONTENT + path)
                else:
                    found = self._digest(_CONTENT + path)
            except _Unreadable as error:
                yield error.found
                continue
            if found != expected:
                yield self._problem("P017", _CONTENT + path, found=hex_of(found), expected=hex_of(expected))

    def _read(self, path: str) -> bytes:
        """The bytes of a file of the kind that fits in memory; of a longer one as many as tell it from them."""
        with self._opened(path) as descriptor:
            content = os.read(descriptor, BLOCK_BYTES)
            while len(content) < LONGEST_DESCRIPTION_BYTES and (more := os.read(descriptor, BLOCK_BYTES)):
                content += more
        return content

    def _digest(self, path: str) -> Digest:
        digest = hashlib.sha512()
        buffer = memoryview(self.checked.buffer)
        with self._opened(path) as descriptor:
            while size := os.readv(descriptor, [buffer]):
                digest.update(buffer[:size])
                self.checked.bytes += size
        return Digest(f"sha512:{digest.hexdigest()}")

    @contextmanager
    def _opened(self, path: str) -> Iterator[int]:
        try:
            # Without O_NONBLOCK a pipe that was put in a file's place would stop the audit.
            descriptor = os.open(self._place(path), os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
            try:
                yield descriptor
            finally:
                os.close(descriptor)
        except FileNotFoundError as error:
            raise _Unreadable(self._problem("P015", path)) from error
        except OSError as error:
            raise _Unreadable(self._problem("P008", path, reason=error.strerror or str(error))) from error

    def _place(self, path: str) -> str:
        return f"{self.folder}/{path}" if path else str(self.folder)

    def _problem(self, code: str, path: str, **fields: str) -> Problem:
        return problem(code, f"{self.shown}/{path}" if path else self.shown, self.object_id, **fields)


def _names_same_files(record: bytes, parsed: Inventory) -> bool:
    """Whether the record inside and the inventory outside speak of the same files."""
    try:
        named = {file["path"]: (file["sha256"], file["sha512"]) for file in json.loads(record)["files"]}
    except (ValueError, KeyError, TypeError, RecursionError):
        return False
    held = {path: (parsed.sha256.get(path), digest) for path, digest in parsed.sha512.items()}
    held.pop(layout.CAPTURE_RECORD, None)
    return named == held


def kind_of(found: os.stat_result) -> str:
    """What a directory entry is, in a word, when it is neither a file nor a folder."""
    return _KINDS.get(stat.S_IFMT(found.st_mode), "device")
