"""Both engines for every test that asks for a `place`."""

from __future__ import annotations

import itertools
import shutil
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Protocol

import pytest

from casefile.events.replay import empty_database

from .children import end_all
from .places import LOG, Place
from .servers import Server, any_server, quick_folder

MODEL = "casefile_model"


class Places(Protocol):
    """Makes logs for one test."""

    def __call__(self, *, blank: bool = False) -> Place: ...


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


@pytest.fixture(scope="session")
def model_of(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Callable[[str], str]:
    """For an engine, a database with all tables and no event, to be copied: making the tables takes far longer."""

    @cache
    def make(engine_name: str) -> str:
        folder = tmp_path_factory.mktemp("model")
        url = request.getfixturevalue("server").create(MODEL) if engine_name == "postgresql" else ""
        model = Place(folder, url)
        empty_database(model.engine, LOG)
        model.stop()
        return MODEL if url else str(model.database)

    return make


@pytest.fixture
def new_place(
    engine_name: str, tmp_path: Path, model_of: Callable[[str], str], request: pytest.FixtureRequest
) -> Iterator[Places]:
    """Makes logs, each in a folder and a database of its own, which has tables unless it is to be blank."""
    server: Server | None = request.getfixturevalue("server") if engine_name == "postgresql" else None
    made: list[Place] = []
    numbers = itertools.count()

    def make(*, blank: bool = False) -> Place:
        number = next(numbers)
        folder, name = tmp_path / str(number), f"{abs(hash(request.node.nodeid)):x}_{number}"
        folder.mkdir()
        if server:
            made.append(Place(folder, server.create(name) if blank else server.create(name, model_of("postgresql"))))
        else:
            made.append(Place(folder, ""))
            if not blank:
                shutil.copy(model_of("sqlite"), made[-1].database)
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
