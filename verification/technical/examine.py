"""The examining worker: every check for a batch of working copies, one ExifTool process for all of them.

Runs in containment without any network. A check that fails is one inconclusive finding; the other checks of the file
and the other files go on.
"""

from __future__ import annotations

import hashlib
import struct
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version as installed
from pathlib import Path
from typing import Any

import av

from casefile.canonical import Json
from casefile.model import ToolUse, readable
from verification.interface import (
    CheckCause,
    CheckName,
    CheckResult,
    Examined,
    ExamineRequest,
    FileExamination,
    Finding,
    Fingerprint,
    Specimen,
    inconclusive,
)
from verification.technical.decoding import preview_bytes
from verification.technical.failing import CheckStopped, deadline
from verification.technical.fingerprints import fingerprint_picture
from verification.technical.identify import HEAD_BYTES, identify, is_media, is_picture
from verification.technical.media import FFPROBE, examine_media
from verification.technical.metadata import MetadataReader, examine_metadata
from verification.technical.stated_times import stated_times

VERSION = "1"
FAILURES = (
    OSError,
    ValueError,
    TypeError,
    LookupError,
    ArithmeticError,
    AttributeError,
    EOFError,
    RuntimeError,
    SyntaxError,
    AssertionError,
    BufferError,
    struct.error,
    zlib.error,
    av.FFmpegError,
    Warning,
)
"""What a parser has been seen to raise on hostile input. Anything else ends the worker, whose files are then run
singly, so that it too costs one file and not the batch."""


@dataclass(slots=True)
class _File:
    """One file on its way through the checks."""

    specimen: Specimen
    path: Path
    reader: MetadataReader
    request: ExamineRequest
    out: Path
    place: int
    media_type: str = ""
    findings: list[Finding] = field(default_factory=list)
    fingerprints: tuple[Fingerprint, ...] = ()
    raw_metadata: str = ""
    preview: str = ""

    @property
    def digest(self) -> str:
        return f"sha256:{self.specimen.file}"

    def write(self, folder: str, suffix: str, content: bytes) -> str:
        """Puts a file into the output under a name that we make, and gives its path there."""
        name = f"{folder}/{self.place:04d}.{suffix}"
        (self.out / folder).mkdir(exist_ok=True)
        (self.out / name).write_bytes(content)
        return name

    def result(self) -> FileExamination:
        return FileExamination(
            file=self.specimen.file,
            media_type=self.media_type,
            findings=tuple(self.findings),
            fingerprints=self.fingerprints,
            raw_metadata=self.raw_metadata,
            preview=self.preview,
        )


def work(request: dict[str, Any], inputs: Path, out: Path) -> Mapping[str, Json]:
    """Examines every file of an ExamineRequest and answers with an Examined."""
    asked = ExamineRequest.model_validate(request)
    reader = MetadataReader(asked.exiftool)
    try:
        files = []
        for place, specimen in enumerate(asked.files):
            files.append(_examine(_File(specimen, inputs / specimen.file, reader, asked, out, place)))
        return Examined(files=tuple(files), tools=_tools(reader, asked, files)).plain()
    finally:
        reader.close()


def _examine(file: _File) -> FileExamination:
    """The checks that were asked for. What the file is, is found out in any case, since the others go by it."""
    _run(file, CheckName.IDENTIFICATION, _identification)
    identified = file.findings[0]
    asked = file.request.checks
    if identified.cause is not CheckCause.NOT_THE_COPY:
        for check, step in STEPS:
            if check in asked:
                _run(file, check, step)
    if CheckName.IDENTIFICATION not in asked:
        file.findings.remove(identified)
    return file.result()


