"""Stretches say which part of one video is which part of another; an excerpt, a copy and a compilation differ."""

from __future__ import annotations

import pytest

from casefile.vocabulary import Tier
from verification.edges import Edge, Subject
from verification.explaining import explained
from verification.stretches import Stretch, covered, stretches

from .test_edges import _code, _film, _flipped, _only_edge


def test_frames_that_agree_in_order_are_one_stretch_with_its_place_and_speed() -> None:
    faster = [(at, 10_000 + at * 4 // 5) for at in range(0, 40_000, 5_000)]
    assert stretches(faster) == (Stretch(0, 35_000, 10_000, 38_000, 8, 125),)
    assert stretches(faster)[0].offset_ms == 10_000
    assert stretches([]) == ()
    assert stretches([(3_000, 0)]) == (Stretch(3_000, 3_000, 0, 0, 1, 100),)


def test_a_compilation_that_shows_pieces_in_another_order_has_a_stretch_for_each() -> None:
    first = [(at, at + 60_000) for at in range(0, 10_000, 2_000)]
    second = [(at + 100_000, at) for at in range(0, 10_000, 2_000)]
    found = stretches([*second, *first])
    assert [(one.a_from, one.b_from, one.frames) for one in found] == [(0, 60_000, 5), (100_000, 0, 5)]


def test_the_covered_share_counts_the_frames_inside() -> None:
    assert covered([0, 1, 2, 3, 4], [(0, 1), (1, 2)]) == 60
    assert covered([], [(0, 1)]) == 0


def edge(one: Subject, other: Subject) -> Edge:
    found = _only_edge(one, other)
    assert found is not None
    return found


def test_two_clips_are_not_joined_by_the_compilation_that_shows_both() -> None:
    first, second = [_code() for _ in range(6)], [_code() for _ in range(6)]
    both = _film("c", [*first, *second, _code(), _code()])
    for name, codes in (("a", first), ("b", second)):
        found = edge(_film(name, [_flipped(code, 3) for code in codes]), both)
        assert (found.tier, found.method, found.matched) == (Tier.CANDIDATE, "keyframes+part", 6)
        assert (found.covered_a, found.covered_b, len(found.segments)) == (100, 600 // 14, 1)
    whole = edge(_film("a", [*first, *second]), _film("b", [*first, *second, _code()]))
    assert (whole.tier, whole.is_part) == (Tier.AUTO, False)


def test_two_compilations_share_several_stretches() -> None:
    pieces = [[_code() for _ in range(5)] for _ in range(3)]
    one, two = _film("a", [*pieces[0], *pieces[1]]), _film("b", [*pieces[1], *pieces[2], *pieces[0]])
    found = edge(one, two)
    assert [(part.a_from, part.b_from) for part in found.segments] == [(0, 20_000), (10_000, 0)]
    assert (found.covered_a, found.covered_b) == (100, 66)


@pytest.mark.parametrize("pace", [80, 125])
def test_a_copy_at_another_speed_is_whole_and_its_speed_is_told(pace: int) -> None:
    codes = [_code() for _ in range(10)]
    slow = _film("a", codes)
    prints = [one.model_copy(update={"frame_ms": one.frame_ms * 100 // pace}) for one in slow.fingerprints]
    found = edge(slow, Subject("b", "capture of b", "sha256 of b", tuple(prints)))
    assert (found.tier, [part.speed for part in found.segments]) == (Tier.AUTO, [pace])
    evidence = {
        "matched": 10, "compared": 10, "variant": "mirrored", "segments": [one.plain() for one in found.segments],
    }  # fmt: skip
    said = explained(found.method, 0, 256, evidence, ("I-0001", "I-0002"))
    assert said.startswith("I-0001 is like I-0002 mirrored from left to right; 10 of 10 compared frames agree; 0:00 to")
    assert f"{abs(pace - 100)} % {'faster' if pace > 100 else 'slower'}." in said


def test_an_explanation_says_what_agrees_of_a_picture() -> None:
    laid = {"inliers": 40, "tiles_good": 31, "tiles_compared": 36, "covered_a": 78, "covered_b": 100}
    assert explained("pdq-mirrored+trim+features", 14, 256, {"variant": "mirrored", **laid}, ("I-0001", "I-0002")) == (
        "I-0001 is like I-0002 mirrored from left to right; 14 of 256 bits of the whole picture differ, borders cut"
        " away; 31 of 36 compared tiles agree and 40 key points fit; 78 % of I-0001 and 100 % of I-0002 are in common."
    )
    assert explained("sha256", 0, 256, {}, ("A", "B")) == "the same bytes."
    assert explained("features+part", 5, 36, laid, ("A", "B")).endswith("one picture is only a part of the other.")
    assert explained("frame+pdq", 3, 256, {"offset_ms": 4_500}, ("A", "B")) == (
        "3 of 256 bits of the whole picture differ; the still is like the frame of the video at 0:04.5."
    )


def sparse(name: str, frames: dict[int, str], duration_ms: int) -> Subject:
    prints = _film(name, list(frames.values())).fingerprints
    placed = (one.model_copy(update={"frame_ms": at}) for one, at in zip(prints, frames, strict=True))
    return Subject(name, f"capture of {name}", f"sha256 of {name}", tuple(placed), duration_ms=duration_ms)


def dense(codes: list[str]) -> Subject:
    return sparse("a", {1_000 * place: code for place, code in enumerate(codes)}, 1_000 * len(codes))


def test_what_follows_the_last_keyframe_of_another_encoding_is_no_disagreement() -> None:
    codes = [_code() for _ in range(16)]
    few = sparse("b", {0: codes[0], 8_333: _flipped(codes[8], 6)}, 16_000)
    found = edge(dense(codes), few)
    # No part of it, and no copy either: what no frame was compared of joins nothing.
    assert (found.tier, found.method, found.covered_a, found.covered_b) == (Tier.CANDIDATE, "keyframes", 56, 100)
    assert [part.speed for part in found.segments] == [100]
    evidence = {"matched": 2, "compared": 2, "covered_a": found.covered_a, "covered_b": found.covered_b}
    assert "what follows was not compared" in explained(found.method, found.distance, 256, evidence, ("A", "B"))


def test_a_clip_with_few_keyframes_is_not_joined_by_what_goes_on_or_goes_on_otherwise() -> None:
    codes, others = [_code() for _ in range(20)], [_code() for _ in range(4)]
    beginning = {0: codes[0], 8_333: codes[8]}
    for clip in (
        # It ends where the other goes on; its length is not known; it goes on with something else; it claims a length.
        sparse("b", beginning, 10_000),
        sparse("b", beginning, 0),
        sparse("b", {**beginning, 14_000: others[0], 15_000: others[1]}, 20_000),
        sparse("b", {0: codes[0], 1_000: codes[1], 2_000: codes[2]}, 20_000),
    ):
        found = edge(dense(codes), clip)
        assert (found.tier, found.is_part) == (Tier.CANDIDATE, True)


def test_a_speed_is_told_only_where_several_frames_tell_it() -> None:
    assert stretches([(0, 0), (10_000, 14_000)])[0].speed == 100
    # One frame of each gap: what the gap explains is no speed.
    assert stretches([(0, 0), (4_000, 5_000), (8_000, 9_500), (12_000, 14_000)])[0].speed == 100


def test_an_explanation_says_that_little_agrees_where_neither_contains_the_other() -> None:
    laid = {"inliers": 40, "tiles_good": 31, "tiles_compared": 36, "covered_a": 56, "covered_b": 70}
    assert explained("features+part", 5, 36, laid, ("A", "B")).endswith("less than 60 % of A agrees.")
    films = {"matched": 5, "compared": 9, "covered_a": 50, "covered_b": 40}
    said = explained("keyframes+part", 5, 256, films, ("A", "B"))
    assert said.endswith("less than 60 % of A and of B agrees, so that they are not counted as one.")
