"""The work that is left: pages of items with how far each is, as whoever looks may see it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from casefile.errors import UsageError
from casefile.ids import format_number, parse_number
from casefile.records.assessments import QueuedItem, assigned_to, items_after
from casefile.records.engine import reading
from casefile.vocabulary import StepResult
from pipelines.services import Services
from pipelines.sight import classes_seen, current_of, marks_seen, viewer_of
from verification.blindness import ItemState
from verification.checklists import CHECKLISTS, class_of


@dataclass(frozen=True, slots=True)
class Queued:
    """An item that is not locked. `done` of `asked_for` checks are answered by steps that whoever looks may see."""

    item: str
    number: str
    title: str
    item_class: str
    state: str
    role: str
    done: int
    asked_for: int

    def plain(self) -> dict[str, object]:
        """As `--json` gives it; `yours` is `first`, `second` or null."""
        return {
            "id": self.item,
            "number": self.number,
            "title": self.title,
            "class": self.item_class,
            "state": self.state,
            "yours": self.role or None,
            "done": self.done,
            "asked_for": self.asked_for,
        }


def page_of(services: Services, *, after: str = "", limit: int = 50, mine: bool = False) -> list[Queued]:
    """At most `limit` items behind the number `after` that are not locked, in the order of their numbers.

    With `mine`, those alone to which the acting person is assigned now.
    """
    start = parse_number(after) if after else 0
    if start is None:
        raise UsageError(f"{after!r} is no item number, such as I-0042")
    viewer = viewer_of(services)
    found: list[Queued] = []
    with reading(services.engine) as rows:
        only = assigned_to(rows, viewer) if mine else None
        while len(found) < limit:
            some = items_after(rows, start, limit, only)
            if not some:
                break
            start = some[-1].number
            seen = marks_seen(rows, [one.id for one in some], viewer)
            classes = classes_seen(rows, {item: state for item, (state, _marks) in seen.items()}, viewer)
            for one in some:
                state, marks = seen[one.id]
                if state.locked or (mine and state.current != viewer):
                    continue
                results = {mark.check for mark in current_of(marks) if mark.result != StepResult.NOT_DONE}
                found.append(_queued(one, state, classes.get(one.id), results, viewer))
    return found[:limit]


def _queued(
    item: QueuedItem, state: ItemState, stated: str | None, answered: Collection[str | None], viewer: str
) -> Queued:
    item_class = class_of(item.role, stated)
    asked = CHECKLISTS[item_class]
    yours = "second" if viewer and viewer == state.current else "first" if viewer in state.first else ""
    done = sum(1 for check in asked if check in answered)
    return Queued(item.id, format_number(item.number), item.title, item_class, state.name, yours, done, len(asked))
