"""Stills are compared by key points once, in the order of the log, and what came of it outlives interruption."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from PIL import Image

import pipelines.features
from casefile.records.engine import reading
from casefile.records.queries import list_items
from casefile.vocabulary import Judgement
from examples.media import draw_scene
from pipelines.comparing import draw_comparison
from pipelines.examinable import examinable
from pipelines.features import FeatureIndex, feature_index, stills_waiting
from pipelines.neighbours import cluster_of, decide, list_pairs
from pipelines.reindex import reindex_workspace
from pipelines.similar import look_up
from verification.features import FeaturesAnswer, align_pairs, describe

from .albums import WEAK, Album, Bench, opened_album, saved
from .workspaces import WHOLE_PICTURES, Place

SIZE = (480, 360)


@pytest.fixture(scope="module")
def scene() -> Image.Image:
    return draw_scene(100, SIZE)


@pytest.fixture
def album(place: Place, bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Album]:
    place.environment = {name: one for name, one in place.environment.items() if name not in WHOLE_PICTURES}
    with opened_album(place, bench, tmp_path / "album", monkeypatch) as album:
        yield album


def cropped(image: Image.Image) -> Callable[[Path], object]:
    return saved(image.crop((50, 40, 450, 350)), quality=80)


def edges(album: Album) -> dict[tuple[str, ...], tuple[str, str, Any]]:
    """Tier, method and aligned shares of every pair, by the names of its files."""
    return {
        tuple(sorted((one.item_a.name or "", one.item_b.name or ""))): (
            one.tier,
            one.edge.method,
            sorted((one.edge.evidence["covered_a"], one.edge.evidence["covered_b"])),
        )
        for one in list_pairs(album.services, inside_captures=True, rejected=True)
    }


def test_a_crop_is_verified_and_the_order_of_arrival_and_a_rebuild_change_nothing(
    album: Album, scene: Image.Image
) -> None:
    album.hand_over(whole_jpg=saved(scene), other_jpg=saved(draw_scene(101, SIZE)))
    album.examine()
    album.hand_over(crop_jpg=cropped(scene))
    album.examine()
    found = edges(album)
    assert list(found) == [("crop.jpg", "whole.jpg")]
    tier, method, _shares = found["crop.jpg", "whole.jpg"]
    assert (tier, method) == ("verified", "features")
    # The same bytes in the other order.
    album.hand_over(crop2_jpg=cropped(scene))
    album.hand_over(whole2_jpg=saved(scene))
    album.examine()
    again = edges(album)
    assert again["crop2.jpg", "whole2.jpg"] == again["crop.jpg", "whole.jpg"] == found["crop.jpg", "whole.jpg"]
    album.services.engine.dispose()
    album.place.delete_database()
    rebuilt = reindex_workspace(album.place.root, album.place.environment, WEAK)
    assert (rebuilt.pixels_waiting, rebuilt.stills_waiting) == (0, 0)
    assert edges(album) == again


def test_a_person_s_word_and_the_evidence_survive_another_examination(album: Album, scene: Image.Image) -> None:
    album.hand_over(whole_jpg=saved(scene), crop_jpg=cropped(scene), small_jpg=saved(scene.resize((240, 180))))
    album.examine()
    before = edges(album)
    assert "features" in before["small.jpg", "whole.jpg"][1] or before["small.jpg", "whole.jpg"][0] == "auto"
    edge = next(one for one in list_pairs(album.services, inside_captures=True) if one.edge.method == "features")
    decide(album.services, edge.edge.edge, Judgement.DIFFERENT, "another roof")
    album.examine("I-0001", "I-0002", "I-0003")
    assert edges(album) == before
    apart = {edge.item_a.number, edge.item_b.number}
    assert not apart <= {one.number for one in cluster_of(album.services, "I-0001").items}


def test_an_interrupted_comparison_goes_on_where_it_was(
    album: Album, scene: Image.Image, monkeypatch: pytest.MonkeyPatch
) -> None:
    described = list[str]()

    def counting(worker: Any, files: Any, out_name: str, films: Any) -> FeaturesAnswer:
        described.extend(files)
        return describe(worker, files, out_name, films)

    def interrupted(*_arguments: object) -> FeaturesAnswer:
        raise KeyboardInterrupt

    monkeypatch.setattr(pipelines.features, "describe", counting)
    monkeypatch.setattr(pipelines.features, "align_pairs", interrupted)
    album.hand_over(whole_jpg=saved(scene), crop_jpg=cropped(scene))
    with pytest.raises(KeyboardInterrupt):
        album.examine()
    assert stills_waiting(album.services.engine, album.services.settings.examine) == 2
    monkeypatch.setattr(pipelines.features, "align_pairs", align_pairs)
    # As by the next process: what was described is not described again.
    with feature_index(album.services, WEAK) as fresh:
        fresh.catch_up()
    assert edges(album)["crop.jpg", "whole.jpg"][0] == "verified"
    assert (stills_waiting(album.services.engine, album.services.settings.examine), len(described)) == (0, 2)


def test_a_file_that_is_no_item_is_found_by_its_crop_and_a_pair_is_drawn(
    album: Album, scene: Image.Image, tmp_path: Path
) -> None:
    album.hand_over(whole_jpg=saved(scene), other_jpg=saved(draw_scene(101, SIZE)))
    album.examine()
    asked = tmp_path / "asked.jpg"
    cropped(scene)(asked)
    assert [(one.item.name, one.edge.tier) for one in look_up(album.services, asked, WEAK)] == [
        ("whole.jpg", "verified")
    ]
    picture = tmp_path / "drawn.png"
    told = draw_comparison(album.services, ("I-0001", "I-0002"), picture, WEAK)
    assert told["tiles_good"] == 0 or told["inliers"] < 6
    with Image.open(picture) as drawn:
        assert drawn.height == 270 + 16


def test_a_damaged_original_is_left_out_and_the_rest_is_compared(
    album: Album, scene: Image.Image, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(FeatureIndex, "catch_up", lambda _index: None)
    album.hand_over(bad_jpg=saved(scene, quality=70), whole_jpg=saved(scene), crop_jpg=cropped(scene))
    album.examine()
    monkeypatch.undo()
    with reading(album.services.engine) as connection:
        bad = next(one for one in examinable(album.services, list_items(connection)) if one.item.name == "bad.jpg")
    bad.original.path.parent.chmod(0o755)
    bad.original.path.chmod(0o644)
    bad.original.path.write_bytes(b"something else")
    with feature_index(album.services, WEAK) as fresh:
        fresh.catch_up()
    found = edges(album)
    assert found["crop.jpg", "whole.jpg"][0] == "verified"
    assert "features" not in found["bad.jpg", "whole.jpg"][1]


def filmed(scenes: Sequence[Image.Image], *change: str) -> Callable[[Path], object]:
    """A film of a second for each scene, changed as ffmpeg is told to."""

    def film(path: Path) -> None:
        with TemporaryDirectory() as folder:
            for place, scene in enumerate(scenes):
                scene.save(Path(folder) / f"{place}.png")
            sources = ("-framerate", "1", "-i", f"{folder}/%d.png", "-r", "10")
            coded = ("-pix_fmt", "yuv420p", "-c:v", "libx264", "-preset", "ultrafast", "-crf", "28", "-threads", "1")
            subprocess.run(["ffmpeg", "-v", "error", *sources, *change, *coded, str(path)], check=True)

    return film


def test_a_cropped_video_and_a_still_of_it_are_found_and_join_nothing(album: Album) -> None:
    scenes = [draw_scene(seed, SIZE) for seed in (200, 201, 202)]
    album.hand_over(whole_mp4=filmed(scenes), other_mp4=filmed([draw_scene(seed, SIZE) for seed in (210, 211)]))
    album.examine()
    crop = ("-vf", "crop=iw*0.7:ih*0.7:20:30,pad=iw:ih*4/3:0:ih/3:white")
    album.hand_over(crop_mp4=filmed(scenes, *crop), still_jpg=saved(scenes[1].crop((60, 40, 440, 330))))
    album.examine()
    found = edges(album)
    assert found["crop.mp4", "whole.mp4"][:2] == ("candidate", "frame-features")
    assert found["still.jpg", "whole.mp4"][:2] == ("candidate", "frame+frame-features")
    assert not [names for names in found if "other.mp4" in names]
    pair = next(one for one in list_pairs(album.services) if one.edge.method == "frame-features")
    assert "frames laid upon each other" in pair.explanation
    assert abs(pair.edge.evidence["offset_ms"]) <= 1_000
    assert len(cluster_of(album.services, "I-0001").items) == 1


def test_with_the_setting_off_nothing_is_compared_and_nothing_waits(
    place: Place, bench: Bench, scene: Image.Image, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipelines.on_demand.open_worker", lambda *_, **__: pytest.fail("a sandbox was opened"))
    with opened_album(place, bench, tmp_path / "album", monkeypatch) as album:
        album.hand_over(whole_jpg=saved(scene), crop_jpg=cropped(scene))
        album.examine()
        assert edges(album) == {}
        assert stills_waiting(album.services.engine, album.services.settings.examine) == 0
