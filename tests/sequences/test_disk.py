"""A disk that is full or fails under a whole collection: a typed end, no half item, and the same command finishes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from sites.hostile import HostileSite, Visit

from .conftest import Places
from .workspaces import NO_RESERVE, ONE_THREAD, Place, await_stop, running_driver

UNUSABLE = 6
MEBIBYTE = 1 << 20
SIZE = 24 * MEBIBYTE
MOUNT = f'mount -t tmpfs -o size={SIZE} tmpfs "$0" && exec "$@"'
PATHS = ("/page", "/large", "/plain")


def large(visit: Visit) -> None:
    visit.respond(os.urandom(2 * MEBIBYTE), content_type="application/octet-stream")


@pytest.fixture(scope="module")
def site() -> Iterator[HostileSite]:
    """The site, with a body that needs room."""
    with HostileSite({"/large": large}) as running:
        yield running


@pytest.fixture
def small(tmp_path: Path, site: HostileSite) -> Iterator[Place]:
    """A workspace alone on a small file system, which exists only for the driver."""
    mount = tmp_path / "small"
    mount.mkdir()
    namespace = ["unshare", "-m"] if os.geteuid() == 0 else ["unshare", "-r", "-m"]
    with running_driver(*namespace, "sh", "-c", MOUNT, str(mount)) as driver:
        environment = {"CASEFILE_EGRESS__ALLOW": json.dumps([site.address]), **ONE_THREAD, **NO_RESERVE}
        place = Place(tmp_path, driver, environment, mounted=str(mount))
        place.must("init")
        yield place


def fill(place: Place, free: int) -> Path:
    """Take all but `free` bytes of the file system; the file that takes them."""
    ballast = place.root.parent / "ballast"
    found = os.statvfs(place.root)
    size = found.f_bavail * found.f_frsize - free
    with ballast.open("wb") as stream:
        while size > 0:
            size -= stream.write(bytes(min(size, MEBIBYTE)))
    return ballast


def collect_when_full(place: Place, site: HostileSite, free: int) -> None:
    locators = [site.url(f"{path}?free={free}") for path in PATHS]
    ballast = fill(place, free)
    code = place.run("collect", locators=locators, level="weak")
    outcomes = {one["outcome"] for one in place.results()}
    assert code == UNUSABLE or (code == 0 and "failed" in outcomes), (code, outcomes, place.lines("error"))
    if code == UNUSABLE:
        (said,) = place.lines("error")
        # Without a single free block SQLite cannot even open, which it calls an error of the disk.
        assert said.startswith("SpaceExhausted" if free else ("SpaceExhausted", "StorageFailed")), said
        assert "Free space" in said or "Check the disk" in said, said
    ballast.unlink()
    resume(place, locators)
    # SQLite does not open a file by way of /proc.
    outside = place.copy(place.folder / "outside")
    require_whole(outside, locators, place.acknowledged())


def resume(place: Place, locators: list[str]) -> None:
    """The same command brings the rest."""
    place.must("collect", locators=locators, level="weak")
    assert {one["outcome"] for one in place.results()} <= {"captured", "already"}


def require_finished(place: Place, locators: list[str]) -> None:
    resume(place, locators)
    require_whole(place, locators, place.acknowledged())


def require_whole(place: Place, locators: list[str], acknowledged: set[str]) -> None:
    """All is there once."""
    place.require_nothing_lost(acknowledged)
    assert place.locators(of_items=True) == sorted(locators)
    place.require_sound()
    place.require_rebuilt_equal()


@pytest.mark.parametrize("free", [200_000, pytest.param(3 * MEBIBYTE, marks=pytest.mark.campaign)])
def test_a_full_disk_ends_a_collection_that_resumes_when_there_is_room(
    small: Place, site: HostileSite, free: int
) -> None:
    collect_when_full(small, site, free)


@pytest.mark.campaign
@pytest.mark.parametrize("free", [*range(0, 1_000_000, 100_000), *range(MEBIBYTE, 5 * MEBIBYTE, MEBIBYTE // 2)])
def test_a_disk_that_is_full_at_any_moment(small: Place, site: HostileSite, free: int) -> None:
    collect_when_full(small, site, free)


def test_without_the_reserve_nothing_begins(places: Places, site: HostileSite) -> None:
    place = places()
    locator = site.url("/plain?reserve")
    place.environment = {**place.environment, "CASEFILE_RESERVE__BYTES": str(1 << 60)}
    assert place.run("collect", locators=[locator]) == UNUSABLE
    assert "SpaceExhausted" in place.lines("error")[0]
    assert site.paths().count("/plain?reserve") == 0
    assert place.column("view_attempt", "status") == []
    place.environment |= NO_RESERVE
    require_finished(place, [locator])


CALLS = ("fsync", "renameat2", "mkdir", "fdatasync", "pwrite64", "flock")


def fail_a_call(place: Place, site: HostileSite, call: str, number: int) -> None:
    """The number-th such call of every thread, from the moment that something was received, fails."""
    locators = [site.url(f"/plain?{call}={number}-{one}") for one in range(2)]
    child = place.start("collect", locators=locators, level="weak", stop_at="received")
    await_stop(child)
    inject = f"inject={call}:error=EIO:when={number}"
    command = ["strace", "-f", "-qq", "-o", "/dev/null", "-e", f"trace={call}", "-e", inject, "-p", str(child)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as strace:
        await_tracer(child)
        os.kill(child, signal.SIGCONT)
        code = place.driver.wait(child)
        assert strace.stderr is not None
        strace.stderr.read()
    assert code in (0, 5, UNUSABLE), (code, place.lines("error"))
    require_finished(place, locators)


def await_tracer(child: int) -> None:
    """Until strace has every thread."""
    tasks = Path(f"/proc/{child}/task")
    while any("TracerPid:\t0\n" in (task / "status").read_text() for task in tasks.iterdir()):
        os.sched_yield()


@pytest.mark.parametrize(("call", "number"), [("fsync", 3), ("fdatasync", 1)])
def test_a_call_that_fails_ends_in_a_typed_error(places: Places, site: HostileSite, call: str, number: int) -> None:
    fail_a_call(places(), site, call, number)


@pytest.mark.campaign
@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("number", [1, 2, 3, 5, 8, 13])
def test_any_call_that_fails_ends_in_a_typed_error(places: Places, site: HostileSite, call: str, number: int) -> None:
    fail_a_call(places(), site, call, number)
