"""The files of time stamps: one folder below `log/anchors` for each head that was stamped.

`head` is what was stamped, byte for byte. NAME being an authority, `NAME.tsq` is what it was asked, `NAME.tsr` what it
answered, and `NAME.pem` the certificates from its own to the root. The answer is put there last: without it the others
are the traces of a question that came to nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from preservation.checkpoints import kept_name
from preservation.durable import Disk, is_there, storage_errors
from preservation.notes import MAX_NOTE_BYTES

FOLDER = "anchors"
HEAD = "head"
REQUEST, RESPONSE, CHAIN = ".tsq", ".tsr", ".pem"
ANCHOR_FILE = 0o600
MOST_BYTES = 256 << 10
"""Of one of these files. What is longer is none of them, and is not read."""
_NAME = re.compile(r"([a-z0-9][a-z0-9-]{0,31})(\.tsq|\.tsr|\.pem)", re.ASCII)
_SIZE = re.compile(r"\d{16}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Anchor:
    """Where the files of one authority's token over one head are."""

    folder: Path
    authority: str

    @property
    def head(self) -> Path:
        """What was stamped."""
        return self.folder / HEAD

    @property
    def request(self) -> Path:
        return self.folder / f"{self.authority}{REQUEST}"

    @property
    def response(self) -> Path:
        return self.folder / f"{self.authority}{RESPONSE}"

    @property
    def chain(self) -> Path:
        return self.folder / f"{self.authority}{CHAIN}"

    @property
    def files(self) -> tuple[Path, ...]:
        """All four."""
        return (self.head, self.request, self.response, self.chain)

    def keep(self, head: bytes, request: bytes, response: bytes, chain: bytes, disk: Disk) -> None:
        """Write the four, the response last."""
        disk.make_directories(self.folder)
        if not is_there(self.head):
            disk.replace(self.head, head, ANCHOR_FILE)
        disk.replace(self.request, request, ANCHOR_FILE)
        disk.replace(self.chain, chain, ANCHOR_FILE)
        disk.replace(self.response, response, ANCHOR_FILE)


def anchor_at(log: Path, size: int, authority: str) -> Anchor:
    """The place of an authority's token over the head of that size."""
    return Anchor(log / FOLDER / kept_name(size), authority)


def stamped_bytes(log: Path, size: int, note: bytes) -> bytes:
    """What is stamped of the head of that size: what the first authority stamped of it, else the note as it stands.

    A note can gain signatures. All authorities stamp the same bytes.
    """
    path = log / FOLDER / kept_name(size) / HEAD
    return read_bounded(path) if is_there(path) else note


def anchored_sizes(log: Path) -> Iterator[int]:
    """The sizes of the heads that have a folder, in order."""
    folder = log / FOLDER
    if is_there(folder):
        with storage_errors("read", folder):
            yield from sorted(int(path.name) for path in folder.iterdir() if _SIZE.fullmatch(path.name))


def answered(log: Path, size: int) -> Iterator[Anchor]:
    """The anchors of a head that have a response, in the order of the authorities' names."""
    folder = log / FOLDER / kept_name(size)
    if is_there(folder):
        with storage_errors("read", folder):
            names = sorted(path.name for path in folder.iterdir())
        yield from (Anchor(folder, name.removesuffix(RESPONSE)) for name in names if name.endswith(RESPONSE))


def strangers(log: Path) -> Iterator[Path]:
    """What lies among the anchors and can be none of their files; what a crash left unfinished is passed over."""
    folder = log / FOLDER
    for path in sorted(folder.iterdir()) if is_there(folder) else ():
        if path.is_symlink() or not path.is_dir() or not _SIZE.fullmatch(path.name):
            yield path
            continue
        for file in sorted(path.iterdir()):
            fits = file.name == HEAD or _NAME.fullmatch(file.name) or file.name.endswith(".part")
            if file.is_symlink() or not file.is_file() or not fits:
                yield file


def read_bounded(path: Path) -> bytes:
    """The bytes of one of the files, those beyond all bounds left away; raises StorageFailed."""
    most = MAX_NOTE_BYTES if path.name == HEAD else MOST_BYTES
    with storage_errors("read", path), path.open("rb") as stream:
        return stream.read(most + 1)
