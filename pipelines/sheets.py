"""A list of locators comes in: text, CSV or a workbook, from anybody. The same sheet goes back in `sheet_results`.

The file is decoded in a worker without network (`sheet_reading`); what comes back is text, and only then is it decided
which column holds the locators. Every line below the names that has text is a row, also one whose locator is empty or
no address: it is refused by name later on, never dropped here.
"""

from __future__ import annotations

import json
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import BinaryIO

from casefile.canonical import Json
from casefile.digests import blocks
from casefile.errors import SheetUnusable
from casefile.model import readable
from casefile.vocabulary import ContainmentLevel
from collectors.locators import recordable
from containment.worker import Limits, run_worker
from pipelines.sheet_columns import Columns, Line, find_columns, header_names, holds_several, is_address, own_columns
from pipelines.sheet_text import with_formula

MAX_FILE_BYTES = 256 << 20
"""A million rows of a list take half of this."""
MAX_TEXT_CHARACTERS = 65_536
"""Of one cell, as the floor's values allow."""
LIMITS = Limits(wall_s=600, cpu_s=600, memory_bytes=3 << 30, file_bytes=1 << 30, output_bytes=1 << 30, processes=8)
"""For a workbook of a million rows; a bomb ends here."""
HINTS = {
    **dict.fromkeys((".txt", ".lst"), "text"),
    **dict.fromkeys((".csv", ".tsv", ".tab"), "csv"),
    **dict.fromkeys((".xlsx", ".xlsm", ".ods"), "workbook"),
}
NEEDS = (
    "A sheet needs one column of web addresses (http or https), one in each row, with a name such as url or link above "
    "it; say `--column NAME` for another one. A text file needs one address a line."
)
PROBLEMS = {
    "old-workbook": (
        "this is a workbook of the old binary format, or one locked by a password",
        "Save it as .xlsx without a password, or as CSV in UTF-8.",
    ),
    "not-a-sheet": ("this is neither text, CSV nor an .xlsx workbook", "Save it as .xlsx, or as CSV in UTF-8."),
    "too-large": ("it is larger than a sheet can be", "Divide it into several files."),
    "no-workbook": (
        "it is called a workbook and is none",
        "Open it in a spreadsheet program and save it as .xlsx. If it is a text or a CSV, give it that ending.",
    ),
    "damaged": (
        "it cannot be read as what it claims to be",
        "Open it in a spreadsheet program and save it again as .xlsx, or as CSV in UTF-8.",
    ),
}
NOTES = {
    "encoding": "it is not UTF-8 and was read as {detail}; letters beyond ASCII may be wrong",
    "quotes": "a quotation mark is never closed, so every line was read as one row and quotation marks as text",
    "links": "cells have links behind their text; only what is written in a cell was read",
    "merged": "cells are merged; the text of each block stands in its first cell and the others are empty",
    "cells: number": "numbers that were read as text: {detail}",
    "cells: date": "dates and times that were read as text (2024-01-31 12:00:00, without a zone): {detail}",
    "cells: formula": "formulas that were read as the results stored with them: {detail}",
    "cells: formula as written": "formulas that were read as written, being links or never calculated: {detail}",
}

RowKey = tuple[str, str, int]
"""What makes a row the same one at the next reading: sheet, locator, which occurrence of it in the sheet."""


@dataclass(frozen=True, slots=True)
class SheetRow:
    """A row that asks for something. `row` is its number in the file; `cells` are the other filled ones, named."""

    sheet: str
    row: int
    locator: str
    occurrence: int
    cells: tuple[tuple[str, str], ...]

    @property
    def key(self) -> RowKey:
        return (self.sheet, self.locator, self.occurrence)


@dataclass(frozen=True, slots=True)
class Sheet:
    """A sheet as it was read, a text without its comments. `width` counts its own columns, not what `--results` added.

    `header` is the line of names, if it has one; a sheet without a column of locators has no rows.
    """

    title: str
    lines: tuple[Line, ...]
    width: int
    header: Line | None
    headers: tuple[str, ...]
    rows: tuple[SheetRow, ...]


