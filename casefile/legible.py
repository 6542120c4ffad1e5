"""Text from outside, made safe to look at: what would steer a screen or hide in a line is shown as its code point.

Letters of every script stay as they are, and so do the joiners that Persian, Hindi and emoji are written with.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

STEERING = re.compile(
    "[\x00-\x1f\x7f-\x9f"  # C0 and C1 controls: ANSI sequences begin with one of them (ECMA-48)
    "\u202a-\u202e\u2066-\u2069"  # overrides, embeddings and isolates of the bidirectional algorithm (UAX 9)
    "\u200b\u2060\ufeff"  # spaces without width, which make two names look like one
    "\u2028\u2029"  # separators that end a line
    "\ufff9-\ufffb"  # interlinear annotation
    "\ud800-\udfff]"  # lone surrogates, which no encoding can write
)
"""Characters that act on the screen or are not seen on it."""

OVER_LINES = re.compile(f"(?![\t\n]){STEERING.pattern}")
"""The same without tabulator and line feed, for text that may have several lines."""

SHORT = {"\t": "\\t", "\n": "\\n", "\r": "\\r"}


def escaped(text: str) -> str:
    """`text` on one line of a terminal: each steering character as a visible escape such as \\x1b or \\u202e."""
    return STEERING.sub(lambda found: escape_of(found.group()), text)


def spoken(value: object) -> str:
    """A value of a record in the words of a line for people: yes and no, lists with commas, nothing as `none`."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Mapping):
        return "; ".join(f"{str(name).replace('_', ' ')} {spoken(one)}" for name, one in value.items()) or "none"
    if isinstance(value, list | tuple):
        return ", ".join(map(spoken, value)) or "none"
    return "none" if value is None or value == "" else str(value)


def marked(text: str, mark: Callable[[str], str], *, over_lines: bool = False) -> str:
    """`text` with each steering character replaced by `mark` of it."""
    pattern = OVER_LINES if over_lines else STEERING
    return pattern.sub(lambda found: mark(found.group()), text)


def escape_of(character: str) -> str:
    """The visible escape of one character, as most programming languages write it."""
    if character in SHORT:
        return SHORT[character]
    number = ord(character)
    return f"\\x{number:02x}" if number <= 0xFF else f"\\u{number:04x}"
