"""Reading a WACZ strictly: every file against its digest, every record against its own, index and pages against both.

`wacz validate` 0.6.0 accepts a package whose datapackage-digest.json was taken out, one without pages, and one whose
archives are deflated; these are problems here. Of a package in which everything was made again to fit, nobody can tell
from within: give `expected`, the digest of datapackage.json as it is known from outside.
"""

from __future__ import annotations

import hashlib
import json
import re
import zlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from collectors.wacz.index import asked_locator, is_replayed, moment
from collectors.wacz.records import NotAWarc, WarcRecord, read_warc
from collectors.wacz.surt import surt_key
from collectors.wacz.writing import ARCHIVE, PACKAGE, PACKAGE_DIGEST, PAGES, fidelity_told
from collectors.wacz.zips import DAMAGED, Zip, ZipLimits, ZipRefused, open_zip

MOST_PACKAGE_BYTES = 16 << 20
MOST_INDEX_BYTES = 256 << 20
MOST_PAGES_BYTES = 256 << 20
MOST_WARC_BYTES = 64 << 30
MOST_PROBLEMS = 1_000
VERSIONS = re.compile(r"1\.[0-9]\.[0-9]")
PLAIN_INDEXES = ("indexes/index.cdx", "indexes/index.cdxj")
PACKED_INDEX, INDEX_OF_PACKED = "indexes/index.cdx.gz", "indexes/index.idx"
HASHES = ("sha256", "md5")
UNLISTED = (PACKAGE, PACKAGE_DIGEST)
"""What the package does not list among its own resources."""
LIMITS = ZipLimits(members=10_000)

