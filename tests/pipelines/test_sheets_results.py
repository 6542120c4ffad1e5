"""The sheet that goes back: same sheets, rows and order, text as text, and nothing that a program would calculate."""

from __future__ import annotations

import csv
import io
import re
import stat
import zipfile
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook

from casefile.errors import SheetUnusable
from casefile.vocabulary import Content, Outcome
from pipelines.sheet_columns import OUTCOME_COLUMNS
from pipelines.sheet_reading import Page, csv_lines, sheet_lines
from pipelines.sheet_results import MAX_XLSX_CELL, Filled, RowResult, as_csv, as_xlsx, check_target, write_results
from pipelines.sheet_text import with_formula, without_formula
from pipelines.sheets import SheetJob

from .sheet_files import AUTO_ARCHIVER, csv_file, locators, read_here, workbook

CAPTURED = RowResult(
    Outcome.CAPTURED,
    items=("I-0001", "I-0002"),
    title="=2+5",
    captured_at="2026-11-22T01:02:03Z",
    sha256=("sha256:aa", "sha256:bb"),
    content=Content.PRESENT,
    duplicates=("I-0003",),
    claimed_time="2026-11-20",
    text="-1 @all",
)
FAILED = RowResult(Outcome.FAILED, "dns", "The name is not known.", "Check the address.")
HOSTILE = ("=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1", " =1", "'=1", "a;=1", "a\n=1", "x\t@y", '"=1')
BEGINS_A_FORMULA = re.compile(r"[\s\x00-\x20\xa0\u200b\u2060\ufeff\"']*[=+\-@＝＋－＠]|[\t\r\n]")
"""Said again here, not taken from the product."""
CHARACTERS = st.characters(exclude_categories=["Cs"])
TEXTS = st.one_of(
    st.text(CHARACTERS, max_size=30),
    st.text(st.sampled_from("=+-@\t\r\n;,'\" a\x00\x1f\ufeff\xa0＝"), max_size=12),
    st.sampled_from(HOSTILE),
    st.from_regex(r"(_x00[0-9A-F]{2}_|_x005F_|x){1,4}", fullmatch=True),
)
CELLS = st.lists(TEXTS, min_size=1, max_size=4).filter(lambda cells: any(cell.strip() for cell in cells))
ROWS = st.lists(CELLS, min_size=1, max_size=5)


def written(job: SheetJob, results: dict[str, RowResult], target: Path) -> Path:
    write_results(job, {row.key: results[row.locator] for row in job.rows if row.locator in results}, target)
    return target


def csv_rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_every_row_comes_back_in_its_order_with_its_own_cells_untouched(tmp_path: Path) -> None:
    rows = [
        ("note", "url"),
        ("x", "https://a.example/"),
        ("y", ""),
        ("z", "https://b.example/"),
        ("x", "https://a.example/"),
    ]
    job = read_here(csv_file(rows, ";"), "leads.csv", tmp_path)
    results = {"https://a.example/": CAPTURED, "https://b.example/": FAILED}
    back = csv_rows(written(job, results, tmp_path / "results.csv"))
    assert [(one["note"], one["url"], one["outcome"], one["cause"]) for one in back] == [
        ("x", "https://a.example/", "captured", ""),
        ("y", "", "", ""),
        ("z", "https://b.example/", "failed", "dns"),
        ("x", "https://a.example/", "captured", ""),
    ]
    assert back[0]["items"] == "I-0001, I-0002"
    assert back[0]["sha256"] == "sha256:aa, sha256:bb"
    assert back[0]["content"] == "present"
    assert back[0]["duplicates"] == "I-0003"
    assert back[1]["detail"] == "no attempt is recorded"
    assert back[2]["advice"] == "Check the address."


def test_a_text_comes_back_as_a_table_of_its_locators(tmp_path: Path) -> None:
    job = read_here(b"# comment\n\nhttps://a.example/\nhttps://b.example/\n", "leads.txt", tmp_path)
    back = csv_rows(written(job, {"https://a.example/": CAPTURED}, tmp_path / "results.csv"))
    assert [(one["locator"], one["outcome"]) for one in back] == [
        ("https://a.example/", "captured"),
        ("https://b.example/", ""),
    ]


