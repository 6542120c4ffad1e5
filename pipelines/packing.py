"""Making the files of a package: one bag or several volumes, scanned, signed, checked; as folder, .zip or encrypted."""

from __future__ import annotations

import io
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import BinaryIO

from casefile.digests import Digest, digest_file, hex_of, sha256, sha512
from casefile.errors import DigestMismatch, GateRefused, IntegrityError, UsageError
from casefile.vocabulary import ContainmentLevel
from disclosure.archive import write_archive
from disclosure.bag import Bag
from disclosure.check_package import ARCHIVE, SIGNATURE, check
from disclosure.contents import Contents, HeldCapture, HeldRedaction
from disclosure.encryption import ENDING, AgeRecipient, encrypt
from disclosure.index import REDACTED
from disclosure.masking import Masked
from disclosure.scanning import Hit, Scanner, Secret
from disclosure.volumes import LIST, divide, volume_name, volumes_list
from disclosure.writing import Source, labels, signed_text, viewing_path, write_documents, write_objects
from pipelines.exposing import SCAN, secrets_of
from pipelines.keys import history_of, log_key
from pipelines.looking_through import look_through
from pipelines.services import Services
from preservation import layout
from preservation.durable import Disk
from preservation.inventory import build_sidecar, inventory_digest, read_inventory
from preservation.keys import SigningKey
from preservation.notes import signed

Note = Callable[[str], None]
LISTED_HITS = 10
PACKAGE = "package"
PER_FILE = 330
"""Bytes that a file adds beside its own and four times its path: lines of two manifests, headers in the archive."""
PER_ENTRY, MARGIN = 256, 8192
"""What a capture, an item and the rest may add to the documents of a volume, over those of the undivided package."""
ROOM = 1024
PRIVATE_FOLDER = 0o700


@dataclass(frozen=True, slots=True)
class Packing:
    """How a package leaves: in files of at most `volume_bytes`, 0 for any length; as one file; encrypted for
    `recipients`, to whom alone it then opens. `since` is where the package lies that it adds to.
    """

    archive: bool
    recipients: tuple[AgeRecipient, ...] = ()
    volume_bytes: int = 0
    since: str = ""

    @property
    def ending(self) -> str:
        """The ending of the file."""
        return (ARCHIVE if self.archive else "") + (ENDING if self.recipients else "")

    @property
    def plain_bytes(self) -> int:
        """The most that a volume may have before it is encrypted, which adds 16 bytes to 64 KiB and a header."""
        if not self.recipients:
            return self.volume_bytes
        return self.volume_bytes - self.volume_bytes // 2048 - 1024 * (1 + len(self.recipients))

    def volume_for(self, plain: int) -> int:
        """The length that a volume has to be allowed so that one of `plain` bytes fits, with a little room."""
        if not self.recipients:
            return plain + ROOM
        return (plain + 1024 * (1 + len(self.recipients))) * 2048 // 2047 + ROOM


@dataclass(frozen=True, slots=True)
class Packed:
    """A package, or one volume of one. `signature` is the sha256 of signature.note, which binds every byte of it."""

    contents: Contents
    signature: str
    files: int
    bytes: int
    name: str


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


def divided(services: Services, contents: Contents, packing: Packing, scratch: Path) -> tuple[Contents, ...]:
    """The volumes that the package needs; itself where it may have any length, or is short enough.

    Raises UsageError with the least size that would do where one capture alone is too long.
    """
    if not packing.volume_bytes:
        return (contents,)
    with Bag(scratch, Scanner(())) as bag:
        write_documents(bag, contents, {})
        bag.close(labels(contents))
        base = sum(one.size + PER_FILE + 4 * len(path) for path, one in bag.written.items())
    shutil.rmtree(scratch)
    base += MARGIN + PER_ENTRY * (len(contents.captures) + len(contents.items))
    sizes = {one.id: _size_of(services, contents, one) for one in contents.captures}
    longest = max(sizes, key=lambda one: sizes[one], default="")
    if base + sizes.get(longest, 0) > packing.plain_bytes:
        least = packing.volume_for(base + sizes.get(longest, 0))
        raise UsageError(
            f"capture {longest} and the record that goes with it are never parted: --volume-size has to be at least "
            f"{least} bytes"
        )
    return divide(contents, sizes, base, packing.plain_bytes)


