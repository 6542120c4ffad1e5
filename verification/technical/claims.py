"""What a file's metadata states, value by value with its origin, and where statements disagree. Pure.

ExifTool's JSON is read with every number as the text that was printed. Facts about the working copy itself (its
name, its place, its times on our disk) are not the file's and are dropped.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import pairwise
from typing import Any

from casefile.model import readable
from verification.interface import Claim, ClaimField, Conflict, Notice
from verification.technical.failing import Unreadable
from verification.technical.times import is_date_only, iso_time, read_time, widest_zone, with_offset

MAX_CLAIMS = 2_000
MAX_VALUE_CHARACTERS = 4_096
COPY = re.compile(r"Copy[0-9]+", re.ASCII)
"""How ExifTool keeps keys apart that would be the same; it says nothing about the file."""

CREATED, DIGITISED, MODIFIED = ClaimField.CREATED, ClaimField.DIGITISED, ClaimField.MODIFIED
COMMON_FIELDS: Mapping[tuple[str, str], ClaimField] = {
    ("EXIF", "DateTimeOriginal"): CREATED,
    ("EXIF", "CreateDate"): DIGITISED,
    ("EXIF", "ModifyDate"): MODIFIED,
    ("XMP", "DateTimeOriginal"): CREATED,
    ("XMP", "DateCreated"): CREATED,
    ("XMP", "CreateDate"): CREATED,
    ("XMP", "DateTimeDigitized"): DIGITISED,
    ("XMP", "ModifyDate"): MODIFIED,
    ("IPTC", "DateCreated"): CREATED,
    ("QuickTime", "CreateDate"): CREATED,
    ("QuickTime", "CreationDate"): CREATED,
    ("QuickTime", "DateTimeOriginal"): CREATED,
    ("QuickTime", "ContentCreateDate"): CREATED,
    ("QuickTime", "ModifyDate"): MODIFIED,
    ("Matroska", "DateTimeOriginal"): CREATED,
    ("RIFF", "DateTimeOriginal"): CREATED,
    ("RIFF", "DateCreated"): CREATED,
    ("PNG", "CreationTime"): CREATED,
    ("PNG", "ModifyDate"): MODIFIED,
    ("PDF", "CreateDate"): CREATED,
    ("PDF", "ModifyDate"): MODIFIED,
    ("XMP", "Creator"): ClaimField.AUTHOR,
    ("PDF", "Creator"): ClaimField.SOFTWARE,
}
"""(family, tag) → field. Family 0 as ExifTool names it."""
COMMON_TAGS: Mapping[str, ClaimField] = {
    "Make": ClaimField.DEVICE_MAKE,
    "AndroidMake": ClaimField.DEVICE_MAKE,
    "Model": ClaimField.DEVICE_MODEL,
    "AndroidModel": ClaimField.DEVICE_MODEL,
    "SerialNumber": ClaimField.SERIAL,
    "Software": ClaimField.SOFTWARE,
    "CreatorTool": ClaimField.SOFTWARE,
    "Producer": ClaimField.SOFTWARE,
    "Artist": ClaimField.AUTHOR,
    "By-line": ClaimField.AUTHOR,
    "Author": ClaimField.AUTHOR,
    "Title": ClaimField.TITLE,
    "ObjectName": ClaimField.TITLE,
    "Description": ClaimField.DESCRIPTION,
    "ImageDescription": ClaimField.DESCRIPTION,
    "Caption-Abstract": ClaimField.DESCRIPTION,
    "Copyright": ClaimField.RIGHTS,
    "CopyrightNotice": ClaimField.RIGHTS,
    "Rights": ClaimField.RIGHTS,
    "Orientation": ClaimField.ORIENTATION,
}
"""Tags that mean the same in every family."""
OFFSET_TAGS = {
    "DateTimeOriginal": "OffsetTimeOriginal",
    "CreateDate": "OffsetTimeDigitized",
    "ModifyDate": "OffsetTime",
}
"""EXIF 2.31: where the offset of each time stands."""
TIME_FIELDS = frozenset({CREATED, DIGITISED, MODIFIED, ClaimField.POSTED})
COMPARED = (CREATED, DIGITISED, ClaimField.POSTED, ClaimField.DEVICE_MAKE, ClaimField.DEVICE_MODEL, ClaimField.AUTHOR)
DERIVED = frozenset({"Composite"})
"""ExifTool's own combinations of other tags: shown, but not counted as one more witness."""
NOT_THE_FILES = frozenset({"System", "ExifTool"})
PREVIEW_GROUPS = frozenset({"IFD1"})
"""What is said about the embedded preview is not said about the picture."""

