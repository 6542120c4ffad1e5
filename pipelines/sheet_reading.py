"""Worker: the bytes of a job file in, the text of its lines out. Runs in containment, without network.

It decodes and decides nothing: which column holds the locators is found outside, from text (`sheet_columns`). Each
sheet is written to `out` as JSON lines `[number, [cell, …]]`, lines without text left out.
"""

from __future__ import annotations

import csv
import io
import json
import re
import zipfile
import zlib
from collections import Counter, deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from itertools import islice, repeat
from pathlib import Path
from typing import Any

from pipelines.sheet_columns import is_known_header, is_link
from pipelines.sheet_text import from_xml_text

MAX_UNPACKED_BYTES = 512 << 20
"""Of all members of a workbook together, by its own directory, beyond which zipfile does not read either."""
MAX_MEMBERS = 10_000
MAX_LINES = 1_048_576
MAX_COLUMNS = 16_384
"""What a sheet can have (ECMA-376); more is an attack or a mistake."""
MAX_CELL_CHARACTERS = 1 << 20
SAMPLE_CHARACTERS = 1 << 16
SAMPLE_RECORDS = 200
DELIMITERS = ",;\t|"
NO_DELIMITER = "\x1f"
"""The unit separator: each line of a file of one column is one cell, however many commas its addresses have."""
SCHEME = re.compile(r"\s*[A-Za-z][A-Za-z0-9+.-]*:\S+\s*")
LINE_END = re.compile(r"\r\n|\n|\r")
EXCEL_SEPARATOR = re.compile(r"sep=(.)(?:\r\n|\n|\r)")
ZIP, OLE = b"PK", b"\xd0\xcf\x11\xe0"
MARKS = {
    b"\xef\xbb\xbf": "utf-8-sig",
    b"\xff\xfe\x00\x00": "utf-32",
    b"\x00\x00\xfe\xff": "utf-32",
    b"\xff\xfe": "utf-16",
    b"\xfe\xff": "utf-16",
}
PART = {
    "formulas": re.compile(rb"<(?:\w+:)?f[\s/>]"),
    "merged": re.compile(rb"<(?:\w+:)?mergeCell[\s/>]"),
    "links": re.compile(rb"<(?:\w+:)?hyperlink[\s/>]"),
}
BROKEN = (
    zipfile.BadZipFile,
    zlib.error,
    SyntaxError,  # ElementTree's ParseError
    ValueError,  # also everything that defusedxml refuses
    LookupError,
    TypeError,
    AttributeError,
    ArithmeticError,
    EOFError,
    NotImplementedError,
)
"""What openpyxl lets through when a workbook is not what it should be."""

Cells = tuple[str, ...]


class Unreadable(Exception):
    """The file is no sheet that can be read; `problem` is one of the codes that `sheets` puts into words."""

    def __init__(self, problem: str, detail: str = "") -> None:
        super().__init__(problem)
        self.problem = problem
        self.detail = detail


@dataclass(slots=True)
class Page:
    """One sheet as it is being decoded. `notes` are pairs of a code and a detail."""

    title: str = ""
    hidden: bool = False
    notes: list[tuple[str, str]] = field(default_factory=list)


Lines = Iterator[tuple[int, Cells]]
"""Number as a spreadsheet program counts, and cells."""


@dataclass(frozen=True, slots=True)
class Opened:
    """A file whose form is known. `pages` is read once; `notes` are about the whole of it."""

    form: str
    pages: Iterable[tuple[Page, Lines]]
    notes: tuple[tuple[str, str], ...] = ()


def work(request: Mapping[str, Any], inputs: Path, out: Path) -> dict[str, Any]:
    """Reads `inputs/sheet`; answers with the sheets, or with a problem.

    `request["hint"]` is what the name of the file says: text, csv, workbook or nothing.
    """
    try:
        opened = open_file(inputs / "sheet", str(request.get("hint", "")))
        sheets = []
        for position, (page, lines) in enumerate(opened.pages, start=1):
            name = f"sheet-{position:04d}.jsonl"
            count = write_lines(out / name, lines)
            sheets.append(
                {"title": page.title, "file": name, "lines": count, "hidden": page.hidden, "notes": page.notes}
            )
    except Unreadable as error:
        return {"problem": error.problem, "detail": error.detail}
    except RecursionError:
        return {"problem": "damaged", "detail": "nested too deeply"}
    except BROKEN as error:
        return {"problem": "damaged", "detail": " ".join(f"{type(error).__name__}: {error}".split())[:200]}
    return {"form": opened.form, "sheets": sheets, "notes": list(opened.notes)}


def write_lines(path: Path, lines: Lines) -> int:
    """Writes every line that has text; answers how many."""
    count = 0
    with path.open("x", encoding="ascii") as file:
        for number, cells in lines:
            if number > MAX_LINES or len(cells) > MAX_COLUMNS:
                raise Unreadable("too-large", f"line {number} with {len(cells)} columns")
            if any(cell.strip() for cell in cells):
                file.write(json.dumps([number, cells]) + "\n")
                count += 1
    return count


