"""yt-dlp as this method uses it: its extractors and formats, our transport, none of its side effects.

No configuration file, no plug-in, no cache, no cookie jar on disk, no post-processor, no external downloader, no
update, no faked origin address; and nothing that it is told by a page names a file. An identity's cookies are a cookie
file in memory, so that yt-dlp scopes them to their hosts; it is gone with the capture, and what the site changed in it.
"""

from __future__ import annotations

import io
import os
import threading
from collections.abc import Mapping
from http.cookiejar import DefaultCookiePolicy
from typing import Any

import yt_dlp
import yt_dlp.globals
from yt_dlp.extractor.common import InfoExtractor
from yt_dlp.networking import Request
from yt_dlp.networking.common import RequestDirector
from yt_dlp.networking.exceptions import RequestError
from yt_dlp.utils import ExtractorError, LazyList, UnsupportedError
from yt_dlp.utils.networking import clean_headers

from casefile.model import readable
from collectors.interface import CaptureRequest
from collectors.jars import netscape
from collectors.ytdlp.faults import LoginNeeded, NoFormats, Protected
from collectors.ytdlp.matching import Extractors, key_for
from collectors.ytdlp.recording import Recorder
from collectors.ytdlp.transport import ArrivingResponse, RecordingRH

FORMATS = "bv*+ba/b"
"""The best picture and the best sound as the site keeps them, each by itself; else the best single file."""
STRICT = DefaultCookiePolicy(strict_ns_domain=DefaultCookiePolicy.DomainStrictNonDomain)
"""A cookie of one host alone is for that host alone, as RFC 6265 has it; Python's jar would let it go below."""
MAX_MESSAGES = 200
MAX_ENTRIES = 25
"""Videos taken from one locator. A channel or a long list is a monitor's business: it lists first."""

os.environ["YTDLP_NO_PLUGINS"] = "1"
yt_dlp.globals.plugin_dirs.value = []
yt_dlp.globals.all_plugins_loaded.value = True


class Messages:
    """yt-dlp's logger: keeps the first lines that it says, as data; nothing is printed."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def _keep(self, kind: str, message: str) -> None:
        if len(self.lines) < MAX_MESSAGES:
            self.lines.append(f"{kind}: {readable(message, 1_000)}")

    def debug(self, message: str) -> None:
        self._keep("debug", message)

    def info(self, message: str) -> None:
        self._keep("info", message)

    def warning(self, message: str) -> None:
        self._keep("warning", message)

    def error(self, message: str) -> None:
        self._keep("error", message)


def options_of(request: CaptureRequest, messages: Messages) -> dict[str, Any]:
    """yt-dlp's parameters for one capture. What is not said here is off by default in the library."""
    return {
        "format": FORMATS,
        "logger": messages,
        "http_headers": {"User-Agent": request.user_agent, "Accept-Language": request.accept_language},
        "proxy": request.proxy,
        "socket_timeout": request.limits.connect_timeout_s,
        "retries": 0,
        "extractor_retries": 1,
        "fragment_retries": 0,
        "continuedl": False,
        "nopart": True,
        "_no_ytdl_file": True,
        "noprogress": True,
        "quiet": True,
        "color": "no_color",
        "cachedir": False,
        "noplaylist": True,
        "playlistend": MAX_ENTRIES + 1,
        "lazy_playlist": True,
        "ignoreerrors": False,
        "usenetrc": False,
        "cookiefile": io.StringIO(netscape(request.cookies)) if request.cookies else None,
        "cookiesfrombrowser": None,
        "enable_file_urls": False,
        "geo_bypass": False,
        "allow_unplayable_formats": False,
        "writesubtitles": True,
        "subtitleslangs": ["all", "-live_chat"],
        "getcomments": request.comments,
        "updatetime": False,
        "postprocessors": [],
        "ffmpeg_location": os.devnull,
        "remote_components": [],
        "compat_opts": ["no-live-chat"],
        "warn_when_outdated": False,
        "outtmpl": {"default": "stream.%(autonumber)s"},
    }


