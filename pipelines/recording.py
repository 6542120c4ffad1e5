"""The record of what passed, from the recorder's spool to a file of the capture."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from casefile.canonical import Json
from casefile.digests import digest_file
from casefile.model import ReceivedFile
from casefile.settings import Settings
from casefile.vocabulary import Fidelity, FileKind
from collectors.http.recorded_answer import WARC_FILE, WORTH_REFERRING_BYTES, HeldFile, WarcRequest
from collectors.jars import Cookie
from collectors.withheld import secrets_of
from containment.limits import Limits
from containment.spool import Recording
from containment.worker import RecordingPolicy, WorkerFailed
from preservation.durable import storage_errors
from preservation.intake import OutputRefused

MODULE = "collectors.http.recorded"
SPOOL_FILE = "record/wire.spool"
WARC_TYPE, SPOOL_TYPE = "application/warc", "application/x-casefile-spool"
MEMORY_BYTES = 2 << 30
SLOW_BYTES_S = 8 << 20
"""A busy machine reads, digests and packs at least as much."""

Make = Callable[[Mapping[str, Json], Path, Limits], object]
"""Runs the worker on a request, into a folder; raises WorkerFailed."""


def recording_policy(settings: Settings) -> RecordingPolicy | None:
    """How the settings want traffic to be recorded; None where they do not."""
    if not settings.egress.record:
        return None
    return RecordingPolicy(settings.capture.max_decoded_bytes, unrecorded=settings.egress.unrecorded)


def add_record(recording: Recording, target: Path, make: Make, cookies: Sequence[Cookie] = ()) -> ReceivedFile | None:
    """Add the record to the files of a capture below `target`, and name it. The recording's file is used up.

    Where no WARC can be made of it, the spool is kept as it is, so that nothing that was received is lost; of a capture
    with an identity's `cookies`, which it holds as they were sent, it is not kept, and there is no record. Raises
    OutputRefused when the worker left something in the record's place, and StorageFailed.
    """
    with storage_errors("record", target):
        return _add(recording, target, make, cookies)


def _add(recording: Recording, target: Path, make: Make, cookies: Sequence[Cookie]) -> ReceivedFile | None:
    spool = recording.path
    out = spool.with_name(f"{spool.name}-made")
    asked = WarcRequest(
        spool=spool.name, held=tuple(_held(target)), withhold=bool(cookies), secrets=secrets_of(cookies)
    )
    seconds = 120 + recording.bytes // SLOW_BYTES_S
    output = 2 * recording.bytes + (64 << 20)
    try:
        make(asked.plain(), out, Limits(seconds, seconds, MEMORY_BYTES, output, output))
        return _put(out / WARC_FILE, target, WARC_FILE, WARC_TYPE)
    except WorkerFailed:
        return None if cookies else _put(spool, target, SPOOL_FILE, SPOOL_TYPE)
    finally:
        shutil.rmtree(out, ignore_errors=True)
        spool.unlink(missing_ok=True)


def keep_spool(failed: WorkerFailed, target: Path) -> None:
    """Leave what passed before a worker was lost with the attempt, which is set aside; raises StorageFailed."""
    if failed.recording is not None:
        with storage_errors("record", target):
            _put(failed.recording.path, target, SPOOL_FILE, SPOOL_TYPE)


def _put(source: Path, target: Path, name: str, media_type: str) -> ReceivedFile:
    place = target / name
    try:
        place.parent.mkdir(exist_ok=True)
        place.hardlink_to(source)  # which never replaces anything
    except FileExistsError as error:
        raise OutputRefused(name, "it is in the place of the record of what passed") from error
    source.unlink()
    return ReceivedFile(path=name, kind=FileKind.RECORD, fidelity=Fidelity.WIRE, media_type=media_type)


def _held(target: Path) -> list[HeldFile]:
    """What the capture holds as a file and need not be kept in its record again."""
    files = [path for path in sorted(target.rglob("*")) if path.is_file()]
    return [
        HeldFile(path=path.relative_to(target).as_posix(), sha256=digest_file(path).sha256, bytes=path.stat().st_size)
        for path in files
        if path.stat().st_size >= WORTH_REFERRING_BYTES
    ]
