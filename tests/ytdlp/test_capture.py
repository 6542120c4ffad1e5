"""What a capture keeps: the bytes that were served, whole or in their segments, and what was said about them."""

from __future__ import annotations

import importlib
import json
import subprocess
from pathlib import Path

import pytest

from casefile.digests import digest_file
from casefile.errors import ToolMissing
from casefile.model import SAFE_PATH
from casefile.vocabulary import Cause, Content, Fidelity, FileKind, Outcome, Role

Reply = importlib.import_module("tests_media_site").Reply
DASH_PARTS = ("init-stream{}", "chunk-stream{}-00001", "chunk-stream{}-00002", "chunk-stream{}-00003")
ARABIC = "ضحايا القصف في حي الزيتون " * 12


def served(media: Path, *names: str) -> list[str]:
    return [digest_file(media / name).sha256 for name in names]


def duration_s(path: Path) -> float:
    asked = ["ffprobe", "-v", "error", "-show_entries", "format=duration", "-of", "csv=p=0", str(path)]
    return float(subprocess.run(asked, check=True, capture_output=True, text=True).stdout)


def kinds_of_streams(path: Path) -> list[str]:
    asked = ["ffprobe", "-v", "error", "-show_entries", "stream=codec_type", "-of", "csv=p=0", str(path)]
    return sorted(subprocess.run(asked, check=True, capture_output=True, text=True).stdout.split())


def test_a_video_on_a_page_is_kept_as_it_was_served(site, media, capture):
    page = site.page("/watch.html", '<video src="/a.mp4"></video>', "The title")
    captured = capture(page)
    assert captured.received.outcome is Outcome.CAPTURED
    assert captured.received.cause is None
    video = captured.item(Role.VIDEO)
    assert captured.digests(video) == served(media, "a.mp4")
    assert (video.locator, video.name, video.media_type) == (site.url("/a.mp4"), "a.mp4", "video/mp4")
    assert video.title == "The title"
    kept_page = captured.item(Role.PAGE)
    assert kept_page.locator == page
    assert captured.content(kept_page) == [site.replies["/watch.html"].body]
    assert captured.received.items[0] is kept_page


def test_each_address_is_asked_for_once(site, capture):
    capture(site.page("/watch.html", '<video src="/a.mp4"></video>'))
    capture(site.url("/b.mp4"))
    assert site.paths_asked() == ["/watch.html", "/a.mp4", "/b.mp4"]


def test_what_was_received_is_wire_and_nothing_else_is(site, capture):
    captured = capture(site.url("/split/master.m3u8"))
    for file in captured.received.files:
        expected = Fidelity.WIRE if file.kind is FileKind.CONTENT else Fidelity.RECONSTRUCTED
        assert file.fidelity is expected


def test_every_file_written_is_listed_and_every_listed_file_is_there(site, capture):
    captured = capture(site.url("/hls/index.m3u8"))
    there = {str(path.relative_to(captured.out)) for path in captured.out.rglob("*") if path.is_file()}
    assert there == {file.path for file in captured.received.files}
    assert all(SAFE_PATH.fullmatch(path) for path in there)


@pytest.mark.parametrize(
    ("path", "parts"),
    [
        ("/hls/index.m3u8", ["hls/index.m3u8", "hls/0.ts", "hls/1.ts", "hls/2.ts"]),
        (
            "/fragments/index.m3u8",
            [f"fragments/{name}" for name in ("index.m3u8", "init.mp4", "index0.m4s", "index1.m4s", "index2.m4s")],
        ),
        (
            "/locked/index.m3u8",
            [f"locked/{name}" for name in ("index.m3u8", "index0.ts", "film.key", "index1.ts", "index2.ts")],
        ),
        (
            "/dash/index.mpd",
            ["dash/index.mpd", *(f"dash/{part.format(n)}.m4s" for n in (0, 1) for part in DASH_PARTS)],
        ),
    ],
    ids=["segments", "fragments", "encrypted", "dash"],
)
def test_segments_and_playlists_are_kept_as_received_and_in_order(site, media, capture, path, parts):
    captured = capture(site.url(path))
    assert captured.received.outcome is Outcome.CAPTURED
    assert captured.digests(captured.item(Role.VIDEO)) == served(media, *parts)


