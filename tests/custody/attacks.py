"""What somebody does who has the machine and the log's key: falsifies the log and makes everything else agree.

Each attack leaves a workspace in which nothing contradicts anything else, signed with the log's own key.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from casefile.events.envelope import Envelope, Part, PartName
from casefile.events.files import LogFiles
from casefile.events.journal import concatenated
from casefile.events.private import framed_parts
from casefile.events.types import CustodyChanged
from casefile.ids import mint
from casefile.vocabulary import ContainmentLevel
from pipelines.custody import checkpoint
from pipelines.opening import open_investigation
from pipelines.reindex import reindex_workspace
from pipelines.services import open_services
from preservation.durable import unobserved
from preservation.log_attacks import LogAttack


@dataclass(frozen=True)
class Written:
    """An event as it lies in the files."""

    envelope: Envelope
    parts: tuple[Part, ...]

    def saying(self, act: str) -> Written:
        """The same event with another body."""
        body = Part(self.envelope.id, PartName.BODY, os.urandom(32), CustodyChanged(act=act).canonical())
        return Written(self.envelope.model_copy(update={"parts": {PartName.BODY: body.commitment}}), (body,))

    def again(self) -> Written:
        """The same event once more, under another id."""
        other = mint(1_772_000_000_000, os.urandom(10))
        envelope = self.envelope.model_copy(update={"id": other})
        parts = tuple(replace(part, event=other) for part in self.parts)
        return Written(envelope.model_copy(update={"parts": {part.name: part.commitment for part in parts}}), parts)


def read_log(root: Path) -> list[Written]:
    files = LogFiles.at(root / "log", unobserved)
    parts: dict[str, list[Part]] = {}
    for stored in files.private.parts(0):
        parts.setdefault(stored.part.event, []).append(stored.part)
    envelopes = [Envelope.from_bytes(record.content) for record in files.journal.records()]
    return [Written(one, tuple(parts.get(one.id, ()))) for one in envelopes]


def write_log(root: Path, events: list[Written]) -> None:
    """Put these events in the place of the log, and make files, database, tiles and head agree with them."""
    log = root / "log"
    (log / "journal/0000").write_bytes(concatenated(one.envelope.to_bytes() for one in events))
    (log / "private/0000").write_bytes(framed_parts(part for one in events for part in one.parts))
    for name in ("tile", "checkpoints", "cosignatures"):
        shutil.rmtree(log / name, ignore_errors=True)
    for name in ("checkpoint", "lock"):
        (log / name).unlink(missing_ok=True)
    reindex_workspace(root, {}, ContainmentLevel.WEAK)
    with open_services(root, {}) as services:
        checkpoint(services)


Forge = Callable[[list[Written], int], list[Written]]


def edited(events: list[Written], at: int) -> list[Written]:
    return [*events[:at], events[at].saying("nothing of note"), *events[at + 1 :]]


def deleted(events: list[Written], at: int) -> list[Written]:
    return [*events[:at], *events[at + 1 :]]


def reordered(events: list[Written], at: int) -> list[Written]:
    return [*events[:at], events[at + 1], events[at], *events[at + 2 :]]


def doubled(events: list[Written], at: int) -> list[Written]:
    return [*events[: at + 1], events[at].again(), *events[at + 1 :]]


def cut(events: list[Written], at: int) -> list[Written]:
    return events[:at]


def rewritten(events: list[Written], at: int) -> list[Written]:
    return [*events[:at], *(one.saying(f"told anew {place}") for place, one in enumerate(events[at:]))]


FORGED: Mapping[LogAttack, Forge] = {
    LogAttack.EDIT: edited,
    LogAttack.DELETE: deleted,
    LogAttack.REORDER: reordered,
    LogAttack.DUPLICATE: doubled,
    LogAttack.CUT: cut,
    LogAttack.REWRITE: rewritten,
}


def attack(kind: LogAttack, root: Path, earlier: Path, at: int) -> None:
    """Carry out one attack on the workspace at `root`; `earlier` is a copy of it from before event `at`."""
    if kind is LogAttack.RESTORE:
        shutil.rmtree(root)
        shutil.copytree(earlier, root, symlinks=True)
        with open_services(root, {}) as services:
            checkpoint(services)
    elif kind is LogAttack.REPLACE:
        shutil.rmtree(root)
        open_investigation(root, "Lake", "Ada", {})
        with open_services(root, {}) as services:
            checkpoint(services)
    else:
        write_log(root, FORGED[kind](read_log(root), at))
