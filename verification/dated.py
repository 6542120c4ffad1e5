"""Times as far as they are known: the part of the Extended Date/Time Format (ISO 8601-2:2019) that cases need. Pure.

Dates with unknown digits (`2026-05-XX`), approximate (`~`), uncertain (`?`) or both (`%`), seasons, times with an
offset, and intervals with an open or unknown end.
"""

from __future__ import annotations

import calendar
import re
from dataclasses import dataclass
from datetime import datetime

from verification.refusing import refused

FIELD = "when"
LONGEST = 100
EXAMPLES = "such as 2026-05-04, 2026-05-04T10:21+02:00, 2026-05~, 2026-05-XX or 2026-05-04/2026-05-06"
DATE = re.compile(
    r"(?P<year>\d{4}|\d{3}X|\d\dXX)(?:-(?P<month>\d\d|XX)(?:-(?P<day>\d\d|\dX|XX))?)?"
    r"(?:T(?P<hour>\d\d):(?P<minute>\d\d)(?::(?P<second>\d\d)(?:\.\d{1,6})?)?(?P<zone>Z|[+-]\d\d:\d\d)?)?"
    r"(?P<doubt>[~?%])?",
    re.ASCII,
)
SEASONS = {21: (3, 5), 22: (6, 8), 23: (9, 11), 24: (12, 12)}
"""Spring to winter by months, as the format numbers them; a season is written and never computed with further."""


@dataclass(frozen=True, slots=True)
class Dated:
    """What was written, and the first and last day that it can mean; None where an end is open or unknown.

    `zone_known` is false where a time of day has no offset.
    """

    text: str
    earliest: str | None
    latest: str | None
    zone_known: bool = True


def read_when(text: str) -> Dated:
    """A time or an interval; raises FieldRefused."""
    written = text.strip()
    if not written or len(written) > LONGEST:
        raise refused(FIELD, f"a time is written in 1 to {LONGEST} characters, {EXAMPLES}")
    start, slash, end = written.partition("/")
    if not slash:
        first, last, known = _date(start)
        return Dated(written, first, last, known)
    if "/" in end or (start in ("", "..") and end in ("", "..")):
        raise refused(FIELD, "an interval has two ends, of which one may be open (..)")
    earliest, known_start = (None, True) if start in ("", "..") else _date(start)[::2]
    latest, known_end = (None, True) if end in ("", "..") else _date(end)[1:]
    begun, ended = _moment(start), _moment(end)
    if begun and ended and begun.tzinfo and ended.tzinfo:
        # The days there tell nothing: the later moment can have the earlier date.
        backwards = ended < begun
    else:
        backwards = bool(earliest and latest and earliest > latest) or _is_earlier(ended, begun)
    if backwards:
        raise refused(FIELD, "an interval does not end before it begins")
    return Dated(written, earliest, latest, known_start and known_end)


def _moment(text: str) -> datetime | None:
    """The time of day that is written; None where there is none."""
    return datetime.fromisoformat(text.rstrip("~?%")) if "T" in text else None


def _is_earlier(one: datetime | None, other: datetime | None) -> bool:
    """Whether both are times of day without an offset, and the one is before the other by the clock there."""
    return one is not None and other is not None and one.tzinfo is None and other.tzinfo is None and one < other


def _date(text: str) -> tuple[str, str, bool]:
    found = DATE.fullmatch(text)
    if not found:
        raise refused(FIELD, f"it is not read as a time; write it {EXAMPLES}")
    year, month, day = found["year"], found["month"], found["day"]
    first_year, last_year = int(year.replace("X", "0")), int(year.replace("X", "9"))
    if first_year == 0:
        raise refused(FIELD, "there is no year 0 here")
    if found["hour"]:
        if not day or "X" in text[: text.index("T")]:
            raise refused(FIELD, "a time of day needs a whole date")
        _require_time(found)
    if month is None or month == "XX":
        if day not in (None, "XX"):
            raise refused(FIELD, "a day needs a month")
        return f"{first_year:04d}-01-01", f"{last_year:04d}-12-31", True
    number = int(month)
    if number in SEASONS and day is None:
        first_month, last_month = SEASONS[number]
    elif 1 <= number <= 12:
        first_month = last_month = number
    else:
        raise refused(FIELD, f"{month} is no month")
    if day in (None, "XX"):
        last_day = calendar.monthrange(last_year, last_month)[1]
        return f"{first_year:04d}-{first_month:02d}-01", f"{last_year:04d}-{last_month:02d}-{last_day}", True
    longest = calendar.monthrange(first_year, number)[1]
    first_day, last_day = int(day.replace("X", "0")) or 1, min(int(day.replace("X", "9")), longest)
    if not 1 <= first_day <= longest or ("X" not in day and int(day) > longest) or day == "00":
        raise refused(FIELD, f"{year}-{month} has no day {day}")
    spread = f"{first_year:04d}-{number:02d}-{first_day:02d}", f"{last_year:04d}-{number:02d}-{last_day:02d}"
    return *spread, found["hour"] is None or found["zone"] is not None


def _require_time(found: re.Match[str]) -> None:
    hour, minute, second = (int(found[name] or "0") for name in ("hour", "minute", "second"))
    if hour > 23 or minute > 59 or second > 59:
        raise refused(FIELD, "a time of day is from 00:00:00 to 23:59:59")
    zone = found["zone"]
    if zone and zone != "Z" and (int(zone[1:3]) > 14 or int(zone[4:]) > 59):
        raise refused(FIELD, "an offset is at most 14:00")
