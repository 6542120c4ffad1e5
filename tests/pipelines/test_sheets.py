"""Lists of locators: every row of every form that people send is read, and nothing is dropped."""

from __future__ import annotations

# ruff: noqa: DTZ001  (a workbook's cell has no zone)
import datetime
from pathlib import Path

import pytest
from openpyxl import Workbook

from casefile.errors import SheetUnusable
from pipelines.sheet_columns import HEADERS

from .sheet_files import (
    AUTO_ARCHIVER,
    csv_file,
    locators,
    read_contained,
    read_here,
    saved,
    workbook,
)

TWO = [(2, "https://a.example/1"), (3, "https://b.example/2")]


def test_a_text_is_one_locator_a_line_with_comments_between(tmp_path: Path) -> None:
    content = b"# for the March report\r\nhttps://a.example/#top\r\n\r\n  https://b.example/  \nno address\nhttps://a.example/#top"
    job = read_here(content, "leads.txt", tmp_path)
    assert [(row.row, row.locator, row.occurrence) for row in job.rows] == [
        (2, "https://a.example/#top", 1),
        (4, "https://b.example/", 1),
        (5, "no address", 1),
        (6, "https://a.example/#top", 2),
    ]
    assert job.name == "leads.txt"
    assert any("rows without a web address: 5" in note for note in job.notes)


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp1252"])
def test_csv_of_any_delimiter_and_encoding_gives_the_same_rows(delimiter: str, encoding: str, tmp_path: Path) -> None:
    rows = [("Titre", "Lien", "Lieu"), ("été, chaud; très", TWO[0][1], "x"), ('dit "oui"', TWO[1][1], "y\nz")]
    job = read_here(csv_file(rows, delimiter, encoding), "leads.csv", tmp_path)
    assert locators(job) == TWO
    assert [row.cells for row in job.rows] == [
        (("Titre", "été, chaud; très"), ("Lieu", "x")),
        (("Titre", 'dit "oui"'), ("Lieu", "y\nz")),
    ]
    assert any("not UTF-8" in note for note in job.notes) is (encoding == "cp1252")


def test_bytes_of_no_encoding_are_read_as_latin_1_with_a_note(tmp_path: Path) -> None:
    job = read_here(b"name,url\n\x81\xe9,https://a.example/1\n", "leads.csv", tmp_path)
    assert next(job.rows).cells == (("name", "\x81é"),)
    assert any("read as Latin-1" in note for note in job.notes)


@pytest.mark.parametrize("name", sorted(HEADERS))
def test_the_column_is_found_by_its_name_in_many_languages(name: str, tmp_path: Path) -> None:
    rows = [("See also", f" {name.upper()} : "), ("https://c.example/", TWO[0][1]), ("https://d.example/", TWO[1][1])]
    assert locators(read_here(csv_file(rows), "leads.csv", tmp_path)) == TWO


def test_without_a_known_name_the_column_of_most_addresses_is_taken(tmp_path: Path) -> None:
    rows = [("who", "where it was", "note"), ("A", TWO[0][1], "see https://x.example"), ("B", TWO[1][1], "")]
    job = read_here(csv_file(rows), "leads.csv", tmp_path)
    assert locators(job) == TWO
    assert any("'where it was' (most of its cells are addresses)" in note for note in job.notes)


def test_a_column_can_be_named_or_given_by_its_letter(tmp_path: Path) -> None:
    rows = [("url", "Mirror"), ("https://c.example/", TWO[0][1]), ("https://d.example/", TWO[1][1])]
    assert locators(read_here(csv_file(rows), "a.csv", tmp_path / "1", column="mirror")) == TWO
    assert locators(read_here(csv_file(rows), "a.csv", tmp_path / "2", column="B")) == TWO
    with pytest.raises(SheetUnusable, match="no rows under a column called 'third'; its columns are: Mirror, url"):
        read_here(csv_file(rows), "a.csv", tmp_path / "3", column="third")


def test_a_list_without_names_loses_no_row(tmp_path: Path) -> None:
    rows = [("https://a.example/1", "x"), ("https://b.example/2", "y"), ("", "z"), ("see above", "")]
    job = read_here(csv_file(rows), "leads.csv", tmp_path)
    assert locators(job) == [(1, "https://a.example/1"), (2, "https://b.example/2"), (3, ""), (4, "see above")]
    assert next(job.rows).cells == (("column B", "x"),)


def test_names_may_stand_below_a_title_and_repeat(tmp_path: Path) -> None:
    rows = [("Leads of March", "", ""), (), ("Note", "URL", "Note"), ("a", TWO[0][1], "b")]
    job = read_here(csv_file(rows), "leads.csv", tmp_path)
    assert locators(job) == [(4, TWO[0][1])]
    assert next(job.rows).cells == (("Note", "a"), ("Note (2)", "b"))
    assert any("2 columns are called 'Note'" in note for note in job.notes)


def test_a_row_without_a_usable_locator_is_a_row_all_the_same(tmp_path: Path) -> None:
    rows = [
        ("url", "note"),
        ("", "no address"),
        ("ftp://old.example", ""),
        ("https://a.example/ https://b.example/", ""),
    ]
    job = read_here(csv_file(rows), "leads.csv", tmp_path)
    assert locators(job) == [(2, ""), (3, "ftp://old.example"), (4, "https://a.example/ https://b.example/")]
    assert "rows with several addresses in one cell, which needs a row each: 4" in job.notes
    assert "rows without a web address: 2, 3" in job.notes