def test_picture_and_sound_kept_apart_are_received_apart(site, media, capture):
    captured = capture(site.url("/split/master.m3u8"))
    got = set(captured.digests(captured.item(Role.VIDEO)))
    lists = ["split/master.m3u8", "split/video/index.m3u8", "split/audio/index.m3u8"]
    segments = [str(path.relative_to(media)) for path in (media / "split").rglob("*.ts")]
    assert got == set(served(media, *lists, *segments))


@pytest.mark.parametrize("path", ["/hls/index.m3u8", "/split/master.m3u8", "/locked/index.m3u8", "/dash/index.mpd"])
def test_the_copy_for_viewing_is_a_derivative_that_plays(site, media, capture, path):
    captured = capture(site.url(path))
    (copy,) = (file for file in captured.received.files if file.kind is FileKind.DERIVATIVE)
    video = captured.item(Role.VIDEO)
    assert set(copy.derived_from) == set(video.files)
    assert copy.path not in video.files
    assert copy.command[0] == "ffmpeg"
    assert {tool.name for tool in captured.received.tools} == {"yt-dlp", "ffmpeg"}
    assert kinds_of_streams(captured.out / copy.path) == ["audio", "video"]
    assert duration_s(captured.out / copy.path) == pytest.approx(3, abs=0.2)


def test_a_single_file_is_not_copied(site, capture):
    captured = capture(site.url("/a.mp4"))
    assert not [file for file in captured.received.files if file.kind is FileKind.DERIVATIVE]


def test_without_ffmpeg_what_was_received_is_kept_whole(site, media, capture, monkeypatch, tmp_path):
    monkeypatch.setattr("collectors.ytdlp.viewing.describe_tool", _missing)
    captured = capture(site.url("/hls/index.m3u8"))
    assert captured.received.outcome is Outcome.CAPTURED
    assert captured.digests(captured.item(Role.VIDEO)) == served(
        media, "hls/index.m3u8", "hls/0.ts", "hls/1.ts", "hls/2.ts"
    )


def _missing(name: str) -> None:
    raise ToolMissing(name, "a test")


def test_subtitles_and_thumbnail_are_items_of_their_own(site, media, capture):
    page = site.page(
        "/watch.html",
        '<video poster="/still.jpg"><source src="/a.mp4" type="video/mp4">'
        '<track kind="subtitles" srclang="ar" src="/film.vtt"></video>',
    )
    captured = capture(page)
    assert captured.digests(captured.item(Role.SUBTITLE)) == served(media, "film.vtt")
    assert captured.item(Role.SUBTITLE).name == "ar"
    assert captured.digests(captured.item(Role.THUMBNAIL)) == served(media, "still.jpg")


def test_what_the_platform_says_is_kept_as_claims(site, capture):
    claims = {
        "@context": "https://schema.org",
        "@type": "VideoObject",
        "name": "Shelling, filmed from a roof",
        "description": "Ein Text — نص",
        "uploadDate": "2024-05-06T07:08:09+03:00",
        "contentUrl": site.url("/a.mp4"),
        "author": {"@type": "Person", "name": "Somebody"},
    }
    page = site.page("/watch.html", f'<script type="application/ld+json">{json.dumps(claims)}</script>')
    video = capture(page).item(Role.VIDEO)
    assert video.title == "Shelling, filmed from a roof"
    assert video.text == "Ein Text — نص"
    assert video.author == "Somebody"
    assert video.claimed_time == "2024-05-06T04:08:09Z"


def test_two_videos_of_one_base_name_stay_two(site, media, capture):
    site.reply("/x/film.mp4", Reply((media / "a.mp4").read_bytes(), "video/mp4"))
    site.reply("/y/film.mp4", Reply((media / "b.mp4").read_bytes(), "video/mp4"))
    captured = capture(site.page("/two.html", '<video src="/x/film.mp4"></video><video src="/y/film.mp4"></video>'))
    videos = [item for item in captured.received.items if item.role is Role.VIDEO]
    assert [item.name for item in videos] == ["film.mp4", "film.mp4"]
    assert [captured.digests(item) for item in videos] == [served(media, "a.mp4"), served(media, "b.mp4")]