@dataclass(frozen=True, slots=True)
class SheetJob:
    """A file of locators: its base name, its form (text, csv, xlsx), its sheets, and what was done to read it."""

    name: str
    form: str
    sheets: tuple[Sheet, ...]
    notes: tuple[str, ...]

    @property
    def rows(self) -> Iterator[SheetRow]:
        """All rows in their order."""
        return (row for sheet in self.sheets for row in sheet.rows)


def read_sheets(source: BinaryIO, name: str, *, scratch: Path, level: ContainmentLevel, column: str = "") -> SheetJob:
    """Reads a job file, or standard input under the name `-`, whose bytes are decoded in containment.

    `scratch` is a folder of the workspace for the copy that the worker gets. `column` names the column of locators.
    Raises SheetUnusable, saying what the sheet needs; a ContainmentError when the worker ends abnormally.
    """
    with tempfile.TemporaryDirectory(dir=scratch, prefix="sheet-") as folder:
        inputs, out = Path(folder, "inputs"), Path(folder, "out")
        inputs.mkdir()
        out.mkdir()
        _copy(source, inputs / "sheet", name)
        request = {"hint": HINTS.get(PurePath(name).suffix.lower(), "")}
        result = run_worker("pipelines.sheet_reading", request, inputs, out, limits=LIMITS, egress=None, level=level)
        return understand(result.answer, out, name, column=column)


def _copy(source: BinaryIO, target: Path, name: str) -> None:
    size = 0
    with target.open("xb") as copy:
        for block in blocks(source):
            size += len(block)
            if size > MAX_FILE_BYTES:
                raise SheetUnusable(name, f"it is larger than {MAX_FILE_BYTES >> 20} MiB", PROBLEMS["too-large"][1])
            copy.write(block)


def understand(answer: Mapping[str, Json], out: Path, name: str, *, column: str = "") -> SheetJob:
    """The job that a worker's answer and its files stand for. Raises SheetUnusable."""
    base = PurePath(name).name or name
    if "problem" in answer:
        detail = f"({readable(str(answer['detail']), 500)})" if answer.get("detail") else ""
        problem, remedy = PROBLEMS.get(str(answer["problem"]), PROBLEMS["damaged"])
        raise SheetUnusable(base, f"{problem} {detail}".strip(), remedy)
    try:
        form = str(answer["form"])
        decoded = list(_decoded(answer, out))
        notes = [words for code, detail in _pairs(answer.get("notes")) if (words := _words("", code, detail))]
    except (LookupError, TypeError, ValueError, OSError) as error:
        raise SheetUnusable(base, "what was read from it has the wrong form", PROBLEMS["damaged"][1]) from error
    sheets = []
    for title, lines, remarks in decoded:
        sheet, found = make_sheet(title, lines, form=form, column=column)
        sheets.append(sheet)
        notes += [*remarks, *(f"{_where(title)}{words}" for words in found)]
    if not any(sheet.rows for sheet in sheets):
        raise SheetUnusable(base, _what_is_missing(sheets, column), NEEDS)
    return SheetJob(base, form, tuple(sheets), tuple(notes))


def _decoded(answer: Mapping[str, Json], out: Path) -> Iterator[tuple[str, tuple[Line, ...], list[str]]]:
    listed = answer["sheets"]
    if not isinstance(listed, list):
        raise TypeError("sheets")
    for position, sheet in enumerate(listed, start=1):
        if not isinstance(sheet, dict):
            raise TypeError("sheet")
        title = readable(str(sheet["title"]), 255)
        with (out / f"sheet-{position:04d}.jsonl").open(encoding="ascii") as file:
            lines = tuple(_line(json.loads(text)) for text in file)
        remarks = [_words(title, code, detail) for code, detail in _pairs(sheet.get("notes"))]
        if sheet.get("hidden"):
            remarks.append(f"{_where(title)}it is hidden, and was read like the others")
        yield title, lines, remarks


def _line(plain: object) -> Line:
    if not isinstance(plain, list):
        raise TypeError("line")
    number, cells = plain
    return Line(int(number), tuple(map(str, cells)))


def _pairs(plain: object) -> Iterator[tuple[str, str]]:
    for pair in plain if isinstance(plain, list) else ():
        code, detail = pair if isinstance(pair, list) else ("", "")
        yield str(code), str(detail)


