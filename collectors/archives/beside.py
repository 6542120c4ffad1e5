"""The files that were handed over together with an archive, by path, name and digest. Pure."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Sequence

from casefile.archives import Bearing
from collectors.archives.answer import Beside

SHA256 = re.compile(r"(?i)(?:sha-?(?:2-?)?256\W{0,3})?([0-9a-f]{64})")
"""A digest as people and tools write it."""


class Files:
    """What lies beside an archive. A path in it is looked up and never opened."""

    def __init__(self, archive: str, beside: Sequence[Beside]) -> None:
        self._folder = posixpath.dirname(archive)
        self._by_path = {one.path: one for one in beside}
        self._by_digest = {one.sha256.removeprefix("sha256:"): one for one in beside}
        self._by_name: dict[str, Beside | None] = {}
        for one in beside:
            name = posixpath.basename(one.path)
            self._by_name[name] = None if name in self._by_name else one

    def at(self, path: str) -> Beside | None:
        """The file at a path that an archive names, counted from where the archive lies."""
        return self._by_path.get(posixpath.normpath(posixpath.join(self._folder, path)))

    def named(self, path: str) -> Beside | None:
        """The file at that path or, where only one has it, of that name."""
        return self.at(path) or self._by_name.get(posixpath.basename(path.replace("\\", "/")))

    def bears(self, digest: str, path: str = "") -> Bearing | None:
        """Whether a file that is here has a sha256 that is claimed, the one at `path` if there is one."""
        found = SHA256.search(digest)
        if found is None:
            return None
        value = found.group(1).lower()
        one = self.named(path) if path else None
        if one is not None:
            return Bearing.MATCHES if one.sha256.removeprefix("sha256:") == value else Bearing.DIFFERS
        return Bearing.MATCHES if value in self._by_digest else Bearing.ABSENT
