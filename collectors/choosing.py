"""Which capture method takes a locator: a pure choice that gives its reason, so that the reason can be kept."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import unquote, urlsplit

from casefile.vocabulary import Cause
from collectors.interface import MethodSpec
from collectors.locators import Locator, RefusedLocator, parse_locator, scheme_of

FILES = frozenset(
    re.findall(
        "[a-z0-9]+",
        "pdf doc docx odt rtf xls xlsx ods csv tsv ppt pptx odp epub txt json xml kml kmz gpx geojson srt vtt "
        "jpg jpeg png gif webp avif heic tif tiff bmp svg mp3 m4a ogg opus wav flac aac "
        "mp4 m4v mov webm mkv avi 3gp mpg mpeg m3u8 mpd zip gz tgz bz2 xz 7z rar tar apk exe iso warc wacz torrent",
    )
)
FEEDS = re.compile(r"(?:^|/)(?:feed|rss|atom)/?$|(?:^|/)(?:feed|rss|atom|index)\.xml$|\.(?:rss|atom|rdf)$")


class Kind(StrEnum):
    """What a locator looks like, before anybody has asked it."""

    PAGE = "page"
    FILE = "file"
    FEED = "feed"


@dataclass(frozen=True, slots=True)
class Pages:
    """By which method a page is taken when nobody named one, and why; without a method by the general one."""

    method: str = ""
    why: str = ""


@dataclass(frozen=True, slots=True)
class Choice:
    """The method that takes the locator, and why it and no other."""

    spec: MethodSpec
    reason: str


@dataclass(frozen=True, slots=True)
class NoMethod:
    """Nothing takes the locator; the attempt is recorded as `refused` with this cause."""

    cause: Cause
    reason: str


def choose_method(
    locator: str, specs: Sequence[MethodSpec], wanted: str | None = None, pages: Pages = Pages()
) -> Choice | NoMethod:
    """The method for `locator`: the one asked for, else one that claims it, else a general one.

    Of the general ones a page goes to that of `pages`; between several the larger `priority` decides, then the name, so
    that the same specs always give the same choice.
    """
    parsed = parse_locator(locator)
    scheme = parsed.scheme if isinstance(parsed, Locator) else scheme_of(locator.strip())
    able = [spec for spec in specs if scheme in spec.schemes]
    if not able or (isinstance(parsed, RefusedLocator) and scheme in ("http", "https")):
        return _refused(parsed, scheme)
    if wanted is not None:
        return _wanted(wanted, able, specs)
    text = parsed.text if isinstance(parsed, Locator) else locator.strip()
    claiming = [spec for spec in able if spec.claims is not None and spec.claims.search(text)]
    if claiming:
        return Choice(_first(claiming), "media: its pattern claims this locator")
    general = [spec for spec in able if spec.claims is None]
    if not general:
        return NoMethod(Cause.UNSUPPORTED, f"no method takes this {scheme}: locator unasked; name one with --method")
    kind = kind_of(text)
    if kind is not Kind.PAGE:
        return Choice(_first(general), f"{kind}, by its address")
    named = [spec for spec in general if spec.name == pages.method]
    why = pages.why if named else f"by its address; there is no method {pages.method} here" if pages.method else ""
    return Choice(_first(named or general), f"page, {why or 'by its address'}")


def kind_of(locator: str) -> Kind:
    """What the path of a locator looks like. A guess from its name: what is really there is seen once it is asked.

    A name with a colon in it, such as `File:Map.png` of a wiki, is that of a page about a file.
    """
    path = unquote(urlsplit(locator).path, errors="replace").lower()
    if FEEDS.search(path):
        return Kind.FEED
    name = path.rpartition("/")[2]
    return Kind.FILE if "." in name and ":" not in name and name.rpartition(".")[2] in FILES else Kind.PAGE


def _wanted(wanted: str, able: Sequence[MethodSpec], specs: Sequence[MethodSpec]) -> Choice | NoMethod:
    for spec in able:
        if spec.name == wanted:
            return Choice(spec, "asked for by name")
    known = ", ".join(sorted(spec.name for spec in specs))
    if wanted in {spec.name for spec in specs}:
        return NoMethod(Cause.UNSUPPORTED, f"the method {wanted!r} does not take this kind of locator")
    return NoMethod(Cause.UNSUPPORTED, f"there is no method {wanted!r}; there are: {known}")


def _refused(parsed: Locator | RefusedLocator, scheme: str) -> NoMethod:
    if isinstance(parsed, RefusedLocator):
        return NoMethod(parsed.cause, parsed.reason)
    return NoMethod(Cause.UNSUPPORTED, f"no method takes {scheme}: locators")


def _first(specs: Sequence[MethodSpec]) -> MethodSpec:
    return min(specs, key=lambda spec: (-spec.priority, spec.name))
