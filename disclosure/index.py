"""The index of a package for people: one row an item, with what the record says and nothing that it does not."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence

from disclosure.contents import HeldItem
from disclosure.telling import Told

COLUMNS = (
    "number", "type", "description", "locator", "account", "event_time", "created_time", "published_time",
    "captured_time", "recorded_time", "place", "languages", "sha256", "md5", "acquisition", "sharing_condition",
    "consent", "sensitivity", "graphic", "relations", "path", "redacted", "volume",
)  # fmt: skip
CONTENT, REDACTED = "v1/content", "redacted"
"""Below the object of a capture: what was sealed, and what leaves in the place of some of it."""
FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""What a spreadsheet takes for the beginning of a formula."""


def index_csv(told: Told, md5: Mapping[str, str]) -> bytes:
    """The index, as UTF-8 with a mark that spreadsheets need; an empty cell is what nobody recorded, or what stays."""
    return table(COLUMNS, [_row(told, item, md5.get(item.id, "")) for item in told.contents.items])


def fingerprints_csv(told: Told) -> bytes:
    """The fingerprints of pictures and frames, by which likenesses are found elsewhere; one row each."""
    columns = ("frame_ms", "region", "pdq", "phash", "quality")
    rows = [
        [item.number, item.sha256.removeprefix("sha256:"), *(str(one.get(column, "")) for column in columns)]
        for item in told.contents.items
        for one in told.examined(item).get("fingerprints", ())
    ]
    return table(("number", "sha256", *columns), rows)


def table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> bytes:
    """A CSV file in which no cell is a formula."""
    written = io.StringIO()
    writer = csv.writer(written, lineterminator="\r\n")
    writer.writerow(columns)
    writer.writerows([harmless(cell) for cell in row] for row in rows)
    return b"\xef\xbb\xbf" + written.getvalue().encode("utf-8")


def harmless(cell: str) -> str:
    """The cell with an apostrophe before what a spreadsheet would carry out, and no control characters."""
    plain = "".join(one if one.isprintable() else " " for one in cell)
    return f"'{plain}" if plain.startswith(FORMULA) else plain


def path_of(item: HeldItem) -> str:
    """Where in the package the item's first file is, or what stands for it; empty where it does not leave."""
    return place_of(item, item.files[0])


def place_of(item: HeldItem, file: str) -> str:
    """The same of any file of the item's capture."""
    place = leaving_path(item, file)
    return f"data/{item.place}/{place}" if place else ""


def leaving_path(item: HeldItem, file: str) -> str:
    """Below the object: where a file is, its derivative where it was redacted, nothing where it does not leave."""
    for one in item.redactions:
        if one.path == file:
            return f"{REDACTED}/{file}" if one.sha256 else ""
    return f"{CONTENT}/{file}"


def _row(told: Told, item: HeldItem, md5: str) -> list[str]:
    said = {
        "number": item.number,
        "type": f"{item.role} {item.media_type}".strip(),
        "description": item.description,
        "locator": item.locator,
        "account": item.account,
        "event_time": told.happened(item),
        "created_time": told.claimed(item, "created_time"),
        "place": told.place(item),
        "languages": told.languages(item),
        "sharing_condition": told.contents.condition,
        "published_time": item.published_time,
        "captured_time": item.captured_time,
        "recorded_time": item.recorded_time,
        "sha256": item.sha256.removeprefix("sha256:"),
        "md5": md5,
        "acquisition": item.acquisition,
        "consent": item.consent,
        "sensitivity": item.sensitivity,
        "graphic": "yes" if item.graphic or "graphic" in item.tags else "",
        "relations": "; ".join(item.relations),
        "path": path_of(item),
        "redacted": "; ".join(
            f"{one.path}: {f'{len(one.spans)} places written over' if one.sha256 else 'does not leave'} ({one.kinds})"
            for one in item.redacted
        ),
        "volume": str(told.contents.volume_of(item) or ""),
    }
    return [said.get(column, "") for column in COLUMNS]
