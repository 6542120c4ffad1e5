"""Packages: an export against copying and hashing the same bytes, and its checker against hashing them.

Hashing is with the digests that a package states: sha256 and sha512 of everything, md5 of the items as well. What
starting takes does not grow with the package, so the bytes are many enough for it not to count.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Sequence
from itertools import count
from pathlib import Path

from benchmarks.measuring import Figure, both, in_turn
from benchmarks.places import casefile, create, write_noise

FILES, SIZE = 8, 1 << 27
ROUNDS = 2
PLAIN = """
import hashlib, pathlib, shutil, sys
algorithms = sys.argv[1].split(",")
for path in sorted(pathlib.Path(sys.argv[2]).rglob("*")):
    if path.is_file():
        if len(sys.argv) > 3:
            shutil.copyfile(path, pathlib.Path(sys.argv[3]) / path.name)
        digests = [hashlib.new(one) for one in algorithms]
        with path.open("rb") as stream:
            while block := stream.read(1 << 20):
                for digest in digests:
                    digest.update(block)
"""


def measure(folder: Path) -> Sequence[Figure]:
    """Processor time, starting included, of processes that do the whole and of ones that only copy and hash."""
    source, workspace, package = folder / "source", folder / "case", folder / "package"
    for number in range(FILES):
        write_noise(source / f"{number:03}.bin", SIZE, number)
    create(workspace)
    casefile(workspace, "import", str(source), "--from-person", "Example Source")
    items = [f"I-{number:04}" for number in range(1, FILES + 1)]
    casefile(workspace, "export", *items, "--to", str(package), "--recipient", "Example Court")
    numbers = count()

    def export() -> None:
        target = folder / f"package-{next(numbers)}"
        casefile(workspace, "export", *items, "--to", str(target), "--recipient", "Example Court")
        shutil.rmtree(target)

    def copy_and_hash() -> None:
        target = folder / f"copy-{next(numbers)}"
        target.mkdir()
        _plain("sha256,sha512,md5", source, target)
        shutil.rmtree(target)

    made, copied, checked, hashed = in_turn(
        ROUNDS,
        export,
        copy_and_hash,
        lambda: subprocess.run([sys.executable, "-I", "-S", str(package / "check_package.py")], check=True),
        lambda: _plain("sha256,sha512", package),
    )
    size = f"{FILES * SIZE >> 20} MiB in {FILES} files"
    return [
        Figure(
            f"export of {size}, against copying and sha256, sha512 and md5 of them",
            made.cpu_s / copied.cpu_s, 1.5, "x CPU", both("export", made, copied),
        ),
        Figure(
            f"check_package.py over {size}, against sha256 and sha512 of every byte",
            checked.cpu_s / hashed.cpu_s, 1.5, "x CPU", both("check", checked, hashed),
        ),
    ]  # fmt: skip


def _plain(algorithms: str, *folders: Path) -> None:
    subprocess.run([sys.executable, "-c", PLAIN, algorithms, *map(str, folders)], check=True)
