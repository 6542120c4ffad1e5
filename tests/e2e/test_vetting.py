"""Answers about tools, errata, and the selftest that captures cite."""

from __future__ import annotations

from pathlib import Path

import pytest
from e2e.case import Case
from PIL import Image

from casefile.errors import UsageError
from casefile.records.tools import ToolRecord
from pipelines.errata import errata, errata_of
from pipelines.vetting import FIELDS, NOT_ANSWERED, read_sheet


def hand_over(case: Case, folder: Path, colour: str = "red") -> None:
    path = folder / f"{colour}.png"
    Image.new("RGB", (64, 48), colour).save(path)
    case.must("import", str(path), "--from-person", "Bora")


@pytest.mark.campaign
def test_answers_about_a_tool_are_versioned_and_shown(case: Case, tmp_path: Path) -> None:
    hand_over(case, tmp_path)
    before = case.must("tools", "show", "pillow")
    assert before["vetting"]["adopted"] is False
    assert "pillow" in case.must("doctor")["unvetted"]
    assert before["versions"][0]["items"] == 1
    sheet = case.must("tools", "vet", "pillow", "--template")["template"]
    path = tmp_path / "sheet.toml"
    path.write_text(
        sheet.replace('review_by = ""', 'review_by = "2027-11-30"').replace(
            'support = "not answered"', 'support = "issues"'
        )
    )
    assert case.must("tools", "vet", "pillow", "--answers", str(path))["number"] == 1
    unvetted = case.must("doctor")["unvetted"]
    assert "pillow" not in unvetted
    assert "exiftool" in unvetted
    assert case.must("tools", "vet", "pillow", "--answers", str(path))["number"] == 2
    shown = case.must("tools", "show", "pillow")["vetting"]
    assert shown["adopted"]
    assert (shown["number"], shown["review_by"], shown["answers"]["support"]) == (2, "2027-11-30", "issues")
    assert set(shown["answers"]) == set(FIELDS)
    assert NOT_ANSWERED in shown["answers"].values()
    (case.root / "casefile.db").unlink()
    case.must("reindex")
    assert case.must("tools", "show", "pillow")["vetting"] == shown


@pytest.mark.parametrize(
    "sheet",
    ["", "=", 'review_by = "2027-11-30"\n', '[features]\ncost = "none"\n', '[nature]\ncost = "none"\n',
     'review_by = "2027-11-30"\n[features]\nspeed = "high"\n', 'review_by = "soon"\n[features]\ncost = "none"\n'],
)  # fmt: skip
def test_what_is_no_sheet_is_refused(sheet: str) -> None:
    with pytest.raises(UsageError):
        read_sheet(sheet)


def test_a_sheet_that_is_refused_ends_the_command(case: Case, tmp_path: Path) -> None:
    path = tmp_path / "sheet.toml"
    path.write_text('review_by = "2027-11-30"\n')
    assert case.run("tools", "vet", "pillow", "--answers", str(path)).code == 2


@pytest.mark.campaign
def test_a_capture_cites_the_last_selftest(case: Case, tmp_path: Path) -> None:
    hand_over(case, tmp_path)
    assert case.must("show", "I-0001")["capture"]["environment"]["selftest"]["status"] == "none"
    event = case.must("selftest")["event"]
    hand_over(case, tmp_path, "blue")
    cited = case.must("show", "I-0002")["capture"]["environment"]["selftest"]
    assert (cited["event"], cited["status"]) == (event, "passed")
    assert 0 <= cited["age_s"] < 600


@pytest.mark.parametrize(
    ("tool", "version", "expected"),
    [
        ("exiftool", "12.23", {"E-0001", "E-0002"}),
        ("exiftool", "12.24", {"E-0002"}),
        ("exiftool", "7.43", {"E-0002"}),
        ("exiftool", "12.57", set()),
        ("exiftool", "", {"E-0001", "E-0002"}),
        ("pillow", "10.0.0", {"E-0003"}),
        ("yt-dlp", "2026.10.26", set()),
        ("other", "1", set()),
    ],
)
def test_an_erratum_touches_the_versions_that_it_names(tool: str, version: str, expected: set[str]) -> None:
    assert {one.id for one in errata_of([ToolRecord("", tool, version, "", "", "", 0)])} == expected


def test_the_errata_are_listed_with_whether_they_touch_a_registered_tool(case: Case, tmp_path: Path) -> None:
    hand_over(case, tmp_path)
    listed = case.must("tools", "errata")["errata"]
    assert [one["id"] for one in listed] == [one.id for one in errata()]
    assert [one for one in listed if one["touches"]] == []
    assert case.must("items", "--made-by", "pillow<1")["errata"] == []
