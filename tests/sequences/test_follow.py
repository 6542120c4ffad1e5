"""A page and the video that it shows are two captures of one lead: neither is lost between them, none is made twice."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator

import pytest
from sites.behaviours import TEXT, page
from sites.hostile import HostileSite, Visit

from pipelines.reindex import reindex_workspace

from .workspaces import KILLED, Place

FILM = "testsrc=size=64x48:rate=5:duration=1"
WEAK = {"level": "weak"}


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    target = tmp_path_factory.mktemp("film") / "film.mp4"
    command = ("ffmpeg", "-v", "error", "-f", "lavfi", "-i", FILM, "-pix_fmt", "yuv420p", str(target))
    subprocess.run(command, check=True)
    return target.read_bytes()


@pytest.fixture(scope="module")
def site(film: bytes) -> Iterator[HostileSite]:
    """Pages with a video, and with a player in which there is none."""

    def video(visit: Visit) -> None:
        visit.respond(film, content_type="video/mp4")

    def shown(visit: Visit) -> None:
        visit.respond(page("A film", TEXT.decode(), body='<video src="/film.mp4"></video>'))

    def empty(visit: Visit) -> None:
        visit.respond(page("No film", TEXT.decode(), body="<video></video>"))

    with HostileSite({"/film.mp4": video, "/shown": shown, "/empty": empty}) as running:
        yield running


def methods(place: Place) -> list[tuple[str, str]]:
    """The captures, by method and outcome."""
    return sorted(place.column("view_capture", "method", "outcome"))


def sealed_page(place: Place, locator: str) -> None:
    """Kill right after the page is sealed and before its video is asked for."""
    recorded = place.copy(place.folder / "recorded")
    recorded.must("collect", locators=[locator], **WEAK)
    end = next(number for number, step in enumerate(recorded.lines("steps"), 1) if step.startswith("unlink"))
    assert place.run("collect", locators=[locator], kill_at=end, **WEAK) == KILLED
    assert methods(place) == [("http", "captured")]


@pytest.mark.parametrize("rebuilt", [pytest.param(False, marks=pytest.mark.campaign), True])
def test_a_video_whose_page_was_sealed_by_a_run_that_died_follows_alone(
    place: Place, site: HostileSite, rebuilt: bool
) -> None:
    locator = site.url(f"/shown?rebuilt={rebuilt}")
    sealed_page(place, locator)
    if rebuilt:
        place.delete_database()
        reindex_workspace(place.root, place.environment)
    assert place.finished() == set()
    place.must("collect", locators=[locator], **WEAK)
    assert [one["outcome"] for one in place.results()] == ["captured"]
    assert len(place.results()[0]["items"]) >= 2
    assert methods(place) == [("http", "captured"), ("ytdlp", "captured")]
    place.require_nothing_lost()
    place.require_sound()
    place.require_rebuilt_equal()
    asked = site.paths()
    place.must("collect", locators=[locator], **WEAK)
    assert [one["outcome"] for one in place.results()] == ["already"]
    assert site.paths() == asked


def test_a_page_in_whose_player_there_is_nothing_is_done(place: Place, site: HostileSite) -> None:
    locator = site.url("/empty?done")
    place.must("collect", locators=[locator], **WEAK)
    assert [one["outcome"] for one in place.results()] == ["captured"]
    place.require_rebuilt_equal()
    asked = site.paths()
    place.must("collect", locators=[locator], **WEAK)
    assert [one["outcome"] for one in place.results()] == ["already"]
    assert site.paths() == asked
    assert methods(place) == [("http", "captured")]


def test_a_page_is_not_made_again_where_nothing_is_to_follow_any_more(place: Place, site: HostileSite) -> None:
    locator = site.url("/shown?off")
    sealed_page(place, locator)
    asked = site.paths()
    place.environment = {**place.environment, "CASEFILE_CAPTURE__FOLLOW_MEDIA": "false"}
    place.must("collect", locators=[locator], **WEAK)
    assert [one["outcome"] for one in place.results()] == ["captured"]
    assert methods(place) == [("http", "captured")]
    assert site.paths() == asked
