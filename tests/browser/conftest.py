"""One site, one sandbox for a module; each capture is a browser of its own, and goes the whole way of a real one."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1]))

from sites.hostile import HostileSite
from sites.pages import PAGES
from sites.showing import Shows, shows


@pytest.fixture(scope="module")
def site() -> Iterator[HostileSite]:
    """A site with pages for a browser."""
    with HostileSite(PAGES) as running:
        yield running


@pytest.fixture(scope="module")
def browser(site: HostileSite, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shows]:
    """Captures pages of the site by the method `browser`, in full containment."""
    with shows(site, tmp_path_factory.mktemp("shown")) as shown:
        yield shown
