"""The custody report as PDF, judged by a reader that others wrote: it says what the page says, in the same bytes."""

from __future__ import annotations

import io
import re

import pytest
from pypdf import PdfReader

from disclosure import custody_pdf as module
from disclosure.custody_pdf import custody_pdf
from disclosure.telling import Told
from pipelines.exporting import Exported

from .workspaces import COLLECTOR, RECIPIENT


def said(content: bytes) -> str:
    return "".join("".join(page.extract_text() for page in PdfReader(io.BytesIO(content), strict=True).pages).split())


def test_it_says_what_the_page_says_and_who_did_it(made: Exported) -> None:
    content = (made.path / "custody.pdf").read_bytes()
    text, told = said(content), Told(made.contents)
    for item in made.contents.items:
        for step in told.steps(item):
            assert "".join(f"{step.index}. {step.at}: {step.words}, by {step.who}".split()) in text
    for wanted in (COLLECTOR, RECIPIENT, made.contents.root.hex(), made.contents.made_at):
        assert "".join(wanted.split()) in text
    assert not re.search(rb"/(?:JavaScript|URI|EmbeddedFile|Launch)\b", content)


def test_the_same_contents_give_the_same_bytes(made: Exported) -> None:
    assert custody_pdf(Told(made.contents)) == (made.path / "custody.pdf").read_bytes()


def test_a_long_one_says_where_it_ends(made: Exported, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_STEPS", 0)
    assert "endsbeforeI-0001" in said(custody_pdf(Told(made.contents)))