def test_auto_archivers_sheet_is_read_unchanged(tmp_path: Path) -> None:
    row = ("https://a.example/1", "incident 7", "", "", "", "", "", "", "", "", "", "", "", "")
    job = read_here(csv_file([AUTO_ARCHIVER, row]), "sheet.csv", tmp_path)
    assert locators(job) == [(2, "https://a.example/1")]
    assert next(job.rows).cells == (("Destination folder", "incident 7"),)
    assert next(job.sheets.__iter__()).headers == AUTO_ARCHIVER


def test_a_workbook_is_read_as_a_person_sees_it_all_sheets_and_hidden_ones(tmp_path: Path) -> None:
    rows = [
        ("When", "URL", "Views", "Checked", "Length"),
        (datetime.datetime(2024, 1, 31), TWO[0][1], 1234567890123, True, datetime.timedelta(seconds=61)),
        (datetime.datetime(2024, 1, 31, 12, 30), TWO[1][1], 0.5, None, datetime.time(9, 5)),
    ]
    content = workbook({"Feb": rows, "Старое": [("ссылка",), (TWO[0][1],)], "Legend": [("red", "bad")]}, ["Старое"])
    job = read_contained(content, "leads.xlsx", tmp_path)
    assert [(row.sheet, row.row, row.locator, row.occurrence) for row in job.rows] == [
        ("Feb", 2, TWO[0][1], 1),
        ("Feb", 3, TWO[1][1], 1),
        ("Старое", 2, TWO[0][1], 1),
    ]
    first, second, _ = job.rows
    assert first.cells == (
        ("When", "2024-01-31"),
        ("Views", "1234567890123"),
        ("Checked", "TRUE"),
        ("Length", "0:01:01"),
    )
    assert second.cells == (("When", "2024-01-31 12:30:00"), ("Views", "0.5"), ("Length", "09:05:00"))
    assert "sheet 'Старое': it is hidden, and was read like the others" in job.notes
    assert "sheet 'Feb': dates and times that were read as text (2024-01-31 12:00:00, without a zone): 4" in job.notes
    assert "sheet 'Legend': it has no column of addresses; its 1 lines ask for nothing" in job.notes


def test_formulas_and_merged_cells_are_text_and_a_note_says_so(tmp_path: Path) -> None:
    book = Workbook()
    book.active.append(["Link", "Sum"])
    book.active.append(['=HYPERLINK("https://a.example/1","watch")', "=1+1"])
    book.active.append([None, "second line of the block"])
    book.active.merge_cells("A2:A3")
    job = read_here(saved(book), "leads.xlsx", tmp_path)
    assert locators(job) == [(2, "https://a.example/1"), (3, "")]
    assert next(job.rows).cells == (("Link", '=HYPERLINK("https://a.example/1","watch")'), ("Sum", "=1+1"))
    assert any("being links or never calculated: 2" in note for note in job.notes)
    assert any("cells are merged" in note for note in job.notes)


def test_a_list_of_one_column_keeps_addresses_with_commas_whole(tmp_path: Path) -> None:
    place = "https://maps.example/@36.2,37.1,15z"
    assert locators(read_here(f"url\n{place}\n".encode(), "leads.csv", tmp_path / "1")) == [(2, place)]
    assert locators(read_here(f"{place}\n{place}/2\n".encode(), "-", tmp_path / "2")) == [(1, place), (2, place + "/2")]


def test_standard_input_may_be_text_or_csv(tmp_path: Path) -> None:
    assert locators(read_here(b"not an address\nhttps://a.example/\n", "-", tmp_path / "1"))[0] == (1, "not an address")
    job = read_here(b"note,url\nx,https://a.example/\n", "-", tmp_path / "2")
    assert job.form == "csv"
    assert locators(job) == [(2, "https://a.example/")]


def test_a_quotation_mark_left_open_swallows_no_rows(tmp_path: Path) -> None:
    content = b'note,url\n"open,https://a.example/1\nb,https://b.example/2\n'
    job = read_here(content, "leads.csv", tmp_path)
    assert locators(job) == TWO
    assert any("never closed" in note for note in job.notes)


@pytest.mark.parametrize(
    ("name", "content", "says", "advises"),
    [
        ("a.csv", b"", "it is empty", "one column of web addresses"),
        ("a.csv", b"name,age\nx,1\n", "no column holds web addresses", "--column NAME"),
        ("a.csv", b"url,name\n", "no row stands below the line of names", "one in each row"),
        ("a.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "old binary format, or one locked by a password", ".xlsx"),
        ("a.pdf", b"%PDF-1.7", "neither text, CSV nor an .xlsx", "CSV in UTF-8"),
        ("a.xls", b"<html><table>", "neither text, CSV nor an .xlsx", "CSV in UTF-8"),
        ("a.xlsx", b"PK\x03\x04 and no more", "cannot be read as what it claims to be", "save it again as .xlsx"),
        ("a.xlsx", b"https://a.example/\n", "called a workbook and is none", "If it is a text or a CSV"),
        ("a.ODS", b"not a workbook", "called a workbook and is none", "save it as .xlsx"),
        ("a.xlsx", b"", "it is empty", "one column of web addresses"),
    ],
)
def test_an_unusable_file_says_what_a_sheet_needs(
    name: str, content: bytes, says: str, advises: str, tmp_path: Path
) -> None:
    with pytest.raises(SheetUnusable, match=says) as caught:
        read_here(content, name, tmp_path)
    assert advises in caught.value.advice()
    assert caught.value.exit_code == 2