def test_a_workbook_comes_back_with_its_sheets_lines_and_gaps(tmp_path: Path) -> None:
    content = workbook(
        {
            "One": [("Title",), (), ("url",), ("https://a.example/",)],
            "Legend": [("red", "bad")],
            "Two": [("link",), ("https://b.example/",)],
        }
    )
    job = read_here(content, "leads.xlsx", tmp_path)
    target = written(job, {"https://a.example/": CAPTURED, "https://b.example/": FAILED}, tmp_path / "results.xlsx")
    book = load_workbook(target)
    assert book.sheetnames == ["One", "Legend", "Two"]
    assert [cell.value for cell in book["One"][3]] == ["url", *OUTCOME_COLUMNS]
    assert [cell.value for cell in book["One"][4]][:3] == ["https://a.example/", "captured", None]
    assert [cell.value for cell in book["One"][1]][:1] == ["Title"]
    assert [cell.value for cell in book["Legend"][1]] == ["red", "bad"]
    assert [cell.value for cell in book["Two"][2]][1:3] == ["failed", "dns"]


def test_any_form_goes_back_in_any_form(tmp_path: Path) -> None:
    job = read_here(
        workbook({"A": [("url",), ("https://a.example/",)], "B": [("url",), ("https://b.example/",)]}),
        "x.xlsx",
        tmp_path,
    )
    back = csv_rows(written(job, {"https://a.example/": CAPTURED}, tmp_path / "results.csv"))
    assert [(one["url"], one["outcome"], one["sheet"]) for one in back] == [
        ("https://a.example/", "captured", "A"),
        ("url", "outcome", "sheet"),
        ("https://b.example/", "", "B"),
    ]


def test_a_sheet_without_names_gets_a_line_of_names_above(tmp_path: Path) -> None:
    job = read_here(csv_file([("https://a.example/", "x")]), "leads.csv", tmp_path)
    back = csv_rows(written(job, {"https://a.example/": CAPTURED}, tmp_path / "results.csv"))
    assert [(one["column A"], one["column B"], one["outcome"]) for one in back] == [
        ("https://a.example/", "x", "captured")
    ]


@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_results_can_be_the_next_list_and_give_the_same_rows(form: str, tmp_path: Path) -> None:
    rows = [
        ("Title", "url"),
        ("=1+1", "https://a.example/"),
        ("'=x", "https://b.example/"),
        ("-", "https://a.example/"),
    ]
    job = read_here(csv_file(rows), "leads.csv", tmp_path / "1")
    target = written(job, {"https://a.example/": CAPTURED}, tmp_path / f"results.{form}")
    again = read_here(target.read_bytes(), target.name, tmp_path / "2")
    assert [(row.locator, row.occurrence, row.cells) for row in again.rows] == [
        (row.locator, row.occurrence, row.cells) for row in job.rows
    ]
    twice = written(again, {"https://b.example/": FAILED}, tmp_path / f"twice.{form}")
    assert next(iter(read_here(twice.read_bytes(), twice.name, tmp_path / "3").sheets)).headers == ("Title", "url")


def test_auto_archivers_columns_are_filled_and_another_archive_is_left_alone(tmp_path: Path) -> None:
    blank = [""] * (len(AUTO_ARCHIVER) - 1)
    theirs = ["", "success", "https://archive.example/x", *[""] * (len(AUTO_ARCHIVER) - 4)]
    rows = [
        AUTO_ARCHIVER,
        ["https://a.example/", *blank],
        ["https://b.example/", *blank],
        ["https://c.example/", *theirs],
    ]
    job = read_here(csv_file(rows), "sheet.csv", tmp_path)
    absent = RowResult(Outcome.CAPTURED, "http-status", content=Content.ABSENT)
    results = {row.key: result for row, result in zip(job.rows, (CAPTURED, FAILED, absent), strict=True)}
    notes = write_results(job, results, tmp_path / "results.csv")
    first, second, third = csv_rows(tmp_path / "results.csv")
    assert first["Archive status"] == "archived"
    assert first["Archive location"] == "I-0001, I-0002"
    assert first["Archive date"] == "2026-11-22T01:02:03Z"
    assert first["Upload title"] == "'=2+5"
    assert first["Upload timestamp"] == "2026-11-20"
    assert first["Text content"] == "'-1 @all"
    assert first["Hash"] == "sha256:aa, sha256:bb"
    assert second["Archive status"] == "nothing archived: dns"
    assert (third["Archive status"], third["Archive location"]) == ("success", "https://archive.example/x")
    assert third["outcome"] == "captured"
    assert notes == ("rows whose archive columns were filled, and were left as they were: 1",)


@pytest.mark.parametrize(
    ("result", "status"),
    [
        (RowResult(Outcome.CAPTURED, content=Content.DOUBTFUL), "archived"),
        (RowResult(Outcome.CAPTURED, "http-status", content=Content.ABSENT), "archived, content absent: http-status"),
        (RowResult(Outcome.PARTIAL, "truncated"), "archived in part: truncated"),
        (RowResult(Outcome.ALREADY), "already archived"),
        (RowResult(Outcome.REFUSED, "blocked-by-policy"), "nothing archived: blocked-by-policy"),
    ],
)
def test_auto_archivers_status_never_says_archived_of_what_is_not_there(result: RowResult, status: str) -> None:
    assert result.archive_status == status


