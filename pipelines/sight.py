"""What the person of this run may see of the assessments of items: every reader for people goes through here.

Nothing that leaves here depends on an assessment that is hidden from whoever looks: not its words, its results, its
number of steps, nor what others concluded from it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from casefile.records.assessments import (
    ClaimRecord,
    ConclusionRecord,
    ReviewRecord,
    StepMark,
    StepRecord,
    authors_of,
    claims_by_id,
    list_conclusions,
    list_item_classes,
    list_review_acts,
    list_step_marks,
    list_steps,
)
from casefile.records.edges import StoredEdge, items_decided_on, list_decisions, list_edges
from casefile.records.engine import Connection
from casefile.records.indexing_verification import CONCLUSION, REVIEW, STEP
from casefile.records.pixels import portions
from casefile.records.protection import GuardRecord, guard_of
from casefile.records.queries import ItemFilter, ItemRecord, RemarkRecord, list_items, list_remarks, list_tags
from casefile.records.search import Hit
from pipelines.services import Services
from verification.blindness import ItemState, sees, state_of

REMARK, REASON = "remark", "reason"
"""The fields of the search index that hold remarks, and why pairs were judged alike or different."""
OF_ASSESSORS = (STEP, REMARK, REASON, REVIEW)
"""Fields in which whoever assesses an item may say what they found."""
WAITS = "(waits with the assessment)"
"""Stands in the place of words that `viewer` may not see yet."""
S = TypeVar("S", StepRecord, StepMark)
R = TypeVar("R", StepRecord, StepMark, ReviewRecord)


@dataclass(frozen=True, slots=True)
class Seen:
    """The assessments of one item as one person may see them. `steps` holds corrected ones too, oldest first.

    `hidden` says that somebody else's assessment may exist that is not shown; it is true whether or not there is one.
    """

    item: str
    state: ItemState
    steps: tuple[StepRecord, ...]
    acts: tuple[ReviewRecord, ...]
    hidden: bool

    @property
    def current(self) -> tuple[StepRecord, ...]:
        """The steps that no visible step corrects."""
        return current_of(self.steps)


def current_of(steps: Sequence[S]) -> tuple[S, ...]:
    """The steps that none of these corrects."""
    replaced = {step.replaces for step in steps}
    return tuple(step for step in steps if step.event not in replaced)


def viewer_of(services: Services) -> str:
    """The id of whoever looks; empty where nobody is named, who sees what everybody may see."""
    return services.person.id if services.person else ""


def states_of(connection: Connection, items: Collection[str]) -> dict[str, ItemState]:
    """The state of each of these items."""
    found = {}
    for some in portions(items):
        marks = _by_item(list_step_marks(connection, some))
        acts = _by_item(list_review_acts(connection, some))
        for item in some:
            found[item] = state_of((one.recorded_by for one in marks.get(item, ())), acts.get(item, ()))
    return found


def look(connection: Connection, items: Sequence[str], viewer: str) -> dict[str, Seen]:
    """What `viewer` may see of each of these items."""
    steps = _by_item(list_steps(connection, items))
    acts = _by_item(list_review_acts(connection, items))
    found = {}
    for item in items:
        all_steps, all_acts = steps.get(item, []), acts.get(item, [])
        state = state_of((one.recorded_by for one in all_steps), all_acts)
        visible = tuple(one for one in all_steps if sees(state, viewer, one.recorded_by))
        told = tuple(one if sees_words(state, viewer, one.done_by) else replace(one, reason=None) for one in all_acts)
        found[item] = Seen(item, state, visible, told, hidden=is_hidden(state, viewer))
    return found


def marks_seen(
    connection: Connection, items: Sequence[str], viewer: str
) -> dict[str, tuple[ItemState, tuple[StepMark, ...]]]:
    """The same as `look`, without what is long: for pages of many items."""
    marks, acts = _by_item(list_step_marks(connection, items)), _by_item(list_review_acts(connection, items))
    found = {}
    for item in items:
        state = state_of((one.recorded_by for one in marks.get(item, ())), acts.get(item, ()))
        found[item] = state, tuple(one for one in marks.get(item, ()) if sees(state, viewer, one.recorded_by))
    return found


def is_hidden(state: ItemState, viewer: str) -> bool:
    """Whether assessments of others are hidden from `viewer`: those of the other side, or all of them."""
    alone = viewer in state.first and not state.seconds
    return not state.revealed and bool(state.begun or state.seconds) and not alone


def remarks_seen(connection: Connection, item: str, viewer: str) -> list[RemarkRecord]:
    """The remarks on an item that `viewer` may see, oldest first: whoever assesses it may say there what they found."""
    state = states_of(connection, [item])[item]
    return [one for one in list_remarks(connection, item) if sees_words(state, viewer, one.added_by)]


def tags_seen(connection: Connection, item: str, viewer: str) -> list[str]:
    """The tags on an item as far as `viewer` may see who put them on or took them off, sorted."""
    state = states_of(connection, [item])[item]
    hidden = [one for one in (*state.first, *state.seconds) if not sees_words(state, viewer, one)]
    return list_tags(connection, item, hidden)


def items_seen(connection: Connection, wanted: ItemFilter, viewer: str) -> list[ItemRecord]:
    """The items that are wanted, in the order of their numbers; by a tag, those on which `viewer` sees it."""
    found = list_items(connection, wanted)
    return [one for one in found if not wanted.tag or wanted.tag in tags_seen(connection, one.id, viewer)]


def classes_seen(connection: Connection, states: Mapping[str, ItemState], viewer: str) -> dict[str, str]:
    """The class last given to each of these items by somebody whose words on it `viewer` may see: what an item is
    taken for decides which checks are asked for, and is a finding of whoever assesses it.
    """
    return {
        one.item: one.item_class
        for one in list_item_classes(connection, list(states))
        if sees_words(states[one.item], viewer, one.classified_by)
    }


def judgements_seen(
    connection: Connection, viewer: str, items: Collection[str] | None = None
) -> dict[tuple[str, str], str]:
    """By the two items of a pair, the newest decision on it of somebody whose words on both `viewer` may see; of the
    pairs of these items, or of all.
    """
    decisions = list_decisions(connection, items)
    states = states_of(connection, {end for one in decisions for end in (one.item_a, one.item_b)})
    return {
        (one.item_a, one.item_b): one.judgement
        for one in decisions
        if one.judgement and all(sees_words(states[end], viewer, one.decided_by) for end in (one.item_a, one.item_b))
    }


def edges_seen(connection: Connection, viewer: str, *, item: str = "") -> list[StoredEdge]:
    """Edges, nearest first, of one item or all, each with the newest decision that `viewer` may see."""
    judged = judgements_seen(connection, viewer, [item] if item else None)
    found = list_edges(connection, item=item)
    return [replace(edge, judgement=judged.get((edge.item_a, edge.item_b), "")) for edge in found]


def hits_seen(connection: Connection, hits: Sequence[Hit], viewer: str) -> list[Hit]:
    """Those of the hits of a search that `viewer` may see."""
    events = [hit.event for hit in hits if hit.event]
    about: dict[str, tuple[str, ...]] = {
        hit.event: (hit.item,) for hit in hits if hit.field in OF_ASSESSORS and hit.item and hit.event
    }
    about.update(items_decided_on(connection, events))
    states = states_of(connection, sorted({item for items in about.values() for item in items}))
    authors = authors_of(connection, events)
    claims = [hit.subject for hit in hits if hit.field == CONCLUSION]
    drawn = conclusions_seen(connection, claims_by_id(connection, claims), viewer) if claims else {}
    concluded = {one.event for several in drawn.values() for one in several}

    def seen(hit: Hit) -> bool:
        if hit.field == CONCLUSION:
            return hit.event in concluded
        if hit.event not in about:
            return True
        author, may_see = authors.get(hit.event, ""), sees if hit.field == STEP else sees_words
        return all(may_see(states[item], viewer, author) for item in about[hit.event])

    return [hit for hit in hits if seen(hit)]


def sees_words(state: ItemState, viewer: str, author: str) -> bool:
    """Whether `viewer` may see what `author` said of an item: words of whoever assesses it wait with the assessment."""
    return author not in (*state.first, *state.seconds) or sees(state, viewer, author)


def guard_seen(connection: Connection, item: str, viewer: str) -> GuardRecord | None:
    """How closely an item is kept, which everybody sees at once; why, as far as `viewer` may see it."""
    guard = guard_of(connection, item)
    if guard is None or sees_words(states_of(connection, [item])[item], viewer, guard.stated_by):
        return guard
    return replace(guard, why=WAITS)


def conclusions_seen(
    connection: Connection, claims: Sequence[ClaimRecord], viewer: str
) -> dict[str, tuple[ConclusionRecord, ...]]:
    """The conclusions on each of these claims that `viewer` may see, oldest first.

    A conclusion is seen by whoever may see its author's assessment of every item that the claim is about.
    """
    items = sorted({item for claim in claims for item in claim.items})
    states = states_of(connection, items)
    about = {claim.claim: claim.items for claim in claims}
    found: dict[str, list[ConclusionRecord]] = {claim.claim: [] for claim in claims}
    for one in list_conclusions(connection, list(about)):
        if all(sees(states[item], viewer, one.drawn_by) for item in about[one.claim]):
            found[one.claim].append(one)
    return {claim: tuple(several) for claim, several in found.items()}


def _by_item(records: Iterable[R]) -> dict[str, list[R]]:
    found: dict[str, list[R]] = {}
    for one in records:
        found.setdefault(one.item, []).append(one)
    return found
