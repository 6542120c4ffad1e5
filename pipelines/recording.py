"""The record of what passed, from the recorder's spool to a file of the capture."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from casefile.canonical import Json
from casefile.digests import digest_file
from casefile.model import Received, ReceivedFile, Wanted
from casefile.settings import Settings
from casefile.vocabulary import Fidelity, FileKind
from collectors.http.recorded_answer import (
    WACZ_FILE,
    WORTH_REFERRING_BYTES,
    ArchivedPage,
    Body,
    HeldFile,
    WarcMade,
    WarcRequest,
)
from collectors.jars import Cookie
from collectors.withheld import secrets_of
from containment.limits import Limits
from containment.spool import Recording
from containment.worker import RecordingPolicy, WorkerFailed
from preservation.durable import storage_errors
from preservation.intake import OutputRefused

MODULE = "collectors.http.recorded"
SPOOL_FILE = "record/wire.spool"
WARC_TYPE, WACZ_TYPE, SPOOL_TYPE = "application/warc", "application/wacz", "application/x-casefile-spool"
MEMORY_BYTES = 2 << 30
SLOW_BYTES_S = 8 << 20
"""A busy machine reads, digests and packs at least as much."""

Make = Callable[[Mapping[str, Json], Path, Limits], Mapping[str, Json]]
"""Runs the worker on a request, into a folder, and gives its answer; raises WorkerFailed."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """What was added to a capture: the file of the record, where one could be made, and the bodies out of it."""

    file: ReceivedFile | None
    bodies: tuple[Body, ...] = ()


@dataclass(frozen=True, slots=True)
class Wishes:
    """What a method wants out of the record, within which bound, and the identity's cookies that it may not hold.

    With a `page` the record is a WACZ, entered by it.
    """

    bodies: tuple[Wanted, ...] = ()
    max_body_bytes: int = 1 << 30
    cookies: Sequence[Cookie] = ()
    page: ArchivedPage | None = None


def recording_policy(settings: Settings, *, always: bool = False) -> RecordingPolicy | None:
    """How the settings want traffic to be recorded; None where they do not, and the method does not itself."""
    if not settings.egress.record and not always:
        return None
    return RecordingPolicy(settings.capture.max_decoded_bytes, unrecorded=settings.egress.unrecorded)


def add_record(recording: Recording, target: Path, make: Make, wishes: Wishes) -> Recorded:
    """Add the record to the files of a capture below `target`, and what is wanted out of it. The recording is used up.

    Where no WARC can be made of it, the spool is kept as it is, so that nothing that was received is lost; of a capture
    with an identity's cookies, which it holds as they were sent, it is not kept, and there is no record. Raises
    OutputRefused when the worker left something in the record's place, and StorageFailed.
    """
    with storage_errors("record", target):
        return _add(recording, target, make, wishes)


def _add(recording: Recording, target: Path, make: Make, wishes: Wishes) -> Recorded:
    spool, cookies = recording.path, wishes.cookies
    out = spool.with_name(f"{spool.name}-made")
    asked = WarcRequest(
        spool=spool.name,
        held=tuple(_held(target)),
        withhold=bool(cookies),
        secrets=secrets_of(cookies),
        wanted=wishes.bodies,
        max_body_bytes=wishes.max_body_bytes,
        page=wishes.page,
    )
    seconds = 120 + recording.bytes // SLOW_BYTES_S
    output = 2 * recording.bytes + (64 << 20) + (wishes.max_body_bytes if wishes.bodies else 0)
    try:
        made = WarcMade.model_validate(make(asked.plain(), out, Limits(seconds, seconds, MEMORY_BYTES, output, output)))
        file = _put(out / made.file, target, made.file, WACZ_TYPE if made.file == WACZ_FILE else WARC_TYPE)
        for body in made.bodies:
            _move(out / body.path, target, body.path)
        return Recorded(file, made.bodies)
    except (WorkerFailed, ValidationError):
        return Recorded(None if cookies else _put(spool, target, SPOOL_FILE, SPOOL_TYPE))
    finally:
        shutil.rmtree(out, ignore_errors=True)
        spool.unlink(missing_ok=True)


def page_of(received: Received) -> ArchivedPage | None:
    """The page by which the record of a capture is entered: its first item, where it was asked for in this capture."""
    page = next(iter(received.items), None)
    asked = [one for one in received.exchanges if page is not None and one.locator == page.locator]
    if page is None or not asked:
        return None
    return ArchivedPage(locator=page.locator, time=asked[-1].started_at, title=page.title, text=page.text)


def keep_spool(failed: WorkerFailed, target: Path) -> None:
    """Leave what passed before a worker was lost with the attempt, which is set aside; raises StorageFailed."""
    if failed.recording is not None:
        with storage_errors("record", target):
            _put(failed.recording.path, target, SPOOL_FILE, SPOOL_TYPE)


def _put(source: Path, target: Path, name: str, media_type: str) -> ReceivedFile:
    _move(source, target, name)
    return ReceivedFile(path=name, kind=FileKind.RECORD, fidelity=Fidelity.WIRE, media_type=media_type)


def _move(source: Path, target: Path, name: str) -> None:
    place = target / name
    try:
        place.parent.mkdir(exist_ok=True)
        place.hardlink_to(source)  # which never replaces anything
    except FileExistsError as error:
        raise OutputRefused(name, "it is in the place of the record of what passed") from error
    source.unlink()


def _held(target: Path) -> list[HeldFile]:
    """What the capture holds as a file and need not be kept in its record again."""
    files = [path for path in sorted(target.rglob("*")) if path.is_file()]
    return [
        HeldFile(path=path.relative_to(target).as_posix(), sha256=digest_file(path).sha256, bytes=path.stat().st_size)
        for path in files
        if path.stat().st_size >= WORTH_REFERRING_BYTES
    ]
