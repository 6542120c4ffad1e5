"""Cells that nobody's spreadsheet program runs: formulas are taken apart in CSV, and put together again on reading.

A program decides by the first character of a cell whether it is a formula, and a cell begins where the program thinks
that one does: also behind a semicolon, a tabulator or a line end inside quotes, when it expects another delimiter
than the comma that is written here.
"""

from __future__ import annotations

import re

QUOTE = "'"
"""What spreadsheet programs themselves put before a text that is not to be calculated."""
BEGINS = "=+\\-@\uff1d\uff0b\uff0d\uff20"
"""Starts of a formula, in full width as well: some programs take those for the same."""
LED_BY = "'\" \xa0\u200b\u2060\ufeff\x00-\x08\x0b\x0c\x0e-\x1f"
"""What a program may skip before it looks."""
AT_START = f"[{LED_BY}]*[{BEGINS}\t\r\n]"
BEHIND = "(?<=[;\t\r\n])"
INSIDE = f"[{LED_BY}]*[{BEGINS}]"

UNSAFE = re.compile(f"\\A(?={AT_START})|{BEHIND}(?={INSIDE})")
QUOTED = re.compile(f"\\A{QUOTE}(?={AT_START})|{BEHIND}{QUOTE}(?={INSIDE})")

UNWRITABLE = re.compile("[\x00-\x08\x0b-\x1f\ud800-\udfff\ufffe\uffff]|_(?=x[0-9A-Fa-f]{4}_)")
WRITTEN = re.compile(r"_x([0-9A-Fa-f]{4})_")
"""ECMA-376, ST_Xstring: how a workbook writes what XML cannot hold, and an underscore that would look like it."""


def without_formula(text: str) -> str:
    """The text of a CSV cell that no program takes for a formula; `with_formula` gives the text back."""
    return UNSAFE.sub(QUOTE, text)


def with_formula(text: str) -> str:
    """The text that `without_formula` made safe."""
    return QUOTED.sub("", text)


def as_xml_text(text: str) -> str:
    """The text as the XML of a workbook can hold it; `from_xml_text` gives it back."""
    return UNWRITABLE.sub(lambda found: f"_x{ord(found.group()):04X}_", text)


def from_xml_text(text: str) -> str:
    """The text that a workbook stands for."""
    return WRITTEN.sub(lambda found: chr(int(found.group(1), 16)), text)
