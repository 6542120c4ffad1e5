"""What the person of this run may see of inquiries: what rests on an item is a word on it of whoever states it.

Statements wait with the assessment of their author, and how an inquiry that rests on an item ended waits with that of
whoever closed it. Questions, keywords and searches are seen by everybody: they say what was asked, not what was found.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from casefile.records.engine import Connection
from casefile.records.inquiries import (
    InquiryRecord,
    StatementRecord,
    list_inquiries,
    list_statements,
    statements_about,
    statements_of,
)
from pipelines.sight import WAITS, sees_words, states_of

ENDED = "closed"
"""The ending of an inquiry whose outcome waits."""


@dataclass(frozen=True, slots=True)
class Pursued:
    """A statement that names an item, and the number of its inquiry."""

    inquiry: str
    event: str


def statements_seen(
    connection: Connection, statements: Sequence[StatementRecord], viewer: str
) -> list[StatementRecord]:
    """Those of these statements that `viewer` may see, by what each rests on, by way of other statements too."""
    below = _with_all_below(connection, statements)
    resting = _items_below(below)
    states = states_of(connection, sorted({item for items in resting.values() for item in items}))
    hidden: set[str] = set()
    for one in below:
        sees = all(sees_words(states[item], viewer, one.stated_by) for item in resting[one.event])
        if not sees or hidden.intersection(one.rests_on):
            hidden.add(one.event)
    return [one for one in statements if one.event not in hidden]


def inquiries_seen(connection: Connection, inquiries: Sequence[InquiryRecord], viewer: str) -> list[InquiryRecord]:
    """These inquiries; of those that ended, how and why as far as `viewer` may see it."""
    return [one if one.closed_by is None else _ended(connection, one, one.closed_by, viewer) for one in inquiries]


def pursued(connection: Connection, item: str, viewer: str) -> tuple[Pursued, ...]:
    """The statements of inquiries that name an item and that `viewer` may see, in the order of their numbers."""
    seen = statements_seen(connection, statements_about(connection, item), viewer)
    labels = {one.id: one.label for one in list_inquiries(connection)} if seen else {}
    return tuple(Pursued(labels[one.inquiry], one.event) for one in seen)


def _ended(connection: Connection, inquiry: InquiryRecord, closed_by: str, viewer: str) -> InquiryRecord:
    resting = _items_below(_with_all_below(connection, list_statements(connection, inquiry.id)))
    items = sorted({item for several in resting.values() for item in several})
    if all(sees_words(state, viewer, closed_by) for state in states_of(connection, items).values()):
        return inquiry
    return replace(inquiry, closing=ENDED, closed_why=WAITS)


def _with_all_below(connection: Connection, statements: Sequence[StatementRecord]) -> list[StatementRecord]:
    """These statements and those that they rest on, in the order of their numbers."""
    known = {one.event: one for one in statements}
    asked: set[str] = set()
    while waiting := _named(known.values()) - known.keys() - asked:
        asked |= waiting
        known |= {one.event: one for one in statements_of(connection, sorted(waiting))}
    return sorted(known.values(), key=lambda one: one.number)


def _named(statements: Iterable[StatementRecord]) -> set[str]:
    return {name for one in statements for name in one.rests_on}


def _items_below(statements: Sequence[StatementRecord]) -> Mapping[str, frozenset[str]]:
    """By statement, the items that it rests on. A statement rests on earlier ones alone."""
    found: dict[str, frozenset[str]] = {}
    for one in statements:
        below = (found.get(name, frozenset((name,))) for name in one.rests_on)
        found[one.event] = frozenset().union(*below)
    return found
