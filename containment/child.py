"""One call, in the process that was forked for it: its bounds, its work, its answer."""

from __future__ import annotations

import contextlib
import importlib
import os
import resource
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

from containment.frames import encode_frame

TEXT_CHARACTERS = 500

Work = Callable[[dict[str, Any], Path, Path], dict[str, Any]]
Described = dict[str, str | int]


class ImportFailed(Exception):
    """The worker's module cannot be imported; `described` says why, as `describe` does."""

    def __init__(self, described: Described) -> None:
        super().__init__(str(described))
        self.described = described


def import_work(module: str) -> Work:
    """The `work` of a worker module; raises ImportFailed whatever goes wrong in there."""
    try:
        work: Work = importlib.import_module(module).work
    except Exception as error:
        raise ImportFailed(describe(error)) from error
    return work


def work_and_exit(work: Work, order: dict[str, Any], answer: int, inputs: Path) -> None:
    """Do the work of one call, write its answer, and end the process: 0 when an answer was written, else 1."""
    code = 1
    try:
        set_limits(order["limits"])
        _write(answer, _answer(work, order, inputs))
        code = 0
    finally:
        with contextlib.suppress(OSError, ValueError):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(code)


def _answer(work: Work, order: dict[str, Any], inputs: Path) -> bytes:
    try:
        return encode_frame({"answer": work(order["call"], inputs, Path(order["out"]))})
    except MemoryError:
        return encode_frame({"memory": True})
    except Exception as error:  # noqa: BLE001
        return encode_frame({"failed": describe(error)})


def _write(answer: int, frame: bytes) -> None:
    left = memoryview(frame)
    while left:
        left = left[os.write(answer, left) :]


def describe(error: BaseException) -> Described:
    """An exception as plain values: its kind, the innermost place in code, its message, cut, and its error number."""
    frames = traceback.extract_tb(error.__traceback__)
    place = f"{Path(frames[-1].filename).name}:{frames[-1].lineno} {frames[-1].name}" if frames else ""
    described: Described = {"kind": type(error).__name__, "place": place, "text": str(error)[:TEXT_CHARACTERS]}
    if isinstance(error, OSError) and error.errno is not None:
        described["errno"] = error.errno
    return described


def set_limits(limits: dict[str, int]) -> None:
    """Bind this process and what it starts. Bytes, seconds and counts; a limit of 0 processes is left out."""
    _bind(resource.RLIMIT_CORE, 0, 0)
    _bind(resource.RLIMIT_CPU, limits["cpu_s"], limits["cpu_s"] + 2)
    _bind(resource.RLIMIT_FSIZE, limits["file_bytes"], limits["file_bytes"])
    _bind(resource.RLIMIT_NOFILE, limits["files"], limits["files"])
    if limits["processes"]:
        _bind(resource.RLIMIT_NPROC, limits["processes"], limits["processes"])
    # What is really written to is bound for good; the address space only as far as a program does not ask for more,
    # since some reserve far more of it than they ever use.
    _bind(resource.RLIMIT_DATA, limits["memory_bytes"], limits["memory_bytes"])
    _bind(resource.RLIMIT_AS, limits["memory_bytes"], None)


def _bind(limit: int, soft: int, hard: int | None) -> None:
    """Lower a limit; one that is lower already stays as it is, and without `hard` so does the hard limit."""
    current = resource.getrlimit(limit)[1]
    ceiling = current if hard is None else hard if current == resource.RLIM_INFINITY else min(hard, current)
    resource.setrlimit(limit, (soft if ceiling == resource.RLIM_INFINITY else min(soft, ceiling), ceiling))
