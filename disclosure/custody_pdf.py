"""`custody.pdf` of a package: what `custody.html` says, for whoever files paper. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from disclosure.contents import HeldItem
from disclosure.printing import Line, Pages
from disclosure.telling import PROVEN, Told, outside

MOST_STEPS = 2_000
"""Of a document that is drawn whole; what goes on is in the page beside it."""
TIMES = (
    "What was done with each item, by whom, in the order of the log. Times are those of the machine that recorded "
    'them, which is a testimony; the order is what the log proves. "asserted" means that a person was named and not '
    "authenticated."
)


def custody_pdf(told: Told) -> bytes:
    """The report. The same contents and fonts give the same bytes."""
    head, lines = list(_head(told)), list(_lines(told))
    pages = Pages([*head, *lines])
    pages.begin("Custody", told.contents.made_at, head)
    pages.add(lines)
    return bytes(pages.pdf.output())


def _head(told: Told) -> Iterator[Line]:
    held = told.contents
    yield "head", f"Custody of {len(held.items)} items"
    yield "body", f"Package {held.package}, for {held.recipient}."
    yield "body", f"Investigation {held.log}, head of {held.size} events, the last of {held.made_at}."
    yield "small", f"Root {held.root.hex()}"
    yield "body", TIMES


def _lines(told: Told) -> Iterator[Line]:
    left = MOST_STEPS
    for item in told.contents.items:
        if left <= 0:
            yield "head", "Further items"
            yield "body", f"This document ends before {item.number}; custody.html goes on."
            break
        lines = list(_of_item(told, item))
        left -= len(lines)
        yield from lines
    for capture in told.contents.captures:
        for one in capture.redactions:
            how = f"with {len(one.spans)} places written over" if one.sha256 else "not at all"
            yield "body", f"{one.path} of capture {capture.id} left {how} ({one.kinds}): {one.why}"
            yield "small", f"event {one.event}"
    yield "head", "Keys of the log"
    for key in told.keys:
        yield "small", f"{key['type']} {key.get('purpose', '')} {key.get('fingerprint', '')}"
    yield "head", "All events of the log, by type"
    for name, count in told.contents.totals.items():
        yield "small", f"{name}: {count}, in this package {told.contents.included.get(name, 0)}"
    yield "head", "Who outside vouches for it"
    yield from (("body", one) for one in outside(told.contents))
    yield "head", "What this proves, and what not"
    yield from (("body", one) for one in PROVEN)


def _of_item(told: Told, item: HeldItem) -> Iterator[Line]:
    yield "head", f"{item.number} {item.description}".strip()
    yield "small", item.sha256
    for step in told.steps(item):
        yield "body", f"{step.index}. {step.at}: {step.words}, by {step.who} ({step.identity})"
        yield "small", f"{step.type} {step.outcome}".strip()
