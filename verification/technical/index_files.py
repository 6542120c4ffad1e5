"""The files of the index of fingerprints: segments named by the digest of their bytes, and a manifest that lists them.

It is a cache of the tables and nothing is lost with it. What cannot be shown to be what was written is not used: then
the index ends before it, and the tables are read from there on. Files are never changed: a reader that has mapped one
goes on with it when a writer, of which there is one at a time, has put another in its place. Nothing waits for the
disk, since after a power cut a torn file is found by its digest.
"""

from __future__ import annotations

import hashlib
import mmap
import os
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
from pydantic import ValidationError

from casefile.digests import sha256
from casefile.events.durable import DIRECTORY_MODE, FILE_MODE, Reached, translated
from casefile.model import Value
from verification.technical.index_lock import trying
from verification.technical.segments import VERSION, Rows, Segment

MANIFEST, SUFFIX, PART = "manifest.json", ".codes", ".part"
GROWTH = 2
"""A segment is merged with the one before it while that has at most this many times as many codes."""
MERGED_WHILE_ADDING = 1 << 18
"""Codes of a segment up to which adding merges: a longer one takes seconds, and is made by `merged`, by the clock."""
MOST_MERGED = 1 << 22
"""Codes of a segment at most: merging takes 285 bytes of memory for each of them, 1.2 GB."""
TRIES = 2
"""Times that the manifest is read: a writer may have merged what it named."""

EventAt = Callable[[int], str]
"""The id of the event at a position of the log; empty where there is none."""


def _unobserved(_step: str) -> None:
    """The `reached` of every day."""


def most_neighbours(lengths: Sequence[int], most: int) -> tuple[int, int]:
    """Where the longest run begins and ends whose lengths make no more than `most` together; of several the last."""
    best, first, together = (0, 0), 0, 0
    for end, length in enumerate(lengths, 1):
        together += length
        while together > most:
            together -= lengths[first]
            first += 1
        if end - first >= best[1] - best[0]:
            best = (first, end)
    return best


class Listed(Value):
    """One segment: the digest of its bytes, the last position it covers and the event there."""

    sha256: str
    last: int
    event: str


class Manifest(Value):
    """The segments in the order of the log."""

    version: int
    log: str
    segments: tuple[Listed, ...] = ()


@dataclass(frozen=True, slots=True)
class Mapped:
    """A segment with its place in the manifest."""

    listed: Listed
    segment: Segment


