"""A worker that lists a channel or a playlist without taking anything of it: what a monitor compares."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from casefile.canonical import Json
from casefile.vocabulary import Cause
from collectors.interface import CaptureRequest
from collectors.locators import recordable
from collectors.outcomes import advice as general_advice
from collectors.ytdlp.answer import tool_use
from collectors.ytdlp.causes import RAISED, Explanation, explain
from collectors.ytdlp.claims import claimed_time_of, title_of
from collectors.ytdlp.extraction import Extraction
from collectors.ytdlp.lookups import ListedEntry, Listing, ListingRequest
from collectors.ytdlp.recording import Recorder, exchange_of

LISTS = ("playlist", "multi_video", "compat_list")
REFERENCES = ("url", "url_transparent")
MAX_DEPTH = 3
"""A channel's address leads to its tabs, a tab to its videos."""


def work(request: dict[str, Json], inputs: Path, out: Path) -> dict[str, Json]:
    """List `request` (a CaptureRequest and a ListingRequest in one); the answer is a Listing."""
    bounds = ListingRequest.model_validate({key: request[key] for key in ("most",) if key in request})
    asked = CaptureRequest.model_validate({key: value for key, value in request.items() if key != "most"})
    return list_entries(asked, bounds, out).plain()


def list_entries(asked: CaptureRequest, bounds: ListingRequest, out: Path) -> Listing:
    """The entries behind a locator, in the platform's order; each locator once."""
    recorder = Recorder(out, asked.limits)
    extraction = Extraction(asked, recorder)
    deadline = threading.Timer(asked.limits.deadline_s, extraction.expire)
    deadline.daemon = True
    deadline.start()
    entries: dict[str, ListedEntry] = {}
    title = ""
    fault: Explanation | None = None
    try:
        found = _resolved(extraction, extraction.extract_info(asked.locator, download=False, process=False))
        title = title_of(found)
        for entry in islice(_walk(extraction, found, MAX_DEPTH), bounds.most + 1):
            if listed := _listed(entry):
                entries.setdefault(listed.locator, listed)
    except RAISED as error:
        fault = explain(error, transfers=recorder.transfers, script_runtime_missing=extraction.lacks_script_runtime())
    finally:
        deadline.cancel()
        extraction.close()
    if fault is None and not entries:
        fault = Explanation(Cause.UNSUPPORTED, "nothing is listed there", general_advice(Cause.UNSUPPORTED))
    return Listing(
        cause=fault.cause if fault else None,
        detail=fault.detail if fault else "",
        advice=fault.advice if fault else "",
        title=title,
        entries=tuple(islice(entries.values(), bounds.most)),
        more=len(entries) > bounds.most,
        exchanges=tuple(map(exchange_of, recorder.transfers)),
        tools=(tool_use(),),
    )


def _resolved(extraction: Extraction, found: dict[str, Any] | None) -> dict[str, Any]:
    """What a chain of references leads to."""
    for _ in range(MAX_DEPTH):
        if not found or found.get("_type") not in REFERENCES:
            break
        found = extraction.extract_info(found["url"], download=False, process=False, ie_key=found.get("ie_key"))
    return found or {}


def _walk(extraction: Extraction, found: dict[str, Any], depth: int) -> Iterator[dict[str, Any]]:
    """The entries of a list; a list in it that the same extractor made (a tab, a section) is opened."""
    if found.get("_type", "video") not in LISTS:
        yield found
        return
    for entry in found.get("entries") or ():
        same = entry.get("ie_key") is not None and entry.get("ie_key") == found.get("extractor_key")
        if entry.get("_type") in LISTS:
            yield from _walk(extraction, entry, depth - 1)
        elif entry.get("_type") in REFERENCES and same and depth > 1:
            yield from _walk(extraction, _resolved(extraction, entry), depth - 1)
        else:
            yield entry


def _listed(entry: dict[str, Any]) -> ListedEntry | None:
    """An entry with an address of its own; None for one that has none."""
    locator = _locator_of(entry)
    if not isinstance(locator, str) or not locator.startswith(("http://", "https://")):
        return None
    return ListedEntry(locator=recordable(locator), title=title_of(entry), claimed_time=claimed_time_of(entry))


def _locator_of(entry: dict[str, Any]) -> object:
    """Where the entry is found: the page that it refers to, its own page, else the medium itself."""
    if entry.get("_type") in REFERENCES:
        return entry.get("url")
    formats = entry.get("formats") or [{}]
    return entry.get("webpage_url") or entry.get("url") or formats[-1].get("url")
