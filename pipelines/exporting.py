"""Handing items over: a package for somebody outside, complete, scanned, signed, and recorded before it is there.

The head of the log is signed first, so that everything that the package proves is under it. The package is built beside
its place and renamed into it last, so that there is never half of one.
"""

from __future__ import annotations

import io
import secrets
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import BinaryIO

from casefile.digests import Digest, sha256, sha512
from casefile.errors import DigestMismatch, FolderInUse, GateRefused, IntegrityError, UsageError
from casefile.events.envelope import EventOutcome, Subject
from casefile.events.port import draft
from casefile.events.types_packages import PackageRecipient, PackageReleased
from casefile.records.engine import reading
from casefile.vocabulary import ContainmentLevel
from disclosure.archive import write_archive
from disclosure.bag import Bag
from disclosure.check_package import ARCHIVE, SIGNATURE, check
from disclosure.contents import Contents, HeldCapture, HeldRedaction
from disclosure.index import REDACTED
from disclosure.masking import Masked
from disclosure.scanning import Hit, Scanner
from disclosure.writing import Source, labels, signed_text, write_package
from pipelines.custody import checkpoint
from pipelines.exposing import SCAN, secrets_of
from pipelines.gathering import gather
from pipelines.keys import history_of, log_key
from pipelines.looking_through import look_through
from pipelines.received import earlier_package
from pipelines.releasing import Asked, agreement_with, require_release
from pipelines.services import Services
from pipelines.stamping import anchor
from preservation import layout
from preservation.durable import Disk
from preservation.inventory import build_sidecar, inventory_digest, read_inventory
from preservation.notes import signed

Note = Callable[[str], None]
LISTED_HITS = 10


@dataclass(frozen=True, slots=True)
class ExportRequest:
    """What is to be handed over, where to, and to whom. `pseudonymous` keeps the names of those who acted; an empty
    `agreement` is the one that is recorded with the recipient.

    `only` keeps the files of other items of the same captures, and what tells of them. `override` is why it
    goes although a gate asks for something first. Objects that the package at `since` has are cited, not repeated.
    """

    items: tuple[str, ...]
    to: Path
    recipient: str
    agreement: str = ""
    pseudonymous: bool = False
    only: bool = False
    level: ContainmentLevel = ContainmentLevel.FULL
    override: str = ""
    since: Path | None = None


@dataclass(frozen=True, slots=True)
class Exported:
    """A package that was made. `signature` is the sha256 of signature.note, which binds every byte of it."""

    path: Path
    contents: Contents
    signature: str
    files: int
    bytes: int


class WouldExpose(GateRefused):
    """Something in the package would expose who collected, or how."""

    def __init__(self, hits: list[Hit]) -> None:
        shown = "; ".join(f"{one.path}: {one.kind}" for one in hits[:LISTED_HITS])
        more = f"; and {len(hits) - LISTED_HITS} more" if len(hits) > LISTED_HITS else ""
        super().__init__(
            SCAN,
            f"{shown}{more}",
            "Nothing was handed over. Leave those items out, or `casefile redact ITEM --why REASON` and export again.",
        )
        self.hits = tuple(hits)


def export_items(services: Services, request: ExportRequest, note: Note) -> Exported:
    """Make a package of the items that are named, by id or number, for one recipient.

    Raises UnknownItem, UsageError, FolderInUse, WouldExpose, and IntegrityError when anything of it is not what was
    recorded or is missing from its lists.
    """
    if not request.items or not request.recipient.strip():
        raise UsageError("an export needs items, and somebody whom they are for")
    services.actor  # noqa: B018  (nobody named is said before any work)
    request = replace(request, recipient=request.recipient.strip(), agreement=_agreement(services, request))
    since = earlier_package(services, request.since, request.recipient) if request.since is not None else None
    asked = Asked(request.items, request.recipient, request.pseudonymous, request.only, request.agreement, since)
    require_release(services, asked, request.override, note)
    checkpoint(services)
    anchor(services)
    contents = gather(services, asked)
    target = place_of(request.to.absolute(), f"export-{contents.package}")
    _require_outside(services, target)
    disk = Disk(services.reached)
    disk.make_directories(target.parent)
    building = target.with_name(f".{target.name}.{secrets.token_hex(4)}.part")
    try:
        signature, bag = _build(services, request, contents, building, note)
        size = sum(one.size for one in bag.written.values())
        built = _as_archive(bag, building, disk) if target.suffix == ARCHIVE else _synced(bag, disk)
        _record(services, request, contents, signature, (len(bag.written), size))
        disk.rename_exclusive(built, target)
        disk.sync_directory(target.parent)
    finally:
        shutil.rmtree(building, ignore_errors=True)
        building.with_suffix(ARCHIVE).unlink(missing_ok=True)
    return Exported(target, contents, signature, len(bag.written), size)


def _agreement(services: Services, request: ExportRequest) -> str:
    """The agreement that is named, else the one that is recorded with the recipient; empty where there is neither."""
    with reading(services.engine) as connection:
        known = agreement_with(connection, request.recipient.strip())
    return request.agreement.strip() or (known.agreement if known else "")


