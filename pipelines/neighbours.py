"""Near-duplicates as people meet them: pairs and clusters, and what they decide about a pair.

A machine suggests; nothing is merged, hidden or dropped by it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from casefile.digests import Digest, sha256
from casefile.errors import UsageError
from casefile.events.envelope import EventOutcome, Subject
from casefile.events.port import draft
from casefile.events.types import DuplicateDecided, Words
from casefile.ids import EventId
from casefile.model import readable
from casefile.records.edges import (
    StoredEdge,
    is_matched,
    list_edges,
)
from casefile.records.engine import Engine, reading
from casefile.records.pixels import count_questions
from casefile.records.queries import ExaminationRecord, ItemFilter, ItemRecord, find_items, list_items
from casefile.vocabulary import Judgement, Tier
from pipelines.edge_index import edge_index
from pipelines.services import Services
from pipelines.sight import edges_seen, viewer_of
from verification.clusters import Clusters, Link, clusters, templates_among
from verification.edges import FEATURES, PART, edge_id, score
from verification.explaining import explained
from verification.interface import Fingerprint

EDGE_ALGORITHM = "sha256:"
FEWEST_EDGE_DIGITS = 8
"""Digits of an edge's id that a person has to type at least."""


@dataclass(frozen=True, slots=True)
class Pair:
    """An edge with both its items, as it is shown."""

    edge: StoredEdge
    item_a: ItemRecord
    item_b: ItemRecord

    @property
    def tier(self) -> str:
        """What the edge counts as: accepted once a person has called it the same."""
        return Tier.ACCEPTED if self.edge.judgement == Judgement.SAME else self.edge.tier

    @property
    def score(self) -> str:
        """1 - distance/bits, as a decimal with four places."""
        return score(self.edge.distance, self.edge.bits)

    @property
    def explanation(self) -> str:
        """What links the two, in a sentence."""
        edge, names = self.edge, (self.item_a.label, self.item_b.label)
        return explained(edge.method, edge.distance, edge.bits, edge.evidence, names)


def list_pairs(services: Services, *, inside_captures: bool = False, rejected: bool = False) -> list[Pair]:
    """Every edge with its items, nearest first.

    Edges inside one capture, and those that a person called different, are left out unless asked for.
    """
    edge_index(services).catch_up()
    with reading(services.engine) as connection:
        edges = edges_seen(connection, viewer_of(services))
        items = {item.id: item for item in list_items(connection)}
    return [
        Pair(edge, items[edge.item_a], items[edge.item_b])
        for edge in edges
        if edge.item_a in items
        and edge.item_b in items
        and (inside_captures or not edge.same_capture)
        and (rejected or edge.judgement != Judgement.DIFFERENT)
    ]


def joined(edges: Sequence[StoredEdge]) -> Clusters:
    """The groups of items that edges make, rejected ones among them: derived each time, nothing is merged."""
    links = [
        Link(
            edge.item_a,
            edge.item_b,
            certain=_is_certain(edge),
            ten_thousandths=edge.distance * 10_000 // edge.bits,
        )
        for edge in edges
        if joins(edge)
    ]
    apart = [(edge.item_a, edge.item_b) for edge in edges if edge.judgement == Judgement.DIFFERENT]
    return clusters(links, apart, templates_among((edge.item_a, edge.item_b) for edge in edges))


def joins(edge: StoredEdge) -> bool:
    """Whether it links its items, before anything is held back: by what a person said, else by being no candidate."""
    return edge.judgement == Judgement.SAME if edge.judgement else edge.tier != Tier.CANDIDATE


def _is_certain(edge: StoredEdge) -> bool:
    """Whether it is equal, aligned as a whole, or called the same by a person."""
    aligned = FEATURES in edge.method.split("+") and PART not in edge.method.split("+")
    return edge.judgement == Judgement.SAME or edge.tier != Tier.AUTO or edge.distance == 0 or aligned


def decide(services: Services, edge: str, judgement: Judgement, reason: str) -> EventId:
    """Record a person's decision on one edge, named by its id or the first digits of it.

    Raises UsageError for an edge that is not known, and for an empty reason.
    """
    if not reason.strip():
        raise UsageError("a decision needs a reason")
    wanted = edge if edge.startswith(EDGE_ALGORITHM) else EDGE_ALGORITHM + edge
    with reading(services.engine) as connection:
        found = [one for one in list_edges(connection) if one.edge.startswith(wanted)]
    if len(found) != 1 or len(wanted) < len(EDGE_ALGORITHM) + FEWEST_EDGE_DIGITS:
        raise UsageError(f"no single edge is known as {edge!r}; `casefile duplicates` gives their ids")
    one = found[0]
    body = DuplicateDecided(
        edge=one.edge,
        judgement=judgement,
        distance=one.distance,
        bits=one.bits,
        method=one.method,
        version=one.version,
    )
    return services.append(
        draft(
            "duplicate.decided",
            Subject(kind="item", id=one.item_a),
            Subject(kind="item", id=one.item_b),
            body=body,
            personal=Words(text=readable(reason)),
            # The outcome is the same whatever was decided: an envelope is seen by everybody.
            outcome=EventOutcome(status="decided"),
        )
    )[0]


