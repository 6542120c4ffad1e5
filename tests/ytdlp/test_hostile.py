"""What a hostile site can do to a capture: nothing leaves for another place, what came is kept, the end is typed."""

from __future__ import annotations

import gzip
import http.client
import importlib
import io
import re
import time
from types import SimpleNamespace

import pytest

from casefile.vocabulary import Cause, Content, FileKind, Outcome, Role
from collectors.interface import CaptureLimits
from collectors.ytdlp.body import Body
from collectors.ytdlp.faults import LimitReached
from collectors.ytdlp.recording import Recorder, note_response
from collectors.ytdlp.thinking import bounded_thinking
from collectors.ytdlp.tunnel import has_one_framing

media_site = importlib.import_module("tests_media_site")
Reply = media_site.Reply


def playlist(*segments: str) -> bytes:
    lines = "".join(f"#EXTINF:1,\n{segment}\n" for segment in segments)
    return f"#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:1\n{lines}#EXT-X-ENDLIST\n".encode()


HLS = "application/vnd.apple.mpegurl"


@pytest.mark.parametrize(
    "page",
    [
        '<video src="{}/a.mp4"></video>',
        '<video src="{}/hls/index.m3u8"></video>',
        '<meta property="og:video" content="{}/a.mp4"><meta property="og:video:type" content="video/mp4">',
        '<meta http-equiv="refresh" content="0; url={}/a.mp4">',
    ],
    ids=["video", "playlist", "open-graph", "refresh"],
)
def test_media_on_another_host_are_refused_before_a_packet(site, other_site, capture, page):
    locator = site.page("/watch.html", page.format(f"http://{other_site.address}"))
    captured = capture(locator)
    assert other_site.asked == []
    assert (captured.received.outcome, captured.received.cause) == (Outcome.REFUSED, Cause.BLOCKED_BY_POLICY)
    refused = [one for one in captured.received.exchanges if one.error.startswith("blocked-by-policy")]
    assert other_site.address in refused[0].locator


def test_a_redirect_to_another_host_is_recorded_and_refused(site, other_site, capture):
    away = f"http://{other_site.address}/a.mp4"
    locator = site.reply("/away", Reply(b"", status=302, headers=(("Location", away),)))
    received = capture(locator).received
    assert other_site.asked == []
    assert (received.outcome, received.cause) == (Outcome.REFUSED, Cause.BLOCKED_BY_POLICY)
    assert received.exchanges[0].redirect_to == away


@pytest.mark.parametrize(
    "target", ["file:///etc/hostname", "ftp://127.0.0.1/x.mp4", "gopher://127.0.0.1/", "data:text/plain,x"]
)
def test_a_redirect_to_another_scheme_is_refused(site, capture, target):
    locator = site.reply("/away", Reply(b"", status=302, headers=(("Location", target),)))
    received = capture(locator).received
    assert (received.outcome, received.cause) == (Outcome.REFUSED, Cause.BLOCKED_BY_POLICY)


def test_a_file_named_by_a_page_is_not_read(site, capture, tmp_path):
    secret = tmp_path / "secret.mp4"
    secret.write_bytes(b"testimony of another case")
    captured = capture(site.page("/watch.html", f'<video src="file://{secret}"></video>'))
    assert captured.received.outcome is Outcome.REFUSED
    assert not any(b"testimony" in path.read_bytes() for path in captured.out.rglob("*") if path.is_file())


def test_a_segment_on_another_host_is_left_out_and_named(site, other_site, capture):
    away = f"http://{other_site.address}/hls/1.ts"
    locator = site.reply("/list.m3u8", Reply(playlist("/hls/0.ts", away, "/hls/2.ts"), HLS))
    captured = capture(locator)
    assert other_site.asked == []
    assert (captured.received.outcome, captured.received.cause) == (Outcome.PARTIAL, Cause.PARTS_MISSING)
    assert "segment 2: blocked-by-policy" in captured.received.detail
    kept = captured.content(captured.item(Role.VIDEO))
    assert [(site.media / "hls" / name).read_bytes() for name in ("0.ts", "2.ts")] == kept[1:]


