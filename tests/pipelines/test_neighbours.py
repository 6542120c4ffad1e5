"""What joins items into one origin: a template's likenesses do not, and what was aligned as a whole does."""

from __future__ import annotations

import pytest

from casefile.records.edges import StoredEdge
from casefile.vocabulary import Tier
from pipelines.neighbours import joined
from verification.clusters import MOST_NEIGHBOURS


@pytest.mark.parametrize(
    ("method", "groups"), [("pdq", 0), ("pdq+features+part", 0), ("pdq+features", 1), ("features", 1)]
)
def test_copies_of_a_much_copied_photograph_are_one_origin_where_they_were_aligned(method: str, groups: int) -> None:
    edges = [
        StoredEdge(f"{n}", "a", f"b{n:03d}", Tier.AUTO, method, "1", 9, 256, False, {})
        for n in range(MOST_NEIGHBOURS + 1)
    ]
    found = joined(edges)
    assert len(found.groups) == groups
    assert len(found.held_back) == (0 if groups else len(edges))
