"""The files of one log together: `journal/`, `private/` and the lock."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from casefile.events.durable import Reached
from casefile.events.envelope import Part
from casefile.events.journal import Journal
from casefile.events.lock import Held, holding
from casefile.events.private import PrivateParts

LOCK = "lock"


@dataclass(frozen=True, slots=True)
class LogFiles:
    """The files of a log: `journal/` and `private/` below its folder, and the one lock of both."""

    journal: Journal
    private: PrivateParts
    lock: Path

    @classmethod
    def at(cls, folder: Path, reached: Reached) -> LogFiles:
        """The files of the log in `folder`."""
        lock = folder / LOCK
        return cls(Journal(folder / "journal", lock, reached), PrivateParts(folder / "private", lock, reached), lock)

    def create(self) -> None:
        """Make the folders."""
        self.journal.create()
        self.private.create()

    def locked(self) -> AbstractContextManager[Held]:
        """Hold the lock that every writer of the log's files takes."""
        return holding(self.lock)


@dataclass(frozen=True, slots=True)
class Unwritten:
    """A committed event that the files may lack."""

    position: int
    content: bytes
    parts: Sequence[Part]