Visit = Callable[[str, WarcRecord], None]
"""Is told each record, with the name of its WARC."""


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that does not hold, in which member; `code` is stable, `text` is ours but for names."""

    code: str
    text: str
    member: str = ""


@dataclass(frozen=True, slots=True)
class PageHeld:
    """A page as the package lists it: claims of whoever made it."""

    locator: str
    time: str
    title: str
    text: str


@dataclass(slots=True)
class WaczReading:
    """What was found. `fidelity` says by WARC what its records are, as its `warcinfo` tells; empty: untold."""

    problems: list[Problem] = field(default_factory=list)
    package: Mapping[str, Any] = field(default_factory=dict)
    package_sha256: str = ""
    pages: list[PageHeld] = field(default_factory=list)
    fidelity: dict[str, str] = field(default_factory=dict)
    records: int = 0

    @property
    def ok(self) -> bool:
        """Whether everything that was looked at holds."""
        return not self.problems

    def note(self, code: str, text: str, member: str = "") -> None:
        """Add a problem; beyond a bound they are no longer told apart."""
        if len(self.problems) < MOST_PROBLEMS:
            self.problems.append(Problem(code, text, member))


def read_wacz(path: Path, *, expected: str = "", visit: Visit | None = None) -> WaczReading:
    """Everything that does not hold in the WACZ at `path`, and what it says of itself. Raises OSError of the disk."""
    found = WaczReading()
    with path.open("rb") as file:
        try:
            archive = open_zip(file, LIMITS)
            _Checking(archive, found, visit).check(expected)
        except ZipRefused as error:
            found.note(error.code, error.problem, error.member)
    return found


class _Checking:
    """One WACZ while it is checked."""

    def __init__(self, archive: Zip, found: WaczReading, visit: Visit | None) -> None:
        self.archive = archive
        self.found = found
        self.visit = visit
        self.held: dict[tuple[str, int], WarcRecord] = {}
        self.places: set[tuple[str, int]] = set()

    def check(self, expected: str) -> None:
        for step in (self._package, self._resources, self._forms, self._archives, self._index, self._pages):
            try:
                step()
            except ZipRefused as error:
                self.found.note(error.code, error.problem, error.member)
        if expected and self.found.package_sha256 != expected:
            self.found.note("not-the-one", "its datapackage.json is not the one that is known from outside", PACKAGE)

    def _package(self) -> None:
        if PACKAGE not in self.archive:
            self.found.note("package-missing", "there is no datapackage.json", PACKAGE)
            return
        content = self.archive.read(PACKAGE, MOST_PACKAGE_BYTES)
        self.found.package_sha256 = f"sha256:{hashlib.sha256(content).hexdigest()}"
        told = _json(content)
        if isinstance(told, dict):
            self.found.package = told
        else:
            self.found.note("package-damaged", "datapackage.json is not an object in JSON", PACKAGE)
        if not VERSIONS.fullmatch(str(self.found.package.get("wacz_version", ""))):
            self.found.note("version-unknown", "it does not say which version of WACZ it is, or another", PACKAGE)
        self._package_digest()

    def _package_digest(self) -> None:
        if PACKAGE_DIGEST not in self.archive:
            self.found.note("digest-missing", "there is no datapackage-digest.json", PACKAGE_DIGEST)
            return
        told = _json(self.archive.read(PACKAGE_DIGEST, MOST_PACKAGE_BYTES))
        if not isinstance(told, dict) or told.get("path") != PACKAGE:
            self.found.note("digest-damaged", "datapackage-digest.json is not about datapackage.json", PACKAGE_DIGEST)
        elif told.get("hash") != self.found.package_sha256:
            self.found.note("digest-differs", "datapackage.json is not what its digest was taken of", PACKAGE)

    def _resources(self) -> None:
        listed = self.found.package.get("resources")
        resources = [one for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []
        paths = Counter(str(one.get("path")) for one in resources)
        for path in sorted(one for one, count in paths.items() if count > 1):
            self.found.note("resource-twice", "a file is listed twice", path)
        for name in self.archive.names:
            if name not in paths and name not in UNLISTED:
                self.found.note("resource-unlisted", "a file is there and not listed", name)
        for one in resources:
            self._resource(str(one.get("path")), one)

    def _resource(self, path: str, told: Mapping[str, Any]) -> None:
        if path not in self.archive:
            self.found.note("resource-missing", "a file is listed and not there", path)
            return
        label, _, value = str(told.get("hash")).partition(":")
        if label not in HASHES:
            self.found.note("resource-hash-unknown", "a file is listed without a digest that is known", path)
            return
        digest = hashlib.new(label, usedforsecurity=False)
        size = 0
        for block in self.archive.blocks(path):
            digest.update(block)
            size += len(block)
        if digest.hexdigest() != value:
            self.found.note("resource-differs", "a file is not what its digest was taken of", path)
        if told.get("bytes") != size:
            self.found.note("resource-size-differs", "a file is not as long as it is listed", path)

    def _forms(self) -> None:
        for name in self.archive.names:
            if (name.startswith(ARCHIVE) or name.endswith(".gz")) and not self.archive.is_stored(name):
                self.found.note("archive-deflated", "an archive or an index has to be stored, and is deflated", name)

    def _archives(self) -> None:
        names = [name for name in self.archive.names if name.startswith(ARCHIVE)]
        warcs = [name for name in names if name.endswith((".warc", ".warc.gz"))]
        if not warcs:
            self.found.note("archive-missing", "there is no WARC in archive/", ARCHIVE)
        for name in sorted(set(names) - set(warcs)):
            self.found.note("archive-strange", "a file in archive/ is no WARC", name)
        for name in warcs:
            self._archive(name)

    def _archive(self, name: str) -> None:
        short = name.removeprefix(ARCHIVE)
        self.found.fidelity[short] = ""
        try:
            with self.archive.open(name) as stream:
                for record in read_warc(stream, most_bytes=MOST_WARC_BYTES):
                    self._record(short, record)
        except NotAWarc as error:
            self.found.note("record-damaged", str(error), name)
        except DAMAGED as error:
            raise ZipRefused("zip-damaged", "the bytes of a member are damaged", name) from error

    def _record(self, name: str, record: WarcRecord) -> None:
        self.found.records += 1
        self.found.fidelity[name] = self.found.fidelity[name] or fidelity_told(record)
        for claimed in (record.block_digest, record.payload_digest):
            if claimed is not None and claimed.holds is False:
                text = f"the record at byte {record.offset} is not what its digest was taken of"
                self.found.note("record-differs", text, ARCHIVE + name)
        self.places.add((name, record.offset))
        if is_replayed(record):
            self.held[name, record.offset] = record
        if self.visit is not None:
            self.visit(name, record)

    def _index(self) -> None:
        lines = self._index_lines()
        if lines is None:
            self.found.note("index-missing", "there is no index", "indexes/")
            return
        listed: set[tuple[str, int]] = set()
        before = b""
        for number, line in enumerate(lines, start=1):
            if line < before:
                self.found.note("index-unsorted", f"line {number} of the index stands in the wrong place", "indexes/")
            before = line
            place = self._index_line(number, line)
            if place is not None:
                listed.add(place)
        for name, offset in sorted(set(self.held) - listed):
            self.found.note("record-unindexed", f"the record at byte {offset} is not in the index", ARCHIVE + name)

    def _index_lines(self) -> list[bytes] | None:
        for name in PLAIN_INDEXES:
            if name in self.archive:
                return self.archive.read(name, MOST_INDEX_BYTES).splitlines()
        if PACKED_INDEX not in self.archive:
            return None
        if INDEX_OF_PACKED not in self.archive:
            self.found.note(
                "index-missing", "the index is packed, and what leads into it is not there", INDEX_OF_PACKED
            )
        try:
            return _unpacked(self.archive.read(PACKED_INDEX, MOST_INDEX_BYTES)).splitlines()
        except (zlib.error, EOFError):
            self.found.note("index-damaged", "the index cannot be unpacked", PACKED_INDEX)
            return []

    def _index_line(self, number: int, line: bytes) -> tuple[str, int] | None:
        key, _, rest = line.partition(b" ")
        date, _, plain = rest.partition(b" ")
        told = _json(plain)
        if not isinstance(told, dict) or not str(told.get("offset", "")).isdecimal():
            self.found.note("index-damaged", f"line {number} of the index cannot be read", "indexes/")
            return None
        place = (str(told.get("filename")), int(told["offset"]))
        record = self.held.get(place)
        if record is None:
            # Other makers list requests and metadata as well.
            if place not in self.places:
                self.found.note("index-differs", f"line {number} of the index leads to no record", "indexes/")
            return place
        same = (
            str(told.get("length")) == str(record.length)
            and told.get("url") == record.locator
            and date.decode("ascii", "replace")[:14] == moment(record.date)
        )
        method, body = _text(told.get("method")), _text(told.get("requestBody"))
        wanted = surt_key(asked_locator(record.locator, method, body) if method not in ("", "GET") else record.locator)
        if not same or key.decode("utf-8", "replace") != wanted:
            self.found.note(
                "index-differs", f"line {number} of the index says something else than its record", "indexes/"
            )
        return place

    def _pages(self) -> None:
        if PAGES not in self.archive:
            self.found.note("pages-missing", "there is no list of pages", PAGES)
            return
        held = {surt_key(record.locator) for record in self.held.values()}
        for number, line in enumerate(self.archive.read(PAGES, MOST_PAGES_BYTES).splitlines(), start=1):
            told = _json(line)
            if not isinstance(told, dict) or (number > 1 and not isinstance(told.get("url"), str)):
                self.found.note("pages-damaged", f"line {number} of the pages cannot be read", PAGES)
                continue
            if "url" not in told:
                continue
            page = PageHeld(*(_text(told.get(name)) for name in ("url", "ts", "title", "text")))
            self.found.pages.append(page)
            if surt_key(page.locator) not in held:
                self.found.note("page-not-held", f"no record holds the page in line {number}", PAGES)
        if not self.found.pages:
            self.found.note("pages-missing", "no page is listed", PAGES)


def _unpacked(content: bytes) -> bytes:
    """All gzip members of an index, within bounds."""
    return b"".join(_members(content))


def _members(content: bytes) -> Iterator[bytes]:
    left = MOST_INDEX_BYTES
    while content:
        inflate = zlib.decompressobj(31)
        block = inflate.decompress(content, left + 1)
        left -= len(block)
        if left < 0 or not inflate.eof:
            raise EOFError
        content = inflate.unused_data
        yield block


def _json(content: bytes) -> object:
    try:
        return json.loads(content)
    except (ValueError, RecursionError):
        return None


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
