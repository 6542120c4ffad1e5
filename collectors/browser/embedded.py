"""Pictures, video and sound that a page shows: each with its own locator, and what became of it. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote, urldefrag, urlsplit

from casefile.model import ReceivedItem, Wanted, readable
from casefile.vocabulary import Content, Role
from collectors.browser.evidence import Evidence
from collectors.browser.traffic import PICTURES, SOUNDS, Request

MOST_MEDIA = 400
"""Kept as items of their own; of those beyond the record of what passed has the bytes, and the list the locators."""
SMALL = 2
"""Pixels: pictures of no more, in either direction, are there to count visitors."""
FIRST = 2
"""The first file is the page's own."""


@dataclass(frozen=True, slots=True)
class Medium:
    """One medium. `outcome` is what became of it, in words; `item` and `wanted` are there when its bytes came."""

    locator: str
    kind: str
    outcome: str
    alternative: str = ""
    request: Request | None = None
    item: ReceivedItem | None = None
    wanted: Wanted | None = None

    def plain(self) -> dict[str, Any]:
        """As it stands in the record."""
        told: dict[str, Any] = {"locator": self.locator, "kind": self.kind, "outcome": self.outcome}
        told |= {"file": self.wanted.path} if self.wanted else {}
        return told | ({"alternative": self.alternative} if self.alternative else {})


def embedded(evidence: Evidence) -> list[Medium]:
    """The media of a page: those of its document in their order, then what else was fetched as a picture or a sound."""
    traffic, own = evidence.visit.traffic, evidence.visit.document(evidence.loader)
    found: list[Medium] = []
    number = FIRST
    for one in _named(evidence):
        request = traffic.of_locator(one["locator"])
        outcome = _outcome(one, request)
        keep = outcome == "kept" and number - FIRST < MOST_MEDIA and request is not None and request is not own
        if not keep or request is None:
            said = "the limit was reached" if outcome == "kept" else outcome
            found.append(Medium(one["locator"], one["kind"], said, one.get("alternative", ""), request))
            continue
        path = f"files/{number:04d}"
        number += 1
        wanted = Wanted(path=path, locator=request.locator, status=request.status, nth=request.nth)
        item = ReceivedItem(
            locator=readable(request.locator, 65_536),
            role=_role(one["kind"], request),
            files=(path,),
            name=readable(unquote(urlsplit(request.locator).path.rpartition("/")[2], errors="replace"), 255),
            title=readable(one.get("alternative", ""), 1000),
            content=Content.PRESENT,
        )
        found.append(Medium(one["locator"], one["kind"], outcome, one.get("alternative", ""), request, item, wanted))
    return found


def _named(evidence: Evidence) -> Iterator[Mapping[str, Any]]:
    seen: set[str] = set()
    for one in evidence.facts.get("media", ()):
        for name in ("locator", "poster"):
            locator = urldefrag(str(one.get(name, ""))).url
            if locator.startswith(("http://", "https://")) and locator not in seen:
                seen.add(locator)
                kind = "img" if name == "poster" else str(one.get("kind", "img"))
                yield {**one, "locator": locator, "kind": kind, "alternative": str(one.get("alternative", ""))}
    for request in evidence.visit.traffic.requests:
        locator = urldefrag(request.locator).url
        led_to = any(one.redirect_to == request.locator for one in evidence.visit.traffic.requests)
        if request.kind in (PICTURES, SOUNDS) and locator not in seen and not led_to:
            seen.add(locator)
            yield {"locator": locator, "kind": "background" if request.kind == PICTURES else "media"}


def _outcome(one: Mapping[str, Any], request: Request | None) -> str:
    if request is None:
        return "not fetched: the page did not ask for it"
    if request.failed:
        return f"failed: {request.failed.removeprefix('net::')}"
    if request.header("casefile-refused") or request.header("casefile-cause"):
        return f"failed: {request.header('casefile-refused') or request.header('casefile-cause')}"
    if request.status == 206:
        return "in pieces: its bytes are in the record of what passed"
    if request.status != 200:
        return f"status {request.status}" if request.status else "failed: no answer came"
    if one["kind"] == "img" and 0 < int(one.get("width", 0)) <= SMALL and 0 < int(one.get("height", 0)) <= SMALL:
        return "not kept as an item: it is of a pixel or two"
    return "kept"


def _role(kind: str, request: Request) -> Role:
    beginning = request.media_type.partition("/")[0]
    if kind == "audio" or beginning == "audio":
        return Role.AUDIO
    return Role.VIDEO if kind == "video" or beginning == "video" else Role.PICTURE
