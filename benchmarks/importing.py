"""Importing 10,000 small files, against copying them with an fsync each."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from benchmarks.measuring import Figure, both, spend
from benchmarks.places import casefile, create, write_noise

FILES = 10_000
SIZE = 4096


def measure(folder: Path) -> Sequence[Figure]:
    """Wall time: what both wait for is the disk."""
    source = folder / "source"
    for number in range(FILES):
        write_noise(source / f"{number // 500:02}" / f"{number:05}.bin", SIZE, number)
    plain = spend(lambda: _copy(source, folder / "copy"))
    workspace = folder / "workspace"
    create(workspace)
    ours = spend(lambda: casefile(workspace, "import", str(source), "--from-person", "Example Source"))
    items = len(casefile(workspace, "items")["items"])
    if items != FILES:
        raise RuntimeError(f"{items} items of {FILES} files")
    claim = f"import of {FILES} files of {SIZE} bytes, against copying with fsync"
    return [Figure(claim, ours.wall_s / plain.wall_s, 1.5, "x wall", both("import", ours, plain))]


def _copy(source: Path, target: Path) -> None:
    for file in sorted(source.rglob("*.bin")):
        place = target / file.relative_to(source)
        place.parent.mkdir(parents=True, exist_ok=True)
        with place.open("wb") as stream:
            stream.write(file.read_bytes())
            stream.flush()
            os.fsync(stream.fileno())
