"""Admitting 10,000 small files that were handed over, against copying them with an fsync each.

From the first file's reading to the last acknowledgement. The examination that goes on meanwhile and after is a
figure of its own, for a part of the files.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from benchmarks.measuring import Figure, both, spend
from benchmarks.places import opened, write_noise
from casefile.records.engine import reading
from casefile.records.ledger import Claim
from casefile.records.queries import ItemFilter, list_items
from casefile.vocabulary import ContainmentLevel, Pathway, Purpose
from collectors.choosing import Choice
from collectors.handed_over.admission import plan, receive
from collectors.handed_over.spec import SPEC
from pipelines.capture import STAGE, CaptureOptions, begin, conclude
from pipelines.examine import examine_items
from pipelines.handed_over import OUTSIDE
from pipelines.leads import Candidate, Origin, add_leads
from pipelines.leases import Leases
from pipelines.people import source_of
from pipelines.services import Services

FILES = 10_000
SIZE = 4096
EXAMINED = 400
MOST_EXAMINATION_S = 0.03
"""Two thirds of it are ExifTool's."""


def measure(folder: Path) -> Sequence[Figure]:
    """Wall time: what both wait for is the disk."""
    source = folder / "source"
    for number in range(FILES):
        write_noise(source / f"{number // 500:02}" / f"{number:05}.bin", SIZE, number)
    plain = spend(lambda: _copy(source, folder / "copy"))
    with opened(folder / "workspace") as services:
        ours = spend(lambda: _admit(services, source))
        with reading(services.engine) as connection:
            items = [item.id for item in list_items(connection, ItemFilter())]
        examined = spend(lambda: examine_items(services, items[:EXAMINED], ContainmentLevel.FULL))
    if len(items) != FILES:
        raise RuntimeError(f"{len(items)} items of {FILES} files")
    claim = f"admission of {FILES} files of {SIZE} bytes, against copying with fsync"
    told = f"{EXAMINED} files: {examined.cpu_s:.2f} s CPU, {examined.wall_s:.2f} s wall"
    return [
        Figure(claim, ours.wall_s / plain.wall_s, 1.5, "x wall", both("import", ours, plain)),
        Figure("examination of one of them", examined.cpu_s / EXAMINED, MOST_EXAMINATION_S, "s CPU", told),
    ]


def _admit(services: Services, source: Path) -> None:
    """The sequence of `import`, without the examination."""
    person, leases = source_of(services, "Example Source"), Leases(services)
    options = CaptureOptions(SPEC.name, Purpose.WORK)
    with leases.renewing():
        for batch in plan((source,), barred=(services.workspace.root,)):
            lead = add_leads(services, [Candidate(batch.locator)], Origin(Pathway.HANDED_OVER))[0]
            claim = leases.ledger.claim(STAGE, lead.id, leases.now_ms())
            if not isinstance(claim, Claim):
                raise RuntimeError(f"{lead.id} is not to be had")
            with leases.kept(claim):
                begun = replace(begin(services, lead, claim, options, Choice(SPEC, "handed over")), source=person.id)
                folder = services.run.capture_folder(begun.capture)
                conclude(services, begun, folder, receive(batch, folder.worker), OUTSIDE)


def _copy(source: Path, target: Path) -> None:
    for file in sorted(source.rglob("*.bin")):
        place = target / file.relative_to(source)
        place.parent.mkdir(parents=True, exist_ok=True)
        with place.open("wb") as stream:
            stream.write(file.read_bytes())
            stream.flush()
            os.fsync(stream.fileno())
