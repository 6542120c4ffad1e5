"""Clusters are the same in whatever order edges come, one weak edge joins no two groups, and a person's word holds."""

from __future__ import annotations

import itertools
import random

from hypothesis import given
from hypothesis import strategies as st

from verification.clusters import MOST_NEIGHBOURS, Link, clusters, templates_among

ITEMS = "abcdefgh"
LINKS = st.lists(
    st.builds(
        lambda pair, certain, apart: Link(*pair, certain, apart),
        st.sampled_from(list(itertools.combinations(ITEMS, 2))),
        st.booleans(),
        st.integers(0, 1_200),
    ),
    max_size=16,
    unique_by=lambda link: (link.item_a, link.item_b),
)
APART = st.sets(st.sampled_from(list(itertools.combinations(ITEMS, 2))), max_size=4)


def link(one: str, other: str, *, certain: bool = False, apart: int = 500) -> Link:
    return Link(one, other, certain, apart)


def triangle(items: str) -> list[Link]:
    return [link(one, other, certain=True, apart=0) for one, other in itertools.combinations(items, 2)]


@given(LINKS, APART, st.randoms(use_true_random=False))
def test_the_order_of_arrival_changes_nothing_and_nobody_apart_is_together(
    links: list[Link], apart: set[tuple[str, str]], chance: random.Random
) -> None:
    found = clusters(links, apart)
    shuffled = links.copy()
    chance.shuffle(shuffled)
    assert clusters(shuffled, apart) == found
    for one, other in apart:
        assert not any(one in group and other in group for group in found.groups)
    for held in found.held_back:
        assert not any(held.item_a in group and held.item_b in group for group in found.groups)


def test_one_weak_edge_joins_no_two_groups_of_three() -> None:
    bridge = link("c", "d")
    found = clusters([*triangle("abc"), *triangle("def"), bridge])
    assert found.groups == (("a", "b", "c"), ("d", "e", "f"))
    assert found.held_back == (bridge,)


def test_a_second_edge_a_certain_one_or_a_small_group_joins() -> None:
    two = [*triangle("abc"), *triangle("def")]
    whole = (("a", "b", "c", "d", "e", "f"),)
    assert clusters([*two, link("c", "d"), link("a", "f")]).groups == whole
    assert clusters([*two, link("c", "d", certain=True)]).groups == whole
    assert clusters([*triangle("abc"), link("c", "d")]).groups == (("a", "b", "c", "d"),)


def test_the_nearer_of_two_edges_that_exclude_each_other_counts() -> None:
    near, far = link("a", "b", apart=100), link("b", "c", apart=900)
    found = clusters([far, near], [("a", "c")])
    assert found.groups == (("a", "b"),)
    assert found.held_back == (far,)


def test_what_resembles_everything_joins_nothing_whatever_came_first() -> None:
    copies = [f"form-{number:03}" for number in range(MOST_NEIGHBOURS + 1)]
    alike = [link(one, other) for one, other in itertools.combinations(copies, 2)]
    templates = templates_among((one.item_a, one.item_b) for one in alike)
    assert templates == set(copies)
    same = link(copies[0], copies[1], certain=True, apart=0)
    found = clusters([*alike[1:], same, link("a", "b")], templates=templates)
    assert found.groups == (("a", "b"), (copies[0], copies[1]))
    assert len(found.held_back) == len(alike) - 1
    assert not templates_among((one.item_a, one.item_b) for one in alike[1:200])
