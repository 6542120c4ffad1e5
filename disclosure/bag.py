"""Writing a bag (BagIt 1.0, RFC 8493): every file once, both digests in the pass that writes it.

Nothing here depends on the time, the machine or the order of calls, so that the same contents give the same bytes.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from io import FileIO
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

from casefile.digests import BLOCK_BYTES, blocks
from casefile.errors import StorageFailed
from disclosure.check_package import DECLARATION, NOT_TAGGED, UNCOUNTED, Refused, check_name, check_twins
from disclosure.scanning import FOLDED, Hit, Scanner, Secret

ALGORITHMS = ("sha256", "sha512")
MD5 = "md5"
FILE, FOLDER = 0o644, 0o755


@dataclass(frozen=True, slots=True)
class Written:
    """A file of the bag: length and digests in hexadecimal, by algorithm."""

    size: int
    digests: Mapping[str, str]


class Bag:
    """A bag that is being written into a new folder. `hits` gathers what the scanner found in any of its files.

    `folded` are the files that hold more than their bytes show, for `unfolding` to look through.
    """

    def __init__(self, root: Path, scanner: Scanner) -> None:
        self.root = root
        self.written: dict[str, Written] = {}
        self.hits: list[Hit] = []
        self.folded: list[str] = []
        self._scanner = scanner
        self._pool = ThreadPoolExecutor(1)
        _make(root)

    @property
    def looked_for(self) -> tuple[Secret, ...]:
        """What the scanner of the bag looks for."""
        return tuple(one for one in self._scanner.secrets if not one.is_short)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._pool.shutdown()

    def add(self, path: str, content: bytes) -> Written:
        """A document. Raises StorageFailed."""
        return self._write(path, iter([content]), (), "")

    def copy(self, path: str, source: BinaryIO, *extra: str, twin: str = "") -> Written:
        """A copy of what is left in `source`, with digests by the `extra` algorithms too; another one as `twin`.

        Raises StorageFailed.
        """
        return self._write(path, blocks(source, BLOCK_BYTES), extra, twin)

    def close(self, labels: Mapping[str, str]) -> None:
        """Write declaration, labels and manifests. Raises ValueError for names that no package has."""
        try:
            check_twins(list(self.written))
        except Refused as refused:
            raise ValueError(f"{refused.path}: {refused.fields}") from refused
        self.add("bagit.txt", DECLARATION)
        said = {**labels, "Payload-Oxum": self._oxum(inside=True), "Casefile-Tag-Oxum": self._oxum(inside=False)}
        self.add("bag-info.txt", "".join(f"{label}: {said[label]}\n" for label in said).encode("utf-8"))
        for algorithm in ALGORITHMS:
            self.add(f"manifest-{algorithm}.txt", _manifest(self.written, algorithm, inside=True))
        listed = dict(self.written)
        for algorithm in ALGORITHMS:
            self.add(f"tagmanifest-{algorithm}.txt", _manifest(listed, algorithm, inside=False))

    def paths(self) -> list[Path]:
        """Every file, for syncing."""
        return [self.root / path for path in self.written]

    def _oxum(self, *, inside: bool) -> str:
        counted = [
            one for path, one in self.written.items() if path.startswith("data/") is inside and path not in UNCOUNTED
        ]
        return f"{sum(one.size for one in counted)}.{len(counted)}"

    def _write(self, path: str, content: Iterator[bytes], extra: tuple[str, ...], twin: str) -> Written:
        paths = [path, twin] if twin else [path]
        for one in paths:
            self._require_free(one)
        beside = [hashlib.new(name, usedforsecurity=False) for name in ("sha512", *extra)]
        sha256, look, size = hashlib.sha256(), self._scanner.look(path), 0
        try:
            with ExitStack() as stack:
                streams = [stack.enter_context(self._opened(one)) for one in paths]
                for block in content:
                    if not size and block.startswith(FOLDED):
                        self.folded.append(path)
                    # hashlib lets go of the interpreter, so that the second core does the slower half.
                    other = self._pool.submit(_update, beside, block)
                    for stream in streams:
                        _write_all(stream, block)
                    sha256.update(block)
                    look.feed(block)
                    size += len(block)
                    other.result()
        except OSError as error:
            raise StorageFailed("write", str(self.root / path), error.strerror or str(error)) from error
        self.hits += look.hits()
        digests = {"sha256": sha256.hexdigest()} | {one.name: one.hexdigest() for one in beside}
        self.written |= dict.fromkeys(paths, Written(size, digests))
        return self.written[path]

    def _require_free(self, path: str) -> None:
        try:
            check_name(path)
        except Refused as refused:
            raise ValueError(f"{path}: {refused.fields}") from refused
        if path in self.written:
            raise ValueError(f"{path} is in the package already")

    @contextmanager
    def _opened(self, path: str) -> Iterator[FileIO]:
        _make((self.root / path).parent)
        with (self.root / path).open("xb", buffering=0) as stream:
            os.fchmod(stream.fileno(), FILE)
            yield stream


def _update(digests: list[hashlib._Hash], block: bytes) -> None:
    for one in digests:
        one.update(block)


def _write_all(stream: FileIO, block: bytes) -> None:
    rest = memoryview(block)
    while rest:
        rest = rest[stream.write(rest) :]


def _make(folder: Path) -> None:
    if folder.is_dir():
        return
    try:
        folder.mkdir(FOLDER, parents=True)
    except OSError as error:
        raise StorageFailed("mkdir", str(folder), error.strerror or str(error)) from error


def _manifest(written: Mapping[str, Written], algorithm: str, *, inside: bool) -> bytes:
    lines = [
        f"{one.digests[algorithm]}  {path}\n"
        for path, one in sorted(written.items())
        if path.startswith("data/") is inside and path not in NOT_TAGGED
    ]
    return "".join(lines).encode("utf-8")
