"""Which items count as one: joined by edges that are certain enough, and kept apart where a person said so. Pure.

The same edges give the same clusters in whatever order they came.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

SMALL = 3
"""Two clusters that both have at least this many items are not joined by one edge that nobody looked at: a single
mistaken edge would make one origin of two."""
MOST_NEIGHBOURS = 200
"""What has more edges is a template, such as a logo or a form: it looks like everything that is made with it."""


@dataclass(frozen=True, slots=True)
class Link:
    """An edge that joins two items. `certain`: equal, aligned, or called the same by a person."""

    item_a: str
    item_b: str
    certain: bool
    ten_thousandths: int
    """Distance as a share; of two links that exclude each other the nearer counts."""


@dataclass(frozen=True, slots=True)
class Clusters:
    """Items that count as one, each group in order, the largest first; and the links that were held back."""

    groups: tuple[tuple[str, ...], ...]
    held_back: tuple[Link, ...] = ()


def clusters(
    links: Iterable[Link], apart: Collection[tuple[str, str]] = (), templates: Collection[str] = ()
) -> Clusters:
    """The groups that links make.

    A link is held back that would put two items of `apart` into one group, or that is not certain and either ends at
    one of `templates` or alone would join two groups of SMALL or more items.
    """
    unsure = frozenset(templates)
    known = sorted(links, key=lambda link: (not link.certain, link.ten_thousandths, link.item_a, link.item_b))
    ordered = [link for link in known if link.certain or not {link.item_a, link.item_b} & unsure]
    group = {item: frozenset([item]) for link in known for item in (link.item_a, link.item_b)}
    enemies = _enemies(apart)
    waiting: Sequence[Link] = ordered
    while True:
        left = []
        for link in waiting:
            one, other = group[link.item_a], group[link.item_b]
            if one is other:
                continue
            if _hostile(one, other, enemies) or not (link.certain or _supported(one, other, ordered)):
                left.append(link)
                continue
            joined = one | other
            group |= dict.fromkeys(joined, joined)
        if len(left) == len(waiting):
            break
        waiting = left
    distinct = {frozenset(one) for one in group.values() if len(one) > 1}
    return Clusters(
        tuple(sorted((tuple(sorted(one)) for one in distinct), key=lambda one: (-len(one), one))),
        tuple(link for link in known if group[link.item_a] is not group[link.item_b]),
    )


def templates_among(pairs: Iterable[tuple[str, str]]) -> frozenset[str]:
    """The items that have MOST_NEIGHBOURS edges or more, each edge given once by the items that it joins."""
    edges = Counter(item for pair in pairs for item in pair)
    return frozenset(item for item, count in edges.items() if count >= MOST_NEIGHBOURS)


def _supported(one: frozenset[str], other: frozenset[str], links: Sequence[Link]) -> bool:
    """Whether one of the groups is small, or more than one link joins them."""
    if min(len(one), len(other)) < SMALL:
        return True
    ends = ({link.item_a, link.item_b} for link in links)
    return sum(bool(pair & one) and bool(pair & other) for pair in ends) > 1


def _hostile(one: frozenset[str], other: frozenset[str], enemies: dict[str, set[str]]) -> bool:
    return any(not other.isdisjoint(enemies.get(item, ())) for item in one)


def _enemies(apart: Collection[tuple[str, str]]) -> dict[str, set[str]]:
    enemies: dict[str, set[str]] = {}
    for one, other in apart:
        enemies.setdefault(one, set()).add(other)
        enemies.setdefault(other, set()).add(one)
    return enemies
