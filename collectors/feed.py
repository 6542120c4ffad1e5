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
from collectors.feed_answer import FeedAnswer, FeedEntry
from collectors.locators import recordable

MAX_ENTRIES = 20_000
"""What is read of one feed; the answer says how many more there are."""
FEED = "feed"
"""The name of the working copy in the inputs."""
END = re.compile(rb"</(?:rss|rdf|(?:[\w.-]+:)?feed|[\w.-]+:rdf)\s*>", re.IGNORECASE)
"""The end tag of a feed's outermost element, under any prefix."""
LINKS = ("alternate", "enclosure")
"""The relations of a link that stands for the entry, the better one first."""


def work(request: dict[str, Any], inputs: Path, out: Path) -> dict[str, Json]:
    """Answer with a FeedAnswer for the file `feed` in the inputs.

    `base` in the request is the feed's own locator, against which relative links are resolved.
    """
    del out
    return read_feed((inputs / FEED).read_bytes(), str(request.get("base", ""))).plain()


def read_feed(content: bytes, base: str) -> FeedAnswer:
    """What `content` says as a feed; a document that is none is an answer too."""
    parsed = feedparser.parse(
        # A stream: of bytes or text feedparser would first see whether they name a file or an address.
        io.BytesIO(content),
        # Told so, because nothing here comes from HTTP: without a type every feed would count as damaged.
        response_headers={"content-location": base, "content-type": "application/xml"},
        sanitize_html=False,
        resolve_relative_uris=False,
    )
    problem = parsed.get("bozo_exception")
    damage = readable(str(problem), 200) if isinstance(problem, SAXException) else ""
    entries = parsed.get("entries", [])
    listed = [found for one in entries[:MAX_ENTRIES] if (found := _entry(one)) is not None]
    plain = content.replace(b"\0", b"")
    return FeedAnswer(
        is_feed=bool(parsed.get("version")),
        damage=damage,
        cut=bool(damage) and END.search(plain) is None,
        entities=b"<!ENTITY" in plain,
        unlinked=len(entries[:MAX_ENTRIES]) - len(listed),
        unread=max(0, len(entries) - MAX_ENTRIES),
        entries=tuple(listed),
    )


def _entry(entry: Mapping[str, Any]) -> FeedEntry | None:
    """The entry; None for one that links to nothing."""
    locator = recordable(_locator(entry).strip())
    if not locator:
        return None
    claimed_time = readable(str(entry.get("published", entry.get("updated", ""))))
    return FeedEntry(locator=locator, title=readable(str(entry.get("title", ""))), claimed_time=claimed_time)


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
