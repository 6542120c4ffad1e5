"""Proofs, tiles and notes against a tree that is computed by its definition, written here and nowhere else."""

from __future__ import annotations

import hashlib
import random
from functools import cache
from pathlib import Path

import pytest

from casefile.errors import RecordUnreadable
from casefile.events.envelope import leaf_hash
from casefile.events.files import LogFiles
from casefile.events.journal import concatenated
from preservation.durable import Disk, unobserved
from preservation.notes import Note, NoteMalformed, signed
from preservation.tiles import FOLDER, NO_EVENTS, Tile, Tiles, clear_replaced, fold, tiles_of
from preservation.tree import consistency_proof, inclusion_proof, is_consistent, is_included, root_of

LEAVES = [leaf_hash(str(one).encode()) for one in range(300)]
SIZES = 300


@cache
def head(begin: int, end: int) -> bytes:
    """RFC 9162 section 2.1.1."""
    if end == begin:
        return hashlib.sha256(b"").digest()
    if end == begin + 1:
        return LEAVES[begin]
    k = 1
    while k * 2 < end - begin:
        k *= 2
    return hashlib.sha256(b"\x01" + head(begin, begin + k) + head(begin + k, end)).digest()


def nodes(level: int, index: int) -> bytes:
    return head(index << level, index + 1 << level)


def path_of(index: int, begin: int, end: int) -> list[bytes]:
    """RFC 9162 section 2.1.3.1, as PATH is defined there."""
    if end - begin == 1:
        return []
    k = 1
    while k * 2 < end - begin:
        k *= 2
    if index < begin + k:
        return [*path_of(index, begin, begin + k), head(begin + k, end)]
    return [*path_of(index, begin + k, end), head(begin, begin + k)]


