"""Places as people write them: decimal degrees, degrees with minutes and seconds, MGRS, links to maps. Pure.

A place is kept in ten-millionths of a degree on WGS 84 (about a centimetre), and what was written is kept beside it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Literal
from urllib.parse import parse_qs, unquote, urlsplit

from verification.grid import NotOnTheGrid, from_grid
from verification.refusing import refused

Form = Literal["decimal", "dms", "mgrs", "link"]
FIELD = "place"
E7 = Decimal(10_000_000)
LONGEST = 2_000
"""Characters of a link."""

NUMBER = r"[-+\u2212]?\d{1,3}(?:\.\d{1,12})?"
DECIMAL = re.compile(rf"({NUMBER})\s*°?\s*([NS])?\s*[,;/\s]\s*({NUMBER})\s*°?\s*([EW])?", re.ASCII | re.IGNORECASE)
PART = (
    r"(?P<{0}d>\d{{1,3}})\s*[°º]\s*(?:(?P<{0}m>\d{{1,2}}(?:\.\d{{1,9}})?)\s*['\u2032\u2019]\s*)?"
    r"(?:(?P<{0}s>\d{{1,2}}(?:\.\d{{1,9}})?)\s*(?:\"|\u2033|\u201d|'')\s*)?(?P<{0}h>[{1}])"
)
DMS = re.compile(rf"{PART.format('a', 'NS')}\s*[,;]?\s*{PART.format('o', 'EW')}", re.IGNORECASE)
MGRS = re.compile(r"\d{1,2}[C-HJ-NP-X][A-HJ-NP-Z][A-HJ-NP-V](?:\d\d){0,5}", re.ASCII | re.IGNORECASE)
AT = re.compile(rf"@({NUMBER}),({NUMBER})", re.ASCII)
PAIR = re.compile(rf"(?:loc:)?({NUMBER})[,~ ]+({NUMBER})", re.ASCII)
LATITUDE_FIRST = ("q", "ll", "mlat", "query", "cp", "center", "daddr", "destination", "viewpoint")
EXAMPLES = "such as 47.6101, 9.4203 or 47°36'36.4\"N 9°25'13.1\"E or 32TNT3157072850 or a link to a map"


@dataclass(frozen=True, slots=True)
class Written:
    """A place as it was read: ten-millionths of a degree, and in which form it was written.

    `cell_m` is the side of the square that an MGRS reference stands for, whose middle is the place; else 0.
    """

    latitude_e7: int
    longitude_e7: int
    form: Form
    cell_m: int = 0


def read_place(text: str) -> Written:
    """The place that `text` writes; raises FieldRefused."""
    written = " ".join(text.split())
    if not written or len(written) > LONGEST:
        raise refused(FIELD, f"a place is written in 1 to {LONGEST} characters, {EXAMPLES}")
    if "://" in written or written.lower().startswith("geo:"):
        return _of_link(written)
    compact = written.replace(" ", "")
    if MGRS.fullmatch(compact):
        return _of_grid(compact.upper())
    if found := DMS.fullmatch(written):
        return _of_dms(found)
    if found := DECIMAL.fullmatch(written):
        latitude, longitude = _number(found[1]), _number(found[3])
        return _checked(_signed(latitude, found[2], "S"), _signed(longitude, found[4], "W"), "decimal")
    raise refused(FIELD, f"it is not read as a place; write it {EXAMPLES}")


def read_precision(text: str) -> int:
    """A radius in whole metres from `25`, `25 m` or `1.5 km`; raises FieldRefused."""
    found = re.fullmatch(r"±?\s*(\d{1,8}(?:\.\d{1,3})?)\s*(m|km)?", text.strip(), re.ASCII | re.IGNORECASE)
    if not found:
        raise refused("precision", "it is a radius in metres or kilometres, such as 25 m or 1 km")
    metres = Decimal(found[1]) * (1000 if (found[2] or "m").lower() == "km" else 1)
    whole = int(metres.to_integral_value(rounding=ROUND_HALF_EVEN))
    if not 1 <= whole <= 20_037_508:
        raise refused("precision", "a radius is from 1 m to half of the equator")
    return whole


def decimal_degrees(e7: int) -> str:
    """Ten-millionths of a degree as a decimal with seven places."""
    sign = "-" if e7 < 0 else ""
    return f"{sign}{abs(e7) // 10_000_000}.{abs(e7) % 10_000_000:07d}"


def _of_dms(found: re.Match[str]) -> Written:
    def angle(prefix: str) -> Decimal:
        minutes, seconds = (Decimal(found[f"{prefix}{name}"] or "0") for name in "ms")
        if minutes >= 60 or seconds >= 60:
            raise refused(FIELD, "minutes and seconds are below 60")
        return Decimal(found[f"{prefix}d"]) + minutes / 60 + seconds / 3600

    latitude = _signed(angle("a"), found["ah"], "S")
    return _checked(latitude, _signed(angle("o"), found["oh"], "W"), "dms")


def _of_grid(text: str) -> Written:
    try:
        latitude, longitude, cell_m = from_grid(text)
    except NotOnTheGrid as error:
        raise refused(FIELD, f"MGRS: {error}") from error
    placed = _checked(Decimal(str(latitude)), Decimal(str(longitude)), "mgrs")
    return Written(placed.latitude_e7, placed.longitude_e7, "mgrs", cell_m)


def _of_link(link: str) -> Written:
    """The place that a link to a map names. The link is read and never opened."""
    if link.lower().startswith("geo:"):
        return _pair(link[4:].partition(";")[0].partition("?")[0].split(",")[:2])
    try:
        parts = urlsplit(link)
        query = parse_qs(parts.query)
    except ValueError as error:
        raise refused(FIELD, "it is no address") from error
    host = parts.hostname or ""
    if "mlat" in query and "mlon" in query:
        return _pair([query["mlat"][0], query["mlon"][0]])
    # Yandex writes the longitude first (`ll`, `pt`, `whatshere[point]`).
    if "yandex." in host:
        for name in ("whatshere[point]", "pt", "ll"):
            if name in query and (found := PAIR.match(query[name][0])):
                return _pair([found[2], found[1]])
    for name in LATITUDE_FIRST:
        if name in query and (found := PAIR.match(query[name][0])):
            return _pair([found[1], found[2]])
    if found := re.search(rf"map=\d{{1,2}}(?:\.\d+)?/({NUMBER})/({NUMBER})", parts.fragment, re.ASCII):
        return _pair([found[1], found[2]])
    path = unquote(parts.path)
    # A pin of Google's (`!3d…!4d…`) is the place that is meant; `@` is only the middle of the screen.
    if found := re.search(rf"!3d({NUMBER})!4d({NUMBER})", path, re.ASCII):
        return _pair([found[1], found[2]])
    if found := AT.search(path):
        return _pair([found[1], found[2]])
    raise refused(FIELD, "this link names no coordinates; copy them from the map instead")


def _pair(texts: list[str]) -> Written:
    if len(texts) != 2 or not all(re.fullmatch(NUMBER, one.strip(), re.ASCII) for one in texts):
        raise refused(FIELD, "this link names no coordinates; copy them from the map instead")
    return _checked(_number(texts[0]), _number(texts[1]), "link")


def _number(text: str) -> Decimal:
    return Decimal(text.strip().replace("\u2212", "-"))


def _signed(value: Decimal, hemisphere: str | None, negative: str) -> Decimal:
    if hemisphere and value < 0:
        raise refused(FIELD, "a sign and a hemisphere are one too many")
    return -value if hemisphere and hemisphere.upper() in negative else value


def _checked(latitude: Decimal, longitude: Decimal, form: Form) -> Written:
    if not -90 <= latitude <= 90:
        raise refused(FIELD, "a latitude is from -90 to 90 degrees")
    if not -180 <= longitude <= 180:
        raise refused(FIELD, "a longitude is from -180 to 180 degrees")
    scaled = [int((one * E7).to_integral_value(rounding=ROUND_HALF_EVEN)) for one in (latitude, longitude)]
    return Written(scaled[0], scaled[1], form)
