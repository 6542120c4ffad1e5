"""Times as files, pages and platforms write them, brought to ISO 8601 without adding what is not there.

A time without a zone stays without one. Pure.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone

WRITTEN = re.compile(
    r"(?P<year>[0-9]{4})[:-](?P<month>[0-9]{2})[:-](?P<day>[0-9]{2})"
    r"(?:[T ](?P<hour>[0-9]{2}):(?P<minute>[0-9]{2})(?::(?P<second>[0-9]{2})(?:\.(?P<fraction>[0-9]+))?)?"
    r" ?(?P<zone>Z|[+-][0-9]{2}:?[0-9]{2})?)?",
    re.ASCII,
)
COMPACT_DATE = re.compile(r"([0-9]{4})([0-9]{2})([0-9]{2})", re.ASCII)


def iso_time(written: str) -> str:
    """ISO 8601 of a time in EXIF's or ISO's form, or of a date; empty for anything that is not a time.

    Zeros where a date should be mean that the clock was never set, and give no time.
    """
    compact = COMPACT_DATE.fullmatch(written.strip())
    if compact:
        written = "-".join(compact.groups())
    match = WRITTEN.fullmatch(written.strip())
    if match is None:
        return ""
    date = f"{match['year']}-{match['month']}-{match['day']}"
    if match["hour"] is None:
        return date if read_time(date) else ""
    fraction = f".{match['fraction'][:6]}" if match["fraction"] and match["fraction"].strip("0") else ""
    zone = match["zone"] or ""
    if len(zone) == 5:
        zone = f"{zone[:3]}:{zone[3:]}"
    told = f"{date}T{match['hour']}:{match['minute']}:{match['second'] or '00'}{fraction}{zone}"
    return told if read_time(told) else ""


def read_time(told: str) -> datetime | None:
    """The datetime of an ISO 8601 text, naive where it has no offset; None when there is no such time."""
    try:
        return datetime.fromisoformat(told)
    except ValueError:
        return None


def is_date_only(told: str) -> bool:
    """Whether a text names a day and no time of day."""
    return len(told) == 10


def from_unix_ms(milliseconds: int) -> str:
    """RFC 3339 in UTC, to the millisecond; empty when no calendar of ours reaches that far."""
    try:
        moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=milliseconds)
    except OverflowError:
        return ""
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"


def with_offset(told: str, offset: str) -> str:
    """A time with the offset that stands beside it in the same file, when it has none of its own."""
    moment = read_time(told)
    if moment is None or moment.tzinfo is not None or is_date_only(told):
        return told
    joined = iso_time(f"{told}{offset.strip()}") if offset.strip() else ""
    return joined or told


def widest_zone(moment: datetime, hours: int) -> datetime:
    """A naive time read as if it stood `hours` east of Greenwich; an aware one unchanged."""
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=timezone(timedelta(hours=hours)))
