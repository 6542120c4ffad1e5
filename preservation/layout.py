"""Where things are in the vault: an OCFL 1.1 storage root with layout extension 0003. Paths and bytes only, no I/O.

The names and the fixed contents come from the OCFL 1.1 specification (sections 3.3, 4.1, 4.2) and from its extension
0003, hash-and-id-n-tuple storage layout.
"""

from __future__ import annotations

import hashlib
import re
from pathlib import PurePosixPath

from casefile.canonical import Json, canonical_json

OBJECT_DECLARATION = "0=ocfl_object_1.1"
OBJECT_DECLARATION_CONTENT = b"ocfl_object_1.1\n"
VERSION = "v1"
CONTENT = "v1/content"
INVENTORY = "inventory.json"
SIDECAR = "inventory.json.sha512"
CAPTURE_RECORD = "capture.json"
"""The path of the capture's record below `content/`."""

LAYOUT = "0003-hash-and-id-n-tuple-storage-layout"
LAYOUT_DIGEST = "sha256"
TUPLE_SIZE = 2
NUMBER_OF_TUPLES = 2

OBJECT_ID_PREFIX = "urn:uuid:"
TUPLE = re.compile(r"[0-9a-f]{2}", re.ASCII)
_RESERVED = re.compile(r"[^A-Za-z0-9_-]", re.ASCII)
_LONGEST_NAME = 100
"""Extension 0003: a longer encapsulation directory name is cut here and ends in the digest."""


def object_id(capture: str) -> str:
    """The OCFL object id of a capture, which is a UUID."""
    return OBJECT_ID_PREFIX + capture


def object_path(identifier: str) -> PurePosixPath:
    """The object's folder below the storage root: two tuples of the id's digest, then the percent-encoded id."""
    digest = hashlib.sha256(identifier.encode("utf-8")).hexdigest()
    tuples = [digest[start * TUPLE_SIZE :][:TUPLE_SIZE] for start in range(NUMBER_OF_TUPLES)]
    name = _RESERVED.sub(_percent, identifier)
    if len(name) > _LONGEST_NAME:
        name = f"{name[:_LONGEST_NAME]}-{digest}"
    return PurePosixPath(*tuples, name)


def root_files() -> dict[str, bytes]:
    """Every file of the storage root that is not part of an object, with its exact bytes."""
    description = (
        "Hash-and-id n-tuple tree: the first four hexadecimal digits of the id's sha256 in two folders of two, "
        "then a folder named by the percent-encoded id."
    )
    configuration: Json = {
        "digestAlgorithm": LAYOUT_DIGEST,
        "extensionName": LAYOUT,
        "numberOfTuples": NUMBER_OF_TUPLES,
        "tupleSize": TUPLE_SIZE,
    }
    return {
        "0=ocfl_1.1": b"ocfl_1.1\n",
        "ocfl_layout.json": canonical_json({"description": description, "extension": LAYOUT}),
        f"extensions/{LAYOUT}/config.json": canonical_json(configuration),
    }


def _percent(character: re.Match[str]) -> str:
    return "".join(f"%{byte:02x}" for byte in character[0].encode("utf-8"))