def test_a_video_that_a_page_shows_twice_is_taken_once(site, capture):
    captured = capture(site.page("/twice.html", '<video src="/a.mp4"></video><video src="/a.mp4"></video>'))
    assert len([item for item in captured.received.items if item.role is Role.VIDEO]) == 1
    assert site.times_asked("/a.mp4") == 1


def test_the_requests_are_recorded_with_their_headers(site, broker, capture):
    page = site.page("/watch.html", '<video src="/a.mp4"></video>')
    captured = capture(page)
    lines = (captured.out / "record/exchanges.jsonl").read_text("utf-8").splitlines()
    first, second = map(json.loads, lines)
    assert (first["locator"], second["locator"]) == (page, site.url("/a.mp4"))
    assert ["User-Agent", "Tester/1"] in first["request_headers"]
    assert ["Content-Type", "video/mp4"] in second["response_headers"]
    assert [one.peer for one in captured.received.exchanges] == [site.address, site.address]
    assert {one.headers["user-agent"] for one in site.asked} == {"Tester/1"}
    assert {one.headers["accept-language"] for one in site.asked} == {"ar"}


def test_the_extracted_facts_are_a_record(site, capture):
    captured = capture(site.page("/watch.html", '<video src="/a.mp4"></video>'))
    facts = json.loads((captured.out / "record/info-0001.json").read_text("utf-8"))
    assert facts["extractor"] in ("generic", "html5")
    assert facts["url"] == site.url("/a.mp4")


def test_a_long_list_is_taken_in_part_and_says_so(site, capture):
    entries = "".join(
        f'<item><title>{n}</title><enclosure url="{site.url("/a.mp4")}?{n}" type="video/mp4"/>'
        f"<link>{site.url('/a.mp4')}?{n}</link></item>"
        for n in range(30)
    )
    feed = f'<?xml version="1.0"?><rss version="2.0"><channel><title>Feed</title>{entries}</channel></rss>'
    captured = capture(site.reply("/feed.xml", Reply(feed.encode(), "application/rss+xml")))
    assert captured.received.outcome is Outcome.PARTIAL
    assert captured.received.cause is Cause.PARTS_MISSING
    assert sum(item.role is Role.VIDEO for item in captured.received.items) == 25


@pytest.mark.parametrize(
    "title",
    [
        ARABIC,
        "%(title)s %(id)s {0} $(id)",
        "../../etc/passwd",
        "a\u202egpj.exe",
        "-rf --exec",
        "x\n-execute\ny",
        "CON.",
    ],
    ids=["arabic", "template", "traversal", "bidi", "options", "newline", "device"],
)
def test_a_title_is_data_and_names_nothing(site, media, capture, title):
    captured = capture(site.page("/watch.html", '<video src="/hls/index.m3u8"></video>', title))
    assert captured.received.outcome is Outcome.CAPTURED
    got = captured.item(Role.VIDEO).title
    assert " ".join(got.split()) == " ".join(title.split())
    there = [str(path.relative_to(captured.out)) for path in captured.out.rglob("*")]
    assert all(SAFE_PATH.fullmatch(path) for path in there)
    (copy,) = (file for file in captured.received.files if file.kind is FileKind.DERIVATIVE)
    assert not any(word in " ".join(copy.command) for word in title.split() if len(word) > 3)


def test_a_missing_page_is_an_observation_with_its_answer(site, capture):
    captured = capture(site.url("/nothing"))
    assert (captured.received.outcome, captured.received.cause) == (Outcome.CAPTURED, Cause.HTTP_STATUS)
    page = captured.item(Role.PAGE)
    assert page.content is Content.ABSENT
    assert b"nothing at this address" in captured.content(page)[0]


def test_a_busy_server_says_when_to_come_back(site, capture):
    locator = site.reply("/busy", Reply(b"later", status=503, headers=(("Retry-After", "120"),)))
    received = capture(locator).received
    assert received.cause is Cause.HTTP_STATUS
    assert received.retry_after_s == 120


def test_a_page_without_video_is_refused_as_unsupported(site, capture):
    received = capture(site.page("/words.html", "<p>Words only</p>")).received
    assert (received.outcome, received.cause) == (Outcome.REFUSED, Cause.UNSUPPORTED)
    assert "--method http" in received.advice
    assert len(received.exchanges) == 1
