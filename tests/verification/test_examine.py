"""Every check on real and on hostile files: what a file states is kept with its origin, and no file stops another."""

from __future__ import annotations

import json
import os
import struct
import subprocess
import time
import zlib
from pathlib import Path

import pytest
from PIL import Image, PngImagePlugin

from casefile.canonical import canonical_json
from casefile.vocabulary import Role
from verification.interface import CheckCause, CheckName, CheckResult, ClaimField, ExamineLimits, Specimen
from verification.technical.failing import CheckStopped, TookTooLong
from verification.technical.metadata import ARGUMENTS, MetadataReader, PathRefused, ours_only

from .making import Bench, card, encoded, finding, painted


def _with_metadata(folder: Path, exiftool: str, *arguments: str, seed: int = 1) -> bytes:
    """A picture into which ExifTool has written these tags."""
    path = folder / "tagged.jpg"
    path.write_bytes(encoded(painted(seed)))
    command = [exiftool, "-config", "", "-q", "-overwrite_original", *arguments, str(path)]
    subprocess.run(command, check=True)
    return path.read_bytes()


def test_metadata_is_claimed_with_its_origin(bench: Bench, tmp_path: Path) -> None:
    content = _with_metadata(
        tmp_path, bench.exiftool,
        "-EXIF:DateTimeOriginal=2024:05:06 07:08:09", "-EXIF:OffsetTimeOriginal=+03:00", "-EXIF:Make=Acme",
        "-XMP-exif:DateTimeOriginal=2023:01:02 03:04:05Z", "-IPTC:DateCreated=2022:01:02",
        "-IPTC:TimeCreated=03:04:05+00:00", "-EXIF:GPSLatitude=33.5", "-EXIF:GPSLatitudeRef=S",
        "-EXIF:GPSLongitude=70.25", "-EXIF:GPSLongitudeRef=W", "-EXIF:Artist=Ann",
    )  # fmt: skip
    metadata = finding(bench.picture(content), CheckName.METADATA)
    stated = {(claim.field, claim.origin): claim.value for claim in metadata.claims}
    assert stated[ClaimField.CREATED, "EXIF:DateTimeOriginal"] == "2024-05-06T07:08:09+03:00"
    assert stated[ClaimField.CREATED, "XMP:DateTimeOriginal"] == "2023-01-02T03:04:05Z"
    assert stated[ClaimField.CREATED, "IPTC:DateCreated"] == "2022-01-02T03:04:05+00:00"
    assert stated[ClaimField.LOCATION, "EXIF:GPSLatitude"] == "-33.5,-70.25"
    assert stated[ClaimField.DEVICE_MAKE, "EXIF:Make"] == "Acme"
    assert stated[ClaimField.AUTHOR, "EXIF:Artist"] == "Ann"
    assert not any(claim.group == "System" or "/" in claim.group for claim in metadata.claims)
    (conflict,) = metadata.conflicts
    assert (conflict.field, conflict.kind, len(conflict.claims)) == (ClaimField.CREATED, "differs", 3)
    assert metadata.result is CheckResult.NOTICED


def test_the_raw_metadata_is_what_exiftool_printed(bench: Bench) -> None:
    name = bench.put(encoded(painted(2)))
    file = bench.examine(Specimen(file=name, role=Role.PICTURE)).files[0]
    command = [bench.exiftool, "-config", "", *ARGUMENTS, str(bench.inputs / name)]
    printed = subprocess.run(command, check=True, capture_output=True).stdout
    raw = (bench.out / str(bench.calls) / file.raw_metadata).read_bytes()
    whole, again = json.loads(raw)[0], json.loads(printed)[0]
    assert {key: value for key, value in whole.items() if "Date" not in key} == {
        key: value for key, value in again.items() if "Date" not in key
    }
    assert len(raw) == len(printed.rstrip()) or len(raw) == len(printed)


def test_answers_hold_only_what_canonical_json_can(bench: Bench, tmp_path: Path) -> None:
    content = _with_metadata(tmp_path, bench.exiftool, "-EXIF:FNumber=2.8", "-EXIF:ExposureTime=0.003")
    examined = bench.examine(Specimen(file=bench.put(content), role=Role.PICTURE))
    canonical_json(examined.plain())
    values = {claim.origin: claim.value for claim in finding(examined.files[0], CheckName.METADATA).claims}
    assert values["EXIF:FNumber"] == "2.8"


