"""Sealing one gigabyte, from the finished worker folder to the acknowledgement, against hashing it once."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from benchmarks.measuring import Figure, Spent, both, least, spend
from benchmarks.places import opened, write_noise
from casefile.clock import rfc3339
from casefile.digests import digest_file
from casefile.events.types import CaptureStarted
from casefile.ids import CaptureId
from casefile.model import Circumstances, ClockRecord, Received, ReceivedFile, ReceivedItem
from casefile.vocabulary import Acquisition, ContainmentLevel, Fidelity, FileKind, Outcome, Purpose, Role
from pipelines import sealing_events
from pipelines.services import Services
from preservation.sealing import Finished, Sealed, seal

SIZE = 1 << 30
ROUNDS = 3
NAME = "files/0001"


def measure(folder: Path) -> Sequence[Figure]:
    """Processor time against the same two digests; wall time against them and one fsync of the same bytes."""
    sealing: list[Spent] = []
    plain: list[Spent] = []
    with opened(folder / "workspace") as services:
        for number in range(ROUNDS):
            copy = folder / f"plain-{number}"
            write_noise(copy, SIZE, number)
            plain.append(spend(lambda: _hash_and_sync(copy)))  # noqa: B023  # called at once
            copy.unlink()
            sealing.append(_seal_one(services, number))
    mine, theirs = least(sealing), least(plain)
    detail = both("seal", mine, theirs)
    return [
        Figure("sealing 1 GiB, against both digests once", mine.cpu_s / theirs.cpu_s, 1.25, "x CPU", detail),
        Figure("sealing 1 GiB, against both digests and one fsync", mine.wall_s / theirs.wall_s, 1.5, "x wall", detail),
    ]


def _hash_and_sync(path: Path) -> None:
    digest_file(path)
    with path.open("rb") as stream:
        os.fsync(stream.fileno())


def _seal_one(services: Services, number: int) -> Spent:
    capture = services.clock.mint()
    folder = services.run.capture_folder(capture)
    write_noise(folder.worker / NAME, SIZE, number)
    circumstances = _circumstances(services, capture)
    begun = CaptureStarted(
        attempt=1, method="http", method_version="1", method_reason="the only one", purpose=Purpose.WORK
    )
    services.append(sealing_events.started(services.log.id, circumstances.lead, CaptureId(capture), begun))
    finished = Finished(circumstances, _received())

    def record(sealed: Sealed) -> None:
        services.append(sealing_events.sealed(services.log.id, sealed.record, sealed.object_id, sealed.inventory))

    return spend(lambda: seal(finished, folder, services.vault, record))


def _received() -> Received:
    file = ReceivedFile(path=NAME, kind=FileKind.CONTENT, fidelity=Fidelity.WIRE)
    item = ReceivedItem(locator="https://example.org/film", role=Role.VIDEO, files=(NAME,))
    return Received(outcome=Outcome.CAPTURED, files=(file,), items=(item,))


def _circumstances(services: Services, capture: str) -> Circumstances:
    reading = services.clock.read()
    return Circumstances(
        capture=capture,
        lead=services.clock.mint(),
        locator="https://example.org/film",
        attempt=1,
        method="http",
        method_version="1",
        purpose=Purpose.WORK,
        acquisition=Acquisition.OBSERVED,
        collector=services.person_id,
        run=services.run_id,
        started_at=rfc3339(reading.wall),
        started_clock=ClockRecord.of(reading),
        ended_at=rfc3339(reading.wall),
        ended_clock=ClockRecord.of(reading),
        containment=ContainmentLevel.FULL,
        egress_enforced=True,
    )
