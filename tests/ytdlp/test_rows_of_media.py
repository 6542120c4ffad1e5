"""What a hostile server does, and every list that leads elsewhere, met by `ytdlp` in its sandbox: typed and bounded."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1]))

from sites.capturing import request_for
from sites.hostile import HostileSite
from sites.hostile_media import site_of

from casefile.model import Received
from casefile.vocabulary import ContainmentLevel
from containment.sandbox import available
from containment.worker import EgressPolicy, Limits, Worker, open_worker

LONGEST_S = 60
LIMITS = Limits(wall_s=LONGEST_S, cpu_s=60, memory_bytes=1 << 30, file_bytes=1 << 30, output_bytes=1 << 30)
SECRET = b"testimony of another case"
REFUSED = ("refused", "blocked-by-policy")
NOT_FOUND = ("refused", "unsupported")
LACKING = ("partial", "parts-missing")
NOT_IT = ("captured", "not-the-content")
STALE = ("failed", "extractor-stale")
MALFORMED = ("failed", "malformed")
DAMAGED = ("partial", "encoding-damaged")
TOO_LARGE = ("partial", "too-large")

SERVERS = {
    "/page": NOT_FOUND,
    "/early-hints": NOT_FOUND,
    "/odd-headers": NOT_FOUND,
    "/bare-newlines": NOT_FOUND,
    "/markup-bomb": NOT_FOUND,
    "/polyglot": NOT_IT,
    "/status/416": ("captured", "http-status"),
    "/status/429": ("captured", "http-status"),
    "/status-cut": ("captured", "http-status"),
    "/empty": NOT_IT,
    "/no-content": NOT_IT,
    "/closed-in-head": ("failed", "reset"),
    "/closed-before-body": ("failed", "reset"),
    "/chunked-broken": MALFORMED,
    "/truncated": ("partial", "truncated"),
    "/reset-in-body": ("partial", "truncated"),
    "/chunked-cut": ("partial", "truncated"),
    "/part": ("partial", "truncated"),
    "/hang-in-body": ("partial", "timeout"),
    "/drip-body": ("partial", "timeout"),
    "/gzip-wrong-sum": DAMAGED,
    "/gzip-lie": DAMAGED,
    "/unknown-coding": DAMAGED,
    "/gzip-bomb": TOO_LARGE,
    "/endless": TOO_LARGE,
    "/reset": ("failed", "reset"),
    "/closed": ("failed", "reset"),
    "/hang": ("failed", "timeout"),
    "/drip-head": ("failed", "timeout"),
    "/two-lengths": MALFORMED,
    "/length-and-chunked": MALFORMED,
    "/huge-header": MALFORMED,
    "/many-headers": MALFORMED,
    "/not-http": MALFORMED,
    "/loop/a": MALFORMED,
    "/chain/30": MALFORMED,
}
ELSEWHERE = ("file", "concat", "private")
MEDIA = {
    **{
        f"/list/{use}-{place}.m3u8": LACKING
        for use in ("segment", "key", "map")
        for place in ("file", "concat", "private")
    },
    **{f"/list/{use}-{place}.m3u8": REFUSED for use in ("only", "variant") for place in ELSEWHERE},
    "/list/segment-path.m3u8": NOT_IT,
    "/list/only-path.m3u8": NOT_IT,
    "/list/variant-path.m3u8": NOT_IT,
    "/list/map-path.m3u8": NOT_IT,
    "/list/key-path.m3u8": LACKING,
    "/list/itself.m3u8": ("partial", "truncated"),
    "/list/circle.m3u8": NOT_IT,
    "/list/many-missing.m3u8": TOO_LARGE,
    "/list/variants.m3u8": LACKING,
    "/list/range.m3u8": ("captured", None),
    "/list/range-negative.m3u8": ("captured", None),
    "/list/durations.m3u8": STALE,
    "/list/sequence.m3u8": LACKING,
    "/list/key-broken.m3u8": LACKING,
    "/list/not-a-list.m3u8": STALE,
    "/manifest/base-file.mpd": NOT_IT,
    "/manifest/base-private.mpd": REFUSED,
    "/manifest/list-file.mpd": REFUSED,
    "/manifest/laughs.mpd": NOT_FOUND,
    "/manifest/entity.mpd": NOT_FOUND,
    "/manifest/billion-repeats.mpd": TOO_LARGE,
    "/manifest/ten-years-of-segments.mpd": LACKING,
    "/manifest/repeats-negative.mpd": LACKING,
    "/manifest/no-duration.mpd": STALE,
    "/manifest/wide-format.mpd": TOO_LARGE,
    "/manifest/deep.mpd": NOT_FOUND,
    **{f"/shows/video-{place}": REFUSED for place in ("file", "script", "data", "ftp", "private")},
    "/shows/video-long": LACKING,
    **{f"/shows/linked-{place}": NOT_FOUND for place in ("file", "script", "data", "long")},
    **{f"/shows/linked-{place}": REFUSED for place in ("ftp", "private")},
    **{f"/shows/track-{place}": LACKING for place in ("file", "script", "data", "ftp", "private", "long")},
    "/shows/track-scripts": ("captured", None),
    "/shows/itself": NOT_IT,
    "/shows/refresh-itself": NOT_FOUND,
    "/shows/embeds-itself": NOT_FOUND,
    "/shows/thousands": LACKING,
    "/shows/deep-data": NOT_FOUND,
    "/shows/wide-data": NOT_FOUND,
    "/shows/odd-data": NOT_FOUND,
    "/shows/half-tags": ("partial", "timeout"),
    "/shows/half-quotes": NOT_FOUND,
    "/feed/itself": ("failed", "tool-failed"),
    "/feed/laughs": NOT_FOUND,
    "/feed/smil": REFUSED,
    "/feed/torrent": NOT_IT,
    "/feed/f4m": NOT_FOUND,
    "/feed/ism": STALE,
    **{f"/as-film/{kind}.mp4": NOT_IT for kind in ("hls", "ffconcat", "dash", "sdp", "svg")},
    "/film/laughing.vtt": NOT_IT,
    "/film/0.ts": ("captured", None),
    "/film/a.mp4": ("captured", None),
}
EITHER = {"/manifest/billion-repeats.mpd": (TOO_LARGE, ("partial", "timeout"))}
"""Whether memory or time ends first is the machine's affair."""


