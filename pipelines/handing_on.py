"""What becomes of copies: receipts for packages that left, and working copies for people of the team. All is logged."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from casefile.digests import BLOCK_BYTES, Digest, blocks, sha256
from casefile.errors import DigestMismatch, FolderInUse, StorageFailed, UsageError
from casefile.events.envelope import EventOutcome, Subject
from casefile.events.port import draft
from casefile.events.types import AccessLogged
from casefile.events.types_packages import PackageAcknowledged, PackageReceipt
from casefile.ids import EventId
from casefile.model import readable
from casefile.people import Person
from casefile.records.acts import list_acts
from casefile.records.engine import reading
from casefile.records.people import find_person
from casefile.records.queries import ItemRecord, capture_facts, find_items
from disclosure.check_package import ARCHIVE, SIGNATURE
from disclosure.writing import VIEWABLE
from pipelines.received import document
from pipelines.services import Services
from preservation.durable import Disk

WORKING_COPY = "working copy"
PLAIN_ENDING = ".bin"
COPY_FILE = 0o600


@dataclass(frozen=True, slots=True)
class Receipt:
    """Who received a package, by their word, and how that became known."""

    received_by: str
    received_at: str = ""
    words: str = ""


@dataclass(frozen=True, slots=True)
class Copied:
    """Working copies of one item, and whom they are for."""

    item: ItemRecord
    files: tuple[Path, ...]
    person: Person


def acknowledge(services: Services, package: str, receipt: Receipt) -> EventId:
    """Record that a package arrived; `package` is its id, or the path of the package as the recipient has it.

    Raises UsageError for a package that this log did not release, DigestMismatch when theirs is another one.
    """
    if not receipt.received_by.strip():
        raise UsageError("a receipt names who received the package")
    with reading(services.engine) as connection:
        released = [json.loads(act.body) for act in list_acts(connection, "package.released") if act.body]
    note = _note_of(Path(package))
    signature = str(sha256(note)) if note else ""
    found = [one for one in released if package == one["package"] or (signature and signature == one["signature"])]
    if not found and signature:
        named = [one for one in released if f"package {one['package']}\n".encode() in note]
        if named:
            raise DigestMismatch(SIGNATURE, "sha256", named[-1]["signature"], signature)
    if not found:
        raise UsageError(f"this investigation released no package {package!r}")
    body = PackageAcknowledged(package=found[-1]["package"], signature=signature)
    personal = PackageReceipt(
        received_by=readable(receipt.received_by.strip()),
        received_at=readable(receipt.received_at),
        words=readable(receipt.words),
    )
    subject = Subject(kind="package", id=found[-1]["package"])
    return services.append(draft("package.acknowledged", subject, body=body, personal=personal))[0]


def _note_of(path: Path) -> bytes:
    """What signs the package at that path; nothing where the path is none of a package."""
    is_one = (path / SIGNATURE).is_file() or (path.suffix == ARCHIVE and path.is_file())
    return document(path, SIGNATURE) if is_one else b""


def copy_item(services: Services, text: str, to: Path, person: str) -> Copied:
    """Copy an item's files into a folder for somebody of the team, named by the item's number. The copy is recorded
    first.

    Raises UnknownItem, UnknownPerson, FolderInUse for a name that is taken, DigestMismatch for a damaged original.
    """
    with reading(services.engine) as connection:
        item = find_items(connection, [text])[0]
        whom = find_person(connection, person)
        stored = {one["path"]: one for one in capture_facts(connection, item.capture)["files"] or []}
    if item.object_id is None or not item.files:
        raise UsageError(f"of {item.label} too much was erased for it to be copied")
    targets = _targets(item, to.absolute())
    Disk().make_directories(to.absolute())
    services.append(
        draft(
            "access.logged",
            Subject(kind="item", id=item.id),
            Subject(kind="person", id=whom.id),
            body=AccessLogged(act=WORKING_COPY),
            outcome=EventOutcome(status="done"),
        )
    )
    for path, target in targets.items():
        with services.vault.open_content(item.object_id, path, Digest(stored[path]["sha512"])) as source:
            try:
                with target.open("xb") as copy:
                    target.chmod(COPY_FILE)
                    for block in blocks(source, BLOCK_BYTES):
                        copy.write(block)
            except OSError as error:
                raise StorageFailed("copy", str(target), error.strerror or str(error)) from error
    return Copied(item, tuple(targets.values()), whom)


def _targets(item: ItemRecord, folder: Path) -> dict[str, Path]:
    """Where each file of the item goes. No collected name is in a path."""
    ending = VIEWABLE.get(item.media_type or "", PLAIN_ENDING)
    several = len(item.files) > 1
    targets = {
        path: folder / (f"{item.label}-{number}{PLAIN_ENDING}" if several else f"{item.label}{ending}")
        for number, path in enumerate(item.files, 1)
    }
    for target in targets.values():
        if target.exists() or target.is_symlink():
            raise FolderInUse(str(target))
    return targets
