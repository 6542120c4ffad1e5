"""Comparing stills by local features: describe each once, ask which share key points, lay those upon each other.

It follows the log as the edges do, portion by portion: after an interruption the rest is done. Each pair is aligned in
an order that their bytes give, so that the evidence does not depend on which of them came first.
"""

from __future__ import annotations

import sys
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TypeAlias

from casefile.digests import hex_of
from casefile.errors import DigestMismatch, StorageFailed
from casefile.records.edges import (
    ExaminedItem,
    edges_by_id,
    edges_of_items,
    examined_after,
    matched_position,
    note_matched,
    store_edges,
)
from casefile.records.engine import Engine, reading, writing
from casefile.records.features import COMPARED, StoredFeatures, store_features, stored_features
from casefile.records.queries import ItemFilter, list_items
from casefile.settings import ExamineSettings
from casefile.vocabulary import ContainmentLevel, Tier
from pipelines.edge_index import compared, edge_of, stored_edge
from pipelines.examinable import examinable
from pipelines.on_demand import OnDemandWorker, on_demand
from pipelines.services import Services
from verification.edges import Alignment, Edge, Subject, edge_id, with_alignment
from verification.features import (
    MODULE,
    STILL,
    AlignedPair,
    AskedPair,
    FeaturesAnswer,
    align_pairs,
    describe,
    features_installed,
    reversed_pair,
)
from verification.interface import CheckCause
from verification.technical.local_codes import VERSION, LocalCodes, frames_of
from verification.technical.votes import MOST_UNDER_KEY, VoteTable
from verification.working_copies import Preserved

PORTION = 25
"""Stills that are described and compared before what was found is written."""
MOST_ALIGNED = 40
"""Pairs of one still that are aligned, those with most votes: a still with more is a template or a logo."""
LOW_INFORMATION = "low-information"
Asked: TypeAlias = tuple[tuple[str, int], tuple[str, int]]
"""Two pictures, each by the digest of its file and the milliseconds of its frame, STILL of what is none."""
LOOKED_UP = ""
"""The id that a file has which is no item."""


@dataclass(frozen=True, slots=True)
class Nominated:
    """Two stills that may show the same, of a video the frame at that time. `item_a` sorts before `item_b`."""

    item_a: str
    item_b: str
    same_capture: bool
    votes: int
    at_a: int = STILL
    at_b: int = STILL

    @property
    def edge(self) -> str:
        return edge_id(self.item_a, self.item_b)


