"""Drawing how two stills lie upon each other, for a person to look at."""

from __future__ import annotations

from pathlib import Path

from casefile.digests import hex_of
from casefile.errors import UsageError
from casefile.events.envelope import EventOutcome, Subject
from casefile.events.port import draft
from casefile.events.types import AccessLogged
from casefile.records.edges import StoredEdge, edges_by_id
from casefile.records.engine import reading
from casefile.records.queries import find_items
from casefile.vocabulary import ContainmentLevel
from containment.worker import WorkerFailed
from pipelines.examinable import examinable
from pipelines.on_demand import on_demand
from pipelines.services import Services
from preservation.durable import Disk
from verification.edges import edge_id
from verification.features import MODULE, STILL, AskedPair, draw_pair, features_installed
from verification.running import cause_of


def frame_times(edge: StoredEdge | None, first: str) -> tuple[int, int]:
    """The milliseconds of the frames that an edge rests on, of the item `first` and of the other; STILL of none."""
    if edge is None:
        return STILL, STILL
    at_a, at_b = (int(edge.evidence.get(name, STILL)) for name in ("at_a", "at_b"))
    return (at_a, at_b) if edge.item_a == first else (at_b, at_a)


def draw_comparison(
    services: Services, items: tuple[str, str], picture: Path, level: ContainmentLevel
) -> dict[str, object]:
    """Draw both items side by side and the second laid upon the first, tiles that differ outlined, as a new PNG.

    What is drawn is decoded and encoded anew in a sandbox. It is recorded that somebody looked. Gives the evidence of
    the alignment; raises UnknownItem, and UsageError for an item without one still file or a file that is there.
    """
    if picture.exists() or not picture.parent.is_dir():
        raise UsageError(f"{picture} is there already, or its folder is not")
    if not features_installed():
        raise UsageError("drawing a comparison needs OpenCV, which is not installed")
    with reading(services.engine) as connection:
        records = find_items(connection, items)
        known = edges_by_id(connection, [edge_id(records[0].id, records[-1].id)])
    files = {one.item.id: one.original for one in examinable(services, records)}
    if len(files) != len(records):
        raise UsageError("both items need one file that can be shown")
    times = frame_times(known[0] if known else None, records[0].id)
    first, second = (hex_of(files[one.id].sha256) for one in records)
    with on_demand(services, MODULE, level) as on_call, on_call.copies(list(files.values())) as (worker, name):
        try:
            asked = AskedPair(first=first, second=second, first_ms=times[0], second_ms=times[1])
            found = draw_pair(worker, asked, name)
        except WorkerFailed as failed:
            raise UsageError(f"the two cannot be compared as stills: {cause_of(failed)}") from failed
        if not found.picture:
            raise UsageError("one of the two cannot be opened as a still")
        Disk().replace(picture, (on_call.out / name / found.picture).read_bytes())
    body = AccessLogged(act="duplicates compare", detail="drawn")
    subjects = (Subject(kind="item", id=one.id) for one in records)
    services.append(draft("access.logged", *subjects, body=body, outcome=EventOutcome(status="done")))
    return {
        "picture": str(picture),
        "inliers": found.inliers,
        "tiles_good": found.good,
        "tiles_compared": found.compared,
        "covered_a": found.covered_first,
        "covered_b": found.covered_second,
        "mirrored": found.mirrored,
    }
