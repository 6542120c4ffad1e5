"""Which column of a sheet holds the locators and which line names the columns: pure, from text alone.

The name of a column decides where one is known; otherwise the column in which most cells are addresses.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

ADDRESS = re.compile(r"\s*https?://[^\s/]\S*\s*", re.IGNORECASE)
LINK = re.compile(r'=\s*HYPERLINK\(\s*"((?:[^"]|"")+)"', re.IGNORECASE)
"""A formula that shows one text and leads to another address."""
HEADER_LINES = 40
"""How many of the first lines are looked at for names: titles and explanations may stand above them."""
SAMPLE_LINES = 2_000
"""How many are looked at to tell which column holds addresses."""
HEADERS = frozenset(
    name.casefold()
    for name in (
        *("url", "urls", "uri", "link", "links", "locator", "locators", "hyperlink", "permalink", "href"),
        *("web address", "url address", "link url", "post url", "post link", "source url", "source link"),
        *("video url", "video link", "page url", "original url", "original link"),
        *("lien", "liens", "lien url", "enlace", "enlaces", "vínculo", "collegamento", "liga", "ligação", "odkaz"),
        *("ссылка", "ссылки", "адрес", "посилання", "спасылка", "връзка", "линк"),
        *("رابط", "الرابط", "روابط", "لینک", "پیوند", "קישור", "קישורים", "bağlantı", "bağlanti", "लिंक", "লিঙ্ক", "ลิงก์"),  # noqa: RUF001
        *("链接", "連結", "网址", "網址", "リンク", "링크", "հղում", "ბმული", "σύνδεσμος"),
    )
)
"""What the column of locators is called, case folded; auto-archiver calls it Link."""

OUTCOME_COLUMNS: tuple[str, ...] = (
    *("outcome", "cause", "detail", "advice", "items"),
    *("title", "captured at", "sha256", "content", "duplicates"),
)
"""What `--results` adds at the end of a sheet."""
OURS = "casefile "
"""Put before such a name where the sheet has a column of that name already."""


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a sheet that holds text, numbered from 1 as in the file."""

    number: int
    cells: tuple[str, ...]

    def cell(self, column: int) -> str:
        """The text in a column, counted from 0; empty beyond the last cell."""
        return self.cells[column] if column < len(self.cells) else ""

    def locator(self, column: int) -> str:
        """What a cell stands for: its text without space around it, or the address of a link made by formula."""
        text = self.cell(column).strip()
        link = LINK.match(text)
        return link.group(1).replace('""', '"') if link else text


@dataclass(frozen=True, slots=True)
class Columns:
    """Where the locators are: a column from 0, and the position in the lines of the one with names, if any."""

    column: int
    header: int | None
    by: str


def is_address(text: str) -> bool:
    """Whether a text is one http or https address and nothing else."""
    return ADDRESS.fullmatch(text) is not None


def is_link(text: str) -> bool:
    """Whether a text is a formula that makes a link to an address that is written out in it."""
    return LINK.match(text) is not None


def is_known_header(text: str) -> bool:
    """Whether a text is one of the names that a column of locators goes by."""
    return folded(text) in HEADERS


def folded(text: str) -> str:
    """A name as names are compared: case, spaces and marks at its ends do not count."""
    return " ".join(re.sub(r"[_\s\u200b\ufeff]+", " ", text).casefold().split()).strip(" :*#()")


def letter(column: int) -> str:
    """The name that spreadsheet programs give a column counted from 0: A, Z, AA."""
    name, rest = "", column + 1
    while rest:
        rest, digit = divmod(rest - 1, 26)
        name = chr(ord("A") + digit) + name
    return name


def find_columns(lines: Sequence[Line], wanted: str = "") -> Columns | None:
    """Where the locators of a sheet are, or None when it has no such column (or not the `wanted` one).

    `wanted` is a column's name, or its letter where no column has that name.
    """
    if wanted:
        return named(lines, frozenset((folded(wanted),)), "asked for") or lettered(lines, wanted)
    return named(lines, HEADERS, "name") or by_content(lines)


