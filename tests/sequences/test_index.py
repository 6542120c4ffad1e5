"""The index of fingerprints is a cache: without it, damaged or old, the same pairs come out, and erasing takes it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

import pipelines.edge_index
from casefile.errors import SheetUnusable, SpaceExhausted, UsageError
from examples.media import draw_scene
from pipelines.edge_index import edge_index
from pipelines.hash_lists import compare_list, export_list
from pipelines.neighbours import list_pairs
from pipelines.protecting import guard_items
from pipelines.reindex import reindex_workspace
from pipelines.scheduled import merge_fingerprints
from pipelines.similar import look_up
from verification.technical.index_files import MANIFEST, IndexFiles
from verification.technical.indexed import IndexedItems

from .albums import WEAK, Album, Bench, opened_album, saved
from .workspaces import Place

SIZE = (320, 240)


@pytest.fixture
def album(place: Place, bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Album]:
    """An album whose index is written after each examination."""
    monkeypatch.setattr(pipelines.edge_index, "SHORTEST", 1)
    with opened_album(place, bench, tmp_path / "album", monkeypatch) as album:
        yield album


def picture(seed: int) -> Image.Image:
    return draw_scene(seed, SIZE)


def read_from_tables(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The positions of examinations that are taken up one by one from now on."""
    taken: list[int] = []
    adding = IndexedItems.add

    def add(self: IndexedItems, subject: object) -> None:
        taken.append(subject.position)  # type: ignore[attr-defined]
        adding(self, subject)  # type: ignore[arg-type]

    monkeypatch.setattr(IndexedItems, "add", add)
    return taken


def test_the_index_is_used_and_without_it_or_damaged_the_same_comes_out(
    album: Album, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = album.services.workspace.fingerprints
    album.hand_over(a_jpg=saved(picture(1)), b_jpg=saved(picture(2)))
    album.examine()
    album.hand_over(c_jpg=saved(picture(1), quality=60), d_jpg=saved(picture(3)))
    album.examine()
    found = list_pairs(album.services, inside_captures=True)
    assert {one.edge.evidence["search"] for one in found} == {"exact"}
    asked = tmp_path / "asked.jpg"
    picture(3).save(asked, quality=70)

    def looked_up() -> list[tuple[str, int]]:
        album.examiner.edges = edge_index(album.services)
        return [(one.item.label, one.edge.distance) for one in look_up(album.services, asked, WEAK)]

    expected = looked_up()
    assert len(expected) == 1
    taken = read_from_tables(monkeypatch)
    assert looked_up() == expected
    assert taken == []
    segment = next(folder.glob("*.codes"))
    segment.write_bytes(segment.read_bytes()[:-1] + b"\x55")
    assert looked_up() == expected
    assert len(taken) == 4
    for path in folder.iterdir():
        path.unlink()
    # What is examined next finds what it would have found, and the index is there again.
    album.hand_over(e_jpg=saved(picture(2), quality=60))
    album.examiner.edges = edge_index(album.services)
    album.examine()
    assert (folder / MANIFEST).exists()
    assert ("b.jpg", "e.jpg") in album.methods()
    before = [replace(one.edge, judgement="") for one in list_pairs(album.services, inside_captures=True)]
    album.services.engine.dispose()
    album.place.delete_database()
    reindex_workspace(album.place.root, album.place.environment, WEAK)
    assert [one.edge for one in list_pairs(album.services, inside_captures=True)] == before


def test_a_full_disk_costs_the_index_its_files_and_no_pair(
    album: Album, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def full(*_any: object) -> None:
        raise SpaceExhausted("bytes", 0, 1)

    monkeypatch.setattr(IndexFiles, "appended", full)
    album.hand_over(a_jpg=saved(picture(1)), b_jpg=saved(picture(1), quality=60))
    album.examine()
    assert "index of fingerprints: not written: 0 bytes free" in capsys.readouterr().err
    assert list(album.methods()) == [("a.jpg", "b.jpg")]


def test_a_merge_by_the_clock_writes_what_is_missing_and_what_is_damaged_anew(album: Album) -> None:
    album.hand_over(one_png=saved(picture(120)), two_png=saved(picture(121)))
    album.examine()
    pairs = album.methods()
    folder = album.services.workspace.fingerprints
    merge_fingerprints(album.services, WEAK)
    (file,) = folder.glob("*.codes")
    whole = file.read_bytes()
    file.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    merge_fingerprints(album.services, WEAK)
    assert [one.read_bytes() for one in folder.glob("*.codes")] == [whole]
    album.hand_over(three_png=saved(picture(122)))
    album.examine()
    merge_fingerprints(album.services, WEAK)
    assert len(list(folder.glob("*.codes"))) == 1
    assert album.methods() == pairs


def test_a_list_of_hashes_finds_items_and_leaves_without_those_kept_closely(album: Album, tmp_path: Path) -> None:
    album.hand_over(a_jpg=saved(picture(1)), b_jpg=saved(picture(2)))
    album.examine()
    services, out = album.services, tmp_path / "ours.txt"
    assert export_list(services, out) == 2
    lines = out.read_text().splitlines()
    assert all(len(line) == len("pdq ") + 64 for line in lines)
    with pytest.raises(SheetUnusable, match="something by this name"):
        export_list(services, out)
    theirs = tmp_path / "theirs.csv"
    near = f"{int(lines[0][4:], 16) ^ 0b1011:064x}"
    theirs.write_text(f"{near},100,their-name.jpg\n{'3c' * 32}\nnonsense\n")
    found = compare_list(services, theirs)
    assert (found.hashes, found.refused, found.search, found.limits) == (2, (3,), "exact", ())
    ((one,), (label,)) = found.matches, {match.item.label for match in found.matches}
    assert (one.hash, one.bits, one.tier, one.score) == (near, 3, "auto", "0.9883")
    guard_items(services, [label], {"sensitivity": "restricted", "reason": "a child"})
    kept = tmp_path / "kept.txt"
    assert export_list(services, kept) == 1
    assert kept.read_text().splitlines() == lines[1:]
    with pytest.raises(UsageError, match="holds no PDQ hash"):
        compare_list(services, Path(__file__))
