"""Cases that other tools export as a zip: Hunchly's and Atlos's. Members are read in place, none is unpacked."""

from __future__ import annotations

import hashlib
import json
import posixpath
import re
from collections.abc import Iterator, Mapping
from typing import Any

from casefile.archives import ArchiveClaim, ArchiveKind, Bearing, ClaimField, EntryKind
from collectors.archives.telling import Telling, claim
from collectors.wacz.zips import Zip, ZipRefused

MOST_JSON_BYTES = 64 << 20
HUNCHLY_FOLDER = "case_data/"
HUNCHLY_PAGES = "case_data/pages.json"
ATLOS_UPDATES = re.compile(r"([^/]+/[^/]+)/updates\.json")
ATLOS_VERSION = re.compile(r"[^/]+/[^/]+/[^/]+/metadata\.json")
ALGORITHMS = {64: "sha256", 40: "sha1", 32: "md5"}
"""By the length of a digest in hex."""
HUNCHLY_LISTS: Mapping[str, tuple[EntryKind, Mapping[ClaimField, str]]] = {
    "pages.json": (
        EntryKind.PAGE,
        {
            ClaimField.IDENTIFIER: "id",
            ClaimField.LOCATOR: "url",
            ClaimField.TITLE: "title",
            ClaimField.CAPTURED: "timestamp_created",
            ClaimField.DIGEST: "content_hash",
        },
    ),
    "notes.json": (
        EntryKind.NOTE,
        {ClaimField.IDENTIFIER: "PageId", ClaimField.TEXT: "Note", ClaimField.CAPTURED: "NoteDate"},
    ),
    "tagged_photos.json": (
        EntryKind.FILE,
        {
            ClaimField.IDENTIFIER: "PageId",
            ClaimField.LOCATOR: "PhotoUrl",
            ClaimField.TEXT: "Caption",
            ClaimField.CAPTURED: "PhotoTimestamp",
        },
    ),
    "case_attachments.json": (EntryKind.FILE, {ClaimField.LOCATOR: "Source", ClaimField.FILE: "Filename"}),
}
"""Lists of a case by file: what an entry is, and the field that each claim stands in."""


def read_hunchly(archive: Zip) -> Telling:
    """Pages, notes, photographs and attachments of a Hunchly case, with the digests that it states of photographs."""
    telling = Telling(ArchiveKind.HUNCHLY)
    telling.say(claim(ClaimField.TOOL, "Hunchly", "form of case_data/"))
    for file, (kind, fields) in HUNCHLY_LISTS.items():
        for where, one in _objects(archive, HUNCHLY_FOLDER + file, telling):
            claims = [claim(field, one.get(name), name) for field, name in fields.items()]
            if file == "tagged_photos.json":
                claims += _photograph(archive, one)
            telling.entry(kind, where, *claims)
    return telling


def is_atlos(archive: Zip) -> bool:
    """Whether a zip is a whole export of Atlos: folders of incidents with their metadata and updates."""
    return any(
        (found := ATLOS_UPDATES.fullmatch(name)) and f"{found.group(1)}/metadata.json" in archive
        for name in archive.names
    )


def read_atlos(archive: Zip) -> Telling:
    """Incidents, their updates and source material, each file with the digest that the export states of it."""
    telling = Telling(ArchiveKind.ATLOS)
    telling.say(claim(ClaimField.TOOL, "Atlos", "form of the export"))
    for name in archive.names:
        if ATLOS_VERSION.fullmatch(name):
            _material(archive, name, telling)
        elif (found := ATLOS_UPDATES.fullmatch(name)) is not None:
            _incident(archive, f"{found.group(1)}/metadata.json", telling)
            for where, one in _objects(archive, name, telling):
                telling.entry(
                    EntryKind.NOTE,
                    where,
                    claim(ClaimField.AUTHOR, _object(one.get("user")).get("username"), "user.username"),
                    claim(ClaimField.CAPTURED, one.get("inserted_at"), "inserted_at"),
                    claim(ClaimField.IDENTIFIER, one.get("type"), "type"),
                    claim(ClaimField.TEXT, one.get("explanation") or one.get("new_value"), "explanation"),
                )
    return telling


