"""`collect` chooses the browser for pages where it is wished for and there, says so, and goes on to what it leaves."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parents[1]))

from e2e.case import Case
from sites.hostile import HostileSite
from sites.pages import PAGES, document

from containment.sandbox import available
from containment.tools import find_program


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    target = tmp_path_factory.mktemp("film") / "film.mp4"
    drawn = ("-f", "lavfi", "-i", "testsrc=size=64x48:rate=5:duration=1", "-pix_fmt", "yuv420p")
    subprocess.run(("ffmpeg", "-v", "error", *drawn, str(target)), check=True)
    return target.read_bytes()


@pytest.fixture(scope="module")
def chosen(film: bytes, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[HostileSite, Case]]:
    """A site, and a workspace in which pages are taken as a browser shows them."""
    if find_program("chromium") is None or not available().full:
        pytest.skip("no Chromium, or no full containment")
    watch = document("<p>A film of the square</p><video src='/film.mp4' preload='none'></video>", title="The film")
    extra = {
        "/watch": lambda visit: visit.respond(watch),
        "/film.mp4": lambda visit: visit.respond(film, content_type="video/mp4"),
    }
    with HostileSite({**PAGES, **extra}) as site:
        case = Case(tmp_path_factory.mktemp("chosen") / "case", [site.address]).open()
        case.extra["CASEFILE_CAPTURE__PAGES"] = "browser"
        yield site, case


def collected(case: Case, *arguments: str, code: int = 0) -> Any:
    (result,) = case.must("collect", *arguments, code=code)["results"]
    return result


def methods(result: Any) -> list[tuple[str, str, str | None]]:
    return [(one["method"], one["outcome"], one["cause"]) for one in result["attempts"]]


@pytest.mark.campaign
def test_a_page_and_the_video_in_it_are_parts_of_one_collection(chosen: tuple[HostileSite, Case]) -> None:
    site, case = chosen
    result = collected(case, site.url("/watch"))
    assert methods(result) == [("browser", "captured", None), ("ytdlp", "captured", None)]
    assert [one["reason"] for one in result["attempts"]] == [
        "page, as a browser shows it: capture.pages is browser",
        "after browser: brings what that left behind",
    ]
    roles = {one["id"]: one["role"] for one in case.must("items")["items"]}
    assert {roles[one] for one in result["items"]} >= {"page", "video"}
    recorded = [one for one in case.must("attempts")["attempts"] if one["locator"] == site.url("/watch")]
    assert [one["method_reason"] for one in recorded] == [one["reason"] for one in result["attempts"]]


def test_a_download_is_kept_by_http_in_the_browsers_place(chosen: tuple[HostileSite, Case]) -> None:
    site, case = chosen
    result = collected(case, site.url("/download"))
    assert (result["outcome"], result["cause"], len(result["items"])) == ("captured", None, 1)
    assert methods(result) == [("browser", "refused", "unsupported"), ("http", "captured", None)]
    assert "a file to download" in result["attempts"][1]["reason"]
    assert result["capture"] == result["attempts"][1]["capture"]


def test_a_method_that_was_named_is_followed_by_none(chosen: tuple[HostileSite, Case]) -> None:
    site, case = chosen
    result = collected(case, site.url("/download"), "--method", "browser", code=4)
    assert methods(result) == [("browser", "refused", "unsupported")]


def test_it_is_said_on_the_screen_why_a_page_is_taken_so(chosen: tuple[HostileSite, Case]) -> None:
    site, case = chosen
    said = case.run("collect", site.url("/a/photo.png"))
    assert said.code == 0, said.out + said.err
    assert "by http: file, by its address" in said.out