SAME_TIME = timedelta(seconds=2)
SAME_POSTING = timedelta(seconds=90)
"""Pages show minutes where identifiers hold milliseconds."""
ZONE_STEP = timedelta(minutes=15)
WIDEST_ZONE = timedelta(hours=14)
NEAR_DEGREES = 0.001
"""About a hundred metres: less is rounding between ways of writing one place."""


def parse_metadata(raw: bytes) -> Mapping[str, Any]:
    """The one object of ExifTool's JSON; raises Unreadable when it printed something else."""
    try:
        parsed = json.loads(raw.decode("utf-8", "replace"), parse_float=str, parse_int=str, parse_constant=str)
    except (ValueError, RecursionError) as error:
        raise Unreadable("ExifTool printed no JSON") from error
    if not isinstance(parsed, list) or len(parsed) != 1 or not isinstance(parsed[0], dict):
        raise Unreadable("ExifTool did not print one object")
    one: Mapping[str, Any] = parsed[0]
    return one


@dataclass(frozen=True, slots=True)
class Entry:
    """One value as ExifTool gives it: printed as for people, and as stored where that differs."""

    family: str
    group: str
    tag: str
    printed: str
    stored: str


def entries_of(metadata: Mapping[str, Any]) -> tuple[Entry, ...]:
    """The file's own values in ExifTool's order, at most MAX_CLAIMS. Copies of a tag stand one after the other."""
    entries = list[Entry]()
    for key, value in metadata.items():
        parts = [readable(part, 256) for part in key.split(":") if not COPY.fullmatch(part)]
        if len(parts) < 2 or NOT_THE_FILES.intersection(parts[:-1]):
            continue
        printed = readable(_printed(value), MAX_VALUE_CHARACTERS)
        stored = value.get("num") if isinstance(value, Mapping) else None
        entries.append(
            Entry(
                family=parts[0],
                group=":".join(parts[1:-1]),
                tag=parts[-1],
                printed=printed,
                stored=readable(stored, 256) if isinstance(stored, str) else printed[:256],
            )
        )
        if len(entries) == MAX_CLAIMS:
            break
    return tuple(entries)


def warnings_of(metadata: Mapping[str, Any]) -> tuple[Notice, ...]:
    """ExifTool's own warnings and errors about the file, at most 16."""
    found = []
    for key, value in metadata.items():
        kind = key.rpartition(":")[2].lower()
        if key.startswith("ExifTool:") and kind in {"warning", "error"}:
            found.append(Notice(code=f"exiftool-{kind}", text=readable(_printed(value), 512)))
    return tuple(found[:16])


def claims_of(entries: Sequence[Entry]) -> tuple[Claim, ...]:
    """Every value that the file states, places first; those with a common meaning under a common field."""
    first = _First(entries)
    return (*_places(entries, first), *(_claim(entry, first) for entry in entries))


class _First:
    """The first value of each (family, tag), for values that only mean something together."""

    def __init__(self, entries: Iterable[Entry]) -> None:
        self._entries = dict[tuple[str, str], Entry]()
        for entry in entries:
            if entry.group not in PREVIEW_GROUPS:
                self._entries.setdefault((entry.family, entry.tag), entry)

    def printed(self, family: str, tag: str) -> str:
        entry = self._entries.get((family, tag))
        return entry.printed if entry is not None else ""

    def stored(self, family: str, tag: str) -> str:
        entry = self._entries.get((family, tag))
        return entry.stored if entry is not None else ""


