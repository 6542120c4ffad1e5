"""Opening a zip from outside: its list of members is judged before any is read, and nothing is unpacked by name."""

from __future__ import annotations

import stat
import unicodedata
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

LOCAL_HEADER_BYTES = 30
"""APPNOTE 4.3.7, before the name."""
LONGEST_NAME_BYTES = 1_024
READ_BYTES = 1 << 20
ENCRYPTED = 0x1
DAMAGED = (zipfile.BadZipFile, zlib.error, EOFError)
"""What reading a member raises whose bytes are not those that were packed."""
METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)


class ZipRefused(ValueError):
    """The zip is not read. `code` is a word for it, `member` the name that it is about, as data."""

    def __init__(self, code: str, problem: str, member: str = "") -> None:
        super().__init__(problem)
        self.code = code
        self.problem = problem
        self.member = member


@dataclass(frozen=True, slots=True)
class ZipLimits:
    """How much a zip may hold: members, bytes of one of them and of all, as they come out."""

    members: int = 100_000
    member_bytes: int = 64 << 30
    bytes: int = 128 << 30


class Zip:
    """A zip whose list of members has passed. `names` are those of its files, in the order of the list."""

    def __init__(self, archive: zipfile.ZipFile, members: dict[str, zipfile.ZipInfo]) -> None:
        self._archive = archive
        self._members = members

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self._members)

    def __contains__(self, name: str) -> bool:
        return name in self._members

    def size(self, name: str) -> int:
        """Bytes, as the list says; reading gives no more."""
        return self._members[name].file_size

    def is_stored(self, name: str) -> bool:
        """Whether the bytes lie in the file as they are."""
        return self._members[name].compress_type == zipfile.ZIP_STORED

    def open(self, name: str) -> BinaryIO:
        """The bytes of a member; raises ZipRefused, at once or while it is read by `blocks`, for damaged ones."""
        try:
            return self._archive.open(self._members[name])  # type: ignore[return-value]  # it reads as one
        except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError) as error:
            raise ZipRefused("zip-damaged", "a member does not begin as the list says", name) from error

    def blocks(self, name: str) -> Iterator[bytes]:
        """All of a member; raises ZipRefused where its bytes are not those that its checksum is of."""
        with self.open(name) as stream:
            while block := read_some(stream, READ_BYTES, name):
                yield block

    def read(self, name: str, most: int) -> bytes:
        """A whole member of at most `most` bytes; raises ZipRefused."""
        if self.size(name) > most:
            raise ZipRefused("zip-too-large", f"a member is larger than {most} bytes", name)
        return b"".join(self.blocks(name))


def read_some(stream: BinaryIO, most: int, name: str) -> bytes:
    """The next bytes of a member; raises ZipRefused where they are damaged."""
    try:
        return stream.read(most)
    except DAMAGED as error:
        raise ZipRefused("zip-damaged", "the bytes of a member are damaged", name) from error


def open_zip(file: BinaryIO, limits: ZipLimits) -> Zip:
    """Read and judge the list of members.

    Refused are: names that lead elsewhere or that two members share, also but for case or composition; links and
    devices; what is encrypted or packed in another way than deflate; members that lie over each other; too much.
    """
    try:
        archive = zipfile.ZipFile(file)
    except (zipfile.BadZipFile, NotImplementedError, ValueError, EOFError, OverflowError) as error:
        raise ZipRefused("zip-damaged", "it is no zip, or its list of members is damaged") from error
    listed = archive.infolist()
    if len(listed) > limits.members:
        raise ZipRefused("zip-too-many", f"it has more than {limits.members} members")
    members: dict[str, zipfile.ZipInfo] = {}
    seen: set[str] = set()
    for info in listed:
        _judge(info, limits)
        alike = unicodedata.normalize("NFC", info.filename).casefold()
        if alike in seen:
            raise ZipRefused("zip-name-twice", "two members have one name", info.filename)
        seen.add(alike)
        if not info.is_dir():
            members[info.filename] = info
    if sum(info.file_size for info in listed) > limits.bytes:
        raise ZipRefused("zip-too-large", f"its members are more than {limits.bytes} bytes")
    _check_places(listed)
    return Zip(archive, members)


def is_safe_name(name: str) -> bool:
    """Whether a name inside an archive names something inside that archive, by every system's rules."""
    parts = name.removesuffix("/").split("/")
    return (
        len(name.encode("utf-8", "replace")) <= LONGEST_NAME_BYTES
        and not name.startswith(("/", "~"))
        and not any(one in name for one in "\\\0")
        and not any(part in ("", ".", "..") for part in parts)
        and ":" not in parts[0][:2]
    )


def _judge(info: zipfile.ZipInfo, limits: ZipLimits) -> None:
    if info.orig_filename != info.filename or not is_safe_name(info.filename):
        raise ZipRefused("zip-name-unsafe", "a name leads out of it or is none", info.orig_filename)
    kind = stat.S_IFMT(info.external_attr >> 16)
    if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
        raise ZipRefused("zip-link", "a member is a link or a device", info.filename)
    if info.flag_bits & ENCRYPTED:
        raise ZipRefused("zip-encrypted", "a member is encrypted", info.filename)
    if info.compress_type not in METHODS:
        raise ZipRefused("zip-method", "a member is packed in a way that is not read", info.filename)
    if info.file_size > limits.member_bytes:
        raise ZipRefused("zip-too-large", f"a member is larger than {limits.member_bytes} bytes", info.filename)


def _check_places(listed: list[zipfile.ZipInfo]) -> None:
    end = 0
    for info in sorted(listed, key=lambda one: one.header_offset):
        if info.header_offset < end:
            raise ZipRefused("zip-overlap", "two members lie over each other", info.filename)
        end = info.header_offset + LOCAL_HEADER_BYTES + len(info.filename) + info.compress_size
