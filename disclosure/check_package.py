#!/usr/bin/env python3
"""Checks a Casefile package: `python3 check_package.py [PACKAGE] [--log-key FINGERPRINT] [--root-key FINGERPRINT]
[--since EARLIER] [--volume OTHER]... [--witness KEY]...`.

One file, Python 3.8 or newer, nothing but the standard library: no network, no writes, nothing of the package is run.
PACKAGE is a folder, a .zip, or a folder of volumes with volumes.txt; without it, the folder that this file lies in.
EARLIER is the one that it adds to, OTHER a further volume of it, KEY the verifier key of a witness. Each
check says OK, FAILED or NOT CHECKED, the last with the command that checks it. Exit code 0: nothing failed; 5:
something failed; 2: usage, or an encrypted file. With --strict, NOT CHECKED fails too.

A package cannot vouch for its own keys. Give the fingerprint that somebody deposited outside, on paper, before; without
one the verdict says that the keys are self-asserted. docs/formats/package.md of Casefile describes the format.
"""

from __future__ import annotations

import argparse
import base64
import binascii
import calendar
import hashlib
import io
import json
import os
import re
import shutil
import stat
import struct
import subprocess
import sys
import time
import unicodedata
import uuid
import zlib
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, BinaryIO, NamedTuple

CODES = {
    "P200": ("it cannot be read: {reason}", "docs/formats/package.md"),
    "P201": ("a name that no package has: {reason}", "docs/formats/package.md rule 3"),
    "P202": ("it is a {kind}, where only files and folders may be", "docs/formats/package.md rule 3"),
    "P203": (
        "its name differs from another one, {other}, only as file systems do not tell apart",
        "docs/formats/package.md rule 3",
    ),
    "P204": ("it is not an archive of the one form that packages have: {reason}", "docs/formats/package.md rule 4"),
    "P205": (
        "there are {found} bytes.files where bag-info.txt says {stated}",
        "RFC 8493 section 2.2.2",
    ),
    "P206": ("it is named and not there", "RFC 8493 section 3"),
    "P207": ("it is there and nothing names it", "RFC 8493 section 3"),
    "P208": ("{algorithm} is {found}, recorded as {stated}", "RFC 8493 section 3"),
    "P209": ("it has not the form that it must have: {reason}", "docs/formats/package.md"),
    "P210": ("it is no signed note: {reason}", "C2SP signed-note"),
    "P211": ("the signature does not hold: {reason}", "C2SP signed-note; docs/formats/package.md rule 7"),
    "P212": ("the key cannot be believed: {reason}", "docs/formats/log.md rules 21, 24 and 25"),
    "P213": ("line {line} is no event of this log: {reason}", "docs/formats/log.md rules 1 to 5"),
    "P214": ("event {event} is not proven to be in the log: {reason}", "C2SP tlog-proof; RFC 9162 section 2.1.3"),
    "P215": ("line {line} is no part that an event of the package commits to: {reason}", "docs/formats/log.md rule 10"),
    "P216": ("{part} of event {event} is neither there nor listed as withheld", "docs/formats/package.md rule 11"),
    "P217": ("the object is not the one that the log names: {reason}", "docs/formats/vault.md rule 8"),
    "P218": ("the file is not the one that the object's inventory names: {reason}", "OCFL 1.1 section 3.5.2"),
    "P219": ("item {item} is not what its event says: {reason}", "docs/formats/vault.md rule 10"),
    "P220": ("the totals do not add up: {reason}", "docs/formats/package.md rule 12"),
    "P221": (
        "{kind} {id} is named by an event, and neither in the package nor listed as left out",
        "docs/formats/package.md rule 13",
    ),
    "P223": ("the time stamp does not hold: {reason}", "RFC 3161 section 2.4.2; docs/formats/package.md rule 9"),
    "P224": ("what leaves in the place of a file does not hold: {reason}", "docs/formats/package.md rule 16"),
    "P225": ("the package that this one adds to is not at hand: {reason}", "docs/formats/package.md rule 17"),
    "P226": ("the volumes are not one package: {reason}", "docs/formats/package.md rule 18"),
    "P222": ("{reason}", "docs/formats/package.md rule 14"),
}
"""Every way to fail: what is said, and where the rule is written."""

ALGORITHMS = ("sha256", "sha512")
BLOCK = 1 << 20
MAX_PATH, MAX_DEPTH, MAX_FILES = 240, 16, 4_000_000
MAX_DOCUMENT = 128 << 20
"""Bytes of one document that is held in memory; evidence never is."""
MAX_ENVELOPE = 8192
MAX_PART = 64 << 20
MAX_ITEMS = 100_000
ARCHIVE = ".zip"
SIGNATURE = "signature.note"
VOLUMES = "volumes.txt"
ENCRYPTED = b"age-encryption.org/v1"
NOT_TAGGED = frozenset({"tagmanifest-sha256.txt", "tagmanifest-sha512.txt", SIGNATURE})
"""What a tag manifest cannot list: itself and what is made over it."""
UNCOUNTED = NOT_TAGGED | {"bag-info.txt", "manifest-sha256.txt", "manifest-sha512.txt"}
"""What bag-info.txt cannot count, because it is made later; all of it is held in memory, which bounds it."""
DECLARATION = b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"
RESERVED = re.compile(r"(?:con|prn|aux|nul|com[0-9]|lpt[0-9])(?:\..*)?", re.IGNORECASE)
UNSAFE = re.compile(r'[\x00-\x1f\x7f"*:<>?\\|%]|[ .]$')
MANIFEST_LINE = re.compile(r"([0-9a-f]{64}|[0-9a-f]{128})  ([^\r\n]+)")
INFO_LINE = re.compile(r"([A-Z][A-Za-z-]*): ([^\r\n]+)")
OXUM = re.compile(r"(0|[1-9][0-9]{0,17})\.(0|[1-9][0-9]{0,8})")
SIZE = re.compile(r"0|[1-9][0-9]{0,15}")
SHA256 = re.compile(r"sha256:[0-9a-f]{64}")
UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
ANCHORED_HEAD = re.compile(r"data/anchors/[0-9]{16}/head")
PROOF_NAME = re.compile(r"data/log/proofs/([0-9]{16})\.tlog-proof")
OBJECT_FILE = re.compile(r"data/((?:objects|partial)/(" + UUID.pattern + r"))/(.+)")
VOLUME_NAME = re.compile(r"volume-([0-9]{3})-of-([0-9]{3})\.zip(?:\.age)?")
OBJECT_DECLARATION = b"ocfl_object_1.1\n"


UNFORESEEN = (
    OSError,
    MemoryError,
    RecursionError,
    ValueError,
    LookupError,
    TypeError,
    AttributeError,
    ArithmeticError,
    struct.error,
)
"""What reading a forged document can raise where its shape was not foreseen."""


class Refused(Exception):
    """Something is not as it must be; `code` and `fields` say what."""

    def __init__(self, code: str, path: str, **fields: object) -> None:
        super().__init__(code)
        self.code, self.path, self.fields = code, path, fields


class Line(NamedTuple):
    """One line of the report."""

    verdict: str
    what: str
    code: str = ""
    path: str = ""
    command: str = ""


class Report:
    """What was found. `trusted` says whether the keys were compared with a fingerprint from outside, `listed` whether a
    list of volumes was read, `opened` whether a package was: what is encrypted is not.
    """

    def __init__(self) -> None:
        self.lines: list[Line] = []
        self.counts: dict[str, int] = {}
        self.trusted = False
        self.listed = self.opened = False

    def ok(self, what: str) -> None:
        """A check that was made and holds."""
        self.lines.append(Line("OK", visible(what, 0)))

    def unchecked(self, what: str, command: str) -> None:
        """A check that was not made here, and how to make it."""
        self.lines.append(Line("NOT CHECKED", visible(what, 0), command=visible(command, 0)))

    def failed(self, refused: Refused) -> None:
        """A check that does not hold."""
        fields = {name: visible(str(value)) for name, value in refused.fields.items()}
        said = CODES[refused.code][0].format(**fields)
        self.lines.append(Line("FAILED", said, refused.code, visible(refused.path)))

    @property
    def failures(self) -> list[Line]:
        """The lines that failed."""
        return [line for line in self.lines if line.verdict == "FAILED"]


def visible(text: str, longest: int = 400) -> str:
    """The text with everything that is no visible character escaped, and cut where it is long; uncut with 0."""
    shown = "".join(one if one.isprintable() else one.encode("unicode_escape").decode("ascii") for one in text)
    return shown if not 0 < longest < len(shown) else shown[:longest] + " …"


# --- The package as files: a folder or an archive -------------------------------------------------------------------