def _require_outside(services: Services, target: Path) -> None:
    """Raise UsageError for a place among the evidence."""
    workspace = services.workspace
    for kept in (workspace.vault, workspace.log, workspace.keys, workspace.staging, workspace.quarantine):
        if target.parent.resolve().is_relative_to(kept.resolve()):
            raise UsageError(f"{target} is in the workspace's {kept.name}; name a place outside")


def _as_archive(bag: Bag, building: Path, disk: Disk) -> Path:
    """The package as one file beside the folder that it was built in."""
    archive = building.with_suffix(ARCHIVE)
    write_archive(building, list(bag.written), archive)
    disk.sync_file(archive)
    return archive


def _synced(bag: Bag, disk: Disk) -> Path:
    """The package as a folder, once it is on the disk."""
    disk.sync_files(bag.paths())
    for folder in sorted({path.parent for path in bag.paths()} | {bag.root}, reverse=True):
        disk.sync_directory(folder)
    return bag.root


def place_of(to: Path, name: str) -> Path:
    """Where a package of that name goes: `to` itself, or below it where it is a folder already. Raises FolderInUse."""
    target = to / name if to.is_dir() else to
    if target.exists() or target.is_symlink():
        raise FolderInUse(str(target))
    return target


def _build(
    services: Services, request: ExportRequest, contents: Contents, building: Path, note: Note
) -> tuple[str, Bag]:
    looked_for = secrets_of(services, note)
    for one in looked_for:
        if one.is_short:
            note(f"{one.kind} is too short to be looked for")
    with Bag(building, Scanner(looked_for)) as bag:
        write_package(bag, contents, lambda capture: _sources(services, capture))
        bag.close(labels(contents))
        key = log_key(services.workspace, history_of(services.engine, services.log.id))
        text = signed_text(contents, bag.written)
        name = f"casefile/{contents.log}/package"
        content = signed(text, [(name, key.public.raw, key.sign(text.encode("utf-8")))]).to_bytes()
        bag.add(SIGNATURE, content)
    hits = [*bag.hits, *look_through(services, bag.root, bag.folded, bag.looked_for, request.level, note)]
    if hits:
        raise WouldExpose(hits)
    computed = {path: dict(one.digests) for path, one in bag.written.items()}
    report = check(str(building), key.public.fingerprint(), computed=computed)
    if report.failures:
        first = report.failures[0]
        raise IntegrityError(f"the package does not hold: {first.code} {first.path} {first.what}")
    return sha256(content), bag


def _sources(services: Services, capture: HeldCapture) -> Iterator[Source]:
    """The files of an object; the inventory has to be the one that the event names, and the rest the one it names."""
    if capture.is_earlier:
        return
    inventory = services.vault.inventory_of(capture.object_id)
    found = inventory_digest(inventory)
    if found != capture.inventory:
        raise DigestMismatch(layout.INVENTORY, "sha512", capture.inventory, found)
    sidecar = build_sidecar(found)
    fixed = {
        layout.OBJECT_DECLARATION: layout.OBJECT_DECLARATION_CONTENT,
        layout.INVENTORY: inventory,
        layout.SIDECAR: sidecar,
        f"{layout.VERSION}/{layout.INVENTORY}": inventory,
        f"{layout.VERSION}/{layout.SIDECAR}": sidecar,
    }
    for path, content in fixed.items():
        yield Source(path, sha512(content), partial(_in_memory, content))
    stored = sorted(read_inventory(inventory).sha512.items())
    for path, digest in [one for one in stored if one[0] not in capture.withheld]:
        opening = partial(services.vault.open_content, capture.object_id, path)
        yield Source(f"{layout.CONTENT}/{path}", digest, opening)
    for one in capture.redactions:
        if one.sha256:
            yield Source(f"{REDACTED}/{one.path}", Digest(one.sha256), partial(_derived, services, capture, one))


@contextmanager
def _derived(services: Services, capture: HeldCapture, redaction: HeldRedaction) -> Iterator[BinaryIO]:
    """The sealed file with the places written over that the log names."""
    with services.vault.open_content(capture.object_id, redaction.path) as source:
        yield io.BufferedReader(Masked(source, redaction.spans))


@contextmanager
def _in_memory(content: bytes) -> Iterator[BinaryIO]:
    yield io.BytesIO(content)


def _record(
    services: Services, request: ExportRequest, contents: Contents, signature: str, counted: tuple[int, int]
) -> None:
    files, size = counted
    services.append(
        draft(
            "package.released",
            Subject(kind="package", id=contents.package),
            body=PackageReleased(
                package=contents.package,
                size=contents.size,
                signature=signature,
                items=tuple(one.id for one in contents.items),
                captures=tuple(one.id for one in contents.captures),
                files=files,
                bytes=size,
                left_out=len(contents.omitted),
            ),
            personal=PackageRecipient(recipient=request.recipient, agreement=request.agreement),
            outcome=EventOutcome(status="released"),
        )
    )
