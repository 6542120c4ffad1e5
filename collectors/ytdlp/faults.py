"""The exceptions of this method. Each is a yt-dlp exception, so that yt-dlp's own handling applies, and has a cause.

RequestError
└── WireFault          the connection failed, was refused by the broker or broke
ExtractorError
├── LoginNeeded        raise_login_required was called
├── NoFormats          raise_no_formats was called
└── Protected          the video is encrypted for playback only
DownloadCancelled
└── LimitReached       a bound of the request was met; no part of yt-dlp may go on after it
"""

from __future__ import annotations

from yt_dlp.networking.exceptions import TransportError
from yt_dlp.utils import DownloadCancelled, ExtractorError

from casefile.vocabulary import Cause


class WireFault(TransportError):  # type: ignore[misc]  # yt-dlp publishes no types
    """No usable answer came; `why` is typed where it happened and never read from a message."""

    def __init__(self, why: Cause, detail: str) -> None:
        super().__init__(f"{why}: {detail}")
        self.why = why
        self.detail = detail


class LimitReached(DownloadCancelled):  # type: ignore[misc]
    """A bound of the capture was reached: `why` is timeout or too-large. What came until then is kept."""

    def __init__(self, why: Cause, detail: str) -> None:
        super().__init__(f"{why}: {detail}")
        self.why = why
        self.detail = detail


class LoginNeeded(ExtractorError):  # type: ignore[misc]
    """The extractor says, by its own helper, that the site wants a login."""


class NoFormats(ExtractorError):  # type: ignore[misc]
    """The extractor says, by its own helper, that there is nothing to take; `expected` when the site says why."""


class Protected(ExtractorError):  # type: ignore[misc]
    """The video exists, encrypted with keys that only licensed players get."""
