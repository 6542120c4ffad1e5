"""What the index of fingerprints costs: `python -m benchmarks.neardup index --codes N`, against faiss where it is.

Codes are uniform; real ones share bands about 1.4 times as often. Each query is a stored code with up to 31 of its 256
bits turned over. faiss is a peer in the same run and no part of the product; without it a scan by numpy stands alone.
"""

from __future__ import annotations

import os
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from statistics import median, quantiles

import numpy as np

from verification.edges import PDQ_BITS
from verification.technical.bands import Words, complete_below
from verification.technical.index_files import IndexFiles, Mapped
from verification.technical.indexed import FLIPS
from verification.technical.segments import STILL, TELLS, WHOLE, Rows, Segment

SEED = 20261130
RADIUS = 31
QUERIES = 200
STRETCH = 16_384
"""Codes that are added at a time while others query."""


@dataclass(frozen=True, slots=True)
class Spent:
    """What each query took by the clock of `timed`, and what was found."""

    seconds: Sequence[float]
    found: Sequence[frozenset[int]]

    @property
    def ms(self) -> float:
        return median(self.seconds) * 1e3


def index(codes: int) -> int:
    """Prints the figures."""
    draw = np.random.default_rng(SEED)
    rows = stretch_of(draw, 0, codes)
    asked = queries(draw, rows.codes)
    begun = time.process_time()
    segment = Segment.of(rows, 0, codes - 1)
    built = time.process_time() - begun
    print(f"{codes} codes, {len(asked)} queries, {os.cpu_count()} processors, load {os.getloadavg()[0]:.1f}")
    print(f"built in {built:.2f} s of processor")
    exact = timed(asked, lambda code: segment.near(code, RADIUS, None, TELLS)[0])
    peer = faiss_flat(rows.codes, asked)
    print(f"{'':34} ms of CPU     recall within {RADIUS} bits   x the peer")
    told("every code looked at (numpy)", exact, exact, peer)
    for flips in range(FLIPS + 1):
        found = timed(asked, partial(in_bands, segment, flips))
        told(f"bands, {flips} flipped, complete < {complete_below(PDQ_BITS, flips)}", found, exact, peer)
    if peer is not None:
        told("faiss flat, one thread", peer, exact, peer)
    else:
        print("faiss is not installed: not measured")
    with tempfile.TemporaryDirectory() as folder:
        in_files(Path(folder), rows, asked)
    return 0


def in_bands(segment: Segment, flips: int, code: Words) -> np.ndarray:
    """Rows within the radius that bands lead to."""
    return segment.near(code, RADIUS, flips, TELLS)[0]


def stretch_of(draw: np.random.Generator, first: int, count: int) -> Rows:
    """So many codes of pictures, one to each position of the log."""
    return Rows(
        draw.integers(0, 1 << 64, (count, PDQ_BITS // 64), dtype=np.uint64),
        np.arange(first, first + count, dtype=np.int64),
        np.zeros(count, dtype=np.uint16),
        # Frames: their phash is not kept, so that bytes are those of the PDQ code.
        np.full(count, TELLS | WHOLE & ~STILL, dtype=np.uint8),
        np.empty(0, dtype=np.uint64),
    )


def queries(draw: np.random.Generator, codes: Words) -> Words:
    """Stored codes, each with 0 to RADIUS of its bits turned over."""
    asked = codes[draw.integers(0, len(codes), QUERIES)].copy()
    for code in asked:
        for bit in draw.permutation(PDQ_BITS)[: draw.integers(0, RADIUS + 1)].tolist():
            code[bit // 64] ^= np.uint64(1 << bit % 64)
    return asked


def timed(asked: Words, ask: Callable[[Words], np.ndarray], clock: Callable[[], float] = time.process_time) -> Spent:
    """The same queries one by one; the first five are asked before, to have what they need in memory.

    Processor time by default, since every one of them runs in one thread and the machine may be shared.
    """
    seconds, found = [], []
    for code in asked[:5]:
        ask(code)
    for code in asked:
        begun = clock()
        rows = ask(code)
        seconds.append(clock() - begun)
        found.append(frozenset(np.asarray(rows).tolist()))
    return Spent(seconds, found)


def faiss_flat(codes: Words, asked: Words) -> Spent | None:
    """A flat range search of one thread: with more, single queries take longer."""
    if find_spec("faiss") is None:
        return None
    faiss = import_module("faiss")
    faiss.omp_set_num_threads(1)
    flat = faiss.IndexBinaryFlat(PDQ_BITS)
    flat.add(codes.view(np.uint8).reshape(len(codes), -1))
    # Its radius is exclusive.
    return timed(asked, lambda code: flat.range_search(code.view(np.uint8).reshape(1, -1), RADIUS + 1)[2])


def told(name: str, found: Spent, exact: Spent, peer: Spent | None) -> None:
    """Prints one line."""
    there = sum(map(len, exact.found))
    recall = sum(len(one & other) for one, other in zip(found.found, exact.found, strict=True)) / there
    print(f"{name:34} {found.ms:10.3f}   {recall:23.4f}   " + (f"{peer.ms / found.ms:8.1f}" if peer else "       -"))


def in_files(folder: Path, rows: Rows, asked: Words) -> None:
    """Bytes, opening, and a query while another process adds."""
    files, last = IndexFiles(folder, "benchmark"), len(rows) - 1
    begun = time.perf_counter()
    known = files.appended((), rows, (last, "event"), tuple)
    print(f"written in {time.perf_counter() - begun:.2f} s")
    print(f"{sum(one.stat().st_size for one in folder.iterdir()) / len(rows):.1f} bytes a code")
    begun = time.perf_counter()
    mapped = files.opened(lambda _position: "event", last)
    print(f"opened in {time.perf_counter() - begun:.3f} s, every byte compared with its digest")
    quiet = timed(asked, lambda code: ask_all(mapped, code), time.perf_counter)
    child = os.fork()
    if child == 0:
        add_for_ever(files, known or (), len(rows))
    time.sleep(0.5)
    busy = timed(np.concatenate([asked] * 5), lambda code: ask_all(mapped, code), time.perf_counter)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    for name, one in ("alone", quiet), ("while another process adds and merges", busy):
        print(f"a query in files, {name}: p50 {one.ms:.2f} ms, p95 {quantiles(one.seconds, n=20)[-1] * 1e3:.2f} ms")


def ask_all(mapped: Sequence[Mapped], code: Words) -> np.ndarray:
    """Rows of all segments, as the product asks beyond its limit of exhaustive search."""
    return np.concatenate([one.segment.near(code, RADIUS, FLIPS, TELLS)[0] for one in mapped])


def add_for_ever(files: IndexFiles, known: tuple[Mapped, ...], first: int) -> None:
    """Adds stretches until it is killed."""
    draw = np.random.default_rng(SEED + 1)
    while True:
        stretch = stretch_of(draw, first, STRETCH)
        known = files.appended(known, stretch, (first + STRETCH - 1, "event"), tuple) or known
        first += STRETCH


if __name__ == "__main__":
    sys.exit(index(int(sys.argv[1])))
