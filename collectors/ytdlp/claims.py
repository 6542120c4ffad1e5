"""What a platform says about a video, as claims for the record: text of bounded length, times as it gave them. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote, urlsplit

from casefile.model import readable

MAX_TITLE_CHARACTERS = 4_096
MAX_TEXT_CHARACTERS = 65_536
DATE = re.compile(r"(\d{4})(\d{2})(\d{2})", re.ASCII)

NUMBERING = "HTML5MediaEmbed"

Info = Mapping[str, Any]


def title_of(info: Info) -> str:
    """The full title as it was received; it never names a file.

    To a player in a page yt-dlp gives the page's title and a number of its own, which the site never wrote.
    """
    title = _text(info.get("fulltitle") or info.get("title"), MAX_TITLE_CHARACTERS)
    if info.get("extractor_key") == NUMBERING:
        number = str(info.get("id")).rpartition("-")[2]
        return title.removesuffix(f" ({number})")
    return title


def author_of(info: Info) -> str:
    """Who is named as the publisher: the account's name, else the channel's, else its identifier."""
    for key in ("uploader", "channel", "creator", "artist", "uploader_id", "channel_id"):
        if named := _text(info.get(key), MAX_TITLE_CHARACTERS):
            return named
    return ""


def claimed_time_of(info: Info) -> str:
    """When the platform says that it was published: RFC 3339 in UTC, or a date alone where it gives no more."""
    for key in ("timestamp", "release_timestamp"):
        value = info.get(key)
        if isinstance(value, int | float) and not isinstance(value, bool):
            try:
                return datetime.fromtimestamp(int(value), UTC).isoformat().replace("+00:00", "Z")
            except (OverflowError, OSError, ValueError):
                continue
    for key in ("upload_date", "release_date"):
        if isinstance(value := info.get(key), str) and (date := DATE.fullmatch(value)):
            return "-".join(date.groups())
    return ""


def text_of(info: Info) -> str:
    """The description."""
    return _text(info.get("description"), MAX_TEXT_CHARACTERS)


def name_of(locator: str) -> str:
    """The last part of a locator's path, as data: what the server calls the file."""
    try:
        path = urlsplit(locator).path
    except ValueError:
        return ""
    return readable(unquote(path.rstrip("/").rpartition("/")[2], errors="replace"), 1_024)


def _text(value: object, limit: int) -> str:
    return readable(value, limit) if isinstance(value, str) else ""