def _claim(entry: Entry, first: _First) -> Claim:
    origin = f"{entry.family}:{entry.tag}"
    field = COMMON_FIELDS.get((entry.family, entry.tag)) or COMMON_TAGS.get(entry.tag)
    plain = Claim(field=entry.tag, value=entry.printed, origin=origin, group=entry.group)
    if field is None or entry.group in PREVIEW_GROUPS or entry.family in DERIVED:
        return plain
    if field not in TIME_FIELDS:
        return Claim(field=field, value=entry.printed, origin=origin, group=entry.group)
    told = iso_time(_whole_time(entry, first))
    if not told:
        return plain
    if entry.family == "EXIF":
        told = with_offset(told, first.printed("EXIF", OFFSET_TAGS.get(entry.tag, "")))
    written = entry.printed if told != entry.printed else ""
    return Claim(field=field, value=told, origin=origin, group=entry.group, as_written=written)


def _whole_time(entry: Entry, first: _First) -> str:
    """IPTC keeps day and time of day apart."""
    if entry.family != "IPTC":
        return entry.printed
    return f"{entry.printed} {first.printed('IPTC', 'TimeCreated')}".strip()


def _places(entries: Iterable[Entry], first: _First) -> Iterator[Claim]:
    """Places in decimal degrees, latitude first, from each family that states one."""
    for family, group in (("EXIF", "GPS"), ("XMP", "XMP-exif")):
        latitude, longitude = (first.stored(family, name) for name in ("GPSLatitude", "GPSLongitude"))
        if not latitude or not longitude:
            continue
        # EXIF states the hemisphere apart; XMP has it in the value, which ExifTool then signs.
        south = first.printed(family, "GPSLatitudeRef").upper().startswith("S")
        west = first.printed(family, "GPSLongitudeRef").upper().startswith("W")
        value = f"{'-' if south else ''}{latitude},{'-' if west else ''}{longitude}"
        yield Claim(field=ClaimField.LOCATION, value=value, origin=f"{family}:GPSLatitude", group=group)
    for entry in entries:
        parts = entry.stored.split()
        if entry.family == "QuickTime" and entry.tag == "GPSCoordinates" and len(parts) >= 2:
            value = ",".join(parts[:2])
            yield Claim(field=ClaimField.LOCATION, value=value, origin="QuickTime:GPSCoordinates", group=entry.group)


def place_notices(claims: Iterable[Claim]) -> tuple[Notice, ...]:
    """Stated places that are on no globe."""
    notices = []
    for claim in claims:
        if claim.field == ClaimField.LOCATION and not _on_the_globe(claim.value):
            notices.append(Notice(code="place-out-of-range", text=f"{claim.origin} states {claim.value}"))
    return tuple(notices)


def _on_the_globe(value: str) -> bool:
    degrees = _degrees(value)
    return degrees is not None and abs(degrees[0]) <= 90 and abs(degrees[1]) <= 180


def _degrees(value: str) -> tuple[float, float] | None:
    latitude, _, longitude = value.partition(",")
    try:
        return float(latitude), float(longitude)
    except ValueError:
        return None


def _printed(value: object) -> str:
    """A printed value as text; a structure as compact JSON."""
    if isinstance(value, Mapping) and "val" in value:
        value = value["val"]
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def conflicts_of(claims: Sequence[Claim]) -> tuple[Conflict, ...]:
    """Where claims disagree, field by field, and where the order of times is odd. Nothing is picked."""
    conflicts = list[Conflict]()
    for field in COMPARED:
        stated = [claim for claim in claims if claim.field == field and claim.value]
        kind = _time_kind(stated) if field in TIME_FIELDS else _value_kind(stated)
        if kind == "zone-unknown":
            note = "a missing time zone could explain the difference"
            conflicts.append(Conflict(field=field, kind="zone-unknown", claims=_distinct(stated), note=note))
        elif kind == "differs":
            conflicts.append(Conflict(field=field, kind="differs", claims=_distinct(stated)))
    places = [claim for claim in claims if claim.field == ClaimField.LOCATION]
    if any(_apart(one, other) for one, other in pairwise(places)):
        conflicts.append(Conflict(field=ClaimField.LOCATION, kind="differs", claims=_distinct(places)))
    return (*conflicts, *_order(claims))


