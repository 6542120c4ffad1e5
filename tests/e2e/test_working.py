"""Everything that people do with a workspace besides collecting."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from e2e.case import Case
from PIL import Image
from sites.hostile import HostileSite

from pipelines.diagnosing import SCRIPT_RUNTIME


def test_handed_over_files_are_listed_as_such_and_two_of_one_name_are_two(case: Case, tmp_path: Path) -> None:
    for folder, colour in (("one", "red"), ("two", "blue")):
        (tmp_path / folder).mkdir()
        Image.new("RGB", (64, 64), colour).save(tmp_path / folder / "IMG_1.png")
    hostile = tmp_path / "one" / "a.jpg\n-if\nsystem('id')||1\nok.jpg"
    hostile.write_bytes(b"not a picture")
    case.must("import", str(tmp_path / "one"), str(tmp_path / "two"), "--from-person", "Bora", "--how", "by hand")
    items = case.must("items")["items"]
    assert [one["acquisition"] for one in items] == ["handed-over"] * 3
    named = [one for one in items if one["name"].endswith("IMG_1.png")]
    assert len({one["sha256"] for one in named}) == 2
    shown = case.must("show", items[0]["number"])
    assert shown["capture"]["source"] == "Bora"
    assert shown["capture"]["handed_over_how"] == "by hand"
    assert case.must("audit")["ok"]


def test_remarks_and_tags_are_found_again(case: Case, site: HostileSite) -> None:
    case.must("collect", site.url("/page"))
    case.must("note", "I-0001", "Snimljeno ispred лікарні")
    assert case.must("tag", "I-0001", "hospital", "night")["tags"] == ["hospital", "night"]
    assert case.must("tag", "I-0001", "night", "--remove")["tags"] == ["hospital"]
    assert [one["number"] for one in case.must("items", "--tag", "hospital")["items"]] == ["I-0001"]
    assert case.must("items", "--tag", "night")["items"] == []
    assert case.must("search", "ЛІКАРН")["hits"][0]["number"] == "I-0001"
    assert case.must("show", "I-0001")["remarks"][0]["by"] == "Ana Marić"


def test_an_unknown_person_and_an_unknown_item_are_usage_errors(case: Case) -> None:
    said = case.run("note", "I-9999", "x")
    assert said.code == 2
    assert "I-9999" in said.err
    assert case.run("--as", "Mallory", "person", "add", "Bora").code == 2
    assert case.run("items", "--workspace", "/nonexistent/place").code == 6


def test_a_source_does_not_act(case: Case) -> None:
    case.must("person", "add", "Bora", "--source")
    said = case.run("--as", "Bora", "items")
    assert said.code == 2
    assert "recorded as a source" in said.err


@pytest.mark.campaign
def test_what_nobody_can_mean_is_a_usage_error(case: Case, tmp_path: Path) -> None:
    (tmp_path / "plain").write_text("a file where a folder should be")
    for arguments in (
        ("search", " "),
        ("restore", str(tmp_path), str(tmp_path / "restored")),
        ("items", "--html", str(tmp_path / "plain" / "sheet")),
        ("duplicates", "--csv", str(tmp_path / "nowhere" / "pairs.csv")),
        ("duplicates", "--csv", str(tmp_path)),
        ("monitor", "add", "https://a.example/feed", "--kind", "feed", "--name", "news", "--why", " "),
    ):
        said = case.run(*arguments)
        assert said.code == 2, f"{arguments}: {said.err}"
        assert said.err.startswith("casefile: ")
        assert "Traceback" not in said.err


def test_an_item_is_shown_in_words_and_each_claim_once(case: Case, tmp_path: Path) -> None:
    picture = Image.effect_mandelbrot((320, 240), (-2.0, -1.2, 1.0, 1.2), 100).convert("RGB")
    exif = Image.Exif()
    exif[0x0132] = "2026:05:04 10:21:37"
    picture.save(tmp_path / "one.jpg", exif=exif)
    case.must("import", str(tmp_path / "one.jpg"), "--from-person", "Bora")
    lines = case.run("show", "I-0001").out.splitlines()
    claims = [line for line in lines if line.endswith("]")]
    assert any("modified_time: 2026-05-04T10:21:37" in line for line in claims)
    assert len(claims) == len(set(claims))
    assert not [line for line in lines if line.endswith((": True", ": False", ": None", ": []"))]
    assert "    complete: yes" in lines


def test_bubblewrap_that_does_not_start_is_not_called_good(case: Case, tmp_path: Path) -> None:
    program = tmp_path / "bwrap"
    program.write_text(
        '#!/bin/sh\n[ "$1" = --version ] && echo "bubblewrap 0.8.0" && exit 0\necho no namespace >&2\nexit 1\n'
    )
    program.chmod(0o755)
    case.extra["PATH"] = f"{tmp_path}:{os.environ['PATH']}"
    found = case.must("doctor", code=3)
    (tool,) = [tool for tool in found["tools"] if tool["name"] == "bwrap"]
    assert "no namespace" in tool["problem"]
    assert "bwrap" in found["missing"]
    level = found["containment"]
    assert (level["level"], level["reason"]) == ("weak", tool["problem"])
    assert [one.partition(":")[0] for one in level["lacks"]] == [
        "network",
        "files",
        "processes",
        "privileges",
        "recording",
    ]
    said = case.run("doctor", "--for", "ftp://a.example/")
    assert "USELESS  bwrap 0.8.0" in said.out
    assert "lacks network: a program can go around the broker" in said.out
    assert "method: none" in said.out


@pytest.mark.campaign
def test_a_backup_is_restored_whole_and_again(case: Case, site: HostileSite, tmp_path: Path) -> None:
    case.must("collect", site.url("/page"))
    backup = tmp_path / "elsewhere"
    first = case.must("backup", str(backup))
    case.must("collect", site.url("/plain"))
    second = case.must("backup", str(backup))
    assert second["files"] < first["files"] + 20
    restored = tmp_path / "restored"
    assert case.must("restore", str(backup), str(restored))["audit"]["ok"]
    again = Case(restored, case.allowed)
    assert again.must("items") == case.must("items")
    assert again.must("collect", site.url("/page"))["results"][0]["outcome"] == "captured"


def test_a_damaged_backup_is_not_passed_off_as_good(case: Case, site: HostileSite, tmp_path: Path) -> None:
    case.must("collect", site.url("/page"))
    backup = tmp_path / "elsewhere"
    case.must("backup", str(backup))
    victim = next(path for path in (backup / "vault").rglob("files/0001"))
    os.chmod(victim, 0o600)
    victim.write_bytes(victim.read_bytes()[:-1] + b"X")
    assert case.run("restore", str(backup), str(tmp_path / "restored")).code == 5


def test_a_contact_sheet_is_offline_and_complete(case: Case, site: HostileSite, tmp_path: Path) -> None:
    case.must("collect", site.url("/page"), site.url("/a/photo.png"), site.url("/reset"), code=1)
    index = Path(case.must("items", "--html", str(tmp_path / "sheet"))["index"])
    assert index.is_file()
    pages = "".join(path.read_text() for path in index.parent.rglob("*.html"))
    assert "I-0001" in pages
    assert "I-0002" in pages
    assert site.url("/reset") in pages
    assert "<script" not in pages
    assert site.address in pages


def test_the_tool_proves_itself_and_says_what_is_here(case: Case) -> None:
    assert case.must("selftest")["failed"] == []
    found = case.must("doctor")
    assert found["containment"] == {"level": "full", "reason": "", "lacks": []}
    assert {"exiftool", "ffmpeg"} <= {tool["name"] for tool in found["tools"] if tool["found"]}
    known = case.must("doctor", "--for", "https://www.youtube.com/watch?v=BaW_jenozKc")["locator"]
    assert (known["method"], known["needs"], known["last_success"]) == ("ytdlp", [SCRIPT_RUNTIME], None)


def test_what_looks_alike_is_flagged_compared_looked_up_and_decided(case: Case, tmp_path: Path) -> None:
    folder = tmp_path / "handed"
    (folder / "a").mkdir(parents=True)
    (folder / "b").mkdir()
    picture = Image.effect_mandelbrot((640, 480), (-2.0, -1.2, 1.0, 1.2), 100).convert("RGB")
    picture.save(folder / "a" / "one.jpg", quality=92)
    picture.resize((320, 240)).save(folder / "b" / "two.jpg", quality=60)
    case.must("import", str(folder / "a"), "--from-person", "Bora")
    case.must("import", str(folder / "b"), "--from-person", "Bora")
    (edge,) = case.must("duplicates")["edges"]
    assert set(edge) >= {"edge", "item_a", "item_b", "score", "tier", "method"}
    table = tmp_path / "pairs.csv"
    case.must("duplicates", "--csv", str(table))
    assert table.read_text().splitlines()[0] == "edge,item_a,item_b,name_a,name_b,score,tier,method"
    assert case.must("duplicates", "compare", "I-0001", "I-0002")["distance"] <= 31
    assert len(case.must("duplicates", "lookup", str(folder / "b" / "two.jpg"))["matches"]) == 2
    shown = case.must("duplicates", "show", "I-0002")
    assert case.must("duplicates", "show", shown["cluster"]) == shown
    assert [(one["number"], one["width"], one["height"], one["mirrored"]) for one in shown["copies"]] == [
        ("I-0001", 640, 480, False), ("I-0002", 320, 240, False),
    ]  # fmt: skip
    assert (shown["best_copy"]["number"], shown["best_copy"]["reason"]) == ("I-0001", "most pixels, 640 x 480")
    assert "bits of the whole picture differ" in shown["edges"][0]["explanation"]
    said = case.run("duplicates", "show", "I-0001").out
    assert "First copy found: I-0001" in said
    assert "account\tplatform\tclaimed time\tzone and basis\tresolution\tlength\taudio\toverlay\tmirrored" in said
    case.must("duplicates", "decide", edge["edge"], "different", "--reason", "another day")
    assert case.must("duplicates")["edges"] == []
    case.must("duplicates", "decide", edge["edge"], "same", "--reason", "looked again")
    assert case.must("duplicates")["edges"][0]["tier"] == "accepted"
    assert case.must("audit")["ok"]


@pytest.mark.campaign
def test_equal_pixels_in_other_files_are_said_everywhere(case: Case, tmp_path: Path) -> None:
    handed, asked, table = tmp_path / "handed", tmp_path / "asked.webp", tmp_path / "pairs.csv"
    picture = Image.effect_mandelbrot((320, 240), (-2.0, -1.2, 1.0, 1.2), 100).convert("RGB")
    maker = Image.Exif()
    maker[0x010F] = "Maker"
    handed.mkdir()
    for name in ("a.png", "b.bmp", "c.jpg"):
        picture.save(handed / name, exif=maker)
    picture.save(asked, lossless=True)
    case.must("import", str(handed), "--from-person", "Bora")
    edges = case.must("duplicates", "--inside", "--csv", str(table))["edges"]
    (equal,) = (one for one in edges if one["method"].startswith("pixels"))
    assert len(edges) == 3
    assert sorted((equal["number_a"], equal["number_b"])) == ["I-0001", "I-0002"]
    assert (equal["tier"], equal["score"]) == ("auto", "1.0000")
    assert equal["evidence"]["pixels"].startswith("sha256:")
    assert f"1.0000,auto,{equal['method']}" in table.read_text()
    assert equal in case.must("duplicates", "show", "I-0001")["edges"]
    assert case.must("duplicates", "compare", "I-0001", "I-0002")["pixels"] == "equal"
    found = {one["number"]: one["method"] for one in case.must("duplicates", "lookup", str(asked))["matches"]}
    assert [number for number, method in sorted(found.items()) if method.startswith("pixels")] == ["I-0001", "I-0002"]
    (case.root / "casefile.db").unlink()
    assert case.must("reindex")["pixels_waiting"] == 0
    assert case.must("duplicates", "--inside")["edges"] == edges
    page = Path(case.must("items", "--html", str(tmp_path / "sheet"))["index"])
    assert any(equal["method"] in path.read_text() for path in page.parent.rglob("*.html"))
