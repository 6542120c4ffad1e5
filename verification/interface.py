"""The values of examination: what a check is asked about, what it found, and what it could not find out.

A check runs on a working copy and ends in one `Finding`, also when the copy cannot be read: then the finding is
inconclusive and says why. A value that a file or a page states about itself is a `Claim` with its origin; claims that
disagree are listed as a `Conflict`, and no machine picks one of them.

These values cross the boundary of a worker process as JSON, so each is validated again on the trusted side.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from casefile.model import SAFE_PATH, NamedTool, Text, Value
from casefile.vocabulary import Role

DIGEST_NAME = re.compile(r"[0-9a-f]{64}", re.ASCII)
"""The name of a working copy: the hexadecimal digits of its sha256 and nothing else."""

MAX_BATCH = 200
"""Files in one sandbox; a start costs about 10 ms and the imports half a second of CPU, so larger gains nothing."""

DigestName = Annotated[str, StringConstraints(pattern=f"^{DIGEST_NAME.pattern}$")]
Hash256 = Annotated[str, StringConstraints(pattern="^[0-9a-f]{64}$")]
Hash64 = Annotated[str, StringConstraints(pattern="^[0-9a-f]{16}$")]
PixelDigest = Annotated[str, StringConstraints(pattern="^sha256:[0-9a-f]{64}$")]
OutputPath = Annotated[str, StringConstraints(pattern=f"^(?:{SAFE_PATH.pattern})?$")]

Scalar = str | int | bool
FactValue = Scalar | tuple[str, ...] | tuple[Mapping[str, Scalar], ...]


class CheckName(StrEnum):
    """The checks that every file goes through, in the order in which they run."""

    IDENTIFICATION = "identification"
    METADATA = "metadata"
    MEDIA = "media"
    FINGERPRINTS = "fingerprints"
    TIMES = "times"


class CheckResult(StrEnum):
    """How a check ended. None of these says anything about authenticity."""

    DONE = "done"
    NOTICED = "noticed"
    INCONCLUSIVE = "inconclusive"
    NOT_APPLICABLE = "not_applicable"


class CheckCause(StrEnum):
    """Why a check is inconclusive."""

    MALFORMED = "malformed"
    FORMAT_REFUSED = "format-refused"
    TOO_LARGE = "too-large"
    TIMEOUT = "timeout"
    MEMORY = "memory"
    CRASHED = "crashed"
    TOOL_FAILED = "tool-failed"
    TOOL_MISSING = "tool-missing"
    NOT_THE_COPY = "not-the-copy"


class ClaimField(StrEnum):
    """What a claim is about, where the many names of formats and platforms mean one thing."""

    CREATED = "created_time"
    DIGITISED = "digitised_time"
    MODIFIED = "modified_time"
    POSTED = "posted_time"
    LOCATION = "location"
    DEVICE_MAKE = "device_make"
    DEVICE_MODEL = "device_model"
    SERIAL = "serial_number"
    SOFTWARE = "software"
    AUTHOR = "author"
    TITLE = "title"
    DESCRIPTION = "description"
    RIGHTS = "rights"
    ORIENTATION = "orientation"


class Claim(Value):
    """One value that a file, a page or an identifier states, with where it states it.

    `field` is a `ClaimField` or, for a value without a common meaning, the tag's own name. `origin` is
    `family:name`, such as `EXIF:DateTimeOriginal` or `platform-id:x`; `group` is the place inside the family.
    A time is ISO 8601, with an offset only where the origin gives one; `as_written` is there when `value` is not
    what was written.
    """

    field: Text
    value: Text
    origin: Text
    group: Text = ""
    as_written: Text = ""


class Conflict(Value):
    """Claims that cannot all be right as they stand, or that a person should compare. No claim wins.

    `differs`: one field, several values. `zone-unknown`: they differ by what a missing time zone could explain.
    `order`: created after it was posted. `earlier`: created more than a day before it was posted.
    """

    field: Text
    kind: Literal["differs", "zone-unknown", "order", "earlier"]
    claims: tuple[Claim, ...]
    note: Text = ""


class Notice(Value):
    """Something that a person should look at: a stable code and a sentence."""

    code: str
    text: Text


class Finding(Value):
    """What one check found in one file.

    `input` is the sha256 of the working copy; `parameters` are the thresholds and limits that were in force, `limits`
    what the check did not look at. An inconclusive finding has a `cause`, and `detail` in the words of the parser.
    """

    check: CheckName
    version: str
    result: CheckResult
    input: str
    cause: CheckCause | None = None
    detail: Text = ""
    facts: Mapping[str, FactValue] = Field(default_factory=dict)
    claims: tuple[Claim, ...] = ()
    conflicts: tuple[Conflict, ...] = ()
    notices: tuple[Notice, ...] = ()
    limits: tuple[str, ...] = ()
    parameters: Mapping[str, Scalar] = Field(default_factory=dict)


class Fingerprint(Value):
    """Perceptual hashes of one picture, or of one frame of a video.

    `pdq` is the 256-bit hash and `turned` those of the seven other dihedral variants, in the order of
    `VARIANTS[1:]`; `phash` is imagehash's 64 bits. Both are fixed-width hexadecimal, leading zeros kept. `quality`
    is PDQ's, 0 to 100. `region` is the whole picture, or what is left when uniform borders are cut away.
    `low_information`: too little in it for a hash to say anything; only equal bytes or pixels may link it.
    """

    frame_ms: int = Field(default=-1, ge=-1, description="Milliseconds into a video; -1 for a still picture.")
    region: Literal["full", "trim"] = "full"
    pdq: Hash256
    turned: tuple[Hash256, ...] = Field(min_length=7, max_length=7)
    phash: Hash64
    quality: int = Field(ge=0, le=100)
    low_information: bool
    width: int = Field(ge=1)
    height: int = Field(ge=1)


VARIANTS = (
    "upright",
    "rotated-90",
    "rotated-180",
    "rotated-270",
    "flipped",
    "mirrored",
    "transposed",
    "transversed",
)
"""Names of the eight dihedral variants in the order in which PDQ computes them; rotations are anticlockwise."""


class Specimen(Value):
    """One file to examine. Everything but `file` and `role` came from outside and is only compared, never used."""

    file: DigestName
    role: Role
    locator: Text = ""
    name: Text = ""
    declared_media_type: Text = ""
    claimed_time: Text = ""


class ExamineLimits(Value):
    """Bounds on what one file may cost. See `docs/examination.md` for where each number comes from."""

    max_pixels: int = Field(default=80_000_000, ge=1, description="Pixels of a still picture or a video frame.")
    max_keyframes: int = Field(default=64, ge=1, description="Keyframes fingerprinted per video.")
    max_streams: int = Field(default=64, ge=1, description="Streams of one media file that are listed.")
    max_metadata_bytes: int = Field(default=4 << 20, ge=1024, description="Bytes of ExifTool output kept whole.")
    check_deadline_s: int = Field(default=15, ge=1, description="Seconds for one check of one file.")
    preview_pixels: int = Field(default=320, ge=16, le=4096, description="Longer side of a preview.")


class ExamineRequest(Value):
    """What the parent asks of the examining worker. `exiftool` and `ffprobe` are absolute paths, empty if missing."""

    files: tuple[Specimen, ...] = Field(max_length=MAX_BATCH)
    checks: tuple[CheckName, ...] = tuple(CheckName)
    exiftool: str = ""
    ffprobe: str = ""
    limits: ExamineLimits = ExamineLimits()


class FileExamination(Value):
    """Everything found out about one file. Paths are in the worker's output folder; empty where there is nothing."""

    file: DigestName
    media_type: Text = ""
    findings: tuple[Finding, ...] = ()
    fingerprints: tuple[Fingerprint, ...] = ()
    raw_metadata: OutputPath = ""
    preview: OutputPath = ""


class Examined(Value):
    """The worker's answer to one batch, in the order of the request."""

    files: tuple[FileExamination, ...]
    tools: tuple[NamedTool, ...] = ()


class PixelsRequest(Value):
    """Working copies of pictures whose decoded pixels are to be digested."""

    files: tuple[DigestName, ...] = Field(max_length=MAX_BATCH)
    limits: ExamineLimits = ExamineLimits()


class PixelsAnswer(Value):
    """`pixels`: digest of the decoded pixels by file. `failed`: the cause for each file that has none."""

    pixels: Mapping[DigestName, PixelDigest]
    failed: Mapping[DigestName, CheckCause]


def inconclusive(check: CheckName, version: str, digest: str, cause: CheckCause, detail: str) -> Finding:
    """The finding of a check that came to no end."""
    return Finding(
        check=check,
        version=version,
        result=CheckResult.INCONCLUSIVE,
        input=digest,
        cause=cause,
        detail=detail,
    )


def result_of(notices: Sequence[Notice], conflicts: Sequence[Conflict]) -> CheckResult:
    """The result of a check that ran to its end."""
    return CheckResult.NOTICED if notices or conflicts else CheckResult.DONE
