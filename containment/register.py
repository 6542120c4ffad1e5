"""The tool register as everybody outside a worker sees it."""

from __future__ import annotations

import functools
import tempfile
from collections.abc import Sequence
from pathlib import Path

from casefile.model import ToolUse
from casefile.vocabulary import ContainmentLevel
from containment.limits import Limits
from containment.tools import find_program
from containment.worker import run_worker

LIMITS = Limits(wall_s=120, cpu_s=60, memory_bytes=4 << 30, file_bytes=1 << 20, output_bytes=1 << 20)

_Known = tuple[str, Path, int, int]
"""A program and the state of its file: while that stays, so does what it says of itself."""


def describe_tools(names: Sequence[str], level: ContainmentLevel) -> tuple[ToolUse, ...]:
    """Name, version, path and digest of each program that is here, in the order of `names`.

    Each is run once in a worker, and again when its file changes. Those that are missing, or that cannot say their
    version, are left out. Raises WorkerFailed and ContainmentMissing.
    """
    known: list[_Known] = []
    for name in names:
        path = find_program(name)
        if path is not None:
            status = path.stat()
            known.append((name, path, status.st_mtime_ns, status.st_size))
    return _describe(tuple(known), level) if known else ()


@functools.lru_cache(maxsize=64)
def _describe(known: tuple[_Known, ...], level: ContainmentLevel) -> tuple[ToolUse, ...]:
    request = {"names": [name for name, *_ in known]}
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder, "out")
        result = run_worker("containment.tools", request, None, out, limits=LIMITS, egress=None, level=level)
    described = result.answer["tools"]
    if not isinstance(described, list):
        return ()
    return tuple(ToolUse.model_validate(one) for one in described)
