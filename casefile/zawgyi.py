"""Zawgyi, the font encoding in which most Burmese was written before 2019, told from Unicode and brought to it. Pure.

Both use the block from U+1000 to U+109F. Zawgyi stores what is drawn from left to right: the vowel U+1031 and the
medial RA stand before their consonant, U+1039 is the visible killer, and stacked letters have code points that Unicode
gave to other languages. In Unicode (Unicode Standard, section 16.3; Unicode Technical Note 11) everything follows its
consonant. A text breaks the order of one of the two, which is what tells them apart. The converted form is a
derivative: what was written is kept and shown beside it.
"""

from __future__ import annotations

import re
import unicodedata

VERSION = "1"
"""Of these rules, named with everything that they derive."""
LABEL = "Unicode form of Zawgyi"
MYANMAR = re.compile("[\u1000-\u109f]")
LETTER = "\u1000-\u102a\u103f\u104e\u1050-\u1055\u105a-\u105d\u1061\u1065\u1066\u106e-\u1070\u1075-\u1081\u108e"
"""Letters of all languages in the block that a vowel can follow (UnicodeData.txt, general category Lo)."""
ROWS = (
    "\u1000-\u1004", "\u1005-\u100a", "\u100b-\u100f", "\u1010-\u1014", "\u1015-\u1019", "\u101a", "\u101c",
    "\u101e",
)  # fmt: skip
"""Letters that Burmese stacks upon each other: those of one row of its alphabet."""
STACKS = "|".join(f"(?<=[{row}])\u1039[{row}]" for row in ROWS)
BREAKS_UNICODE = re.compile(
    f"(?<![{LETTER}\u1039\u103b-\u103e\u105e-\u1060\u1082])\u1031"  # a vowel with no letter before it
    f"|(?!{STACKS})(?<=[\u1000-\u1021])\u1039"  # a sign that stacks, with nothing that could be stacked
    f"|(?<![\u1000-\u1021\u103a])\u1039(?![{LETTER}])"
    "|\u103a[\u102b-\u1032\u1036\u103c-\u103f]"  # a killed letter that goes on
    f"|(?<![{LETTER}\u1039\u103a-\u103e])[\u103b\u107e-\u1084][\u1000-\u1021]"  # a medial before its letter
    "|[\u102d-\u1032\u1036][\u1033\u1034\u1088\u1089\u1094\u1095]"
)
BREAKS_ZAWGYI = re.compile(
    "[\u1000-\u1021]\u103a(?=[\u1037\u1038\u1000-\u1021\\s\u104a\u104b]|$)"  # a killed letter that ends a syllable
    "|\u103e"  # not a character of Zawgyi
    "|[\u1000-\u1021][\u103b-\u103d]\u1031"  # a vowel behind a medial
    "|\u1004\u103a\u1039[\u1000-\u1021]"  # a letter above the next one
)
WEIGHT = 2
"""What breaks Unicode is met in it as a slip only; what breaks Zawgyi is met there where words meet."""

STACKED = {
    **{0x1060 + place: letter for place, letter in enumerate("\u1000\u1001\u1002\u1003")},
    0x1065: "\u1005", 0x1066: "\u1006", 0x1067: "\u1006", 0x1068: "\u1007", 0x1069: "\u1008", 0x106c: "\u100b",
    0x106d: "\u100c", 0x1070: "\u100f", 0x1071: "\u1010", 0x1072: "\u1010", 0x1073: "\u1011", 0x1074: "\u1011",
    0x1075: "\u1012", 0x1076: "\u1013", 0x1077: "\u1014", 0x1078: "\u1015", 0x1079: "\u1016", 0x107a: "\u1017",
    0x107b: "\u1018", 0x1093: "\u1018", 0x107c: "\u1019", 0x1085: "\u101c", 0x1096: "\u1010",
}  # fmt: skip
"""Zawgyi's code points for letters that stand below another one."""
WHOLE = {
    0x106a: "\u1009", 0x106b: "\u100a", 0x106e: "\u100d\u1039\u100d", 0x106f: "\u100d\u1039\u100e",
    0x1086: "\u103f", 0x108f: "\u1014", 0x1090: "\u101b", 0x1091: "\u100f\u1039\u100d", 0x1092: "\u100b\u1039\u100c",
    0x1097: "\u100b\u1039\u100b",
}  # fmt: skip
"""Zawgyi's second shapes of letters, and its ligatures."""
MEDIAL_Y, MEDIAL_R, MEDIAL_W, MEDIAL_H, KILLER = "\u103b", "\u103c", "\u103d", "\u103e", "\u103a"
KINZI = "\u1004\u103a\u1039"
MARKS = {
    0x1033: "\u102f", 0x1034: "\u1030", 0x103f: "\u1030", 0x1039: KILLER, 0x103a: MEDIAL_Y, 0x107d: MEDIAL_Y,
    0x103c: MEDIAL_W, 0x103d: MEDIAL_H, 0x1087: MEDIAL_H, 0x1088: "\u103e\u102f", 0x1089: "\u103e\u1030",
    0x108a: "\u103d\u103e", 0x105a: "\u102b\u103a", 0x108b: f"{KINZI}\u102d", 0x108c: f"{KINZI}\u102e",
    0x108d: f"{KINZI}\u1036", 0x108e: "\u102d\u1036", 0x1064: KINZI, 0x1094: "\u1037", 0x1095: "\u1037",
    **{code: f"\u1039{letter}" for code, letter in STACKED.items()},
    0x1096: "\u1039\u1010\u103d",
}  # fmt: skip
"""Zawgyi's marks as Unicode writes them; those that are not here mean the same in both."""
ORDER = (MEDIAL_Y, MEDIAL_R, MEDIAL_W, MEDIAL_H, "\u1031", "\u102d\u102e\u1032", "\u102f\u1030", "\u102b\u102c", KILLER,
         "\u1036", "\u1037", "\u1038")  # fmt: skip
