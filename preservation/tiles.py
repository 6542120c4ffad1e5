"""The tree and its entries as files (C2SP tlog-tiles), folded from the journal, for any reader of such logs.

A tile holds the hashes of 256 nodes, `tile/L/N` those of level 8L from 256N on; `tile/entries/N` holds the 256
envelopes themselves. One that is not full yet ends in `.p/W`, W being how many it holds. Tiles can always be made anew
from the journal; what makes them evidence is the checkpoint over them.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from pathlib import Path

from casefile.errors import RecordUnreadable
from casefile.events.envelope import MAX_ENVELOPE_BYTES, leaf_hash
from casefile.events.files import LogFiles
from casefile.events.journal import SEGMENT_EVENTS, segment_of
from casefile.events.tree import EMPTY_ROOT, CompactRange, node_hash
from preservation.durable import Disk, is_there, storage_errors
from preservation.tree import HASH_BYTES, range_of, root_of

FOLDER = "tile"
ENTRIES = "entries"
WIDTH = 256
HEIGHT = 8
"""C2SP tlog-tiles: 256 hashes a tile, so that a tile's root is eight levels above its hashes."""
LENGTH = struct.Struct(">H")
TILE_FILE = 0o600
NO_EVENTS = (0, EMPTY_ROOT)
"""The size and the root that a fold from nothing builds upon."""
CACHED_TILES = 64
BATCH_FILES = 64
"""Files that wait for the disk together."""
_PATH = re.compile(r"(?P<level>entries|0|[1-9]\d?)/(?P<index>(?:x\d{3}/)*\d{3})(?:\.p/(?P<width>[1-9]\d{0,2}))?")


