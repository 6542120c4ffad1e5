"""A copy for viewing and examination, made from received streams by ffmpeg without re-encoding. Never the evidence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from casefile.errors import ToolMissing
from casefile.model import ReceivedFile, ToolUse
from casefile.vocabulary import Fidelity, FileKind
from containment.limits import Limits
from containment.tools import ToolFailed, describe_tool, run_tool

DERIVED = "derived"
DEMUXERS = "mov,mp4,matroska,webm,avi,mpegts,flv,mp3,wav,ogg,flac,aac,ac3,eac3"
"""No playlist, no list of files, no still pictures: a received file can then open nothing but itself."""
CONTAINERS = (("mp4", "video/mp4", ".mp4"), ("matroska", "video/x-matroska", ".mkv"))
MAX_MUX_S = 600
MEMORY_BYTES = 2 << 30
FILE_BYTES = 32 << 30


@dataclass(frozen=True, slots=True)
class ViewingCopy:
    """The copy's entry and the tool that made it; or neither, and what kept it from being made."""

    file: ReceivedFile | None
    tool: ToolUse | None
    problem: str = ""


def make_viewing_copy(out: Path, inputs: Sequence[Path], derived_from: Sequence[str], *, left_s: float) -> ViewingCopy:
    """Put streams together into one file below `out`; `inputs` are files that we named, below `out` as well."""
    try:
        tool = describe_tool("ffmpeg")
    except (ToolMissing, ToolFailed):
        return ViewingCopy(None, None, "ffmpeg is missing, so there is no copy for viewing; what was received is kept")
    folder = out / DERIVED
    folder.mkdir(exist_ok=True)
    number = len(tuple(folder.iterdir())) + 1
    problem = ""
    for container, media_type, suffix in CONTAINERS:
        target = folder / f"{number:04d}{suffix}"
        command = _command([path.relative_to(out) for path in inputs], container, target.relative_to(out))
        problem = _run(tool.path, command, out, min(left_s, MAX_MUX_S))
        if not problem and target.exists() and target.stat().st_size:
            file = ReceivedFile(
                path=str(target.relative_to(out)),
                kind=FileKind.DERIVATIVE,
                fidelity=Fidelity.RECONSTRUCTED,
                media_type=media_type,
                derived_from=tuple(derived_from),
                command=tuple(command),
            )
            return ViewingCopy(file, tool)
        target.unlink(missing_ok=True)
    return ViewingCopy(None, None, f"no copy for viewing: {problem or 'ffmpeg wrote nothing'}")


def _command(inputs: Sequence[Path], container: str, target: Path) -> list[str]:
    command = ["ffmpeg", "-nostdin", "-hide_banner", "-loglevel", "error"]
    for path in inputs:
        command += ["-format_whitelist", DEMUXERS, "-protocol_whitelist", "file", "-i", f"./{path}"]
    for position in range(len(inputs)):
        command += ["-map", f"{position}:v?", "-map", f"{position}:a?"]
    return [*command, "-c", "copy", "-fflags", "+bitexact", "-map_metadata", "-1", "-f", container, f"./{target}"]


def _run(program: str, command: Sequence[str], folder: Path, most_s: float) -> str:
    """The problem in a few words; empty when ffmpeg ended well."""
    seconds = max(int(most_s), 1)
    limits = Limits(
        wall_s=seconds,
        cpu_s=seconds,
        memory_bytes=MEMORY_BYTES,
        file_bytes=FILE_BYTES,
        output_bytes=1 << 16,
        processes=64,
    )
    try:
        ended = run_tool([program, *command[1:]], limits=limits, out=folder, needed_for="a copy for viewing")
    except (ToolMissing, ToolFailed) as error:
        return str(error)
    return f"ffmpeg ended with {ended.exit_code}" if ended.exit_code else ""
