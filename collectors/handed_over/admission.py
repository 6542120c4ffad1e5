"""Bringing in what was handed over: walk, group, copy. Nothing is opened for more than its bytes.

No parser sees these files here, so no worker is needed: the parent copies them, looks at the first two kilobytes for
their type and leaves everything else to examination in containment. Durability is sealing's work.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import BinaryIO

from casefile.canonical import canonical_json
from casefile.clock import rfc3339
from casefile.digests import BLOCK_BYTES
from casefile.errors import StorageFailed
from casefile.model import Received, ReceivedFile, ReceivedItem, readable
from casefile.vocabulary import Cause, Content, Fidelity, FileKind, Outcome
from collectors.handed_over.naming import locator_of, name_of
from collectors.media_types import PREFIX_BYTES, role_of, sniff
from collectors.outcomes import advice

MOST_FILES = 500
MOST_BYTES = 1 << 30
"""One capture holds 500 files or 1 GiB (DESIGN section 4)."""
SHOWN_REFUSALS = 20
REFUSALS_FILE = "record/refused.json"
OPEN_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
"""O_NONBLOCK: a named pipe put in the place of a file must not hold us."""
SLACK_BYTES = 1 << 20
"""How far a file that grows while it is read is followed beyond the size that it had."""
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Entry:
    """A regular file to be admitted. `path` is where it is now, `relative` where it was in what was handed over."""

    path: str
    relative: str
    size: int


@dataclass(frozen=True, slots=True)
class Refusal:
    """Something that was handed over and is not admitted, and why."""

    relative: str
    reason: str


@dataclass(frozen=True, slots=True)
class Batch:
    """What becomes one capture, numbered from 1 in the order of the walk."""

    number: int
    entries: tuple[Entry, ...]
    refusals: tuple[Refusal, ...]

    @property
    def locator(self) -> str:
        """The locator of the first thing in it, under which the capture as a whole is filed."""
        parts = self.entries or self.refusals
        return locator_of(parts[0].relative) if parts else ""


def plan(paths: Sequence[Path], barred: Collection[Path] = ()) -> Iterator[Batch]:
    """Group the files at and below `paths` into batches, in the order of the names' bytes, walking as they are taken.

    Symbolic links are not followed. Links, devices, sockets, folders in `barred` (such as the workspace itself, under
    whatever name) and what cannot be read become refusals in the batch of their place.
    """
    number = 1
    entries: list[Entry] = []
    refusals: list[Refusal] = []
    size = 0
    for found in _walk(paths, frozenset(_identity(os.stat(path)) for path in barred)):
        more = found.size if isinstance(found, Entry) else 0
        if len(entries) + len(refusals) >= MOST_FILES or (entries and size + more > MOST_BYTES):
            yield Batch(number, tuple(entries), tuple(refusals))
            number, entries, refusals, size = number + 1, [], [], 0
        if isinstance(found, Entry):
            entries.append(found)
            size += found.size
        else:
            refusals.append(found)
    if entries or refusals:
        yield Batch(number, tuple(entries), tuple(refusals))


def receive(batch: Batch, out: Path) -> Received:
    """Copy a batch into `out` under names that we make, and say what came.

    A file that cannot be read becomes a refusal; one that can be read in part only, or that changed meanwhile, a
    doubtful item. Raises StorageFailed when our own disk refuses.
    """
    intake = _Intake(out, list(batch.refusals))
    intake.prepare()
    for entry in batch.entries:
        intake.admit(entry)
    return intake.received()


def _identity(found: os.stat_result) -> tuple[int, int]:
    """Of a folder, whatever it is called."""
    return found.st_dev, found.st_ino


def _walk(paths: Sequence[Path], barred: frozenset[tuple[int, int]]) -> Iterator[Entry | Refusal]:
    for path in paths:
        whole = os.path.abspath(path)
        walked = _below(whole, barred)
        first = next(walked, None)
        yield first or Refusal(os.path.basename(whole), "it holds no files")
        yield from walked


def _below(whole: str, barred: frozenset[tuple[int, int]]) -> Iterator[Entry | Refusal]:
    pending = [(whole, os.path.basename(whole))]
    while pending:
        place, relative = pending.pop()
        try:
            found = os.lstat(place)
            if stat.S_ISREG(found.st_mode):
                yield Entry(place, relative, found.st_size)
            elif not stat.S_ISDIR(found.st_mode):
                yield Refusal(relative, _kind(found.st_mode))
            elif _identity(found) in barred:
                yield Refusal(relative, "it belongs to Casefile itself")
            else:
                names = sorted(os.listdir(place), key=os.fsencode, reverse=True)
                pending += [(os.path.join(place, name), os.path.join(relative, name)) for name in names]
        except OSError as error:
            yield Refusal(relative, f"it cannot be read: {error.strerror}")


@dataclass(frozen=True, slots=True)
class _Copied:
    """How far a copy came; `failed` is what the source's disk said when it came no further."""

    prefix: bytes
    size: int
    failed: str


def _kind(mode: int) -> str:
    if stat.S_ISLNK(mode):
        return "it is a symbolic link, and these are not followed"
    return "it is a pipe, a socket or a device and not a file"


