"""A small investigation to hand things over from: two captures of one locator, a likeness, a refused attempt."""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest import mock

from casefile.records.edges import StoredEdge, store_edges
from casefile.records.engine import reading, writing
from casefile.records.queries import list_items
from casefile.vocabulary import ContainmentLevel, Judgement, Pathway
from pipelines.capture import CaptureOptions
from pipelines.collect import collect
from pipelines.custody import checkpoint
from pipelines.exporting import Exported, ExportRequest, export_items
from pipelines.handed_over import ImportRequest, import_files
from pipelines.leads import Candidate, Origin, add_leads
from pipelines.neighbours import decide
from pipelines.opening import open_investigation
from pipelines.remarks import add_remark, change_tags
from pipelines.services import Services, open_services

ENVIRONMENT = {"CASEFILE_RESERVE__BYTES": "0", "CASEFILE_RESERVE__INODES": "0"}
SOURCE, REMARK, COLLECTOR = "Bora Source", "seen by the neighbour of the lake", "Ada Ñandú"
RECIPIENT, AGREED = "The Court", "letter of 3 May"
WEAK = ContainmentLevel.WEAK
EDGE = "sha256:" + "e" * 64


@contextmanager
def unexamined(*_services: Any) -> Iterator[Any]:
    """Stands for the checks on working copies, which packages do not need."""

    def examine(_capture: str) -> Future[None]:
        done: Future[None] = Future()
        done.set_result(None)
        return done

    yield examine


def hand_over(services: Services, folder: Path) -> None:
    request = ImportRequest((folder,), SOURCE, level=ContainmentLevel.WEAK)
    with mock.patch("pipelines.handed_over.examining", unexamined):
        import_files(services, request, lambda _result: None)


def investigation(folder: Path) -> Path:
    """Items 1 and 2, a picture and a note; 3 and 4, the same folder again. 1 and 3 are called alike."""
    root = open_investigation(folder / "case", "Lake", COLLECTOR, ENVIRONMENT).root
    handed = folder / "handed"
    handed.mkdir()
    (handed / "lake.jpg").write_bytes(b"\xff\xd8\xff" + bytes(range(256)) * 8)
    with open_services(root, ENVIRONMENT) as services:
        for note in ("what was seen", "what was seen later"):
            (handed / "note.txt").write_text(note)
            hand_over(services, handed)
        with reading(services.engine) as connection:
            items = list_items(connection)
        _liken(services, items[0].id, items[2].id)
        again = add_leads(services, [Candidate(items[0].lead_locator or "")], Origin(Pathway.LIST))
        collect(services, again, CaptureOptions(), told=lambda _result: None, examine=unexamined)
        change_tags(services, "I-0001", ["graphic"], remove=False)
        add_remark(services, "I-0001", REMARK)
        checkpoint(services)
    return root


def _liken(services: Services, one: str, other: str) -> None:
    first, second = sorted((one, other))
    with writing(services.engine) as connection:
        store_edges(connection, [StoredEdge(EDGE, first, second, "auto", "pdq", "1", 3, 256, False, {})])
    decide(services, EDGE, Judgement.SAME, "the same lake")


def exported(root: Path, to: Path, *items: str, **options: Any) -> Exported:
    with open_services(root, {**ENVIRONMENT, **options.pop("environment", {})}) as services:
        agreed = {"agreement": AGREED, **options}
        request = ExportRequest(items, to, RECIPIENT, level=ContainmentLevel.WEAK, **agreed)
        return export_items(services, request, lambda _said: None)


def flipped(path: Path, bit: int) -> None:
    content = bytearray(path.read_bytes())
    content[bit // 8] ^= 1 << bit % 8
    os.chmod(path, 0o644)
    path.write_bytes(bytes(content))
