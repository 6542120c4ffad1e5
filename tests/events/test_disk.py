"""What happens below: the order in which bytes reach the disk, and what a disk that fails or is full does to a log.

A process is watched, or disturbed, by strace; the faults are the kernel's own.
"""

from __future__ import annotations

import errno
import os
import re
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from casefile.errors import StorageFailed
from casefile.events import durable
from casefile.events.envelope import PartName
from casefile.events.replay import empty_database

from .places import ACTOR, LOG, Place, assert_equals_replay, independent_check
from .story import GROUNDS
from .test_crash import assert_sound, id_of, numbered

PROGRAM = Path(__file__).parent / "programs" / "append_events.py"
EVENTS = 2
DISTURBED = ("pwrite64", "fsync", "fdatasync")
FAULTS = ("signal=KILL", "error=EIO", "error=ENOSPC")
KILLED = -9


def run_traced(place: Place, *options: str, count: int = EVENTS) -> tuple[int, list[str], list[str]]:
    """Exit code, what the program said, and the lines of the trace."""
    if shutil.which("strace") is None:
        pytest.skip("strace is not installed")
    trace = place.folder / "trace"
    place.engine.dispose()
    # Where nothing is injected the kernel picks out the calls, which spares the program a stop at every other one.
    quick = () if any("inject=" in one for one in options) else ("--seccomp-bpf",)
    command = [
        "strace",
        "-f",
        *quick,
        "-qq",
        "-y",
        "-s",
        "16",
        "-o",
        str(trace),
        *options,
        sys.executable,
        str(PROGRAM),
    ]
    result = subprocess.run([*command, str(place.folder), str(count)], capture_output=True, text=True, check=False)
    assert "Traceback" not in result.stderr, result.stderr
    lines = trace.read_text("utf-8", "replace").splitlines()
    trace.unlink()
    return result.returncode, result.stdout.splitlines(), lines


def acknowledged(said: Sequence[str]) -> list[int]:
    return [int(line.split()[1]) for line in said if line.startswith("ACK")]


def synced_and_said(trace: Sequence[str]) -> Iterator[str]:
    """What was synced, by file or folder, and each acknowledgement, in the order in which it happened."""
    for line in trace:
        if found := re.search(r"(fsync|fdatasync)\(\d+<(.+?)>\) += 0", line):
            path = Path(found[2])
            yield "/".join(path.parts[-2:]) if path.name.isdigit() else path.name
        elif "write(1<" in line and '"ACK' in line:
            yield "ACK"


def test_nothing_is_acknowledged_before_its_bytes_are_on_the_disk(sqlite_place: Place) -> None:
    code, said, trace = run_traced(sqlite_place, "-e", "trace=fsync,fdatasync,write")
    assert (code, acknowledged(said)) == (0, list(range(EVENTS)))
    order = list(synced_and_said(trace))
    for event in " ".join(order).split("ACK")[:-1]:
        assert event.split()[-3:] == ["casefile.db-wal", "private/0000", "journal/0000"]


def test_the_names_of_the_first_segments_are_on_the_disk_before_the_first_acknowledgement(tmp_path: Path) -> None:
    place = Place(tmp_path, "")
    place.files.create()
    empty_database(place.engine, LOG)
    _code, _said, trace = run_traced(place, "-e", "trace=fsync,fdatasync,write", count=1)
    order = list(synced_and_said(trace))
    assert order[: order.index("ACK")][-5:] == [
        "casefile.db-wal", "private/0000", "private", "journal/0000", "journal",
    ]  # fmt: skip
    place.stop()


def test_every_byte_of_journal_and_parts_is_synced_after_it_was_written(sqlite_place: Place) -> None:
    _code, _said, trace = run_traced(sqlite_place, "-e", "trace=fsync,fdatasync,pwrite64,write")
    written: set[str] = set()
    for line in trace:
        if found := re.search(r"pwrite64\(\d+<(.+?/(?:journal|private)/\d+)>", line):
            written.add(found[1])
        elif found := re.search(r"fsync\(\d+<(.+?)>\) += 0", line):
            written.discard(found[1])
        elif "write(1<" in line:
            assert written == set()


def calls_of(place: Place) -> Counter[str]:
    """How often an undisturbed run makes each call."""
    _code, said, trace = run_traced(place, "-e", f"trace={','.join(DISTURBED)}")
    assert acknowledged(said) == list(range(EVENTS))
    return Counter(found[1] for line in trace if (found := re.search(r"(\w+)\(", line)))


