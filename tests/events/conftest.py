"""Both engines for every test that asks for a `place`."""

from __future__ import annotations

import itertools
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from .children import end_all
from .places import Place
from .servers import Server, any_server, quick_folder

Places = Callable[[], Place]


@pytest.fixture(autouse=True)
def _no_child_outlives_its_test() -> Iterator[None]:
    yield
    end_all()


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    """A PostgreSQL server of our own; without one the tests fail, they are not skipped."""
    with any_server() as started:
        yield started


@pytest.fixture
def tmp_path() -> Iterator[Path]:
    """A folder for the test, in memory where there is some."""
    folder = quick_folder("casefile-test-")
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(params=["sqlite", "postgresql"])
def engine_name(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.fixture
def new_place(engine_name: str, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Places]:
    """Makes logs, each in a folder and a database of its own."""
    server: Server | None = request.getfixturevalue("server") if engine_name == "postgresql" else None
    made: list[Place] = []
    numbers = itertools.count()

    def make() -> Place:
        number = next(numbers)
        folder = tmp_path / str(number)
        folder.mkdir()
        name = f"{abs(hash(request.node.nodeid)):x}_{number}"
        made.append(Place(folder, server.create(name) if server else ""))
        return made[-1]

    yield make
    for place in made:
        place.stop()
        if server:
            server.drop(place.url.partition("@/")[2].partition("?")[0])


@pytest.fixture
def place(new_place: Places) -> Place:
    """A log with its first event."""
    return new_place().create()


@pytest.fixture
def sqlite_place(tmp_path: Path) -> Iterator[Place]:
    """A log on SQLite, for what is the same on both engines or only about files."""
    made = Place(tmp_path, "").create()
    yield made
    made.stop()