@pytest.fixture
def hostile_worker(hostile: HostileSite, tmp_path: Path) -> Iterator[Worker]:
    """The method's worker for many, which may reach the hostile site."""
    if not available().full:
        pytest.skip(f"full containment: {available().reason}")
    out = tmp_path / "out"
    out.mkdir()
    egress = EgressPolicy(allow=(hostile.address,), ports=(80, 443))
    module, level = "collectors.ytdlp.batch", ContainmentLevel.FULL
    with open_worker(module, inputs=None, out=out, egress=egress, level=level) as worker:
        yield worker


@pytest.fixture
def hostile() -> Iterator[HostileSite]:
    with HostileSite() as site:
        yield site


@pytest.mark.campaign
def test_every_answer_of_the_hostile_media_site_is_in_the_table(media: Path) -> None:
    assert set(site_of(media, Path("/victim"), "http://127.0.0.2")) == set(MEDIA)


@pytest.mark.campaign
def test_whatever_a_site_answers_ends_typed_within_its_bounds_and_the_worker_lives(
    hostile: HostileSite, hostile_worker: Worker, media: Path, tmp_path: Path
) -> None:
    victim = tmp_path / "victim.mp4"
    victim.write_bytes(SECRET)
    with HostileSite() as other:
        hostile.behaviours |= site_of(media, victim, f"http://{other.address}")
        for number, (path, ending) in enumerate({**SERVERS, **MEDIA}.items()):
            began = time.monotonic()
            result = hostile_worker.call(request_for(hostile.url(path), ""), f"c{number}", LIMITS)
            assert time.monotonic() - began < LONGEST_S, path
            assert result.peak_memory_bytes <= LIMITS.memory_bytes, path
            received = Received.model_validate(result.answer)
            found = (received.outcome.value, received.cause and received.cause.value)
            assert found in EITHER.get(path, (ending,)), (path, received.detail)
            assert received.advice or found == ("captured", None), path
        assert other.paths() == []
    kept = [path for path in (tmp_path / "out").rglob("*") if path.is_file()]
    assert not any(SECRET in path.read_bytes() for path in kept)
