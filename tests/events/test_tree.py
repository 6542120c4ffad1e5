"""The tree against known answers, and against its definition in RFC 9162 followed to the letter."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from casefile.events.envelope import leaf_hash
from casefile.events.tree import EMPTY_ROOT, CompactRange

INPUTS = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"]
ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
"""The reference inputs of Certificate Transparency, and the roots of the first n of them that its programs print."""

hashes = st.lists(st.binary(min_size=32, max_size=32), max_size=70)


@pytest.mark.parametrize("size", range(len(ROOTS)))
def test_known_answers(size: int) -> None:
    leaves = [leaf_hash(bytes.fromhex(one)) for one in INPUTS[:size]]
    assert CompactRange().extend(leaves).root().hex() == ROOTS[size]


def by_definition(leaves: list[bytes]) -> bytes:
    if len(leaves) < 2:
        return leaves[0] if leaves else EMPTY_ROOT
    k = 1 << (len(leaves) - 1).bit_length() - 1
    return hashlib.sha256(b"\x01" + by_definition(leaves[:k]) + by_definition(leaves[k:])).digest()


@given(hashes, st.data())
def test_the_range_gives_the_root_of_the_definition_however_it_was_extended(
    leaves: list[bytes], data: st.DataObject
) -> None:
    tree = CompactRange()
    left = list(leaves)
    while left:
        take = data.draw(st.integers(1, len(left)))
        tree = CompactRange.from_text(tree.size, tree.extend([]).to_text()).extend(left[:take])
        left = left[take:]
    assert tree.root() == by_definition(leaves)
    assert (tree.size, len(tree.subtrees)) == (len(leaves), len(leaves).bit_count())


@pytest.mark.parametrize(("size", "text"), [(0, "00"), (1, ""), (1, "00" * 31), (2, "00" * 64), (3, "00" * 32)])
def test_subtrees_that_do_not_fit_the_size_are_refused(size: int, text: str) -> None:
    with pytest.raises(ValueError, match="subtrees for"):
        CompactRange.from_text(size, text)
