"""What was cut, put back, torn or changed in the log's files: seen on opening, or by a replay, and never built upon."""

from __future__ import annotations

import os
import random
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import delete

from casefile.errors import DatabaseRestored, IntegrityError, JournalShortened, RecordUnreadable, WorkspaceBusy
from casefile.events import lock
from casefile.events.envelope import Part, PartName, Subject
from casefile.events.journal import SEGMENT_EVENTS, framed
from casefile.events.lock import Mark
from casefile.events.port import Draft, draft
from casefile.events.private import encode
from casefile.events.replay import rebuild
from casefile.events.tree import CompactRange
from casefile.events.types import ToolTested, Words
from casefile.records.engine import reading, sqlite_engine, table, writing
from casefile.records.reading import read_head

from .places import ACTOR, LOG, Place, assert_equals_replay, independent_check, rows_of
from .story import GROUNDS


def remark(number: int) -> Draft:
    return draft("remark.added", Subject(kind="lead", id="l"), personal=Words(text=f"remark {number}"))


@pytest.fixture
def filled(place: Place) -> Place:
    """A log of eleven events, closed."""
    for number in range(10):
        place.append(remark(number))
    place.log.close()
    place.engine.dispose()
    return place


def journal(place: Place, segment: int = 0) -> Path:
    return place.files.journal.path(segment)


def private(place: Place) -> Path:
    return place.files.private.path(0)


def cut(path: Path, by: int) -> None:
    os.truncate(path, path.stat().st_size - by)


def files_of(place: Place) -> dict[str, bytes]:
    folder = place.folder / "log"
    return {path.name: path.read_bytes() for path in sorted(folder.rglob("0*")) if path.is_file()}


@pytest.mark.parametrize("with_the_lock", [True, False], ids=["with-the-mark", "by-the-head-alone"])
@pytest.mark.parametrize("by", [1, 700])
def test_a_shortened_journal_is_seen_and_nothing_is_appended(filled: Place, by: int, with_the_lock: bool) -> None:
    if not with_the_lock:
        filled.files.lock.unlink()
    cut(journal(filled), by)
    before, rows = files_of(filled), rows_of(filled.engine)
    for act in (lambda: filled.open().recover(), lambda: filled.open() and filled.append(remark(99))):
        with pytest.raises(JournalShortened):
            act()
    assert (files_of(filled), rows_of(filled.engine)) == (before, rows)


def test_a_journal_that_is_gone_is_seen(filled: Place) -> None:
    journal(filled).unlink()
    with pytest.raises(JournalShortened):
        filled.open().recover()


def test_a_cut_of_the_newest_event_is_seen_after_a_crash_too(place: Place) -> None:
    """Without `close` the head knows of all events but the newest, and the mark of all."""
    place.append(remark(0))
    place.append(remark(1))
    cut(journal(place), 10)
    with pytest.raises(JournalShortened):
        place.open().recover()


def test_private_parts_that_were_cut_are_seen(filled: Place) -> None:
    cut(private(filled), 1)
    with pytest.raises(RecordUnreadable):
        filled.open().recover()
    with pytest.raises(RecordUnreadable):
        filled.lose_database()


def restored(place: Place, tmp_path: Path, appended: int) -> Place:
    """An older database beside the present files."""
    place.log.close()
    place.engine.dispose()
    shutil.copytree(place.folder, tmp_path / "older")
    place.open()
    for number in range(appended):
        place.append(remark(number))
    place.log.close()
    place.engine.dispose()
    for suffix in ("", "-wal", "-shm"):
        place.database.with_name(place.database.name + suffix).unlink(missing_ok=True)
    shutil.copy(tmp_path / "older" / "casefile.db", place.database)
    return place


