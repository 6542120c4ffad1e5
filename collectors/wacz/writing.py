"""Writing a WACZ 1.1.1 from recorded WARCs: the same input gives the same bytes, on any day and machine.

Everything is stored and nothing deflated, names are sorted, and every date in the zip is 1 January 1980: a date there
is local time without a zone, which nobody could interpret; when the capture was made is in the WARC, in each page and
in `created`. The package is complete when this returns and durable when its capture is sealed.
"""

from __future__ import annotations

import hashlib
import re
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

from casefile.canonical import Json, canonical_json
from casefile.digests import sha256
from casefile.errors import CollectionError
from casefile.model import readable
from casefile.vocabulary import Fidelity
from collectors.wacz.index import Indexing, index_file
from collectors.wacz.records import FIELDS_TYPE, NotAWarc, WarcRecord, read_warc
from collectors.wacz.surt import surt_key

VERSION = "1.1.1"
PROFILE = "data-package"
SOFTWARE = "casefile wacz/1"
PACKAGE, PACKAGE_DIGEST = "datapackage.json", "datapackage-digest.json"
INDEX, PAGES = "indexes/index.cdx", "pages/pages.jsonl"
ARCHIVE = "archive/"
PAGES_HEADER = {"format": "json-pages-1.0", "id": "pages", "title": "All Pages"}
ZIP_DATE = (1980, 1, 1, 0, 0, 0)
FILE_MODE = 0o100644 << 16
NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}\.warc(?:\.gz)?", re.ASCII)
FIDELITY_FIELD = "casefile-fidelity"
"""In `warcinfo`: whether what follows is as it was sent, or was built from decoded parts."""
COPY_BYTES = 1 << 20
MOST_WARC_BYTES = 64 << 30
"""What may come out of one WARC; a bound against a file that is a bomb."""


class NotArchivable(CollectionError):
    """No WACZ can be made of what was given. `problem` says why."""

    def __init__(self, problem: str) -> None:
        super().__init__(f"no WACZ can be made: {problem}")
        self.problem = problem

    def advice(self) -> str:
        return "Keep the WARC by itself; it is the evidence, and a WACZ is made from it."


@dataclass(frozen=True, slots=True)
class Page:
    """A page of a WACZ: its address as it was captured, when (RFC 3339), and what people look for it by.

    Without a time it has that of the record which holds it.
    """

    locator: str
    time: str = ""
    title: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True)
class WarcFile:
    """A recorded WARC and what its records are: `wire`, as they were sent, or `reconstructed`."""

    path: Path
    fidelity: Fidelity


@dataclass(frozen=True, slots=True)
class WaczMade:
    """What was written. `package_sha256` is of datapackage.json, which names every other file by its digest."""

    package_sha256: str
    records: int
    pages: int
    bytes: int


@dataclass(frozen=True, slots=True)
class _Member:
    name: str
    size: int
    sha256: str
    content: bytes | Path

    def resource(self) -> dict[str, Json]:
        return {"name": self.name.rpartition("/")[2], "path": self.name, "hash": self.sha256, "bytes": self.size}


def write_wacz(
    target: Path, warcs: Sequence[WarcFile], pages: Sequence[Page], *, created: str = "", title: str = ""
) -> WaczMade:
    """Write `target`, which must not be there, from WARCs that say of themselves what they are (`warcinfo_fields`).

    The first page is the main one; `created` is the moment of the capture, RFC 3339, the main page's where it is empty.
    Raises NotArchivable for a WARC that cannot be read or says something else of itself, for no page, and for a page
    that no record holds; FileExistsError, and OSError of the disk.
    """
    if not pages:
        raise NotArchivable("there is no page in it")
    members: list[_Member] = []
    lines: list[bytes] = []
    moments: dict[str, str] = {}
    records = 0
    for warc in sorted(warcs, key=lambda one: one.path.name):
        member, indexing, count = _take(warc)
        members.append(member)
        lines += indexing.lines()
        moments = indexing.moments() | moments
        records += count
    pages = [_dated(page, moments) for page in pages]
    if len({one.name for one in members}) != len(members):
        raise NotArchivable("two WARCs have one name")
    members += [_member(INDEX, index_file(lines)), _member(PAGES, _pages(pages))]
    package = canonical_json(_package(members, pages[0], created or pages[0].time, title))
    digest = sha256(package)
    members.append(_member(PACKAGE, package))
    members.append(_member(PACKAGE_DIGEST, canonical_json({"path": PACKAGE, "hash": digest})))
    with zipfile.ZipFile(target, "x", zipfile.ZIP_STORED) as archive:
        for member in sorted(members, key=lambda one: one.name):
            _store(archive, member)
    return WaczMade(digest, records, len(pages), target.stat().st_size)