def _distinct(claims: Iterable[Claim]) -> tuple[Claim, ...]:
    """One claim of each origin and value, at most 32."""
    seen = dict[tuple[str, str], Claim]()
    for claim in claims:
        seen.setdefault((claim.origin, claim.value), claim)
    return tuple(seen.values())[:32]


def _value_kind(stated: Sequence[Claim]) -> str:
    return "differs" if len({" ".join(claim.value.casefold().split()) for claim in stated}) > 1 else ""


def _apart(one: Claim, other: Claim) -> bool:
    first, second = _degrees(one.value), _degrees(other.value)
    if first is None or second is None:
        return False
    return max(abs(first[0] - second[0]), abs(first[1] - second[1])) > NEAR_DEGREES


def _time_kind(stated: Sequence[Claim]) -> str:
    """The strongest disagreement between any two times: `differs`, then `zone-unknown`, then none."""
    within = SAME_POSTING if stated and stated[0].field == ClaimField.POSTED else SAME_TIME
    values = list(dict.fromkeys(claim.value for claim in stated))[:16]
    kinds = {_between(one, other, within) for place, one in enumerate(values) for other in values[:place]}
    return next((kind for kind in ("differs", "zone-unknown") if kind in kinds), "")


def _between(one: str, other: str, within: timedelta) -> str:
    if is_date_only(one) or is_date_only(other):
        return "differs" if one[:10] != other[:10] else ""
    first, second = read_time(one), read_time(other)
    if first is None or second is None:
        return ""
    if (first.tzinfo is None) == (second.tzinfo is None):
        return "differs" if abs(first - second) > within else ""
    # One of them lacks a zone: it may be the other's local time or UTC, as formats and cameras differ.
    apart = abs(widest_zone(first, 0) - widest_zone(second, 0))
    local = abs(first.replace(tzinfo=None) - second.replace(tzinfo=None))
    if min(apart, local) <= within:
        return ""
    off_step = apart % ZONE_STEP
    return "zone-unknown" if apart <= WIDEST_ZONE and min(off_step, ZONE_STEP - off_step) <= within else "differs"


def _order(claims: Sequence[Claim]) -> Iterator[Conflict]:
    """Created after it was posted, in every time zone that there is; or more than a day before."""
    created = [claim for claim in claims if claim.field == CREATED and not is_date_only(claim.value)]
    posted = [claim for claim in claims if claim.field == ClaimField.POSTED and not is_date_only(claim.value)]
    pairs = list[tuple[Claim, Claim, str]]()
    for one in created:
        for other in posted:
            kind = _order_kind(one.value, other.value)
            if kind:
                pairs.append((one, other, kind))
    for kind in ("order", "earlier"):
        found = [claim for one, other, found_kind in pairs if found_kind == kind for claim in (one, other)]
        if found and kind == "order":
            yield Conflict(field=CREATED, kind="order", claims=_distinct(found), note="created after it was posted")
        elif found:
            note = "created more than a day before it was posted"
            yield Conflict(field=CREATED, kind="earlier", claims=_distinct(found), note=note)


def _order_kind(created: str, posted: str) -> str:
    first, second = read_time(created), read_time(posted)
    if first is None or second is None:
        return ""
    # A time without a zone is earliest as the easternmost zone's and latest as the westernmost's.
    if widest_zone(first, 14) > widest_zone(second, -12) + SAME_TIME:
        return "order"
    return "earlier" if widest_zone(first, -12) < widest_zone(second, 14) - timedelta(days=1) else ""
