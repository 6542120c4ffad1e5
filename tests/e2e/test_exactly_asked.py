"""A collection asks for exactly what its captures are made of: nothing beside, nothing before, nothing at other places.

One run of the command line on a page that a redirect leads to and that shows a film in segments, with a still and a
subtitle. The site logs every request; the process of the command tells every place that it connects to or looks up.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sites.media_site import SUBTITLE, MediaSite, Reply, serve

from containment.sandbox import available

from .case import Case, Said

pytestmark = pytest.mark.campaign

WATCHED = """
import json, os, sys
log = os.open(sys.argv[1], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
def told(event, arguments):
    if event in ("socket.connect", "socket.sendto", "socket.getaddrinfo", "socket.gethostbyname"):
        where = arguments[1] if event.startswith(("socket.connect", "socket.sendto")) else arguments[0]
        os.write(log, (json.dumps([event, where], default=repr) + "\\n").encode())
sys.addaudithook(told)
from cli.main import main
sys.exit(main(sys.argv[2:], os.environ))
"""
"""The command line, with every connection and look-up of its process and of those forked from it in a file."""

ONCE = ("/hls/0.ts", "/hls/1.ts", "/hls/2.ts", "/still.jpg", "/film.vtt")
BY_EACH_METHOD = ("/start", "/watch")
TO_CHOOSE_AND_TO_FETCH = ("/hls/index.m3u8",)
TAGS = (
    '<video poster="/still.jpg"><source src="/hls/index.m3u8" type="application/x-mpegURL">'
    '<track kind="subtitles" srclang="ar" src="/film.vtt"></video>'
)
BESIDE = (
    '<link rel="icon" href="/icon.png"><link rel="stylesheet" href="/style.css"><link rel="preconnect" href="/there">'
    '<script src="/script.js"></script><img src="/picture.png" srcset="/picture-2.png 2x"><a ping="/ping" href="/next">'
)
"""What a browser would fetch on its own."""


class Watched(Case):
    """A workspace whose commands tell where they connect, each in an interpreter of its own."""

    def run(self, *arguments: str, stdin: str = "", timeout: int = 180) -> Said:
        program = [sys.executable, "-c", WATCHED, str(self.root.with_suffix(".places"))]
        line = [*program, "--workspace", str(self.root), *arguments]
        settings = {"capture_output": True, "text": True, "check": False}
        done = subprocess.run(line, env=dict(self.environment), input=stdin, timeout=timeout, **settings)
        return Said(done.returncode, done.stdout, done.stderr)

    def places(self) -> list[tuple[str, Any]]:
        return [tuple(json.loads(line)) for line in self.root.with_suffix(".places").read_text().splitlines()]


@dataclass(frozen=True)
class Ran:
    """What one collection left: the site with its log, the workspace, the captures."""

    site: MediaSite
    case: Watched
    captures: tuple[Any, ...]


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ran]:
    if not available().full:
        pytest.skip(f"full containment: {available().reason}")
    folder = tmp_path_factory.mktemp("asked")
    with serve(film_in(tmp_path_factory.mktemp("media"))) as site:
        body = f"{BESIDE}{TAGS}<p>{'words of the page ' * 20}</p>"
        site.page("/watch", body, "A film")
        site.reply("/start", Reply(status=302, headers=(("Location", "/watch"), ("Set-Cookie", "visit=1"))))
        case = Watched(folder / "case", [site.address])
        Case(case.root).open()
        (result,) = case.must("collect", site.url("/start"))["results"]
        assert (result["outcome"], result["cause"]) == ("captured", None), result
        yield Ran(site, case, captures_of(case))


def film_in(folder: Path) -> Path:
    """A film in three segments, a still, a subtitle."""
    (folder / "hls").mkdir()
    drawn = ("-f", "lavfi", "-i", "testsrc=size=64x48:rate=5:duration=3", "-g", "5", "-pix_fmt", "yuv420p")
    listed = ("-hls_time", "1", "-hls_list_size", "0", "-hls_segment_filename", "hls/%d.ts", "hls/index.m3u8")
    still = ("-frames:v", "1", "still.jpg")
    subprocess.run(["ffmpeg", "-v", "error", *drawn, *listed, *still], cwd=folder, check=True)
    (folder / "film.vtt").write_text(SUBTITLE, "utf-8")
    return folder


def captures_of(case: Case) -> tuple[Any, ...]:
    """What each sealed capture says of its circumstances."""
    records = sorted(case.root.glob("vault/**/capture.json"))
    return tuple(json.loads(path.read_text("utf-8"))["circumstances"] for path in records)


def test_the_site_is_asked_for_what_the_captures_are_made_of_and_for_nothing_else(ran: Ran) -> None:
    """No icon, no style, no script, no picture beside; the page by both methods, each part of the film once."""
    expected = Counter({**dict.fromkeys(ONCE, 1), **dict.fromkeys((*BY_EACH_METHOD, *TO_CHOOSE_AND_TO_FETCH), 2)})
    assert Counter(one.path for one in ran.site.asked) == expected
    assert {one.method for one in ran.site.asked} == {"GET"}


def test_no_request_says_where_it_comes_from_or_brings_back_what_was_set(ran: Ran) -> None:
    """Redirect, playlist, segments, still and subtitle alike."""
    for one in ran.site.asked:
        assert not {name for name in one.headers if name.startswith("sec-")} | {"referer", "origin"} & set(one.headers)
        assert "cookie" not in one.headers or one.path != "/start"


def test_each_capture_is_one_visitor_in_the_log_of_the_site(ran: Ran) -> None:
    visitors = {(one.headers.get("user-agent"), one.headers.get("accept-language")) for one in ran.site.asked}
    said = {(one["visitor"]["user_agent"], one["visitor"]["accept_language"]) for one in ran.captures}
    assert len(visitors) == 1
    assert visitors == said


def test_no_worker_asked_the_broker_for_another_place(ran: Ran) -> None:
    """No update, no telemetry, no look-up: neither passed nor refused."""
    contacts = [contact for one in ran.captures for contact in one["contacts"]]
    assert contacts
    assert {f"{one['host']}:{one['port']}" for one in contacts} == {ran.site.address}
    assert not any(one["refused"] for one in contacts)


def test_the_process_of_the_command_connects_to_the_site_and_looks_nothing_up(ran: Ran) -> None:
    port = int(ran.site.address.rpartition(":")[2])
    told = ran.case.places()
    connected = [where for event, where in told if event == "socket.connect" and isinstance(where, list)]
    assert {tuple(where[:2]) for where in connected} == {("127.0.0.1", port)}
    assert {where for event, where in told if event.startswith("socket.get")} <= {"127.0.0.1"}


def test_what_was_altered_is_listed_by_the_method_that_did(ran: Ran) -> None:
    by_method = {one["method"]: {(told["kind"], told["what"]) for told in one["alterations"]} for one in ran.captures}
    assert by_method["http"] == {("withheld", "cookies that the site set")}
    assert all(kind != "refused" for kind, _ in by_method["ytdlp"])