def edges_of_item(services: Services, item: str) -> list[dict[str, Any]]:
    """The edges of one item, each with the other item's number; nearest first."""
    with reading(services.engine) as connection:
        matched = is_matched(connection, item)
    if not matched:
        # Left by a run that died between an examination and its matching.
        edge_index(services).catch_up()
    with reading(services.engine) as connection:
        edges = edges_seen(connection, viewer_of(services), item=item)
        others = {edge.item_b if edge.item_a == item else edge.item_a for edge in edges}
        items = {one.id: one for one in list_items(connection, ItemFilter(ids=tuple(others)))} if others else {}
    return [
        {
            "edge": edge.edge,
            "item": other.id,
            "number": other.label,
            "score": score(edge.distance, edge.bits),
            "tier": Tier.ACCEPTED if edge.judgement == Judgement.SAME else edge.tier,
            "method": edge.method,
            "same_capture": edge.same_capture,
            "judgement": edge.judgement or None,
            "evidence": edge.evidence,
        }
        for edge in edges
        if (other := items.get(edge.item_b if edge.item_a == item else edge.item_a)) is not None
    ]


@dataclass(frozen=True, slots=True)
class FirstCopy:
    """The copy with the earliest time of those found here, and what that time rests on. Never the original as such."""

    item: ItemRecord
    at: str
    basis: str


@dataclass(frozen=True, slots=True)
class Cluster:
    """Items that belong together, and the pairs by which they do. `held_back`: edges that a person has to look at."""

    items: tuple[ItemRecord, ...]
    pairs: tuple[Pair, ...] = ()
    held_back: tuple[str, ...] = ()

    @property
    def id(self) -> Digest:
        """Named by the item with the lowest number, so that a rebuild gives the same name."""
        return cluster_id(self.items)

    @property
    def first_copy(self) -> FirstCopy | None:
        """The first copy found: by the time that its page states where it states one with a zone, else by ours."""
        found = [one for item in self.items if (one := _dated(item)) is not None]
        return min(found, key=lambda one: (datetime.fromisoformat(one.at), one.item.number)) if found else None


def cluster_of(services: Services, text: str) -> Cluster:
    """The cluster of that id, or that of the named item, which may be alone in it; raises UnknownItem."""
    pairs = list_pairs(services, inside_captures=True, rejected=True)
    found = joined([pair.edge for pair in pairs])
    items = {one.id: one for pair in pairs for one in (pair.item_a, pair.item_b)}
    held = _named(found.groups, items, text)
    if not held:
        with reading(services.engine) as connection:
            alone = _alone(list_items(connection), text)
            item = alone if alone is not None else find_items(connection, [text])[0]
        items[item.id] = item
        held = next((set(group) for group in found.groups if item.id in group), {item.id})
    return Cluster(
        tuple(sorted((items[one] for one in held), key=lambda one: one.number)),
        tuple(
            pair
            for pair in pairs
            if {pair.item_a.id, pair.item_b.id} <= held and pair.edge.judgement != Judgement.DIFFERENT
        ),
        tuple(edge_id(link.item_a, link.item_b) for link in found.held_back if held & {link.item_a, link.item_b}),
    )


def cluster_id(items: Iterable[ItemRecord]) -> Digest:
    """Named by the item with the lowest number, so that a rebuild gives the same name."""
    return sha256(min(items, key=lambda item: item.number).id.encode("ascii"))


def _named(groups: Iterable[Sequence[str]], items: Mapping[str, ItemRecord], text: str) -> set[str]:
    """The group whose id is this, or begins so; empty where the text is no id of a cluster."""
    wanted = text if text.startswith(EDGE_ALGORITHM) else EDGE_ALGORITHM + text
    if len(wanted) < len(EDGE_ALGORITHM) + FEWEST_EDGE_DIGITS:
        return set()
    found = [set(group) for group in groups if cluster_id(items[one] for one in group).startswith(wanted)]
    return found[0] if len(found) == 1 else set()


def _alone(items: Iterable[ItemRecord], text: str) -> ItemRecord | None:
    """The item that has a cluster of this id to itself; None where the text is no such id."""
    wanted = text if text.startswith(EDGE_ALGORITHM) else EDGE_ALGORITHM + text
    if len(wanted) < len(EDGE_ALGORITHM) + FEWEST_EDGE_DIGITS:
        return None
    found = [one for one in items if cluster_id([one]).startswith(wanted)]
    return found[0] if len(found) == 1 else None


def _dated(item: ItemRecord) -> FirstCopy | None:
    if item.claimed_time and _instant(item.claimed_time) is not None:
        return FirstCopy(item, item.claimed_time, "stated where it was found")
    return FirstCopy(item, item.captured_at, "collected here") if item.captured_at else None


def _instant(text: str) -> datetime | None:
    """A time with a zone; None for one without, since such times cannot be compared."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo is not None else None


def pixels_waiting(engine: Engine) -> int:
    """How many pairs are near enough for their pixels to be compared and have not been."""
    with reading(engine) as connection:
        return count_questions(connection)


def fingerprints_of(examination: ExaminationRecord | None) -> tuple[Fingerprint, ...]:
    """The fingerprints that an examination recorded."""
    stored = examination.fingerprints if examination else ()
    return tuple(Fingerprint.model_validate(one) for one in stored)
