"""The words of elements of crimes (Berkeley Protocol, paragraphs 39 and 60): closed lists."""

from __future__ import annotations

from enum import StrEnum


class ElementKind(StrEnum):
    """What kind of element it is."""

    CONTEXTUAL = "contextual"
    MATERIAL = "material"
    MENTAL = "mental"
    LIABILITY = "mode-of-liability"


class Function(StrEnum):
    """What an item does for an element."""

    CRIME_BASE = "crime-base"
    LINKAGE = "linkage"
    CONTEXTUAL = "contextual"
    EXCULPATORY = "exculpatory"
    NONE = "none"
