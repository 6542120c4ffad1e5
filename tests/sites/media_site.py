"""A web site on loopback with videos: made by ffmpeg, served with a log of every request.

`make_media` draws the files once for a session; `MediaSite` serves them and whatever pages a test adds. Importable by
path from any test: it needs the standard library and ffmpeg only.
"""

from __future__ import annotations

import re
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

SEGMENTS = 3
KEY = bytes(range(16))
TYPES = {
    ".mp4": "video/mp4",
    ".m4s": "video/mp4",
    ".ts": "video/mp2t",
    ".m3u8": "application/vnd.apple.mpegurl",
    ".mpd": "application/dash+xml",
    ".vtt": "text/vtt",
    ".jpg": "image/jpeg",
    ".key": "application/octet-stream",
    ".webm": "video/webm",
    ".html": "text/html; charset=utf-8",
}
SUBTITLE = "WEBVTT\n\n00:00.000 --> 00:02.000\nنص تجريبي\n"


def make_media(folder: Path) -> Path:
    """Two films with sound, HLS in three shapes, DASH, a subtitle and a still; about 300 KB, two seconds of work."""
    picture = ("-f", "lavfi", "-i", "testsrc=size=160x120:rate=10:duration=3")
    other = ("-f", "lavfi", "-i", "testsrc2=size=160x120:rate=10:duration=3")
    sound = ("-f", "lavfi", "-i", "sine=frequency=440:duration=3")
    coded = ("-c:v", "libx264", "-preset", "ultrafast", "-g", "10", "-pix_fmt", "yuv420p", "-c:a", "aac", "-b:a", "32k")
    for name in ("hls", "split", "fragments", "locked", "dash"):
        (folder / name).mkdir()
    _ffmpeg(folder, *picture, *sound, *coded, "-shortest", "a.mp4")
    _ffmpeg(folder, *other, *sound, *coded, "-shortest", "b.mp4")
    listed = ("-f", "hls", "-hls_time", "1", "-hls_list_size", "0")
    _ffmpeg(folder, "-i", "a.mp4", "-c", "copy", *listed, "-hls_segment_filename", "hls/%d.ts", "hls/index.m3u8")
    fragments = ("-hls_segment_type", "fmp4", "-hls_fmp4_init_filename", "init.mp4")
    _ffmpeg(folder / "fragments", "-i", "../a.mp4", "-c", "copy", *listed, *fragments, "index.m3u8")
    (folder / "split" / "video").mkdir()
    (folder / "split" / "audio").mkdir()
    _ffmpeg(folder / "split" / "video", "-i", "../../a.mp4", "-an", "-c", "copy", *listed, "index.m3u8")
    _ffmpeg(folder / "split" / "audio", "-i", "../../a.mp4", "-vn", "-c", "copy", *listed, "index.m3u8")
    (folder / "split" / "master.m3u8").write_text(
        '#EXTM3U\n#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="s",NAME="sound",DEFAULT=YES,URI="audio/index.m3u8"\n'
        '#EXT-X-STREAM-INF:BANDWIDTH=200000,RESOLUTION=160x120,CODECS="avc1.42c00b,mp4a.40.2",AUDIO="s"\n'
        "video/index.m3u8\n"
    )
    (folder / "locked" / "film.key").write_bytes(KEY)
    (folder / "locked" / "keys.txt").write_text(f"film.key\n{folder / 'locked' / 'film.key'}\n")
    _ffmpeg(folder / "locked", "-i", "../a.mp4", "-c", "copy", *listed, "-hls_key_info_file", "keys.txt", "index.m3u8")
    _ffmpeg(folder / "dash", "-i", "../a.mp4", "-c", "copy", "-f", "dash", "-seg_duration", "1", "index.mpd")
    _ffmpeg(folder, "-i", "a.mp4", "-frames:v", "1", "still.jpg")
    (folder / "film.vtt").write_text(SUBTITLE, "utf-8")
    return folder


def _ffmpeg(folder: Path, *arguments: str) -> None:
    subprocess.run(["ffmpeg", "-nostdin", "-loglevel", "error", "-y", *arguments], cwd=folder, check=True)


@dataclass(frozen=True, slots=True)
class Asked:
    """One request as it arrived."""

    method: str
    path: str
    headers: dict[str, str]


