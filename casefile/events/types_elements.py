"""What the parts hold that tell of elements of crimes, and of the items that bear on them."""

from __future__ import annotations

from collections.abc import Mapping

from casefile.events.event_type import EventType
from casefile.events.types_planning import Reason
from casefile.model import Text, Value
from casefile.vocabulary_elements import ElementKind, Function


class ElementStated(Value):
    """An element that has to be proved: of which crime, of which kind, in the words of the law that is applied."""

    crime: Text
    kind: ElementKind
    text: Text


class ElementLinked(Value):
    """An item bears on an element, in this function; `none` takes an earlier link of the two back."""

    function: Function


ELEMENTS: Mapping[tuple[str, int], EventType] = {
    ("element.stated", 1): EventType(ElementStated),
    ("element.linked", 1): EventType(ElementLinked, Reason),
}
"""By (type, schema)."""
