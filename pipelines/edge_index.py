"""Matching what was examined against all that was examined before, by an index that lies in files beside the database.

Edges follow the log: they are made in the order of the examinations, so that every process, and a rebuild, makes the
same ones. The files are a cache of the tables: without them, or where they are damaged, the tables are read again.
"""

from __future__ import annotations

import sys
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from casefile.errors import SpaceExhausted, StorageFailed
from casefile.ids import LogId
from casefile.records.edges import (
    ExaminedItem,
    StoredEdge,
    buried_positions,
    event_at,
    examined_after,
    examined_at,
    examined_of_bytes,
    matched_position,
    note_matched,
    store_edges,
)
from casefile.records.engine import Connection, Engine, reading, writing
from casefile.records.pixels import StoredQuestion, add_questions, stored_pixels
from casefile.settings import ExamineSettings
from casefile.vocabulary import Tier
from casefile.workspace import Workspace
from pipelines.services import Services
from verification.edges import VERSION, Edge, Matches, PixelQuestion, Subject, Thresholds, with_pixels
from verification.interface import Fingerprint
from verification.stretches import Stretch
from verification.technical.index_files import IndexFiles
from verification.technical.indexed import EXHAUSTIVE, IndexedItems
from verification.technical.known_items import Sort
from verification.technical.matching import Matcher, nearest_places

PORTION = 500
"""Examinations that are matched before what was found is written."""
SHORTEST, LONGEST = 1_024, 16_384
"""Codes that are worth a file of their own at the end, and while more of them come: fewer are read from the tables
again by whoever opens the index next."""


@dataclass(frozen=True, slots=True)
class NearItems:
    """For each code the items near it and how many bits differ; how they were searched, and what was left out."""

    found: tuple[Mapping[str, int], ...]
    search: str
    limits: tuple[str, ...]


@dataclass(slots=True)
class EdgeIndex:
    """All fingerprints, followed up from the log. `catch_up` before reading edges.

    Nothing is decoded here: what only decoded pixels can tell is left as an open question.
    """

    engine: Engine
    settings: ExamineSettings
    files: IndexFiles
    exhaustive: int = EXHAUSTIVE
    _items: IndexedItems | None = None

    def catch_up(self) -> None:
        """Match every examination that the edges do not take into account yet."""
        while True:
            with reading(self.engine) as connection:
                matched = matched_position(connection)
                waiting = list(examined_after(connection, matched, PORTION))
            if not waiting:
                break
            self._match(waiting, matched)
        if self._items is not None:
            self._save(self._items, SHORTEST)

    def merge(self) -> int:
        """Follow the log, write what is in no file, and make one file of many; how many there are then.

        Damage is found by it: every byte is compared with its digest, and what differs is written anew from the
        tables. Raises SpaceExhausted, StorageFailed.
        """
        self._items = None
        self.catch_up()
        with reading(self.engine) as connection:
            items = self._known(matched_position(connection))
        self._save(items, 1)
        mapped = self.files.merged(items.mapped, self._gone) if not items.waiting else None
        # What somebody else is writing is opened the next time.
        self._items = None
        return len(mapped if mapped is not None else items.mapped)

    def lookup(self, subject: Subject) -> Matches:
        """What a file that is no item is like, and what a full decode may settle."""
        with reading(self.engine) as connection:
            matched = matched_position(connection)
        return self._matcher(self._known(matched)).matches(subject)

    def near(self, codes: Sequence[str], most: int) -> NearItems:
        """The items with a fingerprint that differs from each PDQ code in at most `most` bits."""
        self.catch_up()
        with reading(self.engine) as connection:
            known = self._known(matched_position(connection))
        found: list[Mapping[str, int]] = []
        limits: list[str] = []
        for code in codes:
            near = known.near(Sort.TELLING, code, most)
            items = known.items(nearest_places(near, limits))
            bits: dict[str, int] = {}
            for one in near:
                if one.place in items and one.ordinal < len(items[one.place].fingerprints):
                    item = items[one.place].item
                    bits[item] = min(one.bits, bits.get(item, one.bits))
            found.append(bits)
        return NearItems(tuple(found), known.search, tuple(limits))

    def _match(self, waiting: Sequence[ExaminedItem], matched: int) -> None:
        items = self._known(matched)
        matcher = self._matcher(items)
        found: list[Edge] = []
        questions: list[PixelQuestion] = []
        for subject in map(compared, waiting):
            matches = matcher.matches(subject)
            found += matches.edges
            questions += matches.questions
            items.add(subject)
        with writing(self.engine) as connection:
            # Another process may have matched them meanwhile, and looked at what it found.
            if matched_position(connection) == matched:
                _keep(connection, found, questions)
                note_matched(connection, items.position)
        self._save(items, LONGEST)

    def _matcher(self, items: IndexedItems) -> Matcher:
        thresholds = Thresholds(
            auto_bits=self.settings.auto_distance_bits, candidate_bits=self.settings.candidate_distance_bits
        )
        return Matcher(thresholds, items)

    def _known(self, position: int) -> IndexedItems:
        """Everything that was examined up to that position of the log."""
        if self._items is None or self._items.position > position:
            mapped = self.files.opened(self._event_at, position)
            self._items = IndexedItems(self._load, self._same, mapped, self.exhaustive)
        items = self._items
        while items.position < position:
            with reading(self.engine) as connection:
                some = list(examined_after(connection, items.position, PORTION))
            for one in some:
                if one.position <= position:
                    items.add(compared(one))
            if not some or some[-1].position > position:
                # What is left behind the last examination are events of other kinds.
                items.position = position
            self._save(items, LONGEST)
        return items

    def _save(self, items: IndexedItems, least: int) -> None:
        """Write the tail into a file when it is that long; that the disk refuses it is said, and costs nothing."""
        if items.waiting < least:
            return
        until = items.position, self._event_at(items.position)
        try:
            mapped = self.files.appended(items.mapped, items.tail(), until, self._gone)
        except (SpaceExhausted, StorageFailed) as error:
            # Nothing is lost: what the files hold is read from the tables again.
            sys.stderr.write(f"index of fingerprints: not written: {error}\n")
            return
        if mapped is not None:
            items.written(mapped)
        elif items.waiting >= LONGEST:
            # Somebody else has written other files: those are opened the next time.
            self._items = None

    def _load(self, places: Collection[int]) -> Mapping[int, Subject]:
        with reading(self.engine) as connection:
            return {one.position: compared(one) for one in examined_at(connection, places)}

    def _same(self, subject: Subject, until: int, most: int) -> Sequence[Subject]:
        with reading(self.engine) as connection:
            found = examined_of_bytes(connection, subject.sha256, subject.item, until, most)
        return [Subject(item, lead, subject.sha256) for item, lead in found]

    def _event_at(self, position: int) -> str:
        with reading(self.engine) as connection:
            return event_at(connection, position)

    def _gone(self) -> Collection[int]:
        with reading(self.engine) as connection:
            return buried_positions(connection)


