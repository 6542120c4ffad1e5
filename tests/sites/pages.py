"""Pages for a real browser: what an honest page does, and what one does that does not want to be captured."""

from __future__ import annotations

import gzip
import struct
import zlib
from collections.abc import Mapping

from sites.hostile import Behaviour, Visit

ARABIC, BURMESE = "مرحبا بالعالم", "မင်္ဂလာပါ ကမ္ဘာလောက"
WINDOWS = "<!doctype html><meta charset=windows-1256><title>خبر</title><p>خبر عاجل من المدينة".encode("cp1256")
PRICE = {"red": (200, 30, 30), "green": (30, 200, 30), "blue": (30, 30, 200)}


def picture(colour: tuple[int, int, int], width: int = 40, height: int = 30) -> bytes:
    """A PNG of one colour."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    rows = b"".join(b"\0" + bytes(colour) * width for _ in range(height))
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def document(body: str, *, title: str = "A page", head: str = "", attributes: str = "lang=en") -> str:
    """A whole HTML document."""
    return (
        f"<!doctype html><html {attributes}><head><meta charset=utf-8><title>{title}</title>{head}</head>"
        f"<body>{body}</body></html>"
    )


RICH_HEAD = """
<meta property="og:title" content="What the page calls itself elsewhere">
<meta property="article:published_time" content="2024-05-06T07:08:09+03:00">
<meta name="author" content="A. Writer"><link rel="canonical" href="/canonical">
<style>@font-face { font-family: Own; src: url(/own.woff2) } h1 { background: url(/back/photo.png); font-family: Own }
</style>"""
RICH = f"""<h1>{ARABIC}</h1><p>{BURMESE}</p>
<img src="/a/photo.png" alt="the first"><img src="/b/photo.png"><img src="/missing.png"><img src="/dot.png">
<div id="host"></div><iframe src="/frame"></iframe><video src="/film.mp4" poster="/poster.png"></video>
<p id="drawn">as it was sent</p>
<div style="height: 20000px; background: linear-gradient(#fee, #eef)"></div>
<img src="/lazy/photo.png" loading="lazy"><p>the end</p>
<script>
document.getElementById("host").attachShadow({{mode: "open"}}).innerHTML = "<b>in the shadow</b>";
document.getElementById("drawn").textContent = "drawn by a script";
window.seen = [navigator.userAgent, navigator.language, innerWidth, innerHeight,
  Intl.DateTimeFormat().resolvedOptions().timeZone].join(" | ");
