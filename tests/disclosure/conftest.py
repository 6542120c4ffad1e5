"""One investigation and one package of it, made once and copied where a test changes them."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from pipelines.exporting import Exported

from .workspaces import exported, investigation


@pytest.fixture(scope="session")
def case(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace that tests only read."""
    return investigation(tmp_path_factory.mktemp("handing-over"))


@pytest.fixture
def own(case: Path, tmp_path: Path) -> Path:
    """A copy of the workspace, to change."""
    return Path(shutil.copytree(case, tmp_path / "own", symlinks=True))


@pytest.fixture(scope="session")
def made(case: Path, tmp_path_factory: pytest.TempPathFactory) -> Exported:
    """A package of the first item, out of a copy of the workspace."""
    folder = tmp_path_factory.mktemp("made")
    root = Path(shutil.copytree(case, folder / "case", symlinks=True))
    return exported(root, folder / "package", "I-0001")


@pytest.fixture
def package(made: Exported, tmp_path: Path) -> Path:
    """A copy of that package, to damage."""
    return Path(shutil.copytree(made.path, tmp_path / "package"))
