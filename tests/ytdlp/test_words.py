"""Pure parts: which locators the method claims, which pages name media, claims of a platform, playlists going on."""

from __future__ import annotations

import pytest

from collectors.named_media import names_media
from collectors.ytdlp.claims import author_of, claimed_time_of, name_of, title_of
from collectors.ytdlp.live import fresh_part, poll_s
from collectors.ytdlp.spec import SPEC


@pytest.mark.parametrize(
    "locator",
    [
        "https://www.youtube.com/watch?v=abc",
        "https://m.youtube.com/shorts/abc",
        "https://youtu.be/abc",
        "https://vimeo.com/123",
        "https://www.tiktok.com/@a/video/1",
        "https://www.facebook.com/watch/?v=1",
        "https://www.facebook.com/reel/1",
        "https://www.instagram.com/reel/abc/",
        "https://x.com/a/status/1",
        "https://twitter.com/a/status/1",
        "https://t.me/channel/12",
        "https://vk.com/video-1_2",
        "https://rutube.ru/video/abc/",
        "https://ok.ru/video/1",
        "https://rumble.com/v1abc-title.html",
        "https://www.twitch.tv/videos/1",
        "https://example.org/live/index.m3u8",
        "http://example.org/x/manifest.mpd?token=1",
    ],
)
def test_locators_of_video_are_claimed(locator):
    assert SPEC.claims is not None
    assert SPEC.claims.search(locator)


@pytest.mark.parametrize(
    "locator",
    [
        "https://example.org/",
        "https://example.org/?next=https://www.youtube.com/watch?v=abc",
        "https://notyoutube.com/watch?v=abc",
        "https://youtube.com.example.org/watch?v=abc",
        "https://example.org/page.html?file=index.m3u8x",
        "https://www.youtube.com/about/",
    ],
)
def test_other_locators_are_not_claimed(locator):
    assert SPEC.claims is not None
    assert not SPEC.claims.search(locator)


@pytest.mark.parametrize(
    "page",
    [
        "<p><VIDEO src=x>",
        '<source type="video/mp4" src="x">',
        '<meta property="og:video" content="x">',
        "<meta name='twitter:player' content='x'>",
        '<iframe width=1 src="https://www.youtube.com/embed/abc"></iframe>',
        'player({"file":"https://cdn.example.org/a/index.m3u8?x=1"})',
        '{"@type": "VideoObject"}',
    ],
)
def test_a_page_that_names_media_is_seen(page):
    assert names_media(page)


@pytest.mark.parametrize(
    "page", ["", "<p>a video of it</p>", "<img src=x.jpg>", '<iframe src="https://example.org/"></iframe>']
)
def test_a_page_without_media_is_not(page):
    assert not names_media(page)


def test_looking_for_media_takes_time_in_proportion():
    for hostile in ("<meta " * 40_000, '"' + "a" * 200_000, "<iframe src=" * 20_000, "<source " + "x" * 200_000):
        assert not names_media(hostile)


@pytest.mark.parametrize(
    ("info", "expected"),
    [
        ({"timestamp": 1714968489}, "2024-05-06T04:08:09Z"),
        ({"timestamp": 0}, "1970-01-01T00:00:00Z"),
        ({"timestamp": 10**20, "upload_date": "20240506"}, "2024-05-06"),
        ({"timestamp": True, "upload_date": "2024"}, ""),
        ({"upload_date": "٢٠٢٤٠٥٠٦"}, ""),
        ({}, ""),
    ],
)
def test_a_claimed_time_is_given_as_precisely_as_it_was_claimed(info, expected):
    assert claimed_time_of(info) == expected


def test_claims_are_text_or_nothing():
    assert title_of({"title": ["a"]}) == ""
    assert title_of({"title": "a\ud800b"}) == "a?b"
    assert author_of({"uploader": 5, "channel": "C"}) == "C"
    assert name_of("http://x/%E3%81%82/%2e%2e%2fa%00.mp4?b#c") == "../a\x00.mp4"
    assert name_of("http://[::1") == ""


PLAYLIST = '#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXT-X-MEDIA-SEQUENCE:{}\n#EXT-X-MAP:URI="i.mp4"\n{}'


def test_only_what_is_new_in_a_playlist_is_taken_and_keys_keep_their_sequence():
    seen: set[str] = set()
    first = fresh_part(PLAYLIST.format(7, "#EXTINF:4,\na.ts\n#EXTINF:4,\nb.ts\n"), seen)
    assert [line for line in first.splitlines() if line.endswith(".ts")] == ["a.ts", "b.ts"]
    assert fresh_part(PLAYLIST.format(7, "#EXTINF:4,\na.ts\n#EXTINF:4,\nb.ts\n"), seen) == ""
    second = fresh_part(PLAYLIST.format(8, "#EXTINF:4,\nb.ts\n#EXTINF:4,\nc.ts\n"), seen)
    assert [line for line in second.splitlines() if line.endswith(".ts")] == ["c.ts"]
    assert "#EXT-X-MEDIA-SEQUENCE:9" in second
    assert "#EXT-X-MAP" in first
    assert "#EXT-X-MAP" not in second


def test_the_pause_between_two_looks_is_bounded():
    assert poll_s(PLAYLIST.format(1, "")) == 2.0
    assert poll_s("#EXT-X-TARGETDURATION:0") == 0.5
    assert poll_s("#EXT-X-TARGETDURATION:9999") == 10.0
    assert poll_s("") == 1.0
