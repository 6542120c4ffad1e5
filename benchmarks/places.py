"""Where figures are measured: a new workspace, opened in this process or reached by the command line."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from pipelines.opening import open_investigation
from pipelines.services import Services, open_services

TITLE, INVESTIGATOR = "Figures", "Example Investigator"
BLOCK_BYTES = 1 << 24


@contextmanager
def opened(root: Path) -> Iterator[Services]:
    """A new workspace at `root`, open in this process."""
    open_investigation(root, TITLE, INVESTIGATOR, {})
    with open_services(root, {}) as services:
        yield services


def casefile(
    workspace: Path, *arguments: str, environment: Mapping[str, str] | None = None, expect: Sequence[int] = (0,)
) -> Any:
    """The JSON document of one command; raises RuntimeError for another exit code than expected."""
    done = subprocess.run(
        command_of(workspace, *arguments), capture_output=True, text=True, env=environment, check=False
    )
    if done.returncode not in expect:
        raise RuntimeError(f"casefile {arguments[0]} exited {done.returncode}: {done.stderr[-2000:]}")
    return json.loads(done.stdout)


def command_of(workspace: Path, *arguments: str) -> list[str]:
    """The command line of one command, with its answer as JSON."""
    return [str(Path(sys.executable).with_name("casefile")), "--workspace", str(workspace), "--json", *arguments]


def create(workspace: Path) -> None:
    """A new workspace, made by the command line."""
    casefile(workspace, "init", str(workspace), "--title", TITLE, "--investigator", INVESTIGATOR)


def write_noise(path: Path, size: int, seed: int) -> None:
    """A file of `size` bytes that no disk or compressor makes smaller; not synced, as a worker leaves it."""
    random = np.random.default_rng(seed)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as stream:
        while size > 0:
            size -= stream.write(random.bytes(min(size, BLOCK_BYTES)))
