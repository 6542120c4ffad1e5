"""The worker side of `import`: there is nothing to fetch, and it says so.

Handed-over files are read by the parent, which may read them; a worker could not reach them. See `admission`.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from casefile.canonical import Json
from casefile.model import Received
from casefile.vocabulary import Cause, Outcome


def work(request: Mapping[str, Json], inputs: Path, out: Path) -> dict[str, Json]:
    """Refuse: a locator of this kind names what was once handed over and not where it can be had again."""
    return Received(
        outcome=Outcome.REFUSED,
        cause=Cause.UNSUPPORTED,
        detail="handed-over material cannot be collected by its locator",
        advice="Admit files with `casefile import PATH --from-person NAME`.",
    ).plain()
