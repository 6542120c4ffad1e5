"""One investigation, copied for each test."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1]))

from protocol.bench import Bench, open_bench


@pytest.fixture(scope="session")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An investigation in which nothing was done yet."""
    return open_bench(tmp_path_factory.mktemp("protocol") / "case").root


@pytest.fixture
def bench(opened: Path, tmp_path: Path) -> Bench:
    """A copy of it."""
    return Bench(Path(shutil.copytree(opened, tmp_path / "case")))
