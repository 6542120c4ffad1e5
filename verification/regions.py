"""Parts of items that a step rests on, in the words of Web Annotation: areas, times, pages, quotations. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from casefile.events.types_verification import Quote, Region
from verification.refusing import refused

FIELD = "regions"
EXAMPLES = "such as xywh=120,40,300,200 or xywh=percent:10,10,25,25 or t=12.5,14 or page=3"
AREA = re.compile(r"xywh=(?:(pixel|percent):)?(\d{1,6}),(\d{1,6}),(\d{1,6}),(\d{1,6})", re.ASCII)
SPAN = re.compile(r"t=(\d{1,6}(?:\.\d{1,3})?)(?:,(\d{1,6}(?:\.\d{1,3})?))?", re.ASCII)
PAGE = re.compile(r"page=[1-9]\d{0,5}", re.ASCII)
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
