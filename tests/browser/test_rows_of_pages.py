"""PROTOCOL §5, rows 34 to 48, for a page as Chromium shows it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from PIL import Image
from sites.hostile import HostileSite
from sites.pages import ARABIC, BURMESE, WINDOWS
from sites.showing import USER_AGENT, Shows

from casefile.digests import sha256
from casefile.vocabulary import Fidelity, FileKind, Role
from collectors.browser.injected import script
from collectors.wacz.reading import read_wacz

RICH = "/to/rich"


def opened(path: Path) -> Image.Image:
    with Image.open(path) as picture:
        return picture.convert("RGB")


def test_row_34_what_was_asked_for_each_redirect_and_where_it_ended_stand_in_their_order(browser: Shows) -> None:
    shown = browser.once(RICH)
    assert shown.ending == ("captured", None), shown.received.detail
    chain = [(one.status, one.locator, one.redirect_to) for one in shown.received.exchanges[:3]]
    first, second, last = (browser.site.url(path) for path in ("/to/rich", "/to/rich/2", "/rich"))
    assert chain == [(302, first, second), (301, second, last), (200, last, "")]
    assert shown.page.locator == last
    assert {one.peer for one in shown.received.exchanges} == {browser.site.address}


@pytest.mark.parametrize("path", [RICH, "/windows", "/zipped"])
def test_row_35_the_page_is_the_bytes_that_its_one_navigation_was_answered_with(path: str, browser: Shows) -> None:
    shown = browser.once(path)
    wanted = shown.page.locator.removeprefix(browser.site.url(""))
    assert browser.site.paths().count(wanted) == 1
    index = browser.site.paths().index(wanted)
    sent = bytes(browser.site.sent[index]).partition(b"\r\n\r\n")[2]
    (file,) = [one for one in shown.received.files if one.path == shown.page.files[0]]
    assert shown.page.wire_sha256 == sha256(sent)
    if path == "/zipped":
        assert (file.fidelity, b"packed on its way" in shown.content(shown.page)) == (Fidelity.RECONSTRUCTED, True)
    else:
        assert (file.fidelity, shown.content(shown.page)) == (Fidelity.WIRE, sent)


def test_row_35_what_scripts_made_of_the_page_is_kept_apart_from_it(browser: Shows) -> None:
    shown = browser.once(RICH)
    raw, rendered = shown.content(shown.page).decode(), shown.text("page/dom.html")
    assert "as it was sent" in raw
    assert "drawn by a script" in rendered
    assert "as it was sent" not in rendered
    assert "<b>in the shadow</b>" in rendered
    assert browser.once("/windows").content(browser.once("/windows").page) == WINDOWS
    assert "عاجل" in browser.once("/windows").text("page/dom.html")


def test_row_35_what_is_in_one_of_them_only_is_listed_line_by_line(browser: Shows) -> None:
    lines = browser.once(RICH).text("page/sent-and-rendered.txt").splitlines()
    assert any(one.startswith("- ") and "as it was sent" in one for one in lines)
    assert any(one.startswith("+ ") and "drawn by a script" in one for one in lines)
    assert not any("/a/photo.png" in one and "alt" not in one for one in lines)


def test_a_reference_page_shows_that_the_browser_draws_and_reads_as_it_should(browser: Shows) -> None:
    shown = browser.once(RICH)
    (step,) = [one for one in shown.record["steps"] if one["step"] == "reference page"]
    assert (step["colours_as_known"], step["text_as_known"]) == (True, True)
    assert shown.steps().index("reference page") < shown.steps().index("full-page picture")
    assert shown.record["answered"].get("window") is None


def test_a_request_for_consent_is_answered_only_where_somebody_asked_for_that(browser: Shows) -> None:
    left = browser.once("/consent-asked")
    assert (left.steps().count("consent"), left.page.content.value) == (0, "doubtful")
    shown = browser.capture(browser.site.url("/consent-asked"), consent=True, mhtml=True)
    (step,) = [one for one in shown.record["steps"] if one["step"] == "consent"]
    assert (step["answer"], step["clicked"], step["script"]["name"]) == ("refused", "Reject all", "consent-1")
    first, after = (shown.bytes(f"page/screenshot{name}.png") for name in ("", "-consent"))
    assert first != after
    assert b"multipart/related" in shown.bytes("page/page.mhtml")


def test_row_36_the_picture_of_the_whole_page_comes_first_with_time_and_address_beside_it(browser: Shows) -> None:
    shown = browser.once(RICH)
    kept = [one for one in shown.record["steps"] if "file" in one]
    assert kept[0]["file"] == "page/screenshot.png"
    assert [int(one["began_ns"]) for one in kept] == sorted(int(one["began_ns"]) for one in kept)
    picture, framed = (opened(shown.out / f"page/{name}") for name in ("screenshot.png", "screenshot-framed.jpg"))
    assert picture.height > 20_000
    assert framed.height > picture.height
    (file,) = [one for one in shown.received.files if one.path == "page/screenshot-framed.jpg"]
    assert file.derived_from == ("page/screenshot.png",)
    assert shown.page.locator in file.command
    assert kept[0]["began_at"][:10] in file.command[1]


def test_row_36_a_picture_higher_than_the_browser_draws_is_whole_to_its_end(browser: Shows) -> None:
    picture = opened(browser.once(RICH).out / "page/screenshot.png")
    red, _, blue = picture.getpixel((600, 19_500))  # type: ignore[misc]
    assert blue > red  # beyond some 16,000 pixels one picture would show its beginning again


def test_row_37_each_medium_has_its_own_locator_and_digest_or_the_reason_why_not(browser: Shows) -> None:
    shown = browser.once(RICH)
    one, other = shown.item_at("/a/photo.png"), shown.item_at("/b/photo.png")
    assert sha256(shown.content(one)) != sha256(shown.content(other))
    assert (one.role, one.media_type, one.title) == (Role.PICTURE, "image/png", "the first")
    outcomes = {one["locator"].rpartition("/")[2]: one["outcome"] for one in shown.record["media"]}
    assert outcomes["missing.png"] == "status 404"
    assert outcomes["dot.png"].startswith("not kept")
    for path in ("/lazy/photo.png", "/back/photo.png", "/poster.png"):
        assert shown.content(shown.item_at(path)).startswith(b"\x89PNG")
    assert shown.item_at("/film.mp4").role is Role.VIDEO


def test_row_38_what_the_page_claims_is_kept_beside_its_bytes_and_never_in_their_place(browser: Shows) -> None:
    shown = browser.once(RICH)
    page, facts = shown.page, shown.record["page"]
    assert (page.title, page.author, page.claimed_time) == ("The whole page", "A. Writer", "2024-05-06T07:08:09+03:00")
    assert (facts["language"], facts["direction"]) == ("ar", "rtl")
    assert facts["canonical"] == browser.site.url("/canonical")
    assert {"name": "og:title", "content": "What the page calls itself elsewhere"} in facts["meta"]
    for word in (ARABIC, BURMESE, "in the shadow", "drawn by a script"):
        assert word in page.text


def test_row_38_what_stands_in_frames_is_text_of_the_page_under_their_addresses(browser: Shows) -> None:
    shown = browser.once("/framing")
    around, *frames = shown.text("page/text.txt").split("\n\n[frame ")
    assert around.strip() == "around"
    assert [one.strip().splitlines() for one in frames] == [
        [browser.site.url("/frame") + "]", "in the frame"],
        ["about:srcdoc]", "written into it"],
        [browser.site.url("/frame?alone") + "]", "in the frame"],
    ]
    assert "written into it" in shown.page.text


def test_row_41_digests_are_taken_at_once_and_every_script_of_ours_has_one(browser: Shows) -> None:
    shown = browser.once(RICH)
    for step in shown.record["steps"]:
        if "file" in step:
            assert step["sha256"] == sha256(shown.bytes(step["file"])), step["step"]
    used = [one["script"] for one in shown.record["steps"] if "script" in one]
    used += [one for step in shown.record["steps"] for one in step.get("scripts", [])]
    assert {one["name"] for one in used} == {"facts-1", "frame-1", "scroll-1", "top-1"}
    assert all(one["sha256"] == script(one["name"]).digest for one in used)


def test_row_43_everything_made_of_the_page_names_what_it_was_made_of_and_by_which_call(browser: Shows) -> None:
    made = [one for one in browser.once(RICH).received.files if one.kind is FileKind.DERIVATIVE]
    assert len(made) == 6
    assert all(one.derived_from and one.command for one in made)


@pytest.mark.parametrize(
    ("path", "ending", "content"),
    [
        ("/login-page", ("captured", "not-the-content"), "absent"),
        ("/status/404", ("captured", "http-status"), "absent"),
        ("/status/403", ("captured", "http-status"), "absent"),
        ("/windows", ("captured", None), "present"),
    ],
)
def test_rows_46_and_47_what_is_shown_is_judged_and_no_status_is_taken_for_removal(
    path: str, ending: tuple[str, str | None], content: str, browser: Shows
) -> None:
    shown = browser.once(path)
    assert (shown.ending, shown.page.content.value) == (ending, content)
    assert "deleted" not in json.dumps(shown.received.plain())


def test_row_48_the_same_address_again_is_another_capture(browser: Shows) -> None:
    first, again = (browser.capture(browser.site.url("/changing")) for _ in range(2))
    assert (first.page.title, again.page.title) == ("answer 1", "answer 2")
    assert b"answer number 1" in first.content(first.page)
    assert b"answer number 2" in again.content(again.page)


def test_of_a_page_that_loads_itself_again_the_bytes_are_of_what_the_picture_shows(browser: Shows) -> None:
    shown = browser.once("/reloading")
    assert b"the second time" in shown.content(shown.page)
    assert "the second time" in shown.text("page/dom.html")
    assert [one.status for one in shown.received.exchanges] == [200, 200]


@pytest.mark.campaign
def test_scrolling_finds_what_a_feed_loads_and_ends(browser: Shows) -> None:
    shown = browser.once("/feed")
    (step,) = [one for one in shown.record["steps"] if one["step"] == "scrolling"]
    asked = [target for target in browser.site.paths() if target.startswith("/endless")]
    assert 1 < len(asked) < 60
    assert step["reached_the_end"] is False
    assert "picture after scrolling" in shown.steps()
    assert (shown.out / "page/screenshot.png").is_file()


def test_one_visitor_is_seen_whatever_asks(browser: Shows, site: HostileSite) -> None:
    browser.once(RICH)
    seen = [one for one in site.requests if "casefile" not in one.target]
    assert {one.headers.get("user-agent") for one in seen} == {USER_AGENT}
    assert {one.headers.get("accept-language") for one in seen} == {"ar,en;q=0.9"}
    hints = {one.headers.get("sec-ch-ua", '"Google Chrome";v="140"') for one in seen}
    assert all('v="140"' in one and "Headless" not in one for one in hints)
    assert any("1280 | 800 | UTC" in one.target.replace("%20", " ").replace("%7C", "|") for one in seen)


def test_what_passed_is_a_wacz_that_is_entered_by_the_page(browser: Shows) -> None:
    shown = browser.once(RICH)
    found = read_wacz(shown.out / "record/wire.wacz")
    assert found.ok, found.problems
    assert [one.locator for one in found.pages] == [shown.page.locator]
    assert found.fidelity == {"wire.warc.gz": "wire"}
    index = browser.site.paths().index("/rich")
    assert shown.responses()[shown.page.locator] == bytes(browser.site.sent[index])


def test_nobody_is_asked_that_the_page_did_not_name(browser: Shows) -> None:
    shown = browser.once(RICH)
    asked = {f"{one.host}:{one.port}" for one in shown.contacts if not one.refused}
    assert asked == {browser.site.address}
    assert all(one.refused.startswith("own-call") for one in shown.contacts if one.host != "127.0.0.1")
