"""Text that every match of a pattern holds, read off the pattern without compiling it. Pure.

Compiling the patterns of all extractors takes a second of processor time. Reading them takes a tenth of that, and for
five of six it tells which locators they cannot match.
"""

from __future__ import annotations

import re

LEADING_FLAGS = re.compile(r"\(\?([aiLmsux]+)\)")
MARK = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|[*+?]\??|\{\d*,?\d*\}\??|.", re.DOTALL)
VERBOSE_MARK = re.compile(r"\s+|#[^\n]*|" + MARK.pattern, re.DOTALL)
"""Blanks and comments first: they count for nothing where the flag x is set."""
COMMON = "https://www."
"""What is part of this is in most locators and tells nothing."""


def certain_text(pattern: str) -> tuple[str, ...]:
    """Pieces of text, case-folded, each of which stands in everything that `pattern` matches.

    Only what is outside all groups is read. Empty where nothing is certain, or only what most locators have.
    """
    leading = LEADING_FLAGS.match(pattern.lstrip())
    verbose = leading is not None and "x" in leading[1]
    body = pattern.lstrip()[leading.end() :] if leading else pattern
    pieces, piece, depth = [], "", 0
    for mark in (VERBOSE_MARK if verbose else MARK).findall(body):
        if verbose and (mark[0].isspace() or mark[0] == "#"):
            continue
        if mark in "()":
            depth += 1 if mark == "(" else -1
        elif depth:
            continue
        elif mark == "|":
            return ()
        elif mark[0] in "*?" or (mark[0] == "{" and len(mark) > 1):
            # What stands before it may be missing.
            piece = piece[:-1]
        elif (literal := _literal(mark)) is not None:
            piece += literal
            continue
        pieces.append(piece)
        piece = ""
    certain = {one.casefold() for one in (*pieces, piece)}
    return tuple(sorted(one for one in certain if one not in COMMON))


def _literal(mark: str) -> str | None:
    """The character that a mark of a pattern stands for; None for one that stands for several, or for none."""
    if len(mark) == 2 and mark[0] == "\\" and not mark[1].isalnum():
        return mark[1]
    return mark if len(mark) == 1 and mark not in ".^$+" else None
