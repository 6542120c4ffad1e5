"""Extractions of pages of our own, without a network: they compile what every later page needs.

yt-dlp tries the patterns of all its extractors on each page, for its locator and for players in it. Loading and
compiling them takes seconds of CPU, once in a process; in a worker that forks for each capture it is done beforehand.
"""

from __future__ import annotations

import io
from typing import Any

import yt_dlp
from yt_dlp.networking.common import Response

from collectors.ytdlp.extraction import FORMATS, Messages
from collectors.ytdlp.matching import Extractors, key_for

NOWHERE = "https://casefile.invalid/"

DESCRIBED = b"""<!doctype html><html><head><meta charset="utf-8"><title>Rehearsal</title>
<meta property="og:description" content="A page that nobody asked for"></head>
<body><video src="film.mp4"></video></body></html>"""
BARE = b"""<!doctype html><title>Rehearsal</title><video src="film.mp4"></video>"""
"""What a page does not say of itself is sought in further ways."""


class _Rehearsal(yt_dlp.YoutubeDL):  # type: ignore[misc]  # yt-dlp publishes no types
    page = b""

    def urlopen(self, req: Any) -> Response:
        return Response(io.BytesIO(self.page), NOWHERE, {"Content-Type": "text/html"})


def rehearse() -> None:
    """Go through the work of an extraction; nothing is kept but what Python and yt-dlp have now loaded."""
    rehearsal = _Rehearsal({"logger": Messages(), "cachedir": False, "format": FORMATS}, auto_init=False)
    rehearsal._ies = Extractors()
    for page in (DESCRIBED, BARE):
        rehearsal.page = page
        found = rehearsal.extract_info(NOWHERE, download=False, ie_key=key_for(NOWHERE))
        rehearsal.sanitize_info(found)
    rehearsal.close()
