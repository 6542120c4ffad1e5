"""A kill at any step or system call of sealing and of recovery, and any error of the disk, loses nothing."""

from __future__ import annotations

import os
import re
import shutil
import signal
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from .captures import Workspace
from .crashes import CAPTURE, Aftermath, Driver, running_driver

CHANGES = ("write", "fsync", "rename", "renameat2", "mkdir", "chmod", "fchmod", "unlink", "rmdir")
"""The calls that change what a crash leaves behind."""
MEMORY = Path("/dev/shm")
LOOKS = ("openat", "read", "newfstatat", "fstat", "getdents64", "flock", "fcntl", "sync_file_range", "close", "lseek")


@pytest.fixture(scope="module")
def driver() -> Iterator[Driver]:
    with running_driver() as one:
        yield one


class Places:
    """Fresh workspaces, one after the other, the last one removed when the next is made."""

    def __init__(self, parent: Path) -> None:
        self._parent = parent
        self._count = 0

    def next(self) -> Path:
        self.remove()
        self._count += 1
        root = self._parent / str(self._count)
        root.mkdir()
        Workspace(root).create()
        return root

    def remove(self) -> None:
        last = self._parent / str(self._count)
        for folder, _, _ in os.walk(last):
            os.chmod(folder, 0o755)
        shutil.rmtree(last, ignore_errors=True)


@pytest.fixture
def places(tmp_path: Path) -> Iterator[Places]:
    """In memory where there is such a place: a kill is no power cut, so nothing here depends on a real disk."""
    if not os.access(MEMORY, os.W_OK):
        yield Places(tmp_path)
        return
    with tempfile.TemporaryDirectory(dir=MEMORY) as parent:
        places = Places(Path(parent))
        yield places
        places.remove()


def steps_of(driver: Driver, root: Path, action: str = "seal", *, lease_lost: bool = False) -> list[str]:
    (root / "steps").unlink(missing_ok=True)
    driver.order(root, action, lease_lost=lease_lost)
    return (root / "steps").read_text().splitlines()


@pytest.mark.parametrize("lease_lost", [False, True], ids=["recorded", "lease-lost"])
def test_a_kill_at_every_step_of_sealing_loses_nothing(driver: Driver, places: Places, lease_lost: bool) -> None:
    steps = steps_of(driver, places.next(), lease_lost=lease_lost)
    assert len(steps) > 50
    for number in range(1, len(steps) + 1):
        root = places.next()
        status = driver.order(root, kill_at=number, lease_lost=lease_lost)
        assert os.WTERMSIG(status) == signal.SIGKILL, steps[number - 1]
        after = Aftermath(root, lease_lost)
        after.recover()
        after.check()


STATES = ["before the intent", "object in staging", "object in the vault", "recorded"]


def step_before(driver: Driver, root: Path, state: str) -> int:
    """The number of the step of sealing after which a kill leaves this state to a recovery."""
    at = {
        STATES[0]: "fsync sealing.json",
        STATES[1]: "fsync sealing/",
        STATES[2]: "chmod urn%3auuid%3a" + CAPTURE,
        STATES[3]: "record",
    }[state]
    steps = steps_of(driver, root)
    return len(steps) - steps[::-1].index(at)


@pytest.mark.parametrize(
    ("state", "lease_lost"), [*((state, False) for state in STATES), (STATES[1], True), (STATES[2], True)]
)
def test_a_kill_at_every_step_of_recovery_loses_nothing(
    driver: Driver, places: Places, state: str, lease_lost: bool
) -> None:
    broken_at = step_before(driver, places.next(), state)
    root = places.next()
    driver.order(root, kill_at=broken_at)
    count = len(steps_of(driver, root, "recover", lease_lost=lease_lost))
    assert count > 2
    for number in range(1, count + 1):
        root = places.next()
        driver.order(root, kill_at=broken_at)
        status = driver.order(root, "recover", kill_at=number, lease_lost=lease_lost)
        assert os.WTERMSIG(status) == signal.SIGKILL
        driver.order(root, "recover", lease_lost=lease_lost)
        Aftermath(root).check()


def calls_of(driver: Driver, root: Path, calls: tuple[str, ...]) -> Counter[str]:
    trace = root / "trace"
    driver.traced(root, ["-o", str(trace), "-e", "trace=" + ",".join(calls)])
    return Counter(re.findall(r"^\d+ +(\w+)\(", trace.read_text(), re.MULTILINE))


def points(counts: Counter[str]) -> list[tuple[str, int]]:
    return [(call, number) for call, count in sorted(counts.items()) for number in range(1, count + 1)]


def kill_at_every(driver: Driver, places: Places, calls: tuple[str, ...]) -> int:
    chosen = points(calls_of(driver, places.next(), calls))
    for call, number in chosen:
        root = places.next()
        driver.traced(root, ["-o", "/dev/null", "-e", f"inject={call}:signal=KILL:when={number}"])
        after = Aftermath(root)
        after.recover()
        after.check()
    return len(chosen)


def fail_at_every(driver: Driver, places: Places, calls: tuple[str, ...], error: str) -> int:
    """Each call fails once: the sealing ends in a typed error or, where that is no loss, as if nothing were."""
    chosen = points(calls_of(driver, places.next(), calls))
    for call, number in chosen:
        root = places.next()
        status = driver.traced(root, ["-o", "/dev/null", "-e", f"inject={call}:error={error}:when={number}"])
        named = (root / "error").read_text() if (root / "error").exists() else ""
        assert os.waitstatus_to_exitcode(status) == (3 if named else 0), (call, number, status)
        # A sync that failed proves nothing when it is tried again, so none may be passed over.
        assert named if call == "fsync" else named or (root / "acknowledged").exists()
        after = Aftermath(root)
        after.recover()
        after.check()
    return len(chosen)


def test_a_kill_at_every_call_that_changes_the_disk_loses_nothing(driver: Driver, places: Places) -> None:
    assert kill_at_every(driver, places, CHANGES) > 50


@pytest.mark.campaign
def test_a_kill_at_every_other_call_loses_nothing(driver: Driver, places: Places) -> None:
    assert kill_at_every(driver, places, LOOKS) > 100


@pytest.mark.parametrize("error", ["EIO", "ENOSPC"])
def test_an_error_of_every_call_that_changes_the_disk_is_a_typed_one(
    driver: Driver, places: Places, error: str
) -> None:
    assert fail_at_every(driver, places, CHANGES, error) > 50


@pytest.mark.campaign
def test_an_error_of_every_other_call_is_a_typed_one(driver: Driver, places: Places) -> None:
    assert fail_at_every(driver, places, LOOKS, "EIO") > 100