"""In which the marks of a syllable follow its letter (Unicode Technical Note 11, section 2)."""
PLACE = {mark: place for place, marks in enumerate(ORDER) for mark in marks}
RA = "\u103b\u107e-\u1084"
BASE = "[\u1000-\u102a\u103f-\u1049\u104e\u106a\u106b\u106e\u106f\u1086\u108f-\u1092\u1097]"
MARK = (
    "[\u102b-\u1030\u1032-\u103a\u103c\u103d\u105a\u1060-\u1069\u106c\u106d\u1070-\u107d\u1085\u1087-\u108e"
    "\u1093-\u1096]"
)
SYLLABLE = re.compile(f"(\u1031?)([{RA}]?)({BASE})({MARK}*)")
AS_LETTER = (
    ("\u1025\u103a", "\u1009\u103a"),
    ("\u1025\u102e", "\u1026"),
    ("\u1005\u103b", "\u1008"),
    ("\u101e\u103c\u1031\u102c\u103a", "\u102a"),
    ("\u101e\u103c\u1031\u102b\u103a", "\u102a"),
    ("\u1044\u1004\u103a\u1038", "\u104e\u1004\u103a\u1038"),
    ("\u104e\u1004\u103a\u1038", "\u104e\u1004\u103a\u1038"),
)
"""Letters that Zawgyi's users put together of others."""
WA_AND_RA = (
    (
        re.compile(
            "\u1040(?=[\u102b-\u1032\u1036-\u1038\u103a\u103d\u103e])"
            "|(?<=[\u1000-\u102a\u102c-\u103e])\u1040(?=[\u1000-\u102a])"
        ),
        "\u101d",
    ),
    (re.compile("\u1047(?=[\u102b-\u1032\u1036-\u1038\u103a-\u103e])"), "\u101b"),
)
"""Digits that stand for the letters that look like them."""


def is_zawgyi(text: str) -> bool:
    """Whether a text is written in Zawgyi: more of it breaks the order of Unicode than that of Zawgyi."""
    if MYANMAR.search(text) is None:
        return False
    return WEIGHT * len(BREAKS_UNICODE.findall(text)) > len(BREAKS_ZAWGYI.findall(text))


def unicode_form(text: str) -> str:
    """The text in Unicode, line by line where a line is written in Zawgyi; empty where none is."""
    lines = text.split("\n")
    written = [is_zawgyi(line) for line in lines]
    if not any(written):
        return ""
    return "\n".join(converted(line) if zawgyi else line for line, zawgyi in zip(lines, written, strict=True))


def converted(text: str) -> str:
    """Zawgyi as Unicode, in its normal form C."""
    text = SYLLABLE.sub(_syllable, text)
    for written, letter in AS_LETTER:
        text = text.replace(written, letter)
    for digit, letter in WA_AND_RA:
        text = digit.sub(letter, text)
    return unicodedata.normalize("NFC", text)


def _syllable(found: re.Match[str]) -> str:
    before, ra, base, after = found.groups()
    letter = WHOLE.get(ord(base), base)
    marks = "".join(MARKS.get(ord(one), one) for one in after)
    kinzi, stacked, rest = "", "", list[str]()
    place = 0
    while place < len(marks):
        if marks.startswith(KINZI, place):
            kinzi, place = KINZI, place + len(KINZI)
        elif marks[place] == "\u1039":
            stacked, place = stacked + marks[place : place + 2], place + 2
        else:
            rest.append(marks[place])
            place += 1
    if before:
        rest.append("\u1031")
    if ra:
        rest.append(MEDIAL_R)
    rest = sorted(dict.fromkeys(rest), key=lambda mark: PLACE.get(mark, len(ORDER)))
    return kinzi + letter + stacked + "".join(rest)
