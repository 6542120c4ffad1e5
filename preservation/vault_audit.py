"""Auditing the vault: every file and folder of it accounted for, and compared with what the log says was sealed."""

from __future__ import annotations

import os
import random
import stat
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote

from casefile.digests import Digest, hex_of, sha256
from preservation import layout
from preservation.durable import is_there
from preservation.object_audit import Checked, ObjectAudit, kind_of
from preservation.problems import Problem, problem
from preservation.vault import locked

_OWN_FILES = frozenset(layout.root_files())
_OWN_FOLDERS = frozenset(parent.as_posix() for path in _OWN_FILES for parent in Path(path).parents) - {"."}


@dataclass(frozen=True, slots=True)
class Expected:
    """What the log says of the vault: the inventory's digest of every sealed object, by object id.

    `under_way` are the objects that a run has declared to record. Read them before the log: an object that is sealed
    in between is then in both, and not in neither. `replaced` are the inventories that objects had before something was
    erased from them.
    """

    sealed: Mapping[str, Digest]
    under_way: Collection[str] = frozenset()
    replaced: Mapping[str, Collection[Digest]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Sample:
    """How many objects are read, and the seed that chooses them: the same again for the same vault."""

    size: int
    seed: int


@dataclass(frozen=True, slots=True)
class Slice:
    """Some of `parts` slices of the vault, numbered from 0: all of them together read every object once."""

    parts: int
    numbers: tuple[int, ...]

    def holds(self, object_id: str) -> bool:
        """Whether the object is in one of these, whatever else the vault holds."""
        return self.number_of(object_id, self.parts) in self.numbers

    @staticmethod
    def number_of(object_id: str, parts: int) -> int:
        """The slice that an object is in, of so many."""
        return int(hex_of(sha256(object_id.encode("utf-8")))[:16], 16) % parts


@dataclass(slots=True)
class VaultAudit:
    """An audit of the storage root at `root`, also while others seal. `expect` is asked once the root is listed.

    Without a `sample` or a slice every object is read. `problems` is run once; `checked` counts as it goes. The paths
    of findings begin with the root's own name.
    """

    root: Path
    expect: Callable[[], Expected]
    sample: Sample | Slice | None = None
    checked: Checked = field(default_factory=Checked)

    def problems(self) -> Iterator[Problem]:
        """Every finding, in the order of the paths; objects that are missing come last."""
        found: list[str] = []
        empty: list[str] = []
        yield from self._root_files()
        yield from self._walk_root(found, empty)
        expected = self.expect()
        yield from self._still_empty(empty, expected.under_way)
        chosen = self._choose(found)
        for object_id in found:
            yield from self._object(object_id, expected, read=object_id in chosen)
        for object_id in sorted(expected.sealed.keys() - set(found)):
            if not is_there(self.root / layout.object_path(object_id)):
                yield problem("P021", self._shown(layout.object_path(object_id).as_posix()), object_id)

    def _root_files(self) -> Iterator[Problem]:
        for path, content in layout.root_files().items():
            place = self.root / path
            try:
                found = place.lstat()
                same = stat.S_ISREG(found.st_mode) and place.read_bytes() == content
            except FileNotFoundError:
                yield problem("P001", self._shown(path))
            except OSError as error:
                yield problem("P008", self._shown(path), reason=error.strerror or str(error))
            else:
                if not same:
                    yield problem("P002", self._shown(path))

    def _walk_root(self, found: list[str], empty: list[str]) -> Iterator[Problem]:
        """Fills `found` with the id of every object in its place, and `empty`, and finds whatever else lies there."""
        pending = [""]
        while pending:
            at = pending.pop()
            try:
                with os.scandir(self.root / at) as entries:
                    listed = sorted(entries, key=lambda entry: entry.name)
            except FileNotFoundError:
                continue
            except OSError as error:
                yield problem("P008", self._shown(at), reason=error.strerror or str(error))
                continue
            if at and not listed:
                empty.append(at)
            below: list[str] = []
            for entry in listed:
                path = f"{at}/{entry.name}" if at else entry.name
                if entry.is_dir(follow_symlinks=False) and (path in _OWN_FOLDERS or _is_tuple(path)):
                    below.append(path)
                elif entry.is_dir(follow_symlinks=False) and _is_object_place(path):
                    yield from self._place(path, found)
                elif path not in _OWN_FILES:
                    yield from self._stray(path, entry)
            pending.extend(reversed(below))

    def _still_empty(self, empty: list[str], under_way: Collection[str]) -> Iterator[Problem]:
        """Looks again at folders that were empty, while nothing is being admitted to them.

        One on the way to an object that is under way was made for it by a run that died since; recovery fills it.
        """
        made = {above.as_posix() for one in under_way for above in layout.object_path(one).parents}
        empty = [path for path in empty if path not in made]
        if not empty:
            return
        with locked(self.root, alone=True):
            remaining = [path for path in empty if (self.root / path).is_dir() and not os.listdir(self.root / path)]
        for path in remaining:
            yield problem("P004", self._shown(path))

    def _place(self, path: str, found: list[str]) -> Iterator[Problem]:
        object_id = unquote(path.rpartition("/")[2], errors="replace")
        if layout.object_path(object_id).as_posix() == path:
            found.append(object_id)
        else:
            yield problem("P006", self._shown(path), object_id)

    def _stray(self, path: str, entry: os.DirEntry[str]) -> Iterator[Problem]:
        found = entry.stat(follow_symlinks=False)
        if stat.S_ISREG(found.st_mode) or stat.S_ISDIR(found.st_mode):
            yield problem("P003", self._shown(path))
        else:
            yield problem("P005", self._shown(path), kind=kind_of(found))

    def _choose(self, found: list[str]) -> Collection[str]:
        if isinstance(self.sample, Slice):
            return frozenset(filter(self.sample.holds, found))
        if self.sample is None or self.sample.size >= len(found):
            return frozenset(found)
        # Not for secrecy: the seed is stated, so that the choice can be made again.
        return frozenset(random.Random(self.sample.seed).sample(sorted(found), self.sample.size))  # noqa: S311

    def _object(self, object_id: str, expected: Expected, *, read: bool) -> Iterator[Problem]:
        place = layout.object_path(object_id).as_posix()
        recorded = expected.sealed.get(object_id)
        if recorded is None and (object_id in expected.under_way or not is_there(self.root / place)):
            # On its way in, or withdrawn meanwhile because its lease was lost.
            return
        if recorded is None:
            yield problem("P020", self._shown(place), object_id)
        if not read:
            return
        replaced = expected.replaced.get(object_id, ())
        audit = ObjectAudit(self.root / place, object_id, self._shown(place), recorded, replaced, self.checked)
        yield from audit.problems()

    def _shown(self, path: str) -> str:
        return f"{self.root.name}/{path}" if path else self.root.name


def _is_tuple(path: str) -> bool:
    parts = path.split("/")
    return len(parts) <= layout.NUMBER_OF_TUPLES and all(layout.TUPLE.fullmatch(part) for part in parts)


def _is_object_place(path: str) -> bool:
    parent = path.rpartition("/")[0]
    return parent.count("/") == layout.NUMBER_OF_TUPLES - 1 and _is_tuple(parent)
