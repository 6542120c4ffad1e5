"""The cookie jars of virtual identities: beside the keys, for their owner only, outside vault, log and database.

The log knows a jar by its digest alone. A file that no identity names, such as what a crash left, is discarded.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from casefile.digests import sha256
from casefile.errors import DigestMismatch, JarUnusable
from preservation.durable import Disk

FOLDER = "identities"
PRIVATE_FILE, PRIVATE_FOLDER = 0o600, 0o700


@dataclass(frozen=True, slots=True)
class Jars:
    """The jars of one workspace, below its `keys` folder. A digest is `sha256:hex` of a jar's bytes."""

    keys: Path
    disk: Disk

    @property
    def folder(self) -> Path:
        return self.keys / FOLDER

    def store(self, content: bytes) -> None:
        """Keep a jar durably, to be found by its sha256. Raises StorageFailed."""
        self.disk.make_directories(self.folder)
        self.disk.restrict(self.folder, PRIVATE_FOLDER)
        self.disk.replace(self._place(sha256(content)), content, PRIVATE_FILE)

    def read(self, digest: str) -> bytes:
        """A jar's bytes. Raises JarUnusable when it is not there, DigestMismatch when it is not what was stored."""
        path = self._place(digest)
        try:
            content = path.read_bytes()
        except FileNotFoundError as error:
            raise JarUnusable("it is not in this workspace's keys any more") from error
        found = sha256(content)
        if found != digest:
            raise DigestMismatch(f"{path.parent.name}/{path.name}", "sha256", digest, found)
        return content

    def paths(self) -> list[Path]:
        """The files of all jars."""
        return sorted(path for path in self.folder.iterdir() if path.is_file()) if self.folder.is_dir() else []

    def keep_only(self, digests: Collection[str]) -> None:
        """Discard every file that is none of these jars. Raises StorageFailed."""
        named = {self._place(digest) for digest in digests}
        for path in self.paths():
            if path not in named:
                self.disk.remove_file(path)

    def _place(self, digest: str) -> Path:
        return self.folder / file_name(digest)


def file_name(digest: str) -> str:
    """What the file of a jar is called: by a digest of its digest, since what a listing shows is in no log or jar."""
    return f"{hashlib.sha256(digest.encode('ascii')).hexdigest()[:32]}.jar"
