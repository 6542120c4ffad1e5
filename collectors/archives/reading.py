"""The worker that reads archives of other tools: what it is by its content, then the reader of that kind.

Whatever an archive does becomes a problem in the answer and no exception: it has been sealed as it was handed over, and
a reader that gives up changes nothing about that.
"""

from __future__ import annotations

import json
import re
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from casefile.archives import ArchiveKind
from casefile.canonical import Json
from collectors.archives.answer import PREFIX_BYTES, ArchiveAnswer, ArchiveAsked
from collectors.archives.beside import Files
from collectors.archives.cases import HUNCHLY_PAGES, is_atlos, read_atlos, read_hunchly
from collectors.archives.pages import SINGLEFILE, read_har, read_mhtml, read_singlefile
from collectors.archives.rows import read_sheet
from collectors.archives.telegram import is_telegram, read_telegram
from collectors.archives.telling import Telling, Unreadable
from collectors.archives.web import read_a_wacz, read_a_warc
from collectors.wacz.zips import ZipLimits, ZipRefused, open_zip

MOST_JSON_BYTES = 256 << 20
ZIPS = ZipLimits(members=200_000, member_bytes=16 << 30, bytes=64 << 30)
MHTML = re.compile(rb"(?im)^content-type:\s*multipart/related")
NAMES = re.compile(rb'"(?:messages|chats|left_chats|log)"\s*:')
"""Of what Telegram's exports and HAR begin with."""
JSON = re.compile(rb"\A(?:\xef\xbb\xbf)?\s*\{")


def work(request: Mapping[str, Json], inputs: Path, out: Path) -> dict[str, Json]:
    """`request` is an ArchiveAsked about one file of the inputs, the answer an ArchiveAnswer."""
    asked = ArchiveAsked.model_validate(request)
    telling = read_archive(inputs / asked.file, Files(asked.path, asked.beside))
    return ArchiveAnswer(content=telling.content() if telling else None).plain()


def read_archive(path: Path, files: Files) -> Telling | None:
    """What the archive at `path` tells; nothing where it is none that is known."""
    with path.open("rb") as file:
        prefix = file.read(PREFIX_BYTES)
    if prefix.startswith(b"PK\x03\x04"):
        return _zip(path)
    if _unpacked(prefix).startswith(b"WARC/1."):
        return read_a_warc(path)
    if JSON.match(prefix):
        return _json(path, files, named=NAMES.search(prefix) is not None)
    if MHTML.search(prefix):
        return _guarded(ArchiveKind.MHTML, path)
    if SINGLEFILE.search(prefix.decode("utf-8", "replace")):
        return read_singlefile(path)
    return read_sheet(path, files)


def _unpacked(prefix: bytes) -> bytes:
    """The first bytes, out of gzip where they are packed."""
    if not prefix.startswith(b"\x1f\x8b"):
        return prefix
    try:
        return zlib.decompressobj(31).decompress(prefix, 16)
    except zlib.error:
        return b""


def _guarded(kind: ArchiveKind, path: Path) -> Telling:
    try:
        return read_mhtml(path)
    except Unreadable as error:
        return _failed(kind, error.code, error.problem)
    except (RecursionError, ValueError, LookupError):
        return _failed(kind, "damaged", "it cannot be read as what it claims to be")


def _zip(path: Path) -> Telling | None:
    with path.open("rb") as file:
        try:
            archive = open_zip(file, ZIPS)
            if HUNCHLY_PAGES in archive:
                return read_hunchly(archive)
            if is_atlos(archive):
                return read_atlos(archive)
        except ZipRefused as error:
            telling = Telling(ArchiveKind.UNKNOWN)
            telling.problem(error.code, error.problem, error.member)
            return telling
        if "datapackage.json" in archive or any(name.startswith("archive/") for name in archive.names):
            return read_a_wacz(path)
    return None


def _json(path: Path, files: Files, *, named: bool) -> Telling | None:
    """`named` says that it begins as one of them: then it is told when the rest cannot be read."""
    if path.stat().st_size > MOST_JSON_BYTES:
        return _failed(ArchiveKind.UNKNOWN, "too-large", f"it is larger than {MOST_JSON_BYTES} bytes")
    try:
        told = json.loads(path.read_bytes())
    except (ValueError, RecursionError):
        return _failed(ArchiveKind.UNKNOWN, "json-damaged", "it is not JSON to its end") if named else None
    if not isinstance(told, dict):
        return None
    if _is_har(told):
        return read_har(told)
    return read_telegram(told, files) if is_telegram(told) else None


def _is_har(told: Mapping[str, Any]) -> bool:
    log = told.get("log")
    return isinstance(log, dict) and isinstance(log.get("entries"), list)


def _failed(kind: ArchiveKind, code: str, problem: str) -> Telling:
    telling = Telling(kind)
    telling.problem(code, problem)
    return telling
