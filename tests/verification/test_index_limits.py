"""What an approximate search finds does not depend on how codes are stored, and what is left out is said."""

from __future__ import annotations

import numpy as np
import pytest

from verification.edges import Subject
from verification.interface import Fingerprint
from verification.technical import bands, matching
from verification.technical.bands import Bands, near
from verification.technical.matching import Matcher

RANDOM = np.random.default_rng(12)


def codes_around(code: bands.Words, count: int) -> bands.Words:
    """Codes that differ from one in 40 to 90 of its bits."""
    found = np.tile(code.view(np.uint8), (count, 1))
    for row in found:
        bits = np.unpackbits(row)
        bits[RANDOM.permutation(256)[: RANDOM.integers(40, 90)]] ^= 1
        row[:] = np.packbits(bits)
    return found.view(np.uint64)


@pytest.mark.parametrize("flips", [0, 1, 2])
def test_a_scan_finds_what_bands_find_where_the_search_is_approximate(flips: int) -> None:
    asked = RANDOM.integers(0, 1 << 63, 4, dtype=np.uint64)
    others = RANDOM.integers(0, 1 << 63, (20_000, 4), dtype=np.uint64)
    codes = np.concatenate([codes_around(asked, 400), others])
    by_bands, scanned = (near(codes, one, asked, 76, flips) for one in (Bands.of(codes), None))
    assert [one.tolist() for one in scanned] == [one.tolist() for one in by_bands]
    assert 0 < len(scanned[0]) < len(near(codes, None, asked, 76, None)[0])


def test_rows_that_hold_one_code_are_scanned_and_not_gathered() -> None:
    asked = RANDOM.integers(0, 1 << 63, 4, dtype=np.uint64)
    codes = np.tile(asked, (50_000, 1))
    made = Bands.of(codes)
    assert made.candidates(asked, 2, len(codes) // bands.FEWER) is None
    rows, apart = near(codes, made, asked, 0, 2)
    assert len(rows) == len(codes)
    assert not apart.any()


def subject(number: int, pdq: str, phash: str) -> Subject:
    print_ = Fingerprint(
        pdq=pdq, turned=("0f" * 32,) * 7, phash=phash, quality=100, low_information=False, width=640, height=480
    )
    return Subject(f"item-{number}", f"lead-{number}", f"sha256:{number}", (print_,), number)


@pytest.mark.parametrize("by", ["phash", "pixels"])
def test_items_that_are_not_compared_are_named_as_a_limit(by: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(matching, "MOST_LOOKED_AT", 3)
    matcher = Matcher()
    asked = subject(9, "ff" * 32, "ab" * 8)
    for number in range(5):
        pdq = RANDOM.bytes(32).hex() if by == "phash" else asked.fingerprints[0].pdq
        matcher.add(subject(number, pdq, asked.fingerprints[0].phash if by == "phash" else RANDOM.bytes(8).hex()))
    limits = matcher.matches(asked).limits
    said = [one for one in limits if one == "near 5 items, of which 3 are compared"]
    assert len(said) == (1 if by == "phash" else 2)
