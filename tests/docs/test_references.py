"""The references say what the program is."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from cli.commands import COMMANDS, GROUPS
from cli.reference import references

DOCS = Path(__file__).parents[2] / "docs"
ROOMS = ("casefile", "cli", "collectors", "containment", "pipelines", "preservation", "verification")


@pytest.mark.parametrize("name", sorted(references()))
def test_a_reference_is_what_the_program_says_of_itself(name: str) -> None:
    written = (DOCS / name).read_text("utf-8")
    assert written == references()[name], f"run: python -m cli.reference docs  ({name} is out of date)"


def test_every_command_has_its_heading() -> None:
    text = (DOCS / "cli.md").read_text("utf-8")
    headings = set(re.findall(r"^#{2,3} casefile (.+)$", text, re.MULTILINE))
    expected = set(COMMANDS) | {f"{word} {name}" for word, group in GROUPS.items() for name in group.commands}
    assert expected <= headings
