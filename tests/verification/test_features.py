"""Key points find what whole-picture hashes miss, say nothing of strangers, and no file takes the worker down."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from casefile.canonical import Json
from casefile.vocabulary import ContainmentLevel
from containment.worker import Limits, WorkerResult
from examples.media import draw_scene
from verification.edges import Alignment as Told
from verification.edges import Edge, Tier, with_alignment
from verification.features import AlignedPair, AskedPair, FeaturesAnswer, FeaturesRequest, align_pairs, reversed_pair
from verification.features import describe as ask_features
from verification.interface import CheckCause
from verification.technical import features
from verification.technical.alignment import Alignment, Laid, align
from verification.technical.film_frames import unlike_the_last
from verification.technical.local_codes import LocalCodes, unpacked
from verification.technical.votes import MOST_UNDER_KEY, VoteTable

from .making import Bench, card, encoded, loaded

SIZE = (640, 480)
STRANGERS = range(101, 107)


@pytest.fixture(scope="module")
def scene() -> Image.Image:
    return draw_scene(100, SIZE)


@pytest.fixture(scope="module")
def table(scene: Image.Image) -> VoteTable:
    """The scene as number 0, and scenes that it has nothing to do with."""
    filled = VoteTable()
    for picture in (scene, *(draw_scene(seed, SIZE) for seed in STRANGERS)):
        filled.add(described(picture))
    return filled


def grey(image: Image.Image) -> np.ndarray:
    return np.asarray(image.convert("L"))


def described(image: Image.Image) -> LocalCodes:
    return features.describe(grey(image))


def framed(image: Image.Image) -> Image.Image:
    """As the lower part of a page with a caption above it."""
    page = Image.new("RGB", (image.width, image.height * 5 // 4), "white")
    page.paste(image, (0, image.height // 4))
    return page


def inset(image: Image.Image) -> Image.Image:
    """In a corner of a picture that has nothing to do with it."""
    whole = draw_scene(300, SIZE).resize((1_280, 960))
    whole.paste(image, (640, 480))
    return whole


COPIES: Mapping[str, Callable[[Image.Image], Image.Image]] = {
    "cropped": lambda image: image.crop((130, 90, 600, 440)),
    "mirrored": lambda image: image.transpose(Image.Transpose.FLIP_LEFT_RIGHT),
    "turned": lambda image: image.rotate(8, Image.Resampling.BICUBIC),
    "under a caption": framed,
    "half as large": lambda image: image.resize((320, 240)),
}


@pytest.mark.parametrize("copy", COPIES.values(), ids=COPIES)
def test_a_copy_is_nominated_and_proven_and_strangers_are_not(
    scene: Image.Image, table: VoteTable, copy: Callable[[Image.Image], Image.Image]
) -> None:
    changed = copy(scene)
    assert set(table.votes(described(changed))) == {0}
    assert told(laid(scene), laid(changed)).proves
    assert not told(laid(draw_scene(101, SIZE)), laid(changed)).proves


def test_an_inset_is_a_part_and_says_how_much_of_each_is_common(scene: Image.Image) -> None:
    found = told(laid(scene), laid(inset(scene)))
    assert found.proves
    assert not found.whole
    assert (found.covered_a, found.covered_b) == (pytest.approx(100, abs=3), pytest.approx(25, abs=3))


def test_it_does_not_matter_which_of_two_came_first(scene: Image.Image) -> None:
    one, other = described(scene), described(COPIES["cropped"](scene))
    counted = []
    for first, second in ((one, other), (other, one)):
        asked = VoteTable()
        asked.add(first)
        counted.append(asked.votes(second).get(0, 0))
    assert min(counted) >= 3
    # Growing by one and by many gives the same segments' content.
    pictures = [described(draw_scene(seed, SIZE)) for seed in STRANGERS]
    slowly, at_once = VoteTable(), VoteTable()
    for picture in (one, *pictures):
        slowly.add(picture)
        slowly.votes(other)
        at_once.add(picture)
    assert slowly.votes(other) == at_once.votes(other)


def test_a_key_that_very_many_share_is_passed_over(scene: Image.Image) -> None:
    asked = described(scene)
    crowded = VoteTable()
    for _copy in range(MOST_UNDER_KEY + 1):
        crowded.add(asked)
    assert crowded.votes(asked) == {}
    assert crowded.passed_over > 0


def test_frames_of_one_film_count_once_under_a_key(scene: Image.Image) -> None:
    asked = described(scene)
    films = VoteTable()
    for number in range(100):
        for _frame in range(8):
            films.add(asked, number)
    assert len(films.votes(asked)) == 800
    assert films.passed_over == 0


def test_a_film_that_stands_still_is_described_once(scene: Image.Image) -> None:
    other = draw_scene(101, SIZE)
    frames = list(enumerate([scene, scene, scene.convert("L").convert("RGB"), other, other, scene]))
    assert [at for at, _image in unlike_the_last(frames)] == [0, 3, 5]


def test_a_movement_takes_points_to_where_they_lie(scene: Image.Image) -> None:
    found = align(laid(scene), laid(scene.crop((160, 120, 480, 360))))
    assert found is not None
    # The crop is half as large, so that both are shown at the same size only when it lies at half the scale.
    x, y = found.movement @ np.array([180, 135, 1])
    assert (x, y) == (pytest.approx(180, abs=2), pytest.approx(135, abs=2))
    assert found.covered_second == pytest.approx(1, abs=0.02)


def test_the_evidence_of_a_pair_is_the_same_each_time_and_seen_from_both(scene: Image.Image, bench: Bench) -> None:
    names = [bench.put(encoded(picture)) for picture in (scene, COPIES["cropped"](scene))]
    pair = AskedPair(first=names[0], second=names[1])
    answers = [ask(bench, FeaturesRequest(pairs=(pair,))) for _time in range(2)]
    assert answers[0] == answers[1]
    one = answers[0].aligned[0]
    back = reversed_pair(one)
    assert (back.covered_first, back.covered_second) == (one.covered_second, one.covered_first)
    again = np.array(back.movement).reshape(2, 3) / 65536
    there = np.array(one.movement).reshape(2, 3) / 65536
    point = np.array([100.0, 80.0, 1.0])
    assert again @ np.array([*(there @ point), 1]) == pytest.approx(point[:2], abs=0.05)


def test_what_cannot_be_opened_has_a_cause_and_takes_nothing_with_it(scene: Image.Image, bench: Bench) -> None:
    good, broken = bench.put(encoded(scene)), bench.put(b"%!PS")
    pairs = (AskedPair(first=good, second=broken), AskedPair(first=good, second=good))
    answer = ask(bench, FeaturesRequest(files=(broken, good), pairs=pairs, drawn=True))
    assert answer.failed == {broken: "format-refused"}
    assert unpacked(bytes.fromhex(answer.described[good])).tells
    nothing, same = answer.aligned
    assert (nothing.movement, nothing.picture) == ((), "")
    assert (same.covered_first, same.covered_second) == (100, 100)
    assert loaded(bench.out / same.picture).size == (3 * 360 + 4 * 8, 270 + 2 * 8)


def test_a_flat_has_no_key_points_and_a_card_lies_upon_nothing() -> None:
    flat = Image.new("RGB", SIZE, "grey")
    assert not described(flat).tells
    assert align(laid(flat), laid(card("BREAKING"))) is None


def test_packed_codes_come_back_and_other_bytes_are_refused(scene: Image.Image) -> None:
    codes = described(scene)
    back = unpacked(codes.packed())
    assert back.packed() == codes.packed()
    assert (back.width, back.height) == (240, 180)
    for wrong in (b"", b"\xf0", codes.packed()[:-1], codes.packed() * 2):
        with pytest.raises(ValueError, match="no local codes"):
            unpacked(wrong)


def evidence(**changed: int) -> Told:
    base = {"votes": 5, "inliers": 20, "good": 80, "compared": 100, "covered_a": 90, "covered_b": 90}
    return Told("a", "b", False, movement=(65536, 0, 0, 0, 65536, 0), mirrored=False, **base | changed)


def edge(tier: Tier, *methods: str) -> Edge:
    return Edge("a", "b", tier, methods, distance=50, same_capture=False)


def weak() -> Iterator[Told]:
    yield evidence(inliers=5)
    yield evidence(good=7, compared=9)
    yield evidence(good=49)


def test_only_enough_evidence_makes_an_edge() -> None:
    for found in weak():
        assert with_alignment(None, found) is None
        known = edge(Tier.CANDIDATE, "pdq")
        assert with_alignment(known, found) == known


def test_an_aligned_pair_is_verified_a_part_never_and_what_is_certain_stays_so() -> None:
    new = with_alignment(None, evidence())
    assert new is not None
    assert (new.tier, new.method, new.score) == (Tier.VERIFIED, "features", "0.8000")
    raised = with_alignment(edge(Tier.CANDIDATE, "pdq", "trim"), evidence())
    assert raised is not None
    assert (raised.tier, raised.method, raised.distance) == (Tier.VERIFIED, "pdq+trim+features", 50)
    part = with_alignment(edge(Tier.CANDIDATE, "pdq"), evidence(covered_b=59))
    assert part is not None
    assert (part.tier, part.method, part.is_part) == (Tier.CANDIDATE, "pdq+features+part", True)
    certain = with_alignment(edge(Tier.AUTO, "pdq"), evidence(covered_b=59))
    assert certain is not None
    assert certain.tier is Tier.AUTO


def ask(bench: Bench, request: FeaturesRequest) -> FeaturesAnswer:
    return FeaturesAnswer.model_validate(features.work(dict(request.plain()), bench.inputs, bench.out))


def laid(image: Image.Image) -> Laid:
    return Laid.of(grey(image))


def told(first: Laid, second: Laid) -> Told:
    """What an alignment says, as the edges are given it."""
    found: Alignment | None = align(first, second)
    if found is None:
        return evidence(inliers=0, good=0, compared=0)
    pair = AlignedPair(
        first="0" * 64,
        second="1" * 64,
        movement=(),
        inliers=found.inliers,
        good=found.good,
        compared=found.compared,
        covered_first=round(100 * found.covered_first),
        covered_second=round(100 * found.covered_second),
    )
    return evidence(
        inliers=pair.inliers,
        good=pair.good,
        compared=pair.compared,
        covered_a=pair.covered_first,
        covered_b=pair.covered_second,
    )


class Answering:
    """A worker that answers the same to everything."""

    def __init__(self, answer: Mapping[str, Json]) -> None:
        self._answer = answer

    def call(self, request: Mapping[str, Json], out_name: str, limits: Limits) -> WorkerResult:
        return WorkerResult(self._answer, (), ContainmentLevel.WEAK, False, 0.0, 0)


ASKED = AskedPair(first="0" * 64, second="1" * 64)


@pytest.mark.parametrize("packed", ["f0", "00" + "ff" * 8 + "0000", "00" + "00" * 8 + "0005f0b4", "00" * 4])
def test_codes_that_cannot_be_read_are_a_failure_and_are_never_kept(packed: str) -> None:
    answer = FeaturesAnswer(described={"0" * 64: packed}, failed={})
    found = ask_features(Answering(answer.plain()), ["0" * 64], "out")
    assert (found.described, found.failed) == ({}, {"0" * 64: CheckCause.CRASHED})


@pytest.mark.parametrize("movement", [(1, 2, 3), (65536, 0, 0, 65536, 0, 0), (1, 0, 1 << 50, 0, 1, 0)])
def test_a_movement_that_cannot_be_undone_is_none(movement: tuple[int, ...]) -> None:
    told: dict[str, Json] = {**ASKED.plain(), "movement": list(movement), "inliers": 9, "good": 9, "compared": 9}
    answer = align_pairs(Answering({"described": {}, "failed": {}, "aligned": [told]}), [ASKED], "out")
    assert [one.movement for one in answer.aligned] == [()]
    assert answer.failed == {"1" * 64: CheckCause.CRASHED}


def test_an_edge_keeps_the_times_of_the_frames_that_it_rests_on() -> None:
    found = with_alignment(None, replace(evidence(), at_a=4_000, at_b=12_000))
    assert found is not None
    assert (found.at_a, found.at_b, found.offset_ms) == (4_000, 12_000, 8_000)
