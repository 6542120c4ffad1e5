"""Reading a captured RSS or Atom feed, in a worker without network: entries with their locators, nothing fetched.

What the answer holds is what the feed says. Whether a locator may be asked for is decided elsewhere: an entry that
links to `file:` or `javascript:` is answered like any other, so that its refusal is recorded.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from xml.sax import SAXException

import feedparser

from casefile.canonical import Json
from casefile.model import readable

MAX_ENTRIES = 20_000
"""What is read of one feed; the answer says how many more there are."""
MAX_LOCATOR_CHARACTERS = 65_536
FEED = "feed"
"""The name of the working copy in the inputs."""
END = re.compile(rb"</(?:rss|rdf|(?:[\w.-]+:)?feed|[\w.-]+:rdf)\s*>", re.IGNORECASE)
"""The end tag of a feed's outermost element, under any prefix."""
LINKS = ("alternate", "enclosure")
"""The relations of a link that stands for the entry, the better one first."""


def work(request: dict[str, Any], inputs: Path, out: Path) -> Mapping[str, Json]:
    """Answer with "entries", each of "locator", "title", "claimed_time", and with how the document was read.

    `base` in the request is the feed's own locator, against which relative links are resolved. In the answer
    "is_feed" says that it is RSS or Atom, "damage" why it is not well-formed, in the parser's words, "cut" that its
    end is missing, "entities" that it declares some. "unlinked" counts entries that name no locator, "unread" those
    beyond MAX_ENTRIES.
    """
    del out
    content = (inputs / FEED).read_bytes()
    # A stream: of bytes or text feedparser would first see whether they name a file or an address.
    parsed = feedparser.parse(
        io.BytesIO(content),
        # Told so, because nothing here comes from HTTP: without a type every feed would count as damaged.
        response_headers={"content-location": str(request.get("base", "")), "content-type": "application/xml"},
        sanitize_html=False,
        resolve_relative_uris=False,
    )
    problem = parsed.get("bozo_exception")
    damage = readable(str(problem), 200) if isinstance(problem, SAXException) else ""
    entries = parsed.get("entries", [])
    listed = [one for one in map(_entry, entries[:MAX_ENTRIES]) if one["locator"]]
    return {
        "is_feed": bool(parsed.get("version")),
        "damage": damage,
        "cut": bool(damage) and END.search(content.replace(b"\0", b"")) is None,
        "entities": b"<!ENTITY" in content.replace(b"\0", b""),
        "unlinked": len(entries[:MAX_ENTRIES]) - len(listed),
        "unread": max(0, len(entries) - MAX_ENTRIES),
        "entries": listed,
    }


def _entry(entry: Mapping[str, Any]) -> dict[str, Json]:
    return {
        "locator": readable(_locator(entry), MAX_LOCATOR_CHARACTERS).strip(),
        "title": readable(str(entry.get("title", ""))),
        "claimed_time": readable(str(entry.get("published", entry.get("updated", "")))),
    }


def _locator(entry: Mapping[str, Any]) -> str:
    """The entry's own page; where it names none, what it encloses; empty where it links to nothing."""
    return next(iter(_locators(entry)), "")


def _locators(entry: Mapping[str, Any]) -> Iterator[str]:
    if entry.get("link"):
        yield str(entry["link"])
    for relation in LINKS:
        for link in entry.get("links", []):
            if link.get("rel") == relation and link.get("href"):
                yield str(link["href"])
