"""Handing items over: a package for somebody outside, complete, scanned, signed, and recorded before it is there.

The head of the log is signed first, and witnesses and time authorities are asked for it, so that everything that the
package proves is under it. The package is built beside its place, or in the workspace where it is to be encrypted, and
renamed into its place last, so that there is never half of one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from casefile.errors import FolderInUse, UsageError
from casefile.events.envelope import EventOutcome, Subject
from casefile.events.port import Draft, draft
from casefile.events.types_packages import PackageRecipient, PackageReleased
from casefile.records.engine import reading
from casefile.vocabulary import ContainmentLevel
from disclosure.check_package import ARCHIVE
from disclosure.contents import Contents
from disclosure.encryption import ENDING, recipients_of
from pipelines.anchoring import unanchored
from pipelines.custody import checkpoint
from pipelines.gathering import gather
from pipelines.packing import Packed, Packing, divided, pack
from pipelines.received import earlier_package
from pipelines.releasing import Asked, agreement_with, require_release
from pipelines.services import Services
from pipelines.stamping import anchor
from pipelines.unfinished import building
from pipelines.witnesses import ask_witnesses
from preservation.durable import Disk

Note = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class ExportRequest:
    """What is to be handed over, where to, and to whom. `pseudonymous` keeps the names of those who acted; an empty
    `agreement` is the one that is recorded with the recipient.

    `only` keeps the files of other items of the same captures, and what tells of them. `override` is why it
    goes although a gate asks for something first. Objects that the package at `since` has are cited, not repeated.
    No file is longer than `volume_bytes`, where that is not 0; `encrypt_to` are public keys, or files of them.
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
    volume_bytes: int = 0
    encrypt_to: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Exported:
    """What was made: a package, or the volumes of one in a folder with their list.

    `unanchored` says what nobody outside vouches for.
    """

    path: Path
    contents: Contents
    packed: tuple[Packed, ...]
    ending: str
    unanchored: tuple[str, ...]

    @property
    def signature(self) -> str:
        """The sha256 of signature.note, which binds every byte; of the first volume where there are several."""
        return self.packed[0].signature

    @property
    def files(self) -> int:
        """How many files there are, in all volumes."""
        return sum(one.files for one in self.packed)

    @property
    def bytes(self) -> int:
        """How many bytes these have."""
        return sum(one.bytes for one in self.packed)


def export_items(services: Services, request: ExportRequest, note: Note) -> Exported:
    """Make a package of the items that are named, by id or number, for one recipient.

    Raises UnknownItem, UsageError, FolderInUse, WouldExpose, HeadContradicted, and IntegrityError when anything of it
    is not what was recorded or is missing from its lists.
    """
    if not request.items or not request.recipient.strip():
        raise UsageError("an export needs items, and somebody whom they are for")
    services.actor  # noqa: B018  (nobody named is said before any work)
    packing = _packing(request)
    keys = tuple(one.text for one in packing.recipients)
    request = replace(
        request, encrypt_to=keys, recipient=request.recipient.strip(), agreement=_agreement(services, request)
    )
    since = earlier_package(services, request.since, request.recipient) if request.since is not None else None
    asked = Asked(request.items, request.recipient, request.pseudonymous, request.only, request.agreement, since)
    require_release(services, asked, request.override, note)
    checkpoint(services)
    ask_witnesses(services)
    anchor(services)
    contents = gather(services, asked)
    target = _target(request.to.absolute(), contents, packing.ending)
    _require_outside(services, target)
    disk = Disk(services.reached)
    disk.make_directories(target.parent)
    with building(services.workspace, target, disk) as places:
        volumes = divided(services, contents, packing, places[1])
        if len(volumes) > 1:
            packing = replace(packing, archive=True)
            target = _target(request.to.absolute(), contents, "")
        product, packed = pack(services, volumes, packing, places, request.level, note)
        _record(services, request, packed)
        disk.rename_exclusive(product, target)
        disk.sync_directory(target.parent)
    return Exported(target, contents, packed, packing.ending, unanchored(services, contents.size))


def _packing(request: ExportRequest) -> Packing:
    recipients = recipients_of(request.encrypt_to)
    if request.to.name.endswith(ENDING) and not recipients:
        raise UsageError(f"{request.to.name} would not be encrypted: name who may open it with --encrypt-to")
    is_archive = request.to.name.removesuffix(ENDING).endswith(ARCHIVE)
    since = str(request.since) if request.since is not None else ""
    return Packing(is_archive or bool(recipients), recipients, request.volume_bytes, since)


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


def _target(to: Path, contents: Contents, ending: str) -> Path:
    """Where a package goes: `to` with the ending that it has, or below it where it is a folder already.

    Raises FolderInUse where something is.
    """
    if to.is_dir():
        return place_of(to, f"export-{contents.package}{ending}")
    return place_of(to.with_name(to.name.removesuffix(ENDING).removesuffix(ARCHIVE) + ending), "")


def place_of(to: Path, name: str) -> Path:
    """Where a package of that name goes: `to` itself, or below it where it is a folder already. Raises FolderInUse."""
    target = to / name if to.is_dir() else to
    if target.exists() or target.is_symlink():
        raise FolderInUse(str(target))
    return target


def _record(services: Services, request: ExportRequest, packed: tuple[Packed, ...]) -> None:
    services.append(*(_released(request, one) for one in packed))


def _released(request: ExportRequest, packed: Packed) -> Draft:
    contents = packed.contents
    return draft(
        "package.released",
        Subject(kind="package", id=contents.package),
        body=PackageReleased(
            package=contents.package,
            size=contents.size,
            signature=packed.signature,
            items=tuple(one.id for one in contents.items),
            captures=tuple(one.id for one in contents.captures),
            files=packed.files,
            bytes=packed.bytes,
            left_out=len(contents.omitted),
            whole=contents.volumes.whole if contents.volumes is not None else None,
        ),
        personal=PackageRecipient(
            recipient=request.recipient, agreement=request.agreement, encrypted_to=request.encrypt_to or None
        ),
        outcome=EventOutcome(status="released"),
    )
