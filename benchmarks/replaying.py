"""Rebuilding a database from the log's files: what an event costs, and that memory does not grow with the log."""

from __future__ import annotations

import itertools
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from uuid import uuid4

from benchmarks.measuring import Figure, both, in_turn
from benchmarks.places import opened
from casefile.events.envelope import Subject
from casefile.events.port import draft
from casefile.events.replay import rebuild
from casefile.events.types import Words
from casefile.records.engine import sqlite_engine

SHORT, LONG = 2_000, 16_000
BATCH = 500
ROUNDS = 2
WORDS = "what somebody saw in the picture, in a sentence or two of usual length " * 4

PEAK = (
    "import sys; from pathlib import Path; from casefile.events.replay import rebuild;"
    "from casefile.records.engine import sqlite_engine;"
    "rebuild(Path(sys.argv[1]), sqlite_engine(Path(sys.argv[2])));"
    # The peak since the program was loaded; getrusage would count what its parent held.
    "print(Path('/proc/self/status').read_text().partition('VmHWM:')[2].split()[0])"
)


def measure(folder: Path) -> Sequence[Figure]:
    """Processor time of a replay against appending the same in batches, and the growth of its peak memory."""
    numbers = itertools.count()
    _fill(folder / "short", SHORT)
    _fill(folder / "long", LONG)

    def replay() -> None:
        engine = sqlite_engine(folder / f"replay-{next(numbers)}.db")
        rebuild(folder / "short" / "log", engine)
        engine.dispose()

    mine, theirs = in_turn(ROUNDS, replay, lambda: _fill(folder / f"again-{next(numbers)}", SHORT))
    grown = (_peak_kib(folder, "long") - _peak_kib(folder, "short")) / 1024
    claim = f"a replay of {SHORT} events, against appending them in batches of {BATCH}"
    speed = f"{SHORT / mine.cpu_s:.0f} events a second of CPU; {both('replay', mine, theirs)}"
    memory = f"a replay of {LONG} events takes no more memory than one of {SHORT}"
    return [
        Figure(claim, mine.cpu_s / theirs.cpu_s, 1.5, "x CPU", speed),
        Figure(memory, grown, 32, "MiB", "the growth of the peak of a process of its own"),
    ]


def _fill(root: Path, events: int) -> None:
    """A workspace whose log holds that many remarks."""
    with opened(root) as services:
        for _batch in range(events // BATCH):
            services.append(
                *(
                    draft("remark.added", Subject(kind="item", id=str(uuid4())), personal=Words(text=WORDS))
                    for _one in range(BATCH)
                )
            )


def _peak_kib(folder: Path, name: str) -> int:
    """The most memory that a process held which rebuilt that workspace's log."""
    command = [sys.executable, "-c", PEAK, str(folder / name / "log"), str(folder / f"peak-{name}.db")]
    return int(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
