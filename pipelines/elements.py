"""Elements of crimes, the items that bear on each, and which elements nothing supports yet (paragraphs 39 and 60).

What an element says is the law's and is seen by everybody. How an item bears on one is a word on the item: from whoever
assesses it, it waits with the assessment.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field

from casefile.events.envelope import PartName, Subject
from casefile.events.port import draft
from casefile.events.types import Erased, payload
from casefile.events.types_elements import ElementLinked, ElementStated
from casefile.events.types_planning import Reason
from casefile.ids import ELEMENT, format_number, parse_number
from casefile.records.acts import Act, list_acts
from casefile.records.engine import Connection, reading
from casefile.records.queries import ItemFilter, find_items, list_items
from casefile.records.reading import read_event
from casefile.refusals import UnknownRecord
from casefile.vocabulary_elements import ElementKind, Function
from pipelines.services import Services
from pipelines.sight import sees_words, states_of, viewer_of
from pipelines.verifying import require_person
from verification.steps import chosen
from verification.wording import text_field

STATED, LINKED = "element.stated", "element.linked"
SUPPORTING = frozenset({Function.CRIME_BASE, Function.LINKAGE, Function.CONTEXTUAL})


@dataclass(slots=True)
class Element:
    """An element with the numbers of the items that bear on it, by function. What was erased is empty."""

    id: str
    number: int
    crime: str
    kind: str
    text: str
    event: str
    items: dict[str, str] = field(default_factory=dict)

    @property
    def label(self) -> str:
        """The short number as people write it."""
        return format_number(self.number, ELEMENT)

    @property
    def supported(self) -> bool:
        """Whether an item supports it; one that only speaks against it does not."""
        return any(function in SUPPORTING for function in self.items.values())

    def plain(self) -> dict[str, object]:
        """As `--json` gives it."""
        return {
            "id": self.id,
            "number": self.label,
            "crime": self.crime,
            "kind": self.kind,
            "text": self.text,
            "items": dict(self.items),
            "supported": self.supported,
        }


def state_element(services: Services, crime: str, kind: str, text: str) -> Element:
    """Record an element that has to be proved. Raises FieldRefused."""
    require_person(services)
    body = ElementStated(
        crime=text_field("crime", crime, limit=300, required="an element belongs to a crime"),
        kind=chosen("kind", ElementKind, kind),
        text=text_field("text", text, limit=4_000, required="an element says what has to be proved"),
    )
    element = services.clock.mint()
    services.append(draft(STATED, Subject(kind="element", id=element), body=body))
    with reading(services.engine) as rows:
        return find_element(rows, element, viewer_of(services))


def link_element(services: Services, text: str, items: Sequence[str], function: str, why: str) -> Element:
    """Record that items bear on an element, in a function; `none` takes that back. Raises UnknownRecord, UnknownItem.

    A link says how the item bears on the element; raises FieldRefused without.
    """
    require_person(services)
    body = ElementLinked(function=chosen("function", Function, function))
    reason = text_field("why", why, limit=4_000, required="a link says how the item bears on the element")
    with reading(services.engine) as rows:
        element = find_element(rows, text, viewer_of(services))
        found = find_items(rows, items)
    subject = Subject(kind="element", id=element.id)
    services.append(
        *(
            draft(LINKED, subject, Subject(kind="item", id=one.id), body=body, personal=Reason(why=reason))
            for one in found
        )
    )
    with reading(services.engine) as rows:
        return find_element(rows, element.id, viewer_of(services))


def find_element(rows: Connection, text: str, viewer: str) -> Element:
    """The element of that id or number; raises UnknownRecord."""
    number = parse_number(text, ELEMENT)
    found = next((one for one in matrix(rows, viewer) if one.number == number or one.id == text), None)
    if found is None:
        raise UnknownRecord("element", text, "element matrix")
    return found


def matrix(rows: Connection, viewer: str) -> list[Element]:
    """Every element in the order of its statement, with the items that bear on it now, as `viewer` may see it."""
    found: dict[str, Element] = {}
    for number, act in enumerate(list_acts(rows, STATED), start=1):
        (element,) = _subjects(act, "element")
        said = json.loads(act.body) if act.body else {}
        found[element] = Element(
            element, number, said.get("crime", ""), said.get("kind", ""), said.get("text", ""), act.event
        )
    links = [(act, _subjects(act, "element")[0], _subjects(act, "item")[0]) for act in list_acts(rows, LINKED)]
    named = tuple({item for _act, _element, item in links})
    labels = {one.id: one.label for one in list_items(rows, ItemFilter(ids=named))} if named else {}
    states = states_of(rows, named)
    for act, element, item in links:
        if sees_words(states[item], viewer, act.done_by):
            function = json.loads(act.body)["function"] if act.body else Function.NONE
            found[element].items[labels.get(item, item)] = function
    for one in found.values():
        one.items = {item: function for item, function in one.items.items() if function != Function.NONE}
    return list(found.values())


def described_links(rows: Connection, viewer: str) -> dict[tuple[str, str], str]:
    """By element and the number of an item, how the item bears on it in the newest words that `viewer` may see."""
    links = [(act, _subjects(act, "element")[0], _subjects(act, "item")[0]) for act in list_acts(rows, LINKED)]
    named = tuple({item for _act, _element, item in links})
    labels = {one.id: one.label for one in list_items(rows, ItemFilter(ids=named))} if named else {}
    states = states_of(rows, named)
    found = {}
    for act, element, item in links:
        if sees_words(states[item], viewer, act.done_by):
            words = payload(read_event(rows, act.event).event, PartName.PERSONAL, Reason)
            found[element, labels.get(item, item)] = "" if isinstance(words, Erased) else words.why
    return found


def _subjects(act: Act, kind: str) -> list[str]:
    return [one["id"] for one in json.loads(act.subject or "[]") if one["kind"] == kind]
