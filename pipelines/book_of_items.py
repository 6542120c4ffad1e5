"""What a record book says of items beside their assessments: their class, how closely they are kept, elements.

Who is protected, and what they consent to, is in no book: that leaves the workspace under no name.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from casefile.errors import UnknownItem
from casefile.preparation.fields import filled_in
from casefile.preparation.protection import Guard
from casefile.records.engine import reading
from casefile.records.protection import newest_guards
from casefile.records.queries import ItemFilter, find_items, list_items
from casefile.vocabulary_elements import ElementKind, Function
from casefile.vocabulary_verification import ItemClass
from pipelines.book import BookElement, BookGuard, BookItem, BookLink
from pipelines.elements import described_links, link_element, matrix, state_element
from pipelines.protecting import guard_items
from pipelines.services import Services
from pipelines.sight import WAITS, classes_seen, guard_seen, states_of, viewer_of
from pipelines.verifying import classify_item
from verification.steps import chosen
from verification.wording import text_field


def classes_of(services: Services, items: Sequence[str]) -> dict[str, str]:
    """The classes that people gave to items, as the person of this run may see them."""
    with reading(services.engine) as rows:
        return classes_seen(rows, states_of(rows, items), viewer_of(services))


def guards_of(services: Services, people: Mapping[str, str]) -> Iterator[BookGuard]:
    """How closely items are kept; why, as far as the person of this run may see it."""
    with reading(services.engine) as rows:
        kept = tuple(newest_guards(rows))
        labels = {one.id: one.label for one in list_items(rows, ItemFilter(ids=kept))} if kept else {}
        seen = [(labels.get(item, item), guard_seen(rows, item, viewer_of(services))) for item in kept]
    for label, guard in seen:
        if guard is not None and guard.why not in (None, WAITS):
            sheet = {
                "sensitivity": guard.sensitivity.value,
                "graphic": guard.graphic,
                "sexual_violence": guard.sexual_violence,
                "reason": guard.why,
            }
            yield BookGuard(
                item=label, by=people.get(guard.stated_by, guard.stated_by), at=guard.stated_at, sheet=sheet
            )


def elements_of(services: Services) -> Iterator[BookElement]:
    """Every element, with what of it the person of this run may see."""
    with reading(services.engine) as rows:
        elements, links = matrix(rows, viewer_of(services)), described_links(rows, viewer_of(services))
    for one in elements:
        if one.text:
            yield BookElement(
                number=one.label,
                crime=one.crime,
                kind=one.kind,
                text=one.text,
                link=tuple(
                    BookLink(item=item, function=function, why=links.get((one.id, item), ""))
                    for item, function in one.items.items()
                ),
            )


def items_named(guards: Iterable[BookGuard], elements: Iterable[BookElement], items: Iterable[BookItem]) -> set[str]:
    """The items that these entries say something of."""
    linked = {link.item for one in elements for link in one.link}
    return {one.item for one in guards} | linked | {one.number for one in items if one.item_class}


def judge_guard(one: BookGuard, known: Collection[str]) -> None:
    """Hold an entry to its rules; raises FieldRefused and UnknownItem."""
    filled_in(Guard, one.sheet, "guard")
    if one.item not in known:
        raise UnknownItem(one.item)


def judge_element(one: BookElement, known: Collection[str]) -> None:
    """The same."""
    text_field("crime", one.crime, limit=300, required="an element belongs to a crime")
    chosen("kind", ElementKind, one.kind)
    text_field("text", one.text, limit=4_000, required="an element says what has to be proved")
    for link in one.link:
        chosen("link.function", Function, link.function)
        text_field("link.why", link.why, limit=4_000, required="a link says how the item bears on the element")
        if link.item not in known:
            raise UnknownItem(link.item)


def take_class(services: Services, item: str, stated: str) -> None:
    """Say what an item is, where that is not said here already."""
    item_class = chosen("item_class", ItemClass, stated)
    with reading(services.engine) as rows:
        found = find_items(rows, [item])[0].id
    if classes_of(services, [found]).get(found) != item_class:
        classify_item(services, item, item_class)


def take_guard(services: Services, one: BookGuard, item: str) -> bool:
    """Keep an item as closely as the book says; whether that was news."""
    with reading(services.engine) as rows:
        guard = guard_seen(rows, find_items(rows, [item])[0].id, viewer_of(services))
    stated = filled_in(Guard, one.sheet, "guard")
    if guard is not None and (guard.sensitivity, guard.graphic, guard.sexual_violence) == (
        stated.sensitivity,
        stated.graphic,
        stated.sexual_violence,
    ):
        return False
    guard_items(services, [item], {**one.sheet, "revises": guard.number if guard else 0})
    return True


def take_element(services: Services, one: BookElement, names: Mapping[str, str]) -> None:
    """State an element and link the items that bear on it."""
    made = state_element(services, one.crime, one.kind, one.text)
    for link in one.link:
        link_element(services, made.id, [names[link.item]], link.function, link.why)
