"""Proofs in the RFC 9162 tree: that an event is in it, and that a later tree begins with an earlier one. Pure.

A proof is made of the roots of perfect subtrees, which `Nodes` finds by level and index: level 0 holds the leaves, and
node i of level n covers the 2^n leaves from i 2^n on.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from casefile.events.tree import EMPTY_ROOT, CompactRange, node_hash

Nodes = Callable[[int, int], bytes]
"""The root of the perfect subtree at (level, index)."""
HASH_BYTES = 32


def root_of(size: int, nodes: Nodes) -> bytes:
    """The tree head of the first `size` leaves."""
    return _subtree(0, size, nodes) if size else EMPTY_ROOT


def range_of(size: int, nodes: Nodes) -> CompactRange:
    """The first `size` leaves as what an append needs of them."""
    subtrees, begin = [], 0
    for level in reversed(range(size.bit_length())):
        if size >> level & 1:
            subtrees.append(nodes(level, begin >> level))
            begin += 1 << level
    return CompactRange(size, tuple(subtrees))


def inclusion_proof(index: int, size: int, nodes: Nodes) -> tuple[bytes, ...]:
    """RFC 9162 section 2.1.3.1: what leads from leaf `index` to the head of `size` leaves, the lowest hash first.

    Raises ValueError for an index that is not in the tree.
    """
    if not 0 <= index < size:
        raise ValueError(f"leaf {index} is not in a tree of {size}")
    begin, end, path = 0, size, []
    while end - begin > 1:
        middle = begin + _split(end - begin)
        if index < middle:
            path.append(_subtree(middle, end, nodes))
            end = middle
        else:
            path.append(_subtree(begin, middle, nodes))
            begin = middle
    return tuple(reversed(path))


def consistency_proof(earlier: int, later: int, nodes: Nodes) -> tuple[bytes, ...]:
    """RFC 9162 section 2.1.4.1: that the tree of `later` leaves begins with the one of `earlier`.

    Raises ValueError unless 0 < earlier <= later.
    """
    if not 0 < earlier <= later:
        raise ValueError(f"no tree of {later} leaves follows one of {earlier}")
    begin, end, path, is_known = 0, later, [], True
    while earlier < end:
        middle = begin + _split(end - begin)
        if earlier <= middle:
            path.append(_subtree(middle, end, nodes))
            end = middle
        else:
            path.append(_subtree(begin, middle, nodes))
            begin, is_known = middle, False
    if not is_known:
        path.append(_subtree(begin, end, nodes))
    return tuple(reversed(path))


def is_included(leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> bool:
    """RFC 9162 section 2.1.3.2: whether `proof` leads from the leaf hash to the root."""
    if not 0 <= index < size:
        return False
    number, last, found = index, size - 1, leaf
    for sibling in proof:
        if last == 0:
            return False
        if number & 1 or number == last:
            found = node_hash(sibling, found)
            while not number & 1 and number:
                number, last = number >> 1, last >> 1
        else:
            found = node_hash(found, sibling)
        number, last = number >> 1, last >> 1
    return last == 0 and found == root


def is_consistent(earlier: int, later: int, proof: Sequence[bytes], earlier_root: bytes, later_root: bytes) -> bool:
    """RFC 9162 section 2.1.4.2: whether `proof` shows that the later tree begins with the earlier one.

    Nothing begins with the empty tree that would not; its root must still be the one of no leaves.
    """
    if not 0 < earlier < later:
        same = earlier == later and earlier_root == later_root
        return not proof and (same or (earlier == 0 <= later and earlier_root == EMPTY_ROOT))
    path = list(proof) if earlier & (earlier - 1) else [earlier_root, *proof]
    if not path:
        return False
    number, last = earlier - 1, later - 1
    while number & 1:
        number, last = number >> 1, last >> 1
    before = after = path[0]
    for sibling in path[1:]:
        if last == 0:
            return False
        if number & 1 or number == last:
            before, after = node_hash(sibling, before), node_hash(sibling, after)
            while not number & 1 and number:
                number, last = number >> 1, last >> 1
        else:
            after = node_hash(after, sibling)
        number, last = number >> 1, last >> 1
    return last == 0 and before == earlier_root and after == later_root


def _split(size: int) -> int:
    """The largest power of two below `size`."""
    return 1 << (size - 1).bit_length() - 1


def _subtree(begin: int, end: int, nodes: Nodes) -> bytes:
    """The root over the leaves begin … end-1, where `begin` is a multiple of the largest power of two that fits."""
    size = end - begin
    if size & (size - 1) == 0:
        level = size.bit_length() - 1
        return nodes(level, begin >> level)
    middle = begin + _split(size)
    return node_hash(_subtree(begin, middle, nodes), _subtree(middle, end, nodes))
