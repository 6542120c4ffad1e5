"""Auditing tiles and signed heads against the journal, leaf by leaf. Nothing is repaired.

Everything is computed anew from the journal: what a tile must hold, and the root at every size that was ever signed.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path

from casefile.digests import sha256
from casefile.errors import RecordUnreadable
from casefile.events.envelope import leaf_hash
from casefile.events.files import LogFiles
from casefile.events.types import HeadAttested
from preservation.checkpoints import KEPT, NEWEST, SignedCheckpoint, kept, kept_name
from preservation.durable import is_there, opened, storage_errors
from preservation.key_history import KeyHistory
from preservation.notes import MAX_NOTE_BYTES, NoteMalformed
from preservation.problems import Problem, problem
from preservation.tiles import FOLDER, HEIGHT, WIDTH, Tile, bundled, perfect_root, row_above, tiles_of
from preservation.tree import root_of

LOG = "log"
SHOWN_HASH = 16
"""Hexadecimal digits of a root that a finding shows; the files have the whole."""


class CustodyAudit:
    """One pass over the journal, then the questions. `tiles` and `heads` count what was compared."""

    def __init__(self, log: Path, files: LogFiles, history: KeyHistory) -> None:
        self._log = log
        self._files = files
        self._history = history
        self._rows: list[list[bytes]] = [[leaf_hash(content) for content in whole_contents(files)]]
        while len(self._rows[-1]) >= WIDTH:
            self._rows.append(row_above(self._rows[-1]))
        self.tiles = 0
        self.heads = 0

    def problems(self, attested: Sequence[HeadAttested]) -> Iterator[Problem]:
        """Everything about tiles and stored heads; `attested` are the heads that the log itself names."""
        newest_path = self._log / NEWEST
        places = [*kept(self._log), *([newest_path] if is_there(newest_path) else [])]
        sizes = []
        found: dict[int, str] = {}
        for path in places:
            size, content, problems = self._stored(path)
            yield from problems
            if content:
                sizes.append((size, path))
                found[size] = sha256(content)
        yield from self._order(sizes, attested)
        for one in attested:
            if found.get(one.size) != one.checkpoint and not self._is_newest_missing(one, sizes):
                yield problem("P080", f"{LOG}/{KEPT}/{kept_name(one.size)}")
        largest = max((size for size, _path in sizes), default=0)
        yield from self._tiles(min(largest, len(self._rows[0])))

    def compare(self, path: Path) -> Iterator[Problem]:
        """A head that was held outside: the journal must begin with what it was signed over."""
        try:
            outside = _read(path)
        except (NoteMalformed, OSError) as error:
            yield problem("P083", str(path), reason=str(error))
            return
        if outside.head.origin != f"casefile/{self._history.log}":
            yield problem("P083", str(path), reason="it is the head of another log")
            return
        size, events = outside.head.size, len(self._rows[0])
        if size > events:
            yield problem("P082", str(path), size=str(size), found=str(events))
            return
        if outside.head.root != self.root(size):
            yield problem("P081", str(path), size=str(size), root=outside.head.root.hex(), ours=self._ours(size))
        if not self._history.is_signed(outside):
            yield problem("P083", str(path), reason="the log's key of its time did not sign it")
        elif self._history.is_revoked(outside):
            yield problem("P083", str(path), reason="the key was revoked for heads of its size")
        self.heads += 1

    def why_not_ours(self, signed: SignedCheckpoint) -> str:
        """Why that is no head of this log; empty when it is one."""
        size = signed.head.size
        if size > len(self._rows[0]) or signed.head.root != self.root(size):
            return "the journal does not give its root"
        return "" if self._history.is_signed(signed) else "the log's key of its time did not sign it"

    def _stored(self, path: Path) -> tuple[int, bytes, list[Problem]]:
        """A stored head: its size, its bytes (none where they are no checkpoint), and what is wrong with it."""
        where = f"{LOG}/{path.relative_to(self._log).as_posix()}"
        try:
            signed = _read(path)
        except (NoteMalformed, OSError) as error:
            return 0, b"", [problem("P073", where, reason=str(error))]
        size, events = signed.head.size, len(self._rows[0])
        self.heads += 1
        problems = []
        if path.name not in (NEWEST, kept_name(size)):
            problems.append(problem("P073", where, reason=f"its name is not that of {size} events"))
        if size > events:
            problems.append(problem("P076", where, size=str(size), found=str(events)))
        elif signed.head.root != (root := self.root(size)):
            shown = signed.head.root.hex()[:SHOWN_HASH], root.hex()[:SHOWN_HASH]
            problems.append(problem("P075", where, size=str(size), signed=shown[0], found=shown[1]))
        if not self._history.is_whole(signed):
            problems.append(problem("P074", where, size=str(size)))
        elif self._history.is_revoked(signed):
            epoch = self._history.epoch_of(size)
            problems.append(problem("P079", where, size=str(epoch.last_trusted if epoch else 0)))
        return size, signed.note.to_bytes(), problems

    def _order(self, sizes: Sequence[tuple[int, Path]], attested: Sequence[HeadAttested]) -> Iterator[Problem]:
        """`log/checkpoint` is there as soon as any head was signed, and none was signed over more events."""
        signed = [size for size, path in sizes if path.name != NEWEST] + [one.size for one in attested]
        newest = next((size for size, path in sizes if path.name == NEWEST), 0)
        if signed and max(signed) > newest:
            yield problem("P077", f"{LOG}/{NEWEST}", size=str(max(signed)))

    def _is_newest_missing(self, one: HeadAttested, sizes: Sequence[tuple[int, Path]]) -> bool:
        """Whether P077 says already that this head, which was the newest, is gone."""
        return not any(path.name == NEWEST for _size, path in sizes) and one.size > max(
            (size for size, _path in sizes), default=0
        )

    def _tiles(self, size: int) -> Iterator[Problem]:
        """Every file among the tiles, and every tile that a tree of `size` leaves must have."""
        folder = self._log / FOLDER
        wanted = {tile.path for tile in tiles_of(size)}
        bundles: dict[int, list[Tile]] = {}
        for relative in _files_below(folder):
            tile = Tile.at(relative)
            if tile is None or not self._reaches(tile):
                # What a fold that died was about to rename is no tile, and no harm: the next one removes it.
                if not relative.endswith(".part"):
                    yield problem("P072", f"{LOG}/{FOLDER}/{relative}")
                continue
            wanted.discard(relative)
            self.tiles += 1
            if tile.level < 0:
                bundles.setdefault(tile.index, []).append(tile)
            elif not _holds(folder / relative, b"".join(self._hashes(tile))):
                yield problem("P070", f"{LOG}/{FOLDER}/{relative}")
        yield from self._bundles(folder, bundles)
        for path in sorted(wanted):
            yield problem("P071", f"{LOG}/{FOLDER}/{path}")

    def _bundles(self, folder: Path, bundles: dict[int, list[Tile]]) -> Iterator[Problem]:
        contents = whole_contents(self._files)
        for index in range(-(-len(self._rows[0]) // WIDTH)):
            entries = list(islice(contents, WIDTH))
            for tile in bundles.get(index, ()):
                if not _holds(folder / tile.path, bundled(entries[: tile.width])):
                    yield problem("P070", f"{LOG}/{FOLDER}/{tile.path}")

    def _reaches(self, tile: Tile) -> bool:
        """Whether the journal holds what the tile would cover."""
        row = max(tile.level, 0)
        return row < len(self._rows) and tile.index * WIDTH + tile.width <= len(self._rows[row])

    def _hashes(self, tile: Tile) -> Sequence[bytes]:
        begin = tile.index * WIDTH
        return self._rows[tile.level][begin : begin + tile.width]

    @property
    def events(self) -> int:
        """How many whole events the journal holds."""
        return len(self._rows[0])

    def root(self, size: int) -> bytes:
        """The root that the journal gives at that size."""
        return root_of(size, self.node)

    def node(self, level: int, index: int) -> bytes:
        """The root of a perfect subtree, as the journal gives it."""
        row, above = divmod(level, HEIGHT)
        return perfect_root(self._rows[row][index << above : index + 1 << above])

    def _ours(self, size: int) -> str:
        """Our side of a contradiction: the newest head that we signed, or the root that the journal gives."""
        try:
            ours = _read(self._log / NEWEST)
        except (NoteMalformed, OSError):
            return f"the journal gives {self.root(size).hex()}"
        return f"{LOG}/{NEWEST} has size {ours.head.size} and root {ours.head.root.hex()}"


def _read(path: Path) -> SignedCheckpoint:
    """A checkpoint in a file of any length; raises NoteMalformed or OSError."""
    with path.open("rb") as stream:
        return SignedCheckpoint.parse(stream.read(MAX_NOTE_BYTES + 1))


def whole_contents(files: LogFiles) -> Iterator[bytes]:
    """The records of the journal up to where it is damaged, if it is: the replay and P064 name the damage itself."""
    try:
        for record in files.journal.records():
            yield record.content
    except RecordUnreadable:
        return


def _files_below(folder: Path) -> Iterator[str]:
    """Every name below the folder that is no folder, links included, in order."""
    for parent, folders, files in os.walk(folder):
        folders.sort()
        links = [name for name in folders if Path(parent, name).is_symlink()]
        for name in sorted([*files, *links]):
            yield Path(parent, name).relative_to(folder).as_posix()


def _holds(path: Path, expected: bytes) -> bool:
    """Whether the file itself, no link, holds exactly these bytes."""
    if path.is_symlink() or not path.is_file():
        return False
    with opened(path, os.O_RDONLY) as descriptor, storage_errors("read", path):
        return os.fstat(descriptor).st_size == len(expected) and _all(descriptor, len(expected)) == expected


def _all(descriptor: int, size: int) -> bytes:
    content = b""
    while part := os.read(descriptor, size - len(content)):
        content += part
    return content
