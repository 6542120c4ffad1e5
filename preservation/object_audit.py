"""Auditing one object: every file and folder of it accounted for, every content byte read once against its sha512."""

from __future__ import annotations

import hashlib
import json
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from io import FileIO
from pathlib import Path

from casefile.digests import Digest, hex_of
from preservation import layout
from preservation.durable import READ_ONLY_DIRECTORY, READ_ONLY_FILE
from preservation.inventory import Inventory, NotAnInventory, build_sidecar, inventory_digest, parse_inventory
from preservation.problems import Problem, problem

PERMISSIONS = "P007"
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


class _Unreadable(Exception):
    """A file or folder could not be read; its problem says why."""

    def __init__(self, found: Problem) -> None:
        super().__init__(found.text)
        self.found = found


@dataclass(slots=True)
class ObjectAudit:
    """One object in `folder`, which findings call `shown`. `inventory` is the digest of its inventory, once read.

    Every content byte is read once. A file that is missing and one that cannot be read are findings like any other.
    """

    folder: Path
    object_id: str
    shown: str
    checked: Checked = field(default_factory=Checked)
    inventory: Digest | None = None

    def problems(self) -> Iterator[Problem]:
        """Everything that is wrong with the object, in order of what was looked at; nothing when it is whole."""
        self.checked.objects += 1
        files: dict[str, os.stat_result] = {}
        yield from self._walk("", files)
        self.checked.files += len(files)
        parsed, found = self._read_inventory()
        yield from found
        if parsed is not None:
            yield from self._compare_names(set(files), parsed)
            yield from self._compare_contents(parsed)
            yield from self._compare_record(parsed)

    def _walk(self, relative: str, files: dict[str, os.stat_result]) -> Iterator[Problem]:
        """Fills `files` with every regular file below the object and finds what should not be there whatever it is."""
        try:
            with os.scandir(self.folder / relative) as entries:
                listed = sorted(entries, key=lambda entry: entry.name)
            own = os.lstat(self.folder / relative)
        except OSError as error:
            yield self._problem("P008", relative, reason=error.strerror or str(error))
            return
        yield from self._permissions(relative, own, READ_ONLY_DIRECTORY)
        if not listed:
            yield self._problem("P004", relative)
        for entry in listed:
            path = f"{relative}/{entry.name}" if relative else entry.name
            found = entry.stat(follow_symlinks=False)
            if stat.S_ISDIR(found.st_mode):
                yield from self._walk(path, files)
            elif stat.S_ISREG(found.st_mode):
                files[path] = found
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
            self.inventory = inventory_digest(content)
            parsed = parse_inventory(content)
        except _Unreadable as error:
            return None, [error.found]
        except NotAnInventory as error:
            return None, [self._problem("P011", layout.INVENTORY, reason=str(error))]
        if parsed.object_id != self.object_id:
            return parsed, [self._problem("P012", layout.INVENTORY, found=parsed.object_id)]
        return parsed, self._compare_fixed(content, self.inventory)

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

    def _compare_names(self, files: set[str], parsed: Inventory) -> Iterator[Problem]:
        for path in sorted(files - FIXED - {f"{layout.CONTENT}/{path}" for path in parsed.sha512}):
            yield self._problem("P016", path)

    def _compare_contents(self, parsed: Inventory) -> Iterator[Problem]:
        for path, expected in sorted(parsed.sha512.items()):
            place = f"{layout.CONTENT}/{path}"
            try:
                found = self._digest(place)
            except _Unreadable as error:
                yield error.found
                continue
            if found != expected:
                yield self._problem("P017", place, found=hex_of(found), expected=hex_of(expected))

    def _compare_record(self, parsed: Inventory) -> Iterator[Problem]:
        """The record inside and the inventory outside speak of the same files."""
        place = f"{layout.CONTENT}/{layout.CAPTURE_RECORD}"
        try:
            value = json.loads(self._read(place))
            named = {file["path"]: (file["sha256"], file["sha512"]) for file in value["files"]}
        except _Unreadable:
            return
        except (ValueError, KeyError, TypeError, RecursionError):
            named = {}
        held = {path: (parsed.sha256[path], digest) for path, digest in parsed.sha512.items()}
        held.pop(layout.CAPTURE_RECORD, None)
        if named != held:
            yield self._problem("P018", place)

    def _read(self, path: str) -> bytes:
        with self._opened(path) as stream:
            return stream.read()

    def _digest(self, path: str) -> Digest:
        with self._opened(path) as stream:
            digest = hashlib.file_digest(stream, "sha512")
            self.checked.bytes += stream.tell()
        return Digest(f"sha512:{digest.hexdigest()}")

    @contextmanager
    def _opened(self, path: str) -> Iterator[FileIO]:
        try:
            with open(self.folder / path, "rb", buffering=0, opener=_open) as stream:
                yield stream
        except FileNotFoundError as error:
            raise _Unreadable(self._problem("P015", path)) from error
        except OSError as error:
            raise _Unreadable(self._problem("P008", path, reason=error.strerror or str(error))) from error

    def _problem(self, code: str, path: str, **fields: str) -> Problem:
        return problem(code, f"{self.shown}/{path}" if path else self.shown, self.object_id, **fields)


def kind_of(found: os.stat_result) -> str:
    """What a directory entry is, in a word, when it is neither a file nor a folder."""
    return _KINDS.get(stat.S_IFMT(found.st_mode), "device")


def _open(path: str, flags: int) -> int:
    # Without O_NONBLOCK a pipe that was put in a file's place would stop the audit.
    return os.open(path, flags | os.O_NOFOLLOW | os.O_NONBLOCK)
