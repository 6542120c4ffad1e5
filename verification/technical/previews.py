"""The worker that makes large previews on demand: pixels only, encoded anew, nothing of the original's metadata."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import Field

from casefile.canonical import Json
from casefile.model import Value
from verification.interface import MAX_BATCH, DigestName, ExamineLimits, OutputPath
from verification.technical.containers import opened
from verification.technical.decoding import open_picture, preview_bytes
from verification.technical.failing import CheckStopped, deadline
from verification.technical.identify import HEAD_BYTES, is_media, media_type_of
from verification.technical.keyframes import shown_frame


class PreviewsRequest(Value):
    """Working copies to be shown, and how large: `longer_side` in pixels."""

    files: tuple[DigestName, ...] = Field(max_length=MAX_BATCH)
    longer_side: int = Field(default=1280, ge=16, le=4096)
    limits: ExamineLimits = ExamineLimits()


class PreviewsAnswer(Value):
    """`previews`: path of a JPEG in the output folder by file. `failed`: the cause for each that cannot be shown."""

    previews: Mapping[DigestName, OutputPath]
    failed: Mapping[DigestName, str]


def work(request: dict[str, Any], inputs: Path, out: Path) -> Mapping[str, Json]:
    """Answers a PreviewsRequest with a PreviewsAnswer."""
    asked = PreviewsRequest.model_validate(request)
    previews, failed = dict[str, str](), dict[str, str]()
    for place, name in enumerate(asked.files):
        try:
            with deadline(asked.limits.check_deadline_s):
                content = _preview(inputs / name, asked)
        except CheckStopped as error:
            failed[name] = error.cause.value
        except MemoryError:
            failed[name] = "memory"
        else:
            previews[name] = f"{place:04d}.jpg"
            (out / previews[name]).write_bytes(content)
    return PreviewsAnswer(previews=previews, failed=failed).plain()


def _preview(path: Path, asked: PreviewsRequest) -> bytes:
    with path.open("rb") as stream:
        media_type = media_type_of(stream.read(HEAD_BYTES))
    if is_media(media_type):
        with opened(path) as container:
            return preview_bytes(shown_frame(container, asked.limits, asked.longer_side), asked.longer_side)
    shown = open_picture(path, asked.limits.max_pixels, least=asked.longer_side).working
    return preview_bytes(shown, asked.longer_side)
