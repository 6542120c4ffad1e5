"""Lists from an enemy: read in the sandbox, bounded, and refused with a typed error that names the file."""

from __future__ import annotations

import io
import time
from pathlib import Path

import pytest

from casefile.errors import CasefileError, SheetUnusable
from casefile.vocabulary import ContainmentLevel
from pipelines import sheet_reading, sheets
from pipelines.sheets import read_sheets

from .sheet_files import csv_file, locators, read_contained, read_here, with_part, workbook

LONGEST_S = 60
SHEET = b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">%s</worksheet>'
CELL = b'<sheetData><row r="1"><c r="A1" t="inlineStr"><is><t>%s</t></is></c></row></sheetData>'
ENTITIES = b'<?xml version="1.0"?><!DOCTYPE s [<!ENTITY a "%s"><!ENTITY b "%s">]>' % (b"x" * 100, b"&a;" * 100)
FILE = b'<?xml version="1.0"?><!DOCTYPE s [<!ENTITY a SYSTEM "file:///etc/passwd">]>'


def book() -> bytes:
    return workbook({"Leads": [("url",), ("https://a.example/",)]})


BOMBS = {
    "entities that multiply": ("xl/worksheets/sheet1.xml", ENTITIES + SHEET % (CELL % b"&b;")),
    "an entity that is a file": ("xl/worksheets/sheet1.xml", FILE + SHEET % (CELL % b"&a;")),
    "a file in the list of sheets": ("xl/workbook.xml", FILE + b"<workbook>&a;</workbook>"),
    "a row at the end of the world": (
        "xl/worksheets/sheet1.xml",
        SHEET % b'<sheetData><row r="99999999999"><c r="A99999999999"><v>1</v></c></row></sheetData>',
    ),
    "no XML at all": ("xl/workbook.xml", b"\xff\xfe\x00"),
    "no styles": ("xl/styles.xml", b""),
}


@pytest.mark.parametrize("name", BOMBS)
def test_a_hostile_workbook_ends_in_a_typed_error_that_names_it(name: str, tmp_path: Path) -> None:
    began = time.monotonic()
    with pytest.raises(SheetUnusable, match=r"leads\.xlsx") as caught:
        read_contained(with_part(book(), *BOMBS[name]), "leads.xlsx", tmp_path)
    assert time.monotonic() - began < LONGEST_S
    assert caught.value.advice()
    assert "root:" not in str(caught.value)
    assert list(tmp_path.iterdir()) == []


def test_a_workbook_that_unpacks_without_end_is_refused_by_what_it_declares(tmp_path: Path) -> None:
    huge = with_part(book(), "xl/worksheets/sheet1.xml", b"\0" * (sheet_reading.MAX_UNPACKED_BYTES + 1))
    assert len(huge) < 4 << 20
    with pytest.raises(SheetUnusable, match="larger than a sheet can be"):
        read_here(huge, "leads.xlsx", tmp_path)


def test_deep_nesting_ends_without_a_crash(tmp_path: Path) -> None:
    deep = SHEET % (b"<a>" * 100_000 + b"</a>" * 100_000)
    with pytest.raises(CasefileError):
        read_contained(with_part(book(), "xl/worksheets/sheet1.xml", deep), "leads.xlsx", tmp_path)


def test_reading_happens_in_a_worker_without_network(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[object, ...]] = []
    real = sheets.run_worker

    def watched(module: str, request: object, inputs: Path, out: Path, **options: object) -> object:
        asked.append((module, options["egress"], options["level"], [one.name for one in inputs.iterdir()]))
        return real(module, request, inputs, out, **options)

    monkeypatch.setattr(sheets, "run_worker", watched)
    job = read_contained(csv_file([("url",), ("https://a.example/",)]), "../../étrange\n.csv", tmp_path)
    assert asked == [("pipelines.sheet_reading", None, ContainmentLevel.FULL, ["sheet"])]
    assert locators(job) == [(2, "https://a.example/")]


def test_a_file_larger_than_any_list_is_not_even_copied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sheets, "MAX_FILE_BYTES", 1 << 20)
    with pytest.raises(SheetUnusable, match="larger than 1 MiB"):
        read_sheets(io.BytesIO(b"x" * (2 << 20)), "big.csv", scratch=tmp_path, level=ContainmentLevel.FULL)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "answer",
    [
        {},
        {"form": "csv", "sheets": 7},
        {"form": "csv", "sheets": [7]},
        {"form": "csv", "sheets": [{"title": "x", "notes": [7, [1], ["a", "b", "c"]]}]},
    ],
)
def test_an_answer_that_a_worker_would_not_give_is_refused(answer: dict[str, object], tmp_path: Path) -> None:
    (tmp_path / "sheet-0001.jsonl").write_text('[1, ["https://a.example/"]]\n')
    with pytest.raises(SheetUnusable, match=r"wrong form|no column"):
        sheets.understand(answer, tmp_path, "leads.csv")  # type: ignore[arg-type]


@pytest.mark.parametrize("line", ["", "7", "[1]", '["x", []]', "[1, 7]", "{}", "[1, [1]", '"' + "x" * 100 + '"'])
def test_a_line_that_a_worker_would_not_write_is_refused(line: str, tmp_path: Path) -> None:
    (tmp_path / "sheet-0001.jsonl").write_text(line + "\n")
    with pytest.raises(SheetUnusable, match="wrong form"):
        sheets.understand({"form": "csv", "sheets": [{"title": ""}]}, tmp_path, "leads.csv")


def test_a_cell_of_a_thousand_addresses_is_one_refused_row_and_costs_nothing(tmp_path: Path) -> None:
    content = csv_file([("url",), ("https://a.example/ " * 20_000,), ("http://" * 100_000,)])
    began = time.process_time()
    job = read_here(content, "leads.csv", tmp_path)
    assert time.process_time() - began < 5
    assert [row.row for row in job.rows] == [2, 3]


def test_hostile_names_of_columns_and_sheets_stay_text(tmp_path: Path) -> None:
    names = ("url", "\x1b[31mred", "=cmd()", "\u202egpj", "x" * 5_000)
    job = read_here(csv_file([names, ("https://a.example/", "1", "2", "3", "4")]), "leads.csv", tmp_path)
    assert [name for name, _ in next(job.rows).cells] == ["\x1b[31mred", "=cmd()", "\u202egpj", "x" * 255]


def test_a_hundred_thousand_names_alike_cost_no_time(tmp_path: Path) -> None:
    began = time.process_time()
    job = read_here(csv_file([["url", *["n"] * 16_000], ["https://a.example/", *["v"] * 16_000]]), "a.csv", tmp_path)
    assert time.process_time() - began < 5
    assert len(dict(next(job.rows).cells)) == 16_000
