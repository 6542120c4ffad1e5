"""An event with its projection, journal and private part, against one row and one transaction of SQLAlchemy Core."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from uuid import uuid4

from sqlalchemy import Column, Integer, LargeBinary, MetaData, Table, insert

from benchmarks.measuring import Figure, both, in_turn
from benchmarks.places import opened
from casefile.events.envelope import EventOutcome, Subject
from casefile.events.port import draft
from casefile.events.types import ItemTagged
from casefile.records.engine import sqlite_engine

EVENTS = 400
ROUNDS = 3
ROW_BYTES = 600


def measure(folder: Path) -> Sequence[Figure]:
    """The ratio of processor time; both sides are durable (`synchronous=FULL`), and ours syncs a journal too."""
    engine = sqlite_engine(folder / "plain.db")
    metadata = MetaData()
    table = Table("plain", metadata, Column("id", Integer, primary_key=True), Column("content", LargeBinary))
    metadata.create_all(engine)
    content = bytes(ROW_BYTES)

    def plain() -> None:
        for _row in range(EVENTS):
            with engine.begin() as connection:
                connection.execute(insert(table).values(content=content))

    with opened(folder / "workspace") as services:

        def ours() -> None:
            for _event in range(EVENTS):
                item = Subject(kind="item", id=str(uuid4()))
                tagged = EventOutcome(status="added")
                services.append(draft("item.tagged", item, body=ItemTagged(tag="lake"), outcome=tagged))

        mine, theirs = in_turn(ROUNDS, ours, plain)
    engine.dispose()
    claim = f"{EVENTS} events appended and projected, against one Core insert a transaction"
    return [Figure(claim, mine.cpu_s / theirs.cpu_s, 4, "x CPU", both("append", mine, theirs))]
