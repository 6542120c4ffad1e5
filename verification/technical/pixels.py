"""The worker that decodes pictures in full to digest their pixels: asked only about candidates, as it costs most."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from casefile.canonical import Json
from verification.interface import CheckCause, PixelsAnswer, PixelsRequest
from verification.technical.decoding import pixel_digest
from verification.technical.failing import CheckStopped, deadline


def work(request: dict[str, Any], inputs: Path, out: Path) -> Mapping[str, Json]:
    """Answers a PixelsRequest with a PixelsAnswer; writes nothing."""
    asked = PixelsRequest.model_validate(request)
    pixels, failed = dict[str, str](), dict[str, CheckCause]()
    for name in asked.files:
        try:
            with deadline(asked.limits.check_deadline_s):
                pixels[name] = pixel_digest(inputs / name, asked.limits.max_pixels)
        except CheckStopped as error:
            failed[name] = error.cause
        except MemoryError:
            failed[name] = CheckCause.MEMORY
    return PixelsAnswer(pixels=pixels, failed=failed).plain()
