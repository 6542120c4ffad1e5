"""A sheet of locators goes back: the same sheets, lines and order, with what became of each row behind them.

The result is a new file of plain text. Formulas, formats and links of the one that came in are not carried over, and
nothing in it can be run by a spreadsheet program.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from casefile.errors import SheetUnusable
from casefile.vocabulary import Content, Outcome
from pipelines.sheet_columns import folded, outcome_names
from pipelines.sheet_text import as_xml_text, without_formula
from pipelines.sheets import RowKey, Sheet, SheetJob
from preservation.durable import Disk

MAX_XLSX_LINES = 1_048_576
MAX_XLSX_CELL = 32_767
"""Characters; a spreadsheet program refuses a workbook with more."""
CUT = " … (cut: a workbook's cell holds no more)"
FORBIDDEN_IN_TITLES = frozenset("[]:*?/\\'")
PRIVATE_FILE = 0o600

ARCHIVED_BY_OTHERS = (
    "archive location",
    "thumbnail",
    "screenshot",
    "hash",
    "perceptual hashes",
    "wacz",
    "replaywebpage",
)
"""auto-archiver's columns that, once filled, belong to a capture that it made: they are never mixed with ours."""
ARCHIVE_STATUS = "archive status"


@dataclass(frozen=True, slots=True)
class RowResult:
    """What became of a row. `items`, `sha256` and `duplicates` are one for each item; times are RFC 3339.

    `claimed_time` and `text` are what the content says of itself; `perceptual_hashes` as auto-archiver lists them.
    """

    outcome: Outcome
    cause: str = ""
    detail: str = ""
    advice: str = ""
    items: tuple[str, ...] = ()
    title: str = ""
    captured_at: str = ""
    sha256: tuple[str, ...] = ()
    content: Content | None = None
    duplicates: tuple[str, ...] = ()
    claimed_time: str = ""
    text: str = ""
    perceptual_hashes: tuple[str, ...] = ()

    @property
    def added(self) -> tuple[str, ...]:
        """The cells under the columns that are added, in their order."""
        return (
            *(self.outcome.value, self.cause, self.detail, self.advice, ", ".join(self.items)),
            *(self.title, self.captured_at, ", ".join(self.sha256)),
            *(self.content.value if self.content else "", ", ".join(self.duplicates)),
        )

    @property
    def archive_status(self) -> str:
        """The same in the words of auto-archiver's sheet."""
        because = f": {self.cause}" if self.cause else ""
        match self.outcome:
            case Outcome.CAPTURED if self.content is not Content.ABSENT:
                return "archived"
            case Outcome.CAPTURED:
                return f"archived, content absent{because}"
            case Outcome.ALREADY:
                return "already archived"
            case Outcome.PARTIAL:
                return f"archived in part{because}"
            case _:
                return f"nothing archived{because}"


NO_RESULT = ("", "", "no attempt is recorded", "Run the same command again.", "", "", "", "", "", "")


def write_results(job: SheetJob, results: Mapping[RowKey, RowResult], target: Path) -> tuple[str, ...]:
    """Writes the job's sheets with outcomes to `target`, as CSV or XLSX by its ending; answers with notes in words.

    Atomic and durable: after any crash the former file is there or the new one. Raises SheetUnusable for another
    ending and for more lines than a workbook can hold; StorageFailed when the disk refuses.
    """
    form = check_target(target)
    filled = [fill_sheet(sheet, results, gaps=job.form != "text") for sheet in job.sheets]
    kept = sum(sheet.kept for sheet in filled)
    notes = [f"rows whose archive columns were filled, and were left as they were: {kept}"] if kept else []
    if form == ".csv":
        content = as_csv(filled)
    else:
        content, cut = as_xlsx(filled, target.name)
        notes += [f"{cut} cells were longer than a workbook's cell can be and were cut"] if cut else []
    Disk().replace(target, content, PRIVATE_FILE)
    return tuple(notes)


def check_target(target: Path, source: Path | None = None) -> str:
    """The ending of a results file that can be written, for asking before anything is collected.

    Raises SheetUnusable for an unknown ending, a missing folder, and the very file that the job was read from.
    """
    if target.suffix.lower() not in (".csv", ".xlsx"):
        raise SheetUnusable(target.name, "results are written as .csv or .xlsx", "Give the file such an ending.")
    if not target.parent.is_dir():
        raise SheetUnusable(target.name, f"there is no folder {target.parent}", "Make the folder, or name another one.")
    if source is not None and source.exists() and target.exists() and source.samefile(target):
        raise SheetUnusable(target.name, "results would overwrite the list itself", "Give the results another name.")
    return target.suffix.lower()


Numbered = tuple[int, tuple[str, ...]]
"""A line's number and its cells."""


@dataclass(frozen=True, slots=True)
class Filled:
    """A sheet with outcomes. `header` is the number of the line of names, negative where there is none; `kept` counts
    the rows in which another tool's archive was left alone."""

    title: str
    lines: tuple[Numbered, ...]
    header: int = -1
    kept: int = 0


