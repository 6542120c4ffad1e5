"""Checkpoints (C2SP tlog-checkpoint): the signed head of the log at one size, three lines of text.

The newest is `log/checkpoint`; every earlier one is kept in `log/checkpoints`, named by its size.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from preservation.durable import Disk, is_there, storage_errors
from preservation.notes import Note, NoteMalformed, decoded
from preservation.tree import HASH_BYTES

NEWEST = "checkpoint"
KEPT = "checkpoints"
CHECKPOINT_FILE = 0o600
SIZE_DIGITS = 16
"""So that names sort as sizes do."""
MAX_SIZE = 1 << 53
_SIZE = re.compile(r"0|[1-9]\d{0,15}")

UNSTAMPED = "No time authority has stamped this head: when it was there rests on our own word."
"""Said with every head for as long as that is so."""


def origin(log: str) -> str:
    """The first line of a log's checkpoints, and the name of its key. It is no address: nothing is published."""
    return f"casefile/{log}"


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What a checkpoint says: the log, how many events, and the root over them."""

    origin: str
    size: int
    root: bytes

    @property
    def text(self) -> str:
        """The text that is signed."""
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode('ascii')}\n"


@dataclass(frozen=True, slots=True)
class SignedCheckpoint:
    """A checkpoint with the note that carries it."""

    head: Checkpoint
    note: Note

    @classmethod
    def parse(cls, content: bytes) -> SignedCheckpoint:
        """The checkpoint in these bytes; raises NoteMalformed. Extension lines are read past, as the form allows."""
        note = Note.parse(content)
        lines = note.text[:-1].split("\n")
        if len(lines) < 3 or not all(lines):
            raise NoteMalformed("a checkpoint has an origin, a size and a root, and no empty line")
        if not _SIZE.fullmatch(lines[1]) or int(lines[1]) >= MAX_SIZE:
            raise NoteMalformed("its second line is no size")
        try:
            root = decoded(lines[2])
        except ValueError as error:
            raise NoteMalformed(f"its root is {error}") from error
        if len(root) != HASH_BYTES:
            raise NoteMalformed("its root does not have 32 bytes")
        return cls(Checkpoint(lines[0], int(lines[1]), root), note)


def kept_name(size: int) -> str:
    """The file that keeps the checkpoint of that size."""
    return f"{size:0{SIZE_DIGITS}d}"


def keep(log: Path, signed: SignedCheckpoint, disk: Disk) -> None:
    """Put the checkpoint in the place of the newest, which is set beside the earlier ones first.

    The rename is what makes it the newest: after any crash `log/checkpoint` is the earlier one or this one.
    """
    before = newest(log)
    if before is not None and before != signed:
        disk.make_directories(log / KEPT)
        disk.replace(log / KEPT / kept_name(before.head.size), before.note.to_bytes(), CHECKPOINT_FILE)
    disk.replace(log / NEWEST, signed.note.to_bytes(), CHECKPOINT_FILE)


def newest(log: Path) -> SignedCheckpoint | None:
    """The newest checkpoint, None before the first; raises NoteMalformed, StorageFailed. Nothing is verified here."""
    path = log / NEWEST
    if not is_there(path):
        return None
    with storage_errors("read", path):
        return SignedCheckpoint.parse(path.read_bytes())


def kept(log: Path) -> Iterator[Path]:
    """The files of the earlier checkpoints, in the order of their sizes; what a crash left unfinished is none."""
    folder = log / KEPT
    if is_there(folder):
        with storage_errors("read", folder):
            yield from sorted(path for path in folder.iterdir() if not path.name.endswith(".part"))
