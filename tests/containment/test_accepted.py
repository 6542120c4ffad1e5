"""A working day among enemies, by the product's own sequences: nothing at the canary, nothing run, a record for each.

Pages that redirect, embed, play HLS, rebind and drip toward a canary; files that are not what they are called; names
with newlines; and what tools would read of a user's folders, planted in all of them.
"""

from __future__ import annotations

import functools
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1]))

from sites.hostile_files import pixels_177_million

from casefile.records.engine import reading
from casefile.records.queries import list_attempts, newest_examination
from casefile.vocabulary import Acquisition, Outcome
from containment.broker import Broker
from pipelines.handed_over import ImportRequest, import_files
from pipelines.opening import open_investigation
from pipelines.requests import CollectRequest, run_collect
from pipelines.results import Result
from pipelines.services import Services, open_services

from .outside import Outside, Page

HLS = "application/vnd.apple.mpegurl"
WORDS = f"<p>{'words of the page ' * 20}</p>"
MARK = "it-was-run"
REFUSED = (Outcome.REFUSED, "blocked-by-policy")
LEFT_OUT = (Outcome.PARTIAL, "parts-missing")
ENDS = {
    "redirects": REFUSED,
    "embeds": LEFT_OUT,
    "plays": LEFT_OUT,
    "list.m3u8": REFUSED,
    "drips": (Outcome.PARTIAL, "timeout"),
    "rebinds": LEFT_OUT,
    "": REFUSED,
}
"""What becomes of each page, by its last part; the page itself is kept where there is one."""


@pytest.fixture
def services(
    outside: Outside, planted: Path, full: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Services]:
    """A new investigation; what its broker lets through is really connected to the site, or to the canary."""
    broker = functools.partial(Broker, resolve=outside.resolve, connect=outside.connect)
    monkeypatch.setattr("containment.worker.Broker", broker)
    environment = {
        "CASEFILE_EGRESS__PORTS": f"[80, 443, {outside.canary.port}]",
        "CASEFILE_RESERVE__BYTES": "0",
        "CASEFILE_RESERVE__INODES": "0",
        "CASEFILE_CAPTURE__DEADLINE_S": "20",
        "CASEFILE_CAPTURE__MINIMUM_RATE_WINDOW_S": "2",
    }
    open_investigation(tmp_path / "case", "A case", "Ana", environment)
    with open_services(tmp_path / "case", environment) as opened:
        yield opened


