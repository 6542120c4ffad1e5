"""Who may see whose assessment of an item: pure, from the order of what happened.

The first assessment of an item is its authors' own until a second assessor, chosen from those who took no part in it,
has handed in theirs (Berkeley Protocol, paragraphs 30 and 209, note 168). Whoever has added to the first assessment
sees the rest of it and can never be its second assessor. Everybody else sees neither until both are in, or until
somebody with a reason lets the item go without a second assessment.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from casefile.vocabulary_verification import ReviewAct


class Happened(Protocol):
    """One act on the assessments of an item, as the record has it."""

    @property
    def act(self) -> ReviewAct: ...
    @property
    def person(self) -> str | None: ...
    @property
    def done_by(self) -> str: ...


@dataclass(frozen=True, slots=True)
class ItemState:
    """How far the assessments of one item are. People are ids.

    `first` are those who assessed it without being assigned, `seconds` all who ever were assigned, `current` the one
    who is assigned now. `revealed`: both are in, or a second one was waived.
    """

    first: tuple[str, ...] = ()
    seconds: tuple[str, ...] = ()
    current: str | None = None
    first_in: bool = False
    second_in: bool = False
    second_by: str | None = None
    waived: bool = False
    reconciled: bool = False
    locked: bool = False

    @property
    def revealed(self) -> bool:
        """Whether everybody may see every assessment."""
        return self.waived or (self.first_in and self.second_in)

    @property
    def begun(self) -> bool:
        """Whether anybody has assessed it yet."""
        return bool(self.first) or self.second_in

    def handed_in(self, person: str) -> bool:
        """Whether the assessment that this person has part in is handed in and closed until both are in."""
        if self.revealed:
            return False
        return person == self.second_by if person in self.seconds else self.first_in

    @property
    def name(self) -> str:
        """One word for people and programs. It says nothing of what anybody found."""
        if self.locked:
            return "locked"
        if self.reconciled:
            return "reconciled"
        if self.second_in and self.first_in:
            return "both-in"
        if self.waived:
            return "waived"
        if self.current is not None:
            return "under-review"
        return "assessed" if self.first_in else "begun" if self.first else "open"


def state_of(authors: Iterable[str], acts: Sequence[Happened]) -> ItemState:
    """The state of one item from the authors of its steps and from what happened, both in the order of the log."""
    seconds = tuple(dict.fromkeys(one.person for one in acts if one.act is ReviewAct.ASSIGNED and one.person))
    first = tuple(author for author in dict.fromkeys(authors) if author not in seconds)
    current: str | None = None
    second_by: str | None = None
    first_in = waived = reconciled = locked = False
    for one in acts:
        if one.act is ReviewAct.ASSIGNED:
            current = one.person
        elif one.act is ReviewAct.RELEASED:
            current = None
        elif one.act is ReviewAct.SUBMITTED:
            if one.done_by in seconds:
                second_by = one.done_by
                current = None if current == one.done_by else current
            else:
                first_in = True
        elif one.act is ReviewAct.WAIVED:
            waived = True
        elif one.act is ReviewAct.RECONCILED:
            reconciled = True
        else:
            locked = one.act is ReviewAct.LOCKED
            reconciled = reconciled and locked
    return ItemState(first, seconds, current, first_in, second_by is not None, second_by, waived, reconciled, locked)


def sees(state: ItemState, viewer: str, author: str) -> bool:
    """Whether `viewer` may see what `author` found of an item in that state; an empty viewer is nobody in particular.

    What anybody may see never depends on what was found.
    """
    if state.revealed or (viewer and viewer == author):
        return True
    return viewer in state.first and author in state.first


def may_be_second(state: ItemState, person: str) -> bool:
    """Whether this person can still give a second assessment that owes nothing to the first."""
    return person not in state.first