@settings(max_examples=80, deadline=None)
@given(ROWS)
def test_csv_gives_any_text_back_and_no_cell_begins_a_formula(rows: list[list[str]]) -> None:
    sheet = Filled("", tuple(enumerate(map(tuple, rows), start=1)))
    content = as_csv([sheet])
    page = Page()
    read = [[with_formula(cell) for cell in cells] for _, cells in csv_lines(content.decode("utf-8"), page)]
    assert read == rows
    for cells in csv.reader(io.StringIO(content.decode("utf-8"), newline="")):
        for cell in cells:
            assert not BEGINS_A_FORMULA.match(cell) or cell.startswith("'")
            for piece in re.split("[;\t\r\n]", cell)[1:]:
                assert not BEGINS_A_FORMULA.match(piece) or piece.startswith("'")


@settings(max_examples=200, deadline=None)
@given(TEXTS)
def test_taking_a_formula_apart_can_always_be_undone(text: str) -> None:
    assert with_formula(without_formula(text)) == text


@settings(max_examples=25, deadline=None)
@example([["=1+1", "+1", "@a"]])
@given(ROWS)
def test_a_workbook_gives_any_text_back_and_every_cell_is_a_text(rows: list[list[str]]) -> None:
    content, cut = as_xlsx([Filled("", tuple(enumerate(map(tuple, rows), start=1)))], "results.xlsx")
    book = load_workbook(io.BytesIO(content), read_only=True, data_only=True)
    read = [list(cells) for _, cells in sheet_lines(book.worksheets[0], None, Page())]
    assert [without_end(cells) for cells in read] == [without_end(cells) for cells in rows]
    assert cut == 0
    part = zipfile.ZipFile(io.BytesIO(content)).read("xl/worksheets/sheet1.xml")
    assert b"<f" not in part
    assert set(re.findall(rb'<c [^>]*?t="(\w+)"', part)) <= {b"inlineStr"}


@given(st.text(st.characters(categories=["Cs", "Cc", "Ll"]), max_size=20))
@settings(max_examples=25, deadline=None)
def test_what_xml_and_utf_8_cannot_hold_stops_no_results(text: str) -> None:
    sheet = Filled("", ((1, (text, "x")),))
    book = load_workbook(io.BytesIO(as_xlsx([sheet], "r.xlsx")[0]), read_only=True)
    ((_, cells),) = sheet_lines(book.worksheets[0], None, Page())
    assert cells == (text, "x")
    assert as_csv([sheet])


def without_end(cells: list[str]) -> list[str]:
    while cells and not cells[-1]:
        cells = cells[:-1]
    return cells


def test_a_text_too_long_for_a_workbook_is_cut_and_it_says_so(tmp_path: Path) -> None:
    job = read_here(csv_file([("url", "text"), ("https://a.example/", "x" * 40_000)]), "leads.csv", tmp_path)
    notes = write_results(job, {}, tmp_path / "results.xlsx")
    cell = load_workbook(tmp_path / "results.xlsx").worksheets[0]["B2"].value
    assert len(cell) == MAX_XLSX_CELL
    assert cell.endswith("(cut: a workbook's cell holds no more)")
    assert notes == ("1 cells were longer than a workbook's cell can be and were cut",)


def test_results_are_private_and_replace_the_former_ones_whole(tmp_path: Path) -> None:
    job = read_here(csv_file([("url",), ("https://a.example/",)]), "leads.csv", tmp_path)
    target = tmp_path / "results.csv"
    target.write_text("former")
    write_results(job, {}, target)
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    assert csv_rows(target)[0]["url"] == "https://a.example/"
    assert not list(tmp_path.glob(".results*"))


def test_a_target_that_cannot_be_written_is_refused_before_anything_is_collected(tmp_path: Path) -> None:
    source = tmp_path / "leads.csv"
    source.write_text("url\n")
    (tmp_path / "the-same.csv").symlink_to(source)
    with pytest.raises(SheetUnusable, match="results are written as"):
        check_target(tmp_path / "results.pdf")
    with pytest.raises(SheetUnusable, match="no folder"):
        check_target(tmp_path / "none" / "results.csv")
    with pytest.raises(SheetUnusable, match="overwrite the list itself"):
        check_target(source, tmp_path / "the-same.csv")
    assert check_target(tmp_path / "results.XLSX", source) == ".xlsx"
    assert locators(read_here(b"https://a.example/\n", "-", tmp_path / "in")) == [(1, "https://a.example/")]
