"""A workspace with pictures that were handed over, and an examiner for it that stays open."""

from __future__ import annotations

import itertools
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from PIL import Image

from casefile.records.engine import reading
from casefile.records.queries import find_items, unexamined_items
from casefile.vocabulary import ContainmentLevel
from containment.worker import Worker
from pipelines.archives import archive_reader
from pipelines.edge_index import edge_index
from pipelines.examinable import examinable
from pipelines.examine import Examiner
from pipelines.features import feature_index
from pipelines.handed_over import ImportRequest, import_files
from pipelines.installed_tools import exiftool_for
from pipelines.neighbours import list_pairs
from pipelines.pixels import pixel_reader
from pipelines.posts import post_reader
from pipelines.services import Services, open_services

from .driver import not_examining
from .workspaces import Place

WEAK = ContainmentLevel.WEAK
Bench = tuple[Worker, Path, Path]


@contextmanager
def borrowed(examiner: Examiner) -> Iterator[Examiner]:
    """An open examiner, with an empty output folder."""
    yield examiner
    for folder in examiner.out.glob("[!.]*"):
        shutil.rmtree(folder)


def saved(image: Image.Image, **options: object) -> Callable[[Path], object]:
    """Saves a picture where it is told to."""
    return lambda path: image.save(path, **options)


@dataclass
class Album:
    """A workspace with pictures that were handed over, and how they are linked."""

    place: Place
    services: Services
    examiner: Examiner
    folder: Path
    numbers: Iterator[int] = field(default_factory=itertools.count)

    def hand_over(self, **pictures: Callable[[Path], object]) -> None:
        """Pictures of these names, each saved by what is given; all in one capture."""
        folder = self.folder / f"handed-{next(self.numbers)}"
        folder.mkdir(parents=True)
        for name, save in pictures.items():
            save(folder / name.replace("_", "."))
        import_files(self.services, ImportRequest((folder,), "Bora"), lambda _result: None)

    def examine(self, *texts: str) -> None:
        """The items of these numbers, or those that were never examined."""
        with reading(self.services.engine) as connection:
            items = find_items(connection, texts) if texts else unexamined_items(connection)
        self.examiner.examine(examinable(self.services, items))

    def methods(self) -> dict[tuple[str, ...], str]:
        """The method of every pair, by the names of its files."""
        pairs = list_pairs(self.services, inside_captures=True)
        return {tuple(sorted((one.item_a.name or "", one.item_b.name or ""))): one.edge.method for one in pairs}


@contextmanager
def opened_album(place: Place, bench: Bench, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Album]:
    """An album in this workspace; what is handed over is examined only when the album is told to."""
    monkeypatch.setattr("pipelines.handed_over.examining", not_examining)
    with (
        open_services(place.root, place.environment) as services,
        pixel_reader(services, WEAK) as pixels,
        feature_index(services, WEAK) as features,
        post_reader(services, WEAK) as posts,
        archive_reader(services, WEAK) as archives,
    ):
        edges = edge_index(services)
        examiner = Examiner(services, *bench, edges, pixels, features, posts, archives, exiftool_for(services).path)
        monkeypatch.setattr("pipelines.similar.open_examiner", lambda *_: borrowed(examiner))
        yield Album(place, services, examiner, folder)
