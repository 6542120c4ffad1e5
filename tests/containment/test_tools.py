"""Programs of others: found, described, run within bounds, and working inside the sandbox."""

from __future__ import annotations

import dataclasses
import hashlib
import shutil
import struct
import sys
import zlib
from pathlib import Path

import pytest

from casefile.errors import ToolMissing, UsageError
from containment.register import describe_tools
from containment.tools import ToolFailed, find_program, run_tool, version_in

MEDIA_TOOLS = ("ffmpeg", "ffprobe", "exiftool")
NEEDED = pytest.mark.skipif(
    any(find_program(name) is None for name in MEDIA_TOOLS), reason="ffmpeg or exiftool is not installed"
)


def python(program: str) -> list[str]:
    return [sys.executable, "-I", "-c", program]


@pytest.mark.parametrize(
    ("said", "version"),
    [
        ("ffmpeg version 5.1.9-0+deb12u1 Copyright (c) 2000-2026 the developers\nbuilt with 12", "5.1.9-0+deb12u1"),
        ("ffmpeg version n7.0 Copyright", "7.0"),
        ("13.59\n", "13.59"),
        ("deno 2.9.8 (stable, release, x86_64-unknown-linux-gnu)\nv8 14.0", "2.9.8"),
        ("Chromium 156.0.8078.79 built on Debian", "156.0.8078.79"),
        ("v5.36.0", "5.36.0"),
        ("", ""),
        ("no number in here\n1.2.3", ""),
    ],
)
def test_a_version_is_read_from_the_first_line(said, version) -> None:
    assert version_in(said) == version


@NEEDED
def test_tools_are_described_by_what_they_say_and_by_their_bytes(level) -> None:
    described = describe_tools((*MEDIA_TOOLS, "no-such-program"), level)
    assert [one.name for one in described] == list(MEDIA_TOOLS)
    for one in described:
        assert one.version[0].isdigit()
        assert one.path == str(find_program(one.name))
        assert one.sha256 == "sha256:" + hashlib.sha256(Path(one.path).read_bytes()).hexdigest()
    assert describe_tools((*MEDIA_TOOLS, "no-such-program"), level) is described


def picture() -> bytes:
    """A PNG of one grey pixel (PNG specification, second edition, section 5)."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    header = struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0\0")) + chunk(b"IEND", b"")


@NEEDED
def test_exiftool_and_ffmpeg_work_inside(opening, level, limits, tmp_path) -> None:
    inputs = tmp_path / "inputs"
    inputs.mkdir()
    (inputs / "picture").write_bytes(picture())
    with opening("tooling", level, inputs=inputs) as worker:

        def run(program: str, *arguments: str) -> dict[str, object]:
            request = {"program": program, "arguments": list(arguments), "stdin": "picture"}
            return dict(worker.call(request, f"o{len(list(worker.target.iterdir()))}", limits).answer)

        said = run("exiftool", "-config", "", "-s3", "-ImageSize", "-")
        assert (said["code"], said["output"]) == (0, "1x1\n"), said
        said = run("ffprobe", "-v", "error", "-show_entries", "stream=codec_name", "-of", "csv=p=0", "-i", "pipe:0")
        assert (said["code"], said["output"]) == (0, "png\n"), said
        said = run(
            "ffmpeg", "-v", "error", "-f", "png_pipe", "-i", "pipe:0", "-f", "rawvideo", "-pix_fmt", "gray", "out"
        )
        assert said["code"] == 0, said
    assert [one.read_bytes() for one in (tmp_path / "out").rglob("out")] == [b"\0"]


def test_a_program_ends_by_itself(tmp_path, limits) -> None:
    program = "import sys; sys.stderr.write('e'); sys.stdout.write(sys.stdin.read()[::-1]); open('f', 'w'); sys.exit(3)"
    result = run_tool(python(program), limits=limits, out=tmp_path, stdin=b"abc")
    assert (result.exit_code, result.output, result.errors) == (3, b"cba", b"e")
    assert (tmp_path / "f").exists()
    (tmp_path / "given").write_bytes(b"xyz")
    with (tmp_path / "given").open("rb") as given:
        assert run_tool(python(program), limits=limits, out=tmp_path, stdin=given).output == b"zyx"
    assert run_tool(python(program), limits=limits, out=tmp_path).output == b""


def test_a_large_input_and_output_pass_together(tmp_path, limits) -> None:
    wide = dataclasses.replace(limits, output_bytes=8 << 20)
    content = bytes(range(256)) * (1 << 13)
    copy = "import sys, shutil; shutil.copyfileobj(sys.stdin.buffer, sys.stdout.buffer)"
    assert run_tool(python(copy), limits=wide, out=tmp_path, stdin=content).output == content
    assert run_tool(python("pass"), limits=wide, out=tmp_path, stdin=content).output == b""


@pytest.mark.parametrize(
    ("program", "end"),
    [
        ("import time; time.sleep(60)", "timeout"),
        ("import os, time; os.fork() or time.sleep(60); time.sleep(60)", "timeout"),
        ("import os, time; os.close(1); os.close(2); os.close(0); time.sleep(60)", "timeout"),
        ("while True: pass", "timeout"),
        ("while True: print('x' * 65536)", "output"),
        ("open('f', 'wb').write(b'x' * (3 << 20))", None),
        ("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)", "signal"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", "signal"),
        ("x = b'x' * (2 << 30)", None),
    ],
)
def test_a_program_that_does_too_much_is_ended(tmp_path, limits, program, end) -> None:
    narrow = dataclasses.replace(limits, wall_s=2, cpu_s=1)
    if end is None:
        # Python says it as an exception of its own.
        assert run_tool(python(program), limits=narrow, out=tmp_path).exit_code == 1
        return
    with pytest.raises(ToolFailed) as failed:
        run_tool(python(program), limits=narrow, out=tmp_path)
    assert failed.value.end == end


@pytest.mark.parametrize("argument", ["a\n-execute", "a\rb", "a\0b", "a\x1bb", "\x7f"])
def test_an_argument_that_would_be_read_as_several_is_refused(tmp_path, limits, argument) -> None:
    with pytest.raises(UsageError):
        run_tool([shutil.which("true") or "true", argument], limits=limits, out=tmp_path)


def test_a_program_that_is_not_there(tmp_path, limits) -> None:
    with pytest.raises(ToolMissing):
        run_tool([str(tmp_path / "nothing")], limits=limits, out=tmp_path)