@dataclass(frozen=True, slots=True)
class Reply:
    """What a path answers. `behave` takes over after the headers, or with `raw` before them: it may break any rule."""

    body: bytes = b""
    media_type: str = "text/html; charset=utf-8"
    status: int = 200
    headers: tuple[tuple[str, str], ...] = ()
    behave: Callable[[BaseHTTPRequestHandler], None] | None = None
    raw: bool = False


@dataclass(slots=True)
class MediaSite:
    """The site. Files below `media` are served by their names; `replies` come first."""

    media: Path
    replies: dict[str, Reply] = field(default_factory=dict)
    asked: list[Asked] = field(default_factory=list)
    port: int = 0

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    def url(self, path: str) -> str:
        return f"http://{self.address}{path}"

    def page(self, path: str, body: str, title: str = "A page") -> str:
        """Add an HTML page; the locator to collect."""
        text = (
            f'<!doctype html><html><head><meta charset="utf-8"><title>{title}</title></head><body>{body}</body></html>'
        )
        self.replies[path] = Reply(text.encode("utf-8", "surrogatepass"))
        return self.url(path)

    def reply(self, path: str, reply: Reply) -> str:
        self.replies[path] = reply
        return self.url(path)

    def paths_asked(self) -> list[str]:
        return [one.path for one in self.asked]

    def times_asked(self, path: str) -> int:
        return self.paths_asked().count(path)


@contextmanager
def serve(media: Path) -> Iterator[MediaSite]:
    """A running site on a port of its own."""
    site = MediaSite(media)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        timeout = 30

        def log_message(self, format: str, *arguments: object) -> None:
            """The log is `site.asked`."""

        def do_GET(self) -> None:
            _answer(site, self)

        do_HEAD = do_POST = do_GET

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    server.block_on_close = False
    site.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield site
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _answer(site: MediaSite, handler: BaseHTTPRequestHandler) -> None:
    site.asked.append(Asked(handler.command, handler.path, {k.lower(): v for k, v in handler.headers.items()}))
    handler.rfile.read(int(handler.headers.get("Content-Length", 0)))
    path = handler.path.partition("?")[0]
    reply = site.replies.get(handler.path) or site.replies.get(path) or _from_file(site.media, path)
    body, status, extra = _ranged(reply, handler.headers.get("Range", ""))
    try:
        if reply.raw and reply.behave is not None:
            handler.close_connection = True
            reply.behave(handler)
            return
        handler.send_response(status)
        handler.send_header("Content-Type", reply.media_type)
        named = {name.lower() for name, _ in reply.headers}
        for name, value in (*reply.headers, *extra):
            handler.send_header(name, value)
        if reply.behave is not None:
            handler.close_connection = True
            handler.end_headers()
            reply.behave(handler)
            return
        if "content-length" not in named:
            handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        if handler.command != "HEAD":
            handler.wfile.write(body)
    except (BrokenPipeError, ConnectionResetError):
        handler.close_connection = True


def _from_file(media: Path, path: str) -> Reply:
    if re.fullmatch(r"(?:/[a-z0-9][A-Za-z0-9._-]*)+", path) and (found := media / path[1:]).is_file():
        return Reply(found.read_bytes(), TYPES.get(found.suffix, "application/octet-stream"))
    return Reply(b"<!doctype html><title>Not here</title><p>There is nothing at this address.", status=404)


def _ranged(reply: Reply, asked: str) -> tuple[bytes, int, tuple[tuple[str, str], ...]]:
    found = re.fullmatch(r"bytes=(\d+)-(\d*)", asked)
    if not found or reply.status != 200 or reply.behave is not None:
        return reply.body, reply.status, ()
    first, last = int(found[1]), min(int(found[2] or len(reply.body)), len(reply.body) - 1)
    part = reply.body[first : last + 1]
    return part, 206, (("Content-Range", f"bytes {first}-{last}/{len(reply.body)}"),)


def cut_after(body: bytes, declared: int) -> Reply:
    """A video whose server promises `declared` bytes, sends `body` and closes."""

    def behave(handler: BaseHTTPRequestHandler) -> None:
        handler.wfile.write(body)

    return Reply(media_type="video/mp4", headers=(("Content-Length", str(declared)),), behave=behave)


def drip(body: bytes, pause_s: float) -> Reply:
    """A video that comes one byte at a time."""

    def behave(handler: BaseHTTPRequestHandler) -> None:
        for position in range(len(body)):
            handler.wfile.write(body[position : position + 1])
            handler.wfile.flush()
            time.sleep(pause_s)

    return Reply(media_type="video/mp4", headers=(("Content-Length", str(len(body))),), behave=behave)
