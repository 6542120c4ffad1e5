"""Pairs that look alike, as rows: for a program, for a table, for a spreadsheet. The CSV's columns are the contract."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path

from casefile.errors import SheetUnusable
from pipelines.neighbours import FirstCopy, Pair
from pipelines.sheet_text import without_formula
from pipelines.similar import Likeness
from preservation.durable import Disk
from verification.features import features_installed

COLUMNS = ("edge", "item_a", "item_b", "name_a", "name_b", "score", "tier", "method")


PAIR_COLUMNS = ("edge", "item", "item", "score", "tier", "method", "judgement")


def waiting_line(pairs: int) -> str:
    """What is said while pixels are not compared yet."""
    return f"The pixels of {pairs} near pairs are not compared yet; `casefile examine` does it."


def stills_line(stills: int) -> str:
    """What is said while pictures are not compared by key points yet."""
    missing = "" if features_installed() else " once OpenCV is installed"
    return f"{stills} pictures and videos are not compared by key points yet; `casefile examine` does it{missing}."


def pair_json(pair: Pair) -> dict[str, object]:
    """A pair as `--json` gives it."""
    return {
        "edge": pair.edge.edge,
        "item_a": pair.edge.item_a,
        "item_b": pair.edge.item_b,
        "number_a": pair.item_a.label,
        "number_b": pair.item_b.label,
        "score": pair.score,
        "tier": pair.tier,
        "method": pair.edge.method,
        "distance": pair.edge.distance,
        "bits": pair.edge.bits,
        "same_capture": pair.edge.same_capture,
        "judgement": pair.edge.judgement or None,
        "evidence": pair.edge.evidence,
        "explanation": pair.explanation,
    }


def first_copy_json(found: FirstCopy | None) -> dict[str, str] | None:
    """The first copy found as `--json` gives it."""
    if found is None:
        return None
    return {"item": found.item.id, "number": found.item.label, "at": found.at, "basis": found.basis}


def pair_row(pair: Pair) -> tuple[str, ...]:
    """A pair as a row of a table."""
    return (
        pair.edge.edge,
        pair.item_a.label,
        pair.item_b.label,
        pair.score,
        pair.tier,
        pair.edge.method,
        pair.edge.judgement,
    )


def lookup_json(found: Likeness) -> dict[str, object]:
    """An item that a file is like, as `--json` gives it."""
    edge = found.edge
    return {
        "item": found.item.id,
        "number": found.item.label,
        "score": edge.score,
        "tier": edge.tier,
        "method": edge.method,
        "distance": edge.distance,
        "bits": edge.bits,
    }


def lookup_row(found: Likeness) -> tuple[str, ...]:
    """The same as a row of a table."""
    return (found.item.label, found.edge.score, found.edge.tier, found.edge.method)


def write_pairs(target: Path, pairs: Sequence[Pair]) -> None:
    """Write pairs as CSV, whole or not at all; no cell of it is read as a formula.

    Raises SheetUnusable where no file can stand.
    """
    if target.is_dir() or not target.parent.is_dir():
        problem = "it is a folder" if target.is_dir() else f"there is no folder {target.parent}"
        raise SheetUnusable(target.name, problem, "Name a file in a folder that is there.")
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for pair in pairs:
        one, other = pair.item_a, pair.item_b
        row = (
            pair.edge.edge,
            one.id,
            other.id,
            one.name or one.title or one.locator or "",
            other.name or other.title or other.locator or "",
            pair.score,
            pair.tier,
            pair.edge.method,
        )
        writer.writerow([without_formula(cell) for cell in row])
    Disk().replace(target, text.getvalue().encode("utf-8"))