def open_file(source: Path, hint: str) -> Opened:
    """The form of the file (text, csv, xlsx) and its sheets, judged by its first bytes.

    What calls itself a workbook and is none is not read as a text: its garbage would become rows.
    """
    with source.open("rb") as file:
        start = file.read(4096)
    if start.startswith(OLE):
        raise Unreadable("old-workbook")
    if start.startswith(ZIP):
        found = scan_workbook(source)
        notes = tuple((code, "") for code in ("links", "merged") if code in found)
        return Opened("xlsx", workbook_pages(source, formulas="formulas" in found), notes)
    if start.startswith(b"%PDF-") or b"<html" in start.lower() or b"<?xml" in start[:16]:
        raise Unreadable("not-a-sheet")
    if hint == "workbook" and start:
        raise Unreadable("no-workbook")
    page = Page()
    text = decode_text(source.read_bytes(), page)
    if hint == "text" or (hint != "csv" and is_list(text)):
        return Opened("text", [(page, text_lines(text))])
    return Opened("csv", [(page, csv_lines(text, page))])


# Text and CSV


def decode_text(content: bytes, page: Page) -> str:
    """The text by its byte order mark, else as UTF-8, else as the older encoding of western spreadsheets."""
    for mark, encoding in MARKS.items():
        if content.startswith(mark):
            return content.decode(encoding, "replace")
    start = content[:4096]
    if start[1::2].count(0) > len(start) // 4:
        return content.decode("utf-16-le", "replace")
    if start[::2].count(0) > len(start) // 4:
        return content.decode("utf-16-be", "replace")
    for encoding in ("utf-8", "cp1252"):
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            page.notes = [("encoding", "Windows-1252")]
            continue
        return text
    page.notes = [("encoding", "Latin-1")]
    return content.decode("latin-1")


def is_list(text: str) -> bool:
    """Whether unnamed text is one locator a line rather than CSV: no delimiter divides its lines alike."""
    lines = [line for line in LINE_END.split(text[:SAMPLE_CHARACTERS]) if line.strip() and line.lstrip()[0] != "#"]
    if all(SCHEME.fullmatch(line) for line in lines):
        return True
    return not is_known_header(lines[0]) and find_delimiter(text) is None and not any('"' in line for line in lines)


def text_lines(text: str) -> Lines:
    """Every line as one cell."""
    for number, line in enumerate(LINE_END.split(text), start=1):
        yield number, (line,)


def csv_lines(text: str, page: Page) -> Lines:
    """Every record of a CSV file; numbered as a spreadsheet program does, so that a record of two lines counts once."""
    csv.field_size_limit(MAX_CELL_CHARACTERS)
    said = EXCEL_SEPARATOR.match(text)
    delimiter = said.group(1) if said else find_delimiter(text) or NO_DELIMITER
    quoting = not quotes_stay_open(text, delimiter)
    if not quoting:
        page.notes.append(("quotes", ""))
    try:
        for number, cells in enumerate(records(text, delimiter, quoting=quoting), start=1):
            if number > 1 or not said:
                yield number, tuple(cells)
    except csv.Error as error:
        raise Unreadable("damaged", str(error)) from error


def records(text: str, delimiter: str, *, quoting: bool = True, strict: bool = False) -> Iterator[list[str]]:
    """The records of CSV text. Line ends inside quotes are kept as they are."""
    lines = io.StringIO(text, newline="")
    if not quoting:
        return csv.reader(lines, delimiter=delimiter, quoting=csv.QUOTE_NONE)
    return csv.reader(lines, delimiter=delimiter, strict=strict)


def quotes_stay_open(text: str, delimiter: str) -> bool:
    """Whether the last quote is never closed, so that a reader would take the rest of the file for one cell."""
    sentinel = "\x00end\x00"
    ended = text if text.endswith(("\n", "\r")) else text + "\r\n"
    try:
        last = deque(records(ended + sentinel, delimiter), maxlen=1)
    except csv.Error:
        return True
    return last.pop() != [sentinel]


def find_delimiter(text: str) -> str | None:
    """The delimiter that divides most of the first records into equally many cells, or None when none does.

    One that keeps to the rules of quoting goes before one that does not.
    """
    for strict in (True, False):
        scores = [(*evenness(text, delimiter, strict=strict), -place) for place, delimiter in enumerate(DELIMITERS)]
        share, _, place = max(scores)
        if share:
            return DELIMITERS[-place]
    return None