@pytest.mark.parametrize("tag", ["MAP", "KEY"])
def test_a_line_of_a_playlist_that_would_be_read_for_minutes_is_malformed(site, capture, tag):
    listed = playlist("/hls/0.ts").replace(b"#EXTINF", f"#EXT-X-{tag}:{'A' * 100_000}\n#EXTINF".encode(), 1)
    captured = capture(site.reply("/list.m3u8", Reply(listed, HLS)))
    assert (captured.received.outcome, captured.received.cause) == (Outcome.PARTIAL, Cause.PARTS_MISSING)
    assert "malformed: a line of the playlist" in captured.received.detail
    assert captured.content(captured.item(Role.VIDEO)) == [listed]


def test_many_lines_of_a_playlist_that_would_be_read_for_minutes_end_it(site, capture, monkeypatch):
    monkeypatch.setattr("collectors.ytdlp.streams.bounded_thinking", lambda: bounded_thinking(0.1))
    keys = f"#EXT-X-KEY:{'A' * 3_000}\n".encode() * 10
    listed = playlist("/hls/0.ts").replace(b"#EXTINF", keys + b"#EXTINF", 1)
    captured = capture(site.reply("/list.m3u8", Reply(listed, HLS)))
    assert (captured.received.outcome, captured.received.cause) == (Outcome.PARTIAL, Cause.TIMEOUT)
    assert captured.content(captured.item(Role.VIDEO)) == [listed]


def test_a_list_of_segments_elsewhere_only_is_refused(site, other_site, capture):
    segments = [f"http://{other_site.address}/hls/{number}.ts" for number in range(200)]
    received = capture(site.reply("/list.m3u8", Reply(playlist(*segments), HLS))).received
    assert other_site.asked == []
    assert (received.outcome, received.cause) == (Outcome.REFUSED, Cause.BLOCKED_BY_POLICY)
    assert len(received.exchanges) < 20


def test_a_missing_segment_is_named_and_the_others_are_kept(site, capture):
    locator = site.reply("/list.m3u8", Reply(playlist("/hls/0.ts", "/hls/gone.ts", "/hls/2.ts"), HLS))
    captured = capture(locator)
    assert (captured.received.outcome, captured.received.cause) == (Outcome.PARTIAL, Cause.PARTS_MISSING)
    assert "segment 2: http-status" in captured.received.detail
    assert len(captured.item(Role.VIDEO).files) == 3


def test_a_broken_segment_is_asked_for_once_more(site, capture):
    whole = (site.media / "hls" / "1.ts").read_bytes()
    broken = media_site.cut_after(whole[:1000], len(whole))

    def behave(handler) -> None:
        handler.wfile.write(whole[:1000])
        site.replies["/hls/1.ts"] = Reply(whole, "video/mp2t")

    site.reply("/hls/1.ts", Reply(media_type="video/mp2t", headers=broken.headers, behave=behave))
    captured = capture(site.reply("/list.m3u8", Reply(playlist("/hls/0.ts", "/hls/1.ts", "/hls/2.ts"), HLS)))
    assert captured.received.outcome is Outcome.CAPTURED
    assert captured.content(captured.item(Role.VIDEO))[2] == whole
    assert site.times_asked("/hls/1.ts") == 2


def test_a_video_cut_short_is_kept_as_partial(site, media, capture):
    whole = (media / "a.mp4").read_bytes()
    site.reply("/cut.mp4", media_site.cut_after(whole[:20_000], len(whole)))
    captured = capture(site.page("/watch.html", '<video src="/cut.mp4"></video>'))
    assert (captured.received.outcome, captured.received.cause) == (Outcome.PARTIAL, Cause.TRUNCATED)
    assert captured.content(captured.item(Role.VIDEO)) == [whole[:20_000]]
    assert captured.received.exchanges[-1].length == "short"
    assert site.times_asked("/cut.mp4") == 1


