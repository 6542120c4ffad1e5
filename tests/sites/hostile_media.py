"""What a hostile site answers to whoever collects video: lists, manifests and pages that lead elsewhere or nowhere.

`site_of` gives behaviours of the hostile site. `victim` is a file of another case on this
machine, `away` an address that is not public.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from sites.hostile import Behaviour, Visit

HLS = "application/vnd.apple.mpegurl"
DASH = "application/dash+xml"
LAUGHS = (
    '<!DOCTYPE r [<!ENTITY a "ha">'
    + "".join(f'<!ENTITY {after} "{f"&{before};" * 20}">' for before, after in zip("abcdefg", "bcdefgh", strict=True))
    + "]>"
)
"""Entities that unfold to a billion laughs."""


def site_of(media: Path, victim: Path, away: str) -> dict[str, Behaviour]:
    """Every path with what it answers, a film of one's own included."""
    answers: dict[str, tuple[bytes, str]] = {
        "/film/a.mp4": ((media / "a.mp4").read_bytes(), "video/mp4"),
        "/film/0.ts": ((media / "hls/0.ts").read_bytes(), "video/mp2t"),
        "/film/laughing.vtt": (b"WEBVTT\n\n00:00.000 --> 99:59:59.000\n<script>alert(1)</script>\x1b[2J\n", "text/vtt"),
    }
    for name, body in (*_lists(victim, away), *_endless_lists()):
        answers[f"/list/{name}.m3u8"] = (body.encode(), HLS)
    for name, body in _manifests(victim, away):
        answers[f"/manifest/{name}.mpd"] = (body.encode(), DASH)
    for name, body in _pages(victim, away):
        answers[f"/shows/{name}"] = (body.encode(), "text/html")
    for name, body, kind in _feeds():
        answers[f"/feed/{name}"] = (body.encode(), kind)
    for name, body in _disguised(victim):
        answers[f"/as-film/{name}.mp4"] = (body.encode(), "video/mp4")
    return {path: _answering(*answer) for path, answer in answers.items()}


def _answering(body: bytes, content_type: str) -> Behaviour:
    def answer(visit: Visit) -> None:
        visit.respond(body, content_type=content_type)

    return answer


def playlist(*lines: str) -> str:
    """An HLS list of these lines."""
    return "\n".join(("#EXTM3U", "#EXT-X-VERSION:7", "#EXT-X-TARGETDURATION:2", *lines, "#EXT-X-ENDLIST", ""))


def _segments(*places: str) -> str:
    return playlist(*(f"#EXTINF:2,\n{place}" for place in places))


def _lists(victim: Path, away: str) -> Iterator[tuple[str, str]]:
    for name, place in (
        ("file", f"file://{victim}"),
        ("path", f"{victim}"),
        ("concat", f"concat:{victim}|{victim}"),
        ("private", f"{away}/0.ts"),
    ):
        yield f"segment-{name}", _segments("/film/0.ts", place)
        yield f"only-{name}", _segments(place)
        yield f"key-{name}", playlist(f'#EXT-X-KEY:METHOD=AES-128,URI="{place}"', "#EXTINF:2,", "/film/0.ts")
        yield f"map-{name}", playlist(f'#EXT-X-MAP:URI="{place}"', "#EXTINF:2,", "/film/0.ts")
        yield f"variant-{name}", f"#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\n{place}\n"


def _endless_lists() -> Iterator[tuple[str, str]]:
    yield "itself", "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\nitself.m3u8\n"
    yield "circle", _segments("circle.m3u8")
    yield "many-missing", _segments(*(f"/status/404?{number}" for number in range(60_000)))
    yield (
        "variants",
        "#EXTM3U\n"
        + "".join(f"#EXT-X-STREAM-INF:BANDWIDTH={number}\n/status/404?{number}\n" for number in range(1, 2_000)),
    )
    yield "range", playlist("#EXTINF:2,", "#EXT-X-BYTERANGE:99999999999999@18446744073709551616", "/film/0.ts")
    yield "range-negative", playlist("#EXTINF:2,", "#EXT-X-BYTERANGE:-5@-9", "/film/0.ts")
    yield "durations", playlist("#EXTINF:-1e999,", "/film/0.ts", "#EXTINF:nan,", "/film/0.ts?2")
    yield "sequence", playlist(f"#EXT-X-MEDIA-SEQUENCE:{'9' * 5000}", "#EXTINF:2,", "/film/0.ts")
    yield "key-broken", playlist('#EXT-X-KEY:METHOD=AES-128,URI="/film/0.ts",IV=0xZZ', "#EXTINF:2,", "/film/0.ts")
    yield "not-a-list", "#EXTM3U" + "\n#EXT-X-STREAM-INF" * 10_000


