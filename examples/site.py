"""A small web site on loopback: posts, re-uploads, films, and pages that are not there.

`build_site` draws it into a folder and says what each address ought to come to; `serving` serves it.
"""

from __future__ import annotations

import mimetypes
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

from examples import media

ORIGINAL = "/lake/IMG_0001.jpg"
REUPLOADS = {
    "recompressed": "/u/8841/photo.jpg",
    "mirrored": "/u/1207/from-a-friend.jpg",
    "overlaid": "/channel/reposted/77.jpg",
    "cropped by a fifth": "/u/9913/close-up.jpg",
    "caption bar": "/memes/lake.jpg",
}
PICTURES = (ORIGINAL, *REUPLOADS.values(), "/square/IMG_0001.jpg", "/lake/boats.jpg")
POSTS = ("/post/lake", "/post/square", "/post/rynok")
FILMS = ("/watch/pan", "/watch/stream")
ABSENT = {"/post/gone": "http-status", "/members/album": "not-the-content", "/post/old": "not-the-content"}
"""Addresses that answer without having the content, with the cause that each should be given."""

TYPES = {".m3u8": "application/vnd.apple.mpegurl", ".ts": "video/mp2t"}
STATUSES = {"/post/gone": 404}


@dataclass(frozen=True, slots=True)
class Site:
    """Pages by path, and the folder that holds every other file at the path it is served under."""

    pages: Mapping[str, str]
    folder: Path


def build_site(folder: Path) -> Site:
    """Draws all pictures and films below `folder` (about ten seconds of one core). Raises CalledProcessError."""
    original = media.draw_scene(1)
    media.save_photo(original, _at(folder, ORIGINAL), media.LAKE)
    for name, picture in media.altered_copies(original).items():
        media.save_photo(picture, _at(folder, REUPLOADS[name]), quality=60)
    media.save_photo(media.draw_scene(2), _at(folder, "/square/IMG_0001.jpg"), media.SQUARE)
    media.save_photo(media.draw_scene(3), _at(folder, "/lake/boats.jpg"))
    film = _at(folder, "/films/pan.mp4")
    film.parent.mkdir(parents=True)
    media.make_film(media.draw_scene(4), film, tone_hz=330)
    other = folder / "other.mp4"
    media.make_film(media.draw_scene(5), other, tone_hz=440)
    media.make_stream(other, folder / "films" / "stream")
    other.unlink()
    return Site(_pages(), folder)


def _at(folder: Path, path: str) -> Path:
    return folder / path.removeprefix("/")


def _pages() -> dict[str, str]:
    links = "".join(f'<li><a href="{escape(path)}">{escape(path)}</a>' for path in (*POSTS, *FILMS))
    return {
        "/": _page("Lakeside news", f"<ul>{links}</ul>"),
        "/post/lake": _page(
            "Quiet morning at the lake",
            f'<img src="{ORIGINAL}" alt="the lake"><p>Two boats lay at the pier when the fog lifted. The café opened '
            "at ten, and by eleven the benches along the promenade were taken. Anna wrote this on the fourth of May.",
        ),
        "/post/square": _page(
            "The square, after the rain",
            '<img src="/square/IMG_0001.jpg" alt="the square"><p>Every house around the square has its shutters open. '
            "The market comes on Thursdays; today there is only the man who sells honey and his very old dog.",
        ),
        "/post/rynok": _page(
            "Ринок біля озера",
            "<p>На ринку продають мед, сир і яблука. Лікарня стоїть за другою вулицею, поруч із бібліотекою. "
            '<p dir="rtl">السوق قرب المستشفى مفتوح يوم الخميس، والقوارب راسية عند الرصيف.'
            "<p>ဈေးသည် ရေကန်အနီးတွင် ရှိသည်။ ကြာသပတေးနေ့တိုင်း ဖွင့်သည်။",
        ),
        "/watch/pan": _page("Film: along the shore", '<video controls src="/films/pan.mp4"></video>'),
        "/watch/stream": _page(
            "Film: the stream", '<video controls><source src="/films/stream/master.m3u8" '
            'type="application/vnd.apple.mpegurl"></video>'
        ),
        "/post/gone": _page("404 Not Found", "<p>Not Found"),
        "/members/album": _page(
            "Log in", '<form method="post" action="/login"><p>You must log in to continue.'
            '<input name="user"><input name="password" type="password"><button>Log in</button></form>'
        ),
        "/post/old": _page("Page not found", "<p>Sorry, this page is not available. It may have been removed."),
    }  # fmt: skip


def _page(title: str, body: str) -> str:
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{escape(title)}</title>'
        f"<h1>{escape(title)}</h1><article>{body}</article></html>"
    )


@contextmanager
def serving(site: Site) -> Iterator[str]:
    """Serves `site` on a free port of 127.0.0.1 and yields its `host:port`."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            status, media_type, content = _answer(site, self.path)
            self.send_response(status)
            self.send_header("Content-Type", media_type)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(content)

        do_HEAD = do_GET

        def log_message(self, format: str, *args: object) -> None:
            """Says nothing: the example's own lines are what is read."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield f"127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


def _answer(site: Site, path: str) -> tuple[int, str, bytes]:
    if path in site.pages:
        return STATUSES.get(path, 200), "text/html; charset=utf-8", site.pages[path].encode()
    file = _at(site.folder, path).resolve()
    if not file.is_relative_to(site.folder.resolve()) or not file.is_file():
        return 404, "text/plain", b"no such file\n"
    guessed = TYPES.get(file.suffix) or mimetypes.guess_type(file.name)[0] or "application/octet-stream"
    return 200, guessed, file.read_bytes()
