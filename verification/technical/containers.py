"""Opening video and audio containers: the formats that are permitted, and what a container says of itself.

The facts come from FFmpeg's libraries through PyAV, which is open for the keyframes anyway; the ffprobe program, whose
start alone costs more than all the rest, is asked about what they cannot read, and says why. Both open named formats
and the file itself only: a playlist that calls itself .mp4 is refused and never opens what it names.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from typing import IO, Any

import av
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.stream import Stream
from av.video.stream import VideoStream

from casefile.model import readable
from verification.interface import ExamineLimits
from verification.technical.failing import Refused, ToolAbsent, TooLarge, Unreadable

FORMATS = "mov,mp4,matroska,webm,avi,mpegts,mp3,wav,ogg,flac,aac"
"""Containers that may be opened. `image2` is not one of them, because it expands patterns in names."""
OPEN_OPTIONS = {"format_whitelist": FORMATS, "protocol_whitelist": "file"}
MAX_PROBE_BYTES = 4 << 20


@contextmanager
def opened(path: Path) -> Iterator[InputContainer]:
    """A container of a permitted format; raises Unreadable for any other, and for one that breaks while it is open."""
    try:
        with av.open(str(path), options=OPEN_OPTIONS, metadata_errors="replace") as container:
            yield container
    except av.FFmpegError as error:
        raise Unreadable(f"{type(error).__name__}: {error.strerror}") from error


def stated_by(container: InputContainer) -> Mapping[str, Any]:
    """What an open container says of itself, in the form of ffprobe's JSON."""
    described = {
        "format_name": container.format.name,
        "nb_streams": len(container.streams),
        "tags": dict(container.metadata),
    }
    if container.duration is not None:
        described["duration"] = _decimal(Fraction(container.duration, 1_000_000))
    return {"format": described, "streams": [_stream_stated(stream) for stream in container.streams]}


def _stream_stated(stream: Stream) -> Mapping[str, Any]:
    stated: dict[str, Any] = {"index": stream.index, "codec_type": stream.type, "tags": dict(stream.metadata)}
    if stream.duration is not None and stream.time_base is not None:
        stated["duration"] = _decimal(stream.duration * stream.time_base)
    if stream.frames:
        stated["nb_frames"] = str(stream.frames)
    if isinstance(stream, VideoStream):
        context = stream.codec_context
        stated |= {"codec_name": context.name, "width": context.width, "height": context.height}
        stated |= {"profile": context.profile or "", "pix_fmt": context.pix_fmt or ""}
        if stream.average_rate is not None:
            stated["avg_frame_rate"] = f"{stream.average_rate.numerator}/{stream.average_rate.denominator}"
    elif isinstance(stream, AudioStream):
        sound = stream.codec_context
        stated |= {"codec_name": sound.name, "sample_rate": str(sound.sample_rate), "channels": sound.channels}
    return stated


def _decimal(seconds: Fraction) -> str:
    """Seconds to the millisecond, rounded down, as text; empty for what is negative."""
    whole = int(seconds * 1000)
    return f"{whole // 1000}.{whole % 1000:03d}" if whole >= 0 else ""


def first_video(container: InputContainer, limits: ExamineLimits) -> VideoStream | None:
    """The first stream of moving pictures, set to decode keyframes only; raises TooLarge beyond the pixel limit."""
    stream = next((one for one in container.streams.video if not _is_cover(one)), None)
    if stream is None:
        return None
    width, height = stream.codec_context.width, stream.codec_context.height
    if width * height > limits.max_pixels:
        raise TooLarge(f"frames of {width} x {height} pixels")
    stream.thread_type = "NONE"
    stream.codec_context.skip_frame = "NONKEY"
    return stream


def _is_cover(stream: VideoStream) -> bool:
    return bool(stream.disposition & type(stream.disposition).attached_pic)


def ask_ffprobe(path: Path, ffprobe: str, limits: ExamineLimits) -> Mapping[str, Any]:
    """What ffprobe prints of a file. Raises Refused, ToolAbsent, TooLarge, Unreadable."""
    if not ffprobe:
        raise ToolAbsent("ffprobe is not on this machine")
    # fmt: off
    command = [
        ffprobe, "-hide_banner", "-v", "error",
        "-protocol_whitelist", OPEN_OPTIONS["protocol_whitelist"],
        "-format_whitelist", OPEN_OPTIONS["format_whitelist"],
        "-max_pixels", str(limits.max_pixels),
        "-show_program_version", "-show_format", "-show_streams", "-of", "json", "-i", f"file:{path}",
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
