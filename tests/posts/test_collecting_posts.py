"""A post from its page to `show` and `search`, and what becomes of one that is not given whole."""

from __future__ import annotations

from typing import Any

import pytest
from e2e.case import Case
from sites.hostile import HostileSite

POST = "112392882691966162"


@pytest.fixture(scope="module")
def results(case: Case, server: HostileSite) -> list[dict[str, Any]]:
    """What became of the page of a post and of a channel's preview."""
    asked = [server.url(path) for path in (f"/@hana/{POST}", "/s/riverwatch")]
    found: list[dict[str, Any]] = case.must("collect", *asked, code=1)["results"]
    return found


@pytest.fixture(scope="module")
def collected(case: Case, results: list[dict[str, Any]]) -> dict[str, Any]:
    """The items of the post, by their roles."""
    assert (results[0]["outcome"], results[0]["cause"]) == ("captured", None)
    ids = results[0]["items"]
    return {item["role"]: item for item in case.must("items")["items"] if item["id"] in ids}


def test_page_and_endpoint_are_one_capture(server: HostileSite, collected: dict[str, Any]) -> None:
    assert [path for path in server.paths() if POST in path] == [f"/@hana/{POST}", f"/api/v1/statuses/{POST}"]
    assert set(collected) == {"page", "post"}
    page, post = collected["page"], collected["post"]
    assert page["capture"] == post["capture"]
    assert (post["author"], post["claimed_time"]) == ("Ганна К.", "2024-05-06T07:08:09.123Z")
    assert (post["posts"], post["post"]["handle"]) == (1, "hana")
    assert len({seen.headers["user-agent"] for seen in server.requests if POST in seen.target}) == 1


def test_every_value_is_a_claim_with_its_origin(case: Case, collected: dict[str, Any]) -> None:
    shown = case.must("show", collected["post"]["number"])["posts"]
    (post,) = shown["posts"]
    assert (post["author"], post["handle"], post["asked"]) == ("Ганна К.", "hana", True)
    times = {one["origin"]: one["value"] for one in post["claims"] if one["field"] == "posted_time"}
    assert times == {
        "mastodon-api:created_at": "2024-05-06T07:08:09.123Z",
        "platform-id:mastodon": "2024-05-06T07:08:09.123Z",
    }
    printed = case.run("show", collected["post"]["number"]).out
    assert "author: Ганна К.  [mastodon-api:account.display_name]" in printed


@pytest.mark.parametrize(("query", "field"), [("зруйновано", "post text"), ("Ганна", "post author")])
def test_search_finds_text_and_author(case: Case, collected: dict[str, Any], query: str, field: str) -> None:
    hits = case.must("search", query)["hits"]
    assert (collected["post"]["number"], field) in {(hit["number"], hit["field"]) for hit in hits}


def test_a_rebuild_brings_posts_back(case: Case, collected: dict[str, Any]) -> None:
    before = case.must("show", collected["post"]["number"])["posts"]
    assert case.run("reindex").code == 0
    assert case.must("show", collected["post"]["number"])["posts"] == before
    assert (collected["post"]["number"], "post text") in {
        (hit["number"], hit["field"]) for hit in case.must("search", "зруйновано")["hits"]
    }
    assert case.run("audit").code == 0


def test_media_that_a_preview_withholds_make_the_outcome_partial(results: list[dict[str, Any]]) -> None:
    assert (results[1]["outcome"], results[1]["cause"]) == ("partial", "parts-missing")
    assert "report.pdf" in results[1]["detail"]


def test_the_contact_sheet_shows_posts(case: Case, collected: dict[str, Any]) -> None:
    case.must("items", "--html", str(case.root / "sheet"))
    page = (case.root / "sheet" / "items" / f"{collected['post']['number']}.html").read_text("utf-8")
    assert "mastodon-api:account.display_name" in page
    assert "Фото о 6:40 ранку." in page
