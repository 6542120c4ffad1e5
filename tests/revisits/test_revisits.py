"""A locator visited again and again, from outside: each visit a capture of its own, and what it found."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parents[1]))

from e2e.case import Case
from sites.behaviours import page, png
from sites.hostile import HostileSite, Visit

STORY = "The bridge was seen from the south bank. " * 50
BEFORE = page("The bridge", STORY, body="<p>It stands.</p>")


def changing() -> Any:
    """A page that is another one at each visit."""
    visits = count()

    def serve(visit: Visit) -> None:
        number = next(visits)
        if number < 2:
            visit.respond(BEFORE)
        elif number == 2:
            visit.respond(BEFORE + "<!-- drawn again -->")
        elif number == 3:
            visit.respond(page("The bridge", STORY, body="<p>It fell at 6:40.</p>"))
        elif number == 4:
            visit.respond("<title>Plaza</title><h1>This page has been removed</h1>")
        elif number == 5:
            visit.reset()
        elif number == 6:
            visit.respond("<title>Nothing</title>", status="404 Not Found")
        else:
            visit.respond(page("The bridge", STORY, body="<p>It fell at 6:40.</p>"))

    return serve


def photographs() -> Any:
    """A picture that is another one at the second visit."""
    visits = count()
    return lambda visit: visit.respond(png(3 + 4 * next(visits), width=64), content_type="image/png")


@pytest.fixture(scope="module")
def site() -> Iterator[HostileSite]:
    with HostileSite({"/story": changing(), "/photo.png": photographs()}) as running:
        yield running


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory, site: HostileSite) -> Case:
    """A workspace that visited a page eight times and a picture twice, in this order."""
    extra = {"CASEFILE_CAPTURE__WORKERS": "1"}
    made = Case(tmp_path_factory.mktemp("revisits") / "case", [site.address], extra).open()
    made.must("collect", *[site.url("/story")] * 8, *[site.url("/photo.png")] * 2, code=1)
    return made


@pytest.fixture(scope="module")
def visits(case: Case, site: HostileSite) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = case.must("revisits", site.url("/story"))["visits"]
    return found


def test_every_visit_is_a_capture_of_its_own_and_is_compared(visits: list[dict[str, Any]]) -> None:
    assert [visit["change"] for visit in visits] == [
        "first",
        "same-bytes",
        "same-content",
        "changed",
        "removal-notice",
        "unreachable",
        "not-the-content",
        "same-bytes",
    ]
    assert len({visit["capture"] for visit in visits}) == 8
    assert [len(visit["items"]) for visit in visits] == [1, 1, 1, 1, 1, 0, 1, 1]
    assert visits[-1]["against"] == visits[3]["capture"]


def test_what_changed_in_a_text_is_shown_line_by_line(case: Case, visits: list[dict[str, Any]]) -> None:
    (difference,) = visits[3]["differences"]
    assert {"- It stands.", "+ It fell at 6:40."} <= set(difference["diff"])
    printed = case.run("revisits", visits[0]["items"][0]).out
    assert "+ It fell at 6:40." in printed
    assert "removal-notice" in printed


def test_nothing_of_an_earlier_visit_was_overwritten(case: Case, visits: list[dict[str, Any]]) -> None:
    items = {item["number"]: item for item in case.must("items")["items"]}
    kept = [items[visit["items"][0]]["sha256"] for visit in visits if visit["items"]]
    assert kept[0] == kept[1] != kept[2]
    assert kept[3] == kept[-1]
    assert case.run("audit").code == 0


def test_the_list_names_what_was_visited_more_than_once(case: Case, site: HostileSite) -> None:
    listed = {one["locator"]: one for one in case.must("revisits")["locators"]}
    assert {locator: one["visits"] for locator, one in listed.items()} == {
        site.url("/story"): 8,
        site.url("/photo.png"): 2,
    }
    newest = listed[site.url("/photo.png")]["newest"]
    assert newest["change"] == "changed"
    assert "of 256 bits" in newest["why"]


def test_what_changed_in_a_picture_is_shown_as_a_picture(case: Case, site: HostileSite, tmp_path: Path) -> None:
    folder = tmp_path / "pictures"
    told = case.must("revisits", site.url("/photo.png"), "--pictures", str(folder))["pictures"]
    assert sorted(path.name.rpartition("-")[2] for path in folder.iterdir()) == [
        "after.jpg",
        "before.jpg",
        "difference.jpg",
    ]
    assert told[0]["pixels"] == 64 * 64
    assert 0 < told[0]["changed_pixels"] <= told[0]["pixels"]
    assert all(path.read_bytes().startswith(b"\xff\xd8\xff") for path in folder.iterdir())


def test_an_item_and_its_sheet_show_the_visits(case: Case, site: HostileSite, visits: list[dict[str, Any]]) -> None:
    number = visits[3]["items"][0]
    shown = case.must("show", number)["revisits"]
    assert [visit["change"] for visit in shown] == [visit["change"] for visit in visits]
    assert all("diff" not in one for visit in shown for one in visit["differences"])
    case.must("items", "--html", str(case.root / "sheet"))
    sheet = (case.root / "sheet" / "items" / f"{number}.html").read_text("utf-8")
    assert "It fell at 6:40." in sheet
    assert "unreachable" in sheet
    photo = case.must("revisits", site.url("/photo.png"))["visits"][1]["items"][0]
    page_of_photo = (case.root / "sheet" / "items" / f"{photo}.html").read_text("utf-8")
    assert "at the visit before" in page_of_photo


def test_a_locator_that_was_never_visited_is_refused(case: Case) -> None:
    assert case.run("revisits", "https://never.example/").code == 2
