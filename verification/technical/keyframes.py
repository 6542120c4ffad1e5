"""Keyframes of a video: taken over its whole length, fingerprinted, one of them kept to be shown.

They cost a twenty-fourth of decoding everything. Those of two encodings need not coincide, so a match is a share of
frames and never all of them.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass

import av
import numpy as np
from av.container import InputContainer
from av.video.frame import VideoFrame
from av.video.stream import VideoStream
from PIL import Image

from verification.interface import ExamineLimits, Fingerprint
from verification.technical.containers import first_video
from verification.technical.failing import Unreadable
from verification.technical.fingerprints import fingerprints_of, is_low_information

FRAME_PIXELS = 320
"""Longer side of a frame that is hashed and shown."""
SEEK_SPACING_MS = 4_000
"""Keyframes wanted further apart than this are sought; closer ones are met by reading on."""
SAME_FRAME_BITS = 20
"""A frame within this distance of the last one kept shows the same, and is not kept."""


@dataclass(frozen=True, slots=True)
class Keyframes:
    """Fingerprints of the frames that were kept, a picture to show, and what was left out.

    `rotation` is how far the recording has to be turned to be upright, in degrees anticlockwise.
    """

    rotation: int
    fingerprints: tuple[Fingerprint, ...]
    preview: Image.Image | None
    limits: tuple[str, ...]


def keyframes(container: InputContainer, limits: ExamineLimits) -> Keyframes:
    """Fingerprints of at most `max_keyframes` keyframes, spread over the length of the video.

    Stops after half of the check's deadline with what it has by then. Raises TooLarge beyond the pixel limit.
    """
    until = time.monotonic() + limits.check_deadline_s / 2
    stream = first_video(container, limits)
    if stream is None:
        return Keyframes(0, (), None, ())
    return _collect(_frames(container, stream, limits.max_keyframes), until)


def shown_frame(container: InputContainer, limits: ExamineLimits, longer_side: int) -> Image.Image:
    """The first keyframe that holds something to see, or the first of all; raises Unreadable when there is none."""
    first: Image.Image | None = None
    stream = first_video(container, limits)
    if stream is not None:
        for _, frame in _frames(container, stream, limits.max_keyframes):
            image = shown(frame, longer_side)
            if not is_low_information(np.asarray(image.convert("L"))):
                return image
            first = first or image
    if first is None:
        raise Unreadable("no frame can be decoded")
    return first


def keyframe_pictures(
    container: InputContainer, limits: ExamineLimits, count: int, longer_side: int
) -> Iterator[tuple[int, Image.Image]]:
    """At most `count` keyframes over the length of a video with their milliseconds; none where there is no video."""
    stream = first_video(container, limits)
    seen = set[int]()
    for at_ms, frame in _frames(container, stream, count) if stream is not None else ():
        if at_ms not in seen:
            seen.add(at_ms)
            yield at_ms, shown(frame, longer_side)


def _collect(frames: Iterator[tuple[int, VideoFrame]], until: float) -> Keyframes:
    kept = list[Fingerprint]()
    preview: Image.Image | None = None
    limits = ["keyframes only"]
    last: int | None = None
    rotation = 0
    try:
        for at_ms, frame in frames:
            image = shown(frame, FRAME_PIXELS)
            rotation = rotation or frame.rotation
            prints = fingerprints_of(image, at_ms)
            code = int(prints[0].pdq, 16)
            if preview is None or (kept and all(one.low_information for one in kept)):
                preview = image
            if last is None or (code ^ last).bit_count() > SAME_FRAME_BITS:
                kept += prints
                last = code
            if time.monotonic() > until:
                limits.append("stopped by the time limit")
                break
    except av.FFmpegError:
        if not kept:
            raise
        limits.append("stopped where the file is damaged")
    return Keyframes(rotation, tuple(kept), preview, tuple(limits))


def _frames(container: InputContainer, stream: VideoStream, count: int) -> Iterator[tuple[int, VideoFrame]]:
    """Up to `count` keyframes with their milliseconds, in order of time."""
    spacing_ms = (container.duration or 0) // 1000 // count
    if spacing_ms > SEEK_SPACING_MS:
        yield from _sought(container, stream, count, spacing_ms)
        return
    wanted_ms, given = 0, 0
    for packet in container.demux(stream):
        if not packet.is_keyframe or (at_ms := _packet_ms(packet)) < wanted_ms:
            continue
        for frame in _decoded(stream, packet):
            yield at_ms, frame
        given, wanted_ms = given + 1, at_ms + spacing_ms
        if given == count:
            return


def _sought(
    container: InputContainer, stream: VideoStream, count: int, spacing_ms: int
) -> Iterator[tuple[int, VideoFrame]]:
    """The keyframe at or before each of `count` places."""
    seen = set[int]()
    for step in range(count):
        container.seek(step * spacing_ms * 1000)
        for packet in container.demux(stream):
            if packet.is_keyframe:
                at_ms = _packet_ms(packet)
                if at_ms not in seen:
                    seen.add(at_ms)
                    for frame in _decoded(stream, packet):
                        yield at_ms, frame
                break


def _packet_ms(packet: av.Packet[VideoStream]) -> int:
    if packet.pts is None or packet.time_base is None:
        return 0
    return min(max(int(packet.pts * packet.time_base * 1000), 0), (1 << 53) - 1)


def _decoded(stream: VideoStream, packet: av.Packet[VideoStream]) -> Iterator[VideoFrame]:
    """The frame of one keyframe packet. The decoder is drained each time, since nothing that follows is given to it."""
    yield from stream.codec_context.decode(packet)
    yield from stream.codec_context.decode(None)
    stream.codec_context.flush_buffers()


def shown(frame: VideoFrame, longer_side: int) -> Image.Image:
    """A frame as RGB, upright, at most `longer_side` pixels."""
    scale = min(1.0, longer_side / max(frame.width, frame.height))
    size = (max(8, round(frame.width * scale)), max(8, round(frame.height * scale)))
    # One thread: starting more of them costs more than a single small picture.
    small = frame.reformat(width=size[0], height=size[1], format="rgb24", interpolation="AREA", threads=1)
    image = Image.fromarray(small.to_ndarray())
    return image.rotate(frame.rotation, expand=True) if frame.rotation % 360 else image