fetch("/seen?" + encodeURIComponent(window.seen));
navigator.serviceWorker?.register("/worker.js");
</script>"""


def _page(body: str, **named: str) -> Behaviour:
    content = document(body, **named)
    return lambda visit: visit.respond(content)


def _picture(colour: tuple[int, int, int], width: int = 40, height: int = 30) -> Behaviour:
    content = picture(colour, width, height)
    return lambda visit: visit.respond(content, content_type="image/png")


def _rich(visit: Visit) -> None:
    visit.respond(document(RICH, title="The whole page", head=RICH_HEAD, attributes='lang="ar" dir="rtl"'))


def _zipped(visit: Visit) -> None:
    content = gzip.compress(document("<p>packed on its way").encode(), mtime=0)
    visit.respond(content, content_encoding="gzip")


def _endless(visit: Visit) -> None:
    number = int(visit.query.get("n", "0"))
    visit.respond(f"<p style='height:700px'>part {number}", content_type="text/html")


def _to(target: str, status: str = "302 Found") -> Behaviour:
    return lambda visit: visit.respond("", status, location=target)


def _later(visit: Visit) -> None:
    visit.pause(40)
    visit.respond("late")


def _changing(visit: Visit) -> None:
    count = visit.site.paths().count("/changing")
    visit.respond(document(f"<p>answer number {count}", title=f"answer {count}"))


def _reloading(visit: Visit) -> None:
    count = visit.site.paths().count("/reloading")
    script = "<script>location.reload()</script>" if count < 2 else "<p>the second time this is the page"
    visit.respond(document(f"<p>{count}{script}"))


def _truncated(visit: Visit) -> None:
    visit.send("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 9000\r\nConnection: close\r\n\r\n")
    visit.send(document("<p>it begins well"))


def _reset_within(visit: Visit) -> None:
    visit.send("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 900000\r\n\r\n")
    visit.send(document("<p>it begins well" + "<p>and goes on" * 20))
    visit.pause(0.5)
    visit.reset()


SCROLLING = """<div id=feed><p style="height:900px">part 0</div><script>
let n = 0, asked = false;
addEventListener("scroll", async () => {
  if (asked || scrollY + innerHeight < document.documentElement.scrollHeight - 400) return;
  asked = true;
  const text = await (await fetch("/endless?n=" + ++n)).text();
  document.getElementById("feed").insertAdjacentHTML("beforeend", text);
  asked = false;
});
</script>"""
PAGES: Mapping[str, Behaviour] = {
    "/rich": _rich,
    "/to/rich": _to("/to/rich/2"),
    "/to/rich/2": _to("/rich", "301 Moved Permanently"),
    "/b/photo.png": _picture(PRICE["green"]),
    "/a/photo.png": _picture(PRICE["red"]),
    "/back/photo.png": _picture(PRICE["blue"]),
    "/lazy/photo.png": _picture((1, 2, 3)),
    "/poster.png": _picture((9, 9, 9)),
    "/dot.png": _picture((0, 0, 0), 1, 1),
    "/missing.png": lambda visit: visit.respond("none", "404 Not Found"),
    "/own.woff2": lambda visit: visit.respond(b"no font", content_type="font/woff2"),
    "/film.mp4": lambda visit: visit.respond(b"\0\0\0\x18ftypisom" + bytes(64), content_type="video/mp4"),
    "/frame": _page("<p>in the frame"),
    "/seen": lambda visit: visit.respond("", "204 No Content"),
    "/worker.js": lambda visit: visit.respond("onfetch = () => {}", content_type="text/javascript"),
    "/windows": lambda visit: visit.respond(WINDOWS, content_type="text/html"),
    "/zipped": _zipped,
    "/feed": _page(SCROLLING),
    "/endless": _endless,
    "/changing": _changing,
    "/reloading": _reloading,
    "/half": _truncated,
    "/tall": _page("<div style='height:60000px;background:linear-gradient(red,blue)'></div><p>bottom"),
    "/dialogs": _page(
        "<p>asked<script>alert(1);confirm(2);prompt(3);onbeforeunload=()=>1;document.title='after'</script>"
    ),
    "/dialog-loop": _page("<p>asked<script>for (;;) alert('again')</script>"),
    "/print-loop": _page("<p>printed<script>for (let i = 0; i < 200; i++) print()</script>"),
    "/never-idle": _page(
        "<p>busy<script>setInterval(() => fetch('/seen?' + Math.random()), 100);fetch('/later')</script>"
    ),
    "/later": _later,
    "/spinning": _page("<p>spinning<script>setTimeout(() => { for (;;); }, 100)</script>"),
    # Begins at the first scroll, when the page has long been taken for still.
    "/spinning-later": _page("<p>spinning<p style='height: 3000px'><script>onscroll = () => { for (;;); }</script>"),
    "/leaving": _page(
        "<p>here now<div style='height:3000px'></div><script>onscroll = () => { location = '/frame' }</script>"
    ),
    "/opening": _page("<p>opens<script>for (let i = 0; i < 5; i++) open('/frame?' + i)</script>"),
    "/dies": _page("<p>here<script>fetch('/later?die')</script>"),
    "/hidden-name": _page("<p>signed in as the.watcher<script>fetch('/seen?' + document.cookie)</script>"),
    "/empty-error": lambda visit: visit.respond("", "404 Not Found"),
    "/download": lambda visit: visit.respond(
        "content", content_type="application/zip", content_disposition="attachment"
    ),
    "/elements": _page(
        "<div style='height:300px;overflow:hidden'></div>"
        "<script>document.querySelector('div').innerHTML='<i>x</i> '.repeat(100000)</script>"
    ),
    "/wide": _page("<p style='width:90000px'>wide"),
    "/sockets": _page(
        "<p>calls<script>try { new WebSocket('ws://' + location.host + '/ws') } catch (e) {}"
        "const p = new RTCPeerConnection({iceServers: [{urls: 'stun:127.0.0.2:3478'}]}); p.createDataChannel('x');"
        "p.createOffer().then(o => p.setLocalDescription(o)); navigator.sendBeacon('/seen?beacon', 'x')</script>"
    ),
    "/inner": _page("<p>looks inside<img src='http://127.0.0.2:8081/x.png'><iframe src='http://10.0.0.1/'></iframe>"),
    "/to-reset": _page("<script>location = '/reset'</script>"),
    "/to-file": _page("<p>x<script>location = 'file:///etc/passwd'</script>"),
    "/to-inner": _page("<script>location = 'http://127.0.0.2:8081/'</script>"),
    "/login-page": _page("<form><input type=password></form>", title="Log in"),
    "/consent-asked": _page(
        "<p>the article</p><div id=cookie-banner>We value your privacy<button onclick=\"document.title='refused';"
        'this.parentElement.remove()">Reject all</button></div>'
    ),
    "/lies-about-itself": _page(
        "<p id=t>true text</p><script>Document.prototype.querySelector = () => null;"
        "Object.defineProperty(document, 'title', {get: () => 'forged'}); window.JSON = null</script>",
        title="the true title",
    ),
    "/mixed": _page(
        "<p>over TLS<img src='http://plain.invalid/a.png'><script src='http://plain.invalid/b.js'></script>"
        "<iframe src='http://plain.invalid/c'></iframe>"
    ),
    "/reset-within": _reset_within,
    "/framing": _page(
        "<p>around<iframe src='/frame'></iframe><iframe src='/frame?hidden' style='display:none'></iframe>"
        "<iframe srcdoc='<p>written into it</p>'></iframe><iframe sandbox src='/frame?alone'></iframe>"
    ),
    "/fakes-the-broker": lambda visit: visit.respond(document("<p>x"), casefile_cause="dns"),
}
