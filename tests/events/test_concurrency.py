"""Several processes on one log: one order, no holes, no event twice, and nobody waits for one that was stopped."""

from __future__ import annotations

import time
from collections.abc import Callable
from itertools import pairwise

import pytest
from sqlalchemy import select

from casefile.errors import RecordUnreadable
from casefile.events.envelope import PartName, Subject
from casefile.events.port import Draft, draft
from casefile.events.tree import CompactRange
from casefile.events.types import PersonalName, PersonRecorded, Words
from casefile.ids import machine_event_id
from casefile.records.engine import reading, table

from .children import Child, Tell, fork
from .places import ACTOR, LOG, Place, assert_equals_replay, independent_check
from .story import GROUNDS

PROCESSES = 4
EACH = 100


def remark(process: int, number: int) -> Draft:
    return draft(
        "remark.added",
        Subject(kind="lead", id=f"{process}"),
        personal=Words(text=f"{process} says {number}"),
        id=machine_event_id(LOG, f"process {process}", "remark", number),
    )


def appending(drafts: list[Draft]) -> Callable[[Place, Tell], None]:
    def body(fresh: Place, tell: Tell) -> None:
        fresh.open()
        for one in drafts:
            (event,) = fresh.append(one)
            tell(event)

    return body


def journalled(place: Place) -> list[str]:
    return [record.content.partition(b'"id":"')[2][:36].decode() for record in place.files.journal.records()]


def assert_one_order(place: Place, expected: set[str]) -> None:
    """Tables, journal and tree tell of the same events in the same order, and nothing is left to be written."""
    assert place.open().recover() == 0
    with reading(place.engine) as connection:
        entry = table("log_entry")
        rows = connection.execute(
            select(entry.c.position, entry.c.event, entry.c.leaf).order_by(entry.c.position)
        ).all()
    assert [row.position for row in rows] == list(range(len(rows)))
    assert [row.event for row in rows] == journalled(place)
    assert {row.event for row in rows[1:]} == expected
    report = independent_check(place.folder / "log")
    assert report["problems"] == []
    head = place.head()
    assert report["root"] == CompactRange.from_text(head.size, head.subtrees).root().hex()
    assert report["root"] == CompactRange().extend(bytes(row.leaf) for row in rows).root().hex()
    assert_equals_replay(place)


def ended(children: list[Child]) -> list[list[str]]:
    results = [child.end() for child in children]
    assert [code for code, _told in results] == [0] * len(children)
    return [told for _code, told in results]


def test_four_processes_append_without_holes(place: Place) -> None:
    drafts = [[remark(process, number) for number in range(EACH)] for process in range(PROCESSES)]
    acknowledged = ended([fork(place, appending(of_one)) for of_one in drafts])
    assert_one_order(place, {event for of_one in acknowledged for event in of_one})
    ids = journalled(place)
    for of_one in acknowledged:
        assert all(ids.index(first) < ids.index(second) for first, second in pairwise(of_one))


def test_processes_that_append_the_same_event_append_it_once(place: Place) -> None:
    drafts = [remark(0, number) for number in range(40)]
    acknowledged = ended([fork(place, appending(drafts)) for _process in range(PROCESSES)])
    assert all(of_one == acknowledged[0] for of_one in acknowledged)
    assert_one_order(place, set(acknowledged[0]))


def test_erasing_while_others_append(place: Place) -> None:
    first = place.append(*(remark(9, number) for number in range(20)))

    def erase(fresh: Place, _tell: Tell) -> None:
        for event in first:
            fresh.open().erase(event, PartName.PERSONAL, GROUNDS, ACTOR)

    children = [fork(place, appending([remark(process, number) for number in range(40)])) for process in range(2)]
    ended([*children, fork(place, erase)])
    place.open().recover()
    assert {stored.part.event for stored in place.files.private.parts(0)}.isdisjoint(first)
    report = independent_check(place.folder / "log")
    assert report["problems"] == []
    assert report["events"] == 1 + 20 + 20 + 80
    assert_equals_replay(place)


@pytest.mark.parametrize("step", ["committed", "private-synced", "journal-written"])
def test_a_process_that_is_stopped_half_way_loses_nothing(place: Place, step: str) -> None:
    """Stopped after its commit it holds no lock, and others carry its event into the journal with their own."""

    def stopping(fresh: Place, tell: Tell) -> None:
        def reached(name: str) -> None:
            if name == step:
                tell(name)
                time.sleep(0.4)

        fresh.open().recover()
        fresh.open(reached)
        (event,) = fresh.append(remark(0, 0))
        tell(event)

    slow = fork(place, stopping)
    assert slow.next_line() == step
    slow.stop()
    others = [fork(place, appending([remark(process, number) for number in range(10)])) for process in (1, 2)]
    if step == "committed":
        told = ended(others)
        assert machine_event_id(LOG, "process 0", "remark", 0) in journalled(place)
        slow.go_on()
        told += ended([slow])
    else:
        # It holds the lock of the files: the others have committed and wait for it.
        time.sleep(0.2)
        assert len(journalled_whole(place)) <= 2
        slow.go_on()
        told = ended([slow, *others])
    assert_one_order(place, {event for of_one in told for event in of_one})


def journalled_whole(place: Place) -> list[bytes]:
    return [content for _start, content, _end in place.files.journal.read(0, 8192)]


def test_a_killed_process_does_not_keep_the_lock(place: Place) -> None:
    def dying(fresh: Place, tell: Tell) -> None:
        fresh.open().recover()

        def reached(step: str) -> None:
            tell(step)
            time.sleep(60 if step == "private-synced" else 0)

        fresh.open(reached)
        fresh.append(remark(0, 0))

    child = fork(place, dying)
    while child.next_line() != "private-synced":
        pass
    child.kill()
    child.end()
    place.open()
    place.append(remark(1, 1))
    assert_one_order(place, {machine_event_id(LOG, f"process {one}", "remark", one) for one in (0, 1)})


def test_what_cannot_be_recorded_twice_is_refused_and_leaves_nothing(place: Place) -> None:
    person = draft(
        "person.recorded",
        Subject(kind="person", id="p"),
        body=PersonRecorded(kind="source"),
        personal=PersonalName(name="A"),
    )
    place.append(person)
    before = place.head()
    with pytest.raises(RecordUnreadable):
        place.append(remark(0, 0), person)
    assert place.head() == before
    place.append(remark(0, 0))
    assert_equals_replay(place)
