"""Looking for items like a file that is none, and comparing two items whatever their distance."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from casefile.digests import digest_file, hex_of
from casefile.errors import UsageError
from casefile.events.envelope import EventOutcome
from casefile.events.port import draft
from casefile.events.types import AccessLogged
from casefile.records.edges import duration_in
from casefile.records.engine import reading
from casefile.records.pixels import StoredPixels, stored_pixels
from casefile.records.queries import ItemFilter, ItemRecord, find_items, list_items, newest_examination
from casefile.vocabulary import ContainmentLevel, Role
from pipelines.examine import open_examiner, program_path
from pipelines.neighbours import fingerprints_of
from pipelines.pixels import Size, compare_looked_up, size_of
from pipelines.services import Services
from verification.edges import PDQ_BITS, PHASH_BITS, Edge, score
from verification.edges import Subject as Compared
from verification.interface import VARIANTS, ExamineRequest, Fingerprint, Specimen
from verification.running import examine_batch
from verification.technical.matching import distance, turned_distance
from verification.working_copies import Preserved, copies_in


@dataclass(frozen=True, slots=True)
class Likeness:
    """An item that a file is like, and the evidence."""

    item: ItemRecord
    edge: Edge


def look_up(services: Services, file: Path, level: ContainmentLevel) -> list[Likeness]:
    """The items that `file` is like, nearest first. The file is not kept; that somebody looked is recorded."""
    if not file.is_file():
        raise UsageError(f"there is no file {file}")
    digest = digest_file(file).sha256
    with open_examiner(services, level) as examiner:
        examiner.edges.catch_up()
        asked = ExamineRequest(
            files=(Specimen(file=hex_of(digest), role=Role.OTHER),),
            exiftool=examiner.exiftool,
            ffprobe=program_path("ffprobe"),
        )
        original = Preserved(file, digest)
        with copies_in(examiner.inputs, [original]):
            found = examine_batch(examiner.worker, asked, "lookup").files[0]
        duration_ms = duration_in([one.plain() for one in found.findings])
        subject = Compared("", "", digest, found.fingerprints, duration_ms=duration_ms)
        matches = examiner.edges.lookup(subject)
        near = compare_looked_up(services, examiner.pixels, matches, original, found.findings)
        edges = examiner.features.look_up(original, subject, near)
    services.append(
        draft(
            "access.logged",
            body=AccessLogged(act="duplicates lookup", detail=f"{len(edges)} items are like {digest}"),
            outcome=EventOutcome(status="done"),
        )
    )
    others = tuple(edge.item_b or edge.item_a for edge in edges)
    with reading(services.engine) as connection:
        items = {item.id: item for item in list_items(connection, ItemFilter(ids=others))} if others else {}
    return [Likeness(items[other], edge) for other, edge in zip(others, edges, strict=True) if other in items]


def compare_items(services: Services, first: str, second: str) -> dict[str, object]:
    """How far two items are apart, whatever the thresholds say; raises UnknownItem.

    Nothing is decoded for it: `pixels` says what came of it when their edge was made, if they were that near.
    """
    with reading(services.engine) as connection:
        one, other = find_items(connection, [first, second])
        left, right = newest_examination(connection, one.id), newest_examination(connection, other.id)
        read = stored_pixels(connection, (one.id, other.id))
    compared: dict[str, object] = {
        "item_a": one.label,
        "item_b": other.label,
        "same_bytes": bool(one.sha256) and one.sha256 == other.sha256,
        "pixels": _pixels((read.get(one.id), size_of(left)), (read.get(other.id), size_of(right))),
    }
    nearest = _nearest(fingerprints_of(left), fingerprints_of(right))
    if nearest is None:
        compared["note"] = "there are no fingerprints to compare"
        return compared
    bits, variant, pair = nearest
    phash = distance(pair[0].phash, pair[1].phash)
    return compared | {
        "distance": bits,
        "bits": PDQ_BITS,
        "score": score(bits, PDQ_BITS),
        "variant": variant,
        "regions": f"{pair[0].region}/{pair[1].region}",
        "phash_distance": phash,
        "phash_score": score(phash, PHASH_BITS),
        "low_information": pair[0].low_information or pair[1].low_information,
    }


def _pixels(one: tuple[StoredPixels | None, Size], other: tuple[StoredPixels | None, Size]) -> str:
    """`equal`, `different`, or `not compared` with the cause where one of the two could not be decoded."""
    (read, size), (other_read, other_size) = one, other
    if size is not None and other_size is not None and size != other_size:
        return "different"
    causes = [found.cause for found in (read, other_read) if found is not None and found.cause]
    if causes:
        return f"not compared: {causes[0]}"
    if read is None or other_read is None:
        return "not compared"
    return "equal" if read.digest == other_read.digest else "different"


def _nearest(
    left: tuple[Fingerprint, ...], right: tuple[Fingerprint, ...]
) -> tuple[int, str, tuple[Fingerprint, Fingerprint]] | None:
    found = [
        (turned_distance(one, other, variant), place, (one, other))
        for one in left
        for other in right
        for place, variant in enumerate(VARIANTS)
    ]
    if not found:
        return None
    bits, place, pair = min(found, key=lambda one: one[:2])
    return bits, VARIANTS[place], pair
