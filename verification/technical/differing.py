"""The worker that shows where two pictures differ: both encoded anew, the later one in grey, red where it differs."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from pydantic import Field

from casefile.canonical import Json
from casefile.model import Value
from verification.interface import DigestName, ExamineLimits, OutputPath
from verification.technical.containers import opened
from verification.technical.decoding import open_picture, preview_bytes
from verification.technical.failing import CheckStopped, deadline
from verification.technical.identify import HEAD_BYTES, is_media, media_type_of
from verification.technical.keyframes import shown_frame

THRESHOLD = 24
"""Of 255, the largest difference of a channel that compression is taken to explain."""
SAME_SHAPE = 0.02
"""How far the proportions of two pictures may be apart for one to be laid upon the other."""
FADED = 160


class DifferenceRequest(Value):
    """Working copies of a picture, or a video, at two visits; `longer_side` in pixels."""

    before: DigestName
    after: DigestName
    longer_side: int = Field(default=1280, ge=16, le=4096)
    limits: ExamineLimits = ExamineLimits()


class DifferenceAnswer(Value):
    """Paths of JPEGs in the output folder: both, and where they differ unless their shapes do.

    `changed` counts the pixels of `pixels` that differ by more than THRESHOLD. `failed`: why nothing was made.
    """

    before: OutputPath = ""
    after: OutputPath = ""
    difference: OutputPath = ""
    changed: int = Field(default=0, ge=0)
    pixels: int = Field(default=0, ge=0)
    failed: str = ""


def work(request: dict[str, Any], inputs: Path, out: Path) -> Mapping[str, Json]:
    """Answers a DifferenceRequest with a DifferenceAnswer."""
    asked = DifferenceRequest.model_validate(request)
    try:
        with deadline(2 * asked.limits.check_deadline_s):
            before, after = (_shown(inputs / name, asked) for name in (asked.before, asked.after))
            return _answer(before, after, asked.longer_side, out).plain()
    except CheckStopped as error:
        return DifferenceAnswer(failed=error.cause.value).plain()
    except MemoryError:
        return DifferenceAnswer(failed="memory").plain()


def _answer(before: Image.Image, after: Image.Image, longer_side: int, out: Path) -> DifferenceAnswer:
    (out / "before.jpg").write_bytes(preview_bytes(before, longer_side))
    (out / "after.jpg").write_bytes(preview_bytes(after, longer_side))
    shapes = [one.width / one.height for one in (before, after)]
    if abs(shapes[0] - shapes[1]) > SAME_SHAPE * max(shapes):
        return DifferenceAnswer(before="before.jpg", after="after.jpg")
    size = min(before.size, after.size)
    one, other = (np.asarray(image.convert("RGB").resize(size), dtype=np.int16) for image in (before, after))
    differs = np.abs(one - other).max(axis=2) > THRESHOLD
    (out / "difference.jpg").write_bytes(preview_bytes(_marked(other, differs), longer_side))
    return DifferenceAnswer(
        before="before.jpg",
        after="after.jpg",
        difference="difference.jpg",
        changed=int(differs.sum()),
        pixels=int(differs.size),
    )


def _marked(picture: Any, differs: Any) -> Image.Image:
    """The picture in faded grey, red where it differs."""
    grey = FADED + picture.mean(axis=2) * (255 - FADED) / 255
    shown = np.repeat(grey[:, :, None], 3, axis=2).astype(np.uint8)
    shown[differs] = (200, 20, 20)
    return Image.fromarray(shown)


def _shown(path: Path, asked: DifferenceRequest) -> Image.Image:
    with path.open("rb") as stream:
        media_type = media_type_of(stream.read(HEAD_BYTES))
    if is_media(media_type):
        with opened(path) as container:
            return shown_frame(container, asked.limits, asked.longer_side)
    return open_picture(path, asked.limits.max_pixels, least=asked.longer_side).working
