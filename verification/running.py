"""Running the examining worker so that no file can take another one's findings with it.

A batch goes through one call. When that call ends abnormally, its files are examined singly; a file that ends a call
by itself has its checks run one by one, so that what can be found out about it is found out, and the check that
cannot be run is an inconclusive finding with its cause.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Protocol

from pydantic import ValidationError

from casefile.canonical import Json
from casefile.model import ToolUse, readable
from containment.worker import Limits, WorkerFailed, WorkerResult
from verification.interface import (
    CheckCause,
    CheckName,
    Examined,
    ExamineRequest,
    FileExamination,
    Finding,
    Specimen,
    inconclusive,
)
from verification.technical.stated_times import stated_times

MODULE = "verification.technical.examine"
"""The worker module to open; it needs no network."""
VERSION = "1"
SINGLE_WALL_S = 60
"""One file ends within this, whatever it is."""
WALL_S_PER_FILE = 3
LIMIT_BYTES = 1 << 30
"""Memory of one call. The pixel cap keeps one decoded picture below a third of it."""
OUTPUT_BYTES = 512 << 20
FILE_BYTES = 64 << 20
CAUSES: Mapping[str, CheckCause] = {"timeout": CheckCause.TIMEOUT, "memory": CheckCause.MEMORY}
SEPARATE = (CheckName.IDENTIFICATION, CheckName.METADATA, CheckName.MEDIA, CheckName.FINGERPRINTS)


class CallsWorker(Protocol):
    """What is used of a `containment.worker.Worker`, which can be called again after a call that failed."""

    def call(self, request: Mapping[str, Json], out_name: str, limits: Limits) -> WorkerResult: ...


def limits_for(files: int) -> Limits:
    """The bounds of a call for this many files. More files get more time, never more memory."""
    wall_s = SINGLE_WALL_S + WALL_S_PER_FILE * (files - 1)
    return Limits(
        wall_s=wall_s,
        cpu_s=wall_s,
        memory_bytes=LIMIT_BYTES,
        file_bytes=FILE_BYTES,
        output_bytes=OUTPUT_BYTES,
        processes=64,
    )


def examine_batch(worker: CallsWorker, asked: ExamineRequest, out_name: str) -> Examined:
    """The examination of every file of the request, in its order; none is lost and none raises.

    Paths in the answer begin with `out_name` or a name derived from it, below the worker's output folder. Raises
    ContainmentError only when no worker can be had at all.
    """
    try:
        return _call(worker, asked, out_name)
    except WorkerFailed as failed:
        if len(asked.files) == 1:
            return _check_by_check(worker, asked, out_name, failed)
    single = [
        examine_batch(worker, asked.model_copy(update={"files": (specimen,)}), f"{out_name}-{place:03d}")
        for place, specimen in enumerate(asked.files)
    ]
    return Examined(
        files=tuple(file for one in single for file in one.files),
        tools=_distinct(tool for one in single for tool in one.tools),
    )


def _call(worker: CallsWorker, asked: ExamineRequest, out_name: str) -> Examined:
    """One call; an answer that does not fit the request is as good as none."""
    answer = worker.call(asked.plain(), out_name, limits_for(len(asked.files))).answer
    try:
        examined = Examined.model_validate(answer)
    except ValidationError as error:
        raise WorkerFailed("malformed", readable(str(error), 512)) from error
    if [file.file for file in examined.files] != [specimen.file for specimen in asked.files]:
        raise WorkerFailed("malformed", "the answer is about other files")
    return Examined(files=tuple(_below(file, out_name) for file in examined.files), tools=examined.tools)


def _below(file: FileExamination, out_name: str) -> FileExamination:
    return file.model_copy(
        update={
            "raw_metadata": f"{out_name}/{file.raw_metadata}" if file.raw_metadata else "",
            "preview": f"{out_name}/{file.preview}" if file.preview else "",
        }
    )


def _check_by_check(worker: CallsWorker, asked: ExamineRequest, out_name: str, failed: WorkerFailed) -> Examined:
    """Each check of one file in a call of its own."""
    specimen = asked.files[0]
    whole = FileExamination(file=specimen.file)
    tools: tuple[ToolUse, ...] = ()
    checks = [check for check in SEPARATE if check in asked.checks]
    for place, check in enumerate(checks):
        if len(checks) == 1:
            whole = _with(whole, FileExamination(file=specimen.file, findings=(_stopped(specimen, check, failed),)))
            continue
        try:
            examined = _call(worker, asked.model_copy(update={"checks": (check,)}), f"{out_name}-{place}")
            whole, tools = _with(whole, examined.files[0]), _distinct((*tools, *examined.tools))
        except WorkerFailed as again:
            whole = _with(whole, FileExamination(file=specimen.file, findings=(_stopped(specimen, check, again),)))
    if CheckName.TIMES in asked.checks:
        whole = whole.model_copy(update={"findings": (*whole.findings, stated_times(specimen, whole.findings))})
    return Examined(files=(whole,), tools=tools)


def cause_of(failed: WorkerFailed) -> CheckCause:
    """What a call that ended abnormally is called in a finding."""
    return CAUSES.get(failed.kind, CheckCause.CRASHED)


def _stopped(specimen: Specimen, check: CheckName, failed: WorkerFailed) -> Finding:
    return inconclusive(check, VERSION, f"sha256:{specimen.file}", cause_of(failed), readable(str(failed), 512))


def _with(whole: FileExamination, part: FileExamination) -> FileExamination:
    """What is known so far, with what one more check found."""
    return FileExamination(
        file=whole.file,
        media_type=whole.media_type or part.media_type,
        findings=(*whole.findings, *part.findings),
        fingerprints=whole.fingerprints or part.fingerprints,
        raw_metadata=whole.raw_metadata or part.raw_metadata,
        preview=whole.preview or part.preview,
    )


def _distinct(tools: Iterable[ToolUse]) -> tuple[ToolUse, ...]:
    return tuple({(tool.name, tool.version): tool for tool in tools}.values())