def test_a_part_that_came_for_the_whole_is_partial(site, media, capture):
    whole = (media / "a.mp4").read_bytes()
    said = (("Content-Range", f"bytes 0-999/{len(whole)}"),)
    site.reply("/part.mp4", Reply(whole[:1000], "video/mp4", status=206, headers=said))
    captured = capture(site.url("/part.mp4"))
    assert (captured.received.outcome, captured.received.cause) == (Outcome.PARTIAL, Cause.TRUNCATED)
    assert captured.content(captured.item(Role.VIDEO)) == [whole[:1000]]
    all_of_it = (("Content-Range", f"bytes 0-{len(whole) - 1}/{len(whole)}"),)
    site.reply("/all.mp4", Reply(whole, "video/mp4", status=206, headers=all_of_it))
    assert capture(site.url("/all.mp4")).received.outcome is Outcome.CAPTURED


@pytest.mark.parametrize(("status", "outcome"), [(200, Outcome.CAPTURED), (206, Outcome.PARTIAL)])
def test_a_range_that_is_no_number_costs_nothing_that_came(site, media, capture, status, outcome):
    whole = (media / "a.mp4").read_bytes()
    said = (("Content-Range", f"bytes {'9' * 5_000}-1/2"),)
    site.reply("/odd.mp4", Reply(whole, "video/mp4", status=status, headers=said))
    captured = capture(site.page("/watch.html", '<video src="/odd.mp4"></video>'))
    assert captured.received.outcome is outcome
    assert captured.content(captured.item(Role.VIDEO)) == [whole]


def test_leaving_a_part_that_was_read_to_its_last_byte_raises_nothing(tmp_path, limits):
    recorder = Recorder(tmp_path, CaptureLimits(**limits))
    transfer = recorder.begin("GET", "http://127.0.0.1/part", ())
    note_response(transfer, 206, "Partial Content", [("Content-Range", "bytes 0-3/9")])
    raw = SimpleNamespace(length=4, chunked=False, read1=lambda _most: b"part", close=lambda: None)
    body = Body(raw, transfer, recorder, lambda _reusable: None)
    assert body.read(4) == b"part"
    body.close()
    assert (body.open, transfer.cause, transfer.complete) == (False, Cause.TRUNCATED, False)


@pytest.mark.parametrize("second", [("Content-Length", "5"), ("Transfer-Encoding", "chunked")])
def test_a_length_that_is_said_in_two_ways_is_malformed(site, capture, second):
    said = (("Content-Length", "9"), second)
    received = capture(site.reply("/two.mp4", Reply(b"4\r\nfilm\r\n0\r\n\r\n", "video/mp4", headers=said))).received
    assert (received.outcome, received.cause) == (Outcome.FAILED, Cause.MALFORMED)
    assert received.exchanges[0].status == 200


@pytest.mark.parametrize(
    ("said", "plain"),
    [
        ("", True),
        ("Content-Length: 9\r\nContent-Length: 9\r\n", True),
        ("Transfer-Encoding: Chunked\r\n", True),
        ("Content-Length: 9\r\nTransfer-Encoding: gzip, chunked\r\n", False),
        ("Transfer-Encoding: identity\r\nTransfer-Encoding: chunked\r\n", False),
        ("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", False),
        ("Transfer-Encoding: gzip\r\n", False),
        ("Content-Length: 9, 9\r\n", False),
        ("Content-Length: +9\r\n", False),
        (f"Content-Length: {'9' * 5_000}\r\n", False),
    ],
)
def test_one_plain_framing_is_taken_and_no_other(said, plain):
    answer = io.BytesIO(f"HTTP/1.1 200 OK\r\n{said}\r\n".encode())
    response = http.client.HTTPResponse(SimpleNamespace(makefile=lambda _mode: answer))
    response.begin()
    assert has_one_framing(response) is plain


def test_an_interim_answer_is_not_taken_for_the_final_one(site, media, capture):
    whole = (media / "a.mp4").read_bytes()

    def behave(handler) -> None:
        handler.wfile.write(b"HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n")
        handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Type: video/mp4\r\nConnection: close\r\n\r\n" + whole)

    captured = capture(site.reply("/hinted.mp4", Reply(behave=behave, raw=True)))
    assert captured.content(captured.item(Role.VIDEO)) == [whole]
    assert captured.received.exchanges[0].status == 200


