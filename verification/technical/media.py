"""Facts of video and audio files by ffprobe, and fingerprints of their keyframes through PyAV.

Both read only the container formats named here and only the file itself: a playlist that calls itself .mp4 is refused
and never opens what it names. Keyframes cost a twenty-fourth of decoding everything.
"""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import av
import numpy as np
from av.container import InputContainer
from av.video.frame import VideoFrame
from av.video.stream import VideoStream
from PIL import Image

from casefile.model import readable
from verification.interface import (
    CheckName,
    Claim,
    ClaimField,
    ExamineLimits,
    FactValue,
    Finding,
    Fingerprint,
    Notice,
    Scalar,
    result_of,
)
from verification.technical.failing import CheckStopped, Refused, TookTooLong, ToolAbsent, TooLarge, Unreadable
from verification.technical.fingerprints import fingerprints_of, is_low_information
from verification.technical.times import iso_time

VERSION = "1"
FORMATS = "mov,mp4,matroska,webm,avi,mpegts,mp3,wav,ogg,flac,aac"
"""Containers that may be opened. `image2` is not one of them, because it expands patterns in names."""
OPEN_OPTIONS = {"format_whitelist": FORMATS, "protocol_whitelist": "file"}

MAX_PROBE_BYTES = 4 << 20
FRAME_PIXELS = 320
"""Longer side of a frame that is hashed and shown."""
SEEK_SPACING_MS = 4_000
"""Keyframes wanted further apart than this are sought; closer ones are met by reading on."""
SAME_FRAME_BITS = 20
"""A frame within this distance of the last one kept shows the same, and is not kept."""
IMPLAUSIBLE_DURATION_MS = 7 * 24 * 3_600_000
IMPLAUSIBLE_FRAME_RATE = 1_000

TAG_FIELDS = {
    "creation_time": ClaimField.CREATED,
    "title": ClaimField.TITLE,
    "artist": ClaimField.AUTHOR,
    "author": ClaimField.AUTHOR,
    "comment": ClaimField.DESCRIPTION,
    "description": ClaimField.DESCRIPTION,
    "copyright": ClaimField.RIGHTS,
    "encoder": ClaimField.SOFTWARE,
    "make": ClaimField.DEVICE_MAKE,
    "com.apple.quicktime.make": ClaimField.DEVICE_MAKE,
    "model": ClaimField.DEVICE_MODEL,
    "com.apple.quicktime.model": ClaimField.DEVICE_MODEL,
    "com.apple.quicktime.creationdate": ClaimField.CREATED,
}


@dataclass(frozen=True, slots=True)
class Keyframes:
    """Fingerprints of the frames that were kept, a picture to show, and what was left out."""

    fingerprints: tuple[Fingerprint, ...]
    preview: Image.Image | None
    limits: tuple[str, ...]


def examine_media(
    path: Path, ffprobe: str, limits: ExamineLimits, digest: str
) -> tuple[Finding, tuple[Fingerprint, ...], Image.Image | None]:
    """The finding of a video or audio file, fingerprints of its keyframes and a picture to show.

    Frames that cannot be decoded leave the facts standing: then the finding notices it. Raises Refused for a
    container that is not named here, ToolAbsent, TooLarge and Unreadable.
    """
    probe = _probe(path, ffprobe, limits)
    facts, claims, notices = describe(probe, limits)
    frames = Keyframes((), None, ())
    try:
        frames = keyframes(path, limits)
    except TookTooLong:
        raise
    except CheckStopped as error:
        notices = (*notices, Notice(code="frames-unreadable", text=f"{error.cause}: {error}"))
    facts = {**facts, "fingerprints": len(frames.fingerprints)}
    finding = Finding(
        check=CheckName.MEDIA,
        version=VERSION,
        result=result_of(notices, ()),
        input=digest,
        facts=facts,
        claims=claims,
        notices=notices,
        limits=frames.limits,
        parameters={"formats": FORMATS, "max_keyframes": limits.max_keyframes, "max_pixels": limits.max_pixels},
    )
    return finding, frames.fingerprints, frames.preview


