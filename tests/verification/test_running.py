"""A worker that ends abnormally costs one check of one file, in real containment."""

from __future__ import annotations

import json
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest

from casefile.canonical import Json
from casefile.vocabulary import ContainmentLevel, Role
from containment.worker import Limits, Worker, WorkerFailed, WorkerResult, open_worker
from verification.interface import CheckCause, CheckName, CheckResult, Examined, ExamineRequest, Specimen
from verification.running import MODULE, examine_batch, limits_for

from .making import Bench, Studio, encoded, finding, painted


class Played:
    """A worker that answers from a script: an answer, or the failure that it raises."""

    def __init__(self, play: Callable[[ExamineRequest], Mapping[str, Json]]) -> None:
        self.play = play
        self.names = list[str]()

    def call(self, request: Mapping[str, Json], out_name: str, limits: Limits) -> WorkerResult:
        self.names.append(out_name)
        answer = self.play(ExamineRequest.model_validate(request))
        return WorkerResult(answer, (), ContainmentLevel.WEAK, False, 0.0, 0)


def _asked(*places: int) -> ExamineRequest:
    return ExamineRequest(files=tuple(Specimen(file=f"{place:064x}", role=Role.PICTURE) for place in places))


def _answer(asked: ExamineRequest) -> Mapping[str, Json]:
    files: list[Json] = [
        {"file": one.file, "media_type": "image/png", "raw_metadata": "raw/0000.json"} for one in asked.files
    ]
    return {"files": files}


def test_a_good_batch_is_one_call_and_its_paths_begin_with_its_name() -> None:
    worker = Played(_answer)
    examined = examine_batch(worker, _asked(1, 2), "batch")
    assert worker.names == ["batch"]
    assert [file.raw_metadata for file in examined.files] == ["batch/raw/0000.json"] * 2


@pytest.mark.parametrize(
    "answer",
    [
        {},
        {"files": []},
        {"files": [{"file": "0" * 64}, {"file": "1" * 64}]},
        {"files": [{"file": f"{1:064x}", "preview": "../../etc/passwd"}, {"file": f"{2:064x}"}]},
        {"files": [{"file": f"{1:064x}", "preview": "/etc/passwd"}, {"file": f"{2:064x}"}]},
        {"files": [{"file": f"{1:064x}", "surprise": 1}, {"file": f"{2:064x}"}]},
    ],
)
def test_an_answer_that_is_not_one_is_as_good_as_none(answer: Mapping[str, Json]) -> None:
    files = examine_batch(Played(lambda asked: answer if len(asked.files) == 2 else _answer(asked)), _asked(1, 2), "b")
    assert [file.file for file in files.files] == [f"{place:064x}" for place in (1, 2)]
    assert all(file.preview == "" for file in files.files)


def test_a_file_that_ends_every_call_has_a_finding_for_every_check() -> None:
    def fail(asked: ExamineRequest) -> Mapping[str, Json]:
        if any(one.file == f"{2:064x}" for one in asked.files):
            raise WorkerFailed("memory", "1073741824 bytes")
        return _answer(asked)

    examined = examine_batch(Played(fail), _asked(1, 2, 3), "b")
    assert [file.file for file in examined.files] == [f"{place:064x}" for place in (1, 2, 3)]
    assert [file.media_type for file in examined.files] == ["image/png", "", "image/png"]
    assert [one.check for one in examined.files[1].findings] == list(CheckName)
    assert {one.cause for one in examined.files[1].findings[:-1]} == {CheckCause.MEMORY}


def test_more_files_get_more_time_and_no_more_memory() -> None:
    assert limits_for(200).wall_s > limits_for(1).wall_s
    assert limits_for(200).memory_bytes == limits_for(1).memory_bytes


CRASHING = textwrap.dedent(
    '''
    """The examining worker, but for one file that ends it."""

    import os
    import signal
    from pathlib import Path

    from verification.technical import examine


    def work(request, inputs, out):
        for one in request["files"]:
            if one["name"] == "crash" and "fingerprints" in request["checks"]:
                os.kill(os.getpid(), signal.SIGSEGV)
            if one["name"] == "greedy" and "media" in request["checks"]:
                bytearray(8 << 30)
            if one["name"] == "prints" and "metadata" in request["checks"]:
                raise KeyboardInterrupt("\\x1b[31m from inside")
        return examine.work(request, inputs, out)
    '''
)


