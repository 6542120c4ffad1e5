"""No way of looking at one item, or at a page of work, reads a table from one end to the other."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import event

from casefile.records.engine import Engine, reading
from pipelines.describing import describe_item
from pipelines.method_report import item_report
from pipelines.services import Services
from pipelines.work_queue import page_of

from .desk import ANA, Desk

VIDEO, PHOTOGRAPH = "I-0001", "I-0002"
SCANNED = re.compile(r"SCAN (\w+)")
OF_A_FEW = frozenset({"view_person", "view_investigation", "CONSTANT"})
"""Tables with as many rows as there are people, and what is no table."""
WAYS: dict[str, Callable[[Services], object]] = {
    "page of the queue": page_of,
    "record": lambda services: describe_item(services, VIDEO),
    "report": lambda services: item_report(services, VIDEO),
}


@contextmanager
def statements_of(engine: Engine) -> Iterator[list[tuple[str, object]]]:
    """What is asked of the database meanwhile."""
    asked: list[tuple[str, object]] = []

    def note(_connection: object, _cursor: object, statement: str, parameters: object, *_rest: object) -> None:
        asked.append((statement, parameters))

    event.listen(engine, "before_cursor_execute", note)
    try:
        yield asked
    finally:
        event.remove(engine, "before_cursor_execute", note)


@pytest.mark.parametrize("way", WAYS)
def test_one_item_is_found_by_indexes(way: str, desk: Desk) -> None:
    """By the plans of SQLite, which rest on the indexes alone: nothing counts rows for it."""
    desk.alike(VIDEO, PHOTOGRAPH)
    desk.examine(VIDEO, {"field": "location", "value": "47.61,9.42", "origin": "EXIF:GPSLatitude"})
    desk.step(ANA, VIDEO, "provenance")
    with desk.as_(ANA) as services:
        with statements_of(services.engine) as asked:
            WAYS[way](services)
        with reading(services.engine) as rows:
            plans = {
                statement: [row[3] for row in rows.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)]
                for statement, parameters in asked
                if statement.startswith("SELECT")
            }
    assert len(plans) > 3
    scanned = {
        statement: scan.group(1)
        for statement, plan in plans.items()
        for line in plan
        if (scan := SCANNED.match(line)) and "USING" not in line and scan.group(1) not in OF_A_FEW
    }
    assert scanned == {}
