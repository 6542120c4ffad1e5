"""The tables of decoded pixels: what came of decoding an item, and the pairs that are still to be compared."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

from sqlalchemy import Connection, delete, func, select

from casefile.records.engine import insert_absent, tables
from casefile.records.tombstones import buried

PORTION = 500
"""Names in one query."""
Named = TypeVar("Named", str, int)


@dataclass(frozen=True, slots=True)
class StoredPixels:
    """What came of decoding an item in full: the digest of its pixels, or else the cause why there is none."""

    item: str
    digest: str
    cause: str


@dataclass(frozen=True, slots=True)
class StoredQuestion:
    """A pair of items whose pixels are still to be compared."""

    edge: str
    item_a: str
    item_b: str
    same_capture: bool


def store_pixels(connection: Connection, read: Iterable[StoredPixels]) -> None:
    """Keep what came of decoding items that are not erased; what is known of an item already stays."""
    gone = buried(connection)
    rows = [{"item": one.item, "digest": one.digest, "cause": one.cause} for one in read if one.item not in gone]
    if rows:
        table = tables("work_")["work_pixels"]
        insert_absent(connection, table, rows)


def stored_pixels(connection: Connection, items: Collection[str]) -> dict[str, StoredPixels]:
    """What came of decoding those items that were decoded, by item."""
    table = tables("work_")["work_pixels"]
    rows = [row for some in portions(items) for row in connection.execute(select(table).where(table.c.item.in_(some)))]
    return {row.item: StoredPixels(row.item, row.digest, row.cause) for row in rows}


def add_questions(connection: Connection, questions: Iterable[StoredQuestion]) -> None:
    """Pairs whose pixels are to be compared, where neither item is erased."""
    gone = buried(connection)
    rows = [
        {"edge": one.edge, "item_a": one.item_a, "item_b": one.item_b, "same_capture": one.same_capture}
        for one in questions
        if gone.isdisjoint((one.item_a, one.item_b))
    ]
    if rows:
        table = tables("work_")["work_pixel_question"]
        insert_absent(connection, table, rows)


def open_questions(connection: Connection, most: int) -> list[StoredQuestion]:
    """Some of the pairs whose pixels are still to be compared, always the same ones first."""
    table = tables("work_")["work_pixel_question"]
    rows = connection.execute(select(table).order_by(table.c.edge).limit(most))
    return [StoredQuestion(row.edge, row.item_a, row.item_b, bool(row.same_capture)) for row in rows]


def count_questions(connection: Connection) -> int:
    """How many pairs wait for their pixels to be compared."""
    table = tables("work_")["work_pixel_question"]
    count: int = connection.execute(select(func.count()).select_from(table)).scalar_one()
    return count


def close_questions(connection: Connection, edges: Collection[str]) -> None:
    """These pairs are not asked about any more."""
    table = tables("work_")["work_pixel_question"]
    for some in portions(edges):
        connection.execute(delete(table).where(table.c.edge.in_(some)))


def portions(names: Collection[Named]) -> Iterator[Sequence[Named]]:
    """Names or numbers in portions that a database takes in one query."""
    ordered = sorted(set(names))
    for start in range(0, len(ordered), PORTION):
        yield ordered[start : start + PORTION]
