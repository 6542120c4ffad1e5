"""Facts of video and audio files, what their containers claim, and fingerprints of their keyframes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

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
from verification.technical.containers import FORMATS, ask_ffprobe, opened, stated_by
from verification.technical.failing import CheckStopped, TookTooLong, ToolAbsent, Unreadable
from verification.technical.keyframes import Keyframes, keyframes
from verification.technical.times import iso_time

VERSION = "1"
FFPROBE = "ffprobe"
"""Of a finding's parameters, the one that is there when that program read the file."""
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


def examine_media(
    path: Path, ffprobe: str, limits: ExamineLimits, digest: str
) -> tuple[Finding, tuple[Fingerprint, ...], Image.Image | None]:
    """The finding of a video or audio file, fingerprints of its keyframes and a picture to show.

    Frames that cannot be decoded leave the facts standing: then the finding notices it. Raises Refused for a
    container that is not named, TooLarge and Unreadable.
    """
    stated, frames, trouble = _read(path, ffprobe, limits)
    facts, claims, notices = describe(stated, limits)
    facts |= {"fingerprints": len(frames.fingerprints), "rotation": frames.rotation}
    notices = (*notices, *trouble)
    finding = Finding(
        check=CheckName.MEDIA,
        version=VERSION,
        result=result_of(notices, ()),
        input=digest,
        facts=facts,
        claims=claims,
        notices=notices,
        limits=frames.limits,
        parameters={
            "formats": FORMATS,
            "max_keyframes": limits.max_keyframes,
            "max_pixels": limits.max_pixels,
            **_asked_of(stated),
        },
    )
    return finding, frames.fingerprints, frames.preview


def _asked_of(stated: Mapping[str, Any]) -> dict[str, str]:
    """The version of ffprobe by its own words, where it and not the library read the file."""
    told = stated.get("program_version")
    return {FFPROBE: readable(str(told.get("version", "")), 64)} if isinstance(told, Mapping) else {}


def _read(path: Path, ffprobe: str, limits: ExamineLimits) -> tuple[Mapping[str, Any], Keyframes, tuple[Notice, ...]]:
    """What the container states, its keyframes, and what was wrong with them."""
    stated: Mapping[str, Any] = {}
    none = Keyframes(0, (), None, ())
    try:
        with opened(path) as container:
            stated = stated_by(container)
            return stated, keyframes(container, limits), ()
    except TookTooLong:
        raise
    except CheckStopped as error:
        try:
            stated = stated or ask_ffprobe(path, ffprobe, limits)
        except ToolAbsent as absent:
            raise Unreadable(str(error)) from absent
        return stated, none, (Notice(code="frames-unreadable", text=f"{error.cause}: {error}"),)


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
