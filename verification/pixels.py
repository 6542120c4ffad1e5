"""Which pictures can be equal in every pixel, and having their decoded pixels digested in a worker process."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from pydantic import ValidationError

from casefile.model import readable
from containment.worker import WorkerFailed
from verification.interface import CheckName, Finding, PixelsAnswer, PixelsRequest
from verification.running import CallsWorker, cause_of, limits_for

MODULE = "verification.technical.pixels"
"""The worker module to open; it needs no network."""


def exact_size(findings: Iterable[Finding]) -> tuple[int, int] | None:
    """The sides of a still that can be decoded whole, the smaller first; None for everything else.

    Pictures of different sides are not equal, and their headers say so before anything is decoded. The order of the
    sides is left out, since a picture may lie turned in its file.
    """
    for finding in findings:
        facts = finding.facts
        if finding.check is CheckName.FINGERPRINTS and facts.get("complete") and not facts.get("several_frames"):
            width, height = facts.get("width"), facts.get("height")
            if isinstance(width, int) and isinstance(height, int):
                return min(width, height), max(width, height)
    return None


def digest_pixels(worker: CallsWorker, files: Sequence[str], out_name: str) -> PixelsAnswer:
    """The digest of the pixels of every working copy, or the cause why there is none; none is lost and none raises.

    When a call ends abnormally its files are decoded singly, and only the one that ends a call by itself has no
    digest. Raises ContainmentError only when no worker can be had at all.
    """
    try:
        return _call(worker, files, out_name)
    except WorkerFailed as failed:
        if len(files) == 1:
            return PixelsAnswer(pixels={}, failed={files[0]: cause_of(failed)})
    return joined(digest_pixels(worker, [file], f"{out_name}-{place:03d}") for place, file in enumerate(files))


def joined(answers: Iterable[PixelsAnswer]) -> PixelsAnswer:
    """Several answers as one."""
    whole = PixelsAnswer(pixels={}, failed={})
    for one in answers:
        whole = PixelsAnswer(pixels={**whole.pixels, **one.pixels}, failed={**whole.failed, **one.failed})
    return whole


def _call(worker: CallsWorker, files: Sequence[str], out_name: str) -> PixelsAnswer:
    """One call; an answer that does not fit the request is as good as none."""
    result = worker.call(PixelsRequest(files=tuple(files)).plain(), out_name, limits_for(len(files)))
    try:
        answer = PixelsAnswer.model_validate(result.answer)
    except ValidationError as error:
        raise WorkerFailed("malformed", readable(str(error), 512)) from error
    if sorted([*answer.pixels, *answer.failed]) != sorted(set(files)):
        raise WorkerFailed("malformed", "the answer is about other files")
    return answer
