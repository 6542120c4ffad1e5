"""Archives of other tools come in sealed as they are, and what they claim is shown as claims of others."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from archives import handed_over as made
from archives.samples import make_wacz, make_warc
from e2e.case import Case

pytestmark = pytest.mark.campaign

KINDS = {
    "case.zip": "hunchly", "export.zip": "atlos", "incidents.csv": "atlos", "page.har": "har",
    "page.html": "singlefile", "page.mhtml": "mhtml", "page.wacz": "wacz", "result.json": "telegram",
    "sheet.csv": "auto-archiver", "wire.warc.gz": "warc", "cut.zip": "unknown", "note.txt": None, "photo_1.jpg": None,
}  # fmt: skip


def hand_over(folder: Path) -> None:
    """A folder with an archive of each kind, one that cannot be read, and files that are none."""
    (folder / "photos").mkdir(parents=True)
    written: dict[str, bytes | str] = {
        "incidents.csv": made.ATLOS_SHEET,
        "note.txt": "It was raining.",
        "page.har": json.dumps(made.HAR),
        "page.html": made.SINGLEFILE,
        "page.mhtml": made.MHTML,
        "photos/photo_1.jpg": made.PHOTO,
        "result.json": json.dumps(made.CHAT),
        "sheet.csv": made.ARCHIVER_SHEET,
    }
    for name, content in written.items():
        (folder / name).write_bytes(content.encode() if isinstance(content, str) else content)
    made.zipped(folder / "case.zip", dict(made.HUNCHLY))
    made.zipped(folder / "export.zip", dict(made.ATLOS))
    (folder / "cut.zip").write_bytes((folder / "case.zip").read_bytes()[:-20])
    make_wacz(folder)
    make_warc(folder / "wire.warc.gz")


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Case:
    root = tmp_path_factory.mktemp("case")
    hand_over(root / "leak")
    opened = Case(root / "case").open()
    imported = opened.run("import", str(root / "leak"), "--from-person", "Bo", "--json")
    assert imported.code == 0, imported.err
    return opened


@pytest.fixture(scope="module")
def items(case: Case) -> Mapping[str, Mapping[str, Any]]:
    return {item["name"]: item for item in case.run("items", "--json").json["items"]}


def test_every_file_is_an_item_and_archives_say_what_they_are(items: Mapping[str, Mapping[str, Any]]) -> None:
    found = {name: item["archive"] and item["archive"]["kind"] for name, item in items.items()}
    assert found == KINDS
    assert {item["acquisition"] for item in items.values()} == {"handed-over"}
    assert {item["content"] for item in items.values()} == {"present"}
    assert items["wire.warc.gz"]["archive"]["matches"] == 6
    assert items["cut.zip"]["archive"]["problems"] == 1


def test_claims_are_shown_with_where_they_stand(case: Case, items: Mapping[str, Mapping[str, Any]]) -> None:
    told = case.run("show", items["result.json"]["id"], "--json").json["archive"]
    first = told["entries"][0]["claims"]
    photo = {"field": "file", "value": "photos/photo_1.jpg", "origin": "photo", "bears": "matches"}
    assert photo in first
    assert {"field": "text", "value": "It was raining.", "origin": "text"} in first
    shown = case.run("show", items["case.zip"]["id"]).out
    assert "claims of a third party" in shown
    assert "DIFFERS from what is here" in shown
    broken = case.run("show", items["cut.zip"]["id"]).out
    assert "PROBLEM zip-damaged" in broken


def test_what_is_claimed_is_found_and_survives_the_database(case: Case, items: Mapping[str, Mapping[str, Any]]) -> None:
    hits = case.run("search", "raining", "--json").json["hits"]
    found = {hit["item"] for hit in hits if hit["field"].startswith("archive")}
    assert items["result.json"]["id"] in found
    assert case.run("reindex", "--json").code == 0
    again = {item["name"]: item["archive"] for item in case.run("items", "--json").json["items"]}
    assert again == {name: item["archive"] for name, item in items.items()}
    assert case.run("audit", "--json").json["ok"]