def _probe(path: Path, ffprobe: str, limits: ExamineLimits) -> Mapping[str, Any]:
    if not ffprobe:
        raise ToolAbsent("ffprobe is not on this machine")
    # fmt: off
    command = [
        ffprobe, "-hide_banner", "-v", "error",
        "-protocol_whitelist", OPEN_OPTIONS["protocol_whitelist"],
        "-format_whitelist", OPEN_OPTIONS["format_whitelist"],
        "-max_pixels", str(limits.max_pixels),
        "-show_format", "-show_streams", "-of", "json", "-i", f"file:{path}",
    ]
    # fmt: on
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        try:
            printed = _pipe(process.stdout).read(MAX_PROBE_BYTES + 1)
            if len(printed) > MAX_PROBE_BYTES:
                raise TooLarge(f"ffprobe printed more than {MAX_PROBE_BYTES} bytes")
            complaint = _pipe(process.stderr).read(4096).decode("utf-8", "replace")
        finally:
            process.kill()
    return _parsed(printed, readable(complaint.replace(str(path), "the file"), 512))


def _parsed(printed: bytes, complaint: str) -> Mapping[str, Any]:
    """ffprobe's JSON; its two refusals have no code of their own and are told by their words."""
    if "Format not on whitelist" in complaint:
        raise Refused("a container that is not opened here")
    try:
        probe = json.loads(printed)
    except ValueError:
        probe = {}
    if isinstance(probe, dict) and isinstance(probe.get("format"), dict):
        return probe
    if "exceeds specified max pixel count" in complaint:
        raise TooLarge("frames of more pixels than are decoded")
    raise Unreadable(complaint)


def _pipe(pipe: IO[bytes] | None) -> IO[bytes]:
    if pipe is None:
        raise ToolAbsent("ffprobe has no output")
    return pipe


def describe(
    probe: Mapping[str, Any], limits: ExamineLimits
) -> tuple[dict[str, FactValue], tuple[Claim, ...], tuple[Notice, ...]]:
    """Facts, claims and notices of ffprobe's JSON. Numbers that are not whole stay the text that was printed."""
    container = probe["format"]
    streams: Sequence[Mapping[str, Any]] = probe.get("streams", ())[: limits.max_streams]
    duration_ms = milliseconds(str(container.get("duration", "")))
    facts: dict[str, FactValue] = {
        "container": readable(str(container.get("format_name", "")), 64),
        "duration_ms": duration_ms,
        "streams": int(container.get("nb_streams", len(streams))),
        "stream": tuple(_describe_stream(stream) for stream in streams),
    }
    notices = []
    if duration_ms > IMPLAUSIBLE_DURATION_MS:
        notices.append(Notice(code="implausible-duration", text=f"the container states {duration_ms} ms"))
    for stream in streams:
        if _ratio(str(stream.get("avg_frame_rate", ""))) > IMPLAUSIBLE_FRAME_RATE:
            rate = readable(str(stream["avg_frame_rate"]), 64)
            notices.append(Notice(code="implausible-frame-rate", text=f"a stream states {rate} frames a second"))
    if facts["streams"] != len(streams):
        notices.append(Notice(code="many-streams", text=f"{facts['streams']} streams, {len(streams)} are described"))
    claims = [*_tag_claims(container.get("tags"), "container")]
    for stream in streams:
        claims += _tag_claims(stream.get("tags"), f"stream {stream.get('index', 0)}")
    return facts, tuple(claims), tuple(notices)


def _describe_stream(stream: Mapping[str, Any]) -> dict[str, Scalar]:
    described: dict[str, Scalar] = {}
    for name in ("index", "width", "height", "channels"):
        if isinstance(stream.get(name), int):
            described[name] = stream[name]
    for name in ("codec_type", "codec_name", "profile", "pix_fmt", "sample_rate", "avg_frame_rate", "nb_frames"):
        if isinstance(stream.get(name), str):
            described[name] = readable(stream[name], 64)
    for extra in stream.get("side_data_list", ()):
        if isinstance(extra, dict) and isinstance(extra.get("rotation"), int):
            described["rotation"] = extra["rotation"]
    described["duration_ms"] = milliseconds(str(stream.get("duration", "")))
    return described


def _tag_claims(tags: object, group: str) -> Iterator[Claim]:
    if not isinstance(tags, dict):
        return
    for name, value in tags.items():
        written = readable(str(value))
        field = TAG_FIELDS.get(str(name).lower(), readable(str(name), 128))
        told = iso_time(written) if field is ClaimField.CREATED else written
        yield Claim(
            field=field,
            value=told or written,
            origin=f"container:{readable(str(name), 128)}",
            group=group,
            as_written=written if told and told != written else "",
        )


