"""Comparing near pictures pixel by pixel: which pairs are worth it, decoding them in a sandbox, what comes of it.

The edges leave questions, this answers them. A decode costs several times as much as everything else that is done with
a picture, so it is done for candidates only, and once an item.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeAlias

from casefile.digests import hex_of
from casefile.errors import DigestMismatch, StorageFailed
from casefile.records.edges import edges_by_id, store_edges
from casefile.records.engine import reading, writing
from casefile.records.pixels import StoredPixels, close_questions, open_questions, store_pixels, stored_pixels
from casefile.records.queries import ExaminationRecord, ItemFilter, list_items, newest_examination
from casefile.vocabulary import ContainmentLevel
from pipelines.edge_index import edge_of, stored_edge
from pipelines.examinable import examinable
from pipelines.on_demand import OnDemandWorker, on_demand
from pipelines.services import Services
from verification.edges import Edge, Matches, PixelQuestion, with_pixels
from verification.interface import MAX_BATCH, CheckCause, CheckName, Finding, PixelsAnswer
from verification.pixels import MODULE, digest_pixels, exact_size, joined
from verification.working_copies import Preserved

QUESTIONS = 500
"""Answered at a time."""
Size: TypeAlias = tuple[int, int] | None
"""The sides of a still that can be decoded whole, the smaller first; None for everything else."""
LOOKED_UP = ""
"""The id that a file has which is no item."""


@dataclass(frozen=True, slots=True)
class PixelReader:
    """Digests the pixels of preserved files."""

    worker: OnDemandWorker

    def read(self, originals: Sequence[Preserved]) -> PixelsAnswer:
        """What comes of decoding working copies of at most MAX_BATCH files; a damaged original fails by itself."""
        try:
            with self.worker.copies(originals) as (worker, name):
                return digest_pixels(worker, sorted({hex_of(one.sha256) for one in originals}), name)
        except (DigestMismatch, StorageFailed):
            if len(originals) == 1:
                return PixelsAnswer(pixels={}, failed={hex_of(originals[0].sha256): CheckCause.NOT_THE_COPY})
        return joined(self.read([one]) for one in originals)


@contextmanager
def pixel_reader(services: Services, level: ContainmentLevel) -> Iterator[PixelReader]:
    """A reader for the calling thread; it costs nothing until it is asked."""
    with on_demand(services, MODULE, level) as worker:
        yield PixelReader(worker)


def compare_pixels(services: Services, reader: PixelReader) -> None:
    """Answer every open question, and write into the edges which pairs are equal.

    What was decoded is kept batch by batch: after an interruption the rest is done. A question that cannot be answered
    is closed all the same. Raises ContainmentMissing, and then the questions stay open.
    """
    sizes: dict[str, Size] = {}
    while True:
        with reading(services.engine) as connection:
            stored = open_questions(connection, QUESTIONS)
        if not stored:
            return
        questions = [PixelQuestion(one.item_a, one.item_b, one.same_capture) for one in stored]
        digests = _answers(services, reader, _worth_decoding(services, questions, sizes))
        with writing(services.engine) as connection:
            known = [edge_of(edge) for edge in edges_by_id(connection, [one.edge for one in questions])]
            settled = with_pixels(known, questions, digests)
            store_edges(connection, [stored_edge(edge) for edge in settled if edge.pixels])
            close_questions(connection, [one.edge for one in questions])


def compare_looked_up(
    services: Services, reader: PixelReader, matches: Matches, original: Preserved, findings: Sequence[Finding]
) -> tuple[Edge, ...]:
    """The edges of a file that is no item, with the questions about its pixels answered; nearest first."""
    size = exact_size(findings)
    items = {question.item_a or question.item_b for question in matches.questions}
    alike = {item for item, other in _sizes(services, items).items() if size is not None and other == size}
    if not alike:
        return matches.edges
    digests = dict(_digests(services, reader, alike))
    digests[LOOKED_UP] = reader.read([original]).pixels.get(hex_of(original.sha256), "")
    edges = with_pixels(matches.edges, matches.questions, digests)
    return tuple(sorted(edges, key=lambda edge: (edge.distance, edge.item_a, edge.item_b)))


def size_of(examination: ExaminationRecord | None) -> Size:
    """The sides of an examined still."""
    stored = examination.findings if examination else ()
    return exact_size(Finding.model_validate(one) for one in stored if one["check"] == CheckName.FINGERPRINTS)


def _worth_decoding(
    services: Services, questions: Sequence[PixelQuestion], sizes: dict[str, Size]
) -> list[PixelQuestion]:
    """Those questions whose items have sides of equal length and were not tried in vain; `sizes` remembers the sides.

    Thousands of title cards are thousands of questions about the same items.
    """
    items = {item for one in questions for item in (one.item_a, one.item_b)}
    with reading(services.engine) as connection:
        tried = {item for item, one in stored_pixels(connection, items).items() if one.cause}
    sizes |= _sizes(services, items - tried - sizes.keys())
    left = {item: sizes[item] for item in items - tried}
    return [one for one in questions if (size := left.get(one.item_a)) is not None and size == left.get(one.item_b)]


def _sizes(services: Services, items: Collection[str]) -> dict[str, Size]:
    with reading(services.engine) as connection:
        return {item: size_of(newest_examination(connection, item)) for item in sorted(items)}


def _answers(services: Services, reader: PixelReader, questions: Sequence[PixelQuestion]) -> Mapping[str, str]:
    return _digests(services, reader, {item for one in questions for item in (one.item_a, one.item_b)})


def _digests(services: Services, reader: PixelReader, items: Collection[str]) -> Mapping[str, str]:
    """The digests of these items' pixels, by item; those that were never decoded are decoded now."""
    with reading(services.engine) as connection:
        missing = sorted(set(items) - set(stored_pixels(connection, items)))
    for start in range(0, len(missing), MAX_BATCH):
        _decode(services, reader, missing[start : start + MAX_BATCH])
    with reading(services.engine) as connection:
        return {item: one.digest for item, one in stored_pixels(connection, items).items() if one.digest}


def _decode(services: Services, reader: PixelReader, items: Sequence[str]) -> None:
    with reading(services.engine) as connection:
        records = list_items(connection, ItemFilter(ids=tuple(items)))
    files = {one.item.id: one.original for one in examinable(services, records)}
    answer = reader.read(list(files.values())) if files else PixelsAnswer(pixels={}, failed={})
    read = []
    for item, original in files.items():
        name = hex_of(original.sha256)
        read.append(StoredPixels(item, answer.pixels.get(name, ""), answer.failed.get(name, "")))
    with writing(services.engine) as connection:
        store_pixels(connection, read)