@dataclass(slots=True)
class FeatureIndex:
    """Local codes of all stills so far. It belongs to the thread of its worker."""

    services: Services
    worker: OnDemandWorker
    _table: VoteTable = field(default_factory=VoteTable)
    _stills: list[tuple[Subject, int]] = field(default_factory=list)
    _known: set[str] = field(default_factory=set)
    _position: int = -1

    @property
    def usable(self) -> bool:
        """Whether stills are compared by key points here at all."""
        return self.services.settings.examine.local_features and features_installed()

    def catch_up(self) -> None:
        """Compare every still that is not compared yet. The edges by fingerprints are there before."""
        if not self.usable:
            return
        with reading(self.services.engine) as connection:
            done = matched_position(connection, COMPARED)
            examined = list(examined_after(connection, min(self._position, done)))
        new = [one for one in examined if one.position > done]
        if any(_is_shown(one) for one in new):
            self._load([one for one in examined if self._position < one.position <= done])
            for start in range(0, len(new), PORTION):
                self._compare(new[start : start + PORTION])
            self._tell_passed_over()
        elif new:
            with writing(self.services.engine) as connection:
                note_matched(connection, new[-1].position, COMPARED)

    def look_up(self, original: Preserved, subject: Subject, edges: Sequence[Edge]) -> tuple[Edge, ...]:
        """The edges of a file that is no item, with what aligning it found; nearest first."""
        self.catch_up()
        if not self.usable or not _tells(subject):
            return tuple(edges)
        with reading(self.services.engine) as connection:
            self._load(list(examined_after(connection, self._position)))
        found = {edge.edge: edge for edge in edges}
        asked = self._nominated(subject, self._describe(original, subject))
        candidates = [
            Nominated(edge.item_a, edge.item_b, False, 0)
            for edge in edges
            if edge.tier is Tier.CANDIDATE and not edge.compared and "frame" not in edge.methods
        ]
        pairs = list({one.edge: one for one in (*candidates, *asked)}.values())
        for alignment in self._align(pairs, {LOOKED_UP: original}):
            edge = with_alignment(found.get(edge_id(alignment.item_a, alignment.item_b)), alignment)
            if edge is not None:
                found[edge.edge] = edge
        return tuple(sorted(found.values(), key=lambda one: (one.distance * 256 // one.bits, one.item_a, one.item_b)))

    def _tell_passed_over(self) -> None:
        if self._table.passed_over:
            sys.stderr.write(
                f"key points: {self._table.passed_over} keys that more than {MOST_UNDER_KEY} items share were passed"
                " over; copies that have nothing else in common are not listed as pairs\n"
            )
            self._table.passed_over = 0

    def _load(self, examined: Sequence[ExaminedItem]) -> None:
        """Take stills into the table that were compared before."""
        stills = [one for one in map(compared, filter(_is_shown, examined)) if one.item not in self._known]
        with reading(self.services.engine) as connection:
            stored = stored_features(connection, VERSION, [one.item for one in stills])
        for one in stills:
            self._add(one, stored.get(one.item))
        if examined:
            self._position = max(self._position, examined[-1].position)

    def _compare(self, examined: Sequence[ExaminedItem]) -> None:
        # Also those that are known: an examination that is repeated wrote their edges anew, without this evidence.
        stills = list({one.item: one for one in map(compared, filter(_is_shown, examined))}.values())
        described = self._described(stills)
        nominated: dict[str, Nominated] = {}
        for one in stills:
            codes = self._codes(described.get(one.item))
            nominated |= {pair.edge: pair for pair in self._nominated(one, codes)}
            self._add(one, described.get(one.item))
        with reading(self.services.engine) as connection:
            near = edges_of_items(connection, [one.item for one in stills])
        for edge in map(edge_of, near):
            if edge.tier is Tier.CANDIDATE and not edge.compared and "frame" not in edge.methods:
                pair = Nominated(edge.item_a, edge.item_b, edge.same_capture, 0)
                nominated.setdefault(pair.edge, pair)
        alignments = list(self._align(list(nominated.values()), {}))
        with writing(self.services.engine) as connection:
            known = {one.edge: edge_of(one) for one in edges_by_id(connection, list(nominated))}
            found = [with_alignment(known.get(edge_id(one.item_a, one.item_b)), one) for one in alignments]
            store_edges(connection, [stored_edge(edge) for edge in found if edge is not None])
            position = max(examined[-1].position, matched_position(connection, COMPARED))
            note_matched(connection, position, COMPARED)
        self._position = examined[-1].position

    def _add(self, still: Subject, stored: StoredFeatures | None) -> None:
        if still.item in self._known:
            return
        number = len(self._known)
        self._known.add(still.item)
        for at_ms, codes in self._codes(stored).items():
            self._table.add(codes, number)
            self._stills.append((still, at_ms))

    def _codes(self, stored: StoredFeatures | None) -> Mapping[int, LocalCodes]:
        """The codes of a still, or of the frames of a video, that can be compared by them, by milliseconds."""
        codes = frames_of(stored.codes) if stored is not None and stored.codes else {}
        return {at_ms: one for at_ms, one in codes.items() if one.tells}

    def _nominated(self, still: Subject, codes: Mapping[int, LocalCodes]) -> list[Nominated]:
        """The pairs with most votes, each item once: of a video by the two frames that share most."""
        best: dict[str, tuple[tuple[int, int, int], Subject]] = {}
        for here_ms, asking in codes.items():
            for place, count in self._table.votes(asking).items():
                other, there_ms = self._stills[place]
                found = best.get(other.item)
                # Of equals the earlier frames, whichever of the two asks.
                rank = (-count, here_ms + there_ms, here_ms if still.item < other.item else there_ms)
                if other.sha256 != still.sha256 and (found is None or rank < found[0]):
                    best[other.item] = rank, other
        pairs = []
        for rank, other in sorted(best.values(), key=lambda one: (one[0][0], one[1].item))[:MOST_ALIGNED]:
            if other.item != still.item:
                first, second = sorted((still.item, other.item))
                same_capture, at_a = still.capture == other.capture, rank[2]
                pairs.append(Nominated(first, second, same_capture, -rank[0], at_a, rank[1] - at_a))
        return pairs

    def _described(self, stills: Sequence[Subject]) -> Mapping[str, StoredFeatures]:
        """What is known of these stills; those that were never described are described now."""
        with reading(self.services.engine) as connection:
            stored = stored_features(connection, VERSION, [one.item for one in stills])
        missing = [one for one in stills if one.item not in stored]
        poor = [StoredFeatures(one.item, b"", LOW_INFORMATION) for one in missing if not _tells(one)]
        files = self._files([one.item for one in missing if _tells(one)])
        fresh = poor
        if files:
            films = {hex_of(files[one.item].sha256) for one in missing if one.item in files and one.is_video}
            answer = self._ask_for(files, films)
            for item, original in files.items():
                name = hex_of(original.sha256)
                codes = bytes.fromhex(answer.described.get(name, ""))
                fresh.append(StoredFeatures(item, codes, answer.failed.get(name, "")))
        with writing(self.services.engine) as connection:
            store_features(connection, VERSION, fresh)
        return {**stored, **{one.item: one for one in fresh}}

    def _describe(self, original: Preserved, subject: Subject) -> Mapping[int, LocalCodes]:
        """The codes of a file that is no item."""
        name = hex_of(original.sha256)
        answer = self._ask_for({LOOKED_UP: original}, {name} if subject.is_video else ())
        return self._codes(StoredFeatures(LOOKED_UP, bytes.fromhex(answer.described.get(name, "")), ""))

    def _ask_for(self, files: Mapping[str, Preserved], films: Collection[str]) -> FeaturesAnswer:
        """What comes of describing working copies; a damaged original fails by itself."""
        try:
            with self.worker.copies(list(files.values())) as (worker, name):
                return describe(worker, sorted({hex_of(one.sha256) for one in files.values()}), name, films)
        except (DigestMismatch, StorageFailed):
            if len(files) == 1:
                damaged = hex_of(next(iter(files.values())).sha256)
                return FeaturesAnswer(described={}, failed={damaged: CheckCause.NOT_THE_COPY})
        answers = [self._ask_for({item: one}, films) for item, one in files.items()]
        return FeaturesAnswer(
            described={name: codes for one in answers for name, codes in one.described.items()},
            failed={name: cause for one in answers for name, cause in one.failed.items()},
        )

    def _align(self, pairs: Sequence[Nominated], beside: Mapping[str, Preserved]) -> Iterator[Alignment]:
        """What comes of laying pairs upon each other; nothing of a pair that cannot be. `beside`: files of no item."""
        for start in range(0, len(pairs), PORTION):
            some = pairs[start : start + PORTION]
            files = {**self._files([item for one in some for item in (one.item_a, one.item_b)]), **beside}
            whole = [one for one in some if one.item_a in files and one.item_b in files]
            names = {item: hex_of(file.sha256) for item, file in files.items()}
            told = self._ask_about([_asked(one, names) for one in whole], files)
            for pair in whole:
                found = told.get(_asked(pair, names))
                if found is not None and found.movement:
                    yield alignment_of(pair, found)

    def _ask_about(self, pairs: Sequence[Asked], files: Mapping[str, Preserved]) -> Mapping[Asked, AlignedPair]:
        """Alignments of pairs of pictures, each seen from the first; pairs with a damaged original are left out."""
        asked = sorted({min(pair, pair[::-1]) for pair in pairs if pair[0][0] != pair[1][0]})
        if not asked:
            return {}
        wanted = {name for pair in asked for name, _at_ms in pair}
        try:
            with self.worker.copies([one for one in files.values() if hex_of(one.sha256) in wanted]) as (worker, name):
                questions = [
                    AskedPair(first=first, second=second, first_ms=first_ms, second_ms=second_ms)
                    for (first, first_ms), (second, second_ms) in asked
                ]
                answer = align_pairs(worker, questions, name)
        except (DigestMismatch, StorageFailed):
            if len(asked) == 1:
                return {}
            found: dict[Asked, AlignedPair] = {}
            for pair in asked:
                found |= self._ask_about([pair], files)
            return found
        told = {((one.first, one.first_ms), (one.second, one.second_ms)): one for one in answer.aligned}
        return told | {(second, first): reversed_pair(one) for (first, second), one in told.items()}

    def _files(self, items: Sequence[str]) -> dict[str, Preserved]:
        """The one file that stands for each of these items, as it lies in the vault."""
        wanted = tuple(sorted({item for item in items if item != LOOKED_UP}))
        if not wanted:
            return {}
        with reading(self.services.engine) as connection:
            records = list_items(connection, ItemFilter(ids=wanted))
        return {one.item.id: one.original for one in examinable(self.services, records)}


@contextmanager
def feature_index(services: Services, level: ContainmentLevel) -> Iterator[FeatureIndex]:
    """An index for the calling thread; it costs nothing until there are stills to compare."""
    with on_demand(services, MODULE, level) as worker:
        yield FeatureIndex(services, worker)


def stills_waiting(engine: Engine, settings: ExamineSettings) -> int:
    """How many stills were examined and are not compared by key points; 0 where they are not to be."""
    if not settings.local_features:
        return 0
    with reading(engine) as connection:
        return sum(map(_is_shown, examined_after(connection, matched_position(connection, COMPARED))))


def alignment_of(pair: Nominated, found: AlignedPair) -> Alignment:
    """What was found out about a pair, by its items."""
    return Alignment(
        item_a=pair.item_a,
        item_b=pair.item_b,
        same_capture=pair.same_capture,
        votes=pair.votes,
        inliers=found.inliers,
        good=found.good,
        compared=found.compared,
        covered_a=found.covered_first,
        covered_b=found.covered_second,
        movement=found.movement,
        mirrored=found.mirrored,
        at_a=pair.at_a,
        at_b=pair.at_b,
    )


def _asked(pair: Nominated, names: Mapping[str, str]) -> Asked:
    """A pair by what it is asked about."""
    return (names[pair.item_a], pair.at_a), (names[pair.item_b], pair.at_b)


def _is_shown(examined: ExaminedItem) -> bool:
    """Whether it is a still, or a video that has frames."""
    return bool(examined.fingerprints)


def _tells(still: Subject) -> bool:
    """Whether a still holds enough to be compared: of a title card only equal bytes or pixels say anything."""
    return any(one.region == "full" and not one.low_information for one in still.fingerprints)
