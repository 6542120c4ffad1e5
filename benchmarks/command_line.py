"""How soon the command line answers, and what it must not load to do so."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from benchmarks.measuring import Figure, in_turn

HEAVY = ("prefect", "sqlmodel", "sqlalchemy", "yt_dlp", "PIL", "numpy", "fastapi")
LOADED = f"import cli.main, sys; print(*(name for name in {HEAVY!r} if name in sys.modules))"


def measure(folder: Path) -> Sequence[Figure]:
    """Seconds for --help, and the number of heavy modules that it loads."""
    casefile = str(Path(sys.executable).with_name("casefile"))
    (spent,) = in_turn(7, lambda: subprocess.run([casefile, "--help"], check=True, capture_output=True))
    loaded = subprocess.run([sys.executable, "-c", LOADED], check=True, capture_output=True, text=True).stdout.split()
    return [
        Figure("casefile --help answers", spent.wall_s, 0.5, "s", f"{spent.cpu_s:.2f} s CPU"),
        Figure("casefile --help loads no heavy module", len(loaded), 0, "modules", " ".join(loaded) or "none"),
    ]
