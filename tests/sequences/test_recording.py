"""Recording mode from end to end: what passed for a method that keeps no WARC is a sealed part of its capture."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sites.hostile import HostileSite, Visit
from sites.warcs import check_with_fastwarc, check_with_warcio
from warcio.archiveiterator import ArchiveIterator

from casefile.vocabulary import ContainmentLevel, Fidelity, FileKind
from collectors.http.recorded_answer import WARC_FILE
from containment.sandbox import available
from containment.spool import Kind, Recording, read_frames
from containment.worker import WorkerFailed
from pipelines.recording import SPOOL_FILE, Wishes, add_record, keep_spool
from preservation.intake import OutputRefused

from .workspaces import KILLED, Place

FILM = "testsrc=size=64x48:rate=5:duration=1"
FULL = {"level": ContainmentLevel.FULL.value}


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A film of more than a megabyte, most of it padding behind its end."""
    target = tmp_path_factory.mktemp("film") / "film.mp4"
    command = ("ffmpeg", "-v", "error", "-f", "lavfi", "-i", FILM, "-pix_fmt", "yuv420p", str(target))
    subprocess.run(command, check=True)
    padding = random.Random(5).randbytes(1 << 20)
    return target.read_bytes() + (len(padding) + 8).to_bytes(4, "big") + b"free" + padding


@pytest.fixture(scope="module")
def site(film: bytes) -> Iterator[HostileSite]:
    def video(visit: Visit) -> None:
        visit.respond(film, content_type="video/mp4")

    with HostileSite({"/film.mp4": video}) as running:
        yield running


@pytest.fixture
def recording(place: Place) -> Place:
    if not available().full:
        pytest.skip(f"full containment: {available().reason}")
    place.environment = {**place.environment, "CASEFILE_EGRESS__RECORD": "true"}
    return place


def described_in(folder: Path) -> dict[str, Any]:
    """What a capture says of itself."""
    found: dict[str, Any] = json.loads((folder / "capture.json").read_text())
    return found


def content_of(place: Place, method: str) -> Path:
    """The content folder of the one sealed capture of a method."""
    folders = [path.parent for path in (place.root / "vault").rglob("capture.json")]
    (found,) = (one for one in folders if described_in(one)["circumstances"]["method"] == method)
    return found


def records_in(path: Path) -> list[tuple[str, bytes]]:
    with path.open("rb") as stream:
        return [(one.rec_type, one.raw_stream.read()) for one in ArchiveIterator(stream, no_record_parse=True)]


def test_a_video_is_sealed_with_the_record_of_everything_that_passed(
    recording: Place, site: HostileSite, film: bytes
) -> None:
    recording.must("collect", locators=[site.url("/film.mp4")], method="ytdlp", **FULL)
    assert [one["outcome"] for one in recording.results()] == ["captured"]
    content = content_of(recording, "ytdlp")
    described = described_in(content)
    (named,) = (one for one in described["files"] if one["path"].endswith(WARC_FILE))
    assert (named["kind"], named["fidelity"]) == (FileKind.RECORD.value, Fidelity.WIRE.value)
    assert {one["recording"] for one in described["circumstances"]["contacts"]} == {"whole"}
    (warc,) = content.rglob(Path(WARC_FILE).name)
    assert warc.stat().st_size < len(film)
    kept = records_in(warc)
    assert check_with_fastwarc(warc) == check_with_warcio(warc) == len(kept)
    assert [block for kind, block in kept if kind == "request"] == [seen.raw for seen in site.requests]
    (head,) = (block for kind, block in kept if kind == "revisit")
    assert head + film == bytes(site.sent[-1])
    recording.require_sound()


@pytest.mark.campaign
def test_what_a_killed_run_had_received_is_in_quarantine(recording: Place, site: HostileSite, film: bytes) -> None:
    def stall(visit: Visit) -> None:
        visit.send(f"HTTP/1.1 200 OK\r\nContent-Type: video/mp4\r\nContent-Length: {2 * len(film)}\r\n\r\n", film)
        visit.pause(60)

    site.behaviours["/stalls.mp4"] = stall
    child = recording.start("collect", locators=[site.url("/stalls.mp4")], method="ytdlp", **FULL)
    until = time.monotonic() + 60
    while not any(
        one.stat().st_size > len(film) for one in recording.root.glob("staging/*/outputs/.recorded-*/spool-*")
    ):
        assert time.monotonic() < until
        time.sleep(0.1)
    os.kill(child, signal.SIGKILL)
    assert recording.driver.wait(child) == KILLED
    recording.must("collect", locators=[site.url("/page")], **FULL)
    (spool,) = (recording.root / "quarantine").rglob("spool-*")
    with spool.open("rb") as file:
        places = [(one.start, one.length) for one in read_frames(file) if one.kind is Kind.DOWN]
        received = b""
        for start, length in places:
            file.seek(start)
            received += file.read(length)
    assert received.endswith(film)
    recording.require_sound()


def test_a_spool_of_which_no_warc_can_be_made_is_kept_as_it_is(tmp_path: Path) -> None:
    target, spool = tmp_path / "target", tmp_path / "spool"
    target.mkdir()
    spool.write_bytes(b"what passed")

    def fail(*arguments: object) -> dict[str, object]:
        raise WorkerFailed("memory", "not enough")

    record = add_record(Recording(spool, 1, 11), target, fail, Wishes()).file
    assert record is not None
    assert (record.path, record.fidelity) == (SPOOL_FILE, Fidelity.WIRE)
    assert (target / SPOOL_FILE).read_bytes() == b"what passed"
    assert not spool.exists()


def test_what_passed_before_a_worker_was_lost_stays_with_the_attempt(tmp_path: Path) -> None:
    target, spool = tmp_path / "target", tmp_path / "spool"
    target.mkdir()
    spool.write_bytes(b"what passed")
    failed = WorkerFailed("killed", "out of memory")
    keep_spool(failed, target)
    assert list(target.iterdir()) == []
    failed.recording = Recording(spool, 1, 11)
    keep_spool(failed, target)
    assert (target / SPOOL_FILE).read_bytes() == b"what passed"


@pytest.mark.parametrize("left", ["record", WARC_FILE])
def test_a_worker_cannot_put_its_own_in_the_place_of_the_record(left: str, tmp_path: Path) -> None:
    target, spool = tmp_path / "target", tmp_path / "spool"
    (target / left).parent.mkdir(parents=True)
    (target / left).write_bytes(b"a worker's own")
    spool.write_bytes(b"what passed")

    def make(request: object, out: Path, limits: object) -> dict[str, object]:
        (out / WARC_FILE).parent.mkdir(parents=True)
        (out / WARC_FILE).write_bytes(b"ours")
        return {}

    with pytest.raises(OutputRefused):
        add_record(Recording(spool, 1, 11), target, make, Wishes())
    assert (target / left).read_bytes() == b"a worker's own"
