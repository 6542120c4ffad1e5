"""A members' site and an investigation that has a virtual identity there."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1]))

from identities.desk import Desk
from identities.members import Members
from sequences.plugin import examined, unexamined

__all__ = ["examined", "unexamined"]


@pytest.fixture
def members() -> Iterator[Members]:
    """The site."""
    site = Members()
    with site.site:
        yield site


@pytest.fixture
def desk(tmp_path: Path, members: Members) -> Desk:
    """A new investigation that may collect from the site."""
    return Desk(tmp_path, members).open("case")
