"""Reading a captured RSS or Atom feed, in a worker without network: entries with their locators, nothing fetched."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import feedparser

from casefile.canonical import Json
from casefile.model import readable

MAX_ENTRIES = 5_000
FEED = "feed"
"""The name of the working copy in the inputs."""


def work(request: dict[str, Any], inputs: Path, out: Path) -> Mapping[str, Json]:
    """Answer {"is_feed", "entries": [{"locator", "title", "claimed_time"}]} for the file `feed` in the inputs.

    `base` in the request is the feed's own locator, against which relative links are resolved.
    """
    del out
    content = (inputs / FEED).read_bytes()
    parsed = feedparser.parse(
        content,
        response_headers={"content-location": str(request.get("base", ""))},
        sanitize_html=False,
        resolve_relative_uris=True,
    )
    entries: list[Json] = []
    for entry in parsed.entries[:MAX_ENTRIES]:
        locator = readable(str(entry.get("link", "")), 65_536).strip()
        if locator:
            entries.append(
                {
                    "locator": locator,
                    "title": readable(str(entry.get("title", ""))),
                    "claimed_time": readable(str(entry.get("published", entry.get("updated", "")))),
                }
            )
    return {"is_feed": bool(parsed.version), "entries": entries}