def disturb(tmp_path: Path, points: Sequence[tuple[str, int, str]]) -> Counter[str]:
    """One run for each (call, k, fault); what came of them."""
    outcomes: Counter[str] = Counter()
    for number, (call, when, fault) in enumerate(points):
        folder = tmp_path / str(number)
        folder.mkdir()
        place = Place(folder, "").create()
        code, said, _trace = run_traced(place, "-e", f"trace={call}", "-e", f"inject={call}:{fault}:when={when}")
        assert code == (KILLED if fault == "signal=KILL" else 0), (call, when, fault)
        assert said[-1:] == ["END"] or code == KILLED
        done = acknowledged(said)
        outcomes.update(line.split()[2] for line in said if line.startswith("REFUSED"))
        place.open().recover()
        assert_sound(place, done)
        place.append(*(numbered(one) for one in range(EVENTS)))
        assert place.head().size == EVENTS + 1
        assert_equals_replay(place)
        assert independent_check(folder / "log")["problems"] == []
        place.stop()
        shutil.rmtree(folder)
    return outcomes


def points_of(calls: Counter[str]) -> list[tuple[str, int, str]]:
    return [(call, when, fault) for call in DISTURBED for when in range(1, calls[call] + 1) for fault in FAULTS]


def test_faults_of_the_disk_lose_nothing_that_was_acknowledged(sqlite_place: Place, tmp_path: Path) -> None:
    """One point for each fault, early, in the middle and late; the campaign takes every one."""
    points = points_of(calls_of(sqlite_place))
    by_fault = [[point for point in points if point[2] == fault] for fault in FAULTS]
    outcomes = disturb(tmp_path, [found[len(found) * (2 * n + 1) // 6] for n, found in enumerate(by_fault)])
    assert sum(outcomes.values()) > 0


@pytest.mark.campaign
@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("call", DISTURBED)
def test_a_fault_at_every_call_loses_nothing_that_was_acknowledged(
    sqlite_place: Place, tmp_path: Path, call: str, fault: str
) -> None:
    points = [point for point in points_of(calls_of(sqlite_place)) if (point[0], point[2]) == (call, fault)]
    assert points
    outcomes = disturb(tmp_path, points)
    assert set(outcomes) <= {"StorageFailed", "SpaceExhausted", "WorkspaceUnusable"}


class FailingSync:
    """`os.fsync` that fails once, for the first file below a folder of that name."""

    def __init__(self, folder: str) -> None:
        self._folder = folder
        self.failed = False
        self._fsync = os.fsync

    def __call__(self, handle: int) -> None:
        path = Path(os.readlink(f"/proc/self/fd/{handle}"))
        if not self.failed and path.parent.name == self._folder:
            self.failed = True
            raise OSError(errno.EIO, "Input/output error")
        self._fsync(handle)


def lose_what_was_not_synced(place: Place, folder: str, size: int) -> None:
    """What a kernel may do after a failed sync: the pages look written, and are not."""
    path = place.folder / "log" / folder / "0000"
    lost = path.stat().st_size - size
    assert lost > 0
    with path.open("r+b") as stream:
        stream.seek(size)
        stream.write(bytes(lost))


@pytest.mark.parametrize("folder", ["journal", "private"])
@pytest.mark.parametrize("who", ["the same process", "another process", "a recovery"])
def test_what_a_failed_sync_wrote_is_never_believed(
    place: Place, monkeypatch: pytest.MonkeyPatch, folder: str, who: str
) -> None:
    place.append(numbered(0))
    size = (place.folder / "log" / folder / "0000").stat().st_size
    failing = FailingSync(folder)
    monkeypatch.setattr(durable.os, "fsync", failing)
    with pytest.raises(StorageFailed):
        place.append(numbered(1))
    assert failing.failed
    lose_what_was_not_synced(place, folder, size)
    if who == "another process":
        place.open()
    if who == "a recovery":
        assert place.open().recover() == 1
    place.append(numbered(2))
    assert_sound(place, [0, 1, 2])


def test_a_failed_sync_while_erasing_leaves_the_part_to_be_erased(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    place.append(numbered(0), numbered(1))
    before = (place.folder / "log" / "private" / "0000").read_bytes()
    failing = FailingSync("private")

    def armed(step: str) -> None:
        if step == "journal-synced":
            monkeypatch.setattr(durable.os, "fsync", failing)

    place.open().recover()
    with pytest.raises(StorageFailed):
        place.open(armed).erase(id_of(0), PartName.PERSONAL, GROUNDS, ACTOR)
    assert failing.failed
    assert (place.folder / "log" / "private" / "0000").read_bytes().startswith(before)
    place.open().recover()
    assert b"remark 0" not in (place.folder / "log" / "private" / "0000").read_bytes()
    assert_sound(place, [0, 1])
