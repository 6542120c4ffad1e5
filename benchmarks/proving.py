"""The tree of the log: what an append costs beyond hashing the event, and that proofs do not grow with the log."""

from __future__ import annotations

import hashlib
import os
import random
import time
from collections.abc import Sequence
from pathlib import Path

from benchmarks.measuring import Figure, both, in_turn
from casefile.events.envelope import leaf_hash
from casefile.events.tree import CompactRange
from preservation.tiles import FOLDER, WIDTH, Tile, Tiles, row_above
from preservation.tree import inclusion_proof, is_included

SMALL, LARGE = 10_000, 1_000_000
EVENTS, EVENT_BYTES = 100_000, 600
PROOFS, ROUNDS = 300, 3


def measure(folder: Path) -> Sequence[Figure]:
    """Ratios of processor time, and the seconds of opening the tiles of a million events and reading their head."""
    return [_append(), *_proofs(folder)]


def _append() -> Figure:
    events = [os.urandom(EVENT_BYTES) for _event in range(EVENTS)]
    grown, bare = in_turn(
        ROUNDS,
        lambda: CompactRange().extend(leaf_hash(event) for event in events),
        lambda: [leaf_hash(event) for event in events],
    )
    claim = f"a tree of {EVENTS} events, against the hashes of its leaves alone"
    return Figure(claim, grown.cpu_s / bare.cpu_s, 3, "x CPU", both("tree", grown, bare))


def _proofs(folder: Path) -> list[Figure]:
    for size in (SMALL, LARGE):
        _write_tiles(folder / str(size), size)
    begun = time.perf_counter()
    root = Tiles(folder / str(LARGE), LARGE).root()
    opened_s = time.perf_counter() - begun
    for index in (0, LARGE // 3, LARGE - 1):
        proof = inclusion_proof(index, LARGE, Tiles(folder / str(LARGE), LARGE).node)
        if not is_included(_leaf(index), index, LARGE, proof, root):
            raise RuntimeError(f"the proof of leaf {index} does not hold")
    large, small = in_turn(ROUNDS, lambda: _prove(folder, LARGE), lambda: _prove(folder, SMALL))
    claim = f"{PROOFS} inclusion proofs among {LARGE} events, against among {SMALL}"
    detail = both("proofs", large, small) + "; no tile is in memory before each"
    return [
        Figure(claim, large.cpu_s / small.cpu_s, 2, "x CPU", detail),
        Figure(f"opening the tiles of {LARGE} events and reading their head", opened_s, 1, "s", "wall time, once"),
    ]


def _prove(folder: Path, size: int) -> None:
    chosen = random.Random(size)  # the same places in each round
    for _proof in range(PROOFS):
        inclusion_proof(chosen.randrange(size), size, Tiles(folder / str(size), size).node)


def _leaf(index: int) -> bytes:
    return hashlib.sha256(index.to_bytes(8, "big")).digest()


def _write_tiles(log: Path, size: int) -> None:
    """The tiles of hashes of that many leaves; those of entries are not read for a proof."""
    hashes, row = [_leaf(index) for index in range(size)], 0
    while hashes:
        for begin in range(0, len(hashes), WIDTH):
            part = hashes[begin : begin + WIDTH]
            path = log / FOLDER / Tile(row, begin // WIDTH, len(part)).path
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(b"".join(part))
        hashes, row = row_above(hashes), row + 1
