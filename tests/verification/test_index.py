"""An index finds what a scan finds; what is damaged, foreign or half written is never used."""

from __future__ import annotations

import errno
import hashlib
import mmap
import os
import signal
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path

import numpy as np
import pytest

import verification.technical.segments as segments
from casefile.errors import SpaceExhausted
from casefile.vocabulary import Tier
from verification.edges import APPROXIMATE, EXACT, Edge, Subject, Thresholds
from verification.interface import Fingerprint
from verification.technical import bands, index_files
from verification.technical.index_files import MANIFEST, IndexFiles, Listed, Mapped, most_neighbours
from verification.technical.index_lock import LOCK, forget, trying
from verification.technical.indexed import FLIPS, IndexedItems
from verification.technical.matching import Matcher
from verification.technical.scanning import ScannedItems
from verification.technical.segments import Rows, rows_of

RANDOM = np.random.default_rng(11)
LOG = "019200000000-log"


def code(bits: int = 256) -> str:
    return RANDOM.bytes(bits // 8).hex()


def flipped(start: str, count: int) -> str:
    """The code with that many of its bits turned over, anywhere."""
    chosen = RANDOM.permutation(len(start) * 4)[:count].tolist()
    return f"{int(start, 16) ^ sum(1 << bit for bit in chosen):0{len(start)}x}"


def fingerprint(pdq: str, phash: str, **other: object) -> Fingerprint:
    values: dict[str, object] = {
        "pdq": pdq,
        "turned": tuple(code() for _ in range(7)),
        "phash": phash,
        "quality": 100,
        "low_information": False,
        "width": 640,
        "height": 480,
    }
    return Fingerprint.model_validate(values | other)


def collection(families: int = 14, copies: int = 5) -> list[Subject]:
    """Pictures with copies near and far, mirrored and framed ones, cards, videos, equal files, in a mixed order."""
    found: list[tuple[str, tuple[Fingerprint, ...]]] = []
    for family in range(families):
        start, phash = code(), code(64)
        turned = tuple(code() for _ in range(7))
        for copy in range(copies):
            near = fingerprint(flipped(start, copy * 16), flipped(phash, copy * 3), turned=turned)
            found.append((f"{family}", (near,)))
        found.append((f"{family}-mirrored", (fingerprint(turned[3], code(64)),)))
        found.append((f"{family}-framed", (fingerprint(code(), code(64)), fingerprint(start, phash, region="trim"))))
        found.append((f"{family}-card", (fingerprint(start, phash, low_information=True),)))
        frames = tuple(fingerprint(flipped(start, 5 * place), code(64), frame_ms=1_000 * place) for place in range(4))
        found += [(f"{family}-film", frames), (f"{family}-film", frames[1:])]
    order = RANDOM.permutation(len(found)).tolist()
    digests = [f"sha256:{found[place][0]}" if place % 3 else f"sha256:of {place}" for place in order]
    return [
        Subject(f"item-{place:04d}", f"capture of {place}", digest, found[place][1], 10 * number)
        for number, (place, digest) in enumerate(zip(order, digests, strict=True))
    ]


@pytest.fixture(scope="module")
def examined() -> list[Subject]:
    return collection()


@pytest.fixture(scope="module")
def scanned(examined: list[Subject]) -> list[tuple[Edge, ...]]:
    """The edges of every item with those before it, every code being looked at."""
    matcher, found = Matcher(Thresholds(), ScannedItems()), []
    for one in examined:
        found.append(matcher.matches(one).edges)
        matcher.add(one)
    return found


@pytest.fixture
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    """Segments have bands from 64 codes on."""
    monkeypatch.setattr(segments, "BANDED", 64)


class Tables:
    """The tables that an index is made of."""

    def __init__(self, examined: Sequence[Subject]) -> None:
        self.examined = {one.position: one for one in examined}
        self.read = 0

    def load(self, places: Collection[int]) -> Mapping[int, Subject]:
        self.read += len(places)
        return {place: self.examined[place] for place in places if place in self.examined}

    def same(self, subject: Subject, until: int, most: int) -> Sequence[Subject]:
        found = {
            one.item: one
            for one in self.examined.values()
            if one.position <= until and one.sha256 == subject.sha256 and one.item != subject.item
        }
        return [found[item] for item in sorted(found)[:most]]

    def event_at(self, position: int) -> str:
        return f"event {position}" if position in self.examined else ""

    def items(self, mapped: tuple[Mapped, ...] = (), **options: int) -> IndexedItems:
        return IndexedItems(self.load, self.same, mapped, **options)


def nothing_gone() -> Collection[int]:
    return ()


def edges_by_index(examined: Sequence[Subject], folder: Path, every: int, **options: int) -> list[tuple[Edge, ...]]:
    """The edges of every item, the index being written and opened anew each time so many codes wait."""
    tables, files = Tables(examined), IndexFiles(folder, LOG)
    items, found = tables.items(**options), []
    for one in examined:
        found.append(Matcher(Thresholds(), items).matches(one).edges)
        items.add(one)
        if items.waiting >= every:
            until = items.position, tables.event_at(items.position)
            assert files.appended(items.mapped, items.tail(), until, nothing_gone)
            items = tables.items(files.opened(tables.event_at, items.position), **options)
            assert items.waiting == 0
    return found


@pytest.mark.parametrize("every", [40, 10_000])
def test_an_index_gives_the_edges_of_a_scan(
    examined: list[Subject], scanned: list[tuple[Edge, ...]], short: None, tmp_path: Path, every: int
) -> None:
    assert sum(map(len, scanned)) > 200
    assert edges_by_index(examined, tmp_path, every) == scanned


def test_asking_bands_alone_misses_no_certain_edge_and_says_so(
    examined: list[Subject], scanned: list[tuple[Edge, ...]], short: None, tmp_path: Path
) -> None:
    found = edges_by_index(examined, tmp_path, 100, exhaustive=0)
    assert {edge.search for edges in found for edge in edges if edge.methods != ("sha256",)} == {APPROXIMATE}
    assert {edge.search for edges in scanned for edge in edges} == {EXACT}
    certain = [{edge.edge for edge in edges if edge.tier is Tier.AUTO} for edges in scanned]
    assert [{edge.edge for edge in edges if edge.tier is Tier.AUTO} for edges in found] == certain
    assert sum(map(len, found)) > 0.9 * sum(map(len, scanned))


@pytest.mark.parametrize("flips", range(FLIPS + 1))
def test_bands_find_everything_below_what_they_are_complete_for(flips: int) -> None:
    codes = np.stack([bands.words(code()) for _ in range(2_000)])
    made = bands.Bands.of(codes)
    most = bands.complete_below(256, flips) - 1
    for place in range(40):
        asked = bands.words(flipped(codes[place].astype(">u8").tobytes().hex(), most))
        rows, apart = bands.near(codes, made, asked, most, flips)
        expected, distances = bands.near(codes, None, asked, most, None)
        assert rows.tolist() == expected.tolist()
        assert apart.tolist() == distances.tolist()
        assert place in rows


class Written:
    """An index in files, made of two stretches of the log."""

    def __init__(self, examined: Sequence[Subject], folder: Path) -> None:
        self.tables, self.files, self.examined = Tables(examined), IndexFiles(folder, LOG), examined
        self.known: tuple[Mapped, ...] = ()
        for stretch in (examined[:100], examined[100:120]):
            self.known = self.append(stretch)

    def append(
        self, stretch: Sequence[Subject], gone: Callable[[], Collection[int]] = nothing_gone
    ) -> tuple[Mapped, ...]:
        until = stretch[-1].position, self.tables.event_at(stretch[-1].position)
        mapped = self.files.appended(self.known, Rows.joined([rows_of(one) for one in stretch]), until, gone)
        assert mapped is not None
        return mapped

    def opened(self) -> tuple[Mapped, ...]:
        return self.files.opened(self.tables.event_at, self.examined[-1].position)

    @property
    def last(self) -> int:
        return max((one.listed.last for one in self.opened()), default=-1)


@pytest.fixture
def written(examined: list[Subject], short: None, tmp_path: Path) -> Written:
    return Written(examined, tmp_path / "index")


def same(one: tuple[Mapped, ...], other: tuple[Mapped, ...]) -> bool:
    return [one.listed for one in one] == [one.listed for one in other]


def test_what_was_written_is_mapped_again(written: Written) -> None:
    found = written.opened()
    assert [one.segment.phash_bands is not None for one in found] == [True, False]
    assert same(found, written.known)
    rows = Rows.joined([one.segment.rows() for one in found])
    expected = Rows.joined([rows_of(one) for one in written.examined[:120]])
    for name in ("codes", "places", "ordinals", "kinds", "phashes"):
        assert np.array_equal(getattr(rows, name), getattr(expected, name))
    assert not found[0].segment.codes.flags.writeable


def test_a_damaged_file_is_never_used_and_what_lies_before_it_is(written: Written) -> None:
    first, second = (written.files.folder / f"{one.listed.sha256}.codes" for one in written.known)
    ends = [one.listed.last for one in written.known]
    for path, left in ((second, ends[0]), (first, -1)):
        whole = path.read_bytes()
        for place in RANDOM.integers(0, len(whole), 12).tolist():
            path.write_bytes(whole[:place] + bytes([whole[place] ^ 4]) + whole[place + 1 :])
            assert written.last == left
        for cut in (whole[:-1], b"", whole + b"\0"):
            path.write_bytes(cut)
            assert written.last == left
        path.unlink()
        assert written.last == left
        path.write_bytes(whole)
        assert written.last == ends[1]


def test_a_damaged_manifest_is_never_used(written: Written) -> None:
    path = written.files.folder / MANIFEST
    whole = path.read_bytes()
    for place in range(0, len(whole), 7):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        assert written.opened() == ()
    path.write_bytes(whole[: len(whole) // 2])
    assert written.opened() == ()


def test_an_index_of_another_log_or_of_one_that_was_set_back_ends_where_they_part(written: Written) -> None:
    event_at, (first, second) = written.tables.event_at, (one.listed.last for one in written.known)
    assert IndexFiles(written.files.folder, "another").opened(event_at, second) == ()
    assert [one.listed.last for one in written.files.opened(event_at, second - 1)] == [first]
    forked = written.files.opened(lambda position: event_at(position) if position < second else "another", second)
    assert [one.listed.last for one in forked] == [first]


def test_a_file_that_cannot_be_read_or_mapped_ends_the_index_there(
    written: Written, monkeypatch: pytest.MonkeyPatch
) -> None:
    second = written.files.folder / f"{written.known[1].listed.sha256}.codes"
    ends = [one.listed.last for one in written.known]
    second.unlink()
    second.mkdir()
    assert written.last == ends[0]

    def refused(*_any: object, **_named: object) -> None:
        raise OSError(errno.ENOMEM, "no memory")

    monkeypatch.setattr(mmap, "mmap", refused)
    assert written.last == -1
    monkeypatch.undo()
    content = b"no segment at all"
    foreign = Listed(sha256=hashlib.sha256(content).hexdigest(), last=ends[1], event="")
    (written.files.folder / f"{foreign.sha256}.codes").write_bytes(content)
    assert written.files._mapped(foreign) is None


def test_a_disk_that_is_full_leaves_no_part_behind(written: Written) -> None:
    stretch = written.examined[120:]
    for step in ("some written", "segment written", "manifest written"):

        def full(reached: str, step: str = step) -> None:
            if reached == step:
                raise OSError(errno.ENOSPC, "no space")

        written.files = IndexFiles(written.files.folder, LOG, full)
        with pytest.raises(SpaceExhausted):
            written.append(stretch)
        assert not list(written.files.folder.glob("*.part"))
        assert same(written.opened(), written.known)


def test_forgetting_takes_folders_and_leaves_what_a_link_leads_to(written: Written, tmp_path: Path) -> None:
    folder, other = written.files.folder, tmp_path / "other"
    (folder / "left").mkdir()
    (folder / "left" / "file").touch()
    other.mkdir()
    (other / "evidence").touch()
    (folder / "link").symlink_to(other)
    forget(folder)
    assert [path.name for path in folder.iterdir()] == [LOCK]
    linked = tmp_path / "linked"
    linked.symlink_to(other)
    forget(linked)
    assert not linked.is_symlink()
    assert (other / "evidence").exists()


class KilledAfter:
    """Ends its process without a word after so many steps."""

    def __init__(self, steps: int) -> None:
        self.left = steps

    def __call__(self, _step: str) -> None:
        self.left -= 1
        if self.left < 0:
            os.kill(os.getpid(), signal.SIGKILL)


def append_in_a_child(written: Written, stretch: Sequence[Subject], steps: int) -> int:
    """The exit code of a process that appends and is killed after so many steps."""
    child = os.fork()
    if child == 0:
        written.files = IndexFiles(written.files.folder, LOG, KilledAfter(steps))
        written.append(stretch)
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def test_a_writer_that_is_killed_at_any_step_leaves_the_old_index_or_the_new_one(written: Written) -> None:
    stretch, ends, steps, ended = written.examined[120:], set[int](), 0, -signal.SIGKILL
    while ended == -signal.SIGKILL:
        ended = append_in_a_child(written, stretch, steps)
        found = written.opened()
        ends.add(found[-1].listed.last)
        covered = [one for one in written.examined if one.position <= found[-1].listed.last]
        assert sum(len(one.segment) for one in found) == sum(len(one.fingerprints) for one in covered)
        if ended and found[-1].listed.last == stretch[-1].position:
            # The new one is there: only the old one can be in danger in the next round.
            forget(written.files.folder)
            written = Written(written.examined, written.files.folder)
        steps += 1
    assert (ended, len(ends), steps > 10) == (0, 2, True)
    named = {f"{one.listed.sha256}.codes" for one in found}
    assert {path.name for path in written.files.folder.iterdir()} == {MANIFEST, LOCK, *named}


def merge_in_a_child(written: Written, steps: int) -> int:
    """The exit code of a process that merges and is killed after so many steps."""
    child = os.fork()
    if child == 0:
        IndexFiles(written.files.folder, LOG, KilledAfter(steps)).merged(written.opened(), nothing_gone)
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def test_a_merge_that_is_killed_at_any_step_loses_nothing_and_the_next_one_is_whole(written: Written) -> None:
    rows, steps, counts, ended = Rows.joined([one.segment.rows() for one in written.known]), 0, set[int](), -9
    while ended == -signal.SIGKILL:
        ended = merge_in_a_child(written, steps)
        found = written.opened()
        counts.add(len(found))
        for name in ("codes", "places", "ordinals", "kinds", "phashes"):
            left = Rows.joined([one.segment.rows() for one in found])
            assert np.array_equal(getattr(left, name), getattr(rows, name))
        if ended and len(found) == 1:
            # The merge is done: only what was can be in danger in the next round.
            forget(written.files.folder)
            written = Written(written.examined, written.files.folder)
        steps += 1
    assert (ended, counts, steps > 10) == (0, {1, 2}, True)
    assert {path.suffix for path in written.files.folder.iterdir()} == {".json", "", ".codes"}


def test_a_merge_leaves_what_it_does_not_know_and_writes_nothing_of_what_was_erased(
    written: Written, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(index_files, "MERGED_WHILE_ADDING", 0)
    older, gone = written.known[:1], written.examined[110]
    with trying(written.files.folder):
        assert written.files.merged(written.known, nothing_gone) is None
    assert written.files.merged(older, nothing_gone) == older
    new = written.append(written.examined[120:])
    assert len(new) == 3
    assert written.files.merged(written.known, nothing_gone) is None
    (one,) = written.files.merged(new, lambda: {gone.position}) or ()
    assert same(written.opened(), (one,))
    assert gone.position not in one.segment.rows().places.tolist()


def test_the_most_neighbours_are_chosen_that_fit() -> None:
    assert most_neighbours([10, 10, 10, 40], 40) == (0, 3)
    assert most_neighbours([50, 10, 10, 50, 10, 20, 5, 50], 40) == (4, 7)
    assert most_neighbours([10, 10, 50, 10, 10], 40) == (3, 5)
    assert most_neighbours([], 40) == (0, 0)
    first, end = most_neighbours([50, 60], 40)
    assert first == end


def test_older_segments_are_merged_before_one_that_is_full(written: Written, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(index_files, "MERGED_WHILE_ADDING", 0)
    known = written.append(written.examined[120:])
    lengths = [len(one.segment) for one in known]
    assert len(known) == 3
    monkeypatch.setattr(index_files, "MOST_MERGED", lengths[0] + lengths[1])
    monkeypatch.setattr(index_files, "most_neighbours", lambda _lengths, _most: (0, 2))
    rows = Rows.joined([one.segment.rows() for one in known])
    merged = written.files.merged(known, nothing_gone) or ()
    assert [len(one.segment) for one in merged] == [lengths[0] + lengths[1], lengths[2]]
    assert same(written.opened(), merged)
    assert np.array_equal(Rows.joined([one.segment.rows() for one in merged]).codes, rows.codes)


def test_there_is_one_writer_and_readers_keep_what_they_have(written: Written) -> None:
    mapped, stretch = written.opened(), written.examined[120:]
    with trying(written.files.folder) as mine:
        assert mine
        until = stretch[-1].position, written.tables.event_at(stretch[-1].position)
        rows = Rows.joined([rows_of(one) for one in stretch])
        assert written.files.appended(mapped, rows, until, nothing_gone) is None
    new = written.append(stretch)
    assert len(new) < len(mapped) + 1
    assert mapped[1].listed not in [one.listed for one in new]
    # The file is gone, and whoever has mapped it goes on with it.
    assert np.array_equal(
        mapped[1].segment.codes, Rows.joined([rows_of(one) for one in written.examined[100:120]]).codes
    )
    # Who has an older view than the files writes nothing over them.
    assert written.files.appended(mapped, rows, until, nothing_gone) is None
    assert same(written.opened(), new)


def test_nothing_of_what_was_erased_is_written_again(written: Written) -> None:
    gone = written.examined[110]
    content = bytes.fromhex(gone.fingerprints[0].pdq)[::-1]
    parts = [content[place : place + 8] for place in range(0, 32, 8)]

    def places_left() -> int:
        files = [path.read_bytes() for path in written.files.folder.glob("*.codes")]
        return sum(part in one for one in files for part in parts)

    assert places_left()
    written.append(written.examined[120:], lambda: {gone.position})
    assert not places_left()
    forget(written.files.folder)
    assert [path.name for path in written.files.folder.iterdir()] == [LOCK]
