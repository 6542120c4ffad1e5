"""Repairing an object of the vault from a copy that proves itself. Nothing is repaired in place.

The whole object is copied beside the vault, read again there against what the log names, and exchanged with the damaged
one. That goes to quarantine as it was found: it is evidence of what happened to it.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from casefile.canonical import canonical_json
from casefile.digests import Digest
from casefile.errors import GateRefused, StorageFailed
from casefile.events.envelope import EventOutcome, Subject
from casefile.events.port import draft
from casefile.events.types_of_custody import ObjectRepaired
from casefile.ids import EventId, derived
from casefile.records.engine import reading
from casefile.records.queries import find_items
from pipelines.fixity import expected_objects
from pipelines.replicas import proven_vault
from pipelines.services import Services
from preservation.durable import READ_ONLY_DIRECTORY, READ_ONLY_FILE, WRITABLE_DIRECTORY, Disk, is_there
from preservation.layout import OBJECT_ID_PREFIX
from preservation.object_audit import PERMISSIONS, ObjectAudit
from preservation.problems import Problem
from preservation.rebuilding import BUILT, put_in_place
from preservation.staging import NOTE
from preservation.vault import Vault

GATE = "repair"


@dataclass(frozen=True, slots=True)
class Repaired:
    """An object that was damaged and is whole again; where the damaged one lies now, empty where it was missing."""

    object_id: str
    damage: tuple[str, ...]
    set_aside: str


def repair(services: Services, replica: str, texts: Sequence[str]) -> tuple[list[Repaired], list[str]]:
    """Put whole objects of a copy in the place of damaged ones, of these items or all; with what it has not whole.

    Stopped anywhere, the same command finishes. Raises UsageError, UnknownItem, or GateRefused for a copy that is away.
    """
    copy, disk = proven_vault(services, replica), Disk(services.reached)
    expected = expected_objects(services).sealed
    chosen = set(expected)
    if texts:
        with reading(services.engine) as connection:
            chosen = {item.object_id for item in find_items(connection, texts) if item.object_id}
    done = list(_resume(services, replica, expected, disk))
    unproven = []
    for object_id in sorted(chosen):
        damage = _damage(services.vault, object_id, expected[object_id])
        if not damage:
            continue
        if _damage(copy, object_id, expected[object_id]):
            unproven.append(object_id)
            continue
        folder = services.workspace.rebuilding / f"{_capture(object_id)}-{services.run_id}"
        _copy_object(copy.object_path(object_id), folder / BUILT, disk)
        if _damage_at(folder / BUILT, object_id, expected[object_id]):
            disk.remove_tree(folder)
            raise GateRefused(
                GATE, f"{object_id} came out of {replica} otherwise than it was read", "Check the medium."
            )
        put_in_place(services.vault, object_id, folder / BUILT, disk)
        services.vault.close_to_writing(object_id)
        done.append(_finish(services, replica, object_id, damage, folder, disk))
    _remove_empty(services.workspace.rebuilding, disk)
    return done, unproven


def _resume(services: Services, replica: str, expected: Mapping[str, Digest], disk: Disk) -> Iterator[Repaired]:
    """What an earlier run left: the damaged object where the exchange was made, or an unfinished copy."""
    shelf = services.workspace.rebuilding
    for folder in sorted(shelf.glob("*-*-*-*-*-*")) if shelf.is_dir() else ():
        object_id = OBJECT_ID_PREFIX + folder.name[:36]
        if object_id not in expected:
            continue
        disk.resolve_exchange(folder / BUILT, services.vault.object_path(object_id))
        damage = _damage_at(folder / BUILT, object_id, expected[object_id]) if is_there(folder / BUILT) else []
        if damage and not _damage(services.vault, object_id, expected[object_id]):
            services.vault.close_to_writing(object_id)
            yield _finish(services, replica, object_id, damage, folder, disk)
        else:
            disk.remove_tree(folder)


def _finish(  # noqa: PLR0913
    services: Services, replica: str, object_id: str, damage: Sequence[Problem], folder: Path, disk: Disk
) -> Repaired:
    """Record the repair and set the damaged object aside; the event's id follows from the folder, so that it is one."""
    capture, run = _capture(object_id), folder.name[37:]
    codes = tuple(f"{one.code} {one.path}" for one in damage)
    aside = services.workspace.quarantine / run / capture
    was_there = is_there(folder / BUILT)
    body = ObjectRepaired(
        replica=replica,
        object_id=object_id,
        damage=codes,
        set_aside=aside.relative_to(services.workspace.root).as_posix() if was_there else "",
    )
    event = EventId(derived(services.log.id, "object.repaired", folder.name))
    subject = Subject(kind="capture", id=capture)
    services.append(draft("object.repaired", subject, body=body, outcome=EventOutcome(status="repaired"), id=event))
    if was_there:
        note = canonical_json({"capture": capture, "reason": "damaged; replaced from a copy", "run": run})
        disk.replace(folder / NOTE, note)
        disk.make_directories(aside.parent)
        disk.rename_exclusive(folder, aside)
        disk.sync_directory(aside.parent)
        disk.sync_directory(folder.parent)
    else:
        disk.remove_tree(folder)
    return Repaired(object_id, codes, body.set_aside)


def _damage(vault: Vault, object_id: str, recorded: Digest) -> list[Problem]:
    return _damage_at(vault.object_path(object_id), object_id, recorded)


def _damage_at(place: Path, object_id: str, recorded: Digest) -> list[Problem]:
    """What is wrong with an object but for its permissions."""
    audit = ObjectAudit(place, object_id, place.name, recorded)
    return [one for one in audit.problems() if one.code != PERMISSIONS]


def _copy_object(source: Path, target: Path, disk: Disk) -> None:
    """Copy an object durably, closed to writing but for its outermost folder. It is read again by whoever called."""
    if is_there(target):
        disk.remove_tree(target)
    files = [path for path in sorted(source.rglob("*")) if path.is_file() and not path.is_symlink()]
    for path in files:
        to = target / path.relative_to(source)
        disk.make_directories(to.parent)
        try:
            shutil.copyfile(path, to, follow_symlinks=False)
        except OSError as error:
            raise StorageFailed("copy", str(to), error.strerror or str(error)) from error
        disk.restrict(to, READ_ONLY_FILE)
    disk.sync_files([target / path.relative_to(source) for path in files])
    folders = sorted((path for path in target.rglob("*") if path.is_dir()), key=lambda one: -len(one.parts))
    for folder in folders:
        disk.restrict(folder, READ_ONLY_DIRECTORY)
        disk.sync_directory(folder)
    disk.restrict(target, WRITABLE_DIRECTORY)
    disk.sync_directory(target)


def _capture(object_id: str) -> str:
    return object_id.removeprefix(OBJECT_ID_PREFIX)


def _remove_empty(folder: Path, disk: Disk) -> None:
    if is_there(folder) and not any(folder.iterdir()):
        disk.remove_empty(folder)
