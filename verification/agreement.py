"""How far two assessments agree: share of equal results and Cohen's kappa, in whole numbers until they are printed.

Cohen, J. (1960), A coefficient of agreement for nominal scales, Educational and Psychological Measurement 20(1), 37-46.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

PLACES = 4


@dataclass(frozen=True, slots=True)
class Agreement:
    """Pairs that were compared, how many are equal, and kappa; None where it is not defined."""

    pairs: int
    equal: int
    kappa: Fraction | None

    @property
    def percentage(self) -> str | None:
        """Equal pairs of a hundred, with one place; None of nothing."""
        return decimal(Fraction(self.equal * 100, self.pairs), 1) if self.pairs else None


def agreement(pairs: Sequence[tuple[str, str]]) -> Agreement:
    """The agreement of two assessors over the same checks, a pair being their two results.

    Kappa is not defined where both gave one and the same result throughout: chance alone would agree as well.
    """
    count = len(pairs)
    equal = sum(1 for one, other in pairs if one == other)
    if not count:
        return Agreement(0, 0, None)
    first, second = Counter(one for one, _ in pairs), Counter(other for _, other in pairs)
    expected = Fraction(sum(first[result] * second[result] for result in first), count * count)
    if expected == 1:
        return Agreement(count, equal, None)
    return Agreement(count, equal, (Fraction(equal, count) - expected) / (1 - expected))


def decimal(value: Fraction, places: int = PLACES) -> str:
    """A fraction as a decimal of so many places, rounded half away from zero."""
    scale = 10**places
    scaled = abs(value) * scale
    whole = (2 * scaled.numerator + scaled.denominator) // (2 * scaled.denominator)
    sign = "-" if value < 0 and whole else ""
    return f"{sign}{whole // scale}.{whole % scale:0{places}d}"
