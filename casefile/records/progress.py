"""How far the work on each lead has come, according to the log: what the ledger is told, and rebuilt from."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from sqlalchemy import Connection, Row, Select, exists, select

from casefile.records.engine import tables
from casefile.vocabulary import Cause, Outcome

NOT_SHOWN = frozenset({Cause.SESSION_EXPIRED, Cause.CHALLENGE})
"""Why a whole capture holds something else than what a virtual identity was to be shown."""


@dataclass(frozen=True, slots=True)
class Progress:
    """The state of one lead after so many `attempts`.

    `follow` names the method that is still to bring what the whole capture `capture` left behind; both are empty where
    nothing is to follow. A lead is `done` when a capture of it was whole, of what was asked for, and nothing is to
    follow that one.
    """

    lead: str
    attempts: int
    done: bool
    follow: str = ""
    capture: str = ""


def progress_of(connection: Connection, lead: str) -> Progress | None:
    """The state of one lead; None when it was never attempted."""
    attempt = tables("view_")["view_attempt"]
    rows = connection.execute(_attempts().where(attempt.c.lead == lead)).all()
    return _progress(lead, rows) if rows else None


def all_progress(connection: Connection) -> Iterator[Progress]:
    """The state of every lead that was attempted, by lead."""
    for lead, rows in groupby(connection.execute(_attempts()), lambda row: row.lead):
        yield _progress(lead, rows)


def is_unfollowed(lead: Any) -> Any:
    """Whether, in a query of leads, a capture of the lead is to be followed and no later attempt has ended."""
    capture = tables("view_")["view_capture"]
    first, later = tables("view_")["view_attempt"].alias(), tables("view_")["view_attempt"].alias()
    followed = exists().where(
        later.c.lead == first.c.lead,
        later.c.attempt > first.c.attempt,
        later.c.status != "started",
        later.c.cause.is_distinct_from("interrupted"),
    )
    return exists().where(
        first.c.lead == lead.c.id, first.c.capture == capture.c.id, capture.c.follow.is_not(None), ~followed
    )


def is_examined(connection: Connection, capture: str) -> bool:
    """Whether an examination of any item of the capture is recorded."""
    item, examination = tables("view_")["view_item"], tables("view_")["view_examination"]
    query = select(examination.c.event).join(item, item.c.id == examination.c.item).where(item.c.capture == capture)
    return connection.execute(query.limit(1)).first() is not None


def _attempts() -> Select[Any]:
    attempt, capture = tables("view_")["view_attempt"], tables("view_")["view_capture"]
    columns = [attempt.c[name] for name in ("lead", "capture", "attempt", "status", "cause")]
    joined = select(*columns, capture.c.follow).join(capture, capture.c.id == attempt.c.capture, isouter=True)
    return joined.order_by(attempt.c.lead, attempt.c.attempt, attempt.c.capture)


def _progress(lead: str, attempts: Iterable[Row[Any]]) -> Progress:
    number, done, follow, capture = 1, False, "", ""
    for one in attempts:
        number = max(number, one.attempt or 1)
        if one.status == Outcome.CAPTURED:
            follow, capture = one.follow or "", one.capture
            # A login or a challenge in the content's place is kept, and the content still to be had.
            done = not follow and one.cause not in NOT_SHOWN
        elif one.cause == Cause.UNSUPPORTED and follow:
            # Whatever was expected there, the method that knows such things finds none: the page itself is all.
            done, follow = True, ""
    return Progress(lead, number, done, follow, capture if follow else "")
