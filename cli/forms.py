"""Sheets filled in on the terminal: each field of a blank sheet is asked for, with the rule beside it. Pure.

What is asked and what is answered go through a function that is passed in; the sheet that comes out is TOML, to be
recorded as any other that somebody wrote.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from pipelines.book import toml_value

Ask = Callable[[str], str]
"""Asks a question and gives the line that was answered."""
KEPT = frozenset({"based_on", "check", "number"})
"""Fields that are not for people to choose."""
ENTRY = re.compile(r"(?:# )?([A-Za-z_]+) = (.+)")
HEADER = re.compile(r"\[(\[?)([A-Za-z_.]+)\]?\]")
YES = ("y", "yes")


@dataclass(frozen=True, slots=True)
class _Field:
    name: str
    blank: str
    rule: str


@dataclass(slots=True)
class _Section:
    """A table of a sheet; `several` of them where its header is in two brackets."""

    path: str = ""
    several: bool = False
    rule: str = ""
    fields: list[_Field] = field(default_factory=list)
    below: list[_Section] = field(default_factory=list)


def fill_in(sheet: str, ask: Ask, tell: Callable[[str], None]) -> str:
    """The filled-in sheet. A blank answer keeps what the sheet has; a list is asked for until a blank line."""
    return "\n".join(_filled(_parsed(sheet), ask, tell)) + "\n"


def _parsed(sheet: str) -> _Section:
    whole = _Section()
    path, rules = [whole], list[str]()
    for line in sheet.splitlines():
        if header := HEADER.fullmatch(line):
            made = _Section(header[2], bool(header[1]), " ".join(rules))
            while path[-1].path and not made.path.startswith(f"{path[-1].path}."):
                path.pop()
            path[-1].below.append(made)
            path.append(made)
            rules = []
        elif (entry := ENTRY.fullmatch(line)) and not line.startswith("# "):
            path[-1].fields.append(_Field(entry[1], entry[2], " ".join(rules)))
            rules = []
        elif line.startswith("# "):
            rules.append(line[2:])
        else:
            rules = []
    return whole


def _filled(section: _Section, ask: Ask, tell: Callable[[str], None]) -> Iterator[str]:
    for one in section.fields:
        yield f"{one.name} = {_answered(one, ask, tell)}"
    for below in section.below:
        name = below.path.rpartition(".")[2].replace("_", " ")
        if below.rule:
            tell(below.rule)
        if not below.several:
            yield f"\n[{below.path}]"
            yield from _filled(below, ask, tell)
            continue
        another = "a"
        while ask(f"Is there {another} {name}? [y/N] ").strip().lower() in YES:
            yield f"\n[[{below.path}]]"
            yield from _filled(below, ask, tell)
            another = "another"


def _answered(one: _Field, ask: Ask, tell: Callable[[str], None]) -> str:
    if one.name in KEPT:
        return one.blank
    if one.rule:
        tell(one.rule)
    question = f"{one.name.replace('_', ' ')}"
    blank = tomllib.loads(f"value = {one.blank}")["value"]
    if isinstance(blank, bool):
        said = ask(f"{question}? [{'Y/n' if blank else 'y/N'}] ").strip().lower()
        return toml_value(said in YES if said else blank)
    if isinstance(blank, list) and not any(isinstance(entry, dict) for entry in blank):
        return toml_value(list(_lines(question, ask)) or blank)
    while True:
        said = ask(f"{question}{_shown(blank)}: ").strip()
        if not said:
            return one.blank
        if isinstance(blank, str):
            return toml_value(said)
        try:
            tomllib.loads(f"value = {said}")
        except tomllib.TOMLDecodeError:
            tell(f"this is written as {one.blank}")
        else:
            return said


def _lines(question: str, ask: Ask) -> Iterator[str]:
    while said := ask(f"{question} (a blank line ends): ").strip():
        yield said


def _shown(blank: str | int | Sequence[object]) -> str:
    return f" [{blank if isinstance(blank, str | int) else toml_value(blank)}]" if blank else ""