@pytest.mark.parametrize("with_the_lock", [True, False], ids=["with-the-mark", "by-the-head-alone"])
@pytest.mark.parametrize("appended", [1, 20])
def test_an_older_database_is_not_built_upon(
    sqlite_place: Place, tmp_path_factory: pytest.TempPathFactory, appended: int, with_the_lock: bool
) -> None:
    place = restored(sqlite_place, tmp_path_factory.mktemp("older"), appended)
    if not with_the_lock:
        place.files.lock.unlink()
    before, rows = files_of(place), rows_of(place.engine)
    # More at once than the database lacks: by length alone the journal would be behind it.
    batch = [remark(number) for number in range(appended + 5)]
    for act in (lambda: place.open().recover(), lambda: place.open() and place.append(*batch)):
        with pytest.raises(DatabaseRestored) as caught:
            act()
        assert caught.value.exit_code == 5
        assert caught.value.journal_events == caught.value.database_events + appended
    assert (files_of(place), rows_of(place.engine)) == (before, rows)
    place.lose_database()
    assert place.open().recover() == 0
    place.append(*batch)
    assert_equals_replay(place)


def test_a_database_that_went_its_own_way_is_not_brought_together_with_the_journal(
    sqlite_place: Place, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """The older database was appended to by somebody who had no journal; its events lie where ours do."""
    folder = tmp_path_factory.mktemp("other")
    sqlite_place.log.close()
    sqlite_place.engine.dispose()
    shutil.copytree(sqlite_place.folder, folder, dirs_exist_ok=True)
    other = Place(folder, "")
    for place in (sqlite_place, other):
        place.open()
        place.append(*(remark(number) for number in range(3)))
        place.log.close()
        place.engine.dispose()
    shutil.copy(other.database, sqlite_place.database)
    with pytest.raises(IntegrityError):
        sqlite_place.open().recover()
    other.stop()


def commit_only(place: Place, *drafts: Draft) -> None:
    """Commit events and die before anything reaches the files."""

    class Died(BaseException):
        pass

    def reached(step: str) -> None:
        if step == "committed":
            raise Died

    place.open().recover()
    with pytest.raises(Died):
        place.open(reached).append(drafts, ACTOR)
    place.open()


TORN: dict[str, Callable[[bytes], bytes]] = {
    "nothing": lambda _frame: b"",
    "one byte": lambda frame: frame[:1],
    "half": lambda frame: frame[: len(frame) // 2],
    "all but one byte": lambda frame: frame[:-1],
    "all": lambda frame: frame,
    "zeros": lambda frame: bytes(len(frame)),
    "a hole": lambda frame: frame[:50] + bytes(200) + frame[250:],
    "longer zeros, as a file system may leave them": lambda frame: frame[:7] + bytes(300),
}


@pytest.mark.parametrize("torn", TORN.values(), ids=TORN.keys())
def test_what_a_crash_tore_is_written_anew(place: Place, torn: Callable[[bytes], bytes]) -> None:
    place.append(remark(0))
    commit_only(place, remark(1), remark(2))
    expected = [bytes(row[3]) for row in rows_of(place.engine)["log_entry"]][-2:]
    parts = rows_of(place.engine)["log_part"]
    frames = b"".join(framed(one) for one in sorted(expected))
    with journal(place).open("ab") as stream:
        stream.write(torn(frames)[: len(frames)])
    with private(place).open("ab") as stream:
        stream.write(torn(b"\0\0\0\x40" + os.urandom(400)))
    assert place.open().recover() == 2
    assert place.open().recover() == 0
    report = independent_check(place.folder / "log")
    assert (report["events"], report["problems"]) == (4, [])
    assert report["parts"] == len(parts)
    assert_equals_replay(place)


@pytest.mark.parametrize("torn", TORN.values(), ids=TORN.keys())
def test_what_a_crash_tore_does_not_keep_a_database_from_being_rebuilt(
    sqlite_place: Place, torn: Callable[[bytes], bytes]
) -> None:
    """The event was not acknowledged, and its only whole copy was in the database that is lost now."""
    place = sqlite_place
    place.append(remark(0))
    frame = framed(os.urandom(400))
    whole = torn(frame) == frame
    for path in (journal(place), private(place)):
        with path.open("ab") as stream:
            stream.write(frame[:-1] if whole else torn(frame))
    replayed = place.lose_database()
    assert replayed.events == 2
    assert bool(replayed.unfinished) == bool(torn(frame))
    assert place.open().recover() == 0
    place.append(remark(1))
    report = independent_check(place.folder / "log")
    assert (report["events"], report["problems"]) == (3, [])
    assert_equals_replay(place)


def test_parts_that_were_written_and_not_acknowledged_are_not_there_twice(place: Place) -> None:
    commit_only(place, remark(0))
    parts = {row[:2]: row for row in rows_of(place.engine)["log_part"]}
    waiting = [row for row in parts.values() if row[1] == "personal"]
    with private(place).open("ab") as stream:
        for event, name, salt, content, _erased in waiting:
            stream.write(framed(encode(Part(event, PartName(name), bytes(salt), bytes(content)))))
    assert place.open().recover() == 1
    report = independent_check(place.folder / "log")
    assert (report["events"], report["parts"], report["problems"]) == (2, 2, [])


def test_every_flipped_byte_of_the_parts_is_found(sqlite_place: Place) -> None:
    for number in range(4):
        sqlite_place.append(remark(number))
    sqlite_place.log.close()
    for _flip in flips(private(sqlite_place), 40):
        with pytest.raises(IntegrityError):
            rebuild_scratch(sqlite_place)
        assert independent_check(sqlite_place.folder / "log")["problems"] != []


def test_every_flipped_byte_of_the_journal_is_found_by_whoever_holds_the_head(sqlite_place: Place) -> None:
    """A flip can turn a word into another word: then the files agree with each other, and no longer with the head."""
    for number in range(4):
        sqlite_place.append(remark(number))
    sqlite_place.log.close()
    root = independent_check(sqlite_place.folder / "log")["root"]
    for _flip in flips(journal(sqlite_place), 40):
        report = independent_check(sqlite_place.folder / "log")
        assert report["problems"] or report["root"] != root
        try:
            head = rebuild_scratch(sqlite_place)
        except IntegrityError:
            continue
        assert head.root().hex() == report["root"] != root


def flips(path: Path, number: int) -> Iterator[int]:
    """Flip bits of a file one after the other: those that say how long a record is, and others by chance."""
    content, chance = path.read_bytes(), random.Random(number)
    last, following = 0, 0
    while following < len(content):
        last, following = following, following + 4 + int.from_bytes(content[following : following + 4], "big")
    for at in {0, 3, 4, last, last + 3, len(content) - 1, *chance.sample(range(len(content)), number)}:
        flipped = bytearray(content)
        flipped[at] ^= 1 << chance.randrange(8)
        path.write_bytes(flipped)
        yield at
    path.write_bytes(content)


def test_a_part_that_is_missing_is_reported_by_a_tolerant_replay(sqlite_place: Place) -> None:
    place = sqlite_place
    first, second = place.append(remark(0), remark(1))
    place.files.private.erase(0, first, PartName.PERSONAL, private(place).stat().st_size)
    with pytest.raises(RecordUnreadable):
        rebuild_scratch(place)
    engine = sqlite_engine(None)
    replayed = rebuild(place.folder / "log", engine, tolerant=True)
    assert replayed.missing_parts == ((first, "personal"),)
    assert second not in str(replayed.missing_parts)
    engine.dispose()


@pytest.mark.parametrize("change", ["doubled", "strange", "swapped"])
def test_parts_that_do_not_belong_are_found(sqlite_place: Place, change: str) -> None:
    place = sqlite_place
    place.append(*(remark(number) for number in range(3)))
    place.append(*(draft("tool.tested", body=ToolTested(passed=())) for _one in range(SEGMENT_EVENTS)))
    place.log.close()
    content = private(place).read_bytes()
    records = list(place.files.private.read(0, 1 << 20))
    first = content[records[1][0] : records[1][2]]
    if change == "doubled":
        private(place).write_bytes(content + first)
    elif change == "strange":
        private(place).write_bytes(content + first.replace(first[4:12], b"99999999"))
    else:
        other = content[records[2][0] : records[2][2]]
        # Each under the other's event: the same bytes in all, under the wrong commitments.
        swapped = first[:4] + other[4:40] + first[40:], other[:4] + first[4:40] + other[40:]
        private(place).write_bytes(content.replace(first, swapped[0]).replace(other, swapped[1]))
    with pytest.raises(RecordUnreadable):
        rebuild_scratch(place)
    assert independent_check(place.folder / "log")["problems"]


def test_segments_that_are_missing_or_strange_are_found(sqlite_place: Place) -> None:
    place = sqlite_place
    place.append(*(draft("tool.tested", body=ToolTested(passed=())) for _one in range(SEGMENT_EVENTS)))
    place.log.close()
    assert place.files.journal.segments() == [0, 1]
    assert_equals_replay(place)
    moved = place.folder / "moved"
    for segment in (0, 1):
        journal(place, segment).rename(moved)
        with pytest.raises(IntegrityError):
            rebuild_scratch(place)
        moved.rename(journal(place, segment))
    journal(place, 1).rename(moved)
    with pytest.raises(JournalShortened):
        place.open().recover()
    moved.rename(journal(place, 1))
    journal(place, 3).write_bytes(b"")
    with pytest.raises(RecordUnreadable):
        place.open().recover()
    journal(place, 3).rename(place.folder / "log" / "journal" / "notes")
    with pytest.raises(RecordUnreadable):
        rebuild_scratch(place)


def rebuild_scratch(place: Place) -> CompactRange:
    """The tree of a replay into a database of its own."""
    engine = sqlite_engine(None)
    try:
        rebuild(place.folder / "log", engine)
        with reading(engine) as connection:
            head = read_head(connection, LOG)
            return CompactRange.from_text(head.size, head.subtrees)
    finally:
        engine.dispose()


def test_a_database_that_lost_an_event_is_found(place: Place) -> None:
    place.append(remark(0), remark(1))
    commit_only(place, remark(2))
    with writing(place.engine) as connection:
        connection.execute(delete(table("log_entry")).where(table("log_entry").c.position == 3))
    with pytest.raises(RecordUnreadable):
        place.open().recover()


def test_an_erased_part_that_came_back_is_noted_and_removed(sqlite_place: Place) -> None:
    """Such as from a backup of the parts: a rebuild notes it, the next opening removes it."""
    place = sqlite_place
    (event,) = place.append(remark(0))
    before = private(place).read_bytes()
    place.log.erase(event, PartName.PERSONAL, GROUNDS, ACTOR)
    after = private(place).read_bytes()
    record = before[len(before) - (len(before) - before.rindex(event.encode())) - 4 :]
    private(place).write_bytes(after[: -len(erasure_part(after))] + record + erasure_part(after))
    place.files.lock.unlink()
    place.lose_database()
    assert event.encode() in private(place).read_bytes()
    place.log.recover()
    assert private(place).read_bytes() == after
    assert_equals_replay(place)


def erasure_part(content: bytes) -> bytes:
    """The last record, which is the body of the erasure."""
    at = content.rindex(b"\nbody\n") - 36 - 4
    return content[at:]


@pytest.mark.parametrize("damage", [b"", b"0 " * 80, os.urandom(160), b"\xff" * 160, b"1 2 3".ljust(160)])
def test_a_mark_that_is_damaged_is_not_believed(filled: Place, damage: bytes) -> None:
    filled.files.lock.write_bytes(damage)
    assert Mark.decode(damage) is None
    assert filled.open().recover() == 0
    filled.append(remark(1))
    assert_equals_replay(filled)


def test_a_lock_that_is_kept_for_too_long_is_an_error_with_advice(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lock, "WAIT_S", 0.2)
    place.log.recover()
    with place.files.locked(), pytest.raises(WorkspaceBusy) as caught:
        place.append(remark(0))
    assert caught.value.advice()
    # It was committed and not acknowledged; whoever comes next carries it on.
    assert place.open().recover() == 1
    assert_equals_replay(place)
