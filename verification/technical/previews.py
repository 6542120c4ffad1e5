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
from verification.technical.keyframes import keyframe_pictures, shown_frame


class PreviewsRequest(Value):
    """Working copies to be shown, and how large: `longer_side` in pixels; with `keyframes`, so many of each video."""

    files: tuple[DigestName, ...] = Field(max_length=MAX_BATCH)
    longer_side: int = Field(default=1280, ge=16, le=4096)
    limits: ExamineLimits = ExamineLimits()
    keyframes: int = Field(default=0, ge=0, le=64)


class PreviewsAnswer(Value):
    """`previews`: path of a JPEG in the output folder by file. `failed`: the cause for each that cannot be shown.

    `frames` has the paths of the keyframes of each file, where those were asked for.
    """

    previews: Mapping[DigestName, OutputPath]
    frames: Mapping[DigestName, tuple[OutputPath, ...]] = Field(default_factory=dict)
    failed: Mapping[DigestName, str]


def work(request: dict[str, Any], inputs: Path, out: Path) -> Mapping[str, Json]:
    """Answers a PreviewsRequest with a PreviewsAnswer."""
    asked = PreviewsRequest.model_validate(request)
    previews, failed, frames = dict[str, str](), dict[str, str](), dict[str, tuple[str, ...]]()
    for place, name in enumerate(asked.files):
        try:
            with deadline(asked.limits.check_deadline_s):
                content = _preview(inputs / name, asked)
                if asked.keyframes:
                    frames[name] = _keyframes(inputs / name, asked, out, f"{place:04d}")
        except CheckStopped as error:
            failed[name] = error.cause.value
        except MemoryError:
            failed[name] = "memory"
        else:
            previews[name] = f"{place:04d}.jpg"
            (out / previews[name]).write_bytes(content)
    return PreviewsAnswer(previews=previews, failed=failed, frames=frames).plain()


def _keyframes(path: Path, asked: PreviewsRequest, out: Path, prefix: str) -> tuple[str, ...]:
    """Keyframes of a video as pictures named by their milliseconds; none of what is no video."""
    with path.open("rb") as stream:
        if not is_media(media_type_of(stream.read(HEAD_BYTES))):
            return ()
    names = []
    with opened(path) as container:
        for at_ms, image in keyframe_pictures(container, asked.limits, asked.keyframes, asked.longer_side):
            names.append(f"{prefix}-{at_ms:09d}.jpg")
            (out / names[-1]).write_bytes(preview_bytes(image, asked.longer_side))
    return tuple(names)


def _preview(path: Path, asked: PreviewsRequest) -> bytes:
    with path.open("rb") as stream:
        media_type = media_type_of(stream.read(HEAD_BYTES))
    if is_media(media_type):
        with opened(path) as container:
            return preview_bytes(shown_frame(container, asked.limits, asked.longer_side), asked.longer_side)
    shown = open_picture(path, asked.limits.max_pixels, least=asked.longer_side).working
    return preview_bytes(shown, asked.longer_side)
