"""Image posts by gallery-dl: what it answers is read as data, and the bytes come out of the broker's record."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parents[1]))

from e2e.case import Case
from sites.hostile import HostileSite
from sites.pages import PAGES

from casefile.vocabulary import Cause
from collectors.gallery.finding import MOST_FILES, read
from collectors.named_media import is_image_post
from containment.programs import ToolResult
from containment.sandbox import available

TOLD = {"category": "site", "subcategory": "post", "id": 7, "title": "The bridge", "content": "At noon"}


def ended(answer: Any, code: int = 0, errors: bytes = b"") -> ToolResult:
    output = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
    return ToolResult(code, output, errors, 0.1)


def test_the_files_of_a_post_are_found_each_once_and_in_their_order() -> None:
    files = [
        "https://site.example/b.jpg",
        "https://site.example/a.jpg",
        "https://site.example/b.jpg",
        "ytdl:https://x/",
    ]
    found = read(ended([[2, TOLD], *([3, one, TOLD] for one in files), "nonsense", [], [3], [3, 5, {}]]))
    assert found.files == ("https://site.example/b.jpg", "https://site.example/a.jpg")
    assert found.elsewhere == ("ytdl:https://x/",)
    assert (found.cause, found.told[0]) == (None, TOLD)


@pytest.mark.parametrize(
    ("answer", "code", "cause"),
    [
        (b"", 64, Cause.UNSUPPORTED),
        (b"no json", 1, Cause.TOOL_FAILED),
        (b"[" * 100_000, 1, Cause.TOOL_FAILED),
        ({"not": "a list"}, 1, Cause.TOOL_FAILED),
        ([[-1, {"error": "AuthRequired", "message": "log in"}]], 4, Cause.LOGIN_NEEDED),
        ([[-1, {"error": "HttpError", "message": "refused"}]], 4, Cause.RESET),
        ([[-1, {"error": "NotFoundError", "message": "gone"}]], 8, Cause.EXTRACTOR_STALE),
        ([[-1, {"error": "KeyError", "message": "x"}]], 1, Cause.TOOL_FAILED),
    ],
)
def test_every_other_end_has_its_cause(answer: Any, code: int, cause: Cause) -> None:
    found = read(ended(answer, code, b"a line\nthe last one"))
    assert (found.cause, found.files) == (cause, ())
    assert found.detail


def test_an_account_is_no_post() -> None:
    found = read(ended([[3, f"https://site.example/{number}.jpg", TOLD] for number in range(MOST_FILES + 5)]))
    assert (len(found.files), found.beyond) == (MOST_FILES, 5)


@pytest.mark.parametrize(
    ("locator", "is_one"),
    [
        ("https://www.instagram.com/p/Cx_1/", True),
        ("https://x.com/somebody/status/177", True),
        ("https://bsky.app/profile/a.example/post/3k", True),
        ("https://x.com/somebody", False),
        ("https://notx.com/somebody/status/177", False),
        ("https://news.example/x.com/somebody/status/177", False),
    ],
)
def test_the_pictures_of_a_post_follow_its_page(locator: str, is_one: bool) -> None:
    assert is_image_post(locator) is is_one


@pytest.fixture(scope="module")
def posted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[HostileSite, Case]]:
    if not available().full:
        pytest.skip("no full containment")
    with HostileSite(PAGES) as site:
        yield site, Case(tmp_path_factory.mktemp("posted") / "case", [site.address]).open()


def collected(case: Case, locator: str, code: int = 0) -> Any:
    (result,) = case.must("collect", locator, "--method", "gallerydl", "--why", "a post", code=code)["results"]
    return result


def test_what_it_names_is_received_in_containment_and_kept_as_it_was_sent(posted: tuple[HostileSite, Case]) -> None:
    site, case = posted
    locator = site.url("/a/photo.jpg")
    site.behaviours["/a/photo.jpg"] = PAGES["/a/photo.png"]
    result = collected(case, locator)
    assert (result["outcome"], result["cause"]) == ("captured", None), result["detail"]
    items = {one["role"]: one for one in case.must("items")["items"]}
    assert set(items) == {"post", "picture"}
    assert items["picture"]["locator"] == locator
    (sent,) = [bytes(one) for one, path in zip(site.sent, site.paths(), strict=True) if path == "/a/photo.jpg"]
    (kept,) = case.root.glob("vault/**/content/files/0002")
    assert sent.endswith(kept.read_bytes())
    assert (
        json.loads(next(case.root.glob("vault/**/content/files/0001")).read_text("utf-8"))[0][1]["filename"] == "photo"
    )
    shown = case.must("show", items["picture"]["id"])["capture"]
    assert [one["name"] for one in shown["tools"]][-1] == "gallery-dl"
    assert (shown["containment"], shown["egress_enforced"]) == ("full", True)
    asked = [one for one in site.requests if one.path == "/a/photo.jpg"]
    assert [(one.method, one.headers.get("cookie")) for one in asked] == [("GET", None)]


@pytest.mark.campaign
def test_what_it_cannot_have_has_its_cause(posted: tuple[HostileSite, Case]) -> None:
    site, case = posted
    assert collected(case, site.url("/rich"), code=4)["cause"] == "unsupported"
    site.behaviours |= {"/gone.jpg": PAGES["/missing.png"], "/page.jpg": PAGES["/frame"]}
    for path, said in (("/gone.jpg", "status 404"), ("/page.jpg", "a page came in the place of a file")):
        result = collected(case, site.url(path), code=1)
        assert (result["outcome"], result["cause"]) == ("partial", "parts-missing")
        assert said in result["detail"]
    inner = collected(case, "http://127.0.0.2:8081/a.jpg", code=1)
    assert inner["outcome"] == "partial"
    assert "http://127.0.0.2:8081/a.jpg: status 403" in inner["detail"]
