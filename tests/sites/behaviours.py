"""What the hostile site does under each path. A path that is not here is served by the nearest one above it."""

from __future__ import annotations

import gzip
import struct
import zlib
from collections.abc import Callable

import brotli
import zstandard
from sites.hostile import Behaviour, Visit

BEHAVIOURS: dict[str, Behaviour] = {}
LINE = b"The quick brown fox jumps over the lazy dog; synthetic text for tests. "
TEXT = LINE * 40
"""About 2.8 kB of plain text: longer than any notice."""
BODY = b"<!doctype html><title>Example</title><p>" + TEXT
OK = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n"


def at(*paths: str) -> Callable[[Behaviour], Behaviour]:
    """Serve these paths."""

    def keep(behaviour: Behaviour) -> Behaviour:
        BEHAVIOURS.update(dict.fromkeys(paths, behaviour))
        return behaviour

    return keep


def page(title: str, text: str = "", head: str = "", body: str = "") -> str:
    """A small page; `text` becomes a paragraph."""
    return f"<!doctype html><html><head><title>{title}</title>{head}</head><body><p>{text}</p>{body}</body></html>"


def png(seed: int, width: int = 8) -> bytes:
    """A valid PNG whose bytes depend on `seed`."""
    rows = b"".join(b"\0" + bytes((seed * 7 + row * column) % 256 for column in range(width)) for row in range(width))

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    header = struct.pack(">IIBBBBB", width, width, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


@at("/")
def _front(visit: Visit) -> None:
    visit.respond(page("Front page", TEXT.decode()))


@at("/page")
def _page(visit: Visit) -> None:
    head = (
        '<meta name="author" content="A. Writer &amp; Co"><meta property="og:title" content="Other title">'
        '<meta property="article:published_time" content="2024-05-06T07:08:09+03:00"><script>var hidden = 1;</script>'
    )
    visit.respond(page("A  page &amp; its\ntitle", TEXT.decode() + "نص", head))


@at("/plain")
def _plain(visit: Visit) -> None:
    visit.respond(TEXT, content_type="text/plain")


@at("/a/photo.png")
def _photo_a(visit: Visit) -> None:
    visit.respond(png(1), content_type="image/png")


@at("/b/photo.png")
def _photo_b(visit: Visit) -> None:
    visit.respond(png(2), content_type="image/png")


@at("/status")
def _status(visit: Visit) -> None:
    code = visit.seen.path.rpartition("/")[2]
    headers = {"retry_after": visit.query["retry-after"]} if "retry-after" in visit.query else {}
    visit.respond(page(f"Error {code}", "nothing to see"), f"{code} Something", **headers)


@at("/status-cut")
def _status_cut(visit: Visit) -> None:
    visit.send("HTTP/1.1 404 Not Found\r\nContent-Length: 100\r\n\r\n")


@at("/soft-404")
def _soft_404(visit: Visit) -> None:
    visit.respond(page("Page not found | Example", "We could not find what you were looking for."))


@at("/removed")
def _removed(visit: Visit) -> None:
    visit.respond(page("Example", "Sorry, this video is no longer available."))


@at("/members")
def _members(visit: Visit) -> None:
    visit.send("HTTP/1.1 302 Found\r\nLocation: /login?next=/members\r\nContent-Length: 0\r\n\r\n")


@at("/login")
def _login(visit: Visit) -> None:
    form = '<form action="/login"><input name="u"><input type="password" name="p"></form>'
    visit.respond(page("Log in to Example", "Log in to continue.", body=form))


@at("/captcha")
def _captcha(visit: Visit) -> None:
    visit.respond(page("Just a moment...", "", body='<script src="/cdn-cgi/challenge-platform/x.js"></script>'))


@at("/consent-first")
def _consent_first(visit: Visit) -> None:
    visit.send("HTTP/1.1 303 See Other\r\nLocation: /consent/collect\r\nContent-Length: 0\r\n\r\n")


@at("/consent")
def _consent(visit: Visit) -> None:
    visit.respond(page("Before you continue", "We use cookies.", body="<button>Accept all</button>"))


@at("/old/article/17")
def _to_front(visit: Visit) -> None:
    visit.send("HTTP/1.1 301 Moved Permanently\r\nLocation: /\r\nContent-Length: 0\r\n\r\n")


@at("/script-only")
def _script_only(visit: Visit) -> None:
    visit.respond(page("App", "", body='<div id="root"></div><script src="/app.js"></script>'))


@at("/empty")
def _empty(visit: Visit) -> None:
    visit.respond(b"")


@at("/no-content")
def _no_content(visit: Visit) -> None:
    visit.send("HTTP/1.1 204 No Content\r\n\r\n")


@at("/video-page")
def _video_page(visit: Visit) -> None:
    visit.respond(page("Film", TEXT.decode(), body='<video src="/film.mp4"></video>'))


@at("/redirect")
def _redirect(visit: Visit) -> None:
    target, status = visit.query.get("to", ""), visit.query.get("status", "302")
    location = f"Location: {target}\r\n" if target else ""
    head = f"HTTP/1.1 {status} Moved\r\n{location}Content-Length: 5\r\nSet-Cookie: a=b\r\n\r\n"
    visit.send(head.encode("utf-8"), b"moved")


@at("/chain")
def _chain(visit: Visit) -> None:
    left = int(visit.seen.path.rpartition("/")[2])
    target = f"/chain/{left - 1}" if left else "/page"
    visit.send(f"HTTP/1.1 302 Found\r\nLocation: {target}\r\nContent-Length: 0\r\n\r\n")


@at("/loop")
def _loop(visit: Visit) -> None:
    target = "/loop/b" if visit.seen.path == "/loop/a" else "/loop/a"
    visit.send(f"HTTP/1.1 302 Found\r\nLocation: {target}\r\nContent-Length: 0\r\n\r\n")


@at("/reset")
def _reset(visit: Visit) -> None:
    visit.reset()


@at("/reset-in-body")
def _reset_in_body(visit: Visit) -> None:
    visit.send(OK, "Content-Length: 100000\r\n\r\n", BODY)
    visit.pause(0.3)
    visit.reset()


@at("/closed")
def _closed(visit: Visit) -> None:
    visit.connection.close()


@at("/closed-in-head")
def _closed_in_head(visit: Visit) -> None:
    visit.send("HTTP/1.1 200 OK\r\nContent-Ty")


@at("/closed-before-body")
def _closed_before_body(visit: Visit) -> None:
    visit.send(OK, "Content-Length: 100\r\n\r\n")


@at("/hang")
def _hang(visit: Visit) -> None:
    visit.pause(60)


@at("/hang-in-body")
def _hang_in_body(visit: Visit) -> None:
    visit.send(OK, "Content-Length: 100000\r\n\r\n", BODY)
    visit.pause(60)


@at("/drip-head")
def _drip_head(visit: Visit) -> None:
    visit.send("HTTP/1.1 200 OK\r\nX-Drip: ")
    while not visit.pause(0.1):
        visit.send("x")


@at("/drip-body")
def _drip_body(visit: Visit) -> None:
    visit.send(OK, "Content-Length: 100000\r\n\r\n<p>")
    while not visit.pause(0.1):
        visit.send("x")


@at("/truncated")
def _truncated(visit: Visit) -> None:
    visit.send(OK, f"Content-Length: {len(BODY) + 50}\r\n\r\n", BODY)


@at("/over-length")
def _over_length(visit: Visit) -> None:
    visit.send(OK, f"Content-Length: {len(BODY)}\r\n\r\n", BODY, "more than was said")


@at("/two-lengths")
def _two_lengths(visit: Visit) -> None:
    visit.send(OK, f"Content-Length: 5\r\nContent-Length: {len(BODY)}\r\n\r\n", BODY)


@at("/same-lengths")
def _same_lengths(visit: Visit) -> None:
    visit.send(OK, f"Content-Length: {len(BODY)}\r\nContent-Length: {len(BODY)}\r\n\r\n", BODY)


@at("/length-and-chunked")
def _length_and_chunked(visit: Visit) -> None:
    visit.send(OK, "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n", chunks(BODY))


@at("/chunked")
def _chunked(visit: Visit) -> None:
    visit.send(OK, "Transfer-Encoding: chunked\r\n\r\n", chunks(BODY))


@at("/chunked-extended")
def _chunked_extended(visit: Visit) -> None:
    visit.send(
        OK, "Transfer-Encoding: chunked\r\n\r\n", chunks(BODY, extension=";note=1", trailer="X-Trailer: yes\r\n")
    )


@at("/chunked-cut")
def _chunked_cut(visit: Visit) -> None:
    visit.send(OK, "Transfer-Encoding: chunked\r\n\r\n", chunks(BODY)[:-200])


@at("/chunked-broken")
def _chunked_broken(visit: Visit) -> None:
    visit.send(OK, "Transfer-Encoding: chunked\r\n\r\n", "not a size\r\n", BODY)
    visit.pause(0.2)


@at("/no-length")
def _no_length(visit: Visit) -> None:
    visit.send(OK, "\r\n", BODY)


@at("/http-1.0")
def _http_1_0(visit: Visit) -> None:
    visit.send("HTTP/1.0 200 OK\r\nContent-Type: text/html\r\n\r\n", BODY)


@at("/bare-newlines")
def _bare_newlines(visit: Visit) -> None:
    visit.send(f"HTTP/1.1 200 OK\nContent-Type: text/html\nContent-Length: {len(BODY)}\n\n", BODY)


@at("/names-others")
def _names_others(visit: Visit) -> None:
    """A page that names the address in `other` in every way that a browser or an extractor would follow."""
    other = visit.query["other"]
    head = (
        f'<meta http-equiv="refresh" content="0;url={other}"><link rel="stylesheet" href="{other}">'
        f'<meta property="og:video" content="{other}"><base href="{other}"><link rel="alternate" href="{other}">'
    )
    body = "".join(f'<{tag} src="{other}"></{tag}>' for tag in ("img", "iframe", "video", "script", "embed"))
    visit.respond(
        page("Names others", TEXT.decode(), head, body), link=f"<{other}>; rel=preload", refresh=f"0;url={other}"
    )


@at("/gzip")
def _gzip(visit: Visit) -> None:
    visit.respond(gzip.compress(BODY), content_encoding="gzip")


@at("/gzip-chunked")
def _gzip_chunked(visit: Visit) -> None:
    visit.send(OK, "Content-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n", chunks(gzip.compress(BODY)))


@at("/gzip-cut")
def _gzip_cut(visit: Visit) -> None:
    visit.respond(gzip.compress(BODY)[:-6], content_encoding="gzip")


@at("/gzip-wrong-sum")
def _gzip_wrong_sum(visit: Visit) -> None:
    packed = bytearray(gzip.compress(BODY))
    packed[-6] ^= 0xFF
    visit.respond(bytes(packed), content_encoding="gzip")


@at("/gzip-bomb")
def _gzip_bomb(visit: Visit) -> None:
    visit.respond(gzip.compress(bytes(8_000_000)), content_encoding="gzip")


@at("/gzip-lie")
def _gzip_lie(visit: Visit) -> None:
    visit.respond(BODY, content_encoding="gzip")


@at("/deflate")
def _deflate(visit: Visit) -> None:
    visit.respond(zlib.compress(BODY), content_encoding="deflate")


@at("/deflate-raw")
def _deflate_raw(visit: Visit) -> None:
    visit.respond(zlib.compress(BODY)[2:-4], content_encoding="deflate")


@at("/br")
def _br(visit: Visit) -> None:
    visit.respond(brotli.compress(BODY), content_encoding="br")


@at("/br-cut")
def _br_cut(visit: Visit) -> None:
    visit.respond(brotli.compress(BODY)[:-3], content_encoding="br")


@at("/br-bomb")
def _br_bomb(visit: Visit) -> None:
    visit.respond(brotli.compress(bytes(8_000_000), quality=5), content_encoding="br")


@at("/zstd")
def _zstd(visit: Visit) -> None:
    visit.respond(zstandard.compress(BODY), content_encoding="zstd")


@at("/zstd-bomb")
def _zstd_bomb(visit: Visit) -> None:
    visit.respond(zstandard.compress(bytes(8_000_000)), content_encoding="zstd")


@at("/twice-coded")
def _twice_coded(visit: Visit) -> None:
    visit.respond(brotli.compress(gzip.compress(BODY)), content_encoding="gzip, br")


@at("/unknown-coding")
def _unknown_coding(visit: Visit) -> None:
    visit.respond(BODY, content_encoding="x-secret")


@at("/part")
def _part(visit: Visit) -> None:
    visit.respond(BODY[:1000], "206 Partial Content", content_range=f"bytes 0-999/{len(BODY)}")


@at("/part-whole")
def _part_whole(visit: Visit) -> None:
    visit.respond(BODY, "206 Partial Content", content_range=f"bytes 0-{len(BODY) - 1}/{len(BODY)}")


@at("/huge-header")
def _huge_header(visit: Visit) -> None:
    visit.send("HTTP/1.1 200 OK\r\nX-Huge: ")
    for _ in range(160):
        visit.send("x" * 65_536)
    visit.send("\r\n\r\n")


@at("/many-headers")
def _many_headers(visit: Visit) -> None:
    visit.send("HTTP/1.1 200 OK\r\n", "".join(f"X-{number}: {number}\r\n" for number in range(100_000)), "\r\n")


@at("/odd-headers")
def _odd_headers(visit: Visit) -> None:
    lines = 'hTTp-x:no space\r\nX-Twice: 1\r\nX-TWICE:   2  \r\nX-Latin: caf\xe9\r\nETag: W/"\x01"\r\n'
    dates = "Date: Fri, 31 Dec 9999 23:59:59 GMT\r\nLast-Modified: -1\r\nAge: -5\r\n"
    visit.send("HTTP/1.1 200 Sehr gut\r\nContent-Type: text/html\r\n", lines.replace("\x01", "e"), dates)
    visit.send(f"Content-Length: {len(BODY)}\r\n\r\n", BODY)


@at("/early-hints")
def _early_hints(visit: Visit) -> None:
    visit.send("HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n", OK, f"Content-Length: {len(BODY)}\r\n\r\n", BODY)


@at("/not-http")
def _not_http(visit: Visit) -> None:
    visit.send("220 mail.example ESMTP ready\r\n")
    visit.pause(0.2)


@at("/html-as-jpeg")
def _html_as_jpeg(visit: Visit) -> None:
    visit.respond(BODY, content_type="image/jpeg")


@at("/png-as-html")
def _png_as_html(visit: Visit) -> None:
    visit.respond(png(3), content_type="text/html")


@at("/polyglot")
def _polyglot(visit: Visit) -> None:
    visit.respond(b"GIF89a/*\x01\x00\x01\x00*/=1;alert(1)//", content_type="application/javascript")


@at("/big")
def _big(visit: Visit) -> None:
    total, block = int(visit.query["bytes"]), bytes(range(256)) * 4096
    visit.send("HTTP/1.1 200 OK\r\nContent-Type: video/mp4\r\n", f"Content-Length: {total}\r\n\r\n")
    while total > 0:
        visit.send(block[:total])
        total -= len(block)


@at("/endless")
def _endless(visit: Visit) -> None:
    visit.send("HTTP/1.1 200 OK\r\nContent-Type: video/mp4\r\n\r\n")
    while not visit.site.closing.is_set():
        visit.send(LINE * 1000)


@at("/markup-bomb")
def _markup_bomb(visit: Visit) -> None:
    visit.respond(b"<!doctype html><title>x</title>" + b"<!--" * 250_000)


def chunks(content: bytes, extension: str = "", trailer: str = "") -> bytes:
    """`content` in chunks of 700 bytes, with an extension on each and a trailer."""
    parts = [content[start : start + 700] for start in range(0, len(content), 700)]
    framed = b"".join(b"%X%s\r\n%s\r\n" % (len(part), extension.encode("ascii"), part) for part in parts)
    return framed + f"0\r\n{trailer}\r\n".encode("ascii")
