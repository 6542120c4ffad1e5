"""Auditing the database: its log_* and view_* tables against those of a replay, and whatever no replay makes."""

from __future__ import annotations

from collections.abc import Iterator

from casefile.errors import CasefileError
from casefile.records.comparing import Difference, added_columns, compare, foreign, planted
from casefile.records.engine import Engine, reading
from casefile.records.versions import views_are_current
from preservation.problems import Problem, problem

OTHER_VERSION = "its views were made by another version of Casefile; `casefile reindex` makes them anew from the log"


def table_problems(live: Engine, replayed: Engine, name: str) -> Iterator[Problem]:
    """What differs between the database called `name` and a replay."""
    try:
        with reading(live) as connection:
            current = views_are_current(connection)
        if not current:
            # Not made anew here: whoever changes a row could change the version with it, and the audit would hide both.
            yield problem("P060", name, reason=OTHER_VERSION)
        for difference in compare(live, replayed, "log_", *(["view_"] if current else [])):
            yield _row_problem(difference)
        steering = list(planted(live, "log_", "view_"))
        for kind, called in steering:
            yield problem("P066", called, kind=kind)
        if current:
            yield from _additions(live, replayed, steering)
    except CasefileError as error:
        yield problem("P060", name, reason=str(error))


def _row_problem(difference: Difference) -> Problem:
    if difference.kind == "extra":
        return problem("P056", difference.table, key=difference.key)
    if difference.kind == "missing":
        return problem("P057" if difference.key else "P059", difference.table, key=difference.key)
    return problem("P058", difference.table, key=difference.key, columns=", ".join(difference.columns))


def _additions(live: Engine, replayed: Engine, named: list[tuple[str, str]]) -> Iterator[Problem]:
    for kind, called in foreign(live, replayed):
        if (kind, called) not in named:
            yield problem("P067", called, kind=kind)
    for table, columns in added_columns(live):
        yield problem("P068", table, columns=", ".join(columns))
