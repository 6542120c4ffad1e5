"""Writing the proof of one event for somebody outside: the event, its path to a signed head, and who stamped that."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from casefile.events.envelope import Envelope, PartName
from casefile.events.types import Erased, SealedBody, payload
from casefile.records.engine import reading
from casefile.records.reading import read_event
from pipelines.bracketing import bracket_of
from pipelines.custody import Proof, proof_of
from pipelines.services import Services
from pipelines.timestamps import anchor_files, stamped_head
from preservation.anchors import read_bounded
from preservation.durable import Disk


@dataclass(frozen=True, slots=True)
class Written:
    """The proof at the newest head and its files; `time` is the event's bracket.

    `stamped` are the proof at the first head that was stamped over the event, and the files that stamp it.
    """

    proof: Proof
    envelope: Path
    path: Path
    time: dict[str, Any]
    stamped: tuple[Path, ...] = ()


def prove(services: Services, event: str, to: Path) -> Written:
    """Write the proof of an event into a folder. Raises UsageError for an event that no head covers yet."""
    proved = proof_of(services, event)
    said = Envelope.from_bytes(proved.envelope).recorded_at
    time = bracket_of(services, event, said, _cited(services, event))
    disk = Disk()
    disk.make_directories(to)
    envelope, path = to / f"{event}.json", to / f"{event}.tlog-proof"
    disk.replace(envelope, proved.envelope)
    disk.replace(path, proved.to_text().encode("utf-8"))
    stamped = [] if time["not_after"] is None else _stamped(services, event, time["not_after"]["size"], to, disk)
    return Written(proved, envelope, path, time, tuple(stamped))


def _cited(services: Services, event: str) -> str:
    """The token that a capture's record cites; empty for any other event."""
    with reading(services.engine) as connection:
        stored = read_event(connection, event).event
    if stored.envelope.type != "capture.sealed":
        return ""
    body = payload(stored, PartName.BODY, SealedBody)
    cited = None if isinstance(body, Erased) else body.record.circumstances.not_before
    return cited.token if cited else ""


def _stamped(services: Services, event: str, size: int, to: Path, disk: Disk) -> list[Path]:
    """The proof at the head of that size, and copies of what stamps it."""
    at = to / f"{event}.{size}.tlog-proof"
    disk.replace(at, proof_of(services, event, stamped_head(services, size)).to_text().encode("utf-8"))
    written = [at]
    for file in anchor_files(services, size):
        copy = to / f"{size}.{file.name}"
        disk.replace(copy, read_bounded(file))
        written.append(copy)
    return written
