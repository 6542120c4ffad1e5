"""The RFC 9162 Merkle tree over leaf hashes, as a compact range: all that an append needs. Pure.

A range of n leaves is kept as the roots of the perfect subtrees that n's binary form names, the largest first:
at most 53 hashes of 32 bytes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

NODE_PREFIX = b"\x01"
"""RFC 9162 section 2.1.1."""
EMPTY_ROOT = hashlib.sha256(b"").digest()
"""RFC 9162 section 2.1.1: the root of no leaves."""


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of an inner node."""
    return hashlib.sha256(NODE_PREFIX + left + right).digest()


@dataclass(frozen=True, slots=True)
class CompactRange:
    """A tree of `size` leaves, by the roots of its perfect subtrees."""

    size: int = 0
    subtrees: tuple[bytes, ...] = ()

    def extend(self, leaves: Iterable[bytes]) -> CompactRange:
        """The tree after these leaf hashes were added in order."""
        size, stack = self.size, list(self.subtrees)
        for leaf in leaves:
            stack.append(leaf)
            # As many merges as the old size has trailing ones in binary.
            ones = size
            while ones & 1:
                right = stack.pop()
                stack.append(node_hash(stack.pop(), right))
                ones >>= 1
            size += 1
        return CompactRange(size, tuple(stack))

    def root(self) -> bytes:
        """The tree head: 32 bytes."""
        if not self.subtrees:
            return EMPTY_ROOT
        root = self.subtrees[-1]
        for left in reversed(self.subtrees[:-1]):
            root = node_hash(left, root)
        return root

    def to_text(self) -> str:
        """The subtrees as hexadecimal digits, for a column of text."""
        return "".join(subtree.hex() for subtree in self.subtrees)

    @classmethod
    def from_text(cls, size: int, text: str) -> CompactRange:
        """The reverse of `to_text`; raises ValueError when the number of subtrees does not fit `size`."""
        content = bytes.fromhex(text)
        if len(content) != 32 * size.bit_count():
            raise ValueError(f"{len(content)} bytes of subtrees for {size} leaves")
        return cls(size, tuple(content[at : at + 32] for at in range(0, len(content), 32)))
