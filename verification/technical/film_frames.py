"""Frames of a film that are compared by key points: a few over its length, and one at a given time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
from av.container import InputContainer
from av.video.frame import VideoFrame
from PIL import Image

from verification.interface import ExamineLimits
from verification.technical.containers import first_video
from verification.technical.failing import Unreadable
from verification.technical.fingerprints import fingerprints_of, is_low_information
from verification.technical.keyframes import SAME_FRAME_BITS, keyframe_pictures, shown

FRAMES = 8
"""Frames of one film that are described."""
SHORT_MS = 20_000
"""Films up to this long are decoded for them: they often have one or two keyframes, which no other encoding shares."""


def telling_frames(
    container: InputContainer, limits: ExamineLimits, longer_side: int
) -> Iterator[tuple[int, Image.Image]]:
    """At most FRAMES frames that hold something to see, with their milliseconds; none where there is no video.

    Of frames that follow each other and show the same there is one: a film that stands still says it once.
    """
    short = 0 < (container.duration or 0) // 1000 <= SHORT_MS
    frames = (
        _between(container, limits, longer_side) if short else keyframe_pictures(container, limits, FRAMES, longer_side)
    )
    yield from unlike_the_last(
        (at_ms, image) for at_ms, image in frames if not is_low_information(np.asarray(image.convert("L")))
    )


def unlike_the_last(frames: Iterable[tuple[int, Image.Image]]) -> Iterator[tuple[int, Image.Image]]:
    """Those frames whose fingerprint is not near that of the last one that was kept."""
    last: int | None = None
    for at_ms, image in frames:
        code = int(fingerprints_of(image, at_ms)[0].pdq, 16)
        if last is None or (code ^ last).bit_count() > SAME_FRAME_BITS:
            yield at_ms, image
            last = code


def frame_at(container: InputContainer, limits: ExamineLimits, at_ms: int, longer_side: int) -> Image.Image:
    """The frame at that time, or the next one after it. Raises Unreadable where there is none."""
    stream = first_video(container, limits)
    if stream is None:
        raise Unreadable("no video")
    stream.codec_context.skip_frame = "DEFAULT"
    # One more than asked for: milliseconds are rounded down, and a seek goes to what is before.
    container.seek((at_ms + 1) * 1000)
    last: VideoFrame | None = None
    for frame in container.decode(stream):
        last = frame
        if _ms(frame) >= at_ms:
            break
    if last is None:
        raise Unreadable("no frame can be decoded")
    return shown(last, longer_side)


def _between(container: InputContainer, limits: ExamineLimits, longer_side: int) -> Iterator[tuple[int, Image.Image]]:
    """Frames that lie evenly in a short film, those that others are predicted from."""
    stream = first_video(container, limits)
    if stream is None:
        return
    stream.codec_context.skip_frame = "NONREF"
    spacing_ms = max((container.duration or 0) // 1000 // FRAMES, 1)
    wanted_ms, given = 0, 0
    for frame in container.decode(stream):
        at_ms = _ms(frame)
        if at_ms >= wanted_ms:
            yield at_ms, shown(frame, longer_side)
            given, wanted_ms = given + 1, at_ms + spacing_ms
            if given == FRAMES:
                return


def _ms(frame: VideoFrame) -> int:
    """Milliseconds of a frame; 0 where it states none, or one before the beginning."""
    if frame.pts is None or frame.time_base is None:
        return 0
    return min(max(int(frame.pts * frame.time_base * 1000), 0), (1 << 53) - 1)
