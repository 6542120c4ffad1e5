"""A second capture beside an item: what the record lets be called one, how the two compare, where it is shown."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parents[1]))

from e2e.case import Case
from sites.behaviours import page
from sites.hostile import HostileSite

from casefile.errors import UsageError
from casefile.events.types_corroboration import Origin
from casefile.records.engine import reading
from casefile.records.queries import find_items
from casefile.refusals import FieldRefused
from casefile.vocabulary import Role
from pipelines.corroborating import corroborate, corroboration_lines, in_archive, sha256_of_claim
from pipelines.revisits import seen_items
from pipelines.services import open_services
from verification.revisits import Change, compare

from .desk import ANA, Desk

STORY = page("The bridge", "The bridge was seen from the south bank. " * 50)
PLACE, OURS = "https://example.test/story", "sha256:" + "ab" * 32
HOW = "Cleo collected it the same evening, at her own desk"


def test_what_one_machine_captured_twice_is_no_second_capture(desk: Desk) -> None:
    with desk.as_(ANA) as services:
        for origin in Origin:
            with pytest.raises(UsageError, match=r"one machine|observed by this team"):
                corroborate(services, "I-0001", "I-0002", origin, HOW)


def test_items_of_one_capture_do_not_bear_each_other_out(desk: Desk) -> None:
    first, second = desk.seal(Role.PAGE, Role.PICTURE)
    with desk.as_(ANA) as services, pytest.raises(UsageError, match="of one capture"):
        corroborate(services, first, second, Origin.PARTNER, HOW)


def test_a_person_has_to_say_how_it_came_about(desk: Desk) -> None:
    with desk.as_(ANA) as services, pytest.raises(FieldRefused, match="how the second capture came about"):
        corroborate(services, "I-0001", "I-0002", Origin.MACHINE, " ")


@pytest.mark.parametrize(
    ("claimed", "digest"),
    [
        ("sha256:" + "AB" * 32, "ab" * 32),
        ("sha256:" + "VOV2XK5LVOV2XK5LVOV2XK5LVOV2XK5LVOV2XK5LVOV2XK5LVOVQ====", "ab" * 32),
        ("sha1:VOV2XK5LVOV2XK5LVOV2XK5LVOV2XK5L", ""),
        ("", ""),
    ],
)
def test_a_sha256_is_known_in_both_forms_and_no_other_digest_is_taken_for_one(claimed: str, digest: str) -> None:
    assert sha256_of_claim(claimed) == digest


def listing(locator: str, digest: str, bears: str | None) -> Any:
    """What an archive with one entry says."""
    claims = [{"field": "locator", "value": locator}, {"field": "digest", "value": digest, "bears": bears}]
    return {"entries": [{"claims": claims}]}


@pytest.mark.parametrize(
    ("said", "change"),
    [
        (listing(PLACE, OURS, "matches"), "same-bytes"),
        (listing(PLACE, OURS, "differs"), "not-comparable"),
        (listing(PLACE, OURS, None), "not-comparable"),
        (listing(PLACE + "other", OURS, "matches"), "not-comparable"),
        (listing(PLACE, "sha256:" + "0" * 64, "matches"), "not-comparable"),
        ({}, "not-comparable"),
    ],
)
def test_an_archive_bears_out_by_bytes_that_it_holds_and_not_by_what_it_claims(said: Any, change: str) -> None:
    assert in_archive(PLACE, ("", OURS), said)[0] == change


@pytest.fixture(scope="module")
def collected(tmp_path_factory: pytest.TempPathFactory) -> tuple[Case, Path, Any]:
    """A case with one page, and a folder with what a partner and an archive hold of it."""
    folder = tmp_path_factory.mktemp("corroborated")
    pages = {
        "/story": STORY,
        "/other-text": STORY.replace("south", "north"),
        "/other-bytes": STORY.replace("<body>", '<body class="wide">'),
    }
    with HostileSite({path: lambda visit, text=text: visit.respond(text) for path, text in pages.items()}) as site:
        case = Case(folder / "case", [site.address]).open()
        case.must("collect", site.url("/story"))
        (item,) = case.must("items")["items"]
        case.must("collect", site.url("/other-text"), site.url("/other-bytes"))
        Case(folder / "theirs", [site.address]).open().must("collect", site.url("/story"))
    given = folder / "given"
    given.mkdir()
    (theirs,) = (folder / "theirs" / "vault").rglob("capture.wacz")
    (given / "theirs.wacz").write_bytes(theirs.read_bytes())
    for number, ours in enumerate((folder / "case" / "vault").rglob("capture.wacz")):
        (given / f"ours-{number}.wacz").write_bytes(ours.read_bytes())
    (given / "theirs.html").write_text(STORY, "utf-8")
    (given / "other.html").write_text(STORY.replace("south", "north"), "utf-8")
    case.must("import", str(given), "--from-person", "Cleo")
    return case, given, item


def beside(case: Case, name: str, origin: str) -> Any:
    """The second capture of that name, put beside the page."""
    (other,) = [one["number"] for one in case.must("items")["items"] if one["name"] == name]
    return case.must("corroborate", "I-0001", other, "--from", origin, "--how", HOW)


@pytest.mark.campaign
def test_what_a_partner_and_an_archive_hold_is_compared_by_content_and_shown(
    collected: tuple[Case, Path, Any],
) -> None:
    case, _given, item = collected
    equal, changed = beside(case, "theirs.html", "partner"), beside(case, "other.html", "partner")
    archived = beside(case, "theirs.wacz", "archive")
    assert (equal["item"], equal["change"], equal["how"]) == ("I-0001", "same-bytes", HOW)
    assert changed["change"] == "changed"
    assert (archived["change"], archived["why"]) == (
        "same-bytes",
        "bytes of this sha256 are in the archive, under the same locator",
    )
    shown = case.must("show", item["id"])["corroboration"]
    assert shown == [equal, changed, archived]
    assert case.must("show", archived["second"])["corroboration"] == [archived]
    assert f"{equal['second']} beside I-0001, from another partner: same-bytes" in case.run("show", "I-0001").out
    assert case.must("audit")["ok"]


def test_what_this_team_recorded_itself_is_no_second_capture_when_it_comes_back(
    collected: tuple[Case, Path, Any],
) -> None:
    """The record of the same capture, and of any other that this team made."""
    case, given, _item = collected
    ours = sorted(path.name for path in given.glob("ours-*.wacz"))
    numbers = {one["name"]: one["number"] for one in case.must("items")["items"]}
    assert len(ours) == 3
    with open_services(case.root, case.environment) as services:
        for pair in [pair for name in ours for pair in (("I-0001", numbers[name]), (numbers[name], "I-0001"))]:
            with pytest.raises(UsageError, match="what Casefile wrote when it captured"):
                corroborate(services, *pair, Origin.ARCHIVE, HOW)


def test_two_starts_are_not_called_two_machines() -> None:
    told = {"item": "I-0001", "second": "I-0002", "change": "changed", "why": "", "at": "", "by": ANA, "how": HOW}
    assert next(corroboration_lines([{**told, "origin": "machine"}])) == (
        "I-0002 beside I-0001, from another start of a machine: changed"
    )


def test_items_of_two_captures_are_compared_by_what_each_says(collected: tuple[Case, Path, Any]) -> None:
    """All three have one title, and are the first item of their captures."""
    case, _given, _item = collected
    with open_services(case.root, case.environment) as services, reading(services.engine) as rows:
        first, *others = (find_items(rows, [name])[0] for name in ("I-0001", "I-0002", "I-0003"))
        changes = {}
        for other in others:
            one, two = seen_items(services, rows, [first, other])
            assert (one.title, one.role) == (two.title, two.role)
            assert one.text
            assert two.text
            changes[(other.locator or "").rpartition("/")[2]] = compare(one, two).change
    assert changes == {"other-text": Change.CHANGED, "other-bytes": Change.SAME_CONTENT}