def _manifests(victim: Path, away: str) -> Iterator[tuple[str, str]]:
    def manifest(inner: str, duration: str = "PT6S", doctype: str = "", base: str = "") -> str:
        return (
            f'<?xml version="1.0"?>{doctype}<MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static" '
            f'mediaPresentationDuration="{duration}">{base}<Period><AdaptationSet mimeType="video/mp4">'
            f'<Representation id="1" bandwidth="1" codecs="avc1.42c00b" width="16" height="16">{inner}</Representation>'
            "</AdaptationSet></Period></MPD>"
        )

    template = '<SegmentTemplate media="/status/404?$Number$" timescale="1" {}</SegmentTemplate>'
    yield "base-file", manifest("<BaseURL>0.ts</BaseURL>", base=f"<BaseURL>file://{victim}</BaseURL>")
    yield "base-private", manifest("<BaseURL>0.ts</BaseURL>", base=f"<BaseURL>{away}/</BaseURL>")
    yield "list-file", manifest(f'<SegmentList duration="2"><SegmentURL media="file://{victim}"/></SegmentList>')
    yield "laughs", manifest("<BaseURL>&h;</BaseURL>", doctype=LAUGHS)
    yield "entity", manifest("<BaseURL>&x;</BaseURL>", doctype=f'<!DOCTYPE r [<!ENTITY x SYSTEM "file://{victim}">]>')
    yield (
        "billion-repeats",
        manifest(template.format('startNumber="1"><SegmentTimeline><S t="0" d="1" r="999999999"/></SegmentTimeline>')),
    )
    yield "ten-years-of-segments", manifest(template.format('duration="1">'), duration="P3650D")
    yield (
        "repeats-negative",
        manifest(template.format('startNumber="1"><SegmentTimeline><S t="0" d="0" r="-1"/></SegmentTimeline>')),
    )
    yield "no-duration", manifest(template.format('duration="0">'))
    yield "wide-format", manifest('<SegmentTemplate media="/x?$Number%0999999999d$" duration="2" timescale="1"/>')
    yield "deep", "<MPD>" + "<Period>" * 50_000


def _pages(victim: Path, away: str) -> Iterator[tuple[str, str]]:
    def page(body: str, head: str = "") -> str:
        return f"<!doctype html><html><head><title>Film</title>{head}</head><body>{body}</body></html>"

    def linked(value: str) -> str:
        return page("", f'<script type="application/ld+json">{value}</script>')

    named = '{{"@context":"https://schema.org","@type":"VideoObject","name":"n","contentUrl":"{}"}}'
    for name, place in (
        ("file", f"file://{victim}"),
        ("script", "javascript:alert(1)"),
        ("data", "data:video/mp4;base64,AAAA"),
        ("ftp", "ftp://127.0.0.1/a.mp4"),
        ("private", f"{away}/a.mp4"),
        ("long", "/status/404?" + "a" * 70_000),
    ):
        yield f"video-{name}", page(f'<video src="{place}"></video>')
        yield f"linked-{name}", linked(named.format(place))
        yield f"track-{name}", page(_tracked(place))
    yield "track-scripts", page(_tracked("/film/laughing.vtt"))
    yield "itself", page('<video src="/shows/itself"></video>')
    yield "refresh-itself", page("", '<meta http-equiv="refresh" content="0; url=/shows/refresh-itself">')
    yield "embeds-itself", page('<iframe src="/shows/embeds-itself"></iframe>')
    yield "thousands", page("".join(f'<video src="/status/404?{number}"></video>' for number in range(5_000)))
    yield "deep-data", linked("[" * 100_000)
    yield "wide-data", linked('{"@graph":[' + ",".join([named.format("/film/a.mp4")] * 3_000) + "]}")
    yield "odd-data", linked('{"@type":"VideoObject","name":NaN,"contentUrl":{"a":[1e999]},"duration":"P99999999999Y"}')
    yield "half-tags", "<video src='" + "<video " * 150_000
    yield "half-quotes", page('<a href="' + "'\"" * 50_000)


def _tracked(place: str) -> str:
    return f'<video><source src="/film/a.mp4"><track kind="subtitles" srclang="../../x" src="{place}"></video>'


def _feeds() -> Iterator[tuple[str, str, str]]:
    rss = '<?xml version="1.0"?>{}<rss version="2.0"><channel><title>Feed</title>{}</channel></rss>'
    kind = "application/rss+xml"
    yield "itself", rss.format("", "<item><title>t</title><link>/feed/itself</link></item>"), kind
    yield "laughs", rss.format(LAUGHS, "<item><title>&h;</title><link>/film/a.mp4</link></item>"), kind
    yield "smil", '<smil><body><video src="file:///etc/passwd"/><seq repeat="99999"/></body></smil>', "application/smil"
    yield "torrent", "d8:announce9:udp://a:1e", "application/x-bittorrent"
    yield (
        "f4m",
        '<manifest xmlns="http://ns.adobe.com/f4m/1.0"><media url="file:///x"/></manifest>',
        "application/f4m+xml",
    )
    yield "ism", "<SmoothStreamingMedia Duration='9'><StreamIndex Type='video'/></SmoothStreamingMedia>", "text/xml"


def _disguised(victim: Path) -> Iterator[tuple[str, str]]:
    yield "hls", _segments(f"file://{victim}")
    yield "ffconcat", f"ffconcat version 1.0\nfile '{victim}'\n"
    yield "dash", f"<MPD><Period><AdaptationSet><BaseURL>file:{victim}</BaseURL></AdaptationSet></Period></MPD>"
    yield "sdp", "v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=x\r\nc=IN IP4 127.0.0.1\r\nm=video 9 RTP/AVP 96\r\n"
    yield "svg", f"<svg xmlns='http://www.w3.org/2000/svg'><image href='file:{victim}'/></svg>"