class Folder:
    """A package in a folder. Links are never followed; nothing is opened before it was looked at."""

    def __init__(self, root: str) -> None:
        self.root = root

    def sizes(self) -> dict[str, int]:
        """Every file by its path, with its length."""
        found: dict[str, int] = {}
        folders = [""]
        while folders:
            above = folders.pop()
            entries = sorted(os.scandir(os.path.join(self.root, above)), key=lambda entry: entry.name)
            if above and not entries:
                raise Refused("P207", above + "/")
            for entry in entries:
                path = above + "/" + entry.name if above else entry.name
                check_name(path)
                mode = entry.stat(follow_symlinks=False).st_mode
                if stat.S_ISDIR(mode):
                    folders.append(path)
                elif stat.S_ISREG(mode):
                    found[path] = entry.stat(follow_symlinks=False).st_size
                else:
                    raise Refused("P202", path, kind="link" if stat.S_ISLNK(mode) else "pipe, socket or device")
                if len(found) + len(folders) > MAX_FILES:
                    raise Refused("P201", path, reason="there are too many")
        return found

    def close(self) -> None:
        """Nothing is open."""

    def open(self, path: str) -> BinaryIO:
        """A file's bytes."""
        flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
        stream = os.fdopen(os.open(os.path.join(self.root, *path.split("/")), flags), "rb")
        if not stat.S_ISREG(os.fstat(stream.fileno()).st_mode):
            stream.close()
            raise Refused("P202", path, kind="link or no file")
        return stream


class Part(io.RawIOBase):
    """A stretch of an open file, read only."""

    def __init__(self, stream: BinaryIO, start: int, length: int) -> None:
        super().__init__()
        self._stream, self._at, self._end = stream, start, start + length

    def readinto(self, buffer: Any) -> int:
        """As much of the stretch as is left and fits."""
        self._stream.seek(self._at)
        content = self._stream.read(min(len(buffer), self._end - self._at))
        buffer[: len(content)] = content
        self._at += len(content)
        return len(content)

    def readable(self) -> bool:
        """Always."""
        return True


LOCAL, CENTRAL, ZIP64_END, ZIP64_LOCATOR, END = (
    b"PK\x03\x04",
    b"PK\x01\x02",
    b"PK\x06\x06",
    b"PK\x06\x07",
    b"PK\x05\x06",
)
VERSION, UTF8_NAMES, MIDNIGHT = 45, 0x0800, 0x0021
FULL16, FULL32 = 0xFFFF, 0xFFFFFFFF
REGULAR = (0o100644 << 16) & FULL32


def local_header(name: bytes, crc: int, size: int) -> bytes:
    """What stands before a member: stored, not compressed, of 1 January 1980, with its length in 64 bits."""
    extra = struct.pack("<HHQQ", 1, 16, size, size)
    return (
        struct.pack("<4s5H3L2H", LOCAL, VERSION, UTF8_NAMES, 0, 0, MIDNIGHT, crc, FULL32, FULL32, len(name), len(extra))
        + name
        + extra
    )


def central_header(name: bytes, crc: int, size: int, offset: int) -> bytes:
    """What the directory says of a member."""
    extra = struct.pack("<HHQQQ", 1, 24, size, size, offset)
    fixed = struct.pack(
        "<4s6H3L5H2L",
        CENTRAL,
        3 << 8 | VERSION,
        VERSION,
        UTF8_NAMES,
        0,
        0,
        MIDNIGHT,
        crc,
        FULL32,
        FULL32,
        len(name),
        len(extra),
        0,
        0,
        0,
        REGULAR,
        FULL32,
    )
    return fixed + name + extra


def end_records(count: int, size: int, offset: int) -> bytes:
    """What stands behind the directory, which has so many members and bytes and begins there."""
    record = struct.pack("<4sQ2H2L4Q", ZIP64_END, 44, 3 << 8 | VERSION, VERSION, 0, 0, count, count, size, offset)
    locator = struct.pack("<4sLQL", ZIP64_LOCATOR, 0, offset + size, 1)
    return record + locator + struct.pack("<4s4H2LH", END, 0, 0, FULL16, FULL16, FULL32, FULL32, 0)


class Archive:
    """A package in a .zip of the one form that Casefile writes: members stored, in order, with nothing in between.

    Reading is strict, so that no two programs see different members: every byte that is no member's must be the one
    that the members give.
    """

    def __init__(self, path: str) -> None:
        self._stream = open(path, "rb")
        self._members: dict[str, tuple[int, int]] = {}
        self._crc: dict[str, int] = {}

    def sizes(self) -> dict[str, int]:
        """Every member by its path, with its length."""
        total = self._stream.seek(0, os.SEEK_END)
        at, directory, before = 0, b"", b""
        while self._at(at, 4) == LOCAL:
            name, crc, size, begin = self._member(at)
            if begin + size > total:
                raise Refused("P204", name, reason="it ends within a member")
            if name.encode("utf-8") <= before:
                raise Refused("P204", name, reason="its members are not in order")
            before = name.encode("utf-8")
            directory += central_header(name.encode("utf-8"), crc, size, at)
            self._members[name], self._crc[name] = (begin, size), crc
            at = begin + size
            if len(self._members) > MAX_FILES:
                raise Refused("P201", name, reason="there are too many")
        rest = directory + end_records(len(self._members), len(directory), at)
        if total - at != len(rest) or self._at(at, len(rest)) != rest:
            raise Refused("P204", "the directory", reason="it does not list exactly the members")
        return {name: size for name, (_begin, size) in self._members.items()}

    def close(self) -> None:
        """Let go of the archive."""
        self._stream.close()

    def open(self, path: str) -> BinaryIO:
        """A member's bytes."""
        return io.BufferedReader(Part(self._stream, *self._members[path]), BLOCK)

    def crc(self, path: str) -> int:
        """The checksum that the archive states of a member."""
        return self._crc[path]

    def _at(self, offset: int, length: int) -> bytes:
        self._stream.seek(offset)
        return self._stream.read(length)

    def _member(self, at: int) -> tuple[str, int, int, int]:
        head = self._at(at, 30)
        if len(head) < 30:
            raise Refused("P204", "a member", reason="it ends within a header")
        crc, name_length = struct.unpack("<L", head[14:18])[0], struct.unpack("<H", head[26:28])[0]
        content = self._at(at + 30, name_length + 20)
        if len(content) < name_length + 20:
            raise Refused("P204", "a member", reason="it ends within a header")
        try:
            name = content[:name_length].decode("utf-8")
        except UnicodeDecodeError:
            raise Refused("P201", "a member", reason="it is not UTF-8") from None
        check_name(name)
        size = struct.unpack("<Q", content[name_length + 4 : name_length + 12])[0]
        if local_header(content[:name_length], crc, size) != head + content:
            raise Refused("P204", name, reason="a header says something that no package says")
        return name, crc, size, at + len(head) + len(content)


def check_name(path: str) -> None:
    """Refuse a name that some file system takes for something else."""
    parts = path.split("/")
    if len(path) > MAX_PATH or len(parts) > MAX_DEPTH:
        raise Refused("P201", path, reason="it is too long or too deep")
    for part in parts:
        if part in ("", ".", ".."):
            raise Refused("P201", path, reason="it is absolute, or leads out of its folder")
        if UNSAFE.search(part) or RESERVED.fullmatch(part):
            raise Refused("P201", path, reason="a character or a word that a file system refuses or reads otherwise")
        if any(0xD800 <= ord(one) < 0xE000 for one in part) or unicodedata.normalize("NFC", part) != part:
            raise Refused("P201", path, reason="it is not UTF-8 in its composed form")


def check_twins(paths: Sequence[str]) -> None:
    """Refuse names that are one name on some file system, and files that are folders too."""
    folders: dict[str, str] = {}
    seen: dict[str, str] = {}
    for path in paths:
        key = unicodedata.normalize("NFKC", path).casefold()
        if key in seen:
            raise Refused("P203", path, other=seen[key])
        seen[key] = path
        at = path.rfind("/")
        while at > 0:
            above = path[:at]
            folded = unicodedata.normalize("NFKC", above).casefold()
            if folders.setdefault(folded, above) != above:
                raise Refused("P203", above, other=folders[folded])
            at = above.rfind("/")
    for key, path in seen.items():
        if key in folders:
            raise Refused("P203", path, other=folders[key])


# --- Signatures: Ed25519 (RFC 8032) and signed notes (C2SP) ---------------------------------------------------------

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P


