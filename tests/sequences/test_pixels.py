"""Pairs that may be equal are decoded once, in a sandbox, and what came of it outlives interruption and rebuild."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageDraw

import pipelines.on_demand
import pipelines.pixels
from casefile.records.edges import list_edges
from casefile.records.engine import reading
from pipelines.neighbours import cluster_of, list_pairs, pixels_waiting
from pipelines.reindex import reindex_workspace
from pipelines.services import Services
from pipelines.similar import compare_items, look_up
from verification.interface import CheckCause, PixelsAnswer
from verification.pixels import digest_pixels

from .albums import WEAK, Album, Bench, opened_album, saved
from .workspaces import Place


def card(text: str) -> Image.Image:
    """A title card: of too little information to be linked by its hashes."""
    image = Image.new("RGB", (320, 180), "black")
    ImageDraw.Draw(image).text((120, 80), text, fill="white")
    return image


def soft(width: int) -> Image.Image:
    """A picture that has one hash in every size."""
    return drawn().resize((20, 15)).resize((width, width * 3 // 4), Image.Resampling.BICUBIC)


def drawn(side: int = 320) -> Image.Image:
    return Image.effect_mandelbrot((side, side * 3 // 4), (-2.0, -1.2, 1.0, 1.2), 100).convert("RGB")


@pytest.fixture
def album(place: Place, bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Album]:
    with opened_album(place, bench, tmp_path / "album", monkeypatch) as album:
        yield album


class Decodes:
    """Counts how often each file is decoded in full; `refuse` raises in place of the n-th call of the worker."""

    def __init__(self, interrupted_at: int = 0) -> None:
        self.files = list[str]()
        self.left = interrupted_at

    def __call__(self, worker: Any, files: Any, out_name: str) -> PixelsAnswer:
        self.left -= 1
        if self.left == 0:
            raise KeyboardInterrupt
        self.files += files
        return digest_pixels(worker, files, out_name)


@pytest.fixture
def decodes(monkeypatch: pytest.MonkeyPatch) -> Decodes:
    counting = Decodes()
    monkeypatch.setattr(pipelines.pixels, "digest_pixels", counting)
    return counting


def stored(services: Services) -> list[Any]:
    with reading(services.engine) as connection:
        return list_edges(connection)


def test_equal_pixels_are_told_in_every_place_and_come_back_after_a_rebuild(album: Album, decodes: Decodes) -> None:
    album.hand_over(a_png=saved(drawn()), b_bmp=saved(drawn()), c_jpg=saved(drawn(), quality=70))
    album.hand_over(
        d_png=saved(soft(320)), e_png=saved(soft(640)), one_png=saved(card("one")), one_bmp=saved(card("one"))
    )
    album.hand_over(two_png=saved(card("two")))
    album.examine()
    told = album.methods()
    assert told["a.png", "b.bmp"].split("+")[:2] == ["pixels", "pdq"]
    assert told["one.bmp", "one.png"] == "pixels"
    assert {pair for pair, method in told.items() if "pixels" in method} == {("a.png", "b.bmp"), ("one.bmp", "one.png")}
    assert ("a.png", "c.jpg") in told
    # d.png and e.png have other sides, so they were never decoded; no file was twice.
    assert len(decodes.files) == len(set(decodes.files)) == 6
    pair = next(one for one in list_pairs(album.services, inside_captures=True) if one.edge.method == "pixels")
    assert (pair.tier, pair.score, pair.edge.distance) == ("auto", "1.0000", 0)
    assert str(pair.edge.evidence["pixels"]).startswith("sha256:")
    assert [pair.edge.method for pair in cluster_of(album.services, "I-0006").pairs] == ["pixels"]
    said = [compare_items(album.services, "I-0001", other)["pixels"] for other in ("I-0002", "I-0003", "I-0005")]
    assert said == ["equal", "different", "different"]
    before, ids = told, [(one.edge, one.method, one.evidence) for one in stored(album.services)]
    album.services.engine.dispose()
    album.place.delete_database()
    rebuilt = reindex_workspace(album.place.root, album.place.environment, WEAK)
    assert rebuilt.pixels_waiting == 0
    assert album.methods() == before
    assert [(one.edge, one.method, one.evidence) for one in stored(album.services)] == ids


def test_a_file_that_is_no_item_is_compared_by_its_pixels_too(album: Album, decodes: Decodes, tmp_path: Path) -> None:
    album.hand_over(a_png=saved(card("one")), b_png=saved(card("two")))
    album.examine()
    decoded = len(decodes.files)
    asked = tmp_path / "asked.bmp"
    card("one").save(asked)
    found = look_up(album.services, asked, WEAK)
    assert [(one.item.name, one.edge.method, one.edge.tier) for one in found] == [("a.png", "pixels", "auto")]
    drawn().save(asked)
    assert look_up(album.services, asked, WEAK) == []
    assert len(decodes.files) == decoded + 1, "the items are known, and a picture like none is not decoded"


def test_where_nothing_is_near_nothing_is_opened(album: Album, monkeypatch: pytest.MonkeyPatch) -> None:
    opened = []
    monkeypatch.setattr(pipelines.on_demand, "open_worker", lambda *_, **__: opened.append(1))
    album.hand_over(a_png=saved(drawn()), b_png=saved(drawn(640)), one_png=saved(card("one")))
    album.hand_over(again_png=saved(drawn()))
    album.examine()
    assert album.methods()["a.png", "again.png"] == "sha256"
    assert opened == []


def test_an_interrupted_comparison_goes_on_where_it_was(album: Album, monkeypatch: pytest.MonkeyPatch) -> None:
    album.hand_over(a_png=saved(drawn()), b_bmp=saved(drawn()), one_png=saved(card("one")), one_bmp=saved(card("one")))
    monkeypatch.setattr(pipelines.pixels, "MAX_BATCH", 2)
    first = Decodes(interrupted_at=2)
    monkeypatch.setattr(pipelines.pixels, "digest_pixels", first)
    with pytest.raises(KeyboardInterrupt):
        album.examine()
    assert pixels_waiting(album.services.engine) == 2
    assert "pixels" not in "".join(album.methods().values())
    second = Decodes()
    monkeypatch.setattr(pipelines.pixels, "digest_pixels", second)
    album.examine()
    assert pixels_waiting(album.services.engine) == 0
    assert sum("pixels" in method for method in album.methods().values()) == 2
    assert (len(first.files), len(second.files)) == (2, 2)


def test_what_cannot_be_decoded_is_asked_about_once(album: Album, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = list[str]()

    def refusing(_worker: Any, files: Any, _out_name: str) -> PixelsAnswer:
        asked.extend(files)
        causes: Mapping[str, CheckCause] = dict.fromkeys(files, CheckCause.TIMEOUT)
        return PixelsAnswer(pixels={}, failed=causes)

    monkeypatch.setattr(pipelines.pixels, "digest_pixels", refusing)
    album.hand_over(a_png=saved(drawn()), b_bmp=saved(drawn()))
    album.examine()
    album.examine("I-0001")
    album.hand_over(c_tif=saved(drawn()))
    album.examine()
    assert len(asked) == 2, "the third was not decoded for nothing"
    assert pixels_waiting(album.services.engine) == 0
    assert "pixels" not in "".join(album.methods().values())
    assert compare_items(album.services, "I-0001", "I-0002")["pixels"] == "not compared: timeout"


def test_an_item_that_is_examined_again_keeps_what_is_known(album: Album, decodes: Decodes) -> None:
    album.hand_over(a_png=saved(drawn()), b_bmp=saved(drawn()))
    album.examine()
    before = album.methods()
    album.examine("I-0001", "I-0002")
    assert album.methods() == before
    assert len(decodes.files) == 2


def test_a_damaged_original_ends_no_examination(album: Album) -> None:
    album.hand_over(a_png=saved(drawn()))
    album.examine()
    (original,) = (path for path in album.place.root.glob("vault/**/content/files/*") if path.is_file())
    original.chmod(0o600)
    original.write_bytes(original.read_bytes() + b"x")
    album.hand_over(b_bmp=saved(drawn()), c_tif=saved(drawn()))
    album.examine()
    assert album.methods()["b.bmp", "c.tif"].startswith("pixels")
    assert not album.methods()["a.png", "b.bmp"].startswith("pixels")
    assert compare_items(album.services, "I-0001", "I-0002")["pixels"] == "not compared: not-the-copy"


def test_nothing_is_decoded_outside_of_a_worker(album: Album, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    album.hand_over(a_png=saved(card("one")), b_bmp=saved(card("one")))
    asked = tmp_path / "asked.tif"
    card("one").save(asked)
    opened = list[object]()
    monkeypatch.setattr(Image, "open", lambda *arguments, **_: opened.append(arguments))
    album.examine()
    assert album.methods() == {("a.png", "b.bmp"): "pixels"}
    assert len(look_up(album.services, asked, WEAK)) == 2
    album.services.engine.dispose()
    reindex_workspace(album.place.root, album.place.environment, WEAK)
    assert album.methods() == {("a.png", "b.bmp"): "pixels"}
    assert opened == []
