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


@pytest.fixture(scope="session")
def opened_with_items(opened: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same with two files that were handed over for work."""
    from casefile.vocabulary import ContainmentLevel
    from pipelines.handed_over import ImportRequest, import_files

    folder = tmp_path_factory.mktemp("handed-over")
    for name in ("one.txt", "two.txt"):
        (folder / name).write_text(f"words of {name}")
    root = Path(shutil.copytree(opened, folder.parent / "with-items"))
    with Bench(root).services() as services:
        import_files(services, ImportRequest((folder,), "Bora", level=ContainmentLevel.WEAK), lambda _result: None)
    return root


@pytest.fixture
def filled(opened_with_items: Path, tmp_path: Path) -> Bench:
    """A copy of that."""
    return Bench(Path(shutil.copytree(opened_with_items, tmp_path / "filled")))
