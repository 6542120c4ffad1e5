"""Every promise names a test that shows it, every hostile input one that meets it; each of these tests exists."""

from __future__ import annotations

import re

import pytest

from .test_documents import DOCS, ROOT, names_of

TEST = re.compile(r"`([\w/]+\.py::\w+)`")
PAGES = ("THREAT_MODEL.md", "hostile-inputs.md")


def promises() -> dict[int, str]:
    """The text of each numbered promise."""
    text = (DOCS / "THREAT_MODEL.md").read_text("utf-8")
    section = text[text.index("## Promises") : text.index("## Not promised")]
    parts = re.split(r"^(\d+)\. (?=\*\*)", section, flags=re.MULTILINE)[1:]
    return {int(number): said for number, said in zip(parts[::2], parts[1::2], strict=True)}


def rows() -> dict[int, str]:
    """The line of each row of the list of hostile inputs."""
    found: dict[int, str] = {}
    for numbers, line in re.findall(r"^\| ([\d–, ]+) \|(.*)$", (DOCS / "hostile-inputs.md").read_text("utf-8"), re.M):
        for one in numbers.split(","):
            first, _, last = one.strip().partition("–")
            for number in range(int(first), int(last or first) + 1):
                assert number not in found, number
                found[number] = line
    return found


def test_promises_are_numbered_without_a_gap() -> None:
    assert list(promises()) == list(range(1, len(promises()) + 1))
    assert len(promises()) > 20


@pytest.mark.parametrize("number", promises())
def test_every_promise_names_a_test_that_shows_it(number: int) -> None:
    assert TEST.search(promises()[number])


def test_every_hostile_input_from_a_to_e_has_its_row_with_outcome_and_test() -> None:
    assert sorted(rows()) == list(range(1, 57))
    for number, line in rows().items():
        cells = [cell.strip() for cell in line.strip("| ").split(" | ")]
        assert len(cells) == 3, number
        assert all(cells), number
        assert TEST.search(line), number


@pytest.mark.parametrize("page", PAGES)
def test_every_test_that_is_named_exists(page: str) -> None:
    text = (DOCS / page).read_text("utf-8")
    named = [one.partition("::") for one in TEST.findall(text)]
    assert [f"{file}::{name}" for file, _, name in named if name not in names_of(ROOT / "tests" / file)] == []
    assert re.findall(r"`[\w/]*test_\w+\.py`", text) == [], "a file alone shows nothing"