def edge_index(services: Services) -> EdgeIndex:
    """The index of an open workspace."""
    return index_of(services.workspace, services.engine, services.log.id, services.settings.examine)


def index_of(workspace: Workspace, engine: Engine, log: LogId, settings: ExamineSettings) -> EdgeIndex:
    """The index of a workspace for a database, which may be one that is being rebuilt."""
    return EdgeIndex(engine, settings, IndexFiles(workspace.fingerprints, log))


def stored_edge(edge: Edge) -> StoredEdge:
    """An edge as its table holds it."""
    return StoredEdge(
        edge.edge,
        edge.item_a,
        edge.item_b,
        edge.tier,
        edge.method,
        VERSION,
        edge.distance,
        edge.bits,
        edge.same_capture,
        {
            "variant": edge.variant,
            "phash_distance": edge.phash_distance,
            "matched": edge.matched,
            "compared": edge.compared,
            "offset_ms": edge.offset_ms,
            "pixels": edge.pixels,
            "search": edge.search,
            "votes": edge.votes,
            "inliers": edge.inliers,
            "tiles_good": edge.tiles_good,
            "tiles_compared": edge.tiles_compared,
            "covered_a": edge.covered_a,
            "covered_b": edge.covered_b,
            "movement": list(edge.movement),
            "segments": [one.plain() for one in edge.segments],
            "at_a": edge.at_a,
            "at_b": edge.at_b,
        },
    )


def edge_of(stored: StoredEdge) -> Edge:
    """The edge that a table's row holds."""
    evidence = stored.evidence
    read = {
        "movement": tuple(evidence["movement"]),
        "segments": tuple(Stretch(**one) for one in evidence.get("segments", ())),
    }
    return Edge(
        item_a=stored.item_a,
        item_b=stored.item_b,
        tier=Tier(stored.tier),
        methods=tuple(stored.method.split("+")),
        distance=stored.distance,
        same_capture=stored.same_capture,
        bits=stored.bits,
        **(evidence | read),
    )


def _keep(connection: Connection, edges: Sequence[Edge], questions: Sequence[PixelQuestion]) -> None:
    """Store edges, with those questions answered that can be; those that still can be stay open."""
    known = stored_pixels(connection, {item for one in questions for item in (one.item_a, one.item_b)})
    digests = {item: one.digest for item, one in known.items()}
    store_edges(connection, map(stored_edge, with_pixels(edges, questions, digests)))
    add_questions(
        connection,
        [
            StoredQuestion(one.edge, one.item_a, one.item_b, one.same_capture)
            for one in questions
            if "" not in (digests.get(one.item_a), digests.get(one.item_b))
            and not {one.item_a, one.item_b} <= digests.keys()
        ],
    )


def compared(examined: ExaminedItem) -> Subject:
    """An examined item as it is compared."""
    fingerprints = tuple(Fingerprint.model_validate(one) for one in examined.fingerprints)
    # The captures of one lead are one collection in several steps: what is alike in them is a class of its own.
    return Subject(examined.item, examined.lead, examined.sha256, fingerprints, examined.position, examined.duration_ms)
