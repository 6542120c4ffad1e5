"""Objects of the vault that are put in the place of others: without what was erased, or whole again.

An object is never changed. Another one is built beside the vault, complete and durable, and the two are exchanged; what
was replaced is then outside the vault, to be removed or set aside. Kept files get a second name in the new object, so
that none is copied; the first name goes with the old object.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from casefile.digests import Digest, DigestSet
from casefile.errors import RecordUnreadable, StorageFailed
from casefile.model import CaptureRecord, SealedFile
from casefile.vocabulary import FileKind
from preservation import layout
from preservation.durable import WRITABLE_DIRECTORY, Disk, is_there
from preservation.inventory import VersionNote, inventory_digest
from preservation.sealing import close_folders, describe, description
from preservation.vault import Vault, locked

BUILT = "object"
FIRST = 0
"""The position of the item that was asked for."""


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """An object as it shall be: what it holds, and the note that its one version carries."""

    record: CaptureRecord
    note: VersionNote

    @property
    def object_id(self) -> str:
        """The object's id, which it keeps."""
        return layout.object_id(self.record.circumstances.capture)

    @property
    def inventory(self) -> Digest:
        """The sha512 of its inventory."""
        return inventory_digest(description(self.record, self.digests, self.note)[layout.INVENTORY])

    @property
    def digests(self) -> Mapping[str, DigestSet]:
        """Of its collected files, by path."""
        return {
            file.path: DigestSet(Digest(file.sha256), Digest(file.sha512), file.bytes) for file in self.record.files
        }


def without(record: CaptureRecord, positions: Collection[int]) -> CaptureRecord:
    """The record of a capture from which the items at these positions are gone. Pure.

    With an item go its files, what was made of them, and every record of the collecting, which can hold them; with the
    first, the locator that was asked for. Without any item left, all that was said of whom goes as well. Raises
    RecordUnreadable where an item that stays has a file of one that goes.
    """
    gone = [item for item in record.items if item.position in positions]
    kept = tuple(item for item in record.items if item.position not in positions)
    kept_paths = {path for item in kept for path in item.files}
    if shared := kept_paths & {path for item in gone for path in item.files}:
        raise RecordUnreadable(sorted(shared)[0], "belongs to an item that is to stay")
    files = tuple(file for file in record.files if _stays(file, kept_paths))
    if not kept:
        bare = record.circumstances.model_copy(
            update={
                "locator": "",
                "source": None,
                "handed_over_how": "",
                "contacts": (),
                "allowances": (),
                "visitor": None,
                "alterations": None,
            }
        )
        return record.model_copy(
            update={"circumstances": bare, "detail": "", "advice": "", "exchanges": (), "files": (), "items": ()}
        )
    asked_for = record.circumstances.locator if FIRST in positions else ""
    locators = ({item.locator for item in gone} | {asked_for}) - {"", *(item.locator for item in kept)}
    exchanges = tuple(one for one in record.exchanges if not {one.locator, one.redirect_to} & locators)
    circumstances = record.circumstances.model_copy(update={"locator": ""} if asked_for in locators else {})
    return record.model_copy(
        update={"circumstances": circumstances, "exchanges": exchanges, "files": files, "items": kept}
    )


def _stays(file: SealedFile, kept: Collection[str]) -> bool:
    if file.kind is FileKind.DERIVATIVE:
        return bool(file.derived_from) and set(file.derived_from) <= set(kept)
    return file.path in kept


def replace_erased(rebuilt: Rebuilt, vault: Vault, shelf: Path, disk: Disk) -> bool:
    """Puts `rebuilt` in the place of the object that holds more than it, whose other bytes are then gone.

    Repeating it after a crash at any step finishes it; False when it was done. `shelf` is a folder on the vault's file
    system. Raises StorageFailed, or RecordUnreadable when there is no object to take kept files from.
    """
    folder, place = shelf / rebuilt.record.circumstances.capture, vault.object_path(rebuilt.object_id)
    built = folder / BUILT
    disk.resolve_exchange(built, place)
    wanted = rebuilt.inventory
    if inventory_at(place) != wanted:
        if not is_there(place) and rebuilt.record.files:
            raise RecordUnreadable(str(place), "the object is missing, so nothing can be erased from it")
        if is_there(built):
            disk.remove_tree(built)
        _build(rebuilt, place, built, disk)
        put_in_place(vault, rebuilt.object_id, built, disk)
    elif not is_there(folder):
        return False
    vault.close_to_writing(rebuilt.object_id)
    if is_there(folder):
        disk.remove_tree(folder)
    _remove_when_empty(shelf, disk)
    return True


def put_in_place(vault: Vault, object_id: str, built: Path, disk: Disk) -> None:
    """Exchanges a built object with the one in the vault, which then lies where the built one was; both durably."""
    place = vault.object_path(object_id)
    with locked(vault.root, alone=True):
        if is_there(place):
            disk.restrict(place, WRITABLE_DIRECTORY)
            disk.exchange(built, place)
        else:
            disk.make_directories(place.parent)
            disk.rename_exclusive(built, place)
    disk.sync_directory(place.parent)
    disk.sync_directory(built.parent)


def _build(rebuilt: Rebuilt, old: Path, built: Path, disk: Disk) -> None:
    """Builds the object, its kept files by a second name. One that is missing stays missing: the audit names it."""
    named = [file.path for file in rebuilt.record.files]
    content = built / layout.CONTENT
    folders = {content / PurePosixPath(path).parent for path in named} | {content}
    for folder in sorted(folders):
        disk.make_directories(folder)
    for path in named:
        source = old / layout.CONTENT / path
        if is_there(source):
            disk.link(source, content / path)
    describe(built, rebuilt.record, rebuilt.digests, rebuilt.note, disk)
    close_folders(built, named, disk)


def inventory_at(place: Path) -> Digest | None:
    """The sha512 of the inventory of the object in a folder; None where there is none."""
    path = place / layout.INVENTORY
    try:
        return inventory_digest(path.read_bytes())
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise StorageFailed("read", str(path), error.strerror or str(error)) from error


def _remove_when_empty(folder: Path, disk: Disk) -> None:
    if is_there(folder) and not any(folder.iterdir()):
        disk.remove_empty(folder)
        disk.sync_directory(folder.parent)
