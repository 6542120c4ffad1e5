"""Casefile as people and programs use it: the command line against a real site on loopback."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1]))

from e2e.case import Case
from sites.hostile import HostileSite


@pytest.fixture
def site() -> Iterator[HostileSite]:
    """A site with every behaviour."""
    with HostileSite() as running:
        yield running


@pytest.fixture
def case(tmp_path: Path, site: HostileSite) -> Case:
    """A new workspace that may collect from the site."""
    return Case(tmp_path / "case", [site.address]).open()