def test_roots_and_inclusion_proofs_of_all_sizes_are_those_of_the_definition() -> None:
    for size in range(1, SIZES + 1):
        assert root_of(size, nodes) == head(0, size)
        for index in {0, size - 1, size // 2, *random.Random(size).sample(range(size), min(size, 12))}:
            proof = inclusion_proof(index, size, nodes)
            assert list(proof) == path_of(index, 0, size)
            assert is_included(LEAVES[index], index, size, proof, head(0, size))
            assert not is_included(LEAVES[index], (index + 1) % size, size, proof, head(0, size)) or size == 1
            assert not is_included(LEAVES[index], index, size, [*proof, bytes(32)], head(0, size))
            assert not is_included(LEAVES[index], index, size, proof, bytes(32))
            assert not proof or not is_included(LEAVES[index], index, size, proof[:-1], head(0, size))


def test_consistency_proofs_of_all_sizes_hold_and_no_other_tree_passes() -> None:
    for later in range(1, SIZES + 1):
        for earlier in {1, later, *random.Random(later).sample(range(1, later + 1), min(later, 12))}:
            proof = consistency_proof(earlier, later, nodes)
            roots = head(0, earlier), head(0, later)
            assert is_consistent(earlier, later, proof, *roots)
            assert not is_consistent(earlier, later, proof, bytes(32), roots[1])
            assert not is_consistent(earlier, later, proof, roots[0], bytes(32))
            assert not is_consistent(earlier, later, [*proof, bytes(32)], *roots)
            assert not proof or not is_consistent(earlier, later, proof[:-1], *roots)


@pytest.mark.parametrize(("earlier", "later"), [(0, 1), (2, 1), (-1, 3)])
def test_no_proof_is_made_of_what_is_no_tree(earlier: int, later: int) -> None:
    with pytest.raises(ValueError, match="follows"):
        consistency_proof(earlier, later, nodes)
    with pytest.raises(ValueError, match="not in a tree"):
        inclusion_proof(later, later, nodes)


@pytest.mark.parametrize(
    ("tile", "path"),
    [
        (Tile(0, 0), "0/000"),
        (Tile(2, 1234067), "2/x001/x234/067"),
        (Tile(0, 1000, 7), "0/x001/000.p/7"),
        (Tile(-1, 5, 255), "entries/005.p/255"),
    ],
)
def test_paths_are_those_of_the_specification(tile: Tile, path: str) -> None:
    assert tile.path == path
    assert Tile.at(path) == tile


@pytest.mark.parametrize(
    "path", ["0/0", "0/x000/001", "0/001.p/256", "0/001.p/0", "00/001", "x/001", "0/001/../002", ""]
)
def test_a_path_in_another_form_is_none(path: str) -> None:
    assert Tile.at(path) is None


def journal_of(folder: Path, count: int) -> LogFiles:
    files = LogFiles.at(folder, unobserved)
    files.create()
    for begin in range(0, count, 4096):
        contents = [f"entry {one}".encode() for one in range(begin, min(begin + 4096, count))]
        files.journal.put(begin // 4096, 0, concatenated(contents))
    return files


def held(log: Path, size: int) -> dict[str, bytes]:
    return {tile.path: (log / FOLDER / tile.path).read_bytes() for tile in tiles_of(size)}


@pytest.mark.parametrize("seed", range(3))
def test_tiles_folded_at_any_cuts_are_those_of_one_fold(tmp_path: Path, seed: int) -> None:
    size = 4096 + 700
    files = journal_of(tmp_path / "a", size)
    cuts = [*sorted(random.Random(seed).sample(range(1, size), 4)), 512 * (seed + 1), size]
    since = NO_EVENTS
    for cut in sorted(cuts):
        folded = fold(files, tmp_path / "a", since, cut, Disk())
        clear_replaced(tmp_path / "a", since[0], cut, Disk())
        since = (cut, folded.tree.root())
    journal_of(tmp_path / "b", size)
    once = fold(files, tmp_path / "b", NO_EVENTS, size, Disk())
    assert once.tree == folded.tree
    assert held(tmp_path / "a", size) == held(tmp_path / "b", size)
    assert list(Tiles(tmp_path / "a", size).entries(250, 600)) == [f"entry {one}".encode() for one in range(250, 600)]


@pytest.mark.parametrize(("size", "path"), [(256, "1/000.p/1"), (255, "0/000.p/255"), (300, "0/001.p/44")])
def test_a_fold_upon_damaged_tiles_is_refused(tmp_path: Path, size: int, path: str) -> None:
    files = journal_of(tmp_path, 400)
    root = fold(files, tmp_path, NO_EVENTS, size, Disk()).tree.root()
    tile = tmp_path / FOLDER / path
    tile.write_bytes(b"\0" + tile.read_bytes()[1:])
    with pytest.raises(RecordUnreadable):
        fold(files, tmp_path, (size, root), 400, Disk())


NOTE = signed("a text\n", [("casefile/x", bytes(32), bytes(64))]).to_bytes()


def test_a_note_is_read_as_it_was_written() -> None:
    assert Note.parse(NOTE).to_bytes() == NOTE
    other = NOTE + "\N{EM DASH} somebody AAAAAAA=\n".encode()
    assert len(Note.parse(other).signatures) == 2


@pytest.mark.parametrize(
    "content",
    [
        b"", b"a text\n", NOTE[:-1], NOTE.replace(b"a text", b"a\ttext"), NOTE.replace(b"\n\n", b"\n"), NOTE + b"\n",
        NOTE + b"x\n", NOTE.replace("\N{EM DASH}".encode(), b"-"), NOTE.replace(b"casefile/x ", b"casefile/x  "),
        NOTE.replace(b"casefile/x", b"case+file"), b"\xff" + NOTE, NOTE.replace(b"AA=\n", b"AB=\n"), b"x" * 70_000,
    ],
)  # fmt: skip
def test_what_is_no_note_is_refused(content: bytes) -> None:
    if content == NOTE:
        pytest.fail("the example is the note itself")
    with pytest.raises(NoteMalformed):
        Note.parse(content)
