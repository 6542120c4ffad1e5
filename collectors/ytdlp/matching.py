"""Which of yt-dlp's extractors takes a locator, and which can find a player in a page: its own answers, found sooner.

yt-dlp asks each of 1,700 extractors in turn. In a worker that forks for each capture that costs more than the page:
every pattern that is touched is a page of memory copied. Here most are passed over by text that they cannot match
without. The patterns of the rest are tried together, many in one expression. Only what is left is asked one by one.
"""

from __future__ import annotations

import functools
import re
from collections import ChainMap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import yt_dlp.version
from yt_dlp.extractor import gen_extractor_classes
from yt_dlp.extractor.common import InfoExtractor

from collectors.ytdlp.certain_text import LEADING_FLAGS, certain_text
from collectors.ytdlp.embedders import EMBEDDERS, EMBEDDERS_OF

TOGETHER = 50
"""Extractors in one expression; a match costs at most so many single questions."""
NAMED_GROUP = re.compile(r"\(\?P<\w+>")
REFERS_BACK = re.compile(r"\(\?P=|\\[1-9]|\(\?\(")
"""Numbers and names of groups change when expressions are joined; these stay alone."""

Kind = type[InfoExtractor]
Member = tuple[int, str]
"""An extractor's place in yt-dlp's order and its key."""


class Extractors(ChainMap[str, Kind]):
    """yt-dlp's table of extractors, by key and in its order; what one capture adds does not reach the next.

    yt-dlp walks over the values only to look for players in a page; so these are the ones that can find some.
    """

    def __init__(self) -> None:
        super().__init__({}, extractors())

    def values(self) -> Any:
        added, known = self.maps
        return [self[key] for key in (*_embedding(), *(key for key in added if key not in known))]


@dataclass(frozen=True, slots=True)
class Together:
    """Several extractors and the one expression that matches where at least one of theirs does."""

    expression: re.Pattern[str]
    members: tuple[Member, ...]


@dataclass(frozen=True, slots=True)
class Prepared:
    """How a locator's extractor is looked for.

    `told` are those that can only match where all pieces of one of their texts are; `together` are tried in groups;
    `alone` must be asked each time, since they decide by code of their own.
    """

    told: tuple[tuple[Member, tuple[tuple[str, ...], ...]], ...]
    together: tuple[Together, ...]
    alone: tuple[Member, ...]

    def candidates(self, locator: str) -> list[Member]:
        """Those that may take the locator, in yt-dlp's order."""
        folded = locator.casefold()
        found = list(self.alone)
        for member, texts in self.told:
            if any(all(piece in folded for piece in text) for text in texts):
                found.append(member)
        for group in self.together:
            if group.expression.match(locator):
                found.extend(group.members)
        return sorted(found)


@functools.cache
def extractors() -> dict[str, Kind]:
    """All extractors in yt-dlp's order, the general one last; listed once."""
    return {kind.ie_key(): kind for kind in gen_extractor_classes() if kind._ENABLED}


def key_for(locator: str) -> str:
    """The key of the extractor that yt-dlp would take; empty when none does."""
    table = extractors()
    return next((key for _, key in _prepared().candidates(locator) if table[key].suitable(locator)), "")


@functools.cache
def _prepared() -> Prepared:
    told: list[tuple[Member, tuple[tuple[str, ...], ...]]] = []
    joinable: list[tuple[Member, tuple[str, ...]]] = []
    alone: list[Member] = []
    for member in enumerate(extractors()):
        patterns = _patterns(extractors()[member[1]])
        if patterns is None:
            alone.append(member)
            continue
        texts = tuple(map(certain_text, patterns))
        if all(texts):
            told.append((member, texts))
        elif any(REFERS_BACK.search(one) for one in patterns):
            alone.append(member)
        else:
            joinable.append((member, patterns))
    return Prepared(tuple(told), tuple(_joined(joinable)), tuple(alone))


def _patterns(kind: Kind) -> tuple[str, ...] | None:
    """What decides whether `kind` takes a locator; None when it is not only its patterns."""
    if "suitable" in kind.__dict__ or getattr(kind, "_match_valid_url", None) is None:
        return None
    valid = kind._VALID_URL
    if valid is False:
        return ()
    if isinstance(valid, str):
        return (valid,)
    return tuple(valid) if isinstance(valid, list | tuple) else None


def _joined(joinable: Sequence[tuple[Member, tuple[str, ...]]]) -> Iterator[Together]:
    for start in range(0, len(joinable), TOGETHER):
        part = joinable[start : start + TOGETHER]
        expressions = [_without_names(pattern) for _, patterns in part for pattern in patterns]
        yield Together(re.compile("|".join(expressions)), tuple(member for member, _ in part))


def _without_names(pattern: str) -> str:
    leading = LEADING_FLAGS.match(pattern.lstrip())
    flags = leading[1] if leading else ""
    body = pattern.lstrip()[leading.end() :] if leading else pattern
    return f"(?{flags}:{NAMED_GROUP.sub('(?:', body)}{chr(10) if 'x' in flags else ''})"


@functools.cache
def _embedding() -> tuple[str, ...]:
    """Keys of the extractors that can find a player: known for one yt-dlp version, otherwise all may.

    An extractor that the list cannot know, because it is not yt-dlp's own, is always among them.
    """
    table = extractors()
    if yt_dlp.version.__version__ != EMBEDDERS_OF:
        return tuple(table)
    own = "yt_dlp.extractor."
    return tuple(key for key, kind in table.items() if key in EMBEDDERS or not kind.__module__.startswith(own))


def finds_players(kind: Kind) -> bool:
    """Whether an extractor has anything of its own to look for in a page. It loads the extractor."""
    real = getattr(kind, "real_class", kind)
    return bool(real._EMBED_REGEX) or any(
        _function(getattr(real, name)) is not _function(getattr(InfoExtractor, name))
        for name in ("_extract_from_webpage", "_extract_embed_urls", "extract_from_webpage")
    )


def _function(method: Any) -> Any:
    return getattr(method, "__func__", method)
