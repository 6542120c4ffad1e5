"""Documents as PDF: text and nothing that acts. Letters are drawn with the fonts of this machine.

What no font here can show stands as its code point, and the first page says so: a report must not look complete where
a sign is missing. Texts from outside are escaped as on a terminal; there are no links, scripts, forms or attachments.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import cache
from pathlib import Path

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
BODY, SMALL, HEAD = 10.0, 7.5, 15.0
CORE = "helvetica"
"""A font that every reader of PDF has, for Latin letters."""
FIRST_SHAPED = "\u0300"
"""From here on letters join, stack or run from the right: those before it need no shaping, which is slow."""
GREY, BLACK = (90, 90, 90), (0, 0, 0)
INVISIBLE = re.compile("[\u200c\u200d\u200e\u200f\u00ad\ufe0f]")
"""Joiners, marks of direction, a soft hyphen: they shape what is around them and have no sign of their own."""
Line = tuple[str, str]
"""A style (`head`, `body`, `small`) and a text."""


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


class Pages:
    """A document, with the fonts that the characters of these lines need."""

    def __init__(self, lines: Sequence[Line]) -> None:
        self.pdf = FPDF(format="A4")
        self.pdf.set_auto_page_break(auto=True, margin=15)
        fonts, self._missing = fonts_for({character for _style, text in lines for character in text})
        self._family = CORE
        for number, path in enumerate(fonts):
            self.pdf.add_font(f"font{number}", fname=str(path))
        if fonts:
            self._family = "font0"
            self.pdf.set_fallback_fonts([f"font{number}" for number in range(1, len(fonts))], exact_match=False)

    def begin(self, title: str, made_at: str, head: Sequence[Line]) -> None:
        """The first page, with what it says; `made_at` is the only time that the document holds."""
        self.pdf.set_title(title)
        self.pdf.set_producer("Casefile")
        self.pdf.set_creator("Casefile")
        self.pdf.set_creation_date(datetime.fromisoformat(made_at))
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
        if self._family == CORE:
            safe = INVISIBLE.sub("", safe)
        return "".join(_code_point(one) if one in self._missing else one for one in safe)


def _code_point(character: str) -> str:
    return f"\\U{ord(character):08x}" if ord(character) > 0xFFFF else escape_of(character)