def evenness(text: str, delimiter: str, *, strict: bool) -> tuple[float, int]:
    """The share of records that have the commonest number of cells above one, and that number; 0 of 0 for none.

    A delimiter that only divides lines which are whole addresses is part of the addresses, unless all are alike.
    """
    try:
        widths = Counter(
            len(cells) for cells in islice(records(text, delimiter, strict=strict), SAMPLE_RECORDS) if cells
        )
    except csv.Error:
        return 0.0, 0
    several = {width: count for width, count in widths.items() if width > 1}
    if not several:
        return 0.0, 0
    width, count = max(several.items(), key=lambda one: (one[1], one[0]))
    divided = [line for line in LINE_END.split(text[:SAMPLE_CHARACTERS]) if delimiter in line]
    if len(widths) > 1 and all(SCHEME.fullmatch(line) for line in divided):
        return 0.0, 0
    return count / widths.total(), width


# Workbooks


def scan_workbook(source: Path) -> set[str]:
    """Which of formulas, merged cells and links its sheets hold; raises Unreadable for a bomb or another format."""
    with zipfile.ZipFile(source) as archive:
        members = archive.infolist()
        size = sum(member.file_size for member in members)
        if len(members) > MAX_MEMBERS or size > MAX_UNPACKED_BYTES:
            raise Unreadable("too-large", f"{len(members)} parts, {size} bytes unpacked")
        if not any(member.filename.startswith("xl/") for member in members):
            raise Unreadable("not-a-sheet")
        sheets = [name for name in archive.namelist() if name.startswith("xl/worksheets/") and name.endswith(".xml")]
        return set().union(*(scan_part(archive, name) for name in sheets))


def scan_part(archive: zipfile.ZipFile, name: str) -> set[str]:
    """Which of them the XML of one sheet mentions; read as bytes, in bounded memory."""
    found: set[str] = set()
    tail = b""
    with archive.open(name) as part:
        while block := part.read(1 << 20):
            found.update(code for code, pattern in PART.items() if pattern.search(tail + block))
            tail = block[-64:]
    return found


def workbook_pages(source: Path, *, formulas: bool) -> Iterator[tuple[Page, Lines]]:
    """Every worksheet, hidden ones too, as a spreadsheet program last showed it."""
    from openpyxl import load_workbook  # costs more than reading a list of locators does

    with source.open("rb") as file, source.open("rb") as again:
        shown = load_workbook(file, read_only=True, data_only=True, keep_links=False)
        written = load_workbook(again, read_only=True, keep_links=False) if formulas else None
        for sheet in shown.worksheets:
            page = Page(title=sheet.title, hidden=sheet.sheet_state != "visible")
            yield page, sheet_lines(sheet, written[sheet.title] if written else None, page)


def sheet_lines(sheet: Any, formulas: Any, page: Page) -> Lines:
    """The cells as text. A formula is the result that was stored with it, or its own text where there is none.

    A link that was made by formula stays as it is written, which holds both the address and what is shown for it.
    """
    sheet.reset_dimensions()
    counts: Counter[str] = Counter()
    rows = zip(sheet.iter_rows(values_only=True), formula_rows(formulas), strict=False)
    for number, (values, written) in enumerate(rows, start=1):
        if number > MAX_LINES:
            raise Unreadable("too-large", f"line {number}")
        cells = [cell_text(value, counts) for value in values]
        for column, formula in written.items():
            as_written = not cells[column] or is_link(formula)
            counts["formula as written" if as_written else "formula"] += 1
            cells[column] = formula if as_written else cells[column]
        yield number, without_empty_end(cells)
    page.notes += [(f"cells: {kind}", str(count)) for kind, count in sorted(counts.items())]


def formula_rows(sheet: Any) -> Iterable[dict[int, str]]:
    """For each row the text of its formulas by column; without a sheet, rows without any and without end."""
    if sheet is None:
        return repeat({})
    sheet.reset_dimensions()
    return (
        {column: formula_text(cell.value) for column, cell in enumerate(row) if cell.data_type == "f"}
        for row in sheet.iter_rows()
    )


def formula_text(value: Any) -> str:
    """The text of a plain or an array formula."""
    return str(getattr(value, "text", value) or "")


def without_empty_end(cells: list[str]) -> Cells:
    """The cells up to the last one that holds anything."""
    width = len(cells)
    while width and not cells[width - 1]:
        width -= 1
    return tuple(cells[:width])


def cell_text(value: Any, counts: Counter[str]) -> str:
    """A cell's value as text: dates in ISO order and without a zone, since a cell has none."""
    match value:
        case None:
            return ""
        case str():
            return from_xml_text(value)
        case bool():
            return "TRUE" if value else "FALSE"
        case float() | int():
            counts["number"] += 1
            return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)
        case datetime():
            counts["date"] += 1
            return value.date().isoformat() if value.time() == time(0) else value.isoformat(sep=" ")
        case date() | time():
            counts["date"] += 1
            return value.isoformat()
        case timedelta():
            counts["date"] += 1
            return str(value)
        case _:
            return str(value)
