"""Samples of archives, and judges that we did not write, in processes and an environment of their own."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1]))

Judge = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="session")
def judges() -> Path:
    """The folder of the judges' programs (requirements-judges.lock); `./dev test --all` installs them."""
    folder = Path(__file__).parents[2] / ".dev/judges/bin"
    if not folder.is_dir():
        pytest.skip("the judges are not installed")
    return folder


@pytest.fixture
def judge(judges: Path, tmp_path: Path) -> Judge:
    """Runs a judge's program and gives what it said."""

    def run(program: str, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
        command = [str(judges / program), *map(str, arguments)]
        return subprocess.run(
            command, capture_output=True, text=True, timeout=300, cwd=tmp_path, check=False,
            env={"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), "LC_ALL": "C.UTF-8"},
        )  # fmt: skip

    return run
