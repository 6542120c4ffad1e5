"""An investigation for the tests of the verification record, opened once and copied."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1]))

from casefile.vocabulary import Role

from .desk import Desk


@pytest.fixture(scope="session")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    """Three people, a video I-0001 and a photograph I-0002."""
    desk = Desk(tmp_path_factory.mktemp("verification") / "case").open()
    desk.seal(Role.VIDEO)
    desk.seal(Role.PICTURE)
    return desk


@pytest.fixture
def desk(opened: Desk, tmp_path: Path) -> Desk:
    """The same, to write into."""
    return opened.copy(tmp_path / "case")
