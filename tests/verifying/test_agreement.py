"""Agreement of two assessors, against numbers that were worked out by hand."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from verification.agreement import agreement, decimal
from verification.origins import count_origins

YES, NO = "supports", "contradicts"


def test_kappa_is_that_of_a_textbook_table() -> None:
    """20 both yes, 5 and 10 apart, 15 both no: 70 % observed, 50 % by chance, kappa 0.4."""
    pairs = [(YES, YES)] * 20 + [(YES, NO)] * 5 + [(NO, YES)] * 10 + [(NO, NO)] * 15
    found = agreement(pairs)
    assert (found.pairs, found.equal, found.percentage) == (50, 35, "70.0")
    assert found.kappa == Fraction(2, 5)


@pytest.mark.parametrize(
    ("pairs", "percentage", "kappa"),
    [([], None, None), ([(YES, YES)] * 3, "100.0", None), ([(YES, NO), (NO, YES)], "0.0", Fraction(-1))],
)
def test_kappa_is_left_out_where_it_is_not_defined(
    pairs: list[tuple[str, str]], percentage: str | None, kappa: Fraction | None
) -> None:
    found = agreement(pairs)
    assert (found.percentage, found.kappa) == (percentage, kappa)


@given(st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from("abc")), max_size=30))
@settings(max_examples=100, deadline=None)
def test_agreement_is_the_same_from_either_side(pairs: list[tuple[str, str]]) -> None:
    there, back = agreement(pairs), agreement([(other, one) for one, other in pairs])
    assert (there.equal, there.kappa) == (back.equal, back.kappa)
    assert there.kappa is None or -1 <= there.kappa <= 1


@pytest.mark.parametrize(
    ("value", "text"),
    [(Fraction(2, 5), "0.4000"), (Fraction(-1, 3), "-0.3333"), (Fraction(0), "0.0000"), (Fraction(2, 3), "0.6667")],
)
def test_fractions_are_printed_without_floats(value: Fraction, text: str) -> None:
    assert decimal(value) == text


def test_origins_are_joined_over_items_that_are_not_counted_themselves() -> None:
    assert count_origins(["a", "b", "c"], [("a", "x"), ("x", "b")]) == 2
    assert count_origins([], [("a", "b")]) == 0
