"""Writes a contact sheet: one folder, complete or not there, with nothing in it that runs or calls out."""

from __future__ import annotations

import math
import os
import re
import stat
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from casefile.errors import SheetUnusable
from casefile.vocabulary import Acquisition
from pipelines.contact_sheet.pages import TEMPLATES, Html, ItemPage, Pages, Picture, across_captures, is_problem
from pipelines.contact_sheet.pictures import extension_of
from pipelines.contact_sheet.values import SheetAttempt, SheetHeading, SheetItem

MARK = ".casefile-contact-sheet"
"""A file by which a folder is known as one that may be replaced."""
CARDS_ON_A_PAGE = 120
"""With a picture each, about what a browser shows without effort."""
MAX_PREVIEW_BYTES = 8 << 20
NUMBER = re.compile(r"I-[0-9]{1,15}", re.ASCII)
PRIVATE_FILE, PRIVATE_FOLDER = 0o600, 0o700


@dataclass(frozen=True, slots=True)
class ContactSheet:
    """What was written: the page to open, and how many items and unsuccessful attempts it shows."""

    index: Path
    items: int
    problems: int


def write_contact_sheet(
    items: Iterable[SheetItem], attempts: Iterable[SheetAttempt], directory: Path, *, heading: SheetHeading
) -> ContactSheet:
    """Writes `directory`, or replaces the contact sheet that it is: complete, or not at all.

    Items come in the order of the list and are read once; previews are copied only when they are plain re-encoded
    pictures, and the page names those that were not. Raises SheetUnusable for a folder with anything else in it, and
    where none can be written.
    """
    check_directory(directory)
    try:
        return _write(items, attempts, directory, heading)
    except OSError as error:
        said = error.strerror or str(error)
        raise SheetUnusable(
            directory.name, f"it cannot be written: {said}", "Name a folder where you may write and there is space."
        ) from error


def _write(
    items: Iterable[SheetItem], attempts: Iterable[SheetAttempt], directory: Path, heading: SheetHeading
) -> ContactSheet:
    directory.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=directory.parent, prefix=f".{MARK.strip('.')}-") as building:
        new = Path(building, "new")
        for folder in (new, new / "items", new / "pictures"):
            folder.mkdir(mode=PRIVATE_FOLDER)
        counts = _fill(new, items, attempts, Pages(heading))
        if directory.exists():
            directory.rename(Path(building, "old"))
        new.rename(directory)
    return ContactSheet(directory / "index.html", counts["items"], counts["problems"])


def check_directory(directory: Path) -> None:
    """Raises SheetUnusable unless `directory` is free, empty or a contact sheet; for asking before any work."""
    if directory.is_symlink() or (directory.exists() and not directory.is_dir()):
        raise SheetUnusable(directory.name, "this is not a folder", "Name a new folder for the contact sheet.")
    if directory.is_dir() and any(directory.iterdir()) and not (directory / MARK).is_file():
        raise SheetUnusable(
            directory.name, "the folder holds other files", "Name a new or an empty folder for the contact sheet."
        )


def _fill(folder: Path, items: Iterable[SheetItem], attempts: Iterable[SheetAttempt], pages: Pages) -> Counter[str]:
    counts: Counter[str] = Counter()
    cards: list[Html] = []
    for before, item, after in _neighbours(items):
        if not NUMBER.fullmatch(item.number):
            raise ValueError(f"{item.number!r} is not an item's number")
        pictures, left_out = _copy_previews(item, folder / "pictures")
        page = ItemPage(item, pictures, left_out, before.number if before else "", after.number if after else "")
        _create(folder / "items" / f"{item.number}.html", pages.item(page).encode())
        cards.append(pages.card(item, pictures[0] if pictures else None))
        counts.update(_properties(item))
    problems = []
    for attempt in attempts:
        counts["attempts"] += 1
        if is_problem(attempt):
            problems.append(attempt)
    counts["problems"] = len(problems)
    last = max(1, math.ceil(len(cards) / CARDS_ON_A_PAGE))
    for page_number in range(1, last + 1):
        name = "index.html" if page_number == 1 else f"index-{page_number}.html"
        part = cards[(page_number - 1) * CARDS_ON_A_PAGE : page_number * CARDS_ON_A_PAGE]
        _create(folder / name, pages.index(part, page=page_number, pages=last, counts=counts).encode())
    _create(folder / "failed.html", pages.failed(problems, counts).encode())
    _create(folder / "sheet.css", (TEMPLATES / "sheet.css").read_bytes())
    _create(folder / MARK, b"A contact sheet made by Casefile. It may be deleted; the evidence is elsewhere.\n")
    return counts


def _neighbours(items: Iterable[SheetItem]) -> Iterator[tuple[SheetItem | None, SheetItem, SheetItem | None]]:
    """Each item with the one before and the one after it; one more than needed is held at a time."""
    before, item = None, None
    for after in items:
        if item is not None:
            yield before, item, after
        before, item = item, after
    if item is not None:
        yield before, item, None


def _properties(item: SheetItem) -> Iterator[str]:
    yield "items"
    yield item.content.value
    if item.capture.acquisition is Acquisition.HANDED_OVER:
        yield "handed_over"
    if across_captures(item.duplicates):
        yield "duplicates"


def _copy_previews(item: SheetItem, folder: Path) -> tuple[list[Picture], list[str]]:
    """Copies the previews that are plain pictures under names of ours; in words, which were left out and why."""
    pictures: list[Picture] = []
    left_out: list[str] = []
    for position, preview in enumerate(item.previews, start=1):
        content = _read_preview(preview.path)
        extension = extension_of(content) if content else None
        if content is None or extension is None:
            why = "its preview is missing or too large" if content is None else "its preview is no re-encoded picture"
            left_out.append(f"{preview.caption or 'preview'}: left out, {why}")
            continue
        name = f"{item.number}-{position}.{extension}"
        _create(folder / name, content)
        pictures.append((name, preview.caption))
    return pictures, left_out


def _read_preview(path: Path) -> bytes | None:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK)
    except OSError:
        return None
    with open(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            return None
        content = file.read(MAX_PREVIEW_BYTES + 1)
    return content if len(content) <= MAX_PREVIEW_BYTES else None


def _create(path: Path, content: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, PRIVATE_FILE)
    with open(descriptor, "wb") as file:
        file.write(content)
