"""Receiving what yt-dlp chose: each stream by itself, as its server sends it, whole or in its own segments."""

from __future__ import annotations

import shutil
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any
from urllib.parse import urlsplit

from yt_dlp.downloader.dash import DashSegmentsFD
from yt_dlp.downloader.hls import HlsFD
from yt_dlp.networking import Request
from yt_dlp.networking.exceptions import HTTPError, RequestError
from yt_dlp.utils import determine_protocol, parse_http_range, parse_m3u8_attributes

from casefile.model import readable
from casefile.vocabulary import Cause
from collectors.ytdlp.causes import RAISED, Explanation, explain
from collectors.ytdlp.extraction import Extraction
from collectors.ytdlp.faults import LimitReached, WireFault
from collectors.ytdlp.live import fresh_part, poll_s
from collectors.ytdlp.recording import Transfer
from collectors.ytdlp.thinking import bounded_thinking

TRIES = 2
MAX_MISSING_IN_A_ROW = 10
"""A stream whose segments all fail ends here, instead of asking for a thousand more."""
MAX_JOINED_SEGMENT_BYTES = 256 << 20
"""yt-dlp decrypts and joins a segment in memory; segments of ten seconds are far below."""
MAX_PLAYLIST_LINE = 16_384
"""Characters. The pattern by which yt-dlp reads attributes takes the square of a line's length."""
WITH_ATTRIBUTES = ("#EXT-X-KEY", "#EXT-X-MAP")
MAX_WAIT_S = 30.0
LIVE_S = 300.0
"""What is taken of a broadcast that goes on: five minutes, and no more than most of the capture's time."""
LIVE_SHARE = 0.7

Format = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Stream:
    """One format as it came. `joined` are its segments decrypted and put together, for viewing only.

    `missing` names parts that could not be taken; `fault` is why the stream ended early. After `stopped` nothing more
    may be asked for in this capture.
    """

    format: Format
    transfers: tuple[Transfer, ...]
    joined: tuple[Path, ...] = ()
    missing: tuple[str, ...] = ()
    fault: Explanation | None = None
    stopped: bool = False
    live: bool = False

    @property
    def whole(self) -> bool:
        return self.fault is None and not self.missing


def formats_of(info: Format) -> list[Format]:
    """The formats that were chosen for one video, each to be received by itself."""
    chosen = info.get("requested_formats") or [info]
    shared = {key: value for key, value in info.items() if key != "requested_formats"}
    return [{**shared, **one} for one in chosen]


def receive(extraction: Extraction, chosen: Format, work: Path) -> Stream:
    """Receive one format; never raises for what the network or the site does."""
    recorder = extraction.recorder
    mark = len(recorder.transfers)
    reception = _Reception(extraction, work)
    fault: Explanation | None = None
    stopped = False
    try:
        reception.take(chosen)
    except LimitReached as error:
        fault, stopped = explain(error), True
    except RAISED as error:
        fault = reception.reason or explain(error, transfers=recorder.since(mark))
    made = [one for one in reception.earlier if one.number <= mark] + list(recorder.since(mark))
    kept = _kept(made)
    again = {one.locator for one in kept}
    manifest = () if reception.direct else _manifest(recorder.transfers[:mark], chosen)
    return Stream(
        format=chosen,
        transfers=(*(one for one in manifest if one.locator not in again), *kept),
        joined=tuple(path for path in reception.joined if path.exists() and path.stat().st_size),
        missing=tuple(reception.missing),
        fault=fault,
        stopped=stopped,
        live=reception.live,
    )