def _run(file: _File, check: CheckName, step: Callable[[_File], Finding]) -> None:
    """One check, ended by a finding in any case that this process survives."""
    try:
        with deadline(file.request.limits.check_deadline_s):
            finding = step(file)
    except CheckStopped as error:
        finding = inconclusive(check, VERSION, file.digest, error.cause, readable(str(error), 512))
    except MemoryError:
        finding = inconclusive(check, VERSION, file.digest, CheckCause.MEMORY, "out of memory")
    except FAILURES as error:
        detail = readable(f"{type(error).__name__}: {error}", 512)
        finding = inconclusive(check, VERSION, file.digest, CheckCause.MALFORMED, detail)
    file.findings.append(finding)


def _identification(file: _File) -> Finding:
    with file.path.open("rb") as stream:
        head = stream.read(HEAD_BYTES)
        stream.seek(0)
        found = hashlib.file_digest(stream, "sha256").hexdigest()
        size = stream.tell()
    if found != file.specimen.file:
        return inconclusive(
            CheckName.IDENTIFICATION, VERSION, file.digest, CheckCause.NOT_THE_COPY, f"the copy is sha256:{found}"
        )
    finding = identify(head, size, file.specimen)
    file.media_type = str(finding.facts["media_type"])
    return finding


def _metadata(file: _File) -> Finding:
    finding, raw = examine_metadata(file.reader, file.path, file.request.limits, file.digest)
    file.raw_metadata = file.write("raw", "json", raw)
    return finding


def _media(file: _File) -> Finding:
    if not is_media(file.media_type) and not _said_to_be_media(file.specimen):
        return _not_applicable(file, CheckName.MEDIA)
    finding, fingerprints, shown = examine_media(file.path, file.request.ffprobe, file.request.limits, file.digest)
    file.fingerprints = fingerprints
    if shown is not None:
        file.preview = file.write("preview", "jpg", preview_bytes(shown, file.request.limits.preview_pixels))
    return finding


def _said_to_be_media(specimen: Specimen) -> bool:
    """A file that calls itself a video is given to the video tools, so that a refusal is on record."""
    said = specimen.declared_media_type.lower()
    return said.startswith(("video/", "audio/")) or specimen.role in {"video", "audio"}


def _picture(file: _File) -> Finding:
    said = file.specimen.declared_media_type.lower().startswith("image/") or file.specimen.role in {
        "picture",
        "thumbnail",
    }
    if is_media(file.media_type) or not (is_picture(file.media_type) or said):
        return _not_applicable(file, CheckName.FINGERPRINTS)
    finding, fingerprints, picture = fingerprint_picture(file.path, file.request.limits, file.digest)
    file.fingerprints = fingerprints
    shown = preview_bytes(picture.working, file.request.limits.preview_pixels)
    file.preview = file.write("preview", "jpg", shown)
    return finding


def _times(file: _File) -> Finding:
    return stated_times(file.specimen, file.findings)


STEPS: tuple[tuple[CheckName, Callable[[_File], Finding]], ...] = (
    (CheckName.METADATA, _metadata),
    (CheckName.MEDIA, _media),
    (CheckName.FINGERPRINTS, _picture),
    (CheckName.TIMES, _times),
)
"""In order: times compare what the others found."""


def _not_applicable(file: _File, check: CheckName) -> Finding:
    return Finding(check=check, version=VERSION, result=CheckResult.NOT_APPLICABLE, input=file.digest)


LIBRARIES = tuple(
    ToolUse(name=name, version=installed(name)) for name in ("pillow", "pdqhash", "imagehash", "numpy", "scipy", "av")
)
"""Looked up once, when the worker is made ready, and not in every call."""


def _tools(reader: MetadataReader, asked: ExamineRequest, files: Sequence[FileExamination]) -> tuple[ToolUse, ...]:
    """Everything that had part in the examination of these files."""
    used = [ToolUse(name="exiftool", version=reader.version, path=asked.exiftool)] if reader.version else []
    told = (str(one.parameters[FFPROBE]) for file in files for one in file.findings if FFPROBE in one.parameters)
    used += [ToolUse(name=FFPROBE, version=version, path=asked.ffprobe) for version in dict.fromkeys(told)]
    return (*used, *LIBRARIES)
