"""Runs the figures, or those that are named, and prints one table. Exits 1 when a limit is exceeded."""

from __future__ import annotations

import compileall
import importlib
import sys
import tempfile
from pathlib import Path

from benchmarks.measuring import Figure

HOUSE = ("casefile", "cli", "collectors", "containment", "disclosure", "pipelines", "preservation", "verification")
ALL = (
    "command_line",
    "appending",
    "replaying",
    "sealing",
    "fingerprints",
    "auditing",
    "importing",
    "pages",
    "browsing",
    "containing",
    "recording",
    "proving",
    "packing",
    "verifying",
)


def main(names: list[str]) -> int:
    """Measures each named figure in an empty folder of its own, on the disk of the repository."""
    unknown = sorted(set(names) - set(ALL))
    if unknown:
        print(f"no such figure: {', '.join(unknown)}; there are: {', '.join(ALL)}", file=sys.stderr)
        return 2
    for package in HOUSE:
        # As `./dev` does: a sandbox writes no bytecode, so that its workers would compile everything at each start.
        compileall.compile_dir(package, quiet=1)
    figures: list[Figure] = []
    base = Path.cwd() / ".dev"
    base.mkdir(exist_ok=True)
    for name in names or ALL:
        with tempfile.TemporaryDirectory(prefix=f"bench-{name}-", dir=base) as folder:
            found = importlib.import_module(f"benchmarks.{name}").measure(Path(folder))
        for figure in found:
            verdict = "kept  " if figure.kept else "MISSED"
            print(
                f"{verdict} {figure.measured:8.2f} {figure.unit:7} (limit {figure.limit:g})  {figure.claim}", flush=True
            )
            print(f"                 {figure.detail}", flush=True)
        figures += found
    return 0 if all(figure.kept for figure in figures) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
