"""Digests: named algorithms, computed in one pass over the bytes.

sha256 is an item's identity everywhere; sha512 is what the vault's manifests use. A digest is never compared
without its algorithm.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, NewType, Protocol

Digest = NewType("Digest", str)
"""`algorithm:hex`, lower case, such as `sha256:9f86…`."""

BLOCK_BYTES = 1 << 20
"""Read size. 64 KiB to 1 MiB measured best; smaller costs calls, larger leaves the cache."""


class _Hash(Protocol):
    def update(self, block: bytes, /) -> None: ...

    def hexdigest(self) -> str: ...


@dataclass(frozen=True, slots=True)
class DigestSet:
    """The two digests and the length in bytes of one sequence of bytes."""

    sha256: Digest
    sha512: Digest
    size: int


class Digester:
    """Feeds both digests block by block; `result` may be read at any time."""

    def __init__(self) -> None:
        self._sha256: _Hash = hashlib.sha256()
        self._sha512: _Hash = hashlib.sha512()
        self._size = 0

    def update(self, block: bytes) -> None:
        self._sha256.update(block)
        self._sha512.update(block)
        self._size += len(block)

    def result(self) -> DigestSet:
        return DigestSet(
            sha256=Digest("sha256:" + self._sha256.hexdigest()),
            sha512=Digest("sha512:" + self._sha512.hexdigest()),
            size=self._size,
        )


def sha256(content: bytes) -> Digest:
    """The sha256 of bytes that are already in memory."""
    return Digest("sha256:" + hashlib.sha256(content).hexdigest())


def sha512(content: bytes) -> Digest:
    """The sha512 of bytes that are already in memory."""
    return Digest("sha512:" + hashlib.sha512(content).hexdigest())


def algorithm_of(digest: Digest) -> str:
    """The algorithm's name in front of the colon."""
    return digest.partition(":")[0]


def hex_of(digest: Digest) -> str:
    """The hexadecimal digits behind the colon."""
    return digest.partition(":")[2]


def blocks(stream: BinaryIO, size: int = BLOCK_BYTES) -> Iterator[bytes]:
    """The stream's bytes in blocks of `size`, the last one shorter."""
    while block := stream.read(size):
        yield block


def digest_stream(stream: BinaryIO, onward: Callable[[bytes], object] | None = None) -> DigestSet:
    """Both digests of what is left in `stream`, read once; each block is also handed to `onward`."""
    digester = Digester()
    for block in blocks(stream):
        digester.update(block)
        if onward is not None:
            onward(block)
    return digester.result()


def digest_file(path: Path) -> DigestSet:
    """Both digests of a file's bytes, read once."""
    with path.open("rb") as stream:
        return digest_stream(stream)
