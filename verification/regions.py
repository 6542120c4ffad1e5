"""Parts of items that a step rests on, in the words of Web Annotation: areas, times, pages, quotations. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from casefile.events.types_verification import Quote, Region
from verification.refusing import refused

FIELD = "regions"
EXAMPLES = "such as xywh=120,40,300,200 or xywh=percent:10,10,25,25 or t=12.5,14 or page=3"
AREA = re.compile(r"xywh=(?:(pixel|percent):)?(\d{1,6}),(\d{1,6}),(\d{1,6}),(\d{1,6})", re.ASCII)
SPAN = re.compile(r"t=(\d{1,6}(?:\.\d{1,3})?)(?:,(\d{1,6}(?:\.\d{1,3})?))?", re.ASCII)
PAGE = re.compile(r"page=[1-9]\d{0,5}", re.ASCII)
FIRST_TURNED = 5
"""From this value on, EXIF's orientation exchanges width and height."""
ROUNDED_MS = 1000
MEDIA_FRAGMENTS = "http://www.w3.org/TR/media-frags/"
PDF_FRAGMENTS = "http://tools.ietf.org/rfc/rfc3778"


def read_fragment(text: str) -> str:
    """A fragment in one form, time before area; raises FieldRefused."""
    parts = text.strip().split("&")
    kinds = [part.partition("=")[0] for part in parts]
    if len(set(kinds)) != len(kinds) or not 1 <= len(parts) <= 2:
        raise refused(FIELD, f"an area, a span of time or a page, each once, {EXAMPLES}")
    for part in parts:
        _require(part)
    return "&".join(sorted(parts))


def _require(part: str) -> None:
    if found := AREA.fullmatch(part):
        left, top, width, height = map(int, found.groups()[1:])
        if not width or not height:
            raise refused(FIELD, "an area has a width and a height")
        if found[1] == "percent" and (left + width > 100 or top + height > 100):
            raise refused(FIELD, "an area in per cent does not reach over the edge")
    elif found := SPAN.fullmatch(part):
        if found[2] is not None and Decimal(found[2]) <= Decimal(found[1]):
            raise refused(FIELD, "a span of time ends after it begins")
    elif not PAGE.fullmatch(part):
        raise refused(FIELD, f"it is not read as a part of an item; write it {EXAMPLES}")


@dataclass(frozen=True, slots=True)
class Extent:
    """How large an item is as far as its examination measured it; 0 where it did not. Pixels and milliseconds.

    `turned`: it is shown turned by a right angle, so that its sides may be meant the other way about.
    """

    width: int = 0
    height: int = 0
    duration_ms: int = 0
    turned: bool = False


def extent_of(findings: Iterable[Mapping[str, Any]]) -> Extent:
    """The extent of an item by the facts of its newest examination."""
    width = height = duration = 0
    turned = False
    for facts in (one.get("facts", {}) for one in findings):
        for stated in (facts, *facts.get("stream", ())):
            if stated.get("width") and stated.get("height"):
                width, height = stated["width"], stated["height"]
                turned = stated.get("orientation", 1) >= FIRST_TURNED or stated.get("rotation", 0) % 180 != 0
            duration = max(duration, stated.get("duration_ms", 0))
    return Extent(width, height, duration, turned)


def require_within(fragment: str, extent: Extent) -> None:
    """Raise FieldRefused for an area or a time that the item does not have."""
    for part in fragment.split("&"):
        if (found := AREA.fullmatch(part)) and found[1] != "percent" and extent.width:
            left, top, width, height = map(int, found.groups()[1:])
            sides = [(extent.width, extent.height)]
            sides += [(extent.height, extent.width)] if extent.turned else []
            if not any(left + width <= across and top + height <= down for across, down in sides):
                raise refused(FIELD, f"{part} reaches beyond the picture, {extent.width} by {extent.height} pixels")
        elif (found := SPAN.fullmatch(part)) and extent.duration_ms:
            end = Decimal(found[2] or found[1]) * 1000
            # A container states its duration rounded.
            if end > extent.duration_ms + ROUNDED_MS:
                raise refused(FIELD, f"{part} is beyond the end, at {Decimal(extent.duration_ms) / 1000} s")


def target_of(region: Region, sha256: str) -> Mapping[str, Any]:
    """A region as the target of a Web Annotation; the source is the item's digest as a `ni:`-like name of ours."""
    conforms = PDF_FRAGMENTS if region.fragment.startswith("page=") else MEDIA_FRAGMENTS
    return {
        "source": f"urn:casefile:item:{region.item}",
        "state": {"sha256": sha256},
        "selector": {"type": "FragmentSelector", "conformsTo": conforms, "value": region.fragment},
    }


def quotation_of(quote: Quote, sha256: str) -> Mapping[str, Any]:
    """A quotation as the target of a Web Annotation."""
    selector = {"type": "TextQuoteSelector", "exact": quote.exact, "prefix": quote.prefix, "suffix": quote.suffix}
    return {
        "source": f"urn:casefile:item:{quote.item}",
        "state": {"sha256": sha256},
        "selector": {name: value for name, value in selector.items() if value},
    }