@pytest.mark.parametrize(
    ("segments", "content"),
    [(("/login", "/login?2"), Content.ABSENT), (("/hls/0.ts", "/login"), Content.DOUBTFUL)],
    ids=["all", "one"],
)
def test_a_page_in_the_place_of_a_segment_is_not_the_video(site, capture, segments, content):
    site.page("/login", "Please log in")
    captured = capture(site.reply("/list.m3u8", Reply(playlist(*segments), HLS)))
    assert (captured.received.outcome, captured.received.cause) == (Outcome.CAPTURED, Cause.NOT_THE_CONTENT)
    assert captured.item(Role.VIDEO).content is content


def test_a_page_that_takes_without_end_to_read_is_kept_and_left(site, capture, monkeypatch):
    monkeypatch.setattr("collectors.ytdlp.capture.bounded_thinking", lambda: bounded_thinking(0.5))
    body = b"<video src='" + b"<video " * 150_000
    captured = capture(site.reply("/endless", Reply(body)))
    assert (captured.received.outcome, captured.received.cause) == (Outcome.PARTIAL, Cause.TIMEOUT)
    assert captured.content(captured.received.items[0]) == [body]


def test_a_pattern_without_end_is_interrupted_and_memory_that_is_lacking_is_a_bound():
    with pytest.raises(LimitReached) as slow, bounded_thinking(0.2):
        re.match(r"(?:a|a)+b", "a" * 24)
    with pytest.raises(LimitReached) as large, bounded_thinking():
        raise MemoryError
    assert (slow.value.why, large.value.why) == (Cause.TIMEOUT, Cause.TOO_LARGE)


def test_a_video_without_length_is_marked_unverified(site, media, capture):
    whole = (media / "a.mp4").read_bytes()
    site.reply(
        "/open.mp4",
        Reply(
            media_type="video/mp4",
            headers=(("Connection", "close"),),
            behave=lambda handler: handler.wfile.write(whole),
        ),
    )
    captured = capture(site.url("/open.mp4"))
    assert captured.content(captured.item(Role.VIDEO)) == [whole]
    assert captured.received.exchanges[0].length == "unverified"


def test_a_drip_ends_by_the_minimum_rate_and_what_came_is_kept(site, media, capture):
    site.reply("/slow.mp4", media_site.drip((media / "a.mp4").read_bytes(), 0.05))
    captured = capture(site.url("/slow.mp4"), minimum_rate_bytes_s=1000, minimum_rate_window_s=1)
    assert (captured.received.outcome, captured.received.cause) == (Outcome.PARTIAL, Cause.TIMEOUT)
    assert 0 < len(captured.content(captured.item(Role.VIDEO))[0]) < 100


def test_the_deadline_holds_for_headers_that_never_end(site, capture):
    def behave(handler) -> None:
        handler.wfile.write(b"HTTP/1.1 200 OK\r\nX-Filler: ")
        for _ in range(500):
            handler.wfile.write(b"x")
            handler.wfile.flush()
            time.sleep(0.02)

    site.reply("/never.mp4", Reply(behave=behave, raw=True))
    capture(site.url("/nothing"))  # what is loaded once does not count here
    began = time.monotonic()
    received = capture(site.url("/never.mp4"), deadline_s=2).received
    assert (received.outcome, received.cause) == (Outcome.FAILED, Cause.TIMEOUT)
    assert time.monotonic() - began < 7


def test_a_server_that_closes_without_an_answer_is_a_reset(site, capture):
    site.reply("/closed", Reply(behave=lambda handler: None, raw=True))
    received = capture(site.url("/closed")).received
    assert (received.outcome, received.cause) == (Outcome.FAILED, Cause.RESET)


def test_what_is_not_http_is_malformed(site, capture):
    site.reply("/odd", Reply(behave=lambda handler: handler.wfile.write(b"SSH-2.0-OpenSSH\r\n\r\n"), raw=True))
    received = capture(site.url("/odd")).received
    assert (received.outcome, received.cause) == (Outcome.FAILED, Cause.MALFORMED)


