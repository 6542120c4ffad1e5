"""Sheets of other tools: auto-archiver's, as a sheet and as its own CSV, and Atlos's list of incidents."""

from __future__ import annotations

import ast
import csv
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from casefile.archives import ArchiveClaim, ArchiveKind, Bearing, ClaimField, EntryKind
from collectors.archives.beside import Files
from collectors.archives.telling import Telling, Unreadable, claim

MOST_ROWS = 200_000
MOST_CELL_CHARACTERS = 1 << 20
DELIMITERS = ",;\t"
OWN_COLUMNS = {"status", "metadata", "media"}
"""Of auto-archiver's CSV database, whose cells are Python's notation."""
ATLOS_COLUMNS = {"slug", "inserted_at", "latitude", "longitude"}
SHEET_COLUMNS: Mapping[str, ClaimField] = {
    "link": ClaimField.LOCATOR,
    "url": ClaimField.LOCATOR,
    "archive status": ClaimField.STATUS,
    "archive date": ClaimField.CAPTURED,
    "archive location": ClaimField.FILE,
    "upload timestamp": ClaimField.POSTED,
    "upload title": ClaimField.TITLE,
    "text content": ClaimField.TEXT,
    "hash": ClaimField.DIGEST,
}
OF_METADATA: Mapping[str, ClaimField] = {
    "url": ClaimField.LOCATOR,
    "_processed_at": ClaimField.CAPTURED,
    "timestamp": ClaimField.POSTED,
    "title": ClaimField.TITLE,
    "content": ClaimField.TEXT,
    "author": ClaimField.AUTHOR,
}
OF_INCIDENT: Mapping[str, ClaimField] = {
    "slug": ClaimField.IDENTIFIER,
    "description": ClaimField.TITLE,
    "status": ClaimField.STATUS,
    "inserted_at": ClaimField.CAPTURED,
    "updated_at": ClaimField.EDITED,
    "latitude": ClaimField.PLACE,
    "longitude": ClaimField.PLACE,
}
SOURCE = re.compile(r"source_\d+")

Row = Mapping[str, str]


def kind_of_sheet(columns: Sequence[str]) -> ArchiveKind | None:
    """What a sheet with these columns is."""
    named = {name.strip().lower() for name in columns}
    if named >= ATLOS_COLUMNS:
        return ArchiveKind.ATLOS
    if named == OWN_COLUMNS or ("archive status" in named and named & {"archive location", "archive date", "hash"}):
        return ArchiveKind.AUTO_ARCHIVER
    return None


def read_sheet(path: Path, files: Files) -> Telling | None:
    """A sheet of one of these tools, row by row; nothing where it is none."""
    with path.open(encoding="utf-8-sig", errors="replace", newline="") as file:
        first = file.readline(MOST_CELL_CHARACTERS)
        columns = next(csv.reader([first], delimiter=_delimiter(first)), [])
        kind = kind_of_sheet(columns)
        if kind is None:
            return None
        telling = Telling(kind)
        telling.say(claim(ClaimField.TOOL, kind.value, "columns of the sheet"))
        file.seek(0)
        csv.field_size_limit(MOST_CELL_CHARACTERS)
        try:
            for number, row in enumerate(csv.DictReader(file, delimiter=_delimiter(first)), start=2):
                if number > MOST_ROWS:
                    raise Unreadable("too-many", f"it has more than {MOST_ROWS} rows")
                plain = {name.strip().lower(): cell for name, cell in row.items() if name and isinstance(cell, str)}
                telling.entry(EntryKind.ROW, f"row {number}", *_claims(kind, plain, files))
        except csv.Error as error:
            telling.problem("row-damaged", str(error))
        except Unreadable as error:
            telling.problem(error.code, error.problem)
    return telling


def _delimiter(line: str) -> str:
    return max(DELIMITERS, key=line.count)


def _claims(kind: ArchiveKind, row: Row, files: Files) -> Iterator[ArchiveClaim | None]:
    if kind is ArchiveKind.ATLOS:
        yield from (claim(field, row.get(name), name) for name, field in OF_INCIDENT.items())
        yield from (claim(ClaimField.LOCATOR, cell, name) for name, cell in row.items() if SOURCE.fullmatch(name))
    elif "metadata" in row and "media" in row:
        yield claim(ClaimField.STATUS, row.get("status"), "status")
        yield from _of_metadata(_notation(row["metadata"]))
        yield from _of_media(_notation(row["media"]), files)
    else:
        for name, field in SHEET_COLUMNS.items():
            cell = row.get(name, "")
            yield claim(field, cell, name, _bearing(field, cell, row, files))


def _bearing(field: ClaimField, cell: str, row: Row, files: Files) -> Bearing | None:
    if field is ClaimField.DIGEST:
        return files.bears(cell)
    if field is ClaimField.FILE and cell and "://" not in cell:
        return Bearing.MATCHES if files.named(cell) else Bearing.ABSENT
    return None


def _of_metadata(told: object) -> Iterator[ArchiveClaim | None]:
    if isinstance(told, dict):
        yield from (claim(field, told.get(name), f"metadata.{name}") for name, field in OF_METADATA.items())


def _of_media(told: object, files: Files) -> Iterator[ArchiveClaim | None]:
    for number, one in enumerate(told if isinstance(told, list) else ()):
        if not isinstance(one, dict):
            continue
        place = f"media[{number}]"
        name = next((one[key] for key in ("filename", "_key", "key") if isinstance(one.get(key), str)), "")
        yield claim(
            ClaimField.FILE, name, f"{place}.filename", Bearing.MATCHES if files.named(name) else Bearing.ABSENT
        )
        yield claim(ClaimField.MEDIA_TYPE, one.get("_mimetype"), f"{place}._mimetype")
        properties = one.get("properties")
        stated = properties.get("hash") if isinstance(properties, dict) else None
        if isinstance(stated, str):
            yield claim(ClaimField.DIGEST, stated, f"{place}.properties.hash", files.bears(stated, name))


def _notation(cell: str) -> object:
    """A value in Python's notation, read and never run; nothing where it is none. Times become text."""
    try:
        return _value(ast.parse(cell.strip(), mode="eval").body)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _value(node: ast.expr) -> Any:
    match node:
        case ast.Constant(value=str() | int() | float() as value):
            return value
        case ast.Dict(keys=keys, values=values):
            pairs = zip(keys, values, strict=True)
            return {_value(key): _value(value) for key, value in pairs if isinstance(key, ast.Constant)}
        case ast.List(elts=parts) | ast.Tuple(elts=parts):
            return [_value(part) for part in parts]
        case ast.Call(func=ast.Attribute(attr="datetime"), args=args, keywords=keywords):
            return _moment([_value(one) for one in args], zone=bool(keywords))
        case _:
            return None


def _moment(parts: list[Any], *, zone: bool) -> str | None:
    if not 3 <= len(parts) <= 7 or not all(isinstance(one, int) for one in parts):
        return None
    year, month, day, hour, minute, second, _ = [*parts, 0, 0, 0, 0][:7]
    moment = f"{year:04d}-{month:02d}-{day:02d}T{hour:02d}:{minute:02d}:{second:02d}"
    # Its notation of a zone other than UTC is not read: the claim is then as it stands, without one.
    return f"{moment}Z" if zone else moment
