"""Looking through files that are compressed or hold encoded bodies, in a contained worker, for what must not leave."""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from casefile.vocabulary import ContainmentLevel
from containment.worker import run_worker
from disclosure.scanning import Hit, Secret
from disclosure.unfolding import LookedFor, UnfoldAnswer, UnfoldRequest
from pipelines.services import Services
from verification.running import limits_for

UNFOLDING = "disclosure.unfolding"
UNFOLD_WALL_S = 3600


def look_through(  # noqa: PLR0913
    services: Services,
    folder: Path,
    paths: Sequence[str],
    wanted: Sequence[Secret],
    level: ContainmentLevel,
    note: Callable[[str], None],
) -> list[Hit]:
    """What is found in these files below `folder`. A file that could not be looked through to its end is noted."""
    looked_for = tuple(LookedFor(kind=one.kind, text=one.text, whole=one.whole) for one in wanted)
    if not paths or not looked_for:
        return []
    scratch = services.workspace.work / f"unfold-{secrets.token_hex(8)}"
    scratch.mkdir(parents=True, mode=0o700)
    try:
        asked = UnfoldRequest(files=tuple(paths), secrets=looked_for).plain()
        limits = replace(limits_for(len(paths)), wall_s=UNFOLD_WALL_S, cpu_s=UNFOLD_WALL_S)
        result = run_worker(UNFOLDING, asked, folder, scratch / "out", limits=limits, egress=None, level=level)
    finally:
        shutil.rmtree(scratch)
    answer = UnfoldAnswer.model_validate(result.answer)
    for path, reason in answer.left:
        note(f"{path} could not be looked through to its end: {reason}")
    return [Hit(one.path, one.kind) for one in answer.found]