def _root(y: int, sign: int) -> int:
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * pow(2, (P - 1) // 4, P) % P
    if (x * x - square) % P or (x == 0 and sign):
        raise ValueError("no point")
    return P - x if x & 1 != sign else x


def _decode(content: bytes) -> tuple[int, int, int, int]:
    number = int.from_bytes(content, "little")
    y, sign = number & (1 << 255) - 1, number >> 255
    if y >= P:
        raise ValueError("no point")
    x = _root(y, sign)
    return x, y, 1, x * y % P


def _add(a: tuple[int, int, int, int], b: tuple[int, int, int, int]) -> tuple[int, int, int, int]:
    e = (a[1] - a[0]) * (b[1] - b[0]) % P
    f = (a[1] + a[0]) * (b[1] + b[0]) % P
    g, h = 2 * a[3] * b[3] * D % P, 2 * a[2] * b[2] % P
    i, j, k, m = f - e, h - g, h + g, f + e
    return i * j % P, k * m % P, j * k % P, i * m % P


def _times(number: int, point: tuple[int, int, int, int]) -> tuple[int, int, int, int]:
    total: tuple[int, int, int, int] = (0, 1, 1, 0)
    while number:
        if number & 1:
            total = _add(total, point)
        point, number = _add(point, point), number >> 1
    return total


def verifies(key: bytes, signature: bytes, content: bytes) -> bool:
    """RFC 8032 section 5.1.7: whether that key made this signature over this content."""
    if len(key) != 32 or len(signature) != 64 or int.from_bytes(signature[32:], "little") >= L:
        return False
    try:
        public, commitment = _decode(key), _decode(signature[:32])
    except ValueError:
        return False
    digest = int.from_bytes(hashlib.sha512(signature[:32] + key + content).digest(), "little") % L
    y = 4 * pow(5, P - 2, P) % P
    x = _root(y, 0)
    left = _times(int.from_bytes(signature[32:], "little"), (x, y, 1, x * y % P))
    right = _add(commitment, _times(digest, public))
    return not ((left[0] * right[2] - right[0] * left[2]) % P or (left[1] * right[2] - right[1] * left[2]) % P)


def fingerprint(raw: bytes) -> str:
    """The sha256 of the key's DER form (RFC 8410), as `openssl pkey -pubin -outform DER | sha256sum` gives it."""
    return "sha256:" + hashlib.sha256(bytes.fromhex("302a300506032b6570032100") + raw).hexdigest()


class Note(NamedTuple):
    """A text and its signatures, each as (name, key id, signature)."""

    text: str
    signatures: list[tuple[str, bytes, bytes]]

    def is_by(self, name: str, raw: bytes) -> bool:
        """Whether that Ed25519 key signed it under that name; every signature that claims so has to hold."""
        known = hashlib.sha256(name.encode("utf-8") + b"\n\x01" + raw).digest()[:4]
        claimed = [one for one in self.signatures if one[:2] == (name, known)]
        return bool(claimed) and all(verifies(raw, one[2], self.text.encode("utf-8")) for one in claimed)


def parse_note(content: bytes, path: str) -> Note:
    """The signed note in these bytes, which are of the only form that one has."""
    try:
        text = content.decode("utf-8")
        if any((one < " " and one != "\n") or one == "\x7f" for one in text):
            raise ValueError("a control character")
        body, gap, below = text.rpartition("\n\n")
        if not gap or not body or not below.endswith("\n"):
            raise ValueError("no text, or no signature")
        signatures = []
        for line in below[:-1].split("\n"):
            dash, name, encoded = line.split(" ")
            raw = unbase64(encoded)
            if dash != "\N{EM DASH}" or not name or "+" in name or len(raw) < 5:
                raise ValueError("a line that is no signature")
            signatures.append((name, raw[:4], raw[4:]))
    except ValueError as error:
        raise Refused("P210", path, reason=str(error)) from None
    return Note(body + "\n", signatures)


def unbase64(text: str) -> bytes:
    """The bytes of base64 in its only form."""
    try:
        content = base64.b64decode(text, validate=True)
    except (binascii.Error, UnicodeEncodeError):
        raise ValueError("no base64") from None
    if base64.b64encode(content).decode("ascii") != text:
        raise ValueError("another form of base64")
    return content


# --- Records: RFC 8785 and RFC 9162 ---------------------------------------------------------------------------------


def canonical(value: Any) -> bytes:
    """RFC 8785, for strings, integers, booleans, lists and objects."""
    return json.dumps(_sorted(value), ensure_ascii=False, separators=(",", ":")).encode("utf-8")


def _sorted(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _sorted(value[name]) for name in sorted(value, key=lambda one: one.encode("utf-16-be"))}
    if isinstance(value, list):
        return [_sorted(one) for one in value]
    if value is None or isinstance(value, float):
        raise ValueError("a null or a fraction")
    return value


def _integer(text: str) -> int:
    if len(text) > 17:
        raise ValueError("an integer that not every program holds")
    return int(text)


def parse_record(content: bytes) -> dict[str, Any]:
    """The object in these bytes, which have to be its canonical ones; raises ValueError."""
    try:
        value = json.loads(content.decode("utf-8"), parse_int=_integer)
        if not isinstance(value, dict) or canonical(value) != content:
            raise ValueError("not in canonical form")
    except RecursionError:
        raise ValueError("nested too deeply") from None
    return value


def is_included(leaf: bytes, index: int, size: int, path: Sequence[bytes], root: bytes) -> bool:
    """RFC 9162 section 2.1.3.2."""
    if not 0 <= index < size:
        return False
    number, last, found = index, size - 1, leaf
    for sibling in path:
        if last == 0:
            return False
        if number & 1 or number == last:
            found = hashlib.sha256(b"\x01" + sibling + found).digest()
            while not number & 1 and number:
                number, last = number >> 1, last >> 1
        else:
            found = hashlib.sha256(b"\x01" + found + sibling).digest()
        number, last = number >> 1, last >> 1
    return last == 0 and found == root


def is_consistent(earlier: int, later: int, path: Sequence[bytes], first: bytes, second: bytes) -> bool:
    """RFC 9162 section 2.1.4.2: whether the later tree begins with the earlier one, which is not empty."""
    if not 0 < earlier < later:
        return not path and earlier == later and first == second
    hashes = list(path) if earlier & (earlier - 1) else [first, *path]
    number, last = earlier - 1, later - 1
    while number & 1:
        number, last = number >> 1, last >> 1
    before = after = hashes[0] if hashes else b""
    for sibling in hashes[1:]:
        if last == 0:
            return False
        if number & 1 or number == last:
            before = hashlib.sha256(b"\x01" + sibling + before).digest()
            after = hashlib.sha256(b"\x01" + sibling + after).digest()
            while not number & 1 and number:
                number, last = number >> 1, last >> 1
        else:
            after = hashlib.sha256(b"\x01" + after + sibling).digest()
        number, last = number >> 1, last >> 1
    return last == 0 and before == first and after == second


# --- The checks -----------------------------------------------------------------------------------------------------


class Package:
    """One package while it is checked: what one check has read is there for the next."""

    def __init__(self, source: Any, report: Report) -> None:
        self.source, self.report = source, report
        self.sizes: dict[str, int] = {}
        self.digests: dict[str, dict[str, str]] = {}
        self.log = self.id = ""
        self.size, self.root = 0, b""
        self.events: list[dict[str, Any]] = []
        self.parts: dict[tuple[str, str], dict[str, Any]] = {}
        self.log_key = self.root_key = b""
        self.epochs: list[tuple[int, bytes]] = []
        self.described: dict[str, Any] = {}
        self.signature = ""
        self.labels: dict[str, str] = {}
        self.earlier: Any = None
        self.volume = 0
        self.others: dict[int, Package] = {}

    def read(self, path: str) -> bytes:
        """A document of the package, whole."""
        if path not in self.sizes:
            raise Refused("P206", path)
        if self.sizes[path] > MAX_DOCUMENT:
            raise Refused("P209", path, reason="it is longer than such a document is")
        with self.source.open(path) as stream:
            return b"".join(iter(lambda: stream.read(BLOCK), b""))

    def lines(self, path: str, longest: int) -> Iterator[bytes]:
        """The lines of a document that is too long to be held, without their ends."""
        if path not in self.sizes:
            raise Refused("P206", path)
        with self.source.open(path) as stream:
            for line in iter(lambda: stream.readline(longest + 2), b""):
                if not line.endswith(b"\n"):
                    raise Refused("P209", path, reason="a line is too long, or has no end")
                yield line[:-1]

    def record(self, path: str) -> dict[str, Any]:
        """A document of the package that is one canonical JSON object."""
        try:
            return parse_record(self.read(path))
        except ValueError as error:
            raise Refused("P209", path, reason=str(error)) from None

    def holds(self, capture: dict[str, Any]) -> bool:
        """Whether the object of a capture is in this very package."""
        return not capture.get("earlier") and capture.get("volume", 0) == self.volume

    def holder(self, capture: dict[str, Any]) -> Any:
        """The package that has the object of a capture; None where that is not at hand."""
        if capture.get("earlier"):
            return self.earlier
        return self if self.holds(capture) else self.others.get(capture["volume"])

    def each_failure(self, refusals: Iterator[Refused]) -> bool:
        """Report every refusal; whether there was none."""
        count = 0
        for refused in refusals:
            count += 1
            if count <= 50:
                self.report.failed(refused)
        return not count


def check_bag(package: Package) -> None:
    """BagIt 1.0: what there is, and both digests of every byte."""
    package.sizes = package.source.sizes()
    check_twins(list(package.sizes))
    if package.read("bagit.txt") != DECLARATION:
        raise Refused("P209", "bagit.txt", reason="it declares something else")
    _check_lengths(package)
    tagged = {path for path in package.sizes if not path.startswith("data/") and path not in NOT_TAGGED}
    payload = {path for path in package.sizes if path.startswith("data/")}
    stated: dict[str, dict[str, str]] = {}
    for prefix, paths in (("manifest", payload), ("tagmanifest", tagged)):
        for algorithm in ALGORITHMS:
            name = f"{prefix}-{algorithm}.txt"
            listed = _manifest(package, name, algorithm)
            package.each_failure(Refused("P206", path) for path in sorted(set(listed) - paths))
            package.each_failure(Refused("P207", path) for path in sorted(paths - set(listed)))
            for path, digest in listed.items():
                stated.setdefault(path, {})[algorithm] = digest
    ok = package.each_failure(_wrong_digests(package, stated))
    if ok and not package.report.failures:
        package.report.ok(
            f"{len(stated)} files, {sum(package.sizes.values())} bytes: each named once, with the stated digests"
        )


def _check_lengths(package: Package) -> None:
    text = package.read("bag-info.txt").decode("utf-8", "replace")
    lines = [INFO_LINE.fullmatch(line) for line in text[:-1].split("\n")]
    if not text.endswith("\n") or not all(lines):
        raise Refused("P209", "bag-info.txt", reason="a line that is no label and value")
    labels = {found.group(1): found.group(2) for found in lines if found}
    for label, inside in (("Payload-Oxum", True), ("Casefile-Tag-Oxum", False)):
        sizes = [
            size for path, size in package.sizes.items() if path.startswith("data/") == inside and path not in UNCOUNTED
        ]
        found, stated = f"{sum(sizes)}.{len(sizes)}", labels.get(label, "nothing")
        if found != stated:
            refused = Refused("P205", "bag-info.txt", found=found, stated=stated)
            # Less than is stated costs nothing to read, and what is missing is then named.
            if not OXUM.fullmatch(stated) or sum(sizes) > int(stated.partition(".")[0]):
                raise refused
            package.report.failed(refused)
    package.labels, package.id = labels, labels.get("External-Identifier", "")


def _manifest(package: Package, name: str, algorithm: str) -> dict[str, str]:
    try:
        text = package.read(name).decode("utf-8")
    except UnicodeDecodeError:
        raise Refused("P209", name, reason="it is not UTF-8") from None
    listed: dict[str, str] = {}
    for line in text.split("\n")[:-1]:
        found = MANIFEST_LINE.fullmatch(line)
        if not found or len(found.group(1)) != 2 * hashlib.new(algorithm).digest_size:
            raise Refused("P209", name, reason="a line that is no digest and path")
        listed[found.group(2)] = found.group(1)
    if "".join(f"{listed[path]}  {path}\n" for path in sorted(listed)) != text:
        raise Refused("P209", name, reason="its lines are not in order, or one is there twice")
    return listed


def _wrong_digests(package: Package, stated: dict[str, dict[str, str]]) -> Iterator[Refused]:
    for path in sorted(set(stated) & set(package.sizes)):
        if path not in package.digests:
            package.digests[path], crc = _read_through(package, path)
            if isinstance(package.source, Archive) and crc != package.source.crc(path):
                yield Refused("P204", path, reason="its checksum is another one")
        found = package.digests[path]
        for algorithm, digest in stated[path].items():
            if found[algorithm] != digest:
                yield Refused("P208", path, algorithm=algorithm, found=found[algorithm], stated=digest)


def _read_through(package: Package, path: str) -> tuple[dict[str, str], int]:
    """Both digests of a file, and the checksum by which an archive knows it."""
    sha256, sha512, crc, length = hashlib.sha256(), hashlib.sha512(), 0, 0
    archived = isinstance(package.source, Archive)
    with package.source.open(path) as stream:
        for block in iter(lambda: stream.read(BLOCK), b""):
            sha256.update(block)
            sha512.update(block)
            length += len(block)
            if archived:
                crc = zlib.crc32(block, crc)
            if length > package.sizes[path]:
                break
    return {"sha256": sha256.hexdigest(), "sha512": sha512.hexdigest()}, crc


def check_log(package: Package) -> None:
    """The head, every event's proof, and every part's commitment."""
    note = parse_note(package.read("data/log/checkpoint"), "data/log/checkpoint")
    lines = note.text[:-1].split("\n")
    try:
        if len(lines) != 3 or not SIZE.fullmatch(lines[1]) or not lines[0].startswith("casefile/"):
            raise ValueError("it is no origin, size and root")
        package.log, package.size, package.root = lines[0][len("casefile/") :], int(lines[1]), unbase64(lines[2])
    except ValueError as error:
        raise Refused("P209", "data/log/checkpoint", reason=str(error)) from None
    if not package.each_failure(_unproven(package)):
        return
    package.report.ok(f"{len(package.events)} events are in the log of {package.size} events that the head states")
    if package.each_failure(_unfulfilled(package)):
        package.report.ok(f"{len(package.parts)} parts are what these events commit to")


def _unproven(package: Package) -> Iterator[Refused]:
    where = "data/log/entries.jsonl"
    proofs = sorted(path for path in package.sizes if path.startswith("data/log/proofs/"))
    seen: set[str] = set()
    number = 0
    for number, content in enumerate(package.lines(where, MAX_ENVELOPE), 1):
        proof = proofs[number - 1] if number <= len(proofs) else "data/log/proofs/"
        try:
            event = parse_record(content)
            if event["log"] != package.log or event["id"] in seen:
                raise ValueError("it is of another log, or there twice")
            if not all(isinstance(event[name], kind) for name, kind in _ENVELOPE.items()):
                raise ValueError("it is no envelope")
        except (ValueError, KeyError) as error:
            yield Refused("P213", where, line=number, reason=error)
            continue
        seen.add(event["id"])
        found = PROOF_NAME.fullmatch(proof)
        try:
            index = int(found.group(1)) if found else -1
            path = _proof(package, proof, index)
            if not is_included(hashlib.sha256(b"\x00" + content).digest(), index, package.size, path, package.root):
                raise ValueError("the path does not lead to the head")
        except ValueError as error:
            yield Refused("P214", proof, event=event["id"], reason=error)
            continue
        event["index"] = index
        package.events.append(event)
    if number != len(proofs):
        yield Refused("P209", where, reason=f"{number} events and {len(proofs)} proofs")


_ENVELOPE = {
    "id": str,
    "type": str,
    "log": str,
    "parts": dict,
    "subject": list,
    "causes": list,
    "recorded_at": str,
    "actor": str,
    "schema": int,
}


def _proof(package: Package, path: str, index: int) -> list[bytes]:
    above, gap, note = package.read(path).partition(b"\n\n")
    if not gap or note != package.read("data/log/checkpoint"):
        raise ValueError("it leads to another head")
    header, stated, *hashes = above.decode("ascii").split("\n")
    if header != "c2sp.org/tlog-proof@v1" or stated != f"index {index}" or len(hashes) > 64:
        raise ValueError("it is no proof of that index")
    return [unbase64(one) for one in hashes]


def _unfulfilled(package: Package) -> Iterator[Refused]:
    where = "data/log/parts.jsonl"
    events = {event["id"]: event for event in package.events}
    for number, content in enumerate(package.lines(where, MAX_PART), 1):
        try:
            part = parse_record(content)
            event, name = events[part["event"]], part["part"]
            salt, said = bytes.fromhex(part["salt"]), part["content"].encode("utf-8")
            if len(salt) != 32 or part["salt"] != salt.hex() or set(part) != {"content", "event", "part", "salt"}:
                raise ValueError("it is no part")
            if event["parts"].get(name) != "sha256:" + hashlib.sha256(salt + said).hexdigest():
                raise ValueError("it is not what the event commits to")
            if (event["id"], name) in package.parts:
                raise ValueError("it is there twice")
            package.parts[event["id"], name] = parse_record(said)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            yield Refused("P215", where, line=number, reason=error)


def check_keys(package: Package, log_key: str, root_key: str) -> None:
    """Which key was the log's, by the root key's word; who signed head and package; whether anyone outside knows it."""
    root, epochs, revoked = _key_history(package)
    package.epochs = epochs
    epoch = [key for since, key in epochs if since < package.size]
    if not epoch:
        raise Refused("P212", "data/log/entries.jsonl", reason="no event states the log's key")
    package.log_key, package.root_key = epoch[-1], root
    origin = "casefile/" + package.log
    head = parse_note(package.read("data/log/checkpoint"), "data/log/checkpoint")
    if not head.is_by(origin, package.log_key):
        raise Refused("P211", "data/log/checkpoint", reason="the log's key did not sign the head")
    package.report.ok("the log's key signed the head")
    if any(one[0] == origin and len(one[2]) != 64 for one in head.signatures):
        package.report.unchecked(
            "the second signature of the head, by ML-DSA-44", "casefile audit of the workspace, or FIPS 204"
        )
    if package.size > revoked.get(fingerprint(package.log_key), package.size):
        raise Refused("P212", "data/log/checkpoint", reason="its key was revoked for heads of that size")
    _check_signature(package, origin)
    given = (("log key", log_key, package.log_key), ("root key", root_key, root))
    for name, stated, raw in given:
        if stated and _digits(stated) != fingerprint(raw)[7:]:
            raise Refused("P212", "data/log/checkpoint", reason=f"the {name} is {fingerprint(raw)}, not {stated}")
        if stated:
            package.report.trusted = True
            package.report.ok(f"the {name} is the one whose fingerprint was given from outside")


def check_witnesses(package: Package, keys: Sequence[str]) -> None:
    """Who outside cosigned the head (C2SP tlog-cosignature), by the verifier keys that were brought along."""
    head = parse_note(package.read("data/log/checkpoint"), "data/log/checkpoint")
    names = sorted({one[0] for one in head.signatures} - {"casefile/" + package.log})
    for text in keys:
        name, known, raw = verifier(text)
        names = [one for one in names if one != name]
        lines = [one[2] for one in head.signatures if one[:2] == (name, known)]
        said = [(int.from_bytes(one[:8], "big"), one[8:]) for one in lines]
        if not said or not all(
            verifies(raw, signature, f"cosignature/v1\ntime {at}\n{head.text}".encode()) for at, signature in said
        ):
            package.report.failed(
                Refused("P211", "data/log/checkpoint", reason=f"the witness {name} did not cosign the head")
            )
            continue
        at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(min(max(one[0] for one in said), 253402300799)))
        package.report.ok(f"the witness {name} cosigned this head at {at}")
    if names:
        package.report.unchecked(
            "that witnesses cosigned the head: " + ", ".join(names),
            "python3 check_package.py PACKAGE --witness KEY, with the key of each from its own card",
        )
    elif not keys:
        package.report.unchecked(
            "that anybody outside holds this head: no witness has cosigned it, so that the beginning of the log and "
            "its keys rest on the word of whoever made the package",
            "compare the key's fingerprint with one that was deposited outside (--log-key)",
        )


