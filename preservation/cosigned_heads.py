"""Heads with the signatures of witnesses below the log's own, kept in `log/cosignatures`, named by their sizes.

A witness's head that contradicts ours is kept beside them under its digest: every audit finds it from then on.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from casefile.digests import sha256
from preservation.checkpoints import CHECKPOINT_FILE, SignedCheckpoint, kept_name
from preservation.cosignatures import Cosignature, Witness, with_lines
from preservation.durable import Disk, is_there, storage_errors
from preservation.notes import MAX_NOTE_BYTES, Note, NoteMalformed, NoteSignature

FOLDER = "cosignatures"
DIGEST_DIGITS = 16


@dataclass(frozen=True, slots=True)
class CosignedHead:
    """A file of the folder; `problem` says why it is none, and then there is no head."""

    path: Path
    head: SignedCheckpoint | None
    problem: str = ""


def cosigned_heads(log: Path) -> Iterator[CosignedHead]:
    """Every file of the folder, in the order of sizes; what a crash left unfinished is none."""
    folder = log / FOLDER
    if not is_there(folder):
        return
    with storage_errors("read", folder):
        paths = sorted(path for path in folder.iterdir() if not path.name.endswith(".part"))
    for path in paths:
        try:
            yield CosignedHead(path, read_head(path))
        except (NoteMalformed, OSError) as error:
            yield CosignedHead(path, None, str(error))


def read_head(path: Path) -> SignedCheckpoint:
    """A checkpoint in a file of any length, which is no link; raises NoteMalformed or OSError."""
    if path.is_symlink():
        raise NoteMalformed("it is a link")
    with path.open("rb") as stream:
        return SignedCheckpoint.parse(stream.read(MAX_NOTE_BYTES + 1))


def cosigned(log: Path, head: SignedCheckpoint, witnesses: Sequence[Witness]) -> Note:
    """Our head with the cosignatures of these witnesses that hold; as it is where none has, or none can be read."""
    path = log / FOLDER / kept_name(head.head.size)
    try:
        kept = read_head(path).note if is_there(path) else head.note
    except (NoteMalformed, OSError):
        return head.note
    found = [one.of(kept) for one in witnesses]
    theirs = [one.line for one in found if one is not None]
    return with_lines(head.note, *theirs) if kept.text == head.note.text else head.note


def keep_cosigned(log: Path, head: SignedCheckpoint, line: NoteSignature, disk: Disk) -> None:
    """Put a cosignature below our head of that size, beside those of other witnesses."""
    path = log / FOLDER / kept_name(head.head.size)
    before = read_head(path).note if is_there(path) else head.note
    disk.make_directories(log / FOLDER)
    note = with_lines(before if before.text == head.note.text else head.note, line)
    disk.replace(path, note.to_bytes(), CHECKPOINT_FILE)


def keep_contradiction(log: Path, head: SignedCheckpoint, disk: Disk) -> Path:
    """Keep a witness's head that ours does not continue; where it lies."""
    content = head.note.to_bytes()
    name = f"{kept_name(head.head.size)}-{sha256(content).partition(':')[2][:DIGEST_DIGITS]}"
    disk.make_directories(log / FOLDER)
    disk.replace(log / FOLDER / name, content, CHECKPOINT_FILE)
    return log / FOLDER / name


def newest_of(log: Path, witness: Witness) -> tuple[SignedCheckpoint, Cosignature] | None:
    """The largest head that this witness is known here to have cosigned."""
    found = [
        (one.head, cosignature)
        for one in cosigned_heads(log)
        if one.head is not None and (cosignature := witness.of(one.head.note)) is not None
    ]
    return max(found, key=lambda one: (one[0].head.size, one[1].time_s), default=None)
