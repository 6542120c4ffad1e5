"""Killed at any call that changes the disk, a command leaves the old or the new, and the same command finishes."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import select

from casefile.events.files import LogFiles
from casefile.records.acts import list_acts
from casefile.records.engine import reading, sqlite_engine, tables
from casefile.vocabulary import ContainmentLevel
from disclosure.check_package import check
from pipelines import handed_over
from pipelines.audit import audit_workspace
from pipelines.custody import checkpoint
from pipelines.describing import describe_item
from pipelines.erasing import erase_items
from pipelines.exporting import ExportRequest, export_items
from pipelines.received import receive
from pipelines.reindex import reindex_workspace
from pipelines.remarks import add_remark
from pipelines.services import Services, open_services
from pipelines.unfinished import unfinished

from .erasures import BASIS, ENVIRONMENT, FIRST, SECOND, begun, copied, items_of, left, not_examining
from .traced import kill_at, points_of

POINTS = int(os.environ.get("CASEFILE_TESTS_POINTS", "50"))
"""How many calls of each command are killed at, spread over the whole; 0 for every one, which takes most of an hour."""
WEAK = ContainmentLevel.WEAK
NAMES = ("one.txt", "two.txt")
UNFINISHED = {"erase": frozenset({"P007", "P054", "P100", "P101"}), "reindex": frozenset({"P055"})}
"""What an audit may say before the same command has finished: an erasure is under way, or there is no database."""


@pytest.fixture(autouse=True)
def unexamined(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(handed_over, "examining", not_examining)


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with a head, and an event since; beside it files to import and a package to take in."""
    root = begun(tmp_path_factory.mktemp("begun"))
    with open_services(root, ENVIRONMENT) as services:
        checkpoint(services)
        _export(services, root.with_name("package"))
        add_remark(services, SECOND, "said since")
    incoming = root.with_name("incoming")
    incoming.mkdir()
    for name in NAMES:
        (incoming / name).write_text(f"{name} " * 1000)
    return root


@dataclass(frozen=True)
class Place:
    """One workspace in a folder of its own; what commands are given lies where the first workspace is."""

    root: Path
    given: Path

    def opened(self, act: Callable[[Services], object]) -> object:
        with open_services(self.root, ENVIRONMENT) as services:
            return act(services)

    def codes(self) -> set[str]:
        return {one.code for one in audit_workspace(self.root, ENVIRONMENT).problems}

    def events(self) -> list[str]:
        journal = LogFiles.at(self.root / "log", lambda _step: None).journal
        return [record.content.decode() for record in journal.records()]

    def rows(self) -> Mapping[str, list[str]]:
        engine = sqlite_engine(self.root / "casefile.db")
        try:
            with reading(engine) as connection:
                named = tables("view_").items()
                return {name: sorted(map(repr, connection.execute(select(table)))) for name, table in named}
        finally:
            engine.dispose()


def _export(services: Services, to: Path) -> None:
    export_items(services, ExportRequest((SECOND,), to, "The Court", level=WEAK), lambda _said: None)


def make_checkpoint(place: Place) -> None:
    place.opened(checkpoint)


def a_checkpoint_is_whole(place: Place) -> None:
    make_checkpoint(place)
    size = len(place.events())
    assert (place.root / "log/checkpoint").read_text().splitlines()[1] == str(size)


def import_files(place: Place) -> None:
    request = handed_over.ImportRequest((place.given / "incoming",), "Zed", level=WEAK)
    place.opened(lambda services: handed_over.import_files(services, request, lambda _result: None))


def an_import_is_whole(place: Place) -> None:
    import_files(place)
    assert set(NAMES) <= {item.name for item in items_of(place.root).values()}


def export_item(place: Place) -> None:
    place.opened(lambda services: _export(services, place.root.with_name("made")))


def an_export_is_whole(place: Place) -> None:
    made, again = place.root.with_name("made"), place.root.with_name("again")
    if made.exists():
        assert check(str(made)).failures == []
    place.opened(lambda services: _export(services, again))
    assert check(str(again)).failures == []
    assert place.opened(lambda services: unfinished(services.workspace)) == []
    assert [path.name for path in place.root.parent.glob(".*.part*")] == []


def take_in(place: Place) -> None:
    place.opened(lambda services: receive(services, place.given / "package", "a partner"))


def a_receipt_is_whole(place: Place) -> None:
    def is_recorded(services: Services) -> bool:
        with reading(services.engine) as connection:
            return bool(list_acts(connection, "package.received"))

    if not place.opened(is_recorded):
        take_in(place)
    (kept,) = (place.root / "received").iterdir()
    assert check(str(kept)).failures == []


def erase(place: Place) -> None:
    place.opened(lambda services: erase_items(services, [FIRST], BASIS, "Bob"))


def an_erasure_is_whole(place: Place) -> None:
    def is_gone(services: Services) -> bool:
        return describe_item(services, FIRST)["erased"] is not None

    gone = place.opened(is_gone)
    assert gone == (left(place.root, FIRST) == [])
    if not gone:
        erase(place)
    assert left(place.root, FIRST) == []


def reindex(place: Place) -> None:
    reindex_workspace(place.root, ENVIRONMENT)


def a_database_is_whole(place: Place) -> None:
    reindex(place)
    assert place.rows() == Place(place.given / "case", place.given).rows()


COMMANDS: Mapping[str, tuple[Callable[[Place], None], Callable[[Place], None]]] = {
    "checkpoint": (make_checkpoint, a_checkpoint_is_whole),
    "import": (import_files, an_import_is_whole),
    "export": (export_item, an_export_is_whole),
    "receive": (take_in, a_receipt_is_whole),
    "erase": (erase, an_erasure_is_whole),
    "reindex": (reindex, a_database_is_whole),
}
"""What is killed, and what does it again and asks whether it is whole."""


@pytest.fixture
def places(case: Path, tmp_path: Path) -> Callable[[str], Place]:
    return lambda name: Place(copied(case, tmp_path / name / "case"), case.parent)


def run_command(name: str, places: Callable[[str], Place], trace: Path, most: int) -> None:
    act, is_whole = COMMANDS[name]
    whole = places("whole")
    before = whole.events()
    points = points_of(lambda: act(whole), trace)
    chosen = points[:: max(len(points) // most, 1)] if most else points
    killed = 0
    for number, point in enumerate(chosen):
        place = places(str(number))
        killed += kill_at(lambda: act(place), point)  # noqa: B023  # it is done within this round
        found = place.codes()
        assert found <= UNFINISHED.get(name, frozenset()), point
        assert place.events()[: len(before)] == before, point
        is_whole(place)
        assert place.codes() == set(), point
    # What a command does may differ by a few calls from one time to the next.
    assert killed >= len(chosen) * 9 // 10, f"{killed} of {len(chosen)}"
    print(f"{name}: killed at {killed} of {len(points)} calls")


@pytest.mark.campaign
@pytest.mark.parametrize("name", COMMANDS)
def test_killed_at_any_call_a_command_leaves_the_old_or_the_new(
    name: str, places: Callable[[str], Place], tmp_path: Path
) -> None:
    run_command(name, places, tmp_path / "trace", POINTS)
