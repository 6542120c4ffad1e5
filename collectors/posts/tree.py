"""A page as nested elements, for extractors that need to know what stands in what.

Made of the same tokens as everything else that is read of pages, in time proportional to its length, and bounded.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from collectors.markup import EndTag, StartTag, Text, tokens
from collectors.page import BLOCK, squeeze

MAX_ELEMENTS = 100_000
MAX_DEPTH = 200
"""Deeper elements are kept beside each other, as browsers do it too."""
VOID = frozenset(("area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"))
"""Elements without an end (HTML standard, section 13.1.2)."""


@dataclass(slots=True)
class Element:
    """An element with what stands in it, in order. `content` is the raw text of scripts."""

    name: str
    attributes: Mapping[str, str] = field(default_factory=dict)
    content: str = ""
    children: list[Element | str] = field(default_factory=list)

    @property
    def classes(self) -> frozenset[str]:
        """Its classes."""
        return frozenset(self.attributes.get("class", "").split())

    def within(self) -> Iterator[Element]:
        """The elements in it, in the order in which they begin."""
        waiting = [one for one in reversed(self.children) if isinstance(one, Element)]
        while waiting:
            one = waiting.pop()
            yield one
            waiting += [child for child in reversed(one.children) if isinstance(child, Element)]

    def of_class(self, name: str) -> Iterator[Element]:
        """The elements in it that have that class."""
        return (one for one in self.within() if name in one.classes)

    def first(self, name: str) -> Element | None:
        """The first element in it that has that class."""
        return next(self.of_class(name), None)

    def text(self) -> str:
        """What a visitor reads of it."""
        pieces: list[str] = []
        waiting: list[Element | str] = [self]
        while waiting:
            one = waiting.pop()
            if isinstance(one, str):
                pieces.append(one)
                continue
            if one.name in BLOCK:
                pieces.append("\n")
                waiting += [] if one.name in VOID else ["\n"]
            waiting += reversed(one.children)
        return squeeze("".join(pieces))


def tree_of(markup: str) -> Element:
    """The page below one element without a name; what is never closed ends with what it stands in."""
    root = Element("")
    open_elements = [root]
    count = 0
    for token in tokens(markup):
        if isinstance(token, Text):
            open_elements[-1].children.append(token.value)
        elif isinstance(token, StartTag):
            count += 1
            if count > MAX_ELEMENTS:
                break
            element = Element(token.name, token.attributes, token.content)
            open_elements[-1].children.append(element)
            if token.name not in VOID and not token.content and len(open_elements) < MAX_DEPTH:
                open_elements.append(element)
        else:
            _close(open_elements, token)
    return root


def href_of(elements: Iterable[Element]) -> str:
    """Where the first of these links leads, itself or the first link in it."""
    for one in elements:
        for link in (one, *one.within()):
            if link.attributes.get("href"):
                return link.attributes["href"]
    return ""


def _close(open_elements: list[Element], end: EndTag) -> None:
    for place in range(len(open_elements) - 1, 0, -1):
        if open_elements[place].name == end.name:
            del open_elements[place:]
            return