def fill_sheet(sheet: Sheet, results: Mapping[RowKey, RowResult], *, gaps: bool = True) -> Filled:
    """The lines of a sheet with outcomes, numbered as before, or one after the other without `gaps`.

    A sheet without a line of names gets one above its first line. One that asks for nothing comes back unchanged.
    """
    if not sheet.rows:
        return Filled(sheet.title, tuple((line.number, line.cells) for line in sheet.lines))
    rows = {row.row: row for row in sheet.rows}
    places = archive_columns(sheet.headers if sheet.header else ())
    names = outcome_names(sheet.headers if sheet.header else ())
    lines: list[Numbered] = [] if sheet.header else [(0, (*sheet.headers, *names))]
    kept = 0
    for position, line in enumerate(sheet.lines, start=1):
        cells = [line.cell(column) for column in range(sheet.width)]
        row = rows.get(line.number)
        if sheet.header is not None and line.number == sheet.header.number:
            cells += names
        elif row is not None:
            result = results.get(row.key)
            kept += fill_archive_columns(cells, places, result) if result else 0
            cells += result.added if result else NO_RESULT
        lines.append((line.number if gaps else position, tuple(cells)))
    return Filled(sheet.title, tuple(lines), sheet.header.number if sheet.header else 0, kept)


def archive_columns(headers: Sequence[str]) -> dict[str, int]:
    """Where auto-archiver's own columns are; none where the sheet has no Archive status."""
    places = {folded(header): column for column, header in reversed(list(enumerate(headers)))}
    return places if ARCHIVE_STATUS in places else {}


def fill_archive_columns(cells: list[str], places: Mapping[str, int], result: RowResult) -> bool:
    """Fills auto-archiver's columns of a row in place, unless the row holds an archive of another tool: then True."""
    if any(cells[places[name]].strip() for name in ARCHIVED_BY_OTHERS if name in places):
        return True
    values = {
        ARCHIVE_STATUS: result.archive_status,
        "archive location": ", ".join(result.items),
        "archive date": result.captured_at,
        "upload timestamp": result.claimed_time,
        "upload title": result.title,
        "text content": result.text,
        "hash": ", ".join(result.sha256),
        "perceptual hashes": ", ".join(result.perceptual_hashes),
    }
    for name, value in values.items():
        if value and name in places:
            cells[places[name]] = value
    return False


def as_csv(sheets: Sequence[Filled]) -> bytes:
    """The lines as CSV (RFC 4180, UTF-8), all quoted; several sheets follow each other, named in a last column."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, quoting=csv.QUOTE_ALL)
    for sheet in sheets:
        width = max((len(cells) for _, cells in sheet.lines), default=0)
        for number, cells in with_gaps(sheet.lines):
            if len(sheets) > 1:
                name = "sheet" if number == sheet.header else sheet.title
                cells = (*cells, *("",) * (width - len(cells)), name)
            writer.writerow(map(without_formula, cells))
    return text.getvalue().encode("utf-8", "replace")


def as_xlsx(sheets: Sequence[Filled], name: str) -> tuple[bytes, int]:
    """The lines as a workbook in which every cell is a text, and how many of them had to be cut."""
    from openpyxl import Workbook  # costs more than all else that a request loads
    from openpyxl.cell import WriteOnlyCell

    book = Workbook(write_only=True)
    cut = 0
    for sheet in sheets:
        page = book.create_sheet(sheet_title(sheet.title))
        cell = WriteOnlyCell(page)
        cell.quotePrefix = True  # a text that somebody edits stays one
        for number, (_, cells) in enumerate(with_gaps(sheet.lines), start=1):
            if number > MAX_XLSX_LINES:
                raise SheetUnusable(name, f"a workbook holds {MAX_XLSX_LINES} lines", "Ask for a .csv instead.")
            written = [as_xml_text(text) for text in cells]
            cut += sum(len(text) > MAX_XLSX_CELL for text in written)
            page.append(text_cells(cell, written))
    content = io.BytesIO()
    book.save(content)
    return content.getvalue(), cut


def sheet_title(title: str) -> str:
    """The title as a workbook can have it: at most 31 characters, a few of which are forbidden."""
    return "".join("_" if one in FORBIDDEN_IN_TITLES or not one.isprintable() else one for one in title)[:31] or "Sheet"


def text_cells(cell: Any, texts: Iterable[str]) -> Iterator[Any]:
    """The same cell again and again, with each text in turn: it is written before the next one is asked for."""
    for text in texts:
        cell.value = text if len(text) <= MAX_XLSX_CELL else text[: MAX_XLSX_CELL - len(CUT)] + CUT
        cell.data_type = "s"
        yield cell if text else None


def with_gaps(lines: Iterable[Numbered]) -> Iterator[Numbered]:
    """The lines, with an empty one for each number that is missing in between."""
    last = 0
    for number, cells in lines:
        for missing in range(last + 1, number):
            yield missing, ()
        yield number, cells
        last = number
