"""The audit of a workspace, against the sha512 of every byte in it once."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from benchmarks.measuring import Figure, both, in_turn
from benchmarks.places import casefile, create, write_noise

FILES, SIZE = 32, 1 << 25
ROUNDS = 2
PLAIN = """
import pathlib, sys
from casefile.digests import sha512_file
for path in sorted(pathlib.Path(sys.argv[1]).rglob("*")):
    if path.is_file():
        sha512_file(path)
"""


def measure(folder: Path) -> Sequence[Figure]:
    """Processor time of `audit`, replay and comparison included, against a process that only reads and hashes."""
    source, workspace = folder / "source", folder / "workspace"
    for number in range(FILES):
        write_noise(source / f"{number:03}.bin", SIZE, number)
    create(workspace)
    casefile(workspace, "import", str(source), "--from-person", "Example Source")
    mine, theirs = in_turn(
        ROUNDS,
        lambda: casefile(workspace, "audit"),
        lambda: subprocess.run([sys.executable, "-c", PLAIN, str(workspace)], check=True),
    )
    claim = f"audit of {FILES * SIZE >> 20} MiB in {FILES} files, against sha512 of every byte"
    return [Figure(claim, mine.cpu_s / theirs.cpu_s, 1.3, "x CPU", both("audit", mine, theirs))]
