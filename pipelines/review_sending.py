"""Sending items to a second assessor who works elsewhere: the material, and nothing of the first assessment."""

from __future__ import annotations

import hashlib
import secrets
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from casefile.clock import rfc3339
from casefile.digests import BLOCK_BYTES, Digest, blocks, sha256
from casefile.errors import GateRefused, StorageFailed, UsageError
from casefile.events.envelope import EventOutcome, Subject
from casefile.events.port import draft
from casefile.events.types_reviews import ReviewSent
from casefile.people import Person
from casefile.records.assessments import list_claims
from casefile.records.engine import Connection, reading
from casefile.records.people import find_person
from casefile.records.queries import ItemRecord, capture_facts, find_items, newest_examination
from pipelines.exporting import place_of
from pipelines.gates import Note
from pipelines.keys import person_keys_of
from pipelines.protecting import require_sight
from pipelines.releasing import sensitivity_of
from pipelines.reviewing import GATE, assign
from pipelines.services import Services
from pipelines.sight import classes_seen, states_of
from pipelines.suggestions import suggestions_of
from pipelines.verifying import require_person
from preservation.durable import Disk, storage_errors
from verification.checklists import class_of
from verification.packets import (
    MATERIAL,
    MAX_BYTES,
    PACKET,
    README,
    SHEETS,
    Packet,
    PacketClaim,
    PacketFile,
    PacketItem,
    readme_of,
    sheets_of,
)
from verification.regions import Extent, extent_of

FILE, FOLDER = 0o600, 0o700
NOBODY = ""
"""Whoever sees what anybody may."""


@dataclass(frozen=True, slots=True)
class Sent:
    """A packet that was made: where it is, whom it is for, and the sha256 of its description."""

    path: Path
    packet: Packet
    digest: str
    files: int
    bytes: int


def send(services: Services, items: Sequence[str], to: Path, person: str, note: Note) -> Sent:
    """Make a packet of these items for their second assessor, into a new folder; what was sent is recorded first.

    `person` is assigned where nobody is; empty, it goes to whoever is assigned to all of them. Raises UnknownItem,
    FolderInUse, GateRefused where nobody or somebody else is assigned, or no key of theirs is stated.
    """
    require_person(services)
    if not items:
        raise UsageError("name the items that are to be assessed")
    with reading(services.engine) as rows:
        found = list({one.id: one for one in find_items(rows, items)}.values())
    for one in found:
        if one.object_id is None or not one.files:
            raise UsageError(f"of {one.label} too much was erased for it to be assessed")
    whom = _assessor(services, found, person)
    key = person_keys_of(services.engine, services.log.id).current(whom.id)
    if key is None:
        said = f"no key of {whom.name} is stated, with which their answer could be signed"
        raise GateRefused(GATE, said, f"`casefile person key {whom.name} --to FILE` makes one; give them that file.")
    for one in found:
        require_sight(services, one.id, "sent to be assessed", note)
    target = place_of(to.absolute(), f"review-{services.clock.mint()}")
    with reading(services.engine) as rows:
        packet = Packet(
            log=services.log.id,
            person=whom.id,
            name=whom.name or "",
            key=key.key.fingerprint(),
            sent_at=rfc3339(services.clock.read().wall),
            items=tuple(described(rows, one) for one in found),
        )
    return _written(services, packet, found, target)


def _assessor(services: Services, items: Sequence[ItemRecord], person: str) -> Person:
    """Who is assigned to all of them; raises GateRefused."""
    with reading(services.engine) as rows:
        states = states_of(rows, [one.id for one in items])
        whom = find_person(rows, person) if person else None
    if whom is not None:
        for one in items:
            if states[one.id].current is None:
                assign(services, one.id, whom.id)
        with reading(services.engine) as rows:
            states = states_of(rows, [one.id for one in items])
    for one in items:
        current = states[one.id].current
        if current is None:
            remedy = f"`casefile review assign {one.label}`, or --for PERSON."
            raise GateRefused(GATE, f"nobody is assigned to {one.label}", remedy)
        if whom is None:
            with reading(services.engine) as rows:
                whom = find_person(rows, current)
        if current != whom.id:
            raise GateRefused(GATE, f"{one.label} is assigned to somebody else than {whom.name}")
    if whom is None:
        raise UsageError("name the items that are to be assessed")
    return whom