def _incident(archive: Zip, name: str, telling: Telling) -> None:
    one = _object(_json(archive, name, telling))
    telling.entry(
        EntryKind.INCIDENT,
        name,
        claim(ClaimField.IDENTIFIER, one.get("slug"), "slug"),
        claim(ClaimField.TITLE, one.get("attr_description"), "attr_description"),
        claim(ClaimField.STATUS, one.get("attr_status"), "attr_status"),
        claim(ClaimField.CAPTURED, one.get("inserted_at"), "inserted_at"),
        claim(ClaimField.EDITED, one.get("updated_at"), "updated_at"),
    )


def _material(archive: Zip, name: str, telling: Telling) -> None:
    one, folder = _object(_json(archive, name, telling)), posixpath.dirname(name)
    telling.entry(
        EntryKind.RECORD,
        name,
        claim(ClaimField.LOCATOR, one.get("source_url"), "source_url"),
        claim(ClaimField.CAPTURED, one.get("inserted_at"), "inserted_at"),
        claim(ClaimField.STATUS, one.get("status"), "status"),
    )
    artifacts = one.get("artifacts")
    held = [path for path in archive.names if posixpath.dirname(path) == folder and path != name]
    digests = {path: _digest(archive, path, "sha256") for path in held}
    for number, artifact in enumerate(artifacts if isinstance(artifacts, list) else ()):
        told = _object(artifact)
        value = next((told[key] for key in ("file_hash_sha256", "sha256") if isinstance(told.get(key), str)), "")
        bears = (
            Bearing.MATCHES if value.lower() in digests.values() else Bearing.ABSENT if not held else Bearing.DIFFERS
        )
        telling.entry(
            EntryKind.FILE,
            f"{name} artifacts[{number}]",
            claim(ClaimField.IDENTIFIER, told.get("type"), "type"),
            claim(ClaimField.TITLE, told.get("title"), "title"),
            claim(ClaimField.MEDIA_TYPE, told.get("mime_type"), "mime_type"),
            claim(ClaimField.DIGEST, value, "file_hash_sha256", bears),
        )


def _photograph(archive: Zip, one: Mapping[str, Any]) -> list[ArchiveClaim | None]:
    file, value = one.get("LocalFile"), one.get("PhotoHash")
    if not isinstance(file, str):
        return [claim(ClaimField.DIGEST, value, "PhotoHash")]
    path = f"tagged_photos/{posixpath.basename(file)}"
    algorithm = ALGORITHMS.get(len(value)) if isinstance(value, str) else None
    if path not in archive:
        return [claim(ClaimField.FILE, file, "LocalFile", Bearing.ABSENT), claim(ClaimField.DIGEST, value, "PhotoHash")]
    bears = None
    if algorithm is not None:
        same = _digest(archive, path, algorithm) == str(value).lower()
        bears = Bearing.MATCHES if same else Bearing.DIFFERS
    return [
        claim(ClaimField.FILE, file, "LocalFile", Bearing.MATCHES),
        claim(ClaimField.DIGEST, value, f"PhotoHash, as {algorithm or 'an unknown digest'}", bears),
    ]


def _objects(archive: Zip, name: str, telling: Telling) -> Iterator[tuple[str, Mapping[str, Any]]]:
    told = _json(archive, name, telling) if name in archive else []
    for number, one in enumerate(told if isinstance(told, list) else ()):
        if isinstance(one, dict):
            yield f"{name}[{number}]", one


def _json(archive: Zip, name: str, telling: Telling) -> object:
    """A member in JSON; nothing, and a problem, where it is not."""
    try:
        return json.loads(archive.read(name, MOST_JSON_BYTES))
    except (ValueError, RecursionError) as error:
        code = error.code if isinstance(error, ZipRefused) else "json-damaged"
        telling.problem(code, str(error) if isinstance(error, ZipRefused) else "it is not JSON", name)
        return None


def _digest(archive: Zip, name: str, algorithm: str) -> str:
    digest = hashlib.new(algorithm, usedforsecurity=False)
    for block in archive.blocks(name):
        digest.update(block)
    return digest.hexdigest()


def _object(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}