@dataclass(frozen=True, slots=True)
class IndexFiles:
    """The folder of the index of one log."""

    folder: Path
    log: str
    reached: Reached = _unobserved

    def opened(self, event_at: EventAt, most: int) -> tuple[Mapped, ...]:
        """The segments that are whole, from the beginning of the log, of which none goes beyond position `most`.

        A segment of another log, or of one that was set back, ends it too.
        """
        found: list[Mapped] = []
        for _try in range(TRIES):
            found = []
            try:
                for one in self._listed():
                    segment = self._mapped(one) if one.last <= most and event_at(one.last) == one.event else None
                    if segment is None:
                        break
                    found.append(Mapped(one, segment))
            except FileNotFoundError:
                continue
            break
        return tuple(found)

    def appended(
        self, known: Sequence[Mapped], rows: Rows, until: tuple[int, str], gone: Callable[[], Collection[int]]
    ) -> tuple[Mapped, ...] | None:
        """Write rows behind the known segments, merged with those that are not much longer; the segments then.

        `until`: the position up to which they are all there is, and the event there. `gone` names places of which
        nothing may be written. None where somebody else is writing or has written something else meanwhile.
        """
        with translated("make", self.folder):
            self.folder.mkdir(mode=DIRECTORY_MODE, parents=True, exist_ok=True)
        with trying(self.folder) as mine:
            if not mine or not self._begins_with(known):
                return None
            left = list(known)
            while left and len(left[-1].segment) <= min(GROWTH * len(rows), MERGED_WHILE_ADDING - len(rows)):
                rows = Rows.joined([left.pop().segment.rows(), rows])
            return self._put(left, rows, until, gone)

    def merged(self, known: Sequence[Mapped], gone: Callable[[], Collection[int]]) -> tuple[Mapped, ...] | None:
        """Make one segment of the most neighbours that are MOST_MERGED codes together; the segments then.

        None where there is more than is known, where somebody else is writing or has written something else.
        """
        first, end = most_neighbours([len(one.segment) for one in known], MOST_MERGED)
        parts = known[first:end]
        if len(parts) < 2:
            return tuple(known)
        with trying(self.folder) as mine:
            if not mine or not self._begins_with(known) or len(self._listed()) > len(known):
                return None
            last = parts[-1].listed
            rows = Rows.joined([one.segment.rows() for one in parts])
            return self._put(known[:first], rows, (last.last, last.event), gone, known[end:])

    def _begins_with(self, known: Sequence[Mapped]) -> bool:
        """Whether the files are still those, whatever stands behind them."""
        return list(self._listed()[: len(known)]) == [one.listed for one in known]

    def _put(
        self,
        left: Sequence[Mapped],
        rows: Rows,
        until: tuple[int, str],
        gone: Callable[[], Collection[int]],
        behind: Sequence[Mapped] = (),
    ) -> tuple[Mapped, ...]:
        """Write rows as the segment between those before and behind it, in the place of all others. Under the lock."""
        last, event = until
        first = left[-1].listed.last + 1 if left else 0
        # Asked for under the lock, which whoever erases takes too, after it is recorded what is gone.
        segment = Segment.of(rows.without(gone()), first, last)
        listed = Listed(sha256=self._write(segment), last=last, event=event)
        segments = (*(one.listed for one in left), listed, *(one.listed for one in behind))
        manifest = Manifest(version=VERSION, log=self.log, segments=segments)
        self._replace(manifest)
        self._tidy({one.sha256 for one in manifest.segments})
        mapped = self._mapped(listed)
        return (*left, Mapped(listed, mapped), *behind) if mapped is not None else tuple(left)

    def _listed(self) -> tuple[Listed, ...]:
        try:
            content, _newline, digest = (self.folder / MANIFEST).read_bytes().rpartition(b"\n")
            manifest = Manifest.model_validate_json(content)
        except (OSError, ValidationError):
            return ()
        whole = digest == sha256(content).encode() and (manifest.version, manifest.log) == (VERSION, self.log)
        return manifest.segments if whole else ()

    def _mapped(self, one: Listed) -> Segment | None:
        """The segment, when its bytes can be read and are those that were written; raises FileNotFoundError."""
        try:
            with (self.folder / f"{one.sha256}{SUFFIX}").open("rb") as file:
                # Read, not mapped: a disk that fails ends a process that reads what it has mapped.
                if hashlib.file_digest(file, "sha256").hexdigest() != one.sha256:
                    return None
                content = mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ)
            segment = Segment.read(np.frombuffer(content, dtype=np.uint8))
        except FileNotFoundError:
            raise
        except (OSError, ValueError):
            return None
        return segment if segment.last == one.last else None

    def _write(self, segment: Segment) -> str:
        part, digest = self.folder / f"segment{PART}", hashlib.sha256()
        with _written(part) as file:
            for content in segment.parts():
                digest.update(content)
                file.write(content)
                self.reached("some written")
            file.flush()
            self.reached("segment written")
            part.replace(self.folder / f"{digest.hexdigest()}{SUFFIX}")
        self.reached("segment named")
        return digest.hexdigest()

    def _replace(self, manifest: Manifest) -> None:
        part, content = self.folder / f"{MANIFEST}{PART}", manifest.canonical()
        with _written(part) as file:
            file.write(content + b"\n" + sha256(content).encode())
            file.flush()
            self.reached("manifest written")
            part.replace(self.folder / MANIFEST)
        self.reached("manifest replaced")

    def _tidy(self, kept: Collection[str]) -> None:
        """Take away what the manifest does not name: merged segments, and what a writer that died has left."""
        with translated("tidy", self.folder):
            for path in self.folder.iterdir():
                if path.suffix in {SUFFIX, PART} and path.stem not in kept:
                    path.unlink()
                    self.reached("file removed")


@contextmanager
def _written(part: Path) -> Iterator[BinaryIO]:
    """A new file to write to, which is not left behind where the disk refuses. Raises SpaceExhausted, StorageFailed."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC | os.O_NOFOLLOW
    with translated("write", part):
        handle = os.open(part, flags, FILE_MODE)
        try:
            with os.fdopen(handle, "wb") as file:
                yield file
        except OSError:
            part.unlink(missing_ok=True)
            raise
