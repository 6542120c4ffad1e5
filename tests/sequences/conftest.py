"""A site, the driver and workspaces for whole sequences."""

from __future__ import annotations

import itertools
import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1]))

from sites.hostile import HostileSite

from containment.worker import open_worker
from verification.running import MODULE

from .albums import WEAK, Bench
from .workspaces import NO_RESERVE, ONE_THREAD, WHOLE_PICTURES, Driver, Place, make_writable, running_driver

Places = Callable[[], Place]


@pytest.fixture(scope="module")
def site() -> Iterator[HostileSite]:
    """A site with every behaviour, for all tests of a module."""
    with HostileSite() as running:
        yield running


@pytest.fixture(scope="module")
def driver() -> Iterator[Driver]:
    with running_driver() as running:
        yield running


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory, driver: Driver, site: HostileSite) -> Place:
    """A new workspace that may collect from the site, to be copied."""
    environment = {"CASEFILE_EGRESS__ALLOW": json.dumps([site.address]), **ONE_THREAD, **NO_RESERVE, **WHOLE_PICTURES}
    return Place(tmp_path_factory.mktemp("opened"), driver, environment).open()


@pytest.fixture
def places(opened: Place, tmp_path: Path) -> Iterator[Places]:
    """Makes new workspaces."""
    numbers = itertools.count()
    yield lambda: opened.copy(tmp_path / str(next(numbers)))
    make_writable(tmp_path)


@pytest.fixture
def place(places: Places) -> Place:
    return places()


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    """An examining worker for all workspaces: its start costs more than everything that is asked of it here."""
    folder = tmp_path_factory.mktemp("bench")
    inputs, out = folder / "inputs", folder / "out"
    inputs.mkdir()
    out.mkdir()
    with open_worker(MODULE, inputs=inputs, out=out, egress=None, level=WEAK) as worker:
        yield worker, inputs, out
