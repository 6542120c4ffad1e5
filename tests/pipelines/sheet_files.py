"""Lists as people send them, made in memory, and their reading with and without the sandbox."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from openpyxl import Workbook

from casefile.vocabulary import ContainmentLevel
from pipelines import sheet_reading
from pipelines.sheets import HINTS, SheetJob, read_sheets, understand

AUTO_ARCHIVER = (
    *("Link", "Destination folder", "Archive status", "Archive location", "Archive date", "Thumbnail"),
    *("Upload timestamp", "Upload title", "Text content", "Screenshot", "Hash", "Perceptual Hashes"),
    *("WACZ", "ReplayWebpage"),
)


def csv_file(rows: Iterable[Sequence[str]], delimiter: str = ",", encoding: str = "utf-8") -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=delimiter).writerows(rows)
    return text.getvalue().encode(encoding)


def workbook(sheets: Mapping[str, Iterable[Sequence[Any]]], hidden: Sequence[str] = ()) -> bytes:
    book = Workbook()
    book.remove(book.active)
    for title, rows in sheets.items():
        sheet = book.create_sheet(title)
        sheet.sheet_state = "hidden" if title in hidden else "visible"
        for row in rows:
            sheet.append(list(row))
    return saved(book)


def saved(book: Workbook) -> bytes:
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


def with_part(content: bytes, name: str, part: bytes) -> bytes:
    """The workbook with one part of its archive replaced."""
    changed = io.BytesIO()
    old = zipfile.ZipFile(io.BytesIO(content))
    with zipfile.ZipFile(changed, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as new:
        for member in old.namelist():
            new.writestr(member, part if member == name else old.read(member))
    return changed.getvalue()


def read_here(content: bytes, name: str, folder: Path, column: str = "") -> SheetJob:
    """Reads as the worker does, in this process; its answer goes through JSON as it would."""
    out = folder / "out"
    out.mkdir(parents=True)
    (folder / "sheet").write_bytes(content)
    answer = sheet_reading.work({"hint": HINTS.get(Path(name).suffix.lower(), "")}, folder, out)
    return understand(json.loads(json.dumps(answer)), out, name, column=column)


def read_contained(content: bytes, name: str, scratch: Path, column: str = "") -> SheetJob:
    return read_sheets(io.BytesIO(content), name, scratch=scratch, level=ContainmentLevel.FULL, column=column)


def locators(job: SheetJob) -> list[tuple[int, str]]:
    return [(row.row, row.locator) for row in job.rows]