def verifier(text: str) -> tuple[str, bytes, bytes]:
    """Name, id and raw key of a witness's verifier key NAME+ID+KEY of type 4 (C2SP signed-note); raises ValueError."""
    name, _plus, rest = text.strip().partition("+")
    shown, _plus, encoded = rest.partition("+")
    content = unbase64(encoded)
    known = hashlib.sha256(name.encode("utf-8") + b"\n" + content).digest()[:4]
    if len(content) != 33 or content[0] != 4 or shown != known.hex():
        raise ValueError("no verifier key of a witness")
    return name, known, content[1:]


def _digits(text: str) -> str:
    return re.sub(r"[\s:]|^sha256", "", text.strip().lower())


def _key_history(package: Package) -> tuple[bytes, list[tuple[int, bytes]], dict[str, int]]:
    root = b""
    epochs: list[tuple[int, bytes]] = []
    revoked: dict[str, int] = {}
    origin = "casefile/" + package.log
    for event in package.events:
        body = package.parts.get((event["id"], "body"))
        if event["type"] not in ("key.stated", "key.revoked") or body is None:
            continue
        try:
            note = parse_note(body["statement"].encode("utf-8"), event["id"])
            if event["type"] == "key.revoked":
                text = "casefile key revocation\nlog {}\nfingerprint {}\nlast trusted size {}\n".format(
                    package.log, body["fingerprint"], body["last_trusted"]
                )
                if note.text == text and root and note.is_by(origin + "/root", root):
                    revoked[body["fingerprint"]] = int(body["last_trusted"])
                continue
            raw, purpose = bytes.fromhex(body["public_key"]), body["purpose"]
            old = root if purpose == "root" else epochs[-1][1] if epochs else b""
            text = "casefile key statement\nlog {}\npurpose {}\nkey ed25519 {}\nfingerprint {}\nreplaces {}\n".format(
                package.log, purpose, raw.hex(), fingerprint(raw), fingerprint(old) if old else "nothing"
            )
            text += "second ml-dsa-44 {}\n".format(body["second"]) if "second" in body else ""
            confirming = root or (raw if purpose == "root" else b"")
            if note.text != text or not confirming:
                continue
            if not note.is_by(origin + "/root", confirming):
                # A lost root key: the new one and the log's say so, and nobody outside vouches for it.
                by_both = purpose == "root" and epochs and note.is_by(origin + "/root", raw)
                if not (by_both and note.is_by(origin, epochs[-1][1])):
                    continue
                package.report.unchecked(
                    f"the root key {fingerprint(raw)} took the place of a lost one without its word",
                    "compare its fingerprint with a card that was deposited outside (--root-key)",
                )
        except (ValueError, KeyError, TypeError, AttributeError, Refused):
            continue
        if purpose == "root":
            root = raw
        elif purpose == "log":
            epochs.append((event["index"], raw))
    return root, epochs, revoked


