"""The method report as PDF, judged by a reader that others wrote: what it says, and that nothing in it acts."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest
from pypdf import PdfReader

from casefile.errors import UsageError
from disclosure import printing
from disclosure.printing import fonts_for
from pipelines import investigation_report
from pipelines.investigation_report import write_pdf
from pipelines.report_pdf import pdf_of

from .desk import ANA, PLACE, STEP, Desk

VIDEO = "I-0001"
BURMESE, ARABIC, CYRILLIC = "မြန်မာနိုင်ငံ", "البحيرة", "на озере"
HOSTILE = ") Tj ET /JS (app.alert(1)) /OpenAction <</S /JavaScript>> endobj <script>https://example.test/x</script>"


def heading(**fields: Any) -> dict[str, Any]:
    return {
        "title": "The lake",
        "investigation": "x",
        "made_at": "2026-05-04T08:00:00.000000Z",
        "made_by": ANA,
        **fields,
    }


def read(content: bytes) -> PdfReader:
    return PdfReader(io.BytesIO(content), strict=True)


def text_of(reader: PdfReader) -> str:
    return "\n".join(page.extract_text() for page in reader.pages)


def names_in(value: Any, seen: set[int]) -> set[str]:
    """Every key of every dictionary that can be reached."""
    value = value.get_object() if hasattr(value, "get_object") else value
    if id(value) in seen:
        return set()
    seen.add(id(value))
    if isinstance(value, dict):
        return {str(key) for key in value} | {name for one in value.values() for name in names_in(one, seen)}
    if isinstance(value, list):
        return {name for one in value for name in names_in(one, seen)}
    return set()


def test_a_report_as_pdf_says_what_the_page_says_in_every_script(
    desk: Desk, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    desk.step(ANA, VIDEO, "geolocation", **{**PLACE, "finding": f"{BURMESE} and {CYRILLIC}"})
    desk.step(ANA, VIDEO, "facts", **{**STEP, "finding": ARABIC})
    pdf, page = tmp_path / "report.pdf", tmp_path / "report.json"
    assert desk.run(capsys, "report", VIDEO, "--pdf", str(pdf), "--to", str(page))[0] == 0
    said = text_of(read(pdf.read_bytes()))
    report = json.loads(page.read_text("utf-8"))
    assert VIDEO in said
    for one in report["statements"]:
        assert all(event in said for event in one["events"])
    flat = "".join(said.split())
    for row in report["conformance"]:
        assert "".join(f"{row['row']}. {row['obligation']}".split()) in flat
    for letters in (BURMESE, ARABIC, CYRILLIC):
        _fonts, missing = fonts_for(letters)
        if missing:
            assert "stand as code points" in said
        else:
            assert set(letters) - {" "} <= set(said), letters
    assert desk.run(capsys, "report", VIDEO, "--pdf", str(pdf))[0] == 2, "a report is never written over"


def test_nothing_in_a_pdf_acts_whatever_was_collected(desk: Desk) -> None:
    one = {"stage": "s", "kind": "done", "by": HOSTILE, "at": "t", "text": HOSTILE + "\u202e\x1b[31m", "events": ["e"]}
    item = {"number": VIDEO, "class": "video", "locator": HOSTILE, "sha256": HOSTILE}
    report = {"item": item, "hidden": True, "state": "open", "problems": [], "statements": [one], "conformance": []}
    reader = read(pdf_of(heading(title=HOSTILE), [report], []))
    names = names_in(reader.trailer, set())
    acting = {
        "/JS",
        "/JavaScript",
        "/AA",
        "/A",
        "/URI",
        "/Annots",
        "/AcroForm",
        "/EmbeddedFiles",
        "/Launch",
    }
    assert names & acting == set()
    opened = reader.trailer["/Root"].get_object()["/OpenAction"]
    assert isinstance(opened, list), "a place to open at, and no action"
    said = "".join(text_of(reader).split())
    assert "".join(HOSTILE.split()) in said
    assert "\\u202e\\x1b[31m" in said


def test_letters_that_no_font_draws_stand_as_code_points_and_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(printing, "_installed", lambda: ())
    said = text_of(read(pdf_of(heading(title=f"{ARABIC} é 🏞 a\u200db\u200c\u200e\ufe0fc"), [], [])))
    assert "stand as code points" in said
    assert "\\u0627" in said
    assert "\\U0001f3de" in said
    assert "abc" in said
    assert "é" in said


def test_the_whole_investigation_as_pdf_has_its_table_and_its_limit(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with desk.as_(ANA) as services:
        assert write_pdf(services, tmp_path / "whole.pdf") == 2
        said = "".join(text_of(read((tmp_path / "whole.pdf").read_bytes())).split())
        assert "I-0001" in said
        assert "98.scale" in said
        monkeypatch.setattr(investigation_report, "MOST_ITEMS", 1)
        with pytest.raises(UsageError, match="at most 1 items"):
            write_pdf(services, tmp_path / "other.pdf")
    assert not (tmp_path / "other.pdf").exists()
