"""Between which two moments an item, or an event, lies: what is proved beside what was said."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from casefile.clock import parse_rfc3339
from casefile.records.engine import reading
from casefile.records.timestamps import list_timestamps, position_of
from pipelines.services import Services
from pipelines.timestamps import marks_of
from preservation.brackets import Brackets, TokenMark


def bracket_of(services: Services, event: str, said: str, cited: str = "") -> dict[str, Any]:
    """The bracket of an event that says `said` of its time; `cited` is the token that a capture's record cites.

    `unanchored_s` is for how long nothing but our own word stood for it: from what it says to the first time stamp
    over it, or to now where none is, which `open` says. `outside` is a wall time that cannot be true.
    """
    with reading(services.engine) as connection:
        position = position_of(connection, event)
        marks = marks_of(list_timestamps(connection))
    bracket = Brackets(marks).of(position)
    named = next((one for one in marks if cited and one.token == cited), None)
    wall = parse_rfc3339(said)
    until: datetime = bracket.before.latest if bracket.before else services.clock.read().wall
    newest = named or bracket.after
    after = None if newest is None else {**_plain(newest), "cited": named is not None}
    return {
        "said": said,
        "not_before": after,
        "not_after": None if bracket.before is None else {**_plain(bracket.before), "size": bracket.before.size},
        "unanchored_s": max(int((until - wall).total_seconds()), 0),
        "open": bracket.before is None,
        "outside": not bracket.holds(wall),
    }


def bracket_lines(bracket: Mapping[str, Any]) -> Iterator[str]:
    """The same for a person."""
    after, before = bracket["not_before"], bracket["not_after"]
    if after is None:
        yield "not before: no time stamp was there yet"
    else:
        cited = "the capture cites it" if after["cited"] else "by the order of the log alone"
        yield f"not before: {_words(after)}; {cited}"
    if before is None:
        yield "not after: no time stamp covers it yet"
    else:
        yield f"not after: {_words(before)}, over {before['size']} events"
    window = timedelta(seconds=bracket["unanchored_s"])
    yield f"unanchored: {window}" + (" so far, from" if bracket["open"] else ", from") + f" {bracket['said']}"
    if bracket["outside"]:
        yield f"OUTSIDE: it says {bracket['said']}, which lies outside; the clock was wrong or the record is"


def _plain(mark: TokenMark) -> dict[str, Any]:
    return {
        "time": mark.time.isoformat().replace("+00:00", "Z"),
        "accuracy_us": mark.accuracy // timedelta(microseconds=1),
        "authority": mark.authority,
        "token": mark.token,
        "event": mark.event,
    }


def _words(plain: Mapping[str, Any]) -> str:
    accuracy = timedelta(microseconds=plain["accuracy_us"]).total_seconds()
    give = f" ± {accuracy:g} s" if accuracy else ""
    return f"{plain['time']}{give} ({plain['authority']})"