class _Reception:
    """The state of receiving one format."""

    def __init__(self, extraction: Extraction, work: Path) -> None:
        self.extraction = extraction
        self.work = work
        self.earlier: list[Transfer] = []
        self.joined: list[Path] = []
        self.missing: list[str] = []
        self.reason: Explanation | None = None
        self.direct = False
        self.live = False

    def take(self, chosen: Format) -> None:
        protocol = str(determine_protocol(dict(chosen)))
        self._wait_until_offered(chosen)
        self.live = bool(chosen.get("is_live") or chosen.get("live_status") == "is_live")
        if protocol in ("http", "https"):
            self.direct = True
            self._take_direct(chosen)
        elif protocol in ("m3u8", "m3u8_native") and self.live:
            self._take_broadcast(chosen)
        elif protocol in ("m3u8", "m3u8_native"):
            self._take_segments(_Hls, chosen)
        elif protocol == "http_dash_segments" and not self.live:
            self._take_segments(_Dash, chosen)
        elif urlsplit(str(chosen.get("url"))).scheme not in ("http", "https"):
            raise WireFault(Cause.BLOCKED_BY_POLICY, f"{readable(protocol, 64)}: is not an address on the web")
        else:
            raise WireFault(Cause.UNSUPPORTED, f"streams of the kind {readable(protocol, 64)} are not received")

    def _wait_until_offered(self, chosen: Format) -> None:
        """Some platforms refuse a stream to whoever asks within seconds of its page: yt-dlp says from when on."""
        offered = chosen.get("available_at")
        if isinstance(offered, int | float):
            wait = min(offered - time.time(), MAX_WAIT_S, self.extraction.recorder.left_s())
            if wait > 0:
                self.extraction.pause(wait)

    def _take_direct(self, chosen: Format) -> None:
        request = Request(chosen["url"], chosen.get("request_data"), dict(chosen.get("http_headers") or {}))
        piece = int((chosen.get("downloader_options") or {}).get("http_chunk_size") or 0)
        if piece > 0:
            self._take_ranges(request, piece)
            return
        response = self.extraction.urlopen(request)
        self.earlier.append(response.transfer)  # asked for by the extractor and left unread, it is not asked for again
        response.drain()

    def _take_ranges(self, request: Request, piece: int) -> None:
        """For servers that throttle whole files: ranges of `piece` bytes, each kept as it came, joined for viewing."""
        start, total = 0, None
        joined = self._new_part()
        with joined.open("xb") as whole:
            while total is None or start < total:
                asked = request.copy()
                asked.headers["Range"] = f"bytes={start}-{start + piece - 1}"
                response = self.extraction.urlopen(asked)
                response.drain()
                transfer = response.transfer
                first, _, total = parse_http_range(transfer.headers_by_name.get("content-range", ""))
                if transfer.status == 206 and first != start:
                    raise WireFault(Cause.MALFORMED, "another range came than the one asked for")
                if transfer.path:
                    with (self.extraction.recorder.out / transfer.path).open("rb") as part:
                        shutil.copyfileobj(part, whole)
                start += transfer.wire_bytes
                if transfer.status != 206 or total is None or not transfer.wire_bytes:
                    return

    def _take_segments(self, kind: type[_Hls | _Dash], chosen: Format) -> None:
        receiver = kind(self.extraction, self.extraction.params)
        receiver.reception = self
        try:
            if not receiver.real_download(str(self._new_part()), dict(chosen)):
                raise self.failed("yt-dlp could not read the list of segments")
        finally:
            receiver.close_part()

    def _take_broadcast(self, chosen: Format) -> None:
        """Follow the playlist until its end or for LIVE_S, taking what is new in it."""
        recorder = self.extraction.recorder
        most_s = min(LIVE_S, recorder.left_s() * LIVE_SHARE)
        until = recorder.now() + most_s
        seen: set[str] = set()
        while True:
            response = self.extraction.urlopen(Request(chosen["url"], None, dict(chosen.get("http_headers") or {})))
            playlist = response.read().decode("utf-8", "replace")
            if part := fresh_part(playlist, seen):
                self._take_segments(_Hls, {**chosen, "url": response.url, "hls_media_playlist_data": part})
            if "#EXT-X-ENDLIST" in playlist:
                return
            pause = min(poll_s(playlist), until - recorder.now())
            if pause <= 0:
                raise WireFault(Cause.TRUNCATED, f"live, cut after {most_s:.0f} s")
            self.extraction.pause(min(pause, recorder.left_s()))

    def _new_part(self) -> Path:
        part = self.work / f"part-{len(tuple(self.work.iterdir())):06d}"
        self.joined.append(part)
        return part

    def lost(self, index: int, error: RequestError) -> None:
        """Note a segment that could not be taken; raises its error when too many fail in a row."""
        self.reason = explain(error)
        self.missing.append(f"segment {index}: {self.reason.cause}")

    def failed(self, detail: str) -> WireFault:
        return WireFault(self.reason.cause if self.reason else Cause.TOOL_FAILED, detail)