@contextmanager
def _contained(bench: Bench, module: str, code: tuple[Path, ...] = ()) -> Iterator[Worker]:
    level = ContainmentLevel.WEAK
    with open_worker(module, inputs=bench.inputs, out=bench.out, egress=None, level=level, code=code) as worker:
        yield worker


@pytest.fixture
def crashing(bench: Bench, tmp_path: Path) -> AbstractContextManager[Worker]:
    module = tmp_path / "crashing_examination.py"
    module.write_text(CRASHING)
    return _contained(bench, "crashing_examination", (module,))


def test_a_crash_in_one_check_of_one_file_costs_that_check_only(
    bench: Bench, crashing: AbstractContextManager[Worker]
) -> None:
    said = ["fine", "crash", "greedy", "prints", "also fine"]
    specimens = [
        Specimen(file=bench.put(encoded(painted(seed, 320, 240))), role=Role.PICTURE, name=name)
        for seed, name in enumerate(said)
    ]
    with crashing as worker:
        asked = ExamineRequest(files=tuple(specimens), exiftool=bench.exiftool, ffprobe=bench.ffprobe)
        files = dict(zip(said, examine_batch(worker, asked, "b").files, strict=True))
    for name, file in files.items():
        assert [one.check for one in file.findings] == list(CheckName), name
    lost = {
        name: [one.check for one in file.findings if one.result is CheckResult.INCONCLUSIVE]
        for name, file in files.items()
    }
    assert lost == {
        "fine": [],
        "crash": [CheckName.FINGERPRINTS],
        "greedy": [CheckName.MEDIA],
        "prints": [CheckName.METADATA],
        "also fine": [],
    }
    assert finding(files["crash"], CheckName.FINGERPRINTS).cause is CheckCause.CRASHED
    assert finding(files["greedy"], CheckName.MEDIA).cause is CheckCause.MEMORY
    for file in files.values():
        for path in (file.raw_metadata, file.preview):
            assert not path or (bench.out / path).is_file()
    assert files["greedy"].fingerprints
    assert files["crash"].raw_metadata


def test_a_picture_and_a_video_are_examined_inside_full_containment(bench: Bench, studio: Studio) -> None:
    film = studio.scenes("contained.mp4", 51, 52)
    specimens = (
        Specimen(file=bench.put(encoded(painted(50))), role=Role.PICTURE),
        Specimen(file=bench.put(film.read_bytes()), role=Role.VIDEO),
    )
    asked = ExamineRequest(files=specimens, exiftool=bench.exiftool, ffprobe=bench.ffprobe)
    with open_worker(MODULE, inputs=bench.inputs, out=bench.out, egress=None, level=ContainmentLevel.FULL) as worker:
        examined: Examined = examine_batch(worker, asked, "b")
    for file in examined.files:
        assert {one.result for one in file.findings} <= {CheckResult.DONE, CheckResult.NOT_APPLICABLE}
        assert file.fingerprints
        assert (bench.out / file.preview).is_file()
    assert {tool.name for tool in examined.tools} >= {"exiftool", "pillow", "av"}


def test_a_forked_call_finds_everything_imported(bench: Bench) -> None:
    program = (
        "import sys; from pathlib import Path; from verification.technical import examine; before = set(sys.modules);"
        "request = __import__('json').loads(sys.argv[1]);"
        "examine.work(request, Path(sys.argv[2]), Path(sys.argv[3]));"
        "print(len([one for one in set(sys.modules) - before if one.startswith(('scipy', 'numpy', 'av', 'email'))]))"
    )
    specimen = Specimen(file=bench.put(encoded(painted(1, 320, 240))), role=Role.PICTURE)
    asked = ExamineRequest(files=(specimen,), exiftool=bench.exiftool)
    out = bench.out / "fresh"
    out.mkdir()
    command = [sys.executable, "-c", program, json.dumps(asked.plain()), str(bench.inputs), str(out)]
    root = Path(__file__).resolve().parents[2]
    printed = subprocess.run(command, check=True, capture_output=True, text=True, cwd=root).stdout
    assert int(printed) <= 3