OK = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n"
WIRE = {
    "cut in its status": (b"HTTP/1.", "failed", Cause.RESET),
    "cut in a header": (b"HTTP/1.1 200 OK\r\nContent-Ty", "failed", Cause.RESET),
    "cut behind a header": (OK, "failed", Cause.RESET),
    "cut before its body": (OK + b"Content-Length: 9\r\n\r\n", "failed", Cause.RESET),
    "other words, cut": (b"SSH-2.0-OpenSSH", "failed", Cause.MALFORMED),
    "no size": (OK + b"Transfer-Encoding: chunked\r\n\r\nnot a size\r\nwords", "failed", Cause.MALFORMED),
    "a size of another kind": (OK + b"Transfer-Encoding: chunked\r\n\r\n0x5\r\nwords", "failed", Cause.MALFORMED),
    "a size that was cut": (OK + b"Transfer-Encoding: chunked\r\n\r\n", "failed", Cause.RESET),
    "chunks that break": (OK + b"Transfer-Encoding: chunked\r\n\r\n5\r\nwords\r\nno", "partial", Cause.TRUNCATED),
    "empty": (OK + b"Content-Length: 0\r\n\r\n", "captured", Cause.NOT_THE_CONTENT),
    "empty to its end": (OK + b"\r\n", "captured", Cause.NOT_THE_CONTENT),
    "no content": (b"HTTP/1.1 204 No Content\r\n\r\n", "captured", Cause.NOT_THE_CONTENT),
    "an error, cut": (b"HTTP/1.1 404 Not Found\r\nContent-Length: 9\r\n\r\n", "captured", Cause.HTTP_STATUS),
}


@pytest.mark.parametrize("name", WIRE)
def test_what_breaks_on_the_wire_has_the_cause_that_it_has_by_any_method(site, capture, name):
    sent, outcome, cause = WIRE[name]
    site.reply("/odd", Reply(behave=lambda handler: handler.wfile.write(sent), raw=True))
    received = capture(site.url("/odd")).received
    assert (received.outcome, received.cause) == (outcome, cause), received.detail
    assert received.advice
    if outcome == "captured":
        (item,) = received.items
        assert item.content is Content.ABSENT
        assert item.content_reason


def test_a_large_video_stops_at_the_bound_and_is_kept(site, capture):
    site.reply("/large.mp4", Reply(bytes(3 << 20), "video/mp4"))
    captured = capture(site.url("/large.mp4"), max_bytes=1 << 20)
    assert (captured.received.outcome, captured.received.cause) == (Outcome.PARTIAL, Cause.TOO_LARGE)
    assert 1 << 20 <= len(captured.content(captured.item(Role.VIDEO))[0]) <= (1 << 20) + (1 << 18)


def test_an_encoded_page_is_kept_as_sent_and_as_read(site, media, capture):
    page = b'<!doctype html><html><head><title>T</title></head><body><video src="/a.mp4"></video></body></html>'
    packed = gzip.compress(page)
    captured = capture(site.reply("/watch.html", Reply(packed, headers=(("Content-Encoding", "gzip"),))))
    assert captured.received.outcome is Outcome.CAPTURED
    item = captured.item(Role.PAGE)
    assert captured.content(item) == [page]
    assert item.wire_bytes == len(packed)
    (decoded,) = (file for file in captured.received.files if file.path == item.files[0])
    assert (captured.out / decoded.derived_from[0]).read_bytes() == packed
    assert captured.digests(item) != [item.wire_sha256]


def test_a_damaged_encoding_is_kept_as_partial(site, capture):
    page = b'<!doctype html><html><body><video src="/a.mp4"></video>' + b"<p>words</p>" * 5000 + b"</body></html>"
    packed = gzip.compress(page)
    captured = capture(site.reply("/watch.html", Reply(packed[:-8], headers=(("Content-Encoding", "gzip"),))))
    assert (captured.received.outcome, captured.received.cause) == (Outcome.PARTIAL, Cause.ENCODING_DAMAGED)


def test_a_bomb_stops_at_the_bound(site, capture):
    bomb = gzip.compress(bytes(64 << 20), 9)
    site.reply("/bomb.html", Reply(bomb, headers=(("Content-Encoding", "gzip"),)))
    captured = capture(site.url("/bomb.html"), max_decoded_bytes=8 << 20)
    assert captured.received.cause is Cause.TOO_LARGE
    assert sum(path.stat().st_size for path in captured.out.rglob("*") if path.is_file()) < 10 << 20


