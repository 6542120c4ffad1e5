"""What scripts made of a page: the markup that was sent beside the markup that stands there. Pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

MOST_CHARACTERS = 4 << 20
MOST_LINES = 20_000
LINE_CHARACTERS = 2_000
TAG = re.compile(r"(?=<)")
BLANKS = re.compile(r"\s+")
CUT = "… what lies beyond is not compared"


def difference(sent: str, shown: str) -> str:
    """One line for each tag with its text that is in one of them only: `-` was sent and is gone, `+` was added.

    Lines that were only moved are in neither. The browser writes markup in its own way (quotes, closing tags), so that
    a page without scripts can differ from itself, too.
    """
    before, after = list(_lines(sent)), list(_lines(shown))
    gone, added = Counter(before) - Counter(after), Counter(after) - Counter(before)
    lines = [*_marked("-", before, gone), *_marked("+", after, added)]
    if len(sent) > MOST_CHARACTERS or len(shown) > MOST_CHARACTERS or len(lines) > MOST_LINES:
        lines = [*lines[:MOST_LINES], CUT]
    return "\n".join((*lines, "")) if lines else ""


def _lines(markup: str) -> Iterator[str]:
    for piece in TAG.split(markup[:MOST_CHARACTERS]):
        line = BLANKS.sub(" ", piece).strip()
        if line:
            yield line[:LINE_CHARACTERS]


def _marked(mark: str, lines: list[str], counted: Counter[str]) -> Iterator[str]:
    left = Counter(counted)
    for line in lines:
        if left[line] > 0:
            left[line] -= 1
            yield f"{mark} {line}"
