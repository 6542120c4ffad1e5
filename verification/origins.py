"""How many independent origins a number of items has: corroboration counts origins, not copies. Pure.

Near-duplicates that are certain enough or that a person called the same are one origin (Berkeley Protocol, paragraphs
187 and 194), and so are the items of one capture.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence


def count_origins(items: Iterable[str], together: Iterable[Sequence[str]]) -> int:
    """The number of groups among `items` when each of `together` joins those that it names, others included."""
    parent: dict[str, str] = {}

    def root(one: str) -> str:
        while parent.setdefault(one, one) != one:
            parent[one] = parent[parent[one]]
            one = parent[one]
        return one

    for joined in together:
        for other in joined[1:]:
            parent[root(other)] = root(joined[0])
    return len({root(item) for item in items})
