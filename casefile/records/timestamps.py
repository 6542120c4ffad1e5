"""Reading what time authorities were asked, and when the events of the log say that they were recorded."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError
from sqlalchemy import Connection, Select, select

from casefile.canonical import Json
from casefile.errors import RecordUnreadable
from casefile.events.envelope import without_content
from casefile.events.timestamping import CONFIRMED, HeadTimestamped
from casefile.records.engine import tables

TYPE = "head.timestamped"


@dataclass(frozen=True, slots=True)
class TimestampRecord:
    """One question to a time authority, and how it ended; `position` is that of its event in the log."""

    position: int
    event: str
    asked_at: str
    confirmed: bool
    body: HeadTimestamped


@dataclass(frozen=True, slots=True)
class RecordedTime:
    """When an event says that it was recorded."""

    position: int
    event: str
    recorded_at: str


@dataclass(frozen=True, slots=True)
class CitedToken:
    """The time stamp that a capture cites as older than itself, and when the capture says that it ended."""

    capture: str
    ended_at: str
    not_before: dict[str, Json]


def list_timestamps(connection: Connection) -> list[TimestampRecord]:
    """Every question in the order of the log; those whose body was erased are left out."""
    return [_record(row) for row in connection.execute(_timestamps()) if row.body is not None]


def newest_timestamp(connection: Connection) -> TimestampRecord | None:
    """The last token that was confirmed, whichever authority's it is."""
    act, entry = tables("view_")["view_act"], tables("log_")["log_entry"]
    wanted = _timestamps().where(act.c.status == CONFIRMED, act.c.body.is_not(None)).order_by(None)
    row = connection.execute(wanted.order_by(entry.c.position.desc()).limit(1)).first()
    return None if row is None else _record(row)


def recorded_times(connection: Connection) -> Iterator[RecordedTime]:
    """What every event says of its time, in order; raises RecordUnreadable for one that is none."""
    entry = tables("log_")["log_entry"]
    wanted = select(entry.c.position, entry.c.event, entry.c.envelope).order_by(entry.c.position)
    for row in connection.execute(wanted):
        try:
            yield RecordedTime(row.position, row.event, str(json.loads(row.envelope)["recorded_at"]))
        except (ValueError, TypeError, KeyError) as error:
            raise RecordUnreadable(f"log_entry {row.position}", "is no envelope") from error


def cited_tokens(connection: Connection) -> Iterator[CitedToken]:
    """The captures that cite a time stamp, in the order of their sealing."""
    capture = tables("view_")["view_capture"]
    wanted = select(capture.c.id, capture.c.ended_at, capture.c.circumstances).order_by(capture.c.sealed_at)
    for row in connection.execute(wanted.where(capture.c.circumstances.is_not(None))):
        cited = json.loads(row.circumstances).get("not_before")
        if cited:
            yield CitedToken(row.id, row.ended_at, cited)


def position_of(connection: Connection, event: str) -> int:
    """The position of an event in the log; raises RecordUnreadable when it is not there."""
    entry = tables("log_")["log_entry"]
    found: int | None = connection.execute(select(entry.c.position).where(entry.c.event == event)).scalar_one_or_none()
    if found is None:
        raise RecordUnreadable(f"event {event}", "is not in the log")
    return found


def _timestamps() -> Select[Any]:
    act, entry = tables("view_")["view_act"], tables("log_")["log_entry"]
    columns = (entry.c.position, act.c.event, act.c.done_at, act.c.status, act.c.body)
    wanted = select(*columns).join(entry, entry.c.event == act.c.event).where(act.c.type == TYPE)
    return wanted.order_by(entry.c.position)


def _record(row: Any) -> TimestampRecord:
    try:
        body = HeadTimestamped.model_validate_json(row.body)
    except ValidationError as error:
        raise RecordUnreadable(f"view_act {row.event}", without_content(error)) from error
    return TimestampRecord(row.position, row.event, row.done_at, row.status == CONFIRMED, body)
