"""What a text of a person may be, and words that claim more than was found. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence

from casefile.legible import OVER_LINES, STEERING, escape_of
from verification.refusing import refused

LONGEST_TEXT = 20_000
"""Characters of one field; what is longer is a document, and is handed over as one."""
LANGUAGE = re.compile(r"[a-z]{2,3}(?:-[A-Z][a-z]{3})?(?:-(?:[A-Z]{2}|\d{3}))?", re.ASCII)
ORIGINAL = re.compile(
    r"\b(?:(?:the|an?|its|this is the|true|real|true and)\s+original(?!\s+(?:poster|text|language|name|link|sound))"
    r"|(?:is|was|as|of)\s+original\b|original(?:ly)?\s+(?:source|copy|upload|uploaded|video|file|post|posted|version"
    r"|photo|photograph|picture|image|footage)\b)",
    re.IGNORECASE,
)
"""Words that call a copy the original; what can be found online is the first copy found (paragraph 178)."""


def text_field(field: str, text: str, *, limit: int = LONGEST_TEXT, required: str = "", quoted: bool = False) -> str:
    """`text` without blanks around it, as it may be recorded; raises FieldRefused.

    Letters of every script stay. What steers a screen or turns a line around is refused, except in words that are
    `quoted` from an item. `required` is the rule that an empty text breaks.
    """
    written = text.strip()
    if not written and required:
        raise refused(field, required)
    if len(written) > limit:
        raise refused(field, f"{len(written)} characters, where at most {limit} are kept; hand it over as a file")
    steering = re.search(STEERING if "\n" not in written else OVER_LINES, written)
    if steering and (not quoted or steering.group() in "\0" or "\ud800" <= steering.group() <= "\udfff"):
        raise refused(field, f"the character {escape_of(steering.group())} would steer a screen; leave it out")
    return written


def text_fields(field: str, texts: Sequence[str]) -> tuple[str, ...]:
    """Each of a list of texts, none of them empty; raises FieldRefused that says which."""
    return tuple(
        text_field(f"{field}.{position}", one, required="an entry is not empty") for position, one in enumerate(texts)
    )


def language_field(field: str, text: str) -> str:
    """A language as BCP 47 tags it, such as ar, uk or zh-Hant; raises FieldRefused."""
    if not LANGUAGE.fullmatch(text):
        raise refused(field, "a language is a tag such as ar, uk, ku-Arab or pt-BR")
    return text


def calls_it_original(text: str) -> str:
    """The words by which `text` calls something the original; empty when it does not."""
    found = ORIGINAL.search(text)
    return found.group() if found else ""
