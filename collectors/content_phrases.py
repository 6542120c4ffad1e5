"""The catalogue of what sites say in place of what was asked for, by kind and language, and how a page is searched."""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

CATALOGUE = Path(__file__).with_name("content_catalogue.toml")
INVISIBLE = re.compile("[\u00ad\u061c\u0640\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
QUOTES = str.maketrans(
    {"\u2019": "'", "\u2018": "'", "\u02bc": "'", "\u00b4": "'", "\u2026": "...", "\u0451": "\u0435"}
)
"""Apostrophes as keyboards and typesetters write them; Russian writes the letter yo as ye."""
GAP = r"[^.!?\u3002\u06d4\u104b]{0,40}?"
WEIGHTS = ((0x2E80, 0x9FFF, 3), (0xAC00, 0xD7AF, 2))
"""How much a character says against a letter: Han characters are words, Hangul syllables."""


@dataclass(frozen=True, slots=True)
class Phrases:
    """What one kind of page says: at its top, in title and first heading, and anywhere."""

    top: re.Pattern[str]
    anywhere: re.Pattern[str] | None


@cache
def catalogue() -> Mapping[str, Phrases]:
    """Every kind of the catalogue, in its order."""
    stored: Mapping[str, Mapping[str, Mapping[str, list[str]]]] = tomllib.loads(CATALOGUE.read_text("utf-8"))
    found = {}
    for kind, places in stored.items():
        anywhere = [one for said in places.get("anywhere", {}).values() for one in said]
        top = [one for said in places.get("top", {}).values() for one in said]
        found[kind] = Phrases(_pattern([*top, *anywhere]), _pattern(anywhere) if anywhere else None)
    return found


def languages_of(kind: str) -> frozenset[str]:
    """The languages in which a kind is known."""
    places = tomllib.loads(CATALOGUE.read_text("utf-8"))[kind]
    return frozenset(language for said in places.values() for language in said)


def comparable(text: str) -> str:
    """A text as phrases are compared with it."""
    visible = unicodedata.normalize("NFKC", INVISIBLE.sub("", text)).casefold().translate(QUOTES)
    return " ".join(visible.split())


def weight(text: str) -> int:
    """How much a text says, in letters of an alphabet."""
    heavy = sum(times - 1 for one in text for first, last, times in WEIGHTS if first <= ord(one) <= last)
    return len(text) + heavy


def _pattern(phrases: Iterable[str]) -> re.Pattern[str]:
    """Any of the phrases, the longest first."""
    parts = {GAP.join(map(re.escape, comparable(one).split("*"))) for one in phrases}
    return re.compile("|".join(sorted(parts, key=lambda one: (-len(one), one))))
