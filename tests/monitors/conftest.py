"""Standing watches, from outside: a newsroom and a case that watches it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1]))

from e2e.case import Case
from monitors.papers import Newsroom, Watching
from sequences.plugin import examined, unexamined

__all__ = ["examined", "unexamined"]


@pytest.fixture
def newsroom() -> Iterator[Newsroom]:
    """The site."""
    room = Newsroom()
    with room.site:
        yield room


@pytest.fixture
def watching(tmp_path: Path, newsroom: Newsroom) -> Watching:
    """A new workspace that may collect from the newsroom."""
    watching = Watching(Case(tmp_path / "case", [newsroom.site.address]))
    code, _out, err = watching.run("init", str(watching.case.root), "--title", "A case", "--investigator", "Ana Marić")
    assert code == 0, err
    return watching
