"""One extraction of a page of our own, without a network: it compiles what every later page needs.

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

PAGE = b"""<!doctype html><html><head><meta charset="utf-8"><title>Rehearsal</title>
<meta property="og:description" content="A page that nobody asked for"></head>
<body><video src="film.mp4"></video></body></html>"""


class _Rehearsal(yt_dlp.YoutubeDL):  # type: ignore[misc]  # yt-dlp publishes no types
    def urlopen(self, req: Any) -> Response:
        return Response(io.BytesIO(PAGE), NOWHERE, {"Content-Type": "text/html"})


def rehearse() -> None:
    """Go once through the work of an extraction; nothing is kept but what Python and yt-dlp have now loaded."""
    rehearsal = _Rehearsal({"logger": Messages(), "cachedir": False, "format": FORMATS}, auto_init=False)
    rehearsal._ies = Extractors()
    found = rehearsal.extract_info(NOWHERE, download=False, ie_key=key_for(NOWHERE))
    rehearsal.sanitize_info(found)
    rehearsal.close()
