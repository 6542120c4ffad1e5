"""Method reports as PDF: text and nothing that acts. Letters are drawn with the fonts of this machine.

What no font here can show stands as its code point, and the first page says so: a report must not look complete where
a sign is missing. Texts from outside are escaped as on a terminal; there are no links, scripts, forms or attachments.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from fontTools.ttLib import TTFont, TTLibError
from fpdf import FPDF
from fpdf.enums import WrapMode, XPos, YPos

from casefile.legible import escape_of, marked

FOLDERS = (Path("/usr/share/fonts"), Path("/usr/local/share/fonts"), Path("~/.local/share/fonts").expanduser())
FONTS = (
    "NotoSans-Regular.ttf", "DejaVuSans.ttf", "NotoSansArabic-Regular.ttf", "NotoSansMyanmar-Regular.ttf",
    "NotoSansDevanagari-Regular.ttf", "NotoSansBengali-Regular.ttf", "NotoSansHebrew-Regular.ttf",
    "NotoSansEthiopic-Regular.ttf", "NotoSansThai-Regular.ttf", "NotoSansKhmer-Regular.ttf",
    "NotoSansLao-Regular.ttf", "NotoSansArmenian-Regular.ttf", "NotoSansGeorgian-Regular.ttf",
    "NotoSansTamil-Regular.ttf", "NotoSansTelugu-Regular.ttf", "NotoSansSinhala-Regular.ttf",
    "NotoSansGujarati-Regular.ttf", "NotoSansGurmukhi-Regular.ttf", "NotoSansKannada-Regular.ttf",
    "NotoSansMalayalam-Regular.ttf", "NotoSansOriya-Regular.ttf", "NotoSansThaana-Regular.ttf",
    "NotoSansSyriac-Regular.ttf", "NotoSansTifinagh-Regular.ttf", "NotoSansNKo-Regular.ttf",
    "NotoSerifTibetan-Regular.ttf",
    "NotoSansSymbols-Regular.ttf", "NotoSansSymbols2-Regular.ttf", "NotoSansMath-Regular.ttf",
    "DroidSansFallbackFull.ttf",
)  # fmt: skip
"""In the order in which they are asked for a letter; all of them under licences that let a report embed them."""
MOST_ITEMS = 1000
"""Items of one report as PDF, which is held in memory until it is whole."""
BODY, SMALL, HEAD = 10.0, 7.5, 15.0
CORE = "helvetica"
"""A font that every reader of PDF has, for Latin letters."""
FIRST_SHAPED = "\u0300"
"""From here on letters join, stack or run from the right: those before it need no shaping, which is slow."""
GREY, BLACK = (90, 90, 90), (0, 0, 0)
INVISIBLE = re.compile("[\u200c\u200d\u200e\u200f\u00ad\ufe0f]")
"""Joiners, marks of direction, a soft hyphen: they shape what is around them and have no sign of their own."""


def pdf_of(
    heading: Mapping[str, Any], reports: Iterable[Mapping[str, Any]], table: Sequence[Mapping[str, Any]]
) -> bytes:
    """The report as a PDF: of these items, then the table of obligations where there is one."""
    sections = [*(list(_of_item(one)) for one in reports), list(_of_table(table))]
    head = list(_of_heading(heading))
    pages = _Pages({character for lines in (head, *sections) for _style, text in lines for character in text})
    pages.begin(head, heading)
    for lines in sections:
        pages.add(lines)
    return bytes(pages.pdf.output())


Line = tuple[str, str]
"""A style (`head`, `body`, `small`) and a text."""


def _of_heading(heading: Mapping[str, Any]) -> Iterator[Line]:
    by = f" by {heading['made_by']}" if heading.get("made_by") else ""
    yield "head", "Method report"
    yield "body", f"{heading['title'] or '(erased)'}, investigation {heading['investigation']}."
    yield "body", f"Made {heading['made_at']}{by}. Every statement names the events of the log that it rests on."


def _of_item(report: Mapping[str, Any]) -> Iterator[Line]:
    item = report["item"]
    yield "head", f"{item['number']}: {item['class']}"
    yield "body", str(item["locator"] or "(erased)")
    yield "small", str(item["sha256"] or "(erased)")
    hidden = " Assessments of others are not shown before both are in." if report["hidden"] else ""
    yield "body", f"State of its assessments: {report['state']}.{hidden}"
    for problem in report["problems"]:
        yield "body", f"{problem['code']}: {problem['text']}"
    for one in report["statements"]:
        who = ", ".join(filter(None, (one["by"], one["at"])))
        yield "small", f"{one['stage']}, {one['kind'].replace('_', ' ')}{f' ({who})' if who else ''}"
        yield "body", one["text"]
        yield "small", "events " + " ".join(one["events"])
    yield "head", f"{item['number']}: obligations"
    for one in report["conformance"]:
        yield from _row(one, ())


def _of_table(table: Sequence[Mapping[str, Any]]) -> Iterator[Line]:
    if table:
        yield "head", "Conformance of the investigation"
    for one in table:
        yield from _row(one, [named["number"] for named in one["named"]])


def _row(one: Mapping[str, Any], items: Sequence[str]) -> Iterator[Line]:
    yield "body", f"{one['row']}. {one['obligation']} ({one['paragraph']}): {one['standing']}. {one['why']}"
    named = [*(["items", *items] if items else []), *(["events", *one["events"]] if one["events"] else [])]
    if named:
        yield "small", " ".join(named)


@cache
def _font(path: Path) -> frozenset[int]:
    """The code points that a font draws; none where it is no font."""
    try:
        with TTFont(path, lazy=True) as font:
            return frozenset(font.getBestCmap() or ())
    except (OSError, TTLibError):
        return frozenset()


@cache
def _installed() -> tuple[Path, ...]:
    found: dict[str, Path] = {}
    for folder in FOLDERS:
        for path in sorted(folder.rglob("*.ttf")) if folder.is_dir() else ():
            found.setdefault(path.name, path)
    return tuple(found[name] for name in FONTS if name in found)


def fonts_for(characters: Iterable[str]) -> tuple[tuple[Path, ...], frozenset[str]]:
    """The fonts that draw these characters, the first of them that of most; and the characters that none draws."""
    left = {one for one in characters if ord(one) > ord(" ") and not INVISIBLE.match(one)}
    chosen = []
    for path in _installed():
        drawn = {one for one in left if ord(one) in _font(path)}
        if drawn:
            chosen.append(path)
            left -= drawn
    if not chosen:
        left = {one for one in left if ord(one) > 0xFF}
    return tuple(chosen), frozenset(left)


class _Pages:
    """The document, with the fonts that its characters need."""

    def __init__(self, characters: set[str]) -> None:
        self.pdf = FPDF(format="A4")
        self.pdf.set_auto_page_break(auto=True, margin=15)
        fonts, self._missing = fonts_for(characters)
        self._family = CORE
        for number, path in enumerate(fonts):
            self.pdf.add_font(f"font{number}", fname=str(path))
        if fonts:
            self._family = "font0"
            self.pdf.set_fallback_fonts([f"font{number}" for number in range(1, len(fonts))], exact_match=False)

    def begin(self, head: Sequence[Line], heading: Mapping[str, Any]) -> None:
        """The first page."""
        self.pdf.set_title("Method report")
        self.pdf.set_producer("Casefile")
        self.pdf.set_creator("Casefile")
        self.pdf.set_creation_date(datetime.fromisoformat(str(heading["made_at"])))
        self.pdf.add_page()
        self.add(head)
        if self._missing:
            shown = f"No font of this machine draws {len(self._missing)} of the characters: they stand as code points"
            self.add([("body", f"{shown} (\\u....).")])

    def add(self, lines: Iterable[Line]) -> None:
        """These lines, one below the other."""
        for style, text in lines:
            size = {"head": HEAD, "body": BODY, "small": SMALL}[style]
            self.pdf.set_font(self._family, size=size)
            shaped = self._family != CORE and any(character >= FIRST_SHAPED for character in text)
            self.pdf.set_text_shaping(use_shaping_engine=shaped)
            self.pdf.set_text_color(*(GREY if style == "small" else BLACK))
            self.pdf.multi_cell(
                0,
                size * 0.5,
                self._legible(text),
                new_x=XPos.LMARGIN,
                new_y=YPos.NEXT,
                align="L",
                wrapmode=WrapMode.CHAR if style == "small" else WrapMode.WORD,
            )
            if style != "small":
                self.pdf.ln(0.5)

    def _legible(self, text: str) -> str:
        safe = marked(text, escape_of, over_lines=True).replace("\t", "    ")
        return "".join(_code_point(one) if one in self._missing else one for one in safe)


def _code_point(character: str) -> str:
    return f"\\U{ord(character):08x}" if ord(character) > 0xFFFF else escape_of(character)
