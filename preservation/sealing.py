"""Sealing: from a finished worker folder to an object in the vault that an event names.

The order is the contract. Files, then folders, then the intent are durable before the object is renamed into the vault;
the rename is durable before the event is recorded; the intent goes last. A crash between any two steps is resolved by
reading what is there (`preservation.recovery`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path, PurePosixPath

from casefile.canonical import Json
from casefile.digests import Digest, DigestSet, digest_stream
from casefile.errors import LeaseLost
from casefile.model import (
    CaptureRecord,
    Circumstances,
    Received,
    ReceivedItem,
    SealedFile,
    SealedItem,
    manifest_digest,
)
from preservation import layout
from preservation.durable import READ_ONLY_DIRECTORY, Disk, is_there
from preservation.intake import OutputRefused, check_names, take_digests
from preservation.inventory import VersionNote, build_inventory, build_sidecar, inventory_digest
from preservation.staging import CaptureFolder, Intent
from preservation.vault import Vault


@dataclass(frozen=True, slots=True)
class Finished:
    """A capture whose worker has ended. `ticket` is what the caller needs to record it, also after a crash."""

    circumstances: Circumstances
    received: Received
    ticket: Mapping[str, Json] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Sealed:
    """A capture in the vault. `inventory` is the sha512 of its inventory, which the event has to name."""

    record: CaptureRecord
    object_id: str
    inventory: Digest
    ticket: Mapping[str, Json]


Record = Callable[[Sealed], object]
"""Appends the event, durably, before it returns. Called again for the same capture it must change nothing. LeaseLost
means that nothing was appended and never will be."""


def seal(finished: Finished, folder: CaptureFolder, vault: Vault, record: Record) -> Sealed:
    """Hashes, builds, admits and records one capture; what `folder.worker` holds becomes the object's content.

    Raises OutputRefused for files that are not as the worker said; LeaseLost, with the object out of the vault again,
    when another worker has the capture; StorageFailed, SpaceExhausted or VaultConflict for what the disk refuses. After
    any of them the folder stays as it is: `recover_capture`, now or at the next start, finishes it or says that it is
    lost and sets it aside.
    """
    sealed = build_object(finished, folder)
    folder.declare(Intent(sealed.object_id, sealed.inventory, sealed.ticket))
    return complete(sealed, folder, vault, record)


def complete(sealed: Sealed, folder: CaptureFolder, vault: Vault, record: Record) -> Sealed:
    """What follows the intent: admission unless that is done, the event, the end of the intent. Repeatable.

    After LeaseLost the object is back in staging.
    """
    if folder.has_object():
        vault.admit(sealed.object_id, folder.object)
    else:
        vault.close_to_writing(sealed.object_id)
    try:
        record(sealed)
        folder.disk.reached("record")
    except LeaseLost:
        vault.withdraw(sealed.object_id, folder.object)
        raise
    folder.finish()
    return sealed


def build_object(finished: Finished, folder: CaptureFolder) -> Sealed:
    """Builds the OCFL object in staging, complete and durable; returns what it will be known by."""
    circumstances, received = finished.circumstances, finished.received
    content = folder.object / layout.CONTENT
    if not is_there(folder.worker):
        raise OutputRefused(".", "there is no folder")
    # The folder as it is becomes the content: nothing is copied, and no path of the worker's leads there.
    folder.disk.make_unsynced(content.parent)
    folder.take_over(folder.worker, content)
    named = sorted(file.path for file in received.files)
    if layout.CAPTURE_RECORD in named:
        raise OutputRefused(layout.CAPTURE_RECORD, "the name belongs to the capture's record")
    check_names(content, named)
    digests = take_digests(content, named, folder.disk)
    record = build_record(circumstances, received, digests)
    object_id = layout.object_id(circumstances.capture)
    inventory = describe(folder.object, record, digests, version_note(record.circumstances), folder.disk)
    close_folders(folder.object, named, folder.disk)
    return Sealed(record, object_id, inventory, finished.ticket)


def build_record(circumstances: Circumstances, received: Received, digests: Mapping[str, DigestSet]) -> CaptureRecord:
    """The record of a capture from what was received and what its files were found to be."""
    files = {
        file.path: SealedFile(
            **file.model_dump(),
            sha256=digests[file.path].sha256,
            sha512=digests[file.path].sha512,
            bytes=digests[file.path].size,
        )
        for file in received.files
    }
    items = tuple(_seal_item(position, item, files) for position, item in enumerate(received.items))
    return CaptureRecord(
        circumstances=circumstances,
        outcome=received.outcome,
        cause=received.cause,
        detail=received.detail,
        advice=received.advice,
        exchanges=received.exchanges,
        tools=received.tools,
        files=tuple(files.values()),
        items=items,
    )


def _seal_item(position: int, item: ReceivedItem, files: Mapping[str, SealedFile]) -> SealedItem:
    own = [files[path] for path in item.files]
    return SealedItem(
        **item.model_dump(),
        position=position,
        sha256=own[0].sha256 if len(own) == 1 else manifest_digest(own),
        bytes=sum(file.bytes for file in own),
    )


def version_note(circumstances: Circumstances) -> VersionNote:
    """What the inventory says of its only version: ids, never names, because inventories are not erasable."""
    return VersionNote(
        created=circumstances.ended_at,
        message=f"Captured by method {circumstances.method} {circumstances.method_version}",
        user_name=circumstances.collector,
        user_address=f"urn:uuid:{circumstances.collector}",
    )


def description(record: CaptureRecord, digests: Mapping[str, DigestSet], note: VersionNote) -> Mapping[str, bytes]:
    """Every file of an object that is not collected, by path below the object: record, inventories, declaration."""
    content = record.canonical()
    own = digest_stream(BytesIO(content))
    inventory = build_inventory(
        layout.object_id(record.circumstances.capture), {**digests, layout.CAPTURE_RECORD: own}, note
    )
    sidecar = build_sidecar(inventory_digest(inventory))
    return {
        f"{layout.CONTENT}/{layout.CAPTURE_RECORD}": content,
        layout.OBJECT_DECLARATION: layout.OBJECT_DECLARATION_CONTENT,
        f"{layout.VERSION}/{layout.INVENTORY}": inventory,
        f"{layout.VERSION}/{layout.SIDECAR}": sidecar,
        layout.INVENTORY: inventory,
        layout.SIDECAR: sidecar,
    }


def describe(
    root: Path, record: CaptureRecord, digests: Mapping[str, DigestSet], note: VersionNote, disk: Disk
) -> Digest:
    """Writes the description of the object at `root`, durably; returns the inventory's digest."""
    described = {root / path: content for path, content in description(record, digests, note).items()}
    for path, written in described.items():
        disk.write_new(path, written)
    disk.sync_files(described)
    return inventory_digest(described[root / layout.INVENTORY])


def close_folders(root: Path, named: list[str], disk: Disk) -> None:
    """Makes every folder of the object durable, from the innermost outwards, all but the outermost read-only."""
    inner = {PurePosixPath(layout.CONTENT, path).parent for path in (*named, layout.CAPTURE_RECORD)}
    folders = inner | {parent for folder in inner for parent in folder.parents}
    for folder in sorted(folders, key=lambda one: (-len(one.parts), one)):
        if folder.parts:
            disk.restrict(root / folder, READ_ONLY_DIRECTORY)
        disk.sync_directory(root / folder)
