"""One visitor a capture: in the site's own log every request of it has one user agent and one language, by any tool."""

from __future__ import annotations

import gzip
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parents[1]))

from identities.desk import AGENT, NAME, Desk
from identities.members import SESSION, TOKEN
from yt_dlp.networking import Request

from casefile.vocabulary import Outcome
from collectors.interface import CaptureLimits, CaptureRequest
from collectors.jars import read_jar
from collectors.withheld import secrets_of
from collectors.ytdlp.extraction import Extraction
from collectors.ytdlp.recording import Recorder

SECRETS = (SESSION, TOKEN, "t0ken/with=signs-abcdef")


@pytest.fixture
def desk(tmp_path: Path, site: Any) -> Desk:
    """A new investigation that may collect from the media site."""
    return Desk(tmp_path, SimpleNamespace(site=site, url=site.url)).open("case")  # type: ignore[arg-type]


def page_of(site: Any) -> str:
    """A page that shows a film in segments, with subtitles and a still."""
    tags = (
        '<video poster="/still.jpg"><source src="/hls/index.m3u8" type="application/x-mpegURL">'
        '<track kind="subtitles" srclang="ar" src="/film.vtt"></video>'
    )
    body = f"{tags}<p>{'words of the page ' * 20}</p>"
    address: str = site.page("/watch", body, "A film")
    return address


def test_one_user_agent_in_the_log_of_the_site_for_page_playlist_segments_still_and_subtitle(
    site: Any, desk: Desk
) -> None:
    desk.add(canary="", canary_text="")
    (result,) = desk.collect(page_of(site))
    assert result.outcome is Outcome.CAPTURED
    asked = set(site.paths_asked())
    assert {"/watch", "/hls/index.m3u8", "/hls/0.ts", "/hls/1.ts", "/hls/2.ts", "/still.jpg", "/film.vtt"} <= asked
    assert {one.headers.get("user-agent") for one in site.asked} == {AGENT}
    assert {one.headers.get("accept-language") for one in site.asked} == {"uk,en;q=0.5"}
    assert all(f"sid={SESSION}" in one.headers.get("cookie", "") for one in site.asked), "by both methods"
    methods = {(one.method, one.identity is not None) for one in desk.attempts()}
    assert methods == {("http", True), ("ytdlp", True)}


def test_one_user_agent_without_an_identity_too(site: Any, desk: Desk) -> None:
    desk.settings["CASEFILE_CAPTURE__USER_AGENT"] = "One/1"
    desk.collect(page_of(site), identity="")
    assert {one.headers.get("user-agent") for one in site.asked} == {"One/1"}


def test_the_media_method_leaves_no_value_of_a_jar_in_what_it_writes(site: Any, desk: Desk) -> None:
    """Neither in its log of exchanges, nor in what yt-dlp says of a video, which has cookies for other programs."""
    desk.add(canary="", canary_text="")
    (result,) = desk.collect(page_of(site), method="ytdlp")
    assert result.outcome is Outcome.CAPTURED
    assert desk.places_of(SECRETS) == []
    with desk.services() as services:
        object_id = desk.facts(result)["object_id"]
        with services.vault.open_content(object_id, "record/exchanges.jsonl") as stream:
            assert f"sid={'*' * len(SESSION)}" in stream.read().decode()
        with services.vault.open_content(object_id, "record/info-0001.json") as stream:
            assert b'"cookies"' not in stream.read()


def test_in_recording_mode_the_record_has_the_requests_without_the_values(site: Any, desk: Desk) -> None:
    desk.settings["CASEFILE_EGRESS__RECORD"] = "true"
    desk.add(canary="", canary_text="")
    (result,) = desk.collect(site.url("/hls/index.m3u8"))
    assert result.outcome is Outcome.CAPTURED
    assert desk.places_of(SECRETS) == []
    with desk.services() as services:
        object_id = desk.facts(result)["object_id"]
        with services.vault.open_content(object_id, "record/wire.warc.gz") as stream:
            record = gzip.decompress(stream.read())
    assert f"sid={'*' * len(SESSION)}".encode() in record
    assert b"withheld: cookie values in requests" in record


@pytest.fixture
def extraction(broker: str, limits: dict[str, int], tmp_path: Path, site: Any) -> Extraction:
    """yt-dlp as a capture under an identity has it."""
    text = f"127.0.0.1\tFALSE\t/\tFALSE\t0\tsid\t{SESSION}\n"
    cookies = read_jar(text.encode(), ("127.0.0.1",), 0).cookies
    asked = CaptureRequest(
        locator=site.url("/"),
        limits=CaptureLimits(**limits),
        user_agent=AGENT,
        accept_language="uk",
        proxy=broker,
        cookies=cookies,
        hosts=("127.0.0.1",),
    )
    (tmp_path / "out").mkdir()
    return Extraction(asked, Recorder(tmp_path / "out", asked.limits, secrets=secrets_of(cookies)))


def test_an_extractor_that_would_be_somebody_else_is_not(site: Any, extraction: Extraction) -> None:
    site.page("/page", "<p>x</p>")
    other = {"User-Agent": "com.google.android/19", "accept-language": "xx", "X-Session": SESSION}
    extraction.urlopen(Request(site.url("/page"), headers=other)).read()
    extraction.close()
    (asked,) = site.asked
    assert (asked.headers["user-agent"], asked.headers["accept-language"]) == (AGENT, "uk")
    (entry,) = extraction.recorder.transfers
    kept = dict(entry.request_headers)
    assert kept["X-Session"] == "*" * len(SESSION), "a header that an extractor makes of a cookie is withheld too"
    assert kept["Cookie"] == f"sid={'*' * len(SESSION)}"


def test_what_the_site_changes_in_a_jar_is_gone_with_the_capture(site: Any, desk: Desk) -> None:
    desk.add(canary="", canary_text="")
    from tests_media_site import Reply

    renewed = (("Set-Cookie", "sid=renewed-by-the-site-1; Path=/"),)
    site.reply("/renew.m3u8", Reply(b"#EXTM3U\n", "application/vnd.apple.mpegurl", headers=renewed))
    (jar,) = (desk.root / "keys" / "identities").iterdir()
    before = jar.read_bytes()
    desk.collect(site.url("/renew.m3u8"))
    desk.collect(site.url("/renew.m3u8"))
    sent = [one.headers["cookie"] for one in site.asked if one.path == "/renew.m3u8"]
    assert SESSION in sent[0]
    assert SESSION in sent[-1]
    assert jar.read_bytes() == before
    assert desk.identity(NAME).cookies == 2