class Extraction(yt_dlp.YoutubeDL):  # type: ignore[misc]  # yt-dlp publishes no types
    """One capture's yt-dlp. `recorder` holds everything that it asks for and receives."""

    def __init__(self, request: CaptureRequest, recorder: Recorder) -> None:
        self.recorder = recorder
        self.messages = Messages()
        self.expired = threading.Event()
        super().__init__(options_of(request, self.messages), auto_init=False)
        self._ies = Extractors()
        if request.cookies:
            self.cookiejar.set_policy(STRICT)
        self.transport = RecordingRH(
            recorder=recorder,
            asked=request,
            logger=self.messages,
            headers=self.params["http_headers"].copy(),
            cookiejar=self.cookiejar,
            timeout=request.limits.connect_timeout_s,
        )

    def extract_info(
        self, url: str, download: bool = True, ie_key: str | None = None, *arguments: Any, **named: Any
    ) -> Any:
        """As yt-dlp's own; which extractor takes the locator is found in a shorter way."""
        return super().extract_info(url, download, ie_key or key_for(url) or None, *arguments, **named)

    def _forceprint(self, key: str, info_dict: Mapping[str, Any]) -> Mapping[str, Any]:
        """Nothing is printed; yt-dlp's own draws up tables of all formats in case something were."""
        return info_dict

    def build_request_director(self, handlers: object, preferences: object = None) -> RequestDirector:
        """Only our transport, whatever is installed."""
        director = RequestDirector(logger=self.messages)
        director.add_handler(self.transport)
        return director

    def urlopen(self, req: Request | str) -> ArrivingResponse:
        """As yt-dlp's own, but a bound of the capture ends everything instead of counting as a handler's fault."""
        request = Request(req) if isinstance(req, str) else req
        url, credentials = yt_dlp.utils.extract_basic_auth(request.url)
        if credentials:
            request.headers["Authorization"] = credentials
        request.url = yt_dlp.utils.sanitize_url(url)
        clean_headers(request.headers)
        try:
            self.transport.validate(request)
            response: ArrivingResponse = self.transport.take_untouched(request) or self.transport.send(request)
        except RequestError:
            self.recorder.left_s()
            raise
        return response

    def pause(self, seconds: float) -> None:
        """Wait between two looks at a broadcast; the deadline wakes it."""
        self.expired.wait(seconds)

    def expire(self) -> None:
        """The deadline has passed: for the timer's thread. Whatever waits for the network is woken."""
        self.expired.set()
        self.transport.interrupt()

    def get_info_extractor(self, ie_key: str) -> InfoExtractor:
        """The extractor, its raise helpers marked, so that what it says arrives as a type."""
        made = ie_key in self._ies_instances
        extractor = super().get_info_extractor(ie_key)
        if not made:
            mark_helpers(extractor)
        return extractor

    def close(self) -> None:
        self.transport.close()
        super().close()

    def lacks_script_runtime(self) -> bool:
        """Whether an extractor that solves a site's JavaScript was used and none of its runtimes is installed."""
        directors = [getattr(one, "_jsc_director", None) for one in self._ies_instances.values()]
        return any(
            director is not None and not any(one.is_available() for one in director.providers.values())
            for director in directors
        )

    def raise_no_formats(self, info: dict[str, Any], forced: bool = False, *, msg: str | None = None) -> None:
        """As yt-dlp's own, with the reason as a type."""
        try:
            super().raise_no_formats(info, forced, msg=msg)
        except ExtractorError as error:
            kind = Protected if info.get("_has_drm") else NoFormats
            raise _retyped(error, kind) from error


def mark_helpers(extractor: InfoExtractor) -> None:
    """Make an extractor's helpers raise types of ours: what they mean is then known without reading a message."""
    for name, kind in (
        ("raise_login_required", LoginNeeded),
        ("raise_no_formats", NoFormats),
        ("report_drm", Protected),
    ):
        setattr(extractor, name, _marked(getattr(extractor, name), kind))


def _marked(helper: Any, kind: type[ExtractorError]) -> Any:
    def marked(*arguments: Any, **named: Any) -> Any:
        try:
            return helper(*arguments, **named)
        except UnsupportedError:
            raise
        except ExtractorError as error:
            raise (error if isinstance(error, kind) else _retyped(error, kind)) from error

    return marked


def _retyped(error: ExtractorError, kind: type[ExtractorError]) -> ExtractorError:
    return kind(error.orig_msg, expected=error.expected, cause=error.cause, video_id=error.video_id, ie=error.ie)


def entries_of(found: dict[str, Any]) -> tuple[list[dict[str, Any]], bool]:
    """What a locator holds: its entries, at most MAX_ENTRIES, and whether there are more."""
    if found.get("_type", "video") not in ("playlist", "multi_video", "compat_list"):
        return [found], False
    entries = found.get("entries") or ()
    taken: list[dict[str, Any]] = []
    for entry in entries if not isinstance(entries, LazyList) else iter(entries):
        if len(taken) == MAX_ENTRIES:
            return taken, True
        if entry:
            taken.append(_with_context(entry, found))
    return taken, False


def _with_context(entry: dict[str, Any], found: dict[str, Any]) -> dict[str, Any]:
    context = {key: found[key] for key in ("extractor", "extractor_key", "webpage_url", "uploader") if found.get(key)}
    return {**context, **entry}