def _check_signature(package: Package, origin: str) -> None:
    note = parse_note(package.read(SIGNATURE), SIGNATURE)
    lines = [
        "casefile package",
        "package " + package.id,
        "log " + package.log,
        "head {} {}".format(package.size, base64.b64encode(package.root).decode("ascii")),
    ]
    for algorithm in ALGORITHMS:
        name = f"tagmanifest-{algorithm}.txt"
        lines.append(f"{name} sha512:{hashlib.sha512(package.read(name)).hexdigest()}")
    if note.text != "\n".join(lines) + "\n":
        raise Refused("P211", SIGNATURE, reason="it is over another package, or over another state of it")
    if len(note.signatures) != 1 or not note.is_by(origin + "/package", package.log_key):
        raise Refused("P211", SIGNATURE, reason="the log's key did not sign it")
    package.signature = "sha256:" + hashlib.sha256(package.read(SIGNATURE)).hexdigest()
    package.report.ok("the log's key signed the package as it is")


def check_objects(package: Package) -> None:
    """Every object is the one that its event names, and every file of it the one that its inventory names."""
    held: dict[str, set[str]] = {}
    strays = []
    for path in package.sizes:
        found = OBJECT_FILE.fullmatch(path)
        if found:
            held.setdefault(found.group(1), set()).add(found.group(3))
        elif path.startswith(("data/objects/", "data/partial/")) and path not in _STORAGE_ROOT:
            strays.append(Refused("P207", path))
    captures = {one["object"]: one for one in package.described["captures"] if package.holds(one)}
    strays += _wrong_citations(package)
    for place in sorted(set(held) ^ set(captures)):
        strays.append(Refused("P217", "data/" + place, reason="objects and description are not the same"))
    for place, capture in captures.items():
        folder = "partial/" if capture.get("withheld") else "objects/"
        if place != folder + capture["id"]:
            strays.append(Refused("P217", "data/" + place, reason="it is not where an object of that kind is"))
    if not package.each_failure(iter(strays)):
        return
    sealed, said = _sealed(package), _redactions(package)
    wrong = (
        one
        for place in sorted(held)
        for one in _wrong_object(package, captures[place], held[place], sealed, said.get(captures[place]["id"]))
    )
    if package.each_failure(wrong):
        package.report.ok(f"{len(held)} objects and every file in them are those that the log names")
    redacted = sum(len(capture.get("redacted", ())) for capture in captures.values())
    if redacted:
        package.report.ok(f"{redacted} files left redacted or not at all, as the log says of each")
    derived = [
        f"data/{place}/{_REDACTED}{one['path']}"
        for place, capture in sorted(captures.items())
        for one in capture.get("redacted", ())
        if one.get("sha256")
    ]
    if derived:
        package.report.unchecked(
            "that nothing but the places written over differs from what was sealed, in " + ", ".join(derived),
            "ask whoever made it to mask the original before you and compare the sha256",
        )
    erased = [place for place, capture in captures.items() if "rebuilt_at" in sealed.get(capture["id"], {})]
    if erased:
        package.report.ok(f"{len(erased)} of them are what erasures have left, as the log says of each")


def _wrong_citations(package: Package) -> Iterator[Refused]:
    """An object that is said to be in an earlier package is there whole: nothing of it is withheld or redacted."""
    for one in package.described["captures"]:
        is_whole = one["object"] == "objects/" + one["id"] and not one.get("withheld") and not one.get("redacted")
        if one.get("earlier") and not is_whole:
            yield Refused("P217", "data/" + one["object"], reason="an earlier object is cited, and not as a whole")


_STORAGE_ROOT = frozenset({"data/objects/0=ocfl_1.1"})
_STATING = {"capture.sealed": "body", "content.erased": "personal"}
"""Parts of events that say what the object of a capture holds."""


def _sealed(package: Package) -> dict[str, dict[str, Any]]:
    """What the events say of captures: how each was sealed, or what the last erasure from it has left, by capture."""
    found: dict[str, dict[str, Any]] = {}
    for event in package.events:
        part = _STATING.get(event["type"])
        stated = package.parts.get((event["id"], part)) if part else None
        if stated is not None and "object_id" in stated:
            found[str(stated["object_id"]).replace("urn:uuid:", "", 1)] = {**stated, "event": event["id"]}
    return found


def _wrong_object(
    package: Package,
    described: dict[str, Any],
    held: set[str],
    sealed: dict[str, dict[str, Any]],
    redactions: Any,
) -> Iterator[Refused]:
    capture, base = described["id"], f"data/{described['object']}/"
    withheld = {"v1/content/" + one["path"] for one in described.get("withheld", ()) if one["reason"]}
    digests = {path: package.digests[base + path] for path in held if base + path in package.digests}
    body = sealed.get(capture)
    if body is None:
        yield Refused("P217", base, reason="no event of the package seals it")
        return
    if described.get("event") != body["event"]:
        yield Refused("P217", base, reason="a later event says what it holds")
        return
    inventory = digests.get("inventory.json", {}).get("sha512")
    if not inventory or "sha512:" + inventory != body.get("inventory"):
        yield Refused("P217", base + "inventory.json", reason="its sha512 is not the one that the event names")
        return
    stated = package.record(base + "inventory.json")
    if stated.get("id") != "urn:uuid:" + capture or stated.get("head") != "v1":
        yield Refused("P217", base + "inventory.json", reason="it is of another object")
        return
    sidecar = f"{inventory} inventory.json\n".encode("ascii")
    fixed = {
        "0=ocfl_object_1.1": OBJECT_DECLARATION,
        "inventory.json.sha512": sidecar,
        "v1/inventory.json.sha512": sidecar,
    }
    for path, content in fixed.items():
        if digests.get(path, {}).get("sha512") != hashlib.sha512(content).hexdigest():
            yield Refused("P218", base + path, reason="it has other bytes than it must have")
    if digests.get("v1/inventory.json", {}).get("sha512") != inventory:
        yield Refused("P218", base + "v1/inventory.json", reason="it differs from the object's")
    manifest = {path: digest for digest, paths in stated.get("manifest", {}).items() for path in paths}
    sizes = {one["path"]: one["bytes"] for one in body["record"]["files"]}
    yield from _wrong_redactions(package, described, held, manifest, sizes, redactions)
    named = held - set(fixed) - {"inventory.json", "v1/inventory.json"}
    for path in sorted(set(manifest) | {path for path in named if not path.startswith(_REDACTED)}):
        if path in withheld and path in manifest and path not in held:
            continue
        if path not in held or path not in manifest or path in withheld:
            yield Refused("P218", base + path, reason="it is missing, or not named")
        elif digests.get(path, {}).get("sha512") != manifest[path]:
            yield Refused("P218", base + path, reason="its sha512 is another one")


