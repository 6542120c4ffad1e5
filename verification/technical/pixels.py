"""The worker that decodes pictures in full to digest their pixels: asked only about candidates, as it costs most."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import Field

from casefile.canonical import Json
from casefile.model import Value
from verification.interface import MAX_BATCH, DigestName, ExamineLimits
from verification.technical.decoding import pixel_digest
from verification.technical.failing import CheckStopped, deadline


class PixelsRequest(Value):
    """Working copies whose decoded pixels are to be digested."""

    files: tuple[DigestName, ...] = Field(max_length=MAX_BATCH)
    limits: ExamineLimits = ExamineLimits()


class PixelsAnswer(Value):
    """`pixels`: digest of the decoded pixels by file. `failed`: the cause for each file that could not be decoded."""

    pixels: Mapping[DigestName, str]
    failed: Mapping[DigestName, str]


def work(request: dict[str, Any], inputs: Path, out: Path) -> Mapping[str, Json]:
    """Answers a PixelsRequest with a PixelsAnswer; writes nothing."""
    asked = PixelsRequest.model_validate(request)
    pixels, failed = dict[str, str](), dict[str, str]()
    for name in asked.files:
        try:
            with deadline(asked.limits.check_deadline_s):
                pixels[name] = pixel_digest(inputs / name, asked.limits.max_pixels)
        except CheckStopped as error:
            failed[name] = error.cause.value
        except MemoryError:
            failed[name] = "memory"
    return PixelsAnswer(pixels=pixels, failed=failed).plain()
