"""The Admiralty code: two axes that are entered, kept and sorted apart. Pure.

F and 6 say that something cannot be judged. They are no grades at the end of a scale, so that an order of grades
leaves what bears them out and names it behind the rest.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from casefile.vocabulary_verification import Credibility, Reliability


def is_graded(reliability: str | None, credibility: str | None) -> bool:
    """Whether both axes were judged."""
    known = reliability is not None and credibility is not None
    return known and reliability != Reliability.F and credibility != Credibility.UNJUDGED


def graded_first(claims: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Those with both axes judged, the most reliable source first and then the most credible information; then the
    rest in the order in which they came.
    """
    graded = [one for one in claims if is_graded(*_grades(one))]
    rest = [one for one in claims if not is_graded(*_grades(one))]
    return [*sorted(graded, key=lambda one: tuple(str(axis) for axis in _grades(one))), *rest]


def _grades(claim: Mapping[str, Any]) -> tuple[str | None, str | None]:
    return claim["reliability"], claim["credibility"]