_REDACTED = "redacted/"


def _wrong_redactions(  # noqa: PLR0913
    package: Package,
    described: dict[str, Any],
    held: set[str],
    manifest: dict[str, str],
    sizes: dict[str, int],
    redactions: Any,
) -> Iterator[Refused]:
    """What leaves in the place of a sealed file is what the newest event on that capture says, or nothing."""
    base = "data/{}/{}".format(described["object"], _REDACTED)
    withheld = {one["path"] for one in described.get("withheld", ())}
    event, said = redactions or ("", {})
    strays = {path for path in held if path.startswith(_REDACTED)}
    for one in described.get("redacted", ()):
        path = one["path"]
        file, found = said.get(path), package.digests.get(base + path, {}).get("sha256", "")
        strays.discard(_REDACTED + path)
        if one["event"] != event or file is None:
            yield Refused("P224", base + path, reason="the newest event on its capture says otherwise")
        elif path not in withheld or file["source"] != "sha512:" + manifest.get("v1/content/" + path, ""):
            yield Refused("P224", base + path, reason="it is of another file than was sealed and withheld")
        elif not file.get("sha256", "") == one.get("sha256", "") == ("sha256:" + found if found else ""):
            yield Refused("P224", base + path, reason="it is another one than the event names")
        elif found and not _is_masked(package, base + path, sizes.get(path), file["spans"]):
            yield Refused("P224", base + path, reason="it has another length, or shows what was to be written over")
    for stray in sorted(strays):
        yield Refused("P207", "data/{}/{}".format(described["object"], stray))


def _is_masked(package: Package, place: str, size: int | None, spans: list[dict[str, Any]]) -> bool:
    """Whether a file has that length, where the record says one, and nothing but `*` in each of these places."""
    if size is not None and package.sizes[place] != size:
        return False
    with package.source.open(place) as stream:
        at = 0
        for span in sorted(spans, key=lambda one: int(one["at"])):
            if span["length"] < 1 or span["at"] < at or span["at"] + span["length"] > package.sizes[place]:
                return False
            while at < span["at"]:
                at += len(stream.read(min(BLOCK, span["at"] - at))) or BLOCK
            left = span["length"]
            while left > 0:
                block = stream.read(min(BLOCK, left))
                if not block or block.strip(b"*"):
                    return False
                left -= len(block)
            at = span["at"] + span["length"]
    return bool(spans)


def _redactions(package: Package) -> dict[str, tuple[str, dict[str, dict[str, Any]]]]:
    """By capture, the newest event on what leaves in the place of its files, and these by path."""
    found: dict[str, tuple[str, dict[str, dict[str, Any]]]] = {}
    for event in package.events:
        said = package.parts.get((event["id"], "body")) if event["type"] == "capture.redacted" else None
        if said is not None:
            found[event["subject"][0]["id"]] = event["id"], {one["path"]: one for one in said["files"]}
    return found


def check_earlier(package: Package, path: str) -> None:
    """The objects that are in the package that this one adds to, which is at `path` where it was given."""
    cited = package.described.get("since")
    captures = [one for one in package.described["captures"] if one.get("earlier")]
    if cited is None:
        if captures:
            raise Refused("P225", "data/package.json", reason="it names none")
        return
    words = "{} objects are in package {}, whose {} has the sha256 {}".format(
        len(captures), cited["package"], SIGNATURE, cited["signature"]
    )
    if not path:
        package.report.unchecked(words, "python3 check_package.py PACKAGE --since EARLIER")
        return
    held = _held_earlier(path, cited)
    if held.log != package.log:
        raise Refused("P225", path, reason="it is another package")
    whole = {one["id"] for one in held.described["captures"] if held.holds(one) and not one.get("withheld")}
    sealed = _sealed(package)
    for one in captures:
        found = held.digests.get("data/{}/inventory.json".format(one["object"]), {}).get("sha512", "nothing")
        body = sealed.get(one["id"], {})
        is_there = one["id"] in whole and body.get("inventory") == "sha512:" + found
        if not is_there or body["event"] != one["event"]:
            raise Refused("P225", path, reason="its object of {} is not the one that the log names".format(one["id"]))
    package.earlier = held
    package.report.ok(words + ", which holds")


def _held_earlier(path: str, cited: dict[str, Any]) -> Package:
    """The package at `path`, which holds and is the one that is cited.

    Its keys are not asked for: the digest of its signature is under the key of the package that cites it, and they may
    have been other ones. So may the roots of its timestamps.
    """
    held = _held(path, "P225")
    if held.signature != cited["signature"] or held.id != cited["package"]:
        raise Refused("P225", path, reason="it is another package")
    return held


def _held(path: str, code: str) -> Package:
    """The package at `path`, which is needed beside another one and holds; refused with that code where it does not."""
    report = Report()
    source: Any = None
    try:
        source = _opened(path)
        held = Package(source, report)
        _check_all(held)
    except Refused as refused:
        raise Refused(code, path, reason=f"it fails: {refused.code} {refused.path}") from None
    except UNFORESEEN as error:
        raise Refused(code, path, reason="it cannot be read: " + type(error).__name__) from None
    finally:
        if source is not None:
            source.close()
    if report.failures:
        raise Refused(code, path, reason="it fails: {0.code} {0.path}".format(report.failures[0]))
    return held


def check_volumes(package: Package, paths: Sequence[str]) -> None:
    """The other volumes of the package, where they were given: each holds, and all have the same record."""
    ids = package.described["volumes"]["ids"] if "volumes" in package.described else []
    for path in paths:
        held = _held(path, "P226")
        if held.id not in ids or _common(held) != _common(package) or held.log_key != package.log_key:
            raise Refused("P226", path, reason="it is no volume of this one")
        if held.id != package.id:
            package.others[held.volume] = held
    missing = [str(one + 1) for one in range(len(ids)) if one + 1 not in package.others and one + 1 != package.volume]
    words = f"volume {package.volume} of {len(ids)}"
    if missing:
        package.report.unchecked(
            f"this is {words}; the files of other captures are in volume " + ", ".join(missing),
            "python3 check_package.py PACKAGE --volume OTHER, once for each, or on the folder of all with volumes.txt",
        )
    elif ids:
        package.report.ok(f"{len(ids)} volumes are here, and each holds the same record")


def _common(package: Package) -> list[Any]:
    """What all volumes of a package have: its description but for the volume's id, and the log with its proofs."""
    said = {name: package.described[name] for name in package.described if name != "package"}
    log = {path: package.digests[path] for path in package.digests if path.startswith(("data/log/", "data/anchors/"))}
    return [said, log]


def _opened(path: str) -> Any:
    if os.path.isdir(path):
        return Folder(path)
    if is_encrypted(path):
        raise Refused("P204", path, reason="it is encrypted: " + _decrypting(os.path.basename(path)))
    return Archive(path)


def is_encrypted(path: str) -> bool:
    """Whether that is a file that age has encrypted."""
    if not os.path.isfile(path):
        return False
    with open(path, "rb") as stream:
        return stream.read(len(ENCRYPTED)) == ENCRYPTED


def is_of_volumes(path: str) -> bool:
    """Whether that is a folder of volumes with their list, and no package itself."""
    return os.path.isfile(os.path.join(path, VOLUMES)) and not os.path.exists(os.path.join(path, "bagit.txt"))


def _decrypting(name: str) -> str:
    plain = name[: -len(".age")] if name.endswith(".age") else "package.zip"
    return f"age --decrypt --identity KEY --output {plain} {name}"


def check_list(folder: str, report: Report) -> list[str]:
    """A folder of volumes against its list; the volumes in it that are not encrypted, by path."""
    listed: dict[str, str] = {}
    with open(os.path.join(folder, VOLUMES), "rb") as stream:
        content = stream.read(MAX_DOCUMENT).decode("utf-8", "replace")
    for line in content.split("\n")[:-1]:
        found = MANIFEST_LINE.fullmatch(line)
        if not found or len(found.group(1)) != 64 or not VOLUME_NAME.fullmatch(found.group(2)):
            raise Refused("P209", VOLUMES, reason="a line that is no digest and name of a volume")
        listed[found.group(2)] = found.group(1)
    report.listed = True
    _require_all_numbers(listed)
    present = set(os.listdir(folder)) - {VOLUMES}
    there = {name for name in present if VOLUME_NAME.fullmatch(name)}
    plain = {name[: -len(".age")] for name in listed if name.endswith(".age")}
    for code, names in (("P206", set(listed) - there), ("P207", present - set(listed) - plain)):
        for name in sorted(names):
            report.failed(Refused(code, name))
    for name in sorted(there):
        mode = os.lstat(os.path.join(folder, name)).st_mode
        if not stat.S_ISREG(mode):
            raise Refused("P202", name, kind="link" if stat.S_ISLNK(mode) else "folder, pipe or device")
        digest = _sha256(os.path.join(folder, name)) if name in listed else ""
        if digest != listed.get(name, ""):
            report.failed(Refused("P208", name, algorithm="sha256", found=digest, stated=listed[name]))
    if not report.failures:
        report.ok(f"{len(listed)} volumes have the digests that {VOLUMES} states")
    sealed = sorted(name for name in listed if name.endswith(".age") and name[: -len(".age")] not in there)
    if sealed:
        report.unchecked(f"{len(sealed)} volumes are encrypted", f"{_decrypting(sealed[0])}, and so for each")
    return [os.path.join(folder, name) for name in sorted(there) if name.endswith(ARCHIVE)]


