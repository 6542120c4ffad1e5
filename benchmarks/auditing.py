"""The audit of a workspace, against the sha512 of every byte in it once; and what an audit of hardly anything takes.

What starting takes does not grow with the vault, so it is a figure of its own, and the ratio is taken where it counts.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from benchmarks.measuring import Figure, both, in_turn
from benchmarks.places import casefile, create, write_noise

FILES, SIZE = 32, 1 << 27
FEW_BYTES = 4096
ROUNDS = 2
PLAIN = """
import hashlib, pathlib, sys
for path in sorted(pathlib.Path(sys.argv[1]).rglob("*")):
    if path.is_file():
        with path.open("rb") as file:
            hashlib.file_digest(file, "sha512")
"""


def measure(folder: Path) -> Sequence[Figure]:
    """Processor time of `audit`, replay and comparison included, against a process that only reads and hashes."""
    large, small = folder / "large", folder / "small"
    _fill(large, FILES, SIZE)
    _fill(small, 1, FEW_BYTES)
    mine, theirs, start = in_turn(
        ROUNDS,
        lambda: casefile(large, "audit"),
        lambda: subprocess.run([sys.executable, "-c", PLAIN, str(large)], check=True),
        lambda: casefile(small, "audit"),
    )
    claim = f"audit of {FILES * SIZE >> 20} MiB in {FILES} files, against sha512 of every byte"
    detail = both("audit", mine, theirs)
    return [
        Figure(claim, mine.cpu_s / theirs.cpu_s, 1.3, "x CPU", detail),
        Figure("audit of one small file", start.cpu_s, 2, "s CPU", f"{start.wall_s:.2f} s wall"),
    ]


def _fill(workspace: Path, files: int, size: int) -> None:
    source = workspace.with_name(f"{workspace.name}-source")
    for number in range(files):
        write_noise(source / f"{number:03}.bin", size, number)
    create(workspace)
    casefile(workspace, "import", str(source), "--from-person", "Example Source")
    shutil.rmtree(source)