class _Keeping:
    """Makes yt-dlp's segment receivers leave each segment where the transport stored it."""

    reception: _Reception
    ydl: Extraction
    in_a_row = 0
    part: IO[bytes] | None = None

    def _prepare_frag_download(self, ctx: dict[str, Any]) -> None:
        super()._prepare_frag_download(ctx)  # type: ignore[misc]  # of the receiver that this is mixed into
        self.part = ctx["dest_stream"]

    def close_part(self) -> None:
        """Close the joined part, which yt-dlp leaves open when a segment fails."""
        if self.part is not None:
            self.part.close()

    def _download_fragment(
        self, ctx: dict[str, Any], frag_url: str, info_dict: Any, headers: Any = None, request_data: Any = None
    ) -> bool:
        for attempt in range(1, TRIES + 1):
            try:
                response = self.ydl.urlopen(Request(frag_url, request_data, headers))
                response.drain()
            except RequestError as error:
                if attempt < TRIES and _may_pass(error):
                    continue
                self.reception.lost(ctx["fragment_index"], error)
                self.in_a_row += 1
                if self.in_a_row == MAX_MISSING_IN_A_ROW:
                    raise
                return False
            self.in_a_row = 0
            ctx["kept_part"] = response.transfer.content_path
            return True
        return False

    def _read_fragment(self, ctx: dict[str, Any]) -> bytes | None:
        path: Path = self.ydl.recorder.out / ctx.pop("kept_part", "")
        if not path.is_file():
            return None
        if path.stat().st_size > MAX_JOINED_SEGMENT_BYTES:
            self.ydl.messages.warning("a segment is too large to be joined for viewing; it is kept as it came")
            return None
        return path.read_bytes()

    def _append_fragment(self, ctx: dict[str, Any], frag_content: bytes) -> None:
        ctx["dest_stream"].write(frag_content)


class _Hls(_Keeping, HlsFD):  # type: ignore[misc]  # yt-dlp publishes no types
    @classmethod
    def can_download(cls, manifest: str, info_dict: Any, allow_unplayable_formats: bool = False) -> bool:
        """All but what is protected: nothing is ever handed to a program that fetches by itself.

        Raises WireFault and LimitReached for what takes too long to read: the receiver reads it once more, unbounded.
        """
        lines = [line.strip() for line in manifest.splitlines()]
        if any(len(line) > MAX_PLAYLIST_LINE for line in lines):
            raise WireFault(Cause.MALFORMED, f"a line of the playlist has more than {MAX_PLAYLIST_LINE} characters")
        with bounded_thinking():
            for line in lines:
                if line.startswith(WITH_ATTRIBUTES):
                    parse_m3u8_attributes(line)
            return not cls._has_drm(manifest)


class _Dash(_Keeping, DashSegmentsFD):  # type: ignore[misc]
    pass


def _may_pass(error: RequestError) -> bool:
    if isinstance(error, HTTPError):
        return bool(error.status >= 500)
    return getattr(error, "why", None) is not Cause.BLOCKED_BY_POLICY


def _manifest(earlier: Sequence[Transfer], chosen: Format) -> tuple[Transfer, ...]:
    """The playlist or manifest that the extractor read and the segments follow from."""
    named = {chosen.get("manifest_url"), chosen.get("url")}
    return tuple({one.locator: one for one in earlier if one.locator in named and one.succeeded and one.path}.values())


def _kept(made: Sequence[Transfer]) -> tuple[Transfer, ...]:
    """The bodies that make up the stream: of several tries for one part the last good one."""
    best: dict[tuple[str, str], Transfer] = {}
    for one in made:
        if not one.path or not 200 <= one.status < 300:
            continue
        key = (one.locator, next((value for name, value in one.request_headers if name.lower() == "range"), ""))
        if key not in best or not best[key].succeeded or one.succeeded:
            best[key] = one
    return tuple(sorted(best.values(), key=lambda one: one.number))