@dataclass(slots=True)
class _Intake:
    """One batch on its way in."""

    out: Path
    refusals: list[Refusal]
    files: list[ReceivedFile] = field(default_factory=list)
    items: list[ReceivedItem] = field(default_factory=list)
    damaged: int = 0

    def prepare(self) -> None:
        try:
            (self.out / "files").mkdir(parents=True)
        except OSError as error:
            raise StorageFailed("make folder", str(self.out), error.strerror or str(error)) from error

    def admit(self, entry: Entry) -> None:
        try:
            descriptor = os.open(entry.path, OPEN_FLAGS)
        except OSError as error:
            self.refusals.append(Refusal(entry.relative, f"it cannot be read: {error.strerror}"))
            return
        with os.fdopen(descriptor, "rb", buffering=0) as source:
            before = os.fstat(descriptor)
            if not stat.S_ISREG(before.st_mode):
                self.refusals.append(Refusal(entry.relative, _kind(before.st_mode)))
                return
            path = f"files/{len(self.files) + 1:04d}"
            copied = _copy(source, self.out / path, before.st_size + SLACK_BYTES)
            if copied.failed and not copied.size:
                (self.out / path).unlink()
                self.refusals.append(Refusal(entry.relative, f"it cannot be read: {copied.failed}"))
                return
            finding = _judge(copied, before, os.fstat(descriptor))
        self._note(entry, path, sniff(copied.prefix), before.st_mtime_ns, finding)

    def received(self) -> Received:
        if not self.items:
            return Received(
                outcome=Outcome.REFUSED,
                cause=Cause.UNSUPPORTED,
                detail=self._told(),
                advice="Hand over the files themselves, readable for the person who imports them.",
            )
        if self.refusals:
            self._record_refusals()
        missing = bool(self.refusals or self.damaged)
        return Received(
            outcome=Outcome.PARTIAL if missing else Outcome.CAPTURED,
            cause=Cause.PARTS_MISSING if missing else None,
            detail=self._told(),
            advice=advice(Cause.PARTS_MISSING) if missing else "",
            files=tuple(self.files),
            items=tuple(self.items),
        )

    def _note(self, entry: Entry, path: str, media_type: str, modified_ns: int, finding: tuple[Content, str]) -> None:
        content, reason = finding
        self.damaged += content is Content.DOUBTFUL
        self.files.append(
            ReceivedFile(path=path, kind=FileKind.CONTENT, fidelity=Fidelity.RECEIVED, media_type=media_type)
        )
        self.items.append(
            ReceivedItem(
                locator=locator_of(entry.relative),
                role=role_of(media_type),
                files=(path,),
                name=name_of(entry.relative),
                media_type=media_type,
                claimed_time=_modified(modified_ns),
                content=content,
                content_reason=reason,
            )
        )

    def _record_refusals(self) -> None:
        listed = [{"locator": locator_of(one.relative), "reason": one.reason} for one in self.refusals]
        target = self.out / REFUSALS_FILE
        try:
            target.parent.mkdir()
            target.write_bytes(canonical_json(listed))
        except OSError as error:
            raise StorageFailed("write", str(target), error.strerror or str(error)) from error
        self.files.append(
            ReceivedFile(
                path=REFUSALS_FILE,
                kind=FileKind.RECORD,
                fidelity=Fidelity.RECONSTRUCTED,
                media_type="application/json",
            )
        )

    def _told(self) -> str:
        told = [f"{locator_of(one.relative)}: {one.reason}" for one in self.refusals[:SHOWN_REFUSALS]]
        if len(self.refusals) > SHOWN_REFUSALS:
            told.append(f"and {len(self.refusals) - SHOWN_REFUSALS} more")
        if self.damaged:
            told.append(f"{self.damaged} could not be copied whole; see their items")
        return readable("; ".join(told))


def _copy(source: BinaryIO, target: Path, most: int) -> _Copied:
    """Copy until the end, an error of the source's disk or `most` bytes; StorageFailed for our own disk."""
    prefix, size = b"", 0
    try:
        copy = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise StorageFailed("create", str(target), error.strerror or str(error)) from error
    try:
        while size < most:
            try:
                block = source.read(BLOCK_BYTES)
            except OSError as error:
                return _Copied(prefix, size, error.strerror or "unknown error")
            if not block:
                break
            prefix = prefix or block[:PREFIX_BYTES]
            size += len(block)
            _write(copy, block, target)
    finally:
        os.close(copy)
    return _Copied(prefix, size, "")


def _write(descriptor: int, block: bytes, target: Path) -> None:
    rest = memoryview(block)
    try:
        while rest:
            rest = rest[os.write(descriptor, rest) :]
    except OSError as error:
        raise StorageFailed("write", str(target), error.strerror or str(error)) from error


def _judge(copied: _Copied, before: os.stat_result, after: os.stat_result) -> tuple[Content, str]:
    if copied.failed:
        return Content.DOUBTFUL, f"cut: it could be read up to byte {copied.size} only ({copied.failed})"
    unchanged = (before.st_size, before.st_mtime_ns) == (after.st_size, after.st_mtime_ns)
    if not unchanged or copied.size != before.st_size:
        return Content.DOUBTFUL, "changed-while-read: the original changed while it was copied"
    if not copied.size:
        return Content.ABSENT, "empty: the file has no bytes"
    return Content.PRESENT, ""


def _modified(nanoseconds: int) -> str:
    """The time of last change as the file system it lay on says: a claim, and easily another copy's."""
    try:
        moment = rfc3339(EPOCH + timedelta(microseconds=nanoseconds // 1000))
    except OverflowError:
        moment = f"{nanoseconds // 1_000_000_000} s since 1970"
    return f"{moment} (file modification time)"