def test_a_configuration_in_the_home_folder_is_not_run(
    bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mark = tmp_path / "the configuration was run"
    (tmp_path / ".ExifTool_config").write_text(f"open(my $f, '>', '{mark}'); close $f; 1;\n")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("EXIFTOOL_HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    assert finding(bench.picture(encoded(painted(1))), CheckName.METADATA).result is CheckResult.DONE
    assert not mark.exists()


HOSTILE_NAMES = [
    "a.jpg\n-if\nsystem('touch owned')||1\nok.jpg",
    "b.jpg\n-execute\n-ver",
    "-ver",
    "--exec=touch owned",
    "@args",
    "#comment",
    " space",
    "ls|",
    "$(touch owned)",
    "../../etc/passwd",
    "cod\u202egpj.exe",
    "%d%(title)s{}",
    "x" * 300,
    "nul\0byte",
    "../" + "0" * 64,
]


def test_a_collected_name_is_data_and_reaches_no_tool(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(bench.out)
    seen = list[tuple[str, ...]]()
    real = MetadataReader.read

    def watched(reader: MetadataReader, path: Path, arguments: tuple[str, ...] = ARGUMENTS) -> bytes:
        seen.append((*arguments, str(path)))
        return real(reader, path, arguments)

    monkeypatch.setattr(MetadataReader, "read", watched)
    specimens = [
        Specimen(
            file=bench.put(encoded(painted(seed, 32, 32))), role=Role.PICTURE, name=name, locator=f"https://a/{name}"
        )
        for seed, name in enumerate(HOSTILE_NAMES)
    ]
    files = bench.examine(*specimens).files
    assert {finding(file, CheckName.METADATA).result for file in files} == {CheckResult.DONE}
    assert seen == [(*ARGUMENTS, str(bench.inputs / one.file)) for one in specimens]
    assert not list(bench.out.rglob("owned"))


@pytest.mark.parametrize(
    "path",
    [
        Path("0" * 64),
        Path("/copies/a.jpg"),
        Path("/copies/" + "0" * 63 + "\n"),
        Path("/copies\n-ver\n/" + "0" * 64),
        Path("/copies/" + "0" * 64 + "\n-if\n1"),
        Path("/copies/" + "F" * 64),
        Path("-ver"),
        Path("/copies/../" + "0" * 64 + "\r"),
    ],
)
def test_exiftool_is_given_only_absolute_paths_named_by_digest(path: Path) -> None:
    with pytest.raises(PathRefused):
        ours_only(path)


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def _text_bomb(size: int) -> bytes:
    """A small picture with a compressed remark of this many bytes."""
    plain = encoded(painted(5, 320, 240), "PNG")
    remark = _chunk(b"zTXt", b"Comment\0\0" + zlib.compress(b"A" * size, 9))
    return plain[:33] + remark + plain[33:]


def test_a_remark_of_80_megabytes_is_cut_and_the_picture_still_hashed(bench: Bench) -> None:
    file = bench.examine(
        Specimen(file=bench.put(_text_bomb(80_000_000)), role=Role.PICTURE), check_deadline_s=120
    ).files[0]
    metadata = finding(file, CheckName.METADATA)
    assert [notice.code for notice in metadata.notices] == ["metadata-shortened"]
    assert (bench.out / str(bench.calls) / file.raw_metadata).stat().st_size < 1 << 20
    assert [notice.code for notice in finding(file, CheckName.FINGERPRINTS).notices] == ["damaged"]
    assert not file.fingerprints[0].low_information


def _animation(frames: int) -> bytes:
    """A GIF of this many frames in a few hundred kilobytes."""
    whole = encoded(painted(6, 160, 120).quantize(16), "GIF")
    start = whole.index(b"\x2c", 13 + 3 * 16)
    frame = (
        b"\x21\xf9\x04\x00\x01\x00\x00\x00" + b"\x2c" + struct.pack("<HHHHB", 0, 0, 1, 1, 0) + b"\x02\x02\x44\x01\x00"
    )
    return whole[:start] + whole[start:-1] + frame * frames + b"\x3b"


EXIF_LOOP = b"Exif\0\0II*\0\x08\0\0\0\x01\0" + struct.pack("<HHII", 0x8769, 4, 1, 8) + struct.pack("<I", 8)
"""A directory of one entry that names the directory itself as the next one, twice over."""


def _hostile(victim: Path) -> dict[str, bytes]:
    exif = Image.Exif()
    exif[0x010E] = "x" * 60_000
    remark = PngImagePlugin.PngInfo()
    remark.add_text("Title", "\u202e<script>alert(1)</script>\x1b[31m")
    return {
        "177 million pixels": encoded(Image.new("1", (13_304, 13_304)), "PNG"),
        "two to the 31 pixels": b"\x89PNG\r\n\x1a\n"
        + _chunk(b"IHDR", struct.pack(">IIBBBBB", 1 << 30, 2, 8, 0, 0, 0, 0))
        + _chunk(b"IDAT", zlib.compress(b"\0" * 64)),
        "10,000 frames": _animation(10_000),
        "empty": b"",
        "truncated": encoded(painted(2))[:2_000],
        "trailing": encoded(painted(2)) + b"PK\3\4" + b"x" * 10_000,
        "postscript": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n(%pipe%touch owned)(w)file\n",
        "svg": f"<svg xmlns='http://www.w3.org/2000/svg'><image href='file://{victim}'/></svg>".encode(),
        "xxe": f"<?xml version='1.0'?><!DOCTYPE a [<!ENTITY b SYSTEM 'file://{victim}'>]><svg>&b;</svg>".encode(),
        "mvg": f"push graphic-context\nimage over 0,0 0,0 '{victim}'\npop graphic-context".encode(),
        "djvu": b"AT&TFORM\0\0\0\x33DJVUANTa\0\0\0\x27(metadata (a \"\\\n\" . `touch owned` . \"))",
        "playlist": f"#EXTM3U\n#EXTINF:1,\nfile:{victim}\n".encode(),
        "ffconcat": f"ffconcat version 1.0\nfile '{victim}'\n".encode(),
        "long description": encoded(painted(3, 64, 64), exif=exif),
        "markup": encoded(painted(3, 64, 64), "PNG", pnginfo=remark),
        "exif loop": encoded(painted(3, 64, 64), exif=EXIF_LOOP),
        "nonsense": bytes(range(256)) * 40,
        "lone surrogates": encoded(painted(3, 64, 64), comment=b"\xed\xa0\x80\xff\xfe"),
    }  # fmt: skip


def test_hostile_files_end_with_findings_and_the_others_go_on(
    bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(bench.out)
    victim = tmp_path / "victim"
    victim.write_bytes(b"a secret of another case")
    good = [bench.put(encoded(painted(90 + place))) for place in range(2)]
    hostile = {kind: bench.put(content) for kind, content in _hostile(victim).items()}
    names = [good[0], *hostile.values(), good[1]]
    started = time.monotonic()
    examined = bench.examine(
        *(
            Specimen(file=name, role=Role.PICTURE, name="holiday.jpg", declared_media_type="image/jpeg")
            for name in names
        )
    )
    assert time.monotonic() - started < 120
    assert [file.file for file in examined.files] == names
    for file in examined.files:
        assert [one.check for one in file.findings] == list(CheckName)
        assert all(one.cause for one in file.findings if one.result is CheckResult.INCONCLUSIVE)
        assert all(one.input == f"sha256:{file.file}" for one in file.findings)
    causes = {
        kind: finding(examined.files[place + 1], CheckName.FINGERPRINTS).cause for place, kind in enumerate(hostile)
    }
    assert causes["177 million pixels"] is CheckCause.TOO_LARGE
    assert causes["two to the 31 pixels"] is CheckCause.TOO_LARGE
    assert causes["truncated"] in {None, CheckCause.MALFORMED}
    assert {causes[kind] for kind in ("empty", "postscript", "svg", "xxe", "mvg", "djvu", "playlist", "nonsense")} == {
        CheckCause.FORMAT_REFUSED
    }
    assert causes["10,000 frames"] is causes["trailing"] is causes["long description"] is None
    for file in (examined.files[0], examined.files[-1]):
        assert finding(file, CheckName.FINGERPRINTS).result is CheckResult.DONE
        assert file.fingerprints
    everything = b"".join(path.read_bytes() for path in bench.out.rglob("*") if path.is_file())
    assert b"a secret" not in everything + canonical_json(examined.plain())
    assert not list(bench.out.rglob("owned"))


def test_a_place_on_no_globe_and_a_preview_of_something_else_are_noticed(bench: Bench, tmp_path: Path) -> None:
    (tmp_path / "other.jpg").write_bytes(encoded(painted(40).resize((160, 120))))
    content = _with_metadata(
        tmp_path, bench.exiftool,
        f"-EXIF:ThumbnailImage<={tmp_path / 'other.jpg'}", "-XMP-exif:GPSLatitude=95", "-XMP-exif:GPSLongitude=10",
    )  # fmt: skip
    file = bench.picture(content)
    assert "place-out-of-range" in [notice.code for notice in finding(file, CheckName.METADATA).notices]
    assert [notice.code for notice in finding(file, CheckName.FINGERPRINTS).notices] == ["thumbnail-differs"]


def test_a_true_preview_is_not_noticed(bench: Bench, tmp_path: Path) -> None:
    (tmp_path / "own.jpg").write_bytes(encoded(painted(1).resize((160, 120))))
    content = _with_metadata(tmp_path, bench.exiftool, f"-EXIF:ThumbnailImage<={tmp_path / 'own.jpg'}", seed=1)
    assert finding(bench.picture(content), CheckName.FINGERPRINTS).notices == ()


def test_a_copy_with_other_bytes_than_its_name_says_is_not_examined(bench: Bench) -> None:
    name = bench.put(encoded(painted(1)))
    (bench.inputs / name).write_bytes(b"something else")
    file = bench.examine(Specimen(file=name, role=Role.PICTURE)).files[0]
    assert [(one.check, one.cause) for one in file.findings] == [(CheckName.IDENTIFICATION, CheckCause.NOT_THE_COPY)]


def test_a_missing_copy_is_one_inconclusive_finding_for_each_check(bench: Bench) -> None:
    good = bench.put(encoded(painted(1)))
    files = bench.examine(Specimen(file="0" * 64, role=Role.PICTURE), Specimen(file=good, role=Role.PICTURE)).files
    assert finding(files[0], CheckName.IDENTIFICATION).result is CheckResult.INCONCLUSIVE
    assert finding(files[1], CheckName.FINGERPRINTS).result is CheckResult.DONE


def test_a_missing_tool_is_said_and_the_rest_is_done(bench: Bench) -> None:
    bench.exiftool = bench.ffprobe = ""
    file = bench.picture(encoded(painted(1)))
    assert finding(file, CheckName.METADATA).cause is CheckCause.TOOL_MISSING
    assert finding(file, CheckName.FINGERPRINTS).result is CheckResult.DONE


def test_a_check_that_takes_too_long_is_stopped_and_exiftool_started_anew(
    bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow = tmp_path / "slow-exiftool"
    first = f"if [ ! -e {tmp_path}/asked ]; then touch {tmp_path}/asked; exec sleep 60; fi"
    slow.write_text(f'#!/bin/sh\n{first}\nexec {bench.exiftool} "$@"\n')
    slow.chmod(0o700)
    bench.exiftool = str(slow)
    names = [bench.put(encoded(painted(seed, 64, 64))) for seed in (1, 2)]
    files = bench.examine(*(Specimen(file=name, role=Role.PICTURE) for name in names), check_deadline_s=6).files
    assert finding(files[0], CheckName.METADATA).cause is CheckCause.TIMEOUT
    assert finding(files[0], CheckName.FINGERPRINTS).result is CheckResult.DONE
    assert finding(files[1], CheckName.METADATA).result is CheckResult.DONE


def test_exiftool_killed_in_the_middle_costs_one_finding(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    real = MetadataReader.read
    asked = list[Path]()

    def killed_once(reader: MetadataReader, path: Path, arguments: tuple[str, ...] = ARGUMENTS) -> bytes:
        asked.append(path)
        if len(asked) == 1:
            session = reader._open()
            os.kill(session._process.pid, 9)
        return real(reader, path, arguments)

    monkeypatch.setattr(MetadataReader, "read", killed_once)
    names = [bench.put(encoded(painted(seed, 64, 64))) for seed in (1, 2)]
    files = bench.examine(*(Specimen(file=name, role=Role.PICTURE) for name in names), check_deadline_s=6).files
    assert finding(files[0], CheckName.METADATA).result is CheckResult.INCONCLUSIVE
    assert finding(files[1], CheckName.METADATA).result is CheckResult.DONE


def test_only_the_checks_that_are_asked_for_are_run(bench: Bench) -> None:
    name = bench.put(encoded(painted(1)))
    file = bench.examine(Specimen(file=name, role=Role.PICTURE), checks=(CheckName.FINGERPRINTS,)).files[0]
    assert [one.check for one in file.findings] == [CheckName.FINGERPRINTS]


def test_a_card_is_fingerprinted_and_said_to_hold_little(bench: Bench) -> None:
    file = bench.picture(encoded(card("exclusive footage")))
    assert finding(file, CheckName.FINGERPRINTS).facts["low_information"] is True


def test_limits_are_recorded_with_what_they_limited(bench: Bench) -> None:
    parameters = finding(bench.picture(encoded(painted(1))), CheckName.FINGERPRINTS).parameters
    assert parameters["max_pixels"] == ExamineLimits().max_pixels


def test_every_way_to_stop_names_a_cause() -> None:
    kinds: list[type[CheckStopped]] = [CheckStopped, *CheckStopped.__subclasses__()]
    assert all(isinstance(kind.cause, CheckCause) for kind in kinds)
    assert TookTooLong.cause is CheckCause.TIMEOUT
