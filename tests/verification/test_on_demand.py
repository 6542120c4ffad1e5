"""What is made only when somebody asks: digests of decoded pixels, and large previews."""

from __future__ import annotations

from pathlib import Path

from verification.interface import PixelsAnswer, PixelsRequest
from verification.technical import pixels, previews
from verification.technical.previews import PreviewsAnswer, PreviewsRequest

from .making import Bench, Studio, encoded, loaded, painted


def test_pixels_are_digested_for_those_asked_about_and_failures_named(bench: Bench) -> None:
    image = painted(1, 320, 240)
    same = [bench.put(encoded(image, "PNG")), bench.put(encoded(image, "BMP"))]
    other, broken = bench.put(encoded(painted(2, 320, 240), "PNG")), bench.put(b"%!PS")
    asked = PixelsRequest(files=(*same, other, broken, "0" * 64))
    answer = PixelsAnswer.model_validate(pixels.work(dict(asked.plain()), bench.inputs, bench.out))
    assert answer.pixels[same[0]] == answer.pixels[same[1]] != answer.pixels[other]
    assert answer.failed == {broken: "format-refused", "0" * 64: "malformed"}
    assert list(bench.out.iterdir()) == []


def test_large_previews_are_made_of_pictures_and_videos(bench: Bench, studio: Studio) -> None:
    film = studio.scenes("shown.mp4", 61)
    names = [bench.put(encoded(painted(1, 2_000, 1_500))), bench.put(film.read_bytes()), bench.put(b"text")]
    asked = PreviewsRequest(files=tuple(names), longer_side=1_280)
    answer = PreviewsAnswer.model_validate(previews.work(dict(asked.plain()), bench.inputs, bench.out))
    sizes = [loaded(bench.out / Path(answer.previews[name])).size for name in names[:2]]
    assert sizes == [(1_280, 960), (320, 180)]
    assert answer.failed == {names[2]: "format-refused"}


def test_keyframes_to_search_by_are_spread_over_a_video_and_named_by_their_time(bench: Bench, studio: Studio) -> None:
    film = studio.scenes("searched.mp4", 62, 63, 64)
    names = [bench.put(film.read_bytes()), bench.put(encoded(painted(1, 640, 480)))]
    asked = PreviewsRequest(files=tuple(names), longer_side=640, keyframes=4)
    answer = PreviewsAnswer.model_validate(previews.work(dict(asked.plain()), bench.inputs, bench.out))
    frames = answer.frames[names[0]]
    assert 1 < len(frames) <= 4
    assert list(frames) == sorted(frames)
    assert all(loaded(bench.out / Path(frame)).size == (320, 180) for frame in frames)
    assert answer.frames[names[1]] == ()
    assert names[1] in answer.previews