@dataclass(frozen=True, slots=True)
class Tile:
    """One tile, or with level -1 one bundle of entries. `width` is how many nodes or entries it holds."""

    level: int
    index: int
    width: int = WIDTH

    @property
    def path(self) -> str:
        """Its path below the folder of tiles, as C2SP tlog-tiles writes it."""
        digits = f"{self.index:03d}"
        digits = digits.zfill(-(-len(digits) // 3) * 3)
        groups = [digits[at : at + 3] for at in range(0, len(digits), 3)]
        name = "/".join([f"x{group}" for group in groups[:-1]] + groups[-1:])
        level = ENTRIES if self.level < 0 else str(self.level)
        return f"{level}/{name}" + (f".p/{self.width}" if self.width < WIDTH else "")

    @classmethod
    def at(cls, path: str) -> Tile | None:
        """The tile of a path below the folder of tiles; None for a path that no tile has."""
        found = _PATH.fullmatch(path)
        if found is None:
            return None
        level = -1 if found["level"] == ENTRIES else int(found["level"])
        tile = cls(level, int(re.sub("[x/]", "", found["index"])), int(found["width"] or WIDTH))
        return tile if tile.path == path else None


def tiles_of(size: int, since: int = 0) -> Iterator[Tile]:
    """The tiles and bundles of a tree of `size` leaves that a tree of `since` leaves does not have, entries first."""
    yield from _row(-1, size, since)
    level = 0
    while size >> HEIGHT * level:
        yield from _row(level, size >> HEIGHT * level, since >> HEIGHT * level)
        level += 1


def _row(level: int, size: int, since: int) -> Iterator[Tile]:
    if size == since:
        return
    for index in range(since // WIDTH, -(-size // WIDTH)):
        yield Tile(level, index, min(WIDTH, size - index * WIDTH))


class Tiles:
    """The tiles of one log, to read. Every reading raises RecordUnreadable where a tile is missing or damaged."""

    def __init__(self, log: Path, size: int) -> None:
        self._folder = log / FOLDER
        self._size = size
        self._hashes = lru_cache(CACHED_TILES)(self._read_hashes)

    def node(self, level: int, index: int) -> bytes:
        """The root of a perfect subtree, as `preservation.tree.Nodes` asks for it."""
        row, above = divmod(level, HEIGHT)
        first = index << above
        at = first % WIDTH
        return perfect_root(self.hashes(row, first // WIDTH)[at : at + (1 << above)])

    def hashes(self, row: int, index: int) -> tuple[bytes, ...]:
        """The hashes of one tile."""
        return self._hashes(row, index)

    def root(self, size: int | None = None) -> bytes:
        """The tree head of the first `size` leaves, of all by default."""
        return root_of(self._size if size is None else size, self.node)

    def entries(self, start: int, stop: int) -> Iterator[bytes]:
        """The envelopes start … stop-1, in order."""
        for index in range(start // WIDTH, -(-stop // WIDTH)):
            begin = index * WIDTH
            bundle = unbundled(self._read(Tile(-1, index, min(WIDTH, self._size - begin))))
            yield from islice(bundle, max(0, start - begin), stop - begin)

    def _read_hashes(self, row: int, index: int) -> tuple[bytes, ...]:
        count = (self._size >> HEIGHT * row) - index * WIDTH
        tile = Tile(row, index, min(WIDTH, count))
        content = self._read(tile)
        if len(content) != tile.width * HASH_BYTES:
            raise RecordUnreadable(f"{FOLDER}/{tile.path}", f"has {len(content)} bytes, not {tile.width * HASH_BYTES}")
        return tuple(content[at : at + HASH_BYTES] for at in range(0, len(content), HASH_BYTES))

    def _read(self, tile: Tile) -> bytes:
        path = self._folder / tile.path
        with storage_errors("read", path):
            try:
                return path.read_bytes()
            except FileNotFoundError as error:
                raise RecordUnreadable(f"{FOLDER}/{tile.path}", "the tile is missing") from error


@dataclass(frozen=True, slots=True)
class Folded:
    """The tree that the tiles hold, and how many files were written for it."""

    tree: CompactRange
    written: int


def fold(files: LogFiles, log: Path, since: tuple[int, bytes], size: int, disk: Disk) -> Folded:
    """Write the tiles of the journal's first `size` events, building upon `since`, a size and its root.

    What is there already is replaced by the same bytes: a fold that was stopped is simply done again. The tree is
    carried on from the old tiles' edge with the journal's leaves and read back from the new tiles, and both must
    agree. Whoever folds keeps others away. Raises RecordUnreadable, StorageFailed.
    """
    before, root = since
    old = Tiles(log, before)
    tree = range_of(before, old.node)
    if tree.root() != root:
        raise RecordUnreadable(FOLDER, f"the tiles do not give the root that was signed at {before} events")
    writer = _Writer(log / FOLDER, before, size, old, disk)
    writer.sweep()
    begin = before - before % WIDTH
    entries = journalled(files, begin, size)
    for index in range(begin // WIDTH, -(-size // WIDTH)):
        contents = list(islice(entries, WIDTH))
        leaves = [leaf_hash(content) for content in contents]
        tree = tree.extend(leaves[max(0, before - index * WIDTH) :])
        writer.add(index, contents, leaves)
    written = writer.finish()
    if tree.size != size or Tiles(log, size).root() != tree.root():
        raise RecordUnreadable(FOLDER, "the tiles do not give the root of the journal")
    return Folded(tree, written)


def clear_replaced(log: Path, since: int, size: int, disk: Disk) -> None:
    """Remove the parts of tiles that are full now, which C2SP tlog-tiles allows. Repeating it changes nothing."""
    for tile in tiles_of(size, since):
        folder = log / FOLDER / f"{tile.path}.p"
        if tile.width == WIDTH and is_there(folder):
            for path in sorted(folder.iterdir()):
                disk.remove_file(path)
            disk.remove_empty(folder)


def journalled(files: LogFiles, start: int, stop: int) -> Iterator[bytes]:
    """The envelopes start … stop-1 as the journal holds them; raises RecordUnreadable where one is missing."""
    position = segment_of(start) * SEGMENT_EVENTS
    while position < stop:
        segment, before = segment_of(position), position
        for _start, content, _end in files.journal.read(segment, MAX_ENVELOPE_BYTES):
            if start <= position < stop:
                yield content
            position += 1
            if position == stop:
                return
        if position != before + SEGMENT_EVENTS:
            raise RecordUnreadable(files.journal.where(segment), f"ends before event {stop - 1}")


def bundled(contents: Iterable[bytes]) -> bytes:
    """A bundle of entries: each with its length as two bytes before it."""
    return b"".join(LENGTH.pack(len(content)) + content for content in contents)


def unbundled(bundle: bytes) -> Iterator[bytes]:
    """The entries of a bundle; raises RecordUnreadable where it ends within one."""
    at = 0
    while at < len(bundle):
        begin = at + LENGTH.size
        at = begin + LENGTH.unpack(bundle[at:begin].ljust(LENGTH.size, b"\xff"))[0]
        if at > len(bundle):
            raise RecordUnreadable(f"{FOLDER}/{ENTRIES}", "a bundle ends within an entry")
        yield bundle[begin:at]


def row_above(hashes: Sequence[bytes]) -> list[bytes]:
    """The roots of the full tiles over a row of hashes: the row eight levels above it."""
    return [perfect_root(hashes[at : at + WIDTH]) for at in range(0, len(hashes) - WIDTH + 1, WIDTH)]


def perfect_root(hashes: Sequence[bytes]) -> bytes:
    """The root over a power of two of hashes."""
    while len(hashes) > 1:
        hashes = [node_hash(hashes[at], hashes[at + 1]) for at in range(0, len(hashes), 2)]
    return hashes[0]


class _Writer:
    """Writes tiles in batches that share their waits for the disk."""

    def __init__(self, folder: Path, since: int, size: int, old: Tiles, disk: Disk) -> None:
        self._folder = folder
        self._since = since
        self._size = size
        self._old = old
        self._disk = disk
        self._rows: dict[int, list[bytes]] = {}
        self._batch: dict[Path, bytes] = {}
        self._written = 0

    def sweep(self) -> None:
        """Remove what a fold that died was about to rename."""
        for path in sorted(self._folder.rglob(".*.part")):
            self._disk.remove_file(path)

    def add(self, index: int, contents: Sequence[bytes], leaves: Sequence[bytes]) -> None:
        """The leaves of one tile, at most 256."""
        self._put(Tile(-1, index, len(contents)), bundled(contents))
        self._put(Tile(0, index, len(leaves)), b"".join(leaves))
        if len(leaves) == WIDTH:
            self._carry(1, index, perfect_root(leaves))

    def finish(self) -> int:
        """The tiles that are not full yet, and the number of files written in all."""
        for row, hashes in self._rows.items():
            if hashes:
                self._put(Tile(row, (self._size >> HEIGHT * row) // WIDTH, len(hashes)), b"".join(hashes))
        self._flush()
        return self._written

    def _carry(self, row: int, index: int, root: bytes) -> None:
        hashes = self._rows.get(row)
        if hashes is None:
            count = self._since >> HEIGHT * row
            hashes = self._rows[row] = list(self._old.hashes(row, count // WIDTH)) if count % WIDTH else []
        hashes.append(root)
        if len(hashes) == WIDTH:
            self._put(Tile(row, index // WIDTH), b"".join(hashes))
            self._rows[row] = []
            self._carry(row + 1, index // WIDTH, perfect_root(hashes))

    def _put(self, tile: Tile, content: bytes) -> None:
        self._batch[self._folder / tile.path] = content
        if len(self._batch) == BATCH_FILES:
            self._flush()

    def _flush(self) -> None:
        self._disk.replace_all(self._batch, TILE_FILE)
        self._written += len(self._batch)
        self._batch.clear()