def _words(title: str, code: str, detail: str) -> str:
    return _where(title) + NOTES.get(code, "{detail}").format(detail=detail[:100])


def _where(title: str) -> str:
    return f"sheet {title!r}: " if title else ""


def _what_is_missing(sheets: Sequence[Sheet], column: str) -> str:
    if not any(sheet.lines for sheet in sheets):
        return "it is empty"
    if not column and any(sheet.header for sheet in sheets):
        return "no row stands below the line of names"
    if column:
        names = sorted({name for sheet in sheets for name in sheet.headers})[:40]
        return f"it has no rows under a column called {column!r}; its columns are: {', '.join(names)}"
    return "no column holds web addresses"


# From lines to rows


def make_sheet(title: str, lines: tuple[Line, ...], *, form: str, column: str = "") -> tuple[Sheet, list[str]]:
    """The sheet that decoded lines stand for, and in words what was found where."""
    if form == "text":
        asking = tuple(line for line in lines if not line.cell(0).lstrip().startswith("#"))
        rows = tuple(_rows(title, asking, 0, ("locator",)))
        return Sheet(title, asking, 1, None, ("locator",), rows), _doubts(rows)
    found = find_columns(lines, column)
    names = found or find_columns(lines)
    header = lines[names.header] if names and names.header is not None else None
    added = own_columns(header)
    if added is not None:
        lines = tuple(_without_added(line, added, undo=form == "csv") for line in lines)
        header = _without_added(header, added, undo=form == "csv") if header else None
    width = max((len(line.cells) for line in lines), default=0)
    headers = header_names(header, width)
    if found is None:
        return Sheet(title, lines, width, header, headers, ()), _overlooked(lines)
    below = lines[found.header + 1 :] if found.header is not None else lines
    rows = tuple(_rows(title, below, found.column, headers))
    notes = [_choice(found, header, headers), *_repeated(header), *_doubts(rows)]
    return Sheet(title, lines, width, header, headers, rows), notes


def _without_added(line: Line, start: int, *, undo: bool) -> Line:
    cells = line.cells[:start]
    return Line(line.number, tuple(map(with_formula, cells)) if undo else cells)


def _rows(title: str, lines: Sequence[Line], column: int, headers: tuple[str, ...]) -> Iterator[SheetRow]:
    seen: Counter[str] = Counter()
    for line in lines:
        locator = recordable(line.locator(column))
        seen[locator] += 1
        cells = tuple(
            (readable(headers[place], 255), readable(text, MAX_TEXT_CHARACTERS))
            for place, text in enumerate(line.cells)
            if text.strip() and (place != column or text.strip() != locator)
        )
        yield SheetRow(title, line.number, locator, seen[locator], cells)


def _choice(found: Columns, header: Line | None, headers: tuple[str, ...]) -> str:
    named = f"named in line {header.number}" if header else "there is no line of names"
    how = {"content": "most of its cells are addresses", "name": "by its name", "asked for": "as asked for"}[found.by]
    return f"locators are in {headers[found.column]!r} ({how}); {named}"


def _overlooked(lines: Sequence[Line]) -> list[str]:
    return [f"it has no column of addresses; its {len(lines)} lines ask for nothing"] if lines else []


def _repeated(header: Line | None) -> list[str]:
    counts = Counter(" ".join(cell.split()) for cell in header.cells) if header else Counter[str]()
    return [
        f"{count} columns are called {name!r}; they were numbered"
        for name, count in counts.items()
        if name and count > 1
    ]


def _doubts(rows: Sequence[SheetRow]) -> list[str]:
    notes = []
    several = [row.row for row in rows if holds_several(row.locator)]
    others = [row.row for row in rows if not is_address(row.locator) and not holds_several(row.locator)]
    if several:
        notes.append(f"rows with several addresses in one cell, which needs a row each: {_listed(several)}")
    if others:
        notes.append(f"rows without a web address: {_listed(others)}")
    return notes


def _listed(numbers: Sequence[int]) -> str:
    return ", ".join(map(str, numbers[:20])) + (f" and {len(numbers) - 20} more" if len(numbers) > 20 else "")
