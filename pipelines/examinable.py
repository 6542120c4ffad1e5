"""The items that can be examined, each with the one file that stands for it, as it lies in the vault."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from casefile.digests import Digest, hex_of
from casefile.records.engine import reading
from casefile.records.queries import ItemRecord, capture_facts
from casefile.vocabulary import FileKind, Role
from pipelines.services import Services
from preservation.layout import CONTENT
from verification.interface import Specimen
from verification.working_copies import Preserved


@dataclass(frozen=True, slots=True)
class Examinable:
    """An item with the one file that stands for it: its only file, or the viewing copy made of its parts."""

    item: ItemRecord
    original: Preserved

    @property
    def specimen(self) -> Specimen:
        """What the checks are told. All but the digest is compared only."""
        return Specimen(
            file=hex_of(self.original.sha256),
            role=Role(self.item.role or Role.OTHER),
            locator=self.item.locator or "",
            name=self.item.name or "",
            declared_media_type=self.item.declared_media_type or "",
            claimed_time=self.item.claimed_time or "",
        )


def examinable(services: Services, items: Sequence[ItemRecord]) -> list[Examinable]:
    """Those of the items that have one file to examine, with that file as it lies in the vault."""
    found: list[Examinable] = []
    files: dict[str, list[dict[str, str]]] = {}
    for item in items:
        if item.capture not in files:
            with reading(services.engine) as connection:
                files[item.capture] = capture_facts(connection, item.capture)["files"] or []
        path = standing_file(item, files[item.capture])
        if path is not None and item.object_id is not None:
            place = services.vault.object_path(item.object_id) / CONTENT / path["path"]
            found.append(Examinable(item, Preserved(place, Digest(path["sha256"]))))
    return found


def made_of(paths: Collection[str], files: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The files of a capture that were made of these, and of those again, in the capture's order."""
    known, found = set(paths), list[dict[str, Any]]()
    while more := [
        file
        for file in files
        if file["kind"] == FileKind.DERIVATIVE and file not in found and known & set(file["derived_from"])
    ]:
        found += more
        known |= {file["path"] for file in more}
    return [file for file in files if file in found]


def picture_of(services: Services, item: ItemRecord) -> Preserved | None:
    """The picture that was taken of a page, as it lies in the vault; None where there is none."""
    with reading(services.engine) as connection:
        files = capture_facts(connection, item.capture)["files"] or []
    pictures = [file for file in made_of(item.files or (), files) if file["media_type"].startswith("image/")]
    if not pictures or item.object_id is None:
        return None
    place = services.vault.object_path(item.object_id) / CONTENT / pictures[0]["path"]
    return Preserved(place, Digest(pictures[0]["sha256"]))


def standing_file(item: ItemRecord, files: Sequence[dict[str, Any]]) -> dict[str, Any] | None:
    """The file that stands for an item: its only one, or what was made of its parts for viewing; None without one."""
    if len(item.files) == 1:
        return next((file for file in files if file["path"] == item.files[0]), None)
    parts = set(item.files)
    made = (file for file in files if file["kind"] == FileKind.DERIVATIVE and parts & set(file["derived_from"]))
    return next(made, None)
