"""OCFL inventories of one version: what is in an object, under both digests. Bytes only, no I/O.

An inventory is canonical JSON, so that the same capture always gives the same bytes. The manifest is by sha512; the
fixity block repeats every file under sha256, the digest by which items are known (OCFL 1.1 sections 3.5 and 3.5.4).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from casefile.canonical import Json, canonical_json
from casefile.digests import Digest, DigestSet, hex_of, sha512
from preservation.layout import CONTENT, INVENTORY, VERSION

INVENTORY_TYPE = "https://ocfl.io/1.1/spec/#inventory"
MANIFEST_DIGEST = "sha512"
FIXITY_DIGEST = "sha256"


@dataclass(frozen=True, slots=True)
class VersionNote:
    """What OCFL asks to be said of a version: when, by whom and why. `created` is RFC 3339."""

    created: str
    message: str
    user_name: str
    user_address: str


@dataclass(frozen=True, slots=True)
class Inventory:
    """What an inventory says: the object's id and, by path below `content/`, the sha512 of each file."""

    object_id: str
    sha512: Mapping[str, Digest]
    sha256: Mapping[str, Digest]


class NotAnInventory(ValueError):
    """Bytes that are not an inventory of the one form that the vault holds."""


def build_inventory(object_id: str, files: Mapping[str, DigestSet], note: VersionNote) -> bytes:
    """The bytes of `inventory.json` for `files`, given by path below `content/`."""
    logical: dict[str, list[str]] = {}
    fixity: dict[str, list[str]] = {}
    for path in sorted(files):
        logical.setdefault(hex_of(files[path].sha512), []).append(path)
        fixity.setdefault(hex_of(files[path].sha256), []).append(f"{CONTENT}/{path}")
    version: Json = {
        "created": note.created,
        "message": note.message,
        "state": logical,
        "user": {"address": note.user_address, "name": note.user_name},
    }
    return canonical_json(
        {
            "digestAlgorithm": MANIFEST_DIGEST,
            "fixity": {FIXITY_DIGEST: fixity},
            "head": VERSION,
            "id": object_id,
            "manifest": {digest: [f"{CONTENT}/{path}" for path in paths] for digest, paths in logical.items()},
            "type": INVENTORY_TYPE,
            "versions": {VERSION: version},
        }
    )


def build_sidecar(inventory: Digest) -> bytes:
    """The bytes of `inventory.json.sha512`."""
    return f"{hex_of(inventory)} {INVENTORY}\n".encode("ascii")


def read_inventory(content: bytes) -> Inventory:
    """What the bytes say, of an inventory that is known by its digest; raises NotAnInventory when it is none."""
    with _refused():
        return _read(json.loads(content))


def parse_inventory(content: bytes) -> Inventory:
    """What the bytes say; raises NotAnInventory unless they are the very bytes that `build_inventory` makes."""
    with _refused():
        value = json.loads(content)
        parsed = _read(value)
        note = value["versions"][VERSION]
        files = {path: DigestSet(parsed.sha256[path], digest, 0) for path, digest in parsed.sha512.items()}
        version = VersionNote(note["created"], note["message"], note["user"]["name"], note["user"]["address"])
        same = build_inventory(parsed.object_id, files, version) == content
    if not same:
        raise NotAnInventory("it has another form than the vault's inventories")
    return parsed


def inventory_digest(inventory: bytes) -> Digest:
    """The digest that the event of the capture names: sha512 of the inventory's bytes."""
    return sha512(inventory)


@contextmanager
def _refused() -> Iterator[None]:
    try:
        yield
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise NotAnInventory(f"{type(error).__name__}: {error}") from error


def _read(value: Any) -> Inventory:
    sha256s = _by_path(value["fixity"][FIXITY_DIGEST], FIXITY_DIGEST)
    return Inventory(value["id"], _by_path(value["manifest"], MANIFEST_DIGEST), sha256s)


def _by_path(block: Mapping[str, list[str]], algorithm: str) -> dict[str, Digest]:
    prefix = f"{CONTENT}/"
    return {
        path.removeprefix(prefix): Digest(f"{algorithm}:{digest}") for digest, paths in block.items() for path in paths
    }