def named(lines: Sequence[Line], names: frozenset[str], by: str) -> Columns | None:
    """The column with one of these names; of several the one with most addresses, then the first.

    A column that has the name and no address gives way to none: its rows are refused one by one, so that nothing
    is dropped, unless the sheet has another column of addresses.
    """
    for position, line in enumerate(lines[:HEADER_LINES]):
        found = [column for column, cell in enumerate(line.cells) if folded(cell) in names]
        if not found:
            continue
        below = lines[position + 1 : position + 1 + SAMPLE_LINES]
        best = max(found, key=lambda column: (count_addresses(below, column), -column))
        if by == "name" and below and not count_addresses(below, best) and (other := by_content(lines)):
            return other
        return Columns(best, position, by)
    return None


def lettered(lines: Sequence[Line], wanted: str) -> Columns | None:
    """The column of that letter, its names found as for any other column."""
    width = max((len(line.cells) for line in lines), default=0)
    for column in range(width):
        if letter(column) == wanted.strip().upper():
            return Columns(column, header_above(lines, column), "asked for")
    return None


def by_content(lines: Sequence[Line]) -> Columns | None:
    """The column of which most filled cells are addresses; the first of several with equally many."""
    lines = lines[:SAMPLE_LINES]
    width = max((len(line.cells) for line in lines), default=0)
    addresses, filled = [0] * width, [0] * width
    for line in lines:
        for column, cell in enumerate(line.cells):
            if cell.strip():
                filled[column] += 1
                addresses[column] += is_address(line.locator(column))
    candidates = [column for column in range(width) if addresses[column] * 2 > max(filled[column] - 1, 0)]
    candidates = [column for column in candidates if addresses[column]]
    if not candidates:
        return None
    best = max(candidates, key=lambda column: (addresses[column], -column))
    return Columns(best, header_above(lines, best), "content")


def header_above(lines: Sequence[Line], column: int) -> int | None:
    """The line that names the columns: right above the first address, filled, all different, none an address."""
    first = next((place for place, line in enumerate(lines) if is_address(line.locator(column))), None)
    if not first:
        return None
    cells = [cell.strip() for cell in lines[first - 1].cells]
    texts = [cell for cell in cells if cell]
    if len(lines[first].cells) < 2 or column >= len(cells) or not cells[column]:
        return None
    if len(texts) * 2 < len(lines[first].cells) or len(set(texts)) < len(texts) or any(map(is_address, texts)):
        return None
    return first - 1


def count_addresses(lines: Sequence[Line], column: int) -> int:
    """In how many lines the column holds an address."""
    return sum(is_address(line.locator(column)) for line in lines)


def header_names(line: Line | None, width: int) -> tuple[str, ...]:
    """A name for each of `width` columns, no two alike: as written, else "column B"; a repeated one is numbered."""
    names: dict[str, None] = {}
    seen: Counter[str] = Counter()
    for column in range(width):
        name = " ".join((line.cell(column) if line else "").split()) or f"column {letter(column)}"
        seen[name] += 1
        distinct = name if seen[name] == 1 else f"{name} ({seen[name]})"
        while distinct in names:
            distinct += "'"
        names[distinct] = None
    return tuple(names)


def holds_several(text: str) -> bool:
    """Whether a cell holds more than one address."""
    return sum(map(is_address, text.split())) > 1


def outcome_names(headers: Sequence[str]) -> tuple[str, ...]:
    """What the added columns are called beside these."""
    taken = {folded(header) for header in headers}
    return tuple(OURS + name if name in taken else name for name in OUTCOME_COLUMNS)


def own_columns(header: Line | None) -> int | None:
    """Where the columns begin that an earlier `--results` added, or None when the sheet is not one of those."""
    if header is None or len(header.cells) <= len(OUTCOME_COLUMNS):
        return None
    start = len(header.cells) - len(OUTCOME_COLUMNS)
    added = [cell.removeprefix(OURS) for cell in header.cells[start:]]
    return start if tuple(added) == OUTCOME_COLUMNS else None