def milliseconds(seconds: str) -> int:
    """Whole milliseconds of a decimal number of seconds; 0 for what is not one, or is negative or beyond 2**53."""
    whole, _, fraction = seconds.partition(".")
    if not whole.isascii() or not whole.isdigit() or len(whole) > 12:
        return 0
    digits = (fraction + "000")[:3]
    return int(whole) * 1000 + (int(digits) if digits.isascii() and digits.isdigit() else 0)


def _ratio(text: str) -> int:
    """The whole part of a fraction such as 30000/1001."""
    above, _, below = text.partition("/")
    if not (above.isascii() and above.isdigit() and below.isascii() and below.isdigit()):
        return 0
    return int(above) // max(int(below), 1)


def keyframes(path: Path, limits: ExamineLimits) -> Keyframes:
    """Fingerprints of at most `max_keyframes` keyframes, spread over the length of the video.

    Stops after half of the check's deadline with what it has by then.
    """
    until = time.monotonic() + limits.check_deadline_s / 2
    with _opened(path, limits) as (container, stream):
        if stream is None:
            return Keyframes((), None, ())
        return _collect(_frames(container, stream, limits.max_keyframes, FRAME_PIXELS), until)


def shown_frame(path: Path, limits: ExamineLimits, longer_side: int) -> Image.Image:
    """The first keyframe that holds something to see, or the first of all; raises Unreadable when there is none."""
    first: Image.Image | None = None
    with _opened(path, limits) as (container, stream):
        if stream is not None:
            for _, image in _frames(container, stream, limits.max_keyframes, longer_side):
                if not is_low_information(np.asarray(image.convert("L"))):
                    return image
                first = first or image
    if first is None:
        raise Unreadable("no frame can be decoded")
    return first


@contextmanager
def _opened(path: Path, limits: ExamineLimits) -> Iterator[tuple[InputContainer, VideoStream | None]]:
    """A container and its first stream of moving pictures, set to decode keyframes only."""
    try:
        with av.open(str(path), options=OPEN_OPTIONS, metadata_errors="replace") as container:
            stream = next((one for one in container.streams.video if not _is_cover(one)), None)
            if stream is not None:
                width, height = stream.codec_context.width, stream.codec_context.height
                if width * height > limits.max_pixels:
                    raise TooLarge(f"frames of {width} x {height} pixels")
                stream.thread_type = "NONE"
                stream.codec_context.skip_frame = "NONKEY"
            yield container, stream
    except av.FFmpegError as error:
        raise Unreadable(f"{type(error).__name__}: {error.strerror}") from error


def _is_cover(stream: VideoStream) -> bool:
    return bool(stream.disposition & type(stream.disposition).attached_pic)


def _collect(frames: Iterator[tuple[int, Image.Image]], until: float) -> Keyframes:
    kept = list[Fingerprint]()
    preview: Image.Image | None = None
    limits = ["keyframes only"]
    last: int | None = None
    for at_ms, image in frames:
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
    return Keyframes(tuple(kept), preview, tuple(limits))


def _frames(
    container: InputContainer, stream: VideoStream, count: int, longer_side: int
) -> Iterator[tuple[int, Image.Image]]:
    """Up to `count` keyframes as (milliseconds, upright RGB), in order of time."""
    spacing_ms = (container.duration or 0) // 1000 // count
    wanted_ms, given, seen = 0, 0, set[int]()
    if spacing_ms <= SEEK_SPACING_MS:
        for packet in container.demux(stream):
            at_ms = _packet_ms(packet)
            if packet.is_keyframe and at_ms >= wanted_ms:
                for frame in _decoded(stream, packet):
                    yield at_ms, _shown(frame, longer_side)
                given, wanted_ms = given + 1, at_ms + spacing_ms
                if given == count:
                    return
        return
    for step in range(count):
        container.seek(step * spacing_ms * 1000)
        for packet in container.demux(stream):
            if packet.is_keyframe:
                at_ms = _packet_ms(packet)
                if at_ms not in seen:
                    seen.add(at_ms)
                    for frame in _decoded(stream, packet):
                        yield at_ms, _shown(frame, longer_side)
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


def _shown(frame: VideoFrame, longer_side: int) -> Image.Image:
    scale = min(1.0, longer_side / max(frame.width, frame.height))
    size = (max(8, round(frame.width * scale)), max(8, round(frame.height * scale)))
    image = Image.fromarray(frame.reformat(width=size[0], height=size[1], format="rgb24").to_ndarray())
    if frame.rotation % 360:
        image = image.rotate(frame.rotation, expand=True)
    return image