def warcinfo_fields(software: str, fidelity: Fidelity) -> dict[str, str]:
    """What the `warcinfo` record of a WARC says that is to go into a WACZ."""
    return {
        "software": software,
        "format": "WARC File Format 1.1",
        "conformsTo": "http://iipc.github.io/warc-specifications/specifications/warc-format/warc-1.1/",
        FIDELITY_FIELD: fidelity,
    }


def fidelity_told(record: WarcRecord) -> str:
    """What a `warcinfo` record says that the records behind it are; empty where it does not say."""
    if record.kind != "warcinfo" or record.media_type != FIELDS_TYPE:
        return ""
    for line in record.body_start.decode("utf-8", "replace").splitlines():
        name, _, value = line.partition(":")
        if name.strip().lower() == FIDELITY_FIELD:
            return value.strip()
    return ""


def _take(warc: WarcFile) -> tuple[_Member, Indexing, int]:
    name = warc.path.name
    if not NAME.fullmatch(name):
        raise NotArchivable(f"{ascii(name)[:80]} is no name for a WARC in it")
    indexing, told, count = Indexing(name), "", 0
    with warc.path.open("rb") as file:
        try:
            for record in read_warc(file, most_bytes=MOST_WARC_BYTES):
                if not record.sole:
                    raise NotArchivable(f"records of {name} cannot be read one by one")
                told = told if count else fidelity_told(record)
                indexing.add(record)
                count += 1
        except NotAWarc as error:
            raise NotArchivable(f"{name} {error}") from error
        file.seek(0)
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        size = file.tell()
    if told != warc.fidelity:
        said = told or "nothing"
        raise NotArchivable(f"{name} says {said} of how its records came about, and they are {warc.fidelity}")
    return _Member(f"{ARCHIVE}{name}", size, f"sha256:{digest}", warc.path), indexing, count


def _member(name: str, content: bytes) -> _Member:
    return _Member(name, len(content), sha256(content), content)


def _pages(pages: Sequence[Page]) -> bytes:
    header: dict[str, Json] = {**PAGES_HEADER, "hasText": any(page.text for page in pages)}
    return b"".join(canonical_json(line) + b"\n" for line in (header, *map(_page, pages)))


def _page(page: Page) -> dict[str, Json]:
    told: dict[str, Json] = {
        "id": hashlib.sha256(f"{page.locator} {page.time}".encode()).hexdigest()[:20],
        "url": readable(page.locator, 65_536),
        "ts": page.time,
        "title": readable(page.title, 65_536),
        "text": readable(page.text, 1 << 24),
    }
    return {name: value for name, value in told.items() if value}


def _dated(page: Page, moments: Mapping[str, str]) -> Page:
    moment = moments.get(surt_key(page.locator))
    if moment is None:
        raise NotArchivable("no record holds one of its pages")
    return page if page.time else replace(page, time=moment)


def _package(members: Sequence[_Member], main: Page, created: str, title: str) -> dict[str, Json]:
    resources: list[Json] = [one.resource() for one in sorted(members, key=lambda one: one.name)]
    told: dict[str, Json] = {
        "profile": PROFILE,
        "wacz_version": VERSION,
        "software": SOFTWARE,
        "created": _seconds(created),
        "title": readable(title or main.title, 4_096),
        "mainPageUrl": readable(main.locator, 65_536),
        "mainPageDate": main.time,
        "resources": resources,
    }
    return {name: value for name, value in told.items() if value}


def _seconds(created: str) -> str:
    """In UTC and whole seconds, as every reader of `created` takes it."""
    return datetime.fromisoformat(created).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _store(archive: zipfile.ZipFile, member: _Member) -> None:
    info = zipfile.ZipInfo(member.name, ZIP_DATE)
    info.create_system, info.external_attr, info.file_size = 3, FILE_MODE, member.size
    with archive.open(info, "w", force_zip64=member.size >= 1 << 31) as place:
        for block in _blocks(member.content):
            place.write(block)


def _blocks(content: bytes | Path) -> Iterator[bytes]:
    with content.open("rb") if isinstance(content, Path) else BytesIO(content) as stream:
        while block := stream.read(COPY_BYTES):
            yield block