@pytest.fixture
def planted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home and a current folder full of configurations and plug-ins, each of which would leave a mark."""
    home, mark = tmp_path / "home", tmp_path / MARK
    python = f"from pathlib import Path\nPath({str(mark)!r}).touch()\n"
    for base in (home / ".config", home, home / "here"):
        for kind in ("extractor", "postprocessor"):
            folder = base / "yt-dlp/plugins/mine/yt_dlp_plugins" / kind
            folder.mkdir(parents=True)
            (folder / "planted.py").write_text(python)
        (base / "yt-dlp/config").write_text(f"--exec 'touch {mark}'\n")
        (base / "yt-dlp.conf").write_text(f"--exec 'touch {mark}'\n")
        for name in (".ExifTool_config", "ExifTool_config"):
            (base / name).write_text(f"open(my $f, '>', '{mark}'); close $f; 1;\n")
        for name in ("sitecustomize.py", "usercustomize.py", "yt_dlp.py", "av.py", "PIL.py"):
            (base / name).write_text(python)
        (base / ".ffmpeg").mkdir()
        (base / ".ffmpeg/libx264-default.ffpreset").write_text("vcodec=libx264\n")
    (home / ".netrc").write_text("machine public.test login a password b\n")
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("EXIFTOOL_HOME", str(home))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(home / ".config"))
    monkeypatch.setenv("FFMPEG_DATADIR", str(home / ".ffmpeg"))
    monkeypatch.setenv("PYTHONPATH", str(home))
    monkeypatch.chdir(home / "here")
    return mark


def toward(canary: str, outside: Outside) -> list[str]:
    """The pages, each leading to the canary by its own way; their locators, and two that need no page."""
    list_of = f"#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\n{canary}/0.ts\n#EXT-X-ENDLIST\n".encode()
    track = f'<track kind="subtitles" srclang="en" src="{canary}/a.vtt">'
    embeds = f'<video src="{canary}/a.mp4" poster="{canary}/a.jpg">{track}</video>'
    plays = '<video><source src="/list.m3u8" type="application/x-mpegURL"></video>'
    refresh = f'<meta http-equiv="refresh" content="0; url={canary}/">'
    outside.pages |= {
        "/redirects": Page(status=302, headers=(("Location", f"{canary}/"), ("Refresh", f"0; url={canary}/"))),
        "/embeds": Page(f"<!doctype html><title>Embeds</title>{refresh}{embeds}{WORDS}".encode()),
        "/plays": Page(f"<!doctype html><title>Plays</title>{plays}{WORDS}".encode()),
        "/list.m3u8": Page(list_of, HLS),
        "/drips": Page(f"<!doctype html><title>Drips</title>{embeds}".encode(), drip_s=0.1),
    }
    pages = [outside.url(path) for path in ("/redirects", "/embeds", "/plays", "/list.m3u8", "/drips")]
    return [*pages, "http://rebinding.test/embeds", f"{canary}/"]


def handed_over(folder: Path, canary: str) -> int:
    """The files, under names that are commands to somebody; how many there are."""
    folder.mkdir()
    names = {
        "film.mp4": f"#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\n{canary}/0.ts\n#EXT-X-ENDLIST\n".encode(),
        "large.png": pixels_177_million(),
        f"a.jpg\n-if\nsystem('touch {MARK}')||1\nok.jpg": b"\xff\xd8\xff\xe0",
        "b.jpg\n-execute\n-ver": b"\xff\xd8\xff\xe0",
        f"--exec=touch {MARK}": b"plain",
        f"$(touch {MARK})|": b"plain",
        "page.svg": f'<svg xmlns="http://www.w3.org/2000/svg"><image href="{canary}/x"/></svg>'.encode(),
    }
    for name, content in names.items():
        (folder / name).write_bytes(content)
    return len(names)


def nobody(result: Result) -> None:
    """Results are looked at when all are there."""


@pytest.mark.campaign
def test_nothing_reaches_the_canary_nothing_is_run_and_each_leaves_a_record(
    services: Services, outside: Outside, planted: Path, tmp_path: Path
) -> None:
    canary = f"http://127.0.0.2:{outside.canary.port}"
    locators = toward(canary, outside)
    collected = run_collect(services, CollectRequest(locators=tuple(locators)), nobody, lambda _note: None)
    count = handed_over(tmp_path / "leak", canary)
    (imported,) = import_files(services, ImportRequest((tmp_path / "leak",), "a source"), nobody)

    assert outside.reached_inside() == []
    assert (outside.canary.visits, outside.canary.requests) == ([], [])
    marks = [path for path in tmp_path.rglob("*") if MARK in path.name and not path.is_relative_to(tmp_path / "leak")]
    assert (planted.exists(), marks) == (False, [])
    assert not Path(os.getcwd(), MARK).exists()

    assert [(one.lead.locator, one.outcome, one.cause) for one in collected] == [
        (locator, *ENDS[locator.rpartition("/")[2] if "rebinding" not in locator else "rebinds"])
        for locator in locators
    ]
    assert len(imported.items) == count
    assert {item.acquisition for item in imported.items} == {Acquisition.HANDED_OVER}
    with reading(services.engine) as rows:
        attempts = list_attempts(rows)
        examined = {item.name: newest_examination(rows, item.id) for item in imported.items}
    assert {one.locator for one in attempts} >= set(locators)
    assert all(one.status and one.ended_at for one in attempts)
    found = {name: {told["check"]: told for told in one.findings} for name, one in examined.items() if one}
    assert set(found) == set(examined)
    assert found["film.mp4"]["media"]["result"] == "not_applicable", "by its bytes it is a text"
    assert found["large.png"]["fingerprints"]["cause"] == "too-large"
