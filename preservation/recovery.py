"""Start-up recovery: what a dead run left in staging is finished where it can be, and set aside with a note if not."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from casefile.errors import LeaseLost, RecordUnreadable, VaultConflict
from preservation import layout
from preservation.inventory import inventory_digest
from preservation.object_audit import PERMISSIONS, ObjectAudit
from preservation.sealing import Record, Sealed, complete
from preservation.staging import CaptureFolder, Intent, Staging
from preservation.vault import Vault, parse_record


@dataclass(frozen=True, slots=True)
class Lost:
    """A capture that will never be sealed, and where what is left of it goes. `intent` is there when it got so far."""

    run: str
    capture: str
    reason: str
    intent: Intent | None


@dataclass(frozen=True, slots=True)
class Recovered:
    """What recovery did, by capture id."""

    recorded: tuple[str, ...]
    lost: tuple[str, ...]


Lose = Callable[[Lost], object]
"""Appends the event of a lost capture. Called again for the same capture it must change nothing."""


def recover(staging: Staging, vault: Vault, record: Record, lose: Lose) -> Recovered:
    """Resolves every capture of every dead run; running it again, also after a crash in it, ends the same.

    Runs of living processes are left alone.
    """
    recorded: list[str] = []
    lost: list[str] = []
    with ExitStack() as claimed:
        runs = [claimed.enter_context(run) for run in staging.claim_dead_runs()]
        for folder in (folder for run in runs for folder in run.captures()):
            done = recover_capture(folder, vault, record, lose)
            (recorded if done else lost).append(folder.capture)
    return Recovered(tuple(recorded), tuple(lost))


def recover_capture(folder: CaptureFolder, vault: Vault, record: Record, lose: Lose) -> bool:
    """Finishes one capture that was left half way, or sets it aside; whether it was recorded."""
    intent: Intent | None = None
    try:
        intent = folder.intent()
        if intent is None:
            raise RecordUnreadable(folder.capture, "the run ended before the capture was complete")
        complete(_read_back(intent, folder, vault), folder, vault, record)
    except (RecordUnreadable, VaultConflict, LeaseLost) as error:
        # The event first: without it a crash in between would leave a folder in quarantine that nothing speaks of.
        lose(Lost(folder.run.id, folder.capture, str(error), intent))
        folder.set_aside(str(error), resolved=True)
        if intent is not None:
            vault.prune(intent.object_id)
        return False
    return True


def _read_back(intent: Intent, folder: CaptureFolder, vault: Vault) -> Sealed:
    """The sealed capture that an intent promised, from its object wherever it got to, every byte of it read again."""
    place = folder.object if folder.has_object() else vault.object_path(intent.object_id)
    inventory = _read(place / layout.INVENTORY)
    if inventory_digest(inventory) != intent.inventory:
        raise RecordUnreadable(str(place), "its inventory is not the one that was to be recorded")
    for problem in ObjectAudit(place, intent.object_id, "object").problems():
        # The outermost folder is closed to writing only after admission.
        if problem.code != PERMISSIONS:
            raise RecordUnreadable(problem.path, problem.text)
    content = _read(place / layout.CONTENT / layout.CAPTURE_RECORD)
    return Sealed(parse_record(content, intent.object_id), intent.object_id, intent.inventory, intent.ticket)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise RecordUnreadable(str(path), error.strerror or str(error)) from error