def test_a_playlist_under_the_name_of_a_video_is_stored_and_not_followed(site, other_site, capture):
    body = playlist(f"http://{other_site.address}/hls/0.ts", "file:///etc/hostname")
    captured = capture(site.reply("/film.mp4", Reply(body, "video/mp4")))
    assert other_site.asked == []
    assert (captured.received.outcome, captured.received.cause) == (Outcome.CAPTURED, Cause.NOT_THE_CONTENT)
    video = captured.item(Role.VIDEO)
    assert captured.content(video) == [body]
    assert video.content is Content.ABSENT


def test_a_segment_that_is_a_list_opens_no_other_file(site, capture, media):
    inner = f"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n{media / 'b.mp4'}\n#EXT-X-ENDLIST\n".encode()
    site.reply("/inner.ts", Reply(inner, "video/mp2t"))
    captured = capture(site.reply("/list.m3u8", Reply(playlist("/inner.ts"), HLS)))
    assert not [file for file in captured.received.files if file.kind is FileKind.DERIVATIVE]
    assert captured.content(captured.item(Role.VIDEO))[-1] == inner


def test_a_page_in_place_of_the_video_is_not_the_content(site, capture):
    site.reply("/gone.mp4", Reply(b"<!doctype html><html><body>Please log in</body></html>"))
    captured = capture(site.page("/watch.html", '<video src="/gone.mp4"></video>'))
    assert (captured.received.outcome, captured.received.cause) == (Outcome.CAPTURED, Cause.NOT_THE_CONTENT)
    assert captured.item(Role.VIDEO).content is Content.ABSENT


def test_a_video_that_is_gone_leaves_its_page_as_partial(site, capture):
    captured = capture(site.page("/watch.html", '<video src="/gone.mp4"></video>'))
    assert (captured.received.outcome, captured.received.cause) == (Outcome.PARTIAL, Cause.PARTS_MISSING)
    assert captured.received.detail.startswith("http-status")
    assert [item.role for item in captured.received.items] == [Role.PAGE]


def test_a_broadcast_is_cut_and_says_so(site, media, capture):
    count = 0

    def behave(handler) -> None:
        nonlocal count
        first = count
        count += 1
        lines = "".join(f"#EXTINF:1,\n/hls/{(first + k) % 3}.ts?{first + k}\n" for k in range(3))
        handler.wfile.write(f"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXT-X-MEDIA-SEQUENCE:{first}\n{lines}".encode())

    site.reply("/live.m3u8", Reply(media_type=HLS, headers=(("Connection", "close"),), behave=behave))
    captured = capture(site.url("/live.m3u8"), deadline_s=4)
    assert (captured.received.outcome, captured.received.cause) == (Outcome.PARTIAL, Cause.TRUNCATED)
    video = captured.item(Role.VIDEO)
    assert video.content_reason == "live, cut"
    asked = [path for path in site.paths_asked() if "/hls/" in path]
    assert len(asked) == len(set(asked)) >= 4
    assert [file for file in captured.received.files if file.kind is FileKind.DERIVATIVE]


def test_a_loop_of_redirects_ends(site, capture):
    site.reply("/loop", Reply(b"", status=302, headers=(("Location", "/loop"),)))
    received = capture(site.url("/loop")).received
    assert received.outcome is Outcome.FAILED
    assert received.cause is Cause.MALFORMED
    assert site.times_asked("/loop") == 6


def test_a_host_that_does_not_answer_http_is_malformed(site, capture):
    site.reply("/odd", Reply(headers=(("X-Many", "1"),) * 150))
    received = capture(site.url("/odd")).received
    assert (received.outcome, received.cause) == (Outcome.FAILED, Cause.MALFORMED)


@pytest.mark.parametrize("body", [b"", b"#EXTM3U\n", b"\x00" * 100, b"<rss><channel/></rss>", b"<MPD></MPD>", b"{}"])
def test_odd_bodies_end_with_a_cause(site, capture, body):
    for media_type in ("text/html", HLS, "application/dash+xml"):
        received = capture(site.reply("/odd", Reply(body, media_type))).received
        assert received.cause is not None or received.items[0].content is Content.DOUBTFUL
