"""A draft of the collector's statement on one item, filled from its events, to be read, corrected and signed."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from casefile.legible import escaped
from casefile.vocabulary import Acquisition
from disclosure.contents import HeldItem
from disclosure.telling import Told

WIDTH = 88


def statement(told: Told, item: HeldItem) -> bytes:
    """The draft as plain text. Nothing in it is beyond what the record says; gaps are in square brackets."""
    paragraphs = (
        textwrap.fill(one, WIDTH, break_long_words=False, break_on_hyphens=False) for one in _said(told, item)
    )
    return ("\n\n".join(paragraphs) + "\n").encode("utf-8")


def _said(told: Told, item: HeldItem) -> Iterator[str]:
    record = told.record(item)
    how = record.circumstances
    clock = f"by the clock of the machine ({how.started_clock.source})"
    name = told.names.get(how.collector)
    who = escaped(name) if name else f"[name of the person whom the log knows as {how.collector}]"
    yield f"DRAFT STATEMENT ON ITEM {item.number} - to be read, corrected and signed by the person it speaks for"
    yield f"1. I, {who}, [function, organisation], state the following. Where I do not know it myself, I say so."
    if how.acquisition is Acquisition.HANDED_OVER:
        yield (
            f"2. The material was handed over to me: {escaped(item.locator)}. I did not see it at its origin. I took "
            f"it in with the program Casefile between {how.started_at} and {how.ended_at}, {clock}."
        )
    else:
        yield (
            f"2. Between {how.started_at} and {how.ended_at}, {clock}, I collected what was at {escaped(how.locator)}, "
            f"with the program Casefile by its method {how.method} {how.method_version}, {_visitor(told, item)}."
        )
    yield (
        f"3. What was received has {item.bytes} bytes and the digest {item.sha256} (SHA-256). It was computed as the "
        f"bytes arrived, before anything else was done with them. The outcome was {record.outcome}."
    )
    yield (
        f"4. It is kept as item {item.number} ({item.id}) of capture {item.capture}, recorded as event "
        f"{next(one.event for one in told.contents.captures if one.id == item.capture)} of the log {told.contents.log}."
    )
    if item.description or item.account or item.published_time:
        claims = "; ".join(escaped(one) for one in (item.description, item.account, item.published_time) if one)
        yield f"5. Of itself it says: {claims}. I have not said whether that is so."
    else:
        yield "5. It says nothing of itself that the program could read."
    yield (
        f"6. Since then the record names {_steps(told, item)}. I know of nothing else that was done with it. "
        "[correct if wrong]"
    )
    yield "7. [Anything that I saw and that the program could not record.]"
    yield "[place, date, signature]"


def _visitor(told: Told, item: HeldItem) -> str:
    visitor = told.record(item).circumstances.visitor
    if visitor is not None and visitor.identity:
        return (
            f"as a visitor under a virtual identity that the log knows as {visitor.identity} (access {visitor.access})"
        )
    return "as a visitor who was not logged in"


def _steps(told: Told, item: HeldItem) -> str:
    sealed = next(one.event for one in told.contents.captures if one.id == item.capture)
    steps = told.steps(item)
    after = [one for one in steps if one.index > next(step.index for step in steps if step.event == sealed)]
    return ", ".join(f"{one.words} ({one.at})" for one in after) or "nothing further"