def _require_all_numbers(names: Iterable[str]) -> None:
    """Refuse a list of volumes that does not name each of one number of them once."""
    numbers = sorted((found.group(2), found.group(1)) for found in map(VOLUME_NAME.fullmatch, names) if found)
    count = len(numbers)
    if not count or numbers != [(f"{count:03d}", f"{one:03d}") for one in range(1, count + 1)]:
        raise Refused("P209", VOLUMES, reason="it does not name volumes 1 to the last, each once")


def _sha256(path: str) -> str:
    found = hashlib.sha256()
    with open(path, "rb") as stream:
        for block in iter(lambda: stream.read(BLOCK), b""):
            found.update(block)
    return found.hexdigest()


def check_items(package: Package) -> None:
    """Every item that the package describes is the one that its event names, by its digest over the files."""
    unread: list[str] = []
    if not package.each_failure(_wrong_items(package, _sealed(package), unread)):
        return
    package.report.ok("{} items are what their events say".format(len(package.described["items"]) - len(unread)))
    if unread:
        package.report.unchecked(
            f"the digests of {len(unread)} items, of which not all files are here as they were sealed: "
            + ", ".join(unread),
            "read the earlier package (--since EARLIER) and the other volumes (--volume OTHER) too; ask for "
            "the originals of what left redacted",
        )


def _wrong_items(package: Package, sealed: dict[str, dict[str, Any]], unread: list[str]) -> Iterator[Refused]:
    """Items that are not what their events say; `unread` gets the numbers of those of which files are not at hand."""
    places = {capture["id"]: capture["object"] for capture in package.described["captures"]}
    redacted = {
        capture["id"]: {one["path"] for one in capture.get("redacted", ())} for capture in package.described["captures"]
    }
    holders = {capture["id"]: package.holder(capture) for capture in package.described["captures"]}
    for item in package.described["items"]:
        try:
            capture, position = item["capture"], item["position"]
            said = next(one for one in sealed[capture]["record"]["items"] if one["position"] == position)
            if item["id"] != str(uuid.uuid5(uuid.UUID(capture), str(position))):
                raise ValueError("its id is not the one of that place")
            files = []
            recorded = {one["path"]: one for one in sealed[capture]["record"]["files"]}
            for path in said["files"]:
                held = holders[capture]
                if path in redacted[capture] or held is None:
                    # Not here to be read: that it was this one is the word of the log.
                    unread += [str(item["number"])] if str(item["number"]) not in unread[-1:] else []
                    files.append({name: recorded[path][name] for name in ("bytes", "path", "sha256")})
                    continue
                place = f"data/{places[capture]}/v1/content/{path}"
                digest = "sha256:" + held.digests[place]["sha256"]
                files.append({"bytes": held.sizes[place], "path": path, "sha256": digest})
            found = files[0]["sha256"] if len(files) == 1 else "sha256:" + hashlib.sha256(canonical(files)).hexdigest()
            if not found == said["sha256"] == item["sha256"] or said["files"] != item["files"]:
                raise ValueError("sha256 is {}, recorded as {}".format(found, said["sha256"]))
        except (ValueError, KeyError, StopIteration, TypeError) as error:
            yield Refused("P219", "data/package.json", item=item.get("number", "?"), reason=error)


def check_description(package: Package) -> None:
    """The description is of this package, and has what every check after this one reads."""
    path = "data/package.json"
    said = package.record(path)
    lists = {"captures": dict, "items": dict, "omitted": dict, "withheld": dict}
    try:
        for name, kind in lists.items():
            if not all(isinstance(one, kind) for one in said[name]):
                raise ValueError(f"{name} is no list of objects")
        if not all(isinstance(one["id"], str) for name in ("captures", "items", "omitted") for one in said[name]):
            raise ValueError("something has no id")
        head = {"root": base64.b64encode(package.root).decode("ascii"), "size": package.size}
        if said["package"] != package.id or said["log"] != package.log or said["head"] != head:
            raise ValueError("it describes another package")
        if not all(isinstance(said[name][one], int) for name in ("totals", "included") for one in said[name]):
            raise ValueError("a total is no number")
        since = said.get("since")
        if since is not None and not (UUID.fullmatch(since["package"]) and SHA256.fullmatch(since["signature"])):
            raise ValueError("the package that it adds to is named otherwise than packages are")
        package.volume = _volume(package, said)
    except (ValueError, KeyError, TypeError) as error:
        raise Refused("P222", path, reason=f"it is no description: {error}") from None
    package.described = said


def _volume(package: Package, said: dict[str, Any]) -> int:
    """Which volume of a package this is, by its description; 0 where it is whole. Raises ValueError."""
    placed = [one.get("volume", 0) for one in said["captures"] if not one.get("earlier")]
    if "volumes" not in said:
        if any(placed) or "Bag-Count" in package.labels:
            raise ValueError("it names volumes, and is none")
        return 0
    ids = said["volumes"]["ids"]
    if not isinstance(ids, list) or not all(isinstance(one, str) for one in ids):
        raise ValueError("its volumes are no list of ids")
    if len(set(ids)) < len(ids) or package.id not in ids:
        raise ValueError("it is none of the volumes that it names")
    number: int = ids.index(package.id) + 1
    cited = [one for one in said["captures"] if one.get("earlier") and "volume" in one]
    if cited or not set(range(1, len(ids) + 1)) >= set(placed):
        raise ValueError("a capture is in no volume")
    if package.labels.get("Bag-Count") != f"{number} of {len(ids)}":
        raise ValueError("bag-info.txt says another number")
    return number


def check_completeness(package: Package) -> None:
    """What is in the package and what is listed as left out are together all that its events name."""
    if package.each_failure(_incomplete(package)):
        package.report.ok(
            "{} entries are listed as left out and {} parts as withheld, each with a reason".format(
                len(package.described["omitted"]), len(package.described["withheld"])
            )
        )


def _incomplete(package: Package) -> Iterator[Refused]:
    said, where = package.described, "data/package.json"
    counted: dict[str, int] = {}
    for event in package.events:
        counted[event["type"]] = counted.get(event["type"], 0) + 1
    if sum(said["totals"].values()) != package.size:
        yield Refused(
            "P220", where, reason="they give {}, the head {}".format(sum(said["totals"].values()), package.size)
        )
    if counted != said["included"]:
        yield Refused("P220", where, reason="other events are included than it says")
    for name, count in counted.items():
        total = said["totals"].get(name, 0)
        if count > total or (name in ("key.stated", "key.revoked") and count != total):
            yield Refused("P220", where, reason=f"{count} of {total} events {name}")
    for name in ("key.stated", "key.revoked"):
        if said["totals"].get(name, 0) != counted.get(name, 0):
            yield Refused("P220", where, reason=f"not every event {name} is there")
    withheld = {(one.get("event"), one.get("part")) for one in said["withheld"]}
    for event in package.events:
        for part in event["parts"]:
            if ((event["id"], part) in withheld) == ((event["id"], part) in package.parts):
                yield Refused("P216", where, event=event["id"], part=part)
    known = {one["id"] for name in ("items", "captures", "omitted") for one in said[name]}
    for capture in said["captures"]:
        known.update(one["id"] for one in capture.get("accompanying", ()))
    for event in package.events:
        for kind, identity in _named(event):
            if identity not in known:
                yield Refused("P221", where, kind=kind, id=identity)


