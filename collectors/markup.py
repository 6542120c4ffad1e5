"""HTML as a sequence of tags and texts, in time proportional to its length whatever it is.

The standard library's parser takes minutes for a megabyte of `<!--`. This one follows the tokenizer of the HTML
standard (section 13.2.5) in what matters for reading a page: comments, raw text, quotes, and that what is never
closed reaches to the end of the document.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

RAW = frozenset({"script", "style", "xmp", "iframe", "noembed", "noframes", "plaintext"})
"""Elements whose content is no markup and is not shown."""
ESCAPABLE = frozenset({"title", "textarea"})
"""Elements whose content is no markup but holds character references."""
MOST_ATTRIBUTES = 64
VALUE_CHARACTERS = 2_000

NAME = re.compile(r"[A-Za-z][^\s/>]{0,60}")
GAP = re.compile(r"[\s/]*")
ATTRIBUTE = re.compile(r"=?[^\s/>=]*")
EQUALS = re.compile(r"\s*=\s*")
UNQUOTED = re.compile(r"[^\s>]*")
ENDLESS_REFERENCE = re.compile(r"&#(?:[0-9]{8,}|[xX][0-9A-Fa-f]{7,});?")


@dataclass(frozen=True, slots=True)
class Text:
    """Text with its character references resolved."""

    value: str


@dataclass(frozen=True, slots=True)
class StartTag:
    """`content` is the text inside, for the elements whose content is no markup."""

    name: str
    attributes: Mapping[str, str] = field(default_factory=dict)
    content: str = ""


@dataclass(frozen=True, slots=True)
class EndTag:
    """The end of an element, whether or not it was open."""

    name: str


Token: TypeAlias = Text | StartTag | EndTag


def tokens(markup: str) -> Iterator[Token]:
    """The tags and texts of `markup` in order; comments, doctypes and what is never closed are left out."""
    position = 0
    while position < len(markup):
        start = markup.find("<", position)
        if start < 0:
            yield Text(resolve(markup[position:]))
            return
        if start > position:
            yield Text(resolve(markup[position:start]))
        after = markup[start + 1 : start + 3]
        if after[:1].isascii() and after[:1].isalpha():
            tag, position = _start_tag(markup, start + 1)
            if tag is None:
                return
            yield tag
        elif after[:1] == "/" and after[1:].isascii() and after[1:].isalpha():
            name = NAME.match(markup, start + 2)
            position = _behind(markup, ">", start)
            yield EndTag(name.group().lower() if name else "")
        elif after[:1] in ("!", "?", "/"):
            comment = markup.startswith("<!--", start)
            position = _behind(markup, "-->", start + 2) if comment else _behind(markup, ">", start)
        else:
            yield Text("<")
            position = start + 1


def resolve(text: str) -> str:
    """Character references resolved; a number with no end, which no character has, becomes U+FFFD."""
    return html.unescape(ENDLESS_REFERENCE.sub("\N{REPLACEMENT CHARACTER}", text)) if "&" in text else text


def _start_tag(markup: str, position: int) -> tuple[StartTag | None, int]:
    name_match = NAME.match(markup, position)
    name = name_match.group().lower() if name_match else ""
    attributes: dict[str, str] = {}
    position = _behind_match(GAP, markup, position + len(name))
    while position < len(markup) and markup[position] != ">":
        found = ATTRIBUTE.match(markup, position)
        key = found.group().lower()[:VALUE_CHARACTERS] if found else ""
        position = max(found.end() if found else 0, position + 1)
        value, position = _value(markup, position)
        if len(attributes) < MOST_ATTRIBUTES:
            attributes.setdefault(key, value)
        position = _behind_match(GAP, markup, position)
    if position >= len(markup):
        return None, position
    position += 1
    if name not in RAW and name not in ESCAPABLE:
        return StartTag(name, attributes), position
    end = re.compile(rf"</{re.escape(name)}(?=[\s/>])", re.IGNORECASE).search(markup, position)
    stop = end.start() if end else len(markup)
    content = markup[position:stop]
    return StartTag(name, attributes, resolve(content) if name in ESCAPABLE else content), stop


def _value(markup: str, position: int) -> tuple[str, int]:
    equals = EQUALS.match(markup, position)
    if equals is None:
        return "", position
    position = equals.end()
    quote = markup[position : position + 1]
    if quote and quote in "\"'":
        end = markup.find(quote, position + 1)
        stop = end if end >= 0 else len(markup)
        return resolve(markup[position + 1 : min(stop, position + 1 + VALUE_CHARACTERS)]), stop + 1
    stop = _behind_match(UNQUOTED, markup, position)
    return resolve(markup[position : min(stop, position + VALUE_CHARACTERS)]), stop


def _behind(markup: str, mark: str, position: int) -> int:
    found = markup.find(mark, position)
    return found + len(mark) if found >= 0 else len(markup)


def _behind_match(pattern: re.Pattern[str], markup: str, position: int) -> int:
    found = pattern.match(markup, position)
    return found.end() if found else position
