"""Burmese in Unicode as a writer with a Zawgyi keyboard would have stored it: for making texts to test with."""

from __future__ import annotations

import re

SYLLABLE = re.compile(
    "(\u1004\u103a\u1039)?([\u1000-\u102a\u103f])((?:\u1039[\u1000-\u1021])*)(\u103a?)([\u103b-\u103e]*)"
    "(\u1031?)([\u102b-\u1032\u1036-\u103a]*)"
)
BELOW = {
    "\u1000": "\u1060", "\u1001": "\u1061", "\u1002": "\u1062", "\u1003": "\u1063", "\u1005": "\u1065",
    "\u1006": "\u1066", "\u1007": "\u1068", "\u1008": "\u1069", "\u100b": "\u106c", "\u100c": "\u106d",
    "\u100f": "\u1070", "\u1010": "\u1071", "\u1011": "\u1073", "\u1012": "\u1075", "\u1013": "\u1076",
    "\u1014": "\u1077", "\u1015": "\u1078", "\u1016": "\u1079", "\u1017": "\u107a", "\u1018": "\u107b",
    "\u1019": "\u107c", "\u101c": "\u1085",
}  # fmt: skip
WIDE = "\u1000\u1003\u1006\u100f\u1010\u1011\u1018\u101a\u101c\u101e\u101f\u1021"


def as_zawgyi(text: str) -> str:
    """The text, stored as it is drawn."""
    return SYLLABLE.sub(_drawn, text)


def _drawn(found: re.Match[str]) -> str:
    kinzi, base, below, killed, medials, e_vowel, rest = found.groups()
    ra = ("\u107e" if base in WIDE else "\u103b") if "\u103c" in medials else ""
    drawn = ("\u1031" if e_vowel else "") + ra + {"\u103f": "\u1086"}.get(base, base)
    drawn += "".join(BELOW.get(one, "") for one in below if one != "\u1039")
    drawn += "\u103a" if "\u103b" in medials else ""
    if "\u103d" in medials and "\u103e" in medials:
        drawn += "\u108a"
    else:
        drawn += "\u103c" if "\u103d" in medials else ""
        drawn += "\u103d" if "\u103e" in medials else ""
    drawn += "\u1064" if kinzi else ""
    long = bool(ra or below or medials)
    for mark in rest:
        tall = {"\u102f": "\u1033", "\u1030": "\u1034"}.get(mark, mark) if long else mark
        drawn += "\u1039" if mark == "\u103a" else "\u1095" if mark == "\u1037" and long else tall
    return drawn + ("\u1039" if killed else "")