def described(rows: Connection, item: ItemRecord) -> PacketItem:
    """An item as anybody may know it: no step, review, conclusion, remark or tag is in it, nor a class or a judgement
    on a pair that comes from whoever assesses it.
    """
    examined = newest_examination(rows, item.id)
    extent = extent_of(examined.findings) if examined else Extent()
    sensitivity, graphic = sensitivity_of(rows, item.id)
    stored = {one["path"]: one for one in capture_facts(rows, item.capture)["files"] or []}
    return PacketItem(
        id=item.id,
        number=item.label,
        item_class=class_of(item.role, classes_seen(rows, states_of(rows, [item.id]), NOBODY).get(item.id)),
        role=item.role or "",
        media_type=item.media_type or "",
        title=item.title or item.name or "",
        locator=item.locator or item.lead_locator or "",
        sha256=item.sha256 or "",
        acquisition=item.acquisition or "",
        captured_at=item.captured_at or "",
        content=item.content or "",
        sensitivity=sensitivity,
        hard_to_look_at=graphic,
        width=extent.width,
        height=extent.height,
        duration_ms=extent.duration_ms,
        turned=extent.turned,
        files=tuple(
            PacketFile(path=path, sha256=stored[name]["sha256"], bytes=stored[name]["bytes"])
            for name, path in _places(item).items()
        ),
        claims=tuple(
            PacketClaim(
                id=one.claim, number=one.label, kind=one.kind or "", text=one.text or "", speaker=one.speaker or ""
            )
            for one in list_claims(rows, item=item.id)
        ),
        suggestions={
            check: tuple(f"{one['text']} [{one['origin']}]" for one in several)
            for check, several in suggestions_of(rows, item, NOBODY).items()
        },
    )


def _places(item: ItemRecord) -> dict[str, str]:
    """Where each file of the item goes. No collected name is in a path."""
    return {path: f"{MATERIAL}/{item.label.lower()}-{place}.bin" for place, path in enumerate(item.files, 1)}


def _written(services: Services, packet: Packet, items: Sequence[ItemRecord], target: Path) -> Sent:
    content = packet.canonical()
    digest = str(sha256(content))
    files = sum(len(one.files) for one in packet.items)
    size = sum(file.bytes for one in packet.items for file in one.files)
    disk = Disk(services.reached)
    disk.make_directories(target.parent)
    part = target.with_name(f".{target.name}.{secrets.token_hex(4)}.part")
    try:
        with storage_errors("create", part):
            for folder in (part, part / MATERIAL, *(part / SHEETS / one.number for one in packet.items)):
                folder.mkdir(parents=True, mode=FOLDER)
        written = {PACKET: content, README: readme_of(packet).encode("utf-8")}
        for one in packet.items:
            written |= {f"{SHEETS}/{one.number}/{name}": text.encode("utf-8") for name, text in sheets_of(one)}
        for name, text in written.items():
            disk.write_new(part / name, text, FILE)
        for item in items:
            _copy(services, item, part)
        disk.sync_files([part / name for name in written])
        _record(services, packet, ReviewSent(packet=digest, files=files, bytes=size))
        disk.rename_exclusive(part, target)
        disk.sync_directory(target.parent)
    finally:
        shutil.rmtree(part, ignore_errors=True)
    return Sent(target, packet, digest, files, size)


def _copy(services: Services, item: ItemRecord, folder: Path) -> None:
    with reading(services.engine) as rows:
        stored = {one["path"]: one for one in capture_facts(rows, item.capture)["files"] or []}
    for name, place in _places(item).items():
        with services.vault.open_content(item.object_id or "", name, Digest(stored[name]["sha512"])) as source:
            try:
                with (folder / place).open("xb") as copy:
                    (folder / place).chmod(FILE)
                    for block in blocks(source, BLOCK_BYTES):
                        copy.write(block)
            except OSError as error:
                raise StorageFailed("copy", place, error.strerror or str(error)) from error


def _record(services: Services, packet: Packet, body: ReviewSent) -> None:
    subjects = [Subject(kind="person", id=packet.person), *(Subject(kind="item", id=one.id) for one in packet.items)]
    services.append(draft("review.sent", *subjects, body=body, outcome=EventOutcome(status="sent")))


def carried_bytes(path: Path) -> bytes:
    """The beginning of a file that somebody brought, one byte more than any may have. Raises UsageError where there is
    none, StorageFailed where it cannot be read.
    """
    if not path.is_file():
        raise UsageError(f"there is no file {path}")
    with storage_errors("read", path), path.open("rb") as stream:
        return stream.read(MAX_BYTES + 1)


def file_digest(path: Path) -> str:
    """The sha256 of a file; raises StorageFailed."""
    digest = hashlib.sha256()
    with storage_errors("read", path), path.open("rb") as stream:
        for block in blocks(stream, BLOCK_BYTES):
            digest.update(block)
    return f"sha256:{digest.hexdigest()}"
