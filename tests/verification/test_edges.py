"""Edges are the same whichever item came first, carry their evidence, and are suggestions."""

from __future__ import annotations

import hashlib
import itertools
import json
import time

import numpy as np
import pytest

from casefile.vocabulary import Tier
from verification.edges import (
    Edge,
    PixelQuestion,
    Subject,
    Thresholds,
    edge_id,
    score,
    with_pixels,
)
from verification.interface import VARIANTS, Fingerprint
from verification.technical.bands import bits_apart, words
from verification.technical.matching import MOST_NEIGHBOURS, Matcher, distance
from verification.technical.scanning import CodeTable

RANDOM = np.random.default_rng(7)


def _code(bits: int = 256) -> str:
    return RANDOM.bytes(bits // 8).hex()


def _flipped(code: str, bits: int) -> str:
    """The code with its first bits turned over."""
    width = len(code) * 4
    return f"{int(code, 16) ^ (((1 << bits) - 1) << (width - bits)):0{len(code)}x}"


def _print(pdq: str, phash: str = "", **other: object) -> Fingerprint:
    values = {
        "pdq": pdq,
        "turned": tuple(_code() for _ in range(7)),
        "phash": phash or _code(64),
        "quality": 100,
        "low_information": False,
        "width": 640,
        "height": 480,
    }
    return Fingerprint.model_validate(values | other)


def _still(name: str, *prints: Fingerprint, capture: str = "", sha256: str = "") -> Subject:
    return Subject(name, capture or f"capture of {name}", sha256 or f"sha256 of {name}", prints)


def _only_edge(one: Subject, other: Subject, thresholds: Thresholds | None = None) -> Edge | None:
    """The edge between two items, which is the same when they come in the other order."""
    found = []
    for first, second in ((one, other), (other, one)):
        matcher = Matcher(thresholds or Thresholds())
        matcher.add(first)
        found.append(matcher.matches(second).edges)
    assert found[0] == found[1]
    return found[0][0] if found[0] else None


def test_an_edge_id_is_the_digest_of_the_sorted_item_ids() -> None:
    expected = hashlib.sha256(json.dumps(["a", "b"], separators=(",", ":")).encode()).hexdigest()
    assert edge_id("b", "a") == edge_id("a", "b") == f"sha256:{expected}"


@pytest.mark.parametrize(
    ("bits_apart", "bits", "told"),
    [
        (0, 256, "1.0000"),
        (31, 256, "0.8789"),
        (64, 256, "0.7500"),
        (128, 256, "0.5000"),
        (256, 256, "0.0000"),
        (8, 64, "0.8750"),
    ],
)
def test_a_score_is_a_decimal_worked_out_by_whole_numbers(bits_apart: int, bits: int, told: str) -> None:
    assert score(bits_apart, bits) == told


@pytest.mark.parametrize(
    ("bits", "tier"), [(1, Tier.AUTO), (31, Tier.AUTO), (32, Tier.CANDIDATE), (64, Tier.CANDIDATE), (65, None)]
)
def test_the_tier_follows_the_distance(bits: int, tier: Tier | None) -> None:
    code = _code()
    edge = _only_edge(_still("a", _print(code)), _still("b", _print(_flipped(code, bits))))
    assert (edge.tier if edge else None) is tier
    assert edge is None or (edge.distance, edge.bits, edge.method) == (bits, 256, "pdq")


def test_limits_of_the_tiers_are_settings() -> None:
    code = _code()
    pair = _still("a", _print(code)), _still("b", _print(_flipped(code, 40)))
    assert _only_edge(*pair, Thresholds(auto_bits=40)).tier is Tier.AUTO  # type: ignore[union-attr]
    assert _only_edge(*pair, Thresholds(candidate_bits=39)) is None


@pytest.mark.parametrize("place", range(1, 8))
def test_every_turn_is_found_and_named_from_the_first_item(place: int) -> None:
    one, other = _print(_code()), _print(_code())
    back = {1: 3, 3: 1}.get(place, place)
    turned, turned_back = list(one.turned), list(other.turned)
    turned[place - 1], turned_back[back - 1] = _flipped(other.pdq, 10), _flipped(one.pdq, 12)
    edge = _only_edge(
        _still("a", one.model_copy(update={"turned": tuple(turned)})),
        _still("b", other.model_copy(update={"turned": tuple(turned_back)})),
    )
    assert edge is not None
    assert (edge.variant, edge.method, edge.distance) == (VARIANTS[place], f"pdq-{VARIANTS[place]}", 10)


def test_the_negative_of_a_picture_is_not_the_picture() -> None:
    code = _code()
    negative = _flipped(code, 256)
    assert _only_edge(_still("a", _print(code)), _still("b", _print(negative))) is None
    table = CodeTable(256)
    table.add(code)
    assert table.distances(negative).tolist() == [256]
    assert bits_apart(words(code)[None, :], words(negative)).tolist() == [256]


def test_phash_is_reported_beside_pdq_and_alone_is_a_candidate() -> None:
    code, phash = _code(), _code(64)
    both = _only_edge(_still("a", _print(code, phash)), _still("b", _print(_flipped(code, 9), _flipped(phash, 5))))
    assert both is not None
    assert (both.method, both.phash_distance) == ("pdq+phash", 5)
    alone = _only_edge(_still("a", _print(code, phash)), _still("b", _print(_code(), _flipped(phash, 8))))
    assert alone is not None
    assert (alone.method, alone.tier, alone.distance, alone.bits) == ("phash", Tier.CANDIDATE, 8, 64)
    assert _only_edge(_still("a", _print(code, phash)), _still("b", _print(_code(), _flipped(phash, 9)))) is None


def test_what_is_inside_a_border_is_matched_with_the_whole() -> None:
    code = _code()
    framed = _still("b", _print(_code()), _print(_flipped(code, 4), region="trim"))
    edge = _only_edge(_still("a", _print(code)), framed)
    assert edge is not None
    assert edge.methods[:2] == ("pdq", "trim")


def test_equal_bytes_are_linked_whatever_they_are() -> None:
    edge = _only_edge(_still("a", sha256="sha256:1"), _still("b", sha256="sha256:1"))
    assert edge is not None
    assert (edge.tier, edge.method, edge.score) == (Tier.AUTO, "sha256", "1.0000")


def test_empty_files_are_not_linked() -> None:
    empty = f"sha256:{hashlib.sha256(b'').hexdigest()}"
    assert _only_edge(_still("a", sha256=empty), _still("b", sha256=empty)) is None


def test_low_information_is_linked_by_equal_bytes_or_pixels_only() -> None:
    code, phash = _code(), _code(64)
    plain = [_still(name, _print(code, phash, low_information=True)) for name in "ab"]
    matcher = Matcher()
    matcher.add(plain[0])
    found = matcher.matches(plain[1])
    assert found.edges == ()
    (question,) = found.questions
    assert with_pixels(found.edges, found.questions, {"a": "sha256:1", "b": "sha256:2"}) == ()
    assert with_pixels(found.edges, found.questions, {"a": "sha256:1"}) == ()
    (edge,) = with_pixels(found.edges, found.questions, {"a": "sha256:1", "b": "sha256:1"})
    assert (edge.tier, edge.method, edge.edge) == (Tier.AUTO, "pixels", edge_id(question.item_a, question.item_b))


def test_equal_pixels_raise_an_edge_and_stand_first_in_its_method() -> None:
    code = _code()
    edge = _only_edge(_still("a", _print(code)), _still("b", _print(_flipped(code, 40))))
    assert edge is not None
    (raised,) = with_pixels([edge], [PixelQuestion("a", "b", False)], {"a": "sha256:1", "b": "sha256:1"})
    assert (raised.tier, raised.method, raised.distance) == (Tier.AUTO, "pixels+pdq", 0)


def test_edges_inside_one_capture_are_their_own_class() -> None:
    code = _code()
    inside = _only_edge(_still("a", _print(code), capture="c"), _still("b", _print(code), capture="c"))
    across = _only_edge(_still("a", _print(code), capture="c"), _still("b", _print(code), capture="d"))
    assert inside is not None
    assert inside.same_capture
    assert across is not None
    assert not across.same_capture


def test_an_item_like_very_many_is_a_template_and_makes_candidates_only() -> None:
    code = _code()
    matcher = Matcher()
    for place in range(MOST_NEIGHBOURS + 5):
        matcher.add(_still(f"b{place:03d}", _print(_flipped(code, place % 20 + 1))))
    found = matcher.matches(_still("a", _print(code)))
    assert len(found.edges) == MOST_NEIGHBOURS
    assert {edge.tier for edge in found.edges} == {Tier.CANDIDATE}
    assert found.limits


def test_one_item_never_matches_itself() -> None:
    matcher = Matcher()
    item = _still("a", _print(_code()), _print(_code(), region="trim"))
    matcher.add(item)
    assert matcher.matches(item).edges == ()


def _film(name: str, codes: list[str], start_ms: int = 0) -> Subject:
    frames = [_print(code, frame_ms=start_ms + 2_000 * place) for place, code in enumerate(codes)]
    return _still(name, *frames)


def test_videos_are_linked_by_the_share_of_frames_that_agree() -> None:
    codes = [_code() for _ in range(10)]
    edge = _only_edge(_film("a", codes), _film("b", [_flipped(code, 12) for code in codes]))
    assert edge is not None
    assert (edge.tier, edge.method, edge.matched, edge.compared) == (Tier.AUTO, "keyframes", 10, 10)
    assert edge.distance == 12
    half = [_flipped(code, 50) if place % 2 else _code() for place, code in enumerate(codes)]
    candidate = _only_edge(_film("a", codes), _film("b", half))
    assert candidate is not None
    assert (candidate.tier, candidate.matched, candidate.distance) == (Tier.CANDIDATE, 5, (5 * 50 + 5 * 128) // 10)
    fewer = [*half[:1], _code(), *half[2:]]
    assert _only_edge(_film("a", codes), _film("b", [*fewer[:3], _code(), *fewer[4:]])) is None


def test_an_excerpt_matches_what_it_was_cut_from_and_says_where() -> None:
    codes = [_code() for _ in range(20)]
    edge = _only_edge(_film("a", codes), _film("b", codes[5:9]))
    assert edge is not None
    assert (edge.tier, edge.method) == (Tier.CANDIDATE, "keyframes+part")
    assert (edge.matched, edge.compared, edge.offset_ms) == (4, 4, -10_000)


def test_one_frame_alone_is_a_candidate() -> None:
    code = _code()
    edge = _only_edge(_film("a", [code]), _film("b", [code]))
    assert edge is not None
    assert edge.tier is Tier.CANDIDATE


def test_frames_of_low_information_count_for_nothing() -> None:
    code = _code()
    blank = [_print(code, frame_ms=1_000 * place, low_information=True) for place in range(5)]
    assert _only_edge(_still("a", *blank), _still("b", *blank)) is None


def test_a_still_from_a_video_is_a_candidate_with_its_place() -> None:
    codes = [_code() for _ in range(4)]
    edge = _only_edge(_film("a", codes), _still("b", _print(_flipped(codes[2], 3))))
    assert edge is not None
    assert (edge.tier, edge.methods[0], edge.offset_ms) == (Tier.CANDIDATE, "frame", 4_000)


def test_a_hundred_thousand_hashes_are_scanned_in_a_fifth_of_a_second() -> None:
    table = CodeTable(256)
    block = RANDOM.bytes(32 * 100_000)
    for place in range(0, len(block), 32):
        table.add(block[place : place + 32].hex())
    asked = [_code() for _ in VARIANTS]
    table.near(asked[0], 76)
    spent = []
    for _ in range(3):
        start = time.process_time()
        for code in asked:
            table.near(code, 76)
        spent.append(time.process_time() - start)
    assert min(spent) < 0.2


def test_the_scan_agrees_with_counting_bit_by_bit() -> None:
    codes = [_code() for _ in range(50)]
    table = CodeTable(256)
    for code in codes:
        table.add(code)
    for asked in codes[:5]:
        assert table.distances(asked).tolist() == [distance(asked, code) for code in codes]
    assert all(distance(one, other) > 64 for one, other in itertools.combinations(codes, 2))
