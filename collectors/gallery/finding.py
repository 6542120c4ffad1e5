"""gallery-dl as a program: what it is told, what it answers. It finds; what it finds is received by the worker.

It reads no settings, plug-ins, cookies, keys or caches of anybody: none are in the sandbox, and it is told so besides.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from casefile.vocabulary import Cause
from collectors.interface import CaptureRequest
from containment.limits import Limits
from containment.programs import ToolResult, run_tool

CODE = (
    "import runpy, sys; sys.path[:0] = sys.argv[1].split(':'); sys.argv = ['gallery-dl', *sys.argv[2:]]; "
    "runpy.run_module('gallery_dl', run_name='__main__')"
)
"""It runs in a process of its own, out of the packages that this one has."""
MOST_FILES = 100
"""Of one locator: a post has a few, and an account is no post."""
ANSWER_BYTES = 32 << 20
UNSUPPORTED = 64
"""Its exit code for a locator that it knows nothing of."""
DIRECTORY, FILE, ERROR = 2, 3, -1
"""The messages that it prints: what a group of files is about, a file, a failure."""
CAUSES = (
    ("Auth", Cause.LOGIN_NEEDED),
    ("Login", Cause.LOGIN_NEEDED),
    ("Challenge", Cause.LOGIN_NEEDED),
    ("HttpError", Cause.RESET),
    ("NotFound", Cause.EXTRACTOR_STALE),
    ("Control", Cause.EXTRACTOR_STALE),
)
"""By how the name of its error begins; anything else is a tool that failed."""


@dataclass(frozen=True, slots=True)
class Found:
    """What it answered: its messages as they were, the addresses of files in them, and why there is no more."""

    messages: Sequence[Any] = ()
    files: tuple[str, ...] = ()
    beyond: int = 0
    elsewhere: tuple[str, ...] = ()
    cause: Cause | None = None
    detail: str = ""
    told: Sequence[dict[str, Any]] = field(default_factory=tuple)


def find(asked: CaptureRequest, locator: str, out: Path) -> Found:
    """Ask gallery-dl what a locator has. Raises ToolFailed when it does not end by itself."""
    seconds = max(asked.limits.deadline_s // 2, 1)
    limits = Limits(seconds, seconds, 1 << 30, ANSWER_BYTES, ANSWER_BYTES)
    arguments = (
        *("--config-ignore", "--no-input", "--no-colors", "--no-postprocessors", "--cache-file", ":memory:"),
        *("--retries", "1", "--http-timeout", str(asked.limits.connect_timeout_s)),
        *("--user-agent", asked.user_agent, "--range", f"1-{MOST_FILES + 1}"),
        *("--dump-json", "--", locator),
    )
    argv = (sys.executable, "-I", "-S", "-B", "-c", CODE, ":".join(sys.path), *arguments)
    return read(run_tool(argv, limits=limits, out=out, needed_for="the pictures of a post"))


def read(result: ToolResult) -> Found:
    """What an ended run says. Whatever is no message of its own is left out."""
    if result.exit_code & UNSUPPORTED:
        return Found(cause=Cause.UNSUPPORTED, detail="gallery-dl knows no such page")
    try:
        said = json.loads(result.output)
    except (ValueError, RecursionError):
        return Found(cause=Cause.TOOL_FAILED, detail=f"gallery-dl gave no answer: {_last(result.errors)}")
    messages = [one for one in said if isinstance(one, list) and one] if isinstance(said, list) else []
    addresses = tuple(dict.fromkeys(_addresses(messages)))
    files = tuple(one for one in addresses if one.startswith(("http://", "https://")))
    cause, detail = next(_errors(messages), (None, ""))
    if cause is None and result.exit_code and not files:
        cause, detail = Cause.TOOL_FAILED, _last(result.errors)
    return Found(
        messages=messages,
        files=files[:MOST_FILES],
        beyond=len(files[MOST_FILES:]),
        elsewhere=tuple(one for one in addresses if one not in files),
        cause=cause,
        detail=detail,
        told=[one[-1] for one in messages if one[0] in (DIRECTORY, FILE) and isinstance(one[-1], dict)],
    )


def _addresses(messages: Sequence[Any]) -> Iterator[str]:
    for one in messages:
        if one[0] == FILE and len(one) > 1 and isinstance(one[1], str):
            yield one[1]


def _errors(messages: Sequence[Any]) -> Iterator[tuple[Cause, str]]:
    for one in messages:
        if one[0] == ERROR and isinstance(one[-1], dict):
            name = str(one[-1].get("error", ""))
            cause = next((cause for begins, cause in CAUSES if name.startswith(begins)), Cause.TOOL_FAILED)
            yield cause, f"gallery-dl says {name}: {str(one[-1].get('message', '')).strip()}"


def _last(errors: bytes) -> str:
    lines = errors.decode("utf-8", "replace").strip().splitlines()
    return lines[-1][:300] if lines else "it said nothing"