def pack(  # noqa: PLR0913
    services: Services,
    volumes: Sequence[Contents],
    packing: Packing,
    places: tuple[Path, Path],
    level: ContainmentLevel,
    note: Note,
) -> tuple[Path, tuple[Packed, ...]]:
    """Make what leaves below the first of `places`; where it is, and what each package in it is.

    What is encrypted is made below the second one first, so that nothing plain lies where it leaves from.
    """
    beside, private = places
    disk = Disk(services.reached)
    inside = private if packing.recipients else beside
    for folder in dict.fromkeys((beside, inside)):
        disk.make_unsynced(folder)
        disk.restrict(folder, PRIVATE_FOLDER)
    bags = [(one, inside / (volume_name(one) if one.volumes else PACKAGE)) for one in volumes]
    made = list(_built(services, bags, packing, level, note))
    if len(volumes) == 1:
        (packed, bag), ending = made[0], packing.ending
        product = _as_file(bag, beside / f"{PACKAGE}{ending}", inside, packing, disk) if ending else _synced(bag, disk)
        return product, (packed,)
    out, digests = beside / "volumes", dict[str, str]()
    disk.make_unsynced(out)
    for packed, bag in made:
        file = _as_file(bag, out / f"{packed.name}{packing.ending}", inside, packing, disk)
        if file.stat().st_size > packing.volume_bytes:
            raise IntegrityError(f"{file.name} came out longer than a volume may be; name another --volume-size")
        digests[file.name] = hex_of(digest_file(file).sha256)
    disk.write_new(out / LIST, volumes_list(digests), 0o644)
    disk.sync_file(out / LIST)
    disk.sync_directory(out)
    return out, tuple(packed for packed, _bag in made)


def _size_of(services: Services, contents: Contents, capture: HeldCapture) -> int:
    """The most that the object of a capture takes in a package, with copies of its items for looking at."""
    if capture.is_earlier:
        return 0
    root, total = services.vault.object_path(capture.object_id), 0
    for path in root.rglob("*"):
        if path.is_file():
            place = f"data/{capture.place}/{path.relative_to(root)}"
            total += path.stat().st_size + PER_FILE + 4 * len(place)
    for item in contents.items:
        if item.capture == capture.id and (place := viewing_path(item)):
            total += item.bytes + PER_FILE + 4 * len(place)
    return total


def _built(
    services: Services, bags: Sequence[tuple[Contents, Path]], packing: Packing, level: ContainmentLevel, note: Note
) -> Iterator[tuple[Packed, Bag]]:
    looked_for = secrets_of(services, note)
    for one in looked_for:
        if one.is_short:
            note(f"{one.kind} is too short to be looked for")
    key = log_key(services.workspace, history_of(services.engine, services.log.id))
    with ExitStack() as stack:
        made = [(held, stack.enter_context(Bag(root, Scanner(looked_for)))) for held, root in bags]
        md5: dict[str, str] = {}
        for held, bag in made:
            md5 |= write_objects(bag, held, lambda capture: _sources(services, capture))
        signatures = [_closed(held, bag, md5, key) for held, bag in made]
    hits = [hit for _held, bag in made for hit in _hits(services, bag, level, note)]
    if hits:
        raise WouldExpose(hits)
    # What all volumes cite is the same, and the earlier package need not be read once for each.
    since = packing.since
    for (held, bag), signature in zip(made, signatures, strict=True):
        _require_sound(bag, key, since)
        since = ""
        size = sum(one.size for one in bag.written.values())
        yield Packed(held, signature, len(bag.written), size, bag.root.name), bag


def _closed(contents: Contents, bag: Bag, md5: dict[str, str], key: SigningKey) -> str:
    """Write what is left of a package and sign it; the sha256 of its signature."""
    write_documents(bag, contents, md5)
    bag.close(labels(contents))
    text = signed_text(contents, bag.written)
    name = f"casefile/{contents.log}/package"
    content = signed(text, [(name, key.public.raw, key.sign(text.encode("utf-8")))]).to_bytes()
    bag.add(SIGNATURE, content)
    return sha256(content)


def _hits(services: Services, bag: Bag, level: ContainmentLevel, note: Note) -> list[Hit]:
    wanted: tuple[Secret, ...] = bag.looked_for
    return [*bag.hits, *look_through(services, bag.root, bag.folded, wanted, level, note)]


def _require_sound(bag: Bag, key: SigningKey, since: str) -> None:
    computed = {path: dict(one.digests) for path, one in bag.written.items()}
    report = check(str(bag.root), key.public.fingerprint(), since=since, computed=computed)
    if report.failures:
        first = report.failures[0]
        raise IntegrityError(f"the package does not hold: {first.code} {first.path} {first.what}")


def _as_file(bag: Bag, target: Path, inside: Path, packing: Packing, disk: Disk) -> Path:
    """The package as one file, on the disk; nothing else is left of it."""
    plain = inside / f"{bag.root.name}.whole{ARCHIVE}" if packing.recipients else target
    write_archive(bag.root, list(bag.written), plain)
    shutil.rmtree(bag.root)
    if packing.recipients:
        encrypt(plain, target, packing.recipients)
        disk.remove_file(plain)
    disk.sync_file(target)
    return target


def _synced(bag: Bag, disk: Disk) -> Path:
    """The package as a folder, once it is on the disk."""
    disk.sync_files(bag.paths())
    for folder in sorted({path.parent for path in bag.paths()} | {bag.root}, reverse=True):
        disk.sync_directory(folder)
    return bag.root


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
