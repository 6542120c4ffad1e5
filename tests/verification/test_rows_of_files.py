"""Every hostile file of rows 45 to 55, examined where it really is: typed within 60 s and 1 GiB, the worker alive."""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping
from itertools import groupby
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1]))

from sites.hostile_files import HostileFile, made

from casefile.canonical import Json
from casefile.vocabulary import ContainmentLevel, Role
from containment.limits import Limits
from containment.sandbox import available
from containment.worker import Worker, WorkerResult, open_worker
from verification.interface import CheckName, CheckResult, ExamineRequest, FileExamination, Specimen
from verification.running import LIMIT_BYTES, MODULE, SINGLE_WALL_S, examine_batch

from .making import Bench, encoded, finding, painted

SECRET = b"a secret of another case"
CAUSES = {
    "177 million pixels in 21 KB": (CheckName.FINGERPRINTS, "too-large"),
    "says 2^31 by 2 pixels": (CheckName.FINGERPRINTS, "too-large"),
    "PostScript with a pipe": (CheckName.FINGERPRINTS, "format-refused"),
    "DOCX with a relation outside": (CheckName.FINGERPRINTS, "format-refused"),
    "a million members": (CheckName.FINGERPRINTS, "format-refused"),
    "HLS named .mp4": (CheckName.MEDIA, "format-refused"),
    "ffconcat named .mp4": (CheckName.MEDIA, "format-refused"),
    "file: segment": (CheckName.MEDIA, "format-refused"),
    "file: as key": (CheckName.MEDIA, "format-refused"),
    "subfile:": (CheckName.MEDIA, "format-refused"),
    "concat:": (CheckName.MEDIA, "format-refused"),
}
NOTICES = {
    "10^9 frames a second": "implausible-frame-rate",
    "ten years": "implausible-duration",
    "frame of 16384 by 16384": "frames-unreadable",
    "80 MB remark": "metadata-shortened",
}


class Measured:
    """A worker whose calls are counted and whose largest is known."""

    def __init__(self, worker: Worker) -> None:
        self.worker = worker
        self.calls = 0
        self.peak_bytes = 0

    def call(self, request: Mapping[str, Json], out_name: str, limits: Limits) -> WorkerResult:
        self.calls += 1
        result = self.worker.call(request, out_name, limits)
        self.peak_bytes = max(self.peak_bytes, result.peak_memory_bytes)
        return result


def specimen(bench: Bench, file: HostileFile) -> Specimen:
    role = Role.VIDEO if file.video else Role.PICTURE
    return Specimen(file=bench.put(file.content), role=role, name="film.mp4", declared_media_type="video/mp4")


@pytest.mark.campaign
def test_every_hostile_file_ends_typed_within_its_bounds_and_the_worker_lives(bench: Bench) -> None:
    if not available().full:
        pytest.skip(f"full containment: {available().reason}")
    victim = bench.put(SECRET)
    ended: dict[str, FileExamination] = {}
    with open_worker(MODULE, inputs=bench.inputs, out=bench.out, egress=None, level=ContainmentLevel.FULL) as worker:
        measured = Measured(worker)
        for row, group in groupby(made(Path("/inputs", victim)), key=lambda one: one.row):
            files = tuple(group)
            asked = tuple(specimen(bench, one) for one in files)
            request = ExamineRequest(files=asked, exiftool=bench.exiftool, ffprobe=bench.ffprobe)
            began = time.monotonic()
            examined = examine_batch(measured, request, f"row-{row}-{len(ended)}")
            assert time.monotonic() - began < SINGLE_WALL_S, f"row {row}: all of it together"
            ended.update(zip((one.name for one in files), examined.files, strict=True))
        calls = measured.calls
        good = Specimen(file=bench.put(encoded(painted(1))), role=Role.PICTURE)
        request = ExamineRequest(files=(good,), exiftool=bench.exiftool, ffprobe=bench.ffprobe)
        (last,) = examine_batch(measured, request, "good").files
    assert {one.result for one in last.findings} <= {CheckResult.DONE, CheckResult.NOT_APPLICABLE}
    assert measured.peak_bytes <= LIMIT_BYTES
    assert measured.calls == calls + 1
    for name, file in ended.items():
        assert [one.check for one in file.findings] == list(CheckName), name
        assert all(one.cause for one in file.findings if one.result is CheckResult.INCONCLUSIVE), name
    for name, (check, cause) in CAUSES.items():
        assert finding(ended[name], check).cause == cause, name
    for name, notice in NOTICES.items():
        codes = {one.code for found in ended[name].findings for one in found.notices}
        assert notice in codes, name
    assert not list(bench.out.rglob("owned"))
    assert not any(SECRET in path.read_bytes() for path in bench.out.rglob("*") if path.is_file())
    assert not any(SECRET in file.canonical() for file in ended.values())