def _named(event: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """The items and captures that an event names; a range of items is each of them."""
    for subject in event["subject"]:
        if subject["kind"] == "item" and "count" in subject:
            yield "capture", subject["id"]
            space = uuid.UUID(subject["id"])
            for position in range(min(subject["count"], MAX_ITEMS)):
                yield "item", str(uuid.uuid5(space, str(position)))
        elif subject["kind"] in ("item", "capture"):
            yield subject["kind"], subject["id"]


def check_anchors(package: Package, roots: str) -> None:
    """What outside proves the time of the head. Who signed a token is for openssl to say, with roots from outside."""
    heads = sorted(path for path in package.sizes if ANCHORED_HEAD.fullmatch(path))
    for path in heads:
        folder = path[: -len("head")]
        size = _check_anchored_head(package, path, folder)
        for token in sorted(one for one in package.sizes if one.startswith(folder) and one.endswith(".tsr")):
            _check_token(package, token, path, size, roots)
    if not heads:
        package.report.unchecked(
            "when the head was there at the latest: the package has no timestamp",
            "ask whoever made it for a timestamp or a witness of data/log/checkpoint",
        )


def _check_anchored_head(package: Package, path: str, folder: str) -> int:
    """The size of a head that was stamped, after it was shown to be the beginning of the package's."""
    note = parse_note(package.read(path), path)
    lines = note.text.split("\n")
    size, root = int(lines[1]), unbase64(lines[2])
    proof = [unbase64(one) for one in package.read(folder + "consistency").decode("ascii").split("\n")[:-1]]
    keys = [key for since, key in package.epochs if since < size]
    if lines[0] != "casefile/" + package.log or not keys or not note.is_by(lines[0], keys[-1]):
        raise Refused("P211", path, reason="the log's key did not sign the head that was stamped")
    if not is_consistent(size, package.size, proof, root, package.root):
        raise Refused("P223", path, reason="the head that was stamped is no beginning of the package's head")
    package.report.ok(f"the head of {size} events that was stamped is the beginning of the package's")
    return size


def _check_token(package: Package, token: str, head: str, size: int, roots: str) -> None:
    imprint, stated = stamped(package.read(token))
    if imprint != hashlib.sha256(package.read(head)).digest():
        raise Refused("P223", token, reason="it is over something else than the head beside it")
    chain = token[:-3] + "pem"
    seconds = calendar.timegm(time.strptime(stated, "%Y%m%d%H%M%S"))
    command = [
        "openssl",
        "ts",
        "-verify",
        "-in",
        token,
        "-data",
        head,
        "-CAfile",
        roots or "ROOTS",
        "-attime",
        str(seconds),
    ]
    command += ["-untrusted", chain] if chain in package.sizes else []
    words = f"{size} events were in the log at {stated} UTC at the latest, says {token}"
    if not roots or not isinstance(package.source, Folder) or not shutil.which("openssl"):
        package.report.unchecked(words, " ".join(command))
        return
    command[command.index(roots)] = os.path.abspath(roots)
    done = subprocess.run(command, cwd=package.source.root, capture_output=True, check=False)
    if done.returncode:
        raise Refused("P223", token, reason="openssl does not verify it with the roots that were given")
    package.report.ok(words + "; openssl verifies it with the roots that were given")


def stamped(token: bytes) -> tuple[bytes, str]:
    """What an RFC 3161 response is over, and the time that it states; raises ValueError. Nothing is verified here."""
    content = _der(_der(token)[0])[1]
    signed_data = _der(_der(_der(content)[1])[0])
    wrapped = _der(_der(signed_data[2])[1])[0]
    info = _der(_der(wrapped)[0])
    return _der(info[2])[1], info[4].decode("ascii").split(".")[0].rstrip("Z")


def _der(content: bytes) -> list[bytes]:
    """The values of the elements that follow each other in these bytes (X.690), without their tags and lengths."""
    found, at = [], 0
    while at < len(content):
        length, at = content[at + 1], at + 2
        if length & 0x80:
            count = length & 0x7F
            length = int.from_bytes(content[at : at + count], "big")
            at += count
            if not 0 < count <= 4:
                raise ValueError("a length that no token has")
        if at + length > len(content):
            raise ValueError("an element that does not end")
        found.append(content[at : at + length])
        at += length
    return found


def check(  # noqa: PLR0913
    path: str,
    log_key: str = "",
    root_key: str = "",
    *,
    roots: str = "",
    since: str = "",
    volumes: Sequence[str] = (),
    witnesses: Sequence[str] = (),
    computed: dict[str, dict[str, str]] | None = None,
) -> Report:
    """Check the package at `path`. Never raises for what is in it; whatever is wrong is in the report.

    `since` is the package that it adds to, `volumes` are its other volumes, `witnesses` verifier keys from outside:
    raises ValueError for one that is none. `computed` are digests by path that whoever wrote the files took on the way:
    these are not read once more.
    """
    for text in witnesses:
        verifier(text)
    report = Report()
    source: Any = None
    try:
        if is_of_volumes(path):
            volumes = [*check_list(path, report), *volumes]
            if not volumes:
                _not_compared(report, path, log_key, root_key, witnesses)
                return report
            path = volumes[0]
        elif is_encrypted(path):
            report.unchecked("it is encrypted, and nothing of it was read", _decrypting(os.path.basename(path)))
            _not_compared(report, path, log_key, root_key, witnesses)
            return report
        source = _opened(path)
        report.opened = True
        package = Package(source, report)
        package.digests.update(computed or {})
        _check_all(package, Outside(log_key, root_key, roots, since, tuple(volumes), tuple(witnesses)))
    except Refused as refused:
        report.failed(refused)
    except UNFORESEEN as error:
        # A document of another shape than any package has, wherever that shows.
        report.failed(Refused("P200", path, reason=type(error).__name__))
    finally:
        if source is not None:
            source.close()
    return report


def _not_compared(report: Report, path: str, log_key: str, root_key: str, witnesses: Sequence[str]) -> None:
    """What came from outside and was compared with nothing, as all is encrypted, must not pass for compared."""
    if log_key or root_key or witnesses:
        report.failed(Refused("P212", path, reason="all is encrypted, so that what was given is compared with nothing"))


class Outside(NamedTuple):
    """What whoever checks brings along."""

    log_key: str = ""
    root_key: str = ""
    roots: str = ""
    since: str = ""
    volumes: tuple[str, ...] = ()
    witnesses: tuple[str, ...] = ()


NOTHING = Outside()


def _check_all(package: Package, outside: Outside = NOTHING) -> None:
    check_bag(package)
    check_log(package)
    check_keys(package, outside.log_key, outside.root_key)
    check_witnesses(package, outside.witnesses)
    check_description(package)
    check_objects(package)
    check_earlier(package, outside.since)
    check_volumes(package, outside.volumes)
    check_items(package)
    check_completeness(package)
    check_anchors(package, outside.roots)
    package.report.counts = {
        "files": len(package.sizes),
        "bytes": sum(package.sizes.values()),
        "events": len(package.events),
        "items": len(package.described["items"]),
    }
    package.report.unchecked(
        "index, reports, statements and PREMIS: their digests hold, their words were not derived anew",
        "compare them with data/log/entries.jsonl and data/log/parts.jsonl",
    )


def verdict(report: Report, strict: bool = False) -> tuple[int, str]:
    """The exit code and the last line."""
    if report.failures:
        return 5, "FAILED: this is not the package that was made, or it was never a sound one."
    if not report.opened:
        read = "but the list of volumes, which nobody has signed" if report.listed else "at all"
        code = 5 if strict else 0 if report.listed else 2
        return code, f"NOTHING WAS CHECKED {read}: it is encrypted. Decrypt it and check what comes out."
    unchecked = sum(line.verdict == "NOT CHECKED" for line in report.lines)
    keys = (
        "The keys are those whose fingerprint was given from outside."
        if report.trusted
        else "The keys are SELF-ASSERTED: they come from the package itself, so that whoever made a false one could "
        "have put them there. Give a deposited fingerprint with --log-key or --root-key."
    )
    if strict and (unchecked or not report.trusted):
        return 5, f"FAILED under --strict: {unchecked} not checked. {keys}"
    return 0, f"OK, {unchecked} not checked. {keys}"


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line."""
    parser = argparse.ArgumentParser(prog="check_package.py", description=(__doc__ or "").split("\n\n")[1])
    parser.add_argument("package", nargs="?", default=os.path.dirname(os.path.abspath(__file__)))
    parser.add_argument("--log-key", default="", metavar="FINGERPRINT", help="of the log's key, deposited outside")
    parser.add_argument("--root-key", default="", metavar="FINGERPRINT", help="of the root key, deposited outside")
    parser.add_argument("--tsa-roots", default="", metavar="FILE", help="root certificates of time authorities (PEM)")
    parser.add_argument("--since", default="", metavar="EARLIER", help="the package that this one adds to")
    parser.add_argument(
        "--volume", default=[], action="append", metavar="OTHER", help="a further volume of the package; again for more"
    )
    parser.add_argument(
        "--witness", default=[], action="append", metavar="KEY", help="the verifier key of a witness, from its card"
    )
    parser.add_argument("--strict", action="store_true", help="fail for what is not checked, too")
    parser.add_argument("--json", action="store_true", help="one JSON document")
    options = parser.parse_args(arguments)
    try:
        for text in options.witness:
            verifier(text)
    except ValueError as error:
        parser.error(f"--witness: {error}")
    report = check(
        options.package,
        options.log_key,
        options.root_key,
        roots=options.tsa_roots,
        since=options.since,
        volumes=options.volume,
        witnesses=options.witness,
    )
    code, said = verdict(report, options.strict)
    if options.json:
        print(
            json.dumps(
                {
                    "ok": code == 0,
                    "trusted": report.trusted,
                    "verdict": said,
                    "checked": report.counts,
                    "lines": [line._asdict() for line in report.lines],
                },
                indent=1,
            )
        )
        return code
    for line in report.lines:
        place = f" {line.path}" if line.path else ""
        print("{:<11} {}{}{}{}".format(line.verdict, line.code, place, ": " if line.code else "", line.what).rstrip())
        if line.command:
            print(f"            to check it: {line.command}")
    print(said)
    return code


if __name__ == "__main__":
    sys.exit(main())
